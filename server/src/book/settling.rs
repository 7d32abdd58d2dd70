//! A settlement run, told to every group of a house: each applies it, has it, or is named.

use std::sync::Arc;

use plimsoll_engine::group::{ExceptionItem, GroupKey, Refusal, SettlementRun};
use plimsoll_engine::types::{House, Reference};
use plimsoll_journal::Sequence;

use super::{Book, BookFault, NewContracts, locked};

/// What became of a run in a group.
#[derive(Debug)]
pub(crate) enum RunOutcome {
    /// It was applied now.
    Applied {
        /// Items that it raised.
        exceptions: usize,
    },
    /// It had been applied before.
    Known,
    /// It was not applied.
    NotApplied(WhyNot),
}

/// Why a group did not apply a run.
#[derive(Debug, Default)]
pub(crate) struct WhyNot {
    /// It refused the run.
    pub(crate) refused: Option<Refusal>,
    /// Open items that it raised instead, by number.
    pub(crate) items: Vec<(u64, ExceptionItem)>,
}

/// What became of a run in a house.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Groups that applied it now.
    pub(crate) applied: usize,
    /// Groups that had applied it before.
    pub(crate) known: usize,
    /// Groups in which it raised items.
    pub(crate) raised: Vec<GroupKey>,
    /// Groups that did not apply it: all of them.
    pub(crate) refused: Vec<(GroupKey, WhyNot)>,
}

impl Book {
    /// Makes the contracts known that a settlement run names; not of one whose id has been told, which is another one then.
    pub(crate) fn take_run(
        &self,
        house: &House,
        run: &Reference,
        new: &NewContracts,
    ) -> Result<(), BookFault> {
        let (desk, _) = self.desk(house)?;
        if desk.has_run(run) {
            return Err(BookFault::OtherRun { house: house.clone(), run: run.clone() });
        }
        desk.make_known(new).map(|_| ())
    }

    /// Applies a settlement run to every group of a house, to each once; the record that has to be durable before it is said.
    pub(crate) fn settle(
        &self,
        house: &House,
        run: &Arc<SettlementRun>,
    ) -> Result<(Settled, Sequence), BookFault> {
        let (desk, snapshot) = self.desk(house)?;
        // Runs follow each other alike in all groups.
        let _turn = desk.settles();
        let (content, told) = desk.told(&snapshot, run)?;
        let (mut settled, mut last) = (Settled::default(), told);
        for key in self.keys(Some(house), None, usize::MAX) {
            let entry = self.entry(&key)?;
            let room = self.chronicle.room_waiting()?;
            let mut entry = locked(&entry);
            if entry.group().is_closed {
                continue;
            }
            // What the house has stated while the groups before this one settled.
            let snapshot = desk.newest().unwrap_or_else(|| Arc::clone(&snapshot));
            let outcome = entry.settle((&desk, &snapshot), run, content, room);
            last = last.max(entry.last());
            drop(entry);
            match outcome {
                RunOutcome::Applied { exceptions } => {
                    settled.applied += 1;
                    settled.raised.extend((exceptions > 0).then_some(key));
                }
                RunOutcome::Known => settled.known += 1,
                RunOutcome::NotApplied(why) => {
                    settled.raised.extend((!why.items.is_empty()).then(|| key.clone()));
                    settled.refused.push((key, why));
                }
            }
        }
        Ok((settled, last))
    }
}
