//! Any byte damaged, any file missing: the same records, or an error that says where.

use std::ops::ControlFlow;

use plimsoll_journal::{Cut, Cuts, Folder, JournalError, Log as _, Passing, Segments, Sequence, verify};

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
    cuts.keep(&[cut("a", 1, "old"), cut("a", 2, "state of a"), cut("b", 3, "state of b")]).unwrap();
    cuts.set_floor(Sequence(2), Passing { own: 1_000, wall: 1_000 }).unwrap();
    drop(cuts);
    disk
}

/// A damaged store may panic when it is closed: what was read before is what counts.
fn closed<T>(own: T) {
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(own)));
}

fn records(disk: &SimulatedDisk) -> Result<Vec<Vec<u8>>, JournalError> {
    let mut records = Vec::new();
    let log = Segments::open(disk.dynamic(), 60, Sequence(1), &mut |_, payload| {
        records.push(payload.to_vec());
        ControlFlow::Continue(())
    })?;
    closed(log);
    Ok(records)
}

fn states(disk: &SimulatedDisk) -> Result<(Vec<Cut>, Sequence), JournalError> {
    let cuts = Cuts::open(&disk.dynamic())?;
    let mut newest = Vec::new();
    let read = cuts.newest(|cut| newest.push(cut)).and_then(|()| cuts.floor());
    closed(cuts);
    Ok((newest, read?))
}

fn content(disk: &SimulatedDisk) -> Result<Content, JournalError> {
    let ((cuts, floor), records) = (states(disk)?, records(disk)?);
    Ok((records, cuts, floor))
}

fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let done = work();
    std::panic::set_hook(hook);
    done
}

/// How many damages were found, how many changed nothing, and what was worse than that.
fn damaged(
    disk: &SimulatedDisk,
    places: &[(String, usize)],
    expected: &Content,
) -> (usize, usize, Vec<String>) {
    let (mut found, mut harmless, mut wrong) = (0, 0, Vec::new());
    for (name, place) in places {
        let is_state = name.starts_with(Folder::State.name());
        let other = disk.copy_of(if is_state { &["state/"] } else { &["log/", "head"] });
        other.damage(name, *place, 1 << (place % 8));
        let read = if is_state {
            states(&other).map(|own| own == (expected.1.clone(), expected.2))
        } else {
            records(&other).map(|own| own == expected.0)
        };
        match read {
            Ok(true) => harmless += 1,
            Err(JournalError::Damaged { .. }) => found += 1,
            Ok(false) => wrong.push(format!("{name}, byte {place}: silently different")),
            Err(error) => wrong.push(format!("{name}, byte {place}: {error}")),
        }
    }
    (found, harmless, wrong)
}

/// Bytes that nothing reads change nothing: every other one is damaged.
#[test]
fn every_damaged_byte_is_found_or_changes_nothing() {
    let disk = small();
    let expected = content(&disk.copy_of(&[""])).unwrap();
    assert_eq!(expected.0, [b"first".to_vec(), b"second".to_vec(), b"third".to_vec()]);
    let noted = disk.copy_of(&[""]);
    noted.note_reads();
    content(&noted).unwrap();
    let places = noted.reads();
    let (one, other) = places.split_at(places.len() / 2);
    let (first, second) = quietly(|| {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| damaged(&disk, other, &expected));
            (damaged(&disk, one, &expected), other.join().unwrap())
        })
    });
    let (found, harmless) = (first.0 + second.0, first.1 + second.1);
    let wrong: Vec<&String> = first.2.iter().chain(&second.2).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} bytes: {:?}",
        wrong.len(),
        places.len(),
        &wrong[..wrong.len().min(20)]
    );
    println!("{} bytes are read: {found} damages are found, {harmless} change nothing", places.len());
    assert!(found > 500, "{found}");
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
    let before = log.reader();
    assert_eq!(log.archive_before(Sequence(3)).unwrap(), 1);
    assert_eq!(disk.files().iter().filter(|own| own.starts_with(Folder::Archive.name())).count(), 1);
    // Also by a reader that was made before.
    for reader in [before, log.reader()] {
        let mut seen = Vec::new();
        let mut read = |at: Sequence, _: &[u8]| {
            seen.push(at.0);
            if at.0 == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        reader.read(Sequence(2), &mut read).unwrap();
        assert_eq!(seen, [2, 3]);
    }
    assert_eq!(log.remove_before(Sequence(2)).unwrap(), 0, "record 2 is in it");
    assert_eq!(log.remove_before(Sequence(3)).unwrap(), 1);
    assert_eq!(log.reader().oldest(), Sequence(3));
    drop(log);
    let early = verify(&disk.dynamic()).unwrap_err().to_string();
    assert!(early.contains("the oldest record is 3"), "recovery needs record 2: {early}");
    Cuts::open(&disk.dynamic()).unwrap().set_floor(Sequence(3), Passing { own: 2_000, wall: 2_000 }).unwrap();
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
    let floor_at = |time: u64| cuts.floor_at(time).unwrap();
    assert_eq!((floor_at(999), floor_at(1_000)), (Sequence::NONE, Sequence(2)));
    for (floor, own) in [(2, 1_500), (3, 2_000), (3, 3_000), (20, 4_000)] {
        cuts.set_floor(Sequence(floor), Passing { own, wall: own }).unwrap();
    }
    assert_eq!([1_000, 1_999, 2_000, 3_999, 9_999].map(|time| floor_at(time).0), [2, 2, 3, 3, 20]);
    // What lies closely between two others goes.
    let cut = |at: u64| Cut { key: b"a".to_vec(), at: Sequence(at), state: vec![1] };
    cuts.keep(&[cut(9)]).unwrap();
    assert_eq!([1, 8, 9].map(at), [Some(1), Some(1), Some(9)]);
    cuts.keep(&[cut(9 + Cuts::SPACING), cut(10 + Cuts::SPACING)]).unwrap();
    assert_eq!([9, 11 + Cuts::SPACING].map(at), [Some(1), Some(10 + Cuts::SPACING)]);
    cuts.keep(&[cut(11 + Cuts::SPACING)]).unwrap();
    let older = Some(9 + Cuts::SPACING);
    assert_eq!([9 + Cuts::SPACING, 10 + Cuts::SPACING].map(at), [older, older]);
    assert_eq!(
        [8 + Cuts::SPACING, 11 + Cuts::SPACING]
            .map(|at| cuts.behind(b"a", Sequence(at)).unwrap().map(|own| own.0)),
        [older, None]
    );
    let told_from = |at: u64| cuts.told_from(Sequence(at)).unwrap().0;
    assert_eq!(
        [50, 11 + Cuts::SPACING].map(told_from),
        [2, 11 + Cuts::SPACING],
        "what does not change needs none"
    );
    assert_eq!(cuts.remove_before(Sequence(10 + Cuts::SPACING)).unwrap(), 1);
    assert_eq!([1, 10 + Cuts::SPACING].map(at), [None, older]);
    // Nothing is left from before that, so no time of it is asked for any more.
    assert_eq!([2_000, 9_999].map(floor_at), [Sequence::NONE; 2]);
}
