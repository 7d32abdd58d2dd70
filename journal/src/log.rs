//! What an append-only log is, whatever keeps it.

use std::ops::ControlFlow;

use thiserror::Error;

use crate::record::{Chain, Sequence};

/// Why records were not appended.
#[derive(Debug, Error)]
pub enum AppendError {
    /// Somebody else has appended: the log is at another place than the caller thought.
    #[error("the log is at {at}, not at {expected}: another writer has it")]
    Refused {
        /// The place that the caller thought.
        expected: Sequence,
        /// Where it is.
        at: Sequence,
    },
    /// They may be there or not: the writer must not go on.
    #[error("the append failed: {0}")]
    Failed(String),
}

/// Why a log or a state cannot be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum JournalError {
    /// It is damaged.
    #[error("{file} is damaged at sequence {sequence}: {message}")]
    Damaged {
        /// The file.
        file: String,
        /// The first record that cannot be trusted.
        sequence: Sequence,
        /// What was found.
        message: String,
    },
    /// The disk failed.
    #[error("{file}: {message}")]
    Io {
        /// The file.
        file: String,
        /// What the system said.
        message: String,
    },
}

/// A part of a log that is old enough to be removed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Removable {
    /// The file.
    pub file: String,
    /// Its first record.
    pub first: Sequence,
    /// Its last record.
    pub last: Sequence,
}

/// A log with one writer.
pub trait Log: Send {
    /// The sequence of the next record, and the chain before it.
    fn end(&self) -> (Sequence, Chain);

    /// Appends a batch at the end, which must be where the caller thinks: all of it is durable when this returns, or nothing is known of
    /// it.
    ///
    /// # Errors
    /// [`AppendError`] as documented there.
    fn append(&mut self, expected: Sequence, payloads: &[Vec<u8>]) -> Result<(), AppendError>;

    /// What is in the log now, to be read while it grows.
    fn reader(&self) -> Box<dyn LogReader>;

    /// Moves what ends before a sequence out of the way of recovery; how many files.
    ///
    /// # Errors
    /// What the disk says.
    fn archive_before(&mut self, sequence: Sequence) -> Result<usize, JournalError>;

    /// What [`Log::remove_before`] would remove.
    fn removable_before(&self, sequence: Sequence) -> Vec<Removable>;

    /// Removes what has been archived and ends before a sequence; how many files.
    ///
    /// # Errors
    /// What the disk says.
    fn remove_before(&mut self, sequence: Sequence) -> Result<usize, JournalError>;
}

/// A log as it was at a moment.
pub trait LogReader: Send {
    /// The sequence of the oldest record that is kept; that of the next one in an empty log.
    fn oldest(&self) -> Sequence;

    /// Reads records from a sequence on, in order, until told to stop or at the end.
    ///
    /// # Errors
    /// [`JournalError`] at the first record that cannot be trusted.
    fn read(
        &self,
        from: Sequence,
        record: &mut dyn FnMut(Sequence, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), JournalError>;
}
