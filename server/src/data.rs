//! The data directory: the journal, the cuts beside it, and the files of sets.

mod comparing;
mod folding;
mod quarantining;
mod retention;
#[cfg(test)]
mod tests;
mod verifying;

use std::path::Path;
use std::sync::Arc;

use plimsoll_journal::{
    AppendError, Cuts, Disk, Journal, JournalError, Limits, OnFailure, RealDisk, Segments,
};
use thiserror::Error;

use crate::book::{Book, BookFault, Chronicle, LostSet};
use crate::registry::{AccountScope, Registry};
use crate::set_files::SetFiles;
use folding::{Folded, folded};
pub use quarantining::{Quarantined, quarantine};
pub use retention::{Expiring, Preview, ToldLater, preview};
pub use verifying::{Verified, verify};

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub enum DataError {
    /// The directory or a file of it cannot be opened.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The journal cannot be trusted.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// A record cannot be followed: it says what this program does not understand, or makes it panic.
    #[error(
        "record {sequence} stops the start: {message}; `plimsoll-server quarantine DIRECTORY {sequence}` leaves it out"
    )]
    Stopped {
        /// The first such record.
        sequence: u64,
        /// What is wrong with it.
        message: String,
    },
    /// What is to be quarantined does not stop a start.
    #[error("record {0} does not stop a start: only what does can be quarantined")]
    DoesNotStop(u64),
    /// A cut says what this program does not understand.
    #[error("a cut at record {sequence}: {message}")]
    Unreadable {
        /// The last record that is in it; 0 for the book that all of them make.
        sequence: u64,
        /// What is wrong with it.
        message: String,
    },
    /// Cuts of states are damaged, and the log does not reach back far enough to make them anew.
    #[error("{fault}; the log begins at record {oldest} and cannot replace it")]
    NotReplaced {
        /// What is wrong with the cuts.
        fault: Box<DataError>,
        /// The oldest record that is kept.
        oldest: u64,
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
    let folded = match folded(&disk, segment_bytes) {
        Err(fault) if fault.is_of_cuts() => {
            if !Segments::is_whole(disk.as_ref())? {
                let oldest = Segments::oldest_of(disk.as_ref())?.0;
                return Err(DataError::NotReplaced { fault: Box::new(fault), oldest });
            }
            tracing::error!(%fault, "the cuts cannot be trusted: they are set aside, and the whole log is read");
            Cuts::set_aside(disk.as_ref())?;
            folding::folded(&disk, segment_bytes)?
        }
        other => other?,
    };
    let Folded { cuts, log, restored, records, floor, quarantined } = folded;
    if !quarantined.is_empty() {
        tracing::warn!(?quarantined, "records are quarantined: they are left out");
        cuts.quarantine(&quarantined)?;
    }
    let journal = Journal::start(Box::new(log), Limits::default(), on_failure);
    let next = journal.next();
    let book = Book::new(Arc::clone(registry), Arc::new(Chronicle::new(journal, cuts)));
    let refused = |fault: BookFault| DataError::Unreadable { sequence: 0, message: fault.to_string() };
    book.restore(restored).map_err(refused)?;
    tracing::info!(records, floor = floor.0, next = next.0, "the book is recovered");
    Ok(book)
}

/// Loads the sets that the houses of a book used last, and makes them active where no newer one is.
pub(crate) fn activate_sets(book: &Book, registry: &Registry, files: &SetFiles) {
    for (house, id) in book.sets() {
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
            Err(reason) => {
                tracing::warn!(id, reason, "the set that a house used last is not active");
                book.lose_set(house, LostSet { id, reason });
            }
        }
    }
    book.form_houses();
}
