//! What of the archive goes, and when: by time that has passed, never by a clock that is wrong.

use plimsoll_journal::Folder;

use super::*;
use crate::data::retention::preview_on;

const DAY: u64 = 86_400;
const KEPT: Option<Duration> = Some(Duration::from_secs(30 * DAY));

fn archived(disk: &SimulatedDisk) -> usize {
    disk.dynamic().names(Folder::Archive).unwrap().len()
}

/// Deposits until some segments are full.
fn filled(book: &Book, told: &mut Told) {
    for _ in 0..150 {
        let reference = code(&format!("D{}", told.number));
        let command = told.command(Body::Fact(Fact::Deposit(reference, code("USD"), money(1))));
        assert!(give(book, told, command));
    }
}

fn at(wall: u64, running: u64) -> Reading {
    Reading { wall: MORNING.wall + wall, running }
}

#[test]
fn a_clock_that_is_wrong_for_seconds_removes_nothing() {
    let (disk, registry) = (SimulatedDisk::new(), registry());
    let mut told = begun(&disk, &registry).unwrap();
    let book = opened(&disk, &registry).unwrap();
    filled(&book, &mut told);
    book.keep_cuts(KEPT, at(0, 0)).unwrap();
    filled(&book, &mut told);
    book.keep_cuts(KEPT, at(60, 60)).unwrap();
    let before = archived(&disk);
    assert!(before > 1, "{before} segments");
    // Ten years later for four passes, then right again, then in 1970.
    let years_ahead = (1..5).map(|second| at(3_650 * DAY + second, 60 + second));
    for reading in years_ahead.chain([at(65, 65), Reading { wall: 0, running: 66 }, at(67, 67), at(68, 68)]) {
        let kept = book.keep_cuts(KEPT, reading).unwrap();
        assert_eq!((kept.said, kept.removed, archived(&disk)), (0, 0, before), "{reading:?}");
    }
    drop(book);
    // Wrong at a start, in both directions, for as many passes.
    for wall in [MORNING.wall + 3_650 * DAY, 0, MORNING.wall + 70] {
        let book = opened(&disk, &registry).unwrap();
        for running in 0..4 {
            let kept = book.keep_cuts(KEPT, Reading { wall: wall + running, running }).unwrap();
            assert_eq!((kept.said, kept.removed, archived(&disk)), (0, 0, before), "{wall}");
        }
    }
}

#[test]
fn what_is_too_old_is_said_and_then_removed() {
    let (disk, registry) = (SimulatedDisk::new(), registry());
    let mut told = begun(&disk, &registry).unwrap();
    let book = opened(&disk, &registry).unwrap();
    let (mut said, mut removed, mut last) = (0, 0, 0);
    for day in 0..50 {
        filled(&book, &mut told);
        let kept = book.keep_cuts(KEPT, at(day * DAY, day * DAY)).unwrap();
        assert!(day >= 30 || kept.said == 0, "day {day}: {kept:?}");
        assert_eq!(kept.removed, last, "a pass removes what the one before it said");
        (said, removed, last) = (said + kept.said, removed + kept.removed, kept.said);
    }
    assert!(removed > 0 && said >= removed);
}

/// What is told beforehand is what two passes remove, and nothing is removed for being told.
#[test]
fn a_preview_tells_what_a_server_would_remove() {
    let (disk, registry) = (SimulatedDisk::new(), registry());
    let mut told = begun(&disk, &registry).unwrap();
    let book = opened(&disk, &registry).unwrap();
    for day in 0..40 {
        filled(&book, &mut told);
        book.keep_cuts(None, at(day * DAY, day * DAY)).unwrap();
    }
    let begins = |book: &Book| book.chronicle().journal().unwrap().reader().oldest();
    assert_eq!(begins(&book), Sequence(1));
    drop(book);
    let now = at(39 * DAY + 60, 0);
    let short = |days| preview_on(&disk.dynamic(), Duration::from_secs(days * DAY), now).unwrap();
    for days in [40, 60] {
        assert_eq!(short(days).segments, Vec::new(), "{days} days are not over");
    }
    for days in [0, 1, 10, 30] {
        let before = disk.files();
        let said = short(days);
        assert_eq!(disk.files(), before, "nothing is removed");
        let copy = disk.copy_of(&[""]);
        let book = opened(&copy, &registry).unwrap();
        let kept = Some(Duration::from_secs(days * DAY));
        book.keep_cuts(kept, now).unwrap();
        let removed = book.keep_cuts(kept, Reading { running: 1, ..now }).unwrap().removed;
        assert!(removed > 0);
        if days > 0 {
            assert_eq!(removed, said.segments.len(), "{days} days");
            assert_eq!(begins(&book), Sequence(said.then_oldest));
            assert!(
                said.segments.iter().all(|own| !copy.files().contains(&own.file.replace("log/", "archive/")))
            );
        }
        // What would be told of the group is what is told then.
        let from = said.told_later.first().map_or(said.then_oldest, |own| own.then);
        let past = |at| book.past(&told.key, Then { at: Sequence(at), version: Sequence(at) }, None);
        if days > 0 {
            assert!(past(from).is_ok(), "{days} days: {said} {:?}", past(from).err());
            assert!(matches!(past(from - 1), Err(PastFault::OutOfRange { .. })), "{days} days");
        }
        let mut records = said.segments.iter().map(|own| (own.first, own.last));
        let mut next = 1;
        assert!(
            records.all(|(first, last)| std::mem::replace(&mut next, last + 1) == first && last >= first)
        );
        assert_eq!(next, said.then_oldest);
    }
    // A clock that cannot be believed moves nothing.
    let wrong = Reading { wall: MORNING.wall + 3_650 * DAY, running: 0 };
    let said = preview_on(&disk.dynamic(), Duration::from_secs(60 * DAY), wrong).unwrap();
    assert!(said.has_jumped && said.segments.is_empty());
}
