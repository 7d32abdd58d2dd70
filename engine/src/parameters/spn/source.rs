//! Bytes as they come, to UTF-8 text for the XML reader; hashes them and counts lines on the way.
//!
//! Encodings are taken as declared and as found: a byte-order mark wins; else bytes that are valid UTF-8 are UTF-8,
//! whatever the declaration says (a real file declares ISO-8859-1 over UTF-8); what is not valid UTF-8 is decoded as
//! declared (single-byte encodings), or as windows-1252 (a superset of ISO-8859-1) where nothing usable is declared.

use std::io::{self, BufRead, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, WINDOWS_1252};
use sha2::{Digest as _, Sha256};

use super::leaf::{self, Leaf};
use crate::parameters::vintage::Digest;

/// The longest run of bytes without the end of a tag or text: no name, number or text of a real file comes near.
pub(super) const TOKEN_LIMIT: usize = 64 * 1024;
/// The most that is decoded at once.
const CHUNK: usize = 64 * 1024;
/// How many bytes tell the encoding.
const HEAD: usize = 256;

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
    /// What is decoded; the XML reader stands at `start`.
    text: String,
    start: usize,
    /// The beginning of a character whose end has not come yet.
    carried: Vec<u8>,
    leaf: Leaf,
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
            text: String::with_capacity(CHUNK),
            start: 0,
            carried: Vec::new(),
            leaf: Leaf::default(),
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

    /// Passes over blanks if a tag follows them, then over a plain leaf; whether there was one. This is for places where the
    /// XML reader expects a text that does not matter if it is blank.
    pub(super) fn next_leaf(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let Some((blanks, lines)) = leaf::blanks(bytes, self.start) else { return false };
        self.start += blanks;
        self.lines += lines;
        let Some(leaf) = leaf::leaf(bytes, self.start) else { return false };
        self.start = leaf.end();
        self.leaf = leaf;
        true
    }

    /// The name of the leaf that was passed over last, until more is read.
    pub(super) fn leaf_name(&self) -> &str {
        &self.text[self.leaf.name()]
    }

    /// Its text.
    pub(super) fn leaf_text(&self) -> &str {
        &self.text[self.leaf.text()]
    }

    /// The digest of all bytes; reads what is left of them.
    pub(super) fn into_digest(mut self) -> io::Result<Digest> {
        while !self.finished {
            match self.refill() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => other?,
            }
        }
        Ok(Digest(self.hash.finalize().into()))
    }

    /// Decodes what the inner reader has at hand: one copy, and no waiting for more than it gives at once.
    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.start = 0;
        let Some(decoding) = &mut self.decoding else { return self.begin() };
        let piece = self.inner.fill_buf()?;
        let piece = &piece[..piece.len().min(CHUNK)];
        self.hash.update(piece);
        self.finished = piece.is_empty();
        decoding.decode(&mut self.carried, piece, self.finished, &mut self.text);
        let count = piece.len();
        self.inner.consume(count);
        Ok(())
    }

    /// Reads as much as the encoding may depend on.
    fn begin(&mut self) -> io::Result<()> {
        let mut head = Vec::with_capacity(HEAD);
        self.inner.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        self.hash.update(&head);
        self.finished = head.is_empty();
        let mut decoding = detect(&mut head);
        decoding.decode(&mut self.carried, &head, self.finished, &mut self.text);
        self.decoding = Some(decoding);
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
    let head = &bytes[..bytes.len().min(HEAD)];
    let end = head.iter().position(|&b| b == b'>')?;
    let text = std::str::from_utf8(&head[..end]).ok()?;
    let value =
        text.strip_prefix("<?xml")?.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value[1..].split(quote).next()?;
    Encoding::for_label(label.as_bytes())
        .filter(|encoding| encoding.is_ascii_compatible() && *encoding != UTF_8)
}

impl Decoding {
    /// Appends what was carried and `bytes` as UTF-8; carries the start of a character that the next bytes may complete.
    fn decode(&mut self, carried: &mut Vec<u8>, bytes: &[u8], last: bool, text: &mut String) {
        match self {
            Self::Lenient(encoding) if carried.is_empty() => {
                *carried = decode_leniently(bytes, encoding, last, text).to_vec();
            }
            Self::Lenient(encoding) => {
                carried.extend_from_slice(bytes);
                *carried = decode_leniently(carried, encoding, last, text).to_vec();
            }
            Self::Streaming(decoder) => decode_streaming(decoder, bytes, last, text),
        }
    }
}

/// Appends `bytes` as UTF-8 and returns the start of a character that the next bytes may complete.
fn decode_leniently<'a>(
    bytes: &'a [u8],
    fallback: &'static Encoding,
    last: bool,
    text: &mut String,
) -> &'a [u8] {
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return &[];
            }
            Err(error) => {
                let (valid, other) = rest.split_at(error.valid_up_to());
                text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                match error.error_len() {
                    None if !last => return other,
                    found => {
                        let (wrong, after) = other.split_at(found.unwrap_or(other.len()));
                        let (decoded, _) = fallback.decode_without_bom_handling(wrong);
                        text.push_str(&decoded);
                        rest = after;
                    }
                }
            }
        }
    }
}

fn decode_streaming(decoder: &mut Decoder, bytes: &[u8], last: bool, text: &mut String) {
    let mut rest = bytes;
    let mut decoded = String::with_capacity(4096);
    loop {
        let (result, read, _) = decoder.decode_to_string(rest, &mut decoded, last);
        text.push_str(&decoded);
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
        Ok(&self.text.as_bytes()[self.start..end])
    }

    fn consume(&mut self, count: usize) {
        let consumed = &self.text.as_bytes()[self.start..self.start + count];
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
    fn a_leaf_is_recognised_only_if_it_comes_in_one_piece() {
        let leaves = |capacity| {
            let text = format!("{}{}", "-".repeat(HEAD), "\n<pfId>7</pfId>".repeat(50));
            let mut source = Source::new(io::BufReader::with_capacity(capacity, text.as_bytes()));
            let mut leaves = 0;
            while !source.fill_buf().unwrap().is_empty() {
                if source.next_leaf() {
                    assert_eq!((source.leaf_name(), source.leaf_text()), ("pfId", "7"));
                    leaves += 1;
                } else if !source.fill_buf().unwrap().is_empty() {
                    source.consume(1);
                }
            }
            assert_eq!(source.line(), 51);
            leaves
        };
        assert_eq!((leaves(1), leaves(HEAD + 4096)), (0, 50));
        assert!((1..50).contains(&leaves(40)));
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
