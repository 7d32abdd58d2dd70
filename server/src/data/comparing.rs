//! Whether cuts say what the records before them make: the log is folded once, and every cut is compared where the fold comes to it.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_engine::record::Unreadable;
use plimsoll_journal::{Cut, Cuts, JournalError, Sequence};

use super::DataError;
use crate::book::{CutKey, Recovered};

/// A fold of the log beside the cuts.
pub(super) struct Comparison {
    folded: Recovered,
    oldest: Sequence,
    /// Cuts that the fold has not come to, by their sequence.
    ahead: BTreeMap<Sequence, Vec<Vec<u8>>>,
    cuts: usize,
    compared: usize,
    /// What is taken as told, because nothing is left to compare it with.
    unchecked: Vec<(Sequence, Vec<u8>)>,
    /// What differed once is not named again: later cuts may have been made of the one that differs.
    differing: BTreeSet<Vec<u8>>,
    /// What is folded from a cut that is older than the log, until the next cut: what lies between may be gone, as retention only keeps
    /// what it answers questions from.
    gapped: BTreeSet<Vec<u8>>,
    /// A record that cannot be folded ends the comparison.
    is_over: bool,
}

impl Comparison {
    /// Begins before the oldest record that is kept. With the first record everything is folded from nothing. Else a house or a group is folded
    /// from its newest cut before the oldest record; where there is none, a group from where the log opens it, or from its first cut, and
    /// a house from its first cut.
    pub(super) fn begin(
        cuts: &Cuts,
        oldest: Sequence,
        quarantined: BTreeSet<Sequence>,
    ) -> Result<Self, DataError> {
        let places = cuts.places()?;
        let mut begun = Self {
            folded: Recovered::default().without(quarantined),
            oldest,
            ahead: BTreeMap::new(),
            cuts: places.len(),
            compared: 0,
            unchecked: Vec::new(),
            differing: BTreeSet::new(),
            gapped: BTreeSet::new(),
            is_over: false,
        };
        let mut bases: BTreeMap<&[u8], Sequence> = BTreeMap::new();
        if oldest > Sequence(1) {
            for (key, at) in &places {
                let is_first_of_house = !bases.contains_key(key.as_slice()) && is_of_house(key);
                if *at <= oldest || is_first_of_house {
                    bases.insert(key, *at);
                }
            }
        }
        for (key, at) in &places {
            match bases.get(key.as_slice()) {
                Some(base) if at == base => {
                    begun.take(cuts, key, *at)?;
                    begun.unchecked.push((*at, key.clone()));
                    if at.next() < oldest {
                        begun.gapped.insert(key.clone());
                    }
                }
                Some(base) if at < base => begun.unchecked.push((*at, key.clone())),
                _ => begun.ahead.entry(*at).or_default().push(key.clone()),
            }
        }
        Ok(begun)
    }

    /// Takes a cut that there is nothing to compare with.
    fn take(&mut self, cuts: &Cuts, key: &[u8], at: Sequence) -> Result<(), DataError> {
        let Some(cut) = cuts.before(key, at)? else { return Ok(()) };
        let unreadable = |error: Unreadable| DataError::Unreadable { sequence: at.0, message: error.0 };
        self.folded.cut(cut).map_err(unreadable)
    }

    /// The same on the way; what is wrong with it.
    fn base(&mut self, cuts: &Cuts, key: &[u8], at: Sequence) -> Option<String> {
        self.unchecked.push((at, key.to_vec()));
        self.take(cuts, key, at).err().map(|error| error.to_string())
    }

    /// Folds a record, and compares the cuts that are as of it.
    pub(super) fn record(&mut self, cuts: &Cuts, at: Sequence, payload: &[u8], faults: &mut Vec<String>) {
        if self.is_over {
            return;
        }
        let followed = match self.oldest {
            Sequence(1) => self.folded.record(at, payload),
            _ => self.folded.known_record(at, payload),
        };
        if let Err(error) = followed {
            self.is_over = true;
            faults.push(format!("record {at} does not follow from those before it: {error}"));
            return;
        }
        for key in self.ahead.remove(&at).unwrap_or_default() {
            if self.differing.contains(&key) {
                self.unchecked.push((at, key));
                continue;
            }
            let fault = match CutKey::read(&key) {
                // It is folded from here: it was opened before the log begins, or its records before this cut are not all there.
                Ok(whose) if self.oldest > Sequence(1) && !self.folded.knows(&whose) => {
                    self.base(cuts, &key, at)
                }
                Ok(whose) if self.gapped.remove(&key) && self.fault(cuts, &whose, &key, at).is_some() => {
                    self.base(cuts, &key, at)
                }
                Ok(whose) => {
                    self.compared += 1;
                    self.fault(cuts, &whose, &key, at)
                }
                Err(error) => {
                    self.unchecked.push((at, key.clone()));
                    Some(format!("{}: a cut at sequence {at}: {error}", Cuts::FILE))
                }
            };
            if let Some(fault) = fault {
                faults.push(fault);
                self.differing.insert(key);
            }
        }
    }

    /// What is wrong with a cut.
    fn fault(&self, cuts: &Cuts, whose: &CutKey, key: &[u8], at: Sequence) -> Option<String> {
        let compared = cuts.before(key, at).map_err(|error: JournalError| Unreadable(error.to_string()));
        let compared = compared.and_then(|cut| cut.map_or(Ok(true), |cut| self.is_same(whose, cut)));
        let wrong = match compared {
            Ok(true) => return None,
            Ok(false) => "is not what the records up to there make".to_owned(),
            Err(error) => error.to_string(),
        };
        Some(format!("{}: the cut of {whose} at sequence {at} {wrong}", Cuts::FILE))
    }

    /// Both are brought into the form of this program, which may know more than the one that kept the cut.
    fn is_same(&self, whose: &CutKey, cut: Cut) -> Result<bool, Unreadable> {
        let mut kept = Recovered::default();
        kept.cut(cut)?;
        Ok(kept.state(whose)? == self.folded.state(whose)?)
    }

    /// What the fold came to, once there are no more records.
    pub(super) fn finished(self) -> Compared {
        let ahead = self.ahead.into_iter().flat_map(|(at, keys)| keys.into_iter().map(move |key| (at, key)));
        let mut unchecked: Vec<_> = self.unchecked.into_iter().chain(ahead).collect();
        unchecked.sort();
        let named = |(at, key): (Sequence, Vec<u8>)| match CutKey::read(&key) {
            Ok(whose) => format!("the cut of {whose} at sequence {at}"),
            Err(_) => format!("a cut at sequence {at}"),
        };
        Compared {
            cuts: self.cuts,
            compared: self.compared,
            unchecked: unchecked.into_iter().map(named).collect(),
        }
    }
}

/// How many cuts there are, how many were compared, and which were not.
pub(super) struct Compared {
    pub(super) cuts: usize,
    pub(super) compared: usize,
    pub(super) unchecked: Vec<String>,
}

fn is_of_house(key: &[u8]) -> bool {
    matches!(CutKey::read(key), Ok(CutKey::House(_)))
}
