//! A data directory read as recovery reads it: cuts, then the records behind them. Nothing is written.

use std::ops::ControlFlow;
use std::sync::Arc;

use plimsoll_journal::{Cuts, Disk, JournalError, Log as _, Segments, Sequence, reaches};

use super::DataError;
use crate::book::{Recovered, Restored};

/// What a directory says.
pub(super) struct Folded {
    pub(super) cuts: Cuts,
    pub(super) log: Segments,
    pub(super) restored: Restored,
    /// Records that were read.
    pub(super) records: u64,
    /// From which record on the log was needed.
    pub(super) floor: Sequence,
}

fn unreadable(sequence: Sequence, error: impl ToString) -> DataError {
    DataError::Unreadable { sequence: sequence.0, message: error.to_string() }
}

/// Reads a directory.
pub(super) fn folded(disk: &Arc<dyn Disk>, segment_bytes: u64) -> Result<Folded, DataError> {
    let cuts = Cuts::open(disk)?;
    let mut recovered = Recovered::default();
    let (mut fault, mut newest) = (None, Sequence::NONE);
    cuts.newest(|cut| {
        let at = cut.at;
        newest = newest.max(at);
        if let Err(error) = recovered.cut(cut) {
            fault.get_or_insert(unreadable(at, error));
        }
    })?;
    let floor = cuts.floor()?;
    let log = Segments::open(Arc::clone(disk), segment_bytes, floor, &mut |sequence, payload| {
        if let Err(error) = recovered.record(sequence, payload) {
            fault.get_or_insert(unreadable(sequence, error));
        }
        ControlFlow::Continue(())
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    reaches(log.end().0, newest.next())?;
    let records = recovered.records;
    let restored = recovered.finished();
    Ok(Folded { cuts, log, restored, records, floor })
}

impl DataError {
    /// Whether cuts are at fault, which the whole log can replace.
    pub(super) fn is_of_cuts(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Damaged { file, .. }) if file == Cuts::FILE)
    }
}
