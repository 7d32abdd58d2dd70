//! The binary asked of a data directory without a server: whether it is sound, and what retention would remove.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use plimsoll_engine::group::{Group, GroupKey, Origin};
use plimsoll_engine::record::{Opened, Record, RecordBody, decoded, encoded};
use plimsoll_engine::types::{Code, Currency, Moment};
use plimsoll_journal::{Cut, Cuts, Disk, Log as _, Passing, RealDisk, Segments, Sequence};

use crate::durable::{Folder, first_day};

const DAY: u64 = 86_400;

/// Runs the binary: how it ended, and what it said where.
fn asked(words: &[&str], folder: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll-server"));
    let ended = command.arg(words[0]).arg(folder).args(&words[1..]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ended.status.code(), text(ended.stdout), text(ended.stderr))
}

fn disk(folder: &Folder) -> Arc<dyn Disk> {
    Arc::new(RealDisk::new(&folder.0).unwrap())
}

/// A day in a directory, with cuts, a settlement run and a set.
async fn lived(name: &str) -> Folder {
    let folder = Folder::new(name);
    let served = folder.start(true).await;
    first_day(&served).await;
    served.running.drain().await;
    // Where the server ended before its first pass.
    let cuts = Cuts::open(&disk(&folder)).unwrap();
    if cuts.places().unwrap().is_empty() {
        keep_by_hand(&folder, &cuts);
    }
    drop(cuts);
    folder
}

/// The cut that a pass would have kept of the group.
fn keep_by_hand(folder: &Folder, cuts: &Cuts) {
    let (mut group, mut last) = (None::<Group>, Sequence::NONE);
    let read = Segments::open(disk(folder), Segments::SEGMENT_BYTES, Sequence(1), &mut |at, payload| {
        match decoded::<Record>(payload).unwrap().body {
            RecordBody::Opened(Opened { key, member, origin, currency }) => {
                (group, last) = (Some(Group::new(key, member, origin, currency)), at);
            }
            RecordBody::Groups(changes) => {
                let own = group.as_mut().unwrap();
                own.apply_all(changes.iter().flat_map(|change| &change.events)).unwrap();
                own.recorded(at.0);
                last = at;
            }
            RecordBody::Run(..) | RecordBody::House(..) | RecordBody::Quarantined(_) => {}
        }
        std::ops::ControlFlow::Continue(())
    });
    drop(read.unwrap());
    let group = group.unwrap();
    let key =
        [b"k".as_slice(), group.key.house.as_str().as_bytes(), &[0], group.key.name.as_str().as_bytes()];
    cuts.keep(&[Cut { key: key.concat(), at: last, state: encoded(&group).unwrap() }]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_directory_is_said_to_be_sound() {
    let folder = lived("sound").await;
    let (code, said, wrong) = asked(&["verify"], &folder.0);
    assert_eq!((code, wrong.as_str()), (Some(0), ""), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[0].starts_with("records 1 to ") && lines[0].contains("a start reads from "), "{said}");
    assert!(!lines[1].starts_with("0 cuts"), "{said}");
    let words: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!(words[0], words[4], "all cuts are compared: {said}");
    assert_eq!(lines[2], "1 houses, 1 margin groups, 1 files of parameter sets");
    // Told again, it is the same: nothing was changed.
    assert_eq!(asked(&["verify"], &folder.0).1, said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_cut_is_named_with_its_group_and_sequence() {
    let folder = lived("forged").await;
    let cuts = Cuts::open(&disk(&folder)).unwrap();
    let (key, at) = cuts.places().unwrap().into_iter().rfind(|own| own.0.starts_with(b"k")).unwrap();
    let mut group: Group = decoded(&cuts.before(&key, at).unwrap().unwrap().state).unwrap();
    group.currency = Currency::new("EUR").unwrap();
    cuts.keep(&[Cut { key, at, state: encoded(&group).unwrap() }]).unwrap();
    drop(cuts);
    let (code, said, _) = asked(&["verify"], &folder.0);
    let GroupKey { house, name } = &group.key;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("the cut of group {name} of house {house} at sequence {at}")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_or_missing_ends_with_one() {
    let folder = lived("damaged").await;
    let sets: Vec<_> =
        std::fs::read_dir(folder.0.join("sets")).unwrap().map(|own| own.unwrap().path()).collect();
    let set = std::fs::read(&sets[0]).unwrap();
    std::fs::remove_file(&sets[0]).unwrap();
    let (code, said, wrong) = asked(&["verify"], &folder.0);
    assert_eq!((code, wrong.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains("sets/: the file of parameter set"), "{said}");
    std::fs::write(&sets[0], &set[..set.len() / 2]).unwrap();
    let (code, said, _) = asked(&["verify"], &folder.0);
    assert_eq!(code, Some(1));
    assert!(said.contains(sets[0].file_name().unwrap().to_str().unwrap()), "{said}");
    std::fs::write(&sets[0], &set).unwrap();
    assert_eq!(asked(&["verify"], &folder.0).0, Some(0));
    // The end of the log is gone: the witness knows of it.
    let log: Vec<_> =
        std::fs::read_dir(folder.0.join("log")).unwrap().map(|own| own.unwrap().path()).collect();
    std::fs::remove_file(&log[0]).unwrap();
    let (code, said, wrong) = asked(&["verify"], &folder.0);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(wrong.contains("log is damaged at sequence"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_stops_the_start_is_quarantined_by_its_sequence() {
    let folder = lived("quarantine").await;
    assert_eq!(asked(&["quarantine", "2"], &folder.0).0, Some(1), "it stops nothing");
    let mut read = |_, _: &[u8]| std::ops::ControlFlow::Continue(());
    let mut log = Segments::open(disk(&folder), Segments::SEGMENT_BYTES, Sequence(1), &mut read).unwrap();
    let (at, _) = log.end();
    log.append(at, &[b"no record".to_vec()]).unwrap();
    drop(log);
    let (code, _, wrong) = asked(&["verify"], &folder.0);
    assert_eq!(code, Some(1));
    assert!(wrong.contains(&format!("record {at} stops the start: ")), "{wrong}");
    let (code, said, wrong) = asked(&["quarantine", &at.to_string()], &folder.0);
    assert_eq!((code, wrong.as_str()), (Some(0), ""), "{said}");
    assert!(
        said.starts_with(&format!("record {at} is quarantined, as record {} says; ", at.next())),
        "{said}"
    );
    assert!(said.ends_with("a start reads the whole log now\n"), "{said}");
    let (code, said, _) = asked(&["verify"], &folder.0);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 records are quarantined"), "{said}");
    let served = folder.start(true).await;
    served.running.drain().await;
}

#[test]
fn wrong_words_end_with_the_code_for_wrong_usage() {
    let folder = Folder::new("usage");
    for words in [
        vec!["verify", "more"],
        vec!["quarantine"],
        vec!["quarantine", "all"],
        vec!["quarantine", "-1"],
        vec!["retention"],
        vec!["retention", "--keep-days"],
        vec!["retention", "--keep-days", "-1"],
        vec!["retention", "--keep-days", "18446744073709551615"],
        vec!["retention", "--keep", "3"],
    ] {
        let (code, said, wrong) = asked(&words, &folder.0);
        assert_eq!((code, said.as_str()), (Some(64), ""), "{words:?}");
        assert!(wrong.starts_with("usage: plimsoll-server verify DIRECTORY"), "{words:?}: {wrong}");
    }
    for words in [vec!["verify"], vec!["quarantine", "1"], vec!["retention", "--keep-days", "1"]] {
        let (code, _, wrong) = asked(&words, &folder.0);
        assert_eq!(code, Some(1), "{words:?}");
        assert!(wrong.contains("it is not a data directory"), "{words:?}: {wrong}");
        assert!(!folder.0.exists(), "nothing is made");
    }
}

/// Groups opened one a day, a segment each.
#[test]
fn retention_is_told_before_it_removes() {
    let folder = Folder::new("retention");
    let (disk, wall) =
        (disk(&folder), SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
    let mut read = |_, _: &[u8]| std::ops::ControlFlow::Continue(());
    let mut log = Segments::open(Arc::clone(&disk), 1, Sequence(1), &mut read).unwrap();
    let cuts = Cuts::open(&disk).unwrap();
    let begun = wall - 9 * DAY;
    for day in 0..10 {
        let key =
            GroupKey { house: Code::new("HARBOR").unwrap(), name: Code::new(&format!("G{day}")).unwrap() };
        let member = Code::new("M").unwrap();
        let (origin, currency) = (Origin::Client, Currency::new("USD").unwrap());
        let body = RecordBody::Opened(Opened { key, member, origin, currency });
        let time = Moment::from_seconds(i64::try_from(begun + day * DAY).unwrap(), 0).unwrap();
        let record = Record { time, program: "0".to_owned(), body };
        log.append(Sequence(day + 1), &[encoded(&record).unwrap()]).unwrap();
        let own = begun + day * DAY;
        cuts.set_floor(Sequence(day + 2), Passing { own, wall: own }).unwrap();
    }
    drop((log, cuts));
    let files = || {
        let names = ["log", "archive"]
            .map(|name| std::fs::read_dir(folder.0.join(name)).map_or(0, |files| files.count()));
        names.iter().sum::<usize>()
    };
    assert_eq!(files(), 10);
    let (code, said, wrong) = asked(&["retention", "--keep-days", "30"], &folder.0);
    assert_eq!((code, wrong.as_str()), (Some(0), ""));
    assert_eq!(said, "records 1 to 10; kept are 30 days\nnothing would be removed\n");
    // Six days ago the log was needed from the sixth record on (days 0 to 3, and what was needed from then).
    let (code, said, _) = asked(&["retention", "--keep-days", "6"], &folder.0);
    assert_eq!(code, Some(0));
    let removed: Vec<&str> = said.lines().filter(|line| line.contains("would be removed:")).collect();
    assert_eq!(removed.len(), 4, "{said}");
    for (place, line) in removed.iter().enumerate() {
        let sequence = place + 1;
        assert!(line.contains(&format!("records {sequence} to {sequence} (1), written ")), "{line}");
    }
    assert!(
        said.contains("questions about the past before record 5 would be OUT_OF_RANGE; left are 5 to 10"),
        "{said}"
    );
    assert_eq!(files(), 10, "nothing is removed");
}
