//! Rows of CSV, each with the line of the file that it begins in, in bounded memory.

use std::collections::VecDeque;
use std::io::{self, Read};

use csv::{ByteRecord, Reader, ReaderBuilder, Trim};

/// The most bytes of a row, with what the reader has read ahead.
const MOST_ROW_BYTES: usize = 1024 * 1024;

/// The rows of a source, blanks around fields dropped; empty lines are none.
pub struct Rows<R> {
    reader: Reader<Lines<R>>,
}

/// Why there are no more rows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unreadable {
    /// The line that could not be read.
    pub line: u64,
    /// What is wrong, for a person.
    pub message: String,
}

impl<R: Read> Rows<R> {
    /// The rows of a source, the header first.
    pub fn new(source: R) -> Self {
        let lines = Lines {
            source,
            left: MOST_ROW_BYTES,
            offset: 0,
            line: 1,
            is_at_start: true,
            starts: VecDeque::new(),
        };
        let mut builder = ReaderBuilder::new();
        Self { reader: builder.flexible(true).has_headers(false).trim(Trim::All).from_reader(lines) }
    }

    /// Reads a row and tells its line; `None` behind the last.
    ///
    /// # Errors
    /// [`Unreadable`] where the source fails or a row does not end.
    pub fn next(&mut self, row: &mut ByteRecord) -> Result<Option<u64>, Unreadable> {
        self.reader.get_mut().left = MOST_ROW_BYTES;
        let begins = self.reader.position().byte();
        let read = self.reader.read_byte_record(row);
        let lines = self.reader.get_mut();
        // The reader's own lines are those before the empty ones that it passes over.
        while lines.starts.front().is_some_and(|(offset, _)| *offset < begins) {
            lines.starts.pop_front();
        }
        let line = lines.starts.front().map_or(lines.line, |(_, line)| *line);
        match read {
            Ok(is_row) => Ok(is_row.then_some(line)),
            Err(error) => {
                let kind = error.into_kind();
                let message = if let csv::ErrorKind::Io(error) = kind {
                    error.to_string()
                } else {
                    format!("{kind:?}")
                };
                Err(Unreadable { line, message: format!("the input could not be read: {message}") })
            }
        }
    }
}

/// A source that fails when a row does not end, and knows where the lines begin that are not empty.
struct Lines<R> {
    source: R,
    left: usize,
    /// Bytes that were read.
    offset: u64,
    line: u64,
    is_at_start: bool,
    /// Of what the reader has not passed.
    starts: VecDeque<(u64, u64)>,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let message = || io::Error::other(format!("a row has at most {MOST_ROW_BYTES} bytes"));
        self.left = self.left.checked_sub(read).ok_or_else(message)?;
        for byte in &buffer[..read] {
            match byte {
                b'\n' => {
                    self.is_at_start = true;
                    self.line += 1;
                }
                b'\r' => {}
                _ if self.is_at_start => {
                    self.starts.push_back((self.offset, self.line));
                    self.is_at_start = false;
                }
                _ => {}
            }
            self.offset += 1;
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, String)> {
        let (mut rows, mut row) = (Rows::new(text.as_bytes()), ByteRecord::new());
        let mut all = Vec::new();
        while let Some(line) = rows.next(&mut row).unwrap() {
            all.push((line, String::from_utf8_lossy(&row[0]).into_owned()));
        }
        all
    }

    #[test]
    fn a_row_has_the_line_that_it_begins_in() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "1,2", "", "", "\"2\nx\",5", "3,4", "", "4,5"].join(end);
            let expected = [(1, "a"), (2, "1"), (5, "2\nx"), (7, "3"), (9, "4")];
            assert_eq!(lines(&text), expected.map(|(line, text)| (line, text.to_owned())), "{end:?}");
        }
        let many: String = (0..100_000).map(|row| format!("{row},x\n\n")).collect();
        assert!(lines(&many).iter().zip(0_u64..).all(|(own, row)| *own == (2 * row + 1, row.to_string())));
        assert_eq!(lines("\u{feff}a\n\nb\n").iter().map(|own| own.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(lines("\n\n"), []);
    }
}
