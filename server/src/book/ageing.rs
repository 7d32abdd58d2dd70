//! How old records become by the journal's own time, and what of the archive goes for it: said in one pass, done in the next.

use std::sync::PoisonError;
use std::time::Duration;

use plimsoll_journal::{Cuts, JournalError, Passing, Reading, Removable, Sequence};

use super::Book;
use super::cutting::{CutError, Kept};

/// What passes before this one saw and said.
#[derive(Debug, Default)]
pub(super) struct Ageing {
    /// The clocks at the last pass of this process.
    last: Option<Reading>,
    /// Records before this one are said to go.
    said: Sequence,
}

/// What is older than is kept: everything before this record.
pub(crate) fn old_before(cuts: &Cuts, time: Passing, retention: Duration) -> Result<Sequence, JournalError> {
    match cuts.floor_at(time.own.saturating_sub(retention.as_secs()))? {
        Sequence::NONE => Ok(Sequence::NONE),
        oldest => cuts.told_from(oldest),
    }
}

impl Book {
    /// Notes from which record on the log is needed now, archives what is before it, and removes what an earlier pass said, unless the clock
    /// has jumped.
    pub(super) fn age(
        &self,
        floor: Sequence,
        retention: Option<Duration>,
        now: Reading,
        kept: &mut Kept,
    ) -> Result<(), CutError> {
        let (Some(journal), Some(cuts)) = (self.chronicle.journal(), self.chronicle.cuts()) else {
            return Ok(());
        };
        let mut ageing = self.ageing.lock().unwrap_or_else(PoisonError::into_inner);
        let (time, jump) = Passing::at(cuts.passing()?, ageing.last.replace(now), now);
        cuts.set_floor(floor, time)?;
        let said = std::mem::replace(&mut ageing.said, Sequence::NONE);
        let retention = match jump {
            None => retention,
            Some(jump) => {
                tracing::warn!(?jump, "the clock has jumped: nothing is removed from the archive for it");
                None
            }
        };
        (kept.archived, _) = journal.tidy(floor, Sequence::NONE)?;
        let Some(retention) = retention else { return Ok(()) };
        let old = old_before(cuts, time, retention)?;
        (_, kept.removed) = journal.tidy(Sequence::NONE, said.min(old))?;
        if kept.removed > 0 {
            cuts.remove_before(journal.reader().oldest())?;
        }
        let next = journal.removable_before(old);
        for Removable { file, first, last } in &next {
            tracing::info!(
                file,
                first = first.0,
                last = last.0,
                ?retention,
                "older than is kept: the next pass removes it"
            );
        }
        kept.said = next.len();
        ageing.said = old;
        Ok(())
    }
}
