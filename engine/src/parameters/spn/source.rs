//! Bytes as they come, to UTF-8 text for the XML reader; hashes them and counts lines on the way.
//!
//! Encodings are taken as declared and as found: a byte-order mark wins; else bytes that are valid UTF-8 are UTF-8,
//! whatever the declaration says (a real file declares ISO-8859-1 over UTF-8); what is not valid UTF-8 is decoded as
//! declared (single-byte encodings), or as windows-1252 (a superset of ISO-8859-1) where nothing usable is declared.

use std::io::{self, BufRead, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, WINDOWS_1252};
use sha2::{Digest as _, Sha256};

use crate::parameters::vintage::Digest;

/// The longest run of bytes without the end of a tag or text: no name, number or text of a real file comes near.
pub(super) const TOKEN_LIMIT: usize = 64 * 1024;
/// How much is decoded at once.
const CHUNK: usize = 64 * 1024;

enum Decoding {
    /// Valid UTF-8 as it is, the rest in a single-byte or other declared encoding.
    Lenient(&'static Encoding),
    /// UTF-16, as a byte-order mark or the zero bytes of the declaration say.
    Streaming(Box<Decoder>),
}

pub(super) struct Source<R> {
    inner: R,
    hash: Sha256,
    decoding: Option<Decoding>,
    text: Vec<u8>,
    start: usize,
    carried: Vec<u8>,
    lines: u64,
    token: usize,
    finished: bool,
}

impl<R: BufRead> Source<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            decoding: None,
            text: Vec::with_capacity(CHUNK),
            start: 0,
            carried: Vec::new(),
            lines: 1,
            token: 0,
            finished: false,
        }
    }

    /// The line that the reader stands in, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.lines
    }

    /// Says that a tag or text has ended: the limit on its length starts anew.
    pub(super) const fn end_token(&mut self) {
        self.token = 0;
    }

    /// The digest of all bytes; reads what is left of them.
    pub(super) fn into_digest(mut self) -> io::Result<Digest> {
        while !self.finished {
            self.refill()?;
        }
        Ok(Digest(self.hash.finalize().into()))
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.start = 0;
        let mut bytes = std::mem::take(&mut self.carried);
        let carried = bytes.len();
        let limit = u64::try_from(CHUNK - carried.min(CHUNK / 2)).unwrap_or(u64::MAX);
        let read = self.inner.by_ref().take(limit).read_to_end(&mut bytes)?;
        self.hash.update(&bytes[carried..]);
        self.finished = read == 0;
        let decoding = match self.decoding.take() {
            Some(decoding) => decoding,
            None => detect(&mut bytes),
        };
        self.decoding = Some(match decoding {
            Decoding::Lenient(encoding) => {
                self.carried = decode_leniently(&bytes, encoding, self.finished, &mut self.text);
                Decoding::Lenient(encoding)
            }
            Decoding::Streaming(mut decoder) => {
                decode_streaming(&mut decoder, &bytes, self.finished, &mut self.text);
                Decoding::Streaming(decoder)
            }
        });
        Ok(())
    }
}

/// Finds the encoding from the first bytes and drops a byte-order mark.
fn detect(bytes: &mut Vec<u8>) -> Decoding {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        bytes.drain(..length);
        return if encoding == UTF_8 {
            Decoding::Lenient(WINDOWS_1252)
        } else {
            Decoding::Streaming(Box::new(encoding.new_decoder_without_bom_handling()))
        };
    }
    match bytes.as_slice() {
        [b'<', 0, ..] => {
            Decoding::Streaming(Box::new(encoding_rs::UTF_16LE.new_decoder_without_bom_handling()))
        }
        [0, b'<', ..] => {
            Decoding::Streaming(Box::new(encoding_rs::UTF_16BE.new_decoder_without_bom_handling()))
        }
        _ => Decoding::Lenient(declared(bytes).unwrap_or(WINDOWS_1252)),
    }
}

/// The encoding named in the XML declaration, if it is one of ASCII's supersets other than UTF-8.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(256)];
    let end = head.iter().position(|&b| b == b'>')?;
    let text = std::str::from_utf8(&head[..end]).ok()?;
    let value =
        text.strip_prefix("<?xml")?.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value[1..].split(quote).next()?;
    Encoding::for_label(label.as_bytes())
        .filter(|encoding| encoding.is_ascii_compatible() && *encoding != UTF_8)
}

/// Appends `bytes` as UTF-8 and returns the start of a character that the next bytes may complete.
fn decode_leniently(bytes: &[u8], fallback: &'static Encoding, last: bool, text: &mut Vec<u8>) -> Vec<u8> {
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.extend_from_slice(valid.as_bytes());
                return Vec::new();
            }
            Err(error) => {
                let (valid, other) = rest.split_at(error.valid_up_to());
                text.extend_from_slice(valid);
                match error.error_len() {
                    None if !last => return other.to_vec(),
                    found => {
                        let (wrong, after) = other.split_at(found.unwrap_or(other.len()));
                        let (decoded, _) = fallback.decode_without_bom_handling(wrong);
                        text.extend_from_slice(decoded.as_bytes());
                        rest = after;
                    }
                }
            }
        }
    }
}

fn decode_streaming(decoder: &mut Decoder, bytes: &[u8], last: bool, text: &mut Vec<u8>) {
    let mut rest = bytes;
    let mut decoded = String::with_capacity(4096);
    loop {
        let (result, read, _) = decoder.decode_to_string(rest, &mut decoded, last);
        text.extend_from_slice(decoded.as_bytes());
        decoded.clear();
        rest = &rest[read..];
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(target.len());
        target[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.token > TOKEN_LIMIT {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a tag or text is longer than {TOKEN_LIMIT} bytes"),
            ));
        }
        while self.start == self.text.len() && !self.finished {
            self.refill()?;
        }
        // No more at once than the token may still have, so that the limit is exact.
        let end = self.text.len().min(self.start + TOKEN_LIMIT + 1 - self.token);
        Ok(&self.text[self.start..end])
    }

    fn consume(&mut self, count: usize) {
        let consumed = &self.text[self.start..self.start + count];
        self.lines += memchr::memchr_iter(b'\n', consumed).count() as u64;
        self.token += count;
        self.start += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> String {
        // Three bytes at a time, so that characters are cut.
        let mut text = String::new();
        let mut source = Source::new(io::BufReader::with_capacity(3, bytes));
        loop {
            source.end_token();
            let available = source.fill_buf().unwrap();
            if available.is_empty() {
                return text;
            }
            let count = available.len();
            text.push_str(std::str::from_utf8(available).unwrap());
            source.consume(count);
        }
    }

    #[test]
    fn encodings_as_declared_and_as_found() {
        let declared = |label: &str, name: &[u8]| {
            let mut bytes = format!("<?xml version=\"1.0\" encoding=\"{label}\"?><n>").into_bytes();
            bytes.extend_from_slice(name);
            text_of(&bytes).split_once("<n>").unwrap().1.to_owned()
        };
        assert_eq!(declared("ISO-8859-1", "Türk Lirası".as_bytes()), "Türk Lirası");
        assert_eq!(declared("ISO-8859-1", b"T\xFCrk"), "Türk");
        assert_eq!(declared("ISO-8859-9", b"Liras\xFD"), "Lirası");
        assert_eq!(declared("nonsense", b"caf\xE9 \xE2\x82\xAC"), "café €");
        assert_eq!(text_of(b"\xEF\xBB\xBF<a/>"), "<a/>");
        for big in [true, false] {
            let utf16 = |text: &str| -> Vec<u8> {
                text.encode_utf16()
                    .flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() })
                    .collect()
            };
            assert_eq!(text_of(&utf16("\u{FEFF}<a>ı𝄞</a>")), "<a>ı𝄞</a>");
            assert_eq!(text_of(&utf16("<a>ı</a>")), "<a>ı</a>");
        }
    }

    #[test]
    fn the_digest_is_of_the_bytes_not_of_the_text() {
        let mut source = Source::new(&b"\xEF\xBB\xBFabc\n"[..]);
        assert_eq!(source.fill_buf().unwrap(), b"abc\n");
        source.consume(4);
        assert_eq!(source.line(), 2);
        let digest = source.into_digest().unwrap().to_string();
        assert_eq!(digest, Digest(Sha256::digest(b"\xEF\xBB\xBFabc\n").into()).to_string());
    }

    #[test]
    fn an_endless_token_ends() {
        let endless = io::BufReader::new(io::repeat(b'a'));
        let mut source = Source::new(endless);
        let error = loop {
            match source.fill_buf() {
                Ok(available) => {
                    let count = available.len();
                    source.consume(count);
                }
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
