//! Portfolios as JSON lines.

mod away;
mod line;
mod shape;

use std::io::{self, BufRead, Read as _};

use super::{AccountPortfolio, BadPortfolio};

/// The most bytes of a line: 300 for each position of the largest portfolio, which is more than a position with every key
/// takes.
const MOST_LINE_BYTES: u64 = 32 * 1024 * 1024;

/// Portfolios, one a line, in bounded memory.
pub(super) struct JsonLines<R> {
    source: R,
    buffer: Vec<u8>,
    line: u64,
    ended: bool,
    failed: bool,
}

enum Bytes {
    End,
    Line,
    TooLong,
}

impl<R: BufRead> JsonLines<R> {
    pub(super) const fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), line: 0, ended: false, failed: false }
    }

    /// Whether the source failed, so that there may be more.
    pub(super) const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Reads the next line into the buffer, without its end; an overlong one is passed over.
    fn next_line(&mut self) -> io::Result<Bytes> {
        self.buffer.clear();
        let most = MOST_LINE_BYTES + 1;
        let read = self.source.by_ref().take(most).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(Bytes::End);
        }
        self.line += 1;
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if self.buffer.len() as u64 == most {
            self.pass_line()?;
            return Ok(Bytes::TooLong);
        }
        if self.line == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.buffer.drain(..3);
        }
        Ok(Bytes::Line)
    }

    fn pass_line(&mut self) -> io::Result<()> {
        loop {
            let bytes = match self.source.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            match bytes.iter().position(|&byte| byte == b'\n') {
                _ if bytes.is_empty() => return Ok(()),
                Some(end) => {
                    self.source.consume(end + 1);
                    return Ok(());
                }
                None => {
                    let all = bytes.len();
                    self.source.consume(all);
                }
            }
        }
    }
}

impl<R: BufRead> Iterator for JsonLines<R> {
    type Item = Result<AccountPortfolio, BadPortfolio>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.next_line() {
                Ok(Bytes::End) => self.ended = true,
                Ok(Bytes::Line) if self.buffer.iter().all(u8::is_ascii_whitespace) => {}
                Ok(Bytes::Line) => return Some(line::portfolio(self.line, &self.buffer)),
                Ok(Bytes::TooLong) => {
                    let message = format!("a line has at most {MOST_LINE_BYTES} bytes");
                    return Some(Err(BadPortfolio::new(None, self.line, message)));
                }
                Err(error) => {
                    (self.ended, self.failed) = (true, true);
                    let message = format!("the input could not be read: {error}");
                    return Some(Err(BadPortfolio::new(None, self.line + 1, message)));
                }
            }
        }
        None
    }
}

#[cfg(test)]
#[path = "jsonl/tests.rs"]
mod tests;
