//! Reads everything that a journal has, and says where it is damaged.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::cuts::Cuts;
use crate::disk::Disk;
use crate::log::{JournalError, Log as _};
use crate::record::{Chain, Sequence};
use crate::segments::Segments;

/// What a sound journal has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Summary {
    /// The oldest record; the next one in an empty log.
    pub oldest: Sequence,
    /// The sequence of the next record.
    pub next: Sequence,
    /// What all records come to.
    pub chain: Chain,
    /// Records read.
    pub records: u64,
    /// Cuts of states.
    pub cuts: u64,
    /// From where on recovery needs the log.
    pub floor: Sequence,
}

/// Reads all records and cuts.
///
/// # Errors
/// [`JournalError`] at the first that cannot be trusted.
pub fn verify(disk: &Arc<dyn Disk>) -> Result<Summary, JournalError> {
    let mut records = 0;
    let oldest = Segments::oldest_of(disk.as_ref())?;
    let log = Segments::open(Arc::clone(disk), Segments::SEGMENT_BYTES, oldest, &mut |_, _| {
        records += 1;
        ControlFlow::Continue(())
    })?;
    let cuts = Cuts::open(disk)?;
    let (mut count, mut newest) = (0, Sequence::NONE);
    cuts.newest(|cut| {
        count += 1;
        newest = newest.max(cut.at);
    })?;
    let (next, chain) = log.end();
    let floor = cuts.floor()?;
    reaches(next, newest.next().max(floor))?;
    if oldest > floor {
        let message = format!("the oldest record is {oldest}");
        return Err(JournalError::Damaged { file: "log".to_owned(), sequence: floor, message });
    }
    Ok(Summary { oldest, next, chain, records, cuts: count, floor })
}

/// Whether a log that has a next record reaches as far as the cuts beside it, which were kept when it did.
///
/// # Errors
/// [`JournalError::Damaged`] where it does not.
pub fn reaches(next: Sequence, cuts: Sequence) -> Result<(), JournalError> {
    if next >= cuts {
        return Ok(());
    }
    let message = format!("there are cuts of states up to {}", cuts.0.saturating_sub(1));
    Err(JournalError::Damaged { file: "log".to_owned(), sequence: next, message })
}
