//! A record that stops every start is quarantined: it stays in the log, a record behind it says that it is left out, and starts go on without it.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use plimsoll_engine::record::{self, RecordBody};
use plimsoll_journal::{Cuts, Disk, Log as _, RealDisk, Segments, Sequence};

use super::DataError;
use super::folding::folded;
use crate::book::stored;

/// A record that was quarantined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quarantined {
    /// The record.
    pub record: u64,
    /// How it stopped the start.
    pub reason: String,
    /// The record that says so.
    pub by: u64,
    /// What stops a start now, if anything does.
    pub stopped_by: Option<String>,
}

impl fmt::Display for Quarantined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, reason, by, stopped_by } = self;
        writeln!(f, "record {record} is quarantined, as record {by} says; it was: {reason}")?;
        match stopped_by {
            None => writeln!(f, "a start reads the whole log now"),
            Some(fault) => writeln!(f, "{fault}"),
        }
    }
}

/// Quarantines the record that stops a start, in the directory of a server that is stopped.
///
/// # Errors
/// [`DataError::DoesNotStop`] where another record stops a start, or none does: what has been followed once is in states that go on from it.
/// [`DataError`] where the directory cannot be read, or written to.
pub fn quarantine(folder: &Path, record: u64) -> Result<Quarantined, DataError> {
    if !folder.join("log").is_dir() {
        return Err(std::io::Error::other("it is not a data directory").into());
    }
    quarantine_on(&(Arc::new(RealDisk::new(folder)?) as Arc<dyn Disk>), record)
}

/// The same on any disk.
pub(super) fn quarantine_on(disk: &Arc<dyn Disk>, record: u64) -> Result<Quarantined, DataError> {
    let reason = match folded(disk, Segments::SEGMENT_BYTES) {
        Err(DataError::Stopped { sequence, message }) if sequence == record => message,
        Ok(_) | Err(DataError::Stopped { .. }) => return Err(DataError::DoesNotStop(record)),
        Err(other) => return Err(other),
    };
    let by = say(disk, record::Quarantined { record, reason: reason.clone() })?;
    let stopped_by = folded(disk, Segments::SEGMENT_BYTES).err().map(|fault| fault.to_string());
    Ok(Quarantined { record, reason, by: by.0, stopped_by })
}

/// Appends the record that says so; its sequence.
fn say(disk: &Arc<dyn Disk>, quarantined: record::Quarantined) -> Result<Sequence, DataError> {
    let floor = Cuts::open(disk)?.floor()?;
    let mut read = |_, _: &[u8]| ControlFlow::Continue(());
    let mut log = Segments::open(Arc::clone(disk), Segments::SEGMENT_BYTES, floor, &mut read)?;
    let (by, _) = log.end();
    let body = RecordBody::Quarantined(quarantined);
    log.append(by, &[stored(body)]).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(by)
}
