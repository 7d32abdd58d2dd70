//! What `verify` finds: cuts that are whole and say what the records before them do not.

use plimsoll_engine::record::decoded;
use plimsoll_journal::{Cut, Cuts};

use super::damaged::lived;
use super::*;
use crate::book::CutKey;
use crate::data::Verified;
use crate::data::verifying::verify_on;
use crate::set_files::SetFiles;

/// The disk read as `verify` reads it. The tests' set has no file: that it is missing is what is always told.
fn verified(disk: &SimulatedDisk) -> Verified {
    let none = SetFiles::at(std::env::temp_dir().join("plimsoll-no-sets"));
    let mut found = verify_on(&disk.dynamic(), &none).unwrap();
    let before = found.faults.len();
    found.faults.retain(|fault| !fault.starts_with("sets/: the file of parameter set"));
    assert_eq!(before - found.faults.len(), 1, "the set of the house");
    found
}

fn places(disk: &SimulatedDisk) -> Vec<(CutKey, Sequence, Vec<u8>)> {
    let cuts = Cuts::open(&disk.dynamic()).unwrap();
    let places = cuts.places().unwrap().into_iter();
    places.map(|(key, at)| (CutKey::read(&key).unwrap(), at, key)).collect()
}

/// Puts another state in the place of a cut, with a right checksum.
fn forge(disk: &SimulatedDisk, key: &[u8], at: Sequence, other: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let cuts = Cuts::open(&disk.dynamic()).unwrap();
    let state = other(cuts.before(key, at).unwrap().unwrap().state);
    cuts.keep(&[Cut { key: key.to_vec(), at, state }]).unwrap();
}

/// Cash that nobody paid in.
fn richer(state: Vec<u8>) -> Vec<u8> {
    let mut group: Group = decoded(&state).unwrap();
    let deposit = Command {
        principal: code("local"),
        id: code("FORGED"),
        body: Body::Fact(Fact::Deposit(code("FORGED"), code("USD"), money(1_000_000))),
    };
    let before = (group.sequence, group.clone());
    let house =
        HouseSnapshot::without_set(0, code("HARBOR"), &Default::default(), [].into(), Default::default());
    group.apply_all(&decide(&before.1, &house, &deposit, None).events).unwrap();
    assert!(group.sequence > before.0);
    stored(&group)
}

/// A directory with a life behind it, and a group that was opened late: its records are all there, whatever retention removed.
fn lived_on(retention: Option<Duration>) -> (SimulatedDisk, GroupKey) {
    let (disk, registry) = (SimulatedDisk::new(), registry());
    let (told, _) = lived(&disk, &registry, retention);
    let mut late = Told { key: GroupKey { name: code("LATE"), ..told.key }, ..Told::first() };
    let book = opened(&disk, &registry).unwrap();
    book.open(late.group(), &Until::NEVER).unwrap();
    for _ in 0..3 {
        let reference = code(&format!("D{}", late.number));
        let deposit = late.command(Body::Fact(Fact::Deposit(reference, code("USD"), money(5))));
        assert!(give(&book, &mut late, deposit));
        book.keep_cuts(None, MORNING).unwrap();
    }
    (disk, late.key)
}

#[test]
fn a_sound_directory_has_nothing_wrong_with_retention_or_without() {
    for retention in [None, Some(Duration::ZERO)] {
        let (disk, late) = lived_on(retention);
        let found = verified(&disk);
        assert_eq!(found.faults, Vec::<String>::new(), "{retention:?}");
        assert_eq!(found.oldest > 1, retention.is_some());
        let of_late = places(&disk).iter().filter(|own| own.0 == CutKey::Group(late.clone())).count();
        // What could not be compared is named, and nothing else is: only what was cut off has it.
        assert_eq!(found.compared + found.unchecked.len(), found.cuts, "{found}");
        assert_eq!(found.unchecked.is_empty(), retention.is_none(), "{found}");
        let printed = found.to_string();
        let count = format!("{} cuts could not be checked", found.unchecked.len());
        assert_eq!(printed.contains(&count), retention.is_some(), "{printed}");
        assert!(
            found.unchecked.iter().all(|own| printed.contains(&format!("not checked: {own}\n"))),
            "{printed}"
        );
        assert!(found.compared >= of_late && of_late >= 2, "{retention:?}: {found}");
    }
}

#[test]
fn a_cut_that_the_records_do_not_make_is_named() {
    for retention in [None, Some(Duration::ZERO)] {
        let (disk, late) = lived_on(retention);
        let newest = places(&disk).into_iter().rfind(|own| own.0 == CutKey::Group(late.clone())).unwrap();
        forge(&disk, &newest.2, newest.1, richer);
        // A start takes it for what was so.
        assert!(opened(&disk, &registry()).is_ok());
        let named = format!("the cut of group LATE of house HARBOR at sequence {}", newest.1);
        let faults = verified(&disk).faults;
        assert!(faults.len() == 1 && faults[0].contains(&named), "{retention:?}: {faults:?}");
    }
}

#[test]
fn a_first_cut_behind_what_was_cut_off_is_never_told_as_checked() {
    let (disk, late) = lived_on(Some(Duration::ZERO));
    let found = verified(&disk);
    let is_older = |own: &CutKey| matches!(own, CutKey::Group(key) if *key != late);
    let first = places(&disk).into_iter().find(|own| is_older(&own.0)).unwrap();
    let named = format!("the cut of {} at sequence {}", first.0, first.1);
    assert!(found.unchecked.contains(&named), "{named}: {found}");
}

#[test]
fn a_cut_of_a_house_and_one_of_another_group_are_named() {
    let (disk, registry) = (SimulatedDisk::new(), registry());
    let (told, _) = lived(&disk, &registry, None);
    let places = places(&disk);
    let of_house = |own: &&(CutKey, Sequence, Vec<u8>)| matches!(own.0, CutKey::House(_));
    let mut houses = places.iter().filter(of_house);
    let (first, last) = (houses.next().unwrap(), houses.next_back().unwrap());
    let older = Cuts::open(&disk.dynamic()).unwrap().before(&first.2, first.1).unwrap().unwrap().state;
    let copy = disk.copy_of(&[""]);
    forge(&copy, &last.2, last.1, |_| older);
    let faults = verified(&copy).faults;
    let named = format!("the cut of house HARBOR at sequence {}", last.1);
    assert!(faults.len() == 1 && faults[0].contains(&named), "{faults:?}");
    // A group under another one's key.
    let group = places.iter().rfind(|own| own.0 == CutKey::Group(told.key.clone())).unwrap();
    let other = Group { key: GroupKey { name: code("OTHER"), ..told.key.clone() }, ..told.group() };
    forge(&disk, &group.2, group.1, |_| stored(&other));
    let none = SetFiles::at(std::env::temp_dir().join("plimsoll-no-sets"));
    let found = verify_on(&disk.dynamic(), &none).map_err(|error| error.to_string());
    let said = found.map_or_else(|error| error, |found| found.faults.join("\n"));
    assert!(said.contains("POOL") && said.contains("OTHER"), "{said}");
}
