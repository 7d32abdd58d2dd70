//! Bytes as they come, to lines; hashes them on the way.

use std::io::{self, BufRead};

use sha2::{Digest as _, Sha256};

use crate::parameters::vintage::Digest;

/// The longest line that is read: more than four times the longest record.
pub(super) const LINE_LIMIT: usize = 1_024;

pub(super) struct Source<R> {
    inner: R,
    hash: Sha256,
    bytes: Vec<u8>,
    line: u64,
}

/// What the next line is.
pub(super) enum Line {
    /// A line, kept until the next is read.
    Here,
    /// A line beyond the limit; its rest is not read.
    TooLong,
    /// There is none.
    End,
}

impl<R: BufRead> Source<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new(), bytes: Vec::with_capacity(LINE_LIMIT), line: 0 }
    }

    /// The line that was read last, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// The bytes of the line without its end and the blanks before it.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.trim_ascii_end()
    }

    /// Reads one line.
    pub(super) fn advance(&mut self) -> io::Result<Line> {
        self.bytes.clear();
        self.line += 1;
        loop {
            let available = match self.inner.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if available.is_empty() {
                return Ok(if self.bytes.is_empty() { Line::End } else { Line::Here });
            }
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |end| end + 1);
            if self.bytes.len() + taken > LINE_LIMIT {
                return Ok(Line::TooLong);
            }
            self.hash.update(&available[..taken]);
            self.bytes.extend_from_slice(&available[..taken]);
            self.inner.consume(taken);
            if end.is_some() {
                return Ok(Line::Here);
            }
        }
    }

    /// The digest of all bytes, when the end was reached.
    pub(super) fn into_digest(self) -> Digest {
        Digest(self.hash.finalize().into())
    }
}
