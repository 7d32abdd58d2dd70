//! What holds of any bytes that are given to the reader of `.pa2` files.

use plimsoll_engine::parameters::pa2::{ReadError, read};

use super::accepted;

/// Reads the bytes and builds a set where they can be read. Returns whether it was accepted.
pub(crate) fn check(bytes: &[u8]) -> bool {
    match read(bytes) {
        Ok(reading) => accepted::check(&reading.definition, reading.digest, reading.diagnostics),
        Err(ReadError::Refused(diagnostics)) => {
            accepted::says_why(&diagnostics);
            false
        }
        Err(ReadError::Io(error)) => panic!("a slice is always readable: {error}"),
    }
}
