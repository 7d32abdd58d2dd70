//! Cuts that are damaged: a log that is whole replaces them, and one that is not refuses by name.

use super::*;

const CUTS: &str = "state/cuts.redb";

/// A group with segments, cuts, settlement runs of long ago and records behind the cuts.
pub(super) fn lived(
    disk: &SimulatedDisk,
    registry: &Arc<Registry>,
    retention: Option<Duration>,
) -> (Told, Vec<u8>) {
    let mut told = begun(disk, registry).unwrap();
    let mut dice = Dice::new(11);
    let book = opened(disk, registry).unwrap();
    for number in 0..300 {
        let command = told.random(&book, &mut dice);
        assert!(give(&book, &mut told, command));
        if number % 60 == 59 {
            book.keep_cuts(retention, MORNING).unwrap();
        }
    }
    let state = stored(locked(&book.entry(&told.key).unwrap()).group());
    (told, state)
}

/// The places of a file that are damaged in turn.
fn places(disk: &SimulatedDisk) -> Vec<usize> {
    let bytes = disk.length(CUTS);
    (0..bytes).step_by(bytes / 40).collect()
}

#[test]
fn damaged_cuts_are_replaced_by_a_whole_log() {
    let (disk, registry) = (SimulatedDisk::new(), registry());
    let (told, state) = lived(&disk, &registry, None);
    let mut replaced = 0;
    for place in places(&disk) {
        let copy = disk.copy_of(&[""]);
        copy.damage(CUTS, place, 0x55);
        for life in 0..2 {
            let book = opened(&copy, &registry)
                .map_err(|error| format!("byte {place}, life {life}: {error}"))
                .unwrap();
            assert_eq!(
                stored(locked(&book.entry(&told.key).unwrap()).group()),
                state,
                "byte {place}, life {life}"
            );
            book.keep_cuts(None, MORNING).unwrap();
        }
        replaced += usize::from(copy.files().contains(&format!("{CUTS}.damaged")));
    }
    assert!(replaced > 0, "no damage was found");
}

#[test]
fn damaged_cuts_that_nothing_replaces_refuse_by_name() {
    let (disk, registry) = (SimulatedDisk::new(), registry());
    let (told, state) = lived(&disk, &registry, Some(Duration::ZERO));
    let mut refused = 0;
    for place in places(&disk) {
        let copy = disk.copy_of(&[""]);
        copy.damage(CUTS, place, 0x55);
        match opened(&copy, &registry) {
            Ok(book) => assert_eq!(stored(locked(&book.entry(&told.key).unwrap()).group()), state),
            Err(error) => {
                assert!(error.contains(CUTS) && error.contains("cannot replace it"), "{error}");
                assert!(copy.files().contains(&CUTS.to_owned()), "it stays where it is");
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "no damage was found");
}
