//! A data directory read as recovery reads it: cuts, then the records behind them. Nothing is written.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use plimsoll_engine::record::Unreadable;
use plimsoll_journal::{Cuts, Disk, JournalError, Log as _, Segments, Sequence, reaches};

use super::DataError;
use crate::book::{Recovered, Restored};
use crate::workers::panic_message;

/// What a directory says.
pub(super) struct Folded {
    pub(super) cuts: Cuts,
    pub(super) log: Segments,
    pub(super) restored: Restored,
    /// Records that were read.
    pub(super) records: u64,
    /// From which record on the log was needed.
    pub(super) floor: Sequence,
    /// Records that are left out.
    pub(super) quarantined: BTreeSet<Sequence>,
}

/// Reads a directory.
pub(super) fn folded(disk: &Arc<dyn Disk>, segment_bytes: u64) -> Result<Folded, DataError> {
    let cuts = Cuts::open(disk)?;
    let mut quarantined = cuts.quarantined()?;
    loop {
        let read = Read::of(&cuts, disk, segment_bytes, quarantined.clone())?;
        let known = quarantined.len();
        quarantined.extend(&read.recovered.named);
        // Of records that were quarantined since the cuts were written the log says so only later than they stand in it.
        if quarantined.len() == known {
            return read.finished(cuts, quarantined);
        }
    }
}

/// A directory as it was read once.
struct Read {
    log: Segments,
    recovered: Recovered,
    floor: Sequence,
    /// The last record that is in a cut.
    newest: Sequence,
    fault: Option<DataError>,
}

impl Read {
    fn of(
        cuts: &Cuts,
        disk: &Arc<dyn Disk>,
        segment_bytes: u64,
        quarantined: BTreeSet<Sequence>,
    ) -> Result<Self, DataError> {
        let mut recovered = Recovered::default().without(quarantined);
        let (mut fault, mut newest) = (None, Sequence::NONE);
        cuts.newest(|cut| {
            let at = cut.at;
            newest = newest.max(at);
            if let Err(error) = recovered.cut(cut) {
                fault.get_or_insert(DataError::Unreadable { sequence: at.0, message: error.0 });
            }
        })?;
        let floor = cuts.floor()?;
        let log = Segments::open(Arc::clone(disk), segment_bytes, floor, &mut |sequence, payload| {
            if fault.is_some() {
                recovered.heard(payload);
            } else if let Err(message) = followed(|| recovered.record(sequence, payload)) {
                fault = Some(DataError::Stopped { sequence: sequence.0, message });
            }
            ControlFlow::Continue(())
        })?;
        Ok(Self { log, recovered, floor, newest, fault })
    }

    fn finished(self, cuts: Cuts, quarantined: BTreeSet<Sequence>) -> Result<Folded, DataError> {
        let Self { log, recovered, floor, newest, fault } = self;
        if let Some(fault) = fault {
            return Err(fault);
        }
        reaches(log.end().0, newest.next())?;
        let records = recovered.records;
        Ok(Folded { cuts, log, restored: recovered.finished(), records, floor, quarantined })
    }
}

/// What stops a start at a record, if anything does; a panic is one more way.
fn followed(record: impl FnOnce() -> Result<(), Unreadable>) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(record)) {
        Ok(followed) => followed.map_err(|error| error.0),
        Err(panic) => Err(format!("the program panics at it: {}", panic_message(&*panic))),
    }
}

impl DataError {
    /// Whether cuts are at fault, which the whole log can replace.
    pub(super) fn is_of_cuts(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Damaged { file, .. }) if file == Cuts::FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_words() {
        assert_eq!(followed(|| Ok(())), Ok(()));
        assert_eq!(followed(|| Err(Unreadable("no event".to_owned()))), Err("no event".to_owned()));
        let told = followed(|| panic!("on purpose"));
        assert_eq!(told, Err("the program panics at it: on purpose".to_owned()));
    }
}
