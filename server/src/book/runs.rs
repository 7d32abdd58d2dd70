//! Settlement runs that a house was told: their ids for ever, and what they said of contracts.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::group::{SettlementRun, Settlements};
use plimsoll_engine::record::RunKey;
use plimsoll_engine::types::{BusinessDate, Reference};
use plimsoll_journal::Sequence;
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

/// All runs of a house.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    known: BTreeMap<Reference, KnownRun>,
    /// What they said, as decisions use it.
    settlements: Arc<Settlements>,
}

impl Runs {
    /// As a cut of the house has them.
    pub(super) fn restored(known: Vec<(Reference, KnownRun)>, settlements: Arc<Settlements>) -> Self {
        Self { known: known.into_iter().collect(), settlements }
    }

    /// What a cut of the house has of them.
    pub(super) fn stored(&self) -> Vec<(Reference, KnownRun)> {
        self.known.iter().map(|(id, own)| (id.clone(), *own)).collect()
    }

    /// What they said.
    pub(super) const fn settlements(&self) -> &Arc<Settlements> {
        &self.settlements
    }

    /// What is known of a run.
    pub(crate) fn known(&self, id: &Reference) -> Option<&KnownRun> {
        self.known.get(id)
    }

    /// Keeps a run that a record told; of one id the first counts.
    pub(super) fn told(&mut self, at: Sequence, key: RunKey, run: &SettlementRun) {
        if self.known.contains_key(&run.id) {
            return;
        }
        let (date, cycle) = (run.date, run.cycle);
        self.known.insert(run.id.clone(), KnownRun { key, date, cycle, at: at.0 });
        Arc::make_mut(&mut self.settlements).told(run);
    }
}
