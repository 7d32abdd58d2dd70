//! Records in batches, each chained to the one before.
//!
//! ```text
//! batch  = version u8, count u32, chain before [32], then for each record: length u32, payload, chain [32]
//! chain  = SHA-256(chain before, sequence u64, length u32, payload)
//! ```
//!
//! Numbers are little-endian. A chain is the checksum of its record and of all before it.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The format of batches.
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 1 + 4 + Chain::BYTES;

/// The place of a record in the log, from 1.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Sequence(pub u64);

impl Sequence {
    /// Before the first record.
    pub const NONE: Self = Self(0);

    /// The place of a record so many further.
    #[must_use]
    pub const fn after(self, count: u64) -> Self {
        Self(self.0 + count)
    }

    /// The next.
    #[must_use]
    pub const fn next(self) -> Self {
        self.after(1)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a record and all before it come to.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Chain(pub [u8; Chain::BYTES]);

impl Chain {
    /// Bytes of one.
    pub const BYTES: usize = 32;
    /// Before the first record.
    pub const START: Self = Self([0; Self::BYTES]);

    fn of(self, sequence: Sequence, payload: &[u8]) -> Self {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let hash = Sha256::new()
            .chain_update(self.0)
            .chain_update(sequence.0.to_le_bytes())
            .chain_update(length.to_le_bytes())
            .chain_update(payload);
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Frames a batch whose first record has a sequence; its bytes, and the chain behind its last record.
pub(crate) fn framed(first: Sequence, before: Chain, payloads: &[Vec<u8>]) -> (Vec<u8>, Chain) {
    let size: usize = payloads.iter().map(|own| own.len() + 4 + Chain::BYTES).sum();
    let mut bytes = Vec::with_capacity(HEAD_BYTES + size);
    bytes.push(VERSION);
    bytes.extend_from_slice(&u32::try_from(payloads.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&before.0);
    let mut chain = before;
    for (sequence, payload) in (first.0..).map(Sequence).zip(payloads) {
        chain = chain.of(sequence, payload);
        bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(&chain.0);
    }
    (bytes, chain)
}

/// What is wrong with a batch, and in which record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BadBatch {
    pub(crate) sequence: Sequence,
    pub(crate) message: &'static str,
}

/// Reads a batch; every record is given on only when its chain fits. The chain behind the last one, and the sequence after it.
pub(crate) fn unframed(
    bytes: &[u8],
    first: Sequence,
    before: Chain,
    mut record: impl FnMut(Sequence, Chain, &[u8]),
) -> Result<(Chain, Sequence), BadBatch> {
    let mut reader = Reader(bytes);
    let bad = |sequence, message| BadBatch { sequence, message };
    let head = (reader.take::<1>(), reader.take::<4>(), reader.take::<{ Chain::BYTES }>());
    let (Some([version]), Some(count), Some(chain)) = head else {
        return Err(bad(first, "the batch is cut off"));
    };
    if version != VERSION {
        return Err(bad(first, "a version that this program does not know"));
    }
    if Chain(chain) != before {
        return Err(bad(first, "it does not follow the record before it"));
    }
    let (mut chain, mut sequence) = (before, first);
    for _ in 0..u32::from_le_bytes(count) {
        let length = reader.take::<4>().map(|length| u32::from_le_bytes(length) as usize);
        let payload = length.and_then(|length| reader.bytes(length));
        let (Some(payload), Some(stated)) = (payload, reader.take::<{ Chain::BYTES }>()) else {
            return Err(bad(sequence, "the record is cut off"));
        };
        chain = chain.of(sequence, payload);
        if chain.0 != stated {
            return Err(bad(sequence, "its checksum is wrong"));
        }
        record(sequence, chain, payload);
        sequence = sequence.next();
    }
    if !reader.0.is_empty() || sequence == first {
        return Err(bad(sequence, "the batch has another length"));
    }
    Ok((chain, sequence))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_of_a_batch_is_found() {
        let payloads = [b"one".to_vec(), Vec::new(), b"three".to_vec()];
        let (bytes, chain) = framed(Sequence(5), Chain::START, &payloads);
        let mut read = Vec::new();
        let end = unframed(&bytes, Sequence(5), Chain::START, |at, _, own| read.push((at.0, own.to_vec())));
        assert_eq!(end, Ok((chain, Sequence(8))));
        assert_eq!(read, [(5, payloads[0].clone()), (6, Vec::new()), (7, payloads[2].clone())]);
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            let read = unframed(&other, Sequence(5), Chain::START, |_, _, _| ());
            assert!(read.is_err(), "byte {place}");
        }
        for length in 0..bytes.len() {
            assert!(unframed(&bytes[..length], Sequence(5), Chain::START, |_, _, _| ()).is_err());
        }
        assert!(unframed(&bytes, Sequence(6), Chain::START, |_, _, _| ()).is_err(), "another place");
    }
}
