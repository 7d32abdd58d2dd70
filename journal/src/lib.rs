//! What a book remembers, on disk: which bytes were written in which order, and proof that none is missing.
//!
//! ```text
//! records -> queue -> one writer -> batch (framed, chained) -> segment of the log -> durable sequence -> waiters
//!                                                             cuts of the state beside it -> recovery
//! ```
//!
//! It knows nothing of margin: a record is bytes. `record` frames and chains them; `log` is what an append-only log is, `segments` is one
//! on redb, on a `disk`; `head` is the witness that the end of the log is not lost; `writer` commits for all who wait at once;
//! `cuts` keeps states, each as of a sequence; `passing` is the time by which records are old; `verify` reads everything and says where it is damaged.

#![deny(clippy::wildcard_enum_match_arm)]

mod cuts;
mod disk;
mod head;
mod log;
mod passing;
mod record;
mod segments;
mod verify;
mod writer;

pub use cuts::{Cut, Cuts};
pub use disk::{Disk, Folder, RealDisk};
pub use log::{AppendError, JournalError, Log, LogReader, Removable};
pub use passing::{Jump, Passing, Reading};
pub use record::{Chain, Sequence};
pub use segments::Segments;
pub use verify::{Summary, reaches, verify};
pub use writer::{Durable, Full, Journal, Limits, OnFailure, Slot, Stopped};
