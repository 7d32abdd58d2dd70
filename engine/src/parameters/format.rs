//! Which format a parameter file is in, and its reader.

use std::io::BufRead;

use super::reading::{ReadError, Reading};
use super::{pa2, spn};

/// Reads a parameter file in either format: one that begins with the digit of record 0 is positional (`.pa2`), every other one is
/// XML (`.spn`) or refused as such.
///
/// # Errors
/// [`ReadError`] as the format's reader has it.
pub fn read(mut source: impl BufRead) -> Result<Reading, ReadError> {
    let is_positional = source.fill_buf()?.first() == Some(&b'0');
    if is_positional { pa2::read(source) } else { spn::read(source) }
}
