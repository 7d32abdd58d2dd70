//! Any byte damaged, any file missing: the same records, or an error that says where.

use std::ops::ControlFlow;

use plimsoll_journal::{Cut, Cuts, Folder, JournalError, Log as _, Segments, Sequence, verify};

use super::simulated::SimulatedDisk;

type Content = (Vec<Vec<u8>>, Vec<Cut>, Sequence);

/// Two segments and two cuts.
fn small() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let mut log =
        Segments::open(disk.dynamic(), 60, Sequence(1), &mut |_, _| ControlFlow::Continue(())).unwrap();
    log.append(Sequence(1), &[b"first".to_vec(), b"second".to_vec()]).unwrap();
    log.append(Sequence(3), &[b"third".to_vec()]).unwrap();
    drop(log);
    let cuts = Cuts::open(&disk.dynamic()).unwrap();
    let cut = |key: &str, at: u64, state: &str| Cut {
        key: key.as_bytes().to_vec(),
        at: Sequence(at),
        state: state.as_bytes().to_vec(),
    };
    cuts.keep(&[cut("a", 1, "old"), cut("a", 2, "state of a"), cut("b", 3, "state of b")], Some(Sequence(2)))
        .unwrap();
    drop(cuts);
    disk
}

fn content(disk: &SimulatedDisk) -> Result<Content, JournalError> {
    let mut records = Vec::new();
    let log = Segments::open(disk.dynamic(), 60, Sequence(1), &mut |_, payload| {
        records.push(payload.to_vec());
        ControlFlow::Continue(())
    })?;
    drop(log);
    let cuts = Cuts::open(&disk.dynamic())?;
    let mut newest = Vec::new();
    cuts.newest(|cut| newest.push(cut))?;
    Ok((records, newest, cuts.floor()?))
}

fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let done = work();
    std::panic::set_hook(hook);
    done
}

/// Bytes that nothing reads change nothing: every other one is damaged, in each of two ways.
#[test]
fn every_damaged_byte_is_found_or_changes_nothing() {
    let disk = small();
    let expected = content(&disk.copy()).unwrap();
    assert_eq!(expected.0, [b"first".to_vec(), b"second".to_vec(), b"third".to_vec()]);
    let noted = disk.copy();
    noted.note_reads();
    content(&noted).unwrap();
    let places = noted.reads();
    let (mut found, mut harmless) = (0, 0);
    quietly(|| {
        for (name, place) in &places {
            for bits in [0x01, 0xFF] {
                let other = disk.copy();
                other.damage(name, *place, bits);
                match content(&other) {
                    Ok(same) => {
                        assert!(same == expected, "{name}, byte {place}: silently different");
                        harmless += 1;
                    }
                    Err(error) => {
                        assert!(
                            error.to_string().contains(name.split('/').next_back().unwrap())
                                || error.to_string().contains("log"),
                            "{error}"
                        );
                        found += 1;
                    }
                }
            }
        }
    });
    println!("{} bytes are read; {found} damages found, {harmless} harmless", places.len());
    assert!(found > 1_000, "{found}");
}

#[test]
fn a_missing_file_is_missed() {
    for name in small().files() {
        let disk = small();
        disk.forget(&name);
        match content(&disk) {
            // The witness alone proves nothing that is there to be wrong.
            Ok(same) => assert!(name == "head" && same.0.len() == 3 || name.starts_with("state"), "{name}"),
            Err(error) => assert!(name.starts_with("log"), "{name}: {error}"),
        }
    }
}

#[test]
fn old_segments_are_archived_and_removed_and_still_read() {
    let disk = small();
    let mut log =
        Segments::open(disk.dynamic(), 60, Sequence(1), &mut |_, _| ControlFlow::Continue(())).unwrap();
    log.append(Sequence(4), &[b"fourth".to_vec()]).unwrap();
    assert_eq!(log.archive_before(Sequence(3)).unwrap(), 1);
    assert_eq!(disk.files().iter().filter(|own| own.starts_with(Folder::Archive.name())).count(), 1);
    let mut seen = Vec::new();
    log.reader()
        .read(Sequence(2), &mut |at, _| {
            seen.push(at.0);
            if at.0 == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(seen, [2, 3]);
    assert_eq!(log.remove_before(Sequence(2)).unwrap(), 0, "record 2 is in it");
    assert_eq!(log.remove_before(Sequence(3)).unwrap(), 1);
    assert_eq!(log.reader().oldest(), Sequence(3));
    drop(log);
    let summary = verify(&disk.dynamic()).unwrap();
    assert_eq!(
        (summary.oldest, summary.next, summary.records, summary.cuts),
        (Sequence(3), Sequence(5), 2, 2)
    );
}

#[test]
fn cuts_are_found_by_their_sequence() {
    let disk = small();
    let cuts = Cuts::open(&disk.dynamic()).unwrap();
    let at = |sequence: u64| cuts.before(b"a", Sequence(sequence)).unwrap().map(|cut| cut.at.0);
    assert_eq!([0, 1, 2, 9].map(at), [None, Some(1), Some(2), Some(2)]);
    assert_eq!(cuts.remove_before(Sequence(2)).unwrap(), 1);
    assert_eq!([1, 2].map(at), [None, Some(2)]);
}
