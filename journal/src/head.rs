//! The witness of the log's end: a store that has lost its last commits looks like one that never had them.
//!
//! After every durable append the end is written beside the log, in turn into one of two slots, without waiting for the disk. So what a slot
//! says was durable, and a log that ends before it has lost something. A power cut may leave older slots, never wrong ones.

use std::io;

use sha2::{Digest as _, Sha256};

use crate::disk::Disk;
use crate::log::JournalError;
use crate::record::{Chain, Sequence};

const SLOT_BYTES: usize = 8 + Chain::BYTES + 32;
const SLOTS: u64 = 2;

/// The end of a log, as somebody wrote it down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Head {
    pub(crate) end: Sequence,
    pub(crate) chain: Chain,
}

fn slot(head: Head) -> [u8; SLOT_BYTES] {
    let mut bytes = [0; SLOT_BYTES];
    bytes[..8].copy_from_slice(&head.end.0.to_le_bytes());
    bytes[8..40].copy_from_slice(&head.chain.0);
    let sum: [u8; 32] = Sha256::digest(&bytes[..40]).into();
    bytes[40..].copy_from_slice(&sum);
    bytes
}

fn read_slot(bytes: &[u8]) -> Option<Head> {
    let sum: [u8; 32] = Sha256::digest(bytes.get(..40)?).into();
    if bytes.get(40..SLOT_BYTES)? != sum {
        return None;
    }
    let end = u64::from_le_bytes(bytes[..8].try_into().ok()?);
    Some(Head { end: Sequence(end), chain: Chain(bytes[8..40].try_into().ok()?) })
}

/// Writes the end down.
pub(crate) fn write(disk: &dyn Disk, head: Head, turn: u64) -> io::Result<()> {
    disk.write_head(turn % SLOTS * SLOT_BYTES as u64, &slot(head))
}

/// The furthest end that was written down.
pub(crate) fn read(disk: &dyn Disk) -> Result<Option<Head>, JournalError> {
    let failed = |error: io::Error| JournalError::Io { file: "head".to_owned(), message: error.to_string() };
    let bytes = disk.read_head().map_err(failed)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let slots = bytes.chunks(SLOT_BYTES).filter_map(read_slot);
    let known = slots.max_by_key(|head| head.end);
    let unreadable = || JournalError::Damaged {
        file: "head".to_owned(),
        sequence: Sequence::NONE,
        message: "neither of its slots can be read".to_owned(),
    };
    known.map(Some).ok_or_else(unreadable)
}
