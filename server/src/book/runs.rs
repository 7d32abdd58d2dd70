//! Settlement runs that a house was told: their ids for ever, and whole runs until cuts have them.
//!
//! A whole run is stored once, as a cut of its own: groups name it by its content, however long ago it was told.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::group::SettlementRun;
use plimsoll_engine::record::{RunKey, Unreadable, encoded};
use plimsoll_engine::types::{BusinessDate, House, Reference};
use plimsoll_journal::{Cut, Sequence};
use serde::{Deserialize, Serialize};

/// What is known of a run for ever.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct KnownRun {
    /// A digest of its content.
    pub(crate) key: RunKey,
    pub(crate) date: BusinessDate,
    pub(crate) cycle: u32,
    /// The record that told it first.
    at: u64,
}

impl KnownRun {
    pub(crate) const fn at(&self) -> Sequence {
        Sequence(self.at)
    }
}

/// A whole run that no cut has.
#[derive(Debug)]
struct Fresh {
    at: Sequence,
    key: RunKey,
    run: Arc<SettlementRun>,
}

/// All runs of a house.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    known: BTreeMap<Reference, KnownRun>,
    fresh: Vec<Fresh>,
}

/// The key of the cut of a whole run; it comes behind those of houses and groups.
pub(super) fn run_key(house: &House, key: RunKey) -> Vec<u8> {
    [b"r".as_slice(), house.as_str().as_bytes(), &[0], &key.0].concat()
}

impl Runs {
    /// As a cut of the house has them.
    pub(super) fn restored(known: Vec<(Reference, KnownRun)>) -> Self {
        Self { known: known.into_iter().collect(), fresh: Vec::new() }
    }

    /// What a cut of the house has of them.
    pub(super) fn stored(&self) -> Vec<(Reference, KnownRun)> {
        self.known.iter().map(|(id, own)| (id.clone(), *own)).collect()
    }

    /// What is known of a run.
    pub(crate) fn known(&self, id: &Reference) -> Option<&KnownRun> {
        self.known.get(id)
    }

    /// The record that told a run of this content first.
    pub(super) fn told_at(&self, key: RunKey) -> Option<Sequence> {
        self.known.values().find(|own| own.key == key).map(KnownRun::at)
    }

    /// Keeps a run that a record told; of one id the first counts.
    pub(super) fn told(&mut self, at: Sequence, key: RunKey, run: &Arc<SettlementRun>) {
        if self.known.contains_key(&run.id) {
            return;
        }
        let (date, cycle) = (run.date, run.cycle);
        self.known.insert(run.id.clone(), KnownRun { key, date, cycle, at: at.0 });
        // Without a journal nothing will ask for it again.
        if at != Sequence::NONE {
            self.fresh.push(Fresh { at, key, run: Arc::clone(run) });
        }
    }

    /// Cuts of the whole runs that none has.
    pub(super) fn cuts(&self, house: &House) -> Result<Vec<Cut>, Unreadable> {
        let cut = |own: &Fresh| {
            let state = encoded(&own.run)?;
            Ok(Cut { key: run_key(house, own.key), at: own.at, state })
        };
        self.fresh.iter().map(cut).collect()
    }

    /// Cuts have all runs that were told before a record.
    pub(super) fn kept_before(&mut self, sequence: Sequence) {
        self.fresh.retain(|own| own.at >= sequence);
    }
}
