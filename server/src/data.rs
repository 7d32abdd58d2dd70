//! The data directory: the journal, the cuts beside it, and the files of sets.

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use plimsoll_journal::{
    AppendError, Cuts, Disk, Journal, JournalError, Limits, Log as _, OnFailure, RealDisk, Segments,
    Sequence, reaches,
};
use thiserror::Error;

use crate::book::{Book, Chronicle, Recovered};
use crate::registry::{AccountScope, Registry};
use crate::set_files::SetFiles;

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub enum DataError {
    /// The directory or a file of it cannot be opened.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The journal cannot be trusted.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// A record or cut says what this program does not understand.
    #[error("record {sequence}: {message}")]
    Unreadable {
        /// The record; 0 for a cut.
        sequence: u64,
        /// What is wrong with it.
        message: String,
    },
}

/// Where the files of sets are.
pub(crate) fn set_files(folder: &Path) -> Result<Arc<SetFiles>, DataError> {
    Ok(Arc::new(SetFiles::new(folder.join("sets"))?))
}

/// Opens a data directory and the book that it has.
pub(crate) fn open(folder: &Path, registry: &Arc<Registry>) -> Result<Book, DataError> {
    let failed = |error: &AppendError| {
        // What was decided is ahead of the disk: only the log knows what is true.
        tracing::error!(%error, "the journal cannot be written: the server aborts");
        std::process::abort();
    };
    let disk = Arc::new(RealDisk::new(folder)?);
    open_on(disk, registry, Segments::SEGMENT_BYTES, Box::new(failed))
}

/// The same on any disk.
fn open_on(
    disk: Arc<dyn Disk>,
    registry: &Arc<Registry>,
    segment_bytes: u64,
    on_failure: OnFailure,
) -> Result<Book, DataError> {
    let cuts = Cuts::open(&disk)?;
    let mut recovered = Recovered::default();
    let (mut fault, mut newest) = (None, Sequence::NONE);
    let unreadable = |sequence: u64, message: String| DataError::Unreadable { sequence, message };
    cuts.newest(|cut| {
        let at = cut.at.0;
        newest = newest.max(cut.at);
        if let Err(error) = recovered.cut(cut) {
            fault.get_or_insert(unreadable(at, error.to_string()));
        }
    })?;
    let floor = cuts.floor()?;
    let log = Segments::open(disk, segment_bytes, floor, &mut |sequence, payload| {
        if let Err(error) = recovered.record(sequence, payload) {
            fault.get_or_insert(unreadable(sequence.0, error.to_string()));
        }
        ControlFlow::Continue(())
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    reaches(log.end().0, newest.next())?;
    let records = recovered.records;
    let restored = recovered.finished();
    let journal = Journal::start(Box::new(log), Limits::default(), on_failure);
    let next = journal.next();
    let book = Book::new(Arc::clone(registry), Arc::new(Chronicle::new(journal, cuts)));
    book.restore(restored).map_err(|fault| unreadable(0, fault.to_string()))?;
    tracing::info!(records, floor = floor.0, next = next.0, "the book is recovered");
    Ok(book)
}

/// Loads the sets that the houses of a book used last, and makes them active where no newer one is.
pub(crate) fn activate_sets(book: &Book, registry: &Registry, files: &SetFiles) {
    for id in book.sets() {
        let is_loaded = registry.snapshot().get(&id).is_some();
        let loaded = match files.read(&id) {
            _ if is_loaded => Ok(()),
            Ok(Some((set, warnings))) => {
                registry.insert(set, warnings).map(|_| ()).map_err(|error| error.to_string())
            }
            Ok(None) => Err("its file is not kept".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let active = loaded.and_then(|()| {
            let activated = registry.activate(&id, AccountScope::default(), false);
            activated.map(|_| ()).map_err(|error| error.to_string())
        });
        match active {
            Ok(()) => tracing::info!(id, "the set is active again"),
            Err(reason) => tracing::warn!(id, reason, "the set that a house used last is not active"),
        }
    }
    book.form_houses();
}
