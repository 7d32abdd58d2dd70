//! Files of the command line: the text of one document, or of one a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::commands::CommandError;

/// The longest line of input.
pub(super) const LINE_BYTES: u64 = 4 * 1024 * 1024;

/// The number of a line, from 1, and its text.
pub(super) type JsonLine = (usize, Vec<u8>);

/// Opens a file, or standard input.
pub(super) fn reader(path: &Path) -> Result<Box<dyn BufRead>, CommandError> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).map_err(|source| CommandError::Input { path: path.to_owned(), source })?;
    Ok(Box::new(BufReader::new(file)))
}

/// The lines of a file, with their numbers; empty lines are none.
pub(super) fn json_lines(path: &Path) -> Result<Vec<JsonLine>, CommandError> {
    let mut reader = reader(path)?;
    let failed = |source| CommandError::Input { path: path.to_owned(), source };
    let mut lines = Vec::new();
    for number in 1.. {
        let mut line = Vec::new();
        let read = (&mut reader).take(LINE_BYTES + 1).read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            break;
        }
        if line.len() as u64 > LINE_BYTES {
            return Err(failed(io::Error::other(format!("line {number} is longer than {LINE_BYTES} bytes"))));
        }
        if !line.trim_ascii().is_empty() {
            lines.push((number, line));
        }
    }
    Ok(lines)
}

/// The text of a document, up to many lines' worth.
pub(super) fn document(path: &Path) -> Result<Vec<u8>, CommandError> {
    let most = 64 * LINE_BYTES;
    let mut text = Vec::new();
    let failed = |source| CommandError::Input { path: path.to_owned(), source };
    reader(path)?.take(most + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > most {
        return Err(failed(io::Error::other(format!("larger than {most} bytes"))));
    }
    Ok(text)
}
