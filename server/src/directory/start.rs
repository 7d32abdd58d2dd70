//! The start: which files are kept when there is room for fewer, and which of them are active.
//!
//! All files are read before any set is taken in: their names say nothing about which is newest. The newest set of each
//! house is kept before any older one, so that a house with many files does not leave another without a set; of the others
//! the newest are kept. What is left out is logged.
//!
//! Files of one house and business date are named. Where two of the newest vintage differ, nobody but a person knows which is meant: both
//! are kept, and none is active for the house until one is activated by its id.

use std::collections::BTreeMap;
use std::io;

use plimsoll_engine::parameters::{Diagnostics, ParameterSet, Vintage};
use plimsoll_engine::types::{BusinessDate, House};

use super::Directory;
use crate::registry::{AccountScope, Registry};

/// A file that was read.
#[derive(Debug)]
struct Found {
    name: String,
    set: ParameterSet,
    warnings: Diagnostics,
}

/// The newest sets among those read so far: of each house in the order of vintage, of one vintage in that of the names.
#[derive(Debug, Default)]
struct Newest {
    houses: BTreeMap<House, BTreeMap<(Vintage, String), Found>>,
    /// The files of every house and business date, those too that were left out.
    files: BTreeMap<(House, BusinessDate), Vec<(Vintage, String)>>,
}

impl Newest {
    /// The file whose set this is too.
    fn same(&self, set: &ParameterSet) -> Option<&str> {
        let own = self.houses.get(set.house())?;
        own.values().find(|found| found.set.id() == set.id()).map(|found| found.name.as_str())
    }

    /// The files of a house whose vintage is the newest, where there are several.
    fn equals(&self, house: &House) -> Vec<String> {
        let Some(((newest, _), _)) = self.houses.get(house).and_then(BTreeMap::last_key_value) else {
            return Vec::new();
        };
        let files = self.files.get(&(house.clone(), newest.business_date)).into_iter().flatten();
        let names: Vec<String> =
            files.filter(|(vintage, _)| vintage == newest).map(|(_, name)| name.clone()).collect();
        if names.len() > 1 { names } else { Vec::new() }
    }

    /// Keeps a set; beyond the capacity the least wanted is left out.
    fn keep(&mut self, found: Found, capacity: usize) -> Option<Found> {
        let date = (found.set.house().clone(), found.set.vintage().business_date);
        self.files.entry(date).or_default().push((found.set.vintage().clone(), found.name.clone()));
        let key = (found.set.vintage().clone(), found.name.clone());
        self.houses.entry(found.set.house().clone()).or_default().insert(key, found);
        if self.houses.values().map(BTreeMap::len).sum::<usize>() <= capacity {
            return None;
        }
        let oldest = |alone: bool| {
            let houses = self.houses.iter().filter(|(_, sets)| alone || sets.len() > 1);
            houses.filter_map(|(house, sets)| Some((sets.keys().next()?, house))).min()
        };
        let house = oldest(false).or_else(|| oldest(true)).map(|(_, house)| house.clone())?;
        let sets = self.houses.get_mut(&house)?;
        let left_out = sets.pop_first().map(|(_, found)| found);
        if sets.is_empty() {
            self.houses.remove(&house);
        }
        left_out
    }
}

impl Directory {
    /// Loads the newest sets that there is room for, and activates the newest of each house for the default scope. Refused
    /// files are logged; the others are used.
    pub(crate) fn load_at_start(&self, registry: &Registry) -> io::Result<()> {
        let mut newest = Newest::default();
        for name in self.names()? {
            let (set, warnings) = match self.compiled(&name) {
                Ok(compiled) => compiled,
                Err(refusal) => {
                    crate::events::refused(&refusal, &name);
                    continue;
                }
            };
            if let Some(same) = newest.same(&set) {
                tracing::warn!(
                    file = name,
                    id = set.id(),
                    same,
                    "parameter file left out: another has its set"
                );
                continue;
            }
            if let Some(left_out) = newest.keep(Found { name, set, warnings }, registry.capacity()) {
                crate::events::left_out(&left_out.set, &left_out.name);
            }
        }
        for ((house, date), files) in newest.files.iter().filter(|(_, files)| files.len() > 1) {
            crate::events::of_one_date(house, *date, &self.paths(files.iter().map(|(_, name)| name)));
        }
        let equals: Vec<_> =
            newest.houses.keys().map(|house| (house.clone(), newest.equals(house))).collect();
        for ((house, equals), sets) in equals.into_iter().zip(newest.houses.into_values()) {
            if !equals.is_empty() {
                crate::events::not_decided(&house, &self.paths(equals.iter()));
            }
            take_in(sets.into_values().rev(), registry, equals.is_empty());
        }
        Ok(())
    }

    fn paths<'a>(&self, names: impl Iterator<Item = &'a String>) -> String {
        let paths: Vec<String> = names.map(|name| self.root.join(name).display().to_string()).collect();
        paths.join(", ")
    }
}

/// Takes in the sets of one house, the newest first, which is activated if it alone is the newest.
fn take_in(sets: impl Iterator<Item = Found>, registry: &Registry, is_decided: bool) {
    let mut is_active = !is_decided;
    for Found { name, set, warnings } in sets {
        let inserted = match registry.insert(set, warnings) {
            Ok(inserted) => inserted,
            Err(refusal) => {
                crate::events::refused(&refusal, &name);
                continue;
            }
        };
        crate::events::loaded(&inserted, &name);
        if is_active {
            continue;
        }
        match registry.activate(inserted.loaded.set.id(), AccountScope::default(), false) {
            Ok(activated) => {
                crate::events::activated(&activated, &AccountScope::default(), false);
                is_active = true;
            }
            Err(refusal) => tracing::warn!(file = name, %refusal, "parameter set not activated"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample};

    fn found(house: &str, day: u8) -> Found {
        let mut definition = sample::definition();
        definition.house = House::new(house).ok();
        definition.business_date = BusinessDate::new(2026, 9, day).ok();
        let (set, warnings) =
            build(&definition, Digest([day; 32]), RoundingProfile::Exact, Diagnostics::default()).unwrap();
        Found { name: format!("{house}{day}.spn"), set, warnings }
    }

    /// What is kept of these, by name.
    fn kept(files: &[(&str, u8)], capacity: usize) -> Vec<String> {
        let mut newest = Newest::default();
        let mut left_out = 0;
        for &(house, day) in files {
            left_out += usize::from(newest.keep(found(house, day), capacity).is_some());
        }
        let names = newest.houses.into_values().flat_map(BTreeMap::into_values).map(|found| found.name);
        let names: Vec<String> = names.collect();
        assert_eq!(names.len() + left_out, files.len());
        names
    }

    #[test]
    fn the_newest_are_kept_in_whatever_order_they_come() {
        for files in [[("A", 1), ("A", 2), ("A", 3)], [("A", 3), ("A", 1), ("A", 2)]] {
            assert_eq!(kept(&files, 1), ["A3.spn"]);
            assert_eq!(kept(&files, 2), ["A2.spn", "A3.spn"]);
            assert_eq!(kept(&files, 3), ["A1.spn", "A2.spn", "A3.spn"]);
        }
    }

    #[test]
    fn files_of_one_house_and_vintage_are_named_whatever_is_kept() {
        let mut newest = Newest::default();
        for (name, day, digest) in [("b.spn", 3, 1), ("a.spn", 3, 2), ("c.spn", 2, 3), ("d.spn", 2, 4)] {
            let mut own = found("A", day);
            let definition = {
                let mut definition = sample::definition();
                definition.house = House::new("A").ok();
                definition.business_date = BusinessDate::new(2026, 9, day).ok();
                definition
            };
            let built =
                build(&definition, Digest([digest; 32]), RoundingProfile::Exact, Diagnostics::default());
            (own.name, own.set) = (name.to_owned(), built.unwrap().0);
            newest.keep(own, 1);
        }
        assert_eq!(newest.equals(&House::new("A").unwrap()), ["b.spn", "a.spn"]);
        newest.keep(found("A", 4), 1);
        assert_eq!(newest.equals(&House::new("A").unwrap()), [""; 0]);
        assert_eq!(newest.files.values().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    }

    #[test]
    fn no_house_goes_without_a_set_for_another_houses_older_ones() {
        let files = [("B", 1), ("A", 7), ("A", 9), ("A", 8), ("C", 2)];
        assert_eq!(kept(&files, 4), ["A8.spn", "A9.spn", "B1.spn", "C2.spn"]);
        assert_eq!(kept(&files, 3), ["A9.spn", "B1.spn", "C2.spn"]);
        assert_eq!(kept(&files, 2), ["A9.spn", "C2.spn"], "the oldest house goes when there is no other way");
    }
}
