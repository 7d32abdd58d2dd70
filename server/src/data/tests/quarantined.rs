//! A record that no start can follow: it is named, quarantined on request, and left out of everything from then on.

use plimsoll_engine::record::{GroupChange, Record, RecordBody};
use plimsoll_engine::types::Moment;
use plimsoll_journal::{Cuts, Log as _, Segments};

use super::damaged::lived;
use super::*;
use crate::data::quarantining::{Quarantined, quarantine_on};
use crate::data::verifying::verify_on;
use crate::set_files::SetFiles;

/// Appends bytes to the log as a record; its sequence.
fn append(disk: &SimulatedDisk, payload: Vec<u8>) -> u64 {
    let floor = Cuts::open(&disk.dynamic()).unwrap().floor().unwrap();
    let mut read = |_, _: &[u8]| std::ops::ControlFlow::Continue(());
    let mut log = Segments::open(disk.dynamic(), Segments::SEGMENT_BYTES, floor, &mut read).unwrap();
    let (at, _) = log.end();
    log.append(at, &[payload]).unwrap();
    at.0
}

/// What happened to a group that was never opened.
fn of_nobody(name: &str) -> Vec<u8> {
    let key = GroupKey { house: code("HARBOR"), name: code(name) };
    let change = GroupChange { key, events: Vec::new(), version: 0, command: Vec::new() };
    let (time, program) = (Moment::EPOCH, "0".to_owned());
    encoded(&Record { time, program, body: RecordBody::Groups(vec![change]) }).unwrap()
}

fn state(disk: &SimulatedDisk, registry: &Arc<Registry>, told: &Told) -> Vec<u8> {
    let book = opened(disk, registry).unwrap();
    let turns = book.entry(&told.key).unwrap();
    let state = stored(locked(&turns).group());
    drop(turns);
    state
}

#[test]
fn what_stops_a_start_is_named_and_left_out_on_request_only() {
    let (disk, registry) = (SimulatedDisk::new(), registry());
    let (told, before) = lived(&disk, &registry, None);
    let sound = quarantine_on(&disk.dynamic(), 3).unwrap_err();
    assert_eq!(sound.to_string(), "record 3 does not stop a start: only what does can be quarantined");
    let wrong = [append(&disk, of_nobody("GHOST")), append(&disk, b"no record".to_vec())];
    for _ in 0..2 {
        let error = opened(&disk, &registry).err().unwrap();
        let name = format!("record {} stops the start: group GHOST was never opened", wrong[0]);
        assert!(error.starts_with(&name) && error.contains("plimsoll-server quarantine"), "{error}");
    }
    assert!(quarantine_on(&disk.dynamic(), wrong[1]).is_err(), "the first is what stops it");
    let Quarantined { by, stopped_by, .. } = quarantine_on(&disk.dynamic(), wrong[0]).unwrap();
    assert_eq!(by, wrong[1] + 1);
    assert!(stopped_by.unwrap().starts_with(&format!("record {} stops the start: ", wrong[1])));
    let last = quarantine_on(&disk.dynamic(), wrong[1]).unwrap();
    assert_eq!((last.by, last.stopped_by), (by + 1, None));
    assert_eq!(state(&disk, &registry, &told), before);
}

#[test]
fn it_is_left_out_for_ever_of_starts_of_the_past_and_of_verify() {
    let (disk, registry) = (SimulatedDisk::new(), registry());
    let (mut told, _) = lived(&disk, &registry, None);
    let wrong = append(&disk, b"no record".to_vec());
    quarantine_on(&disk.dynamic(), wrong).unwrap();
    let book = opened(&disk, &registry).unwrap();
    let mut dice = Dice::new(12);
    for _ in 0..40 {
        let command = told.random(&book, &mut dice);
        assert!(give(&book, &mut told, command));
    }
    book.keep_cuts(None, MORNING).unwrap();
    let (at, version) = (Sequence(wrong), Sequence(wrong));
    let past = book.past(&told.key, Then { at, version }, None).unwrap();
    assert!(past.last < at, "what is left out is no record of the group");
    drop(book);
    let after = state(&disk, &registry, &told);
    let none = SetFiles::at(std::env::temp_dir().join("plimsoll-no-sets"));
    let found = verify_on(&disk.dynamic(), &none).unwrap();
    assert_eq!((found.quarantined, found.faults.len()), (1, 1), "no set has a file: {:?}", found.faults);
    assert!(found.to_string().contains("1 records are quarantined"));
    // Without the cuts the log alone says it, behind the record itself.
    Cuts::set_aside(&disk).unwrap();
    assert_eq!(state(&disk, &registry, &told), after);
}
