//! The plain leaf, `<name>text</name>`, of which nearly all of a file consists, recognised without the XML reader.
//!
//! What is recognised is exactly this: a name of ASCII letters and digits, at most [`LIMIT`] bytes in all, no attribute, no
//! entity, nothing nested, no line break, and all of it at hand. For such bytes the XML reader has one answer only (start,
//! text, end), and every limit is far away. Anything else, well-formed or not, is left to the XML reader.

use std::ops::Range;

/// The longest leaf that is recognised, and the longest run of blanks passed over: far below every limit on lengths.
const LIMIT: usize = 4096;

/// Where a leaf is, and how long its parts are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leaf {
    start: usize,
    name: usize,
    text: usize,
}

impl Leaf {
    pub(super) const fn name(self) -> Range<usize> {
        let start = self.start + "<".len();
        start..start + self.name
    }

    pub(super) const fn text(self) -> Range<usize> {
        let start = self.name().end + ">".len();
        start..start + self.text
    }

    pub(super) const fn end(self) -> usize {
        self.text().end + "</".len() + self.name + ">".len()
    }
}

/// The leaf that begins at `start`.
#[inline]
pub(super) fn leaf(bytes: &[u8], start: usize) -> Option<Leaf> {
    let bytes = &bytes[..bytes.len().min(start + LIMIT)];
    let rest = bytes.get(start..)?.strip_prefix(b"<")?;
    let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric())?;
    let (name, rest) = rest.split_at(length);
    let rest = rest.strip_prefix(b">")?;
    let text = rest.iter().position(|byte| matches!(byte, b'<' | b'&' | b'\n'))?;
    let closing = rest[text..].strip_prefix(b"</")?;
    let (closing, rest) = closing.split_at_checked(length)?;
    let whole = !name.is_empty() && same(name, closing) && rest.first() == Some(&b'>');
    whole.then_some(Leaf { start, name: length, text })
}

/// Whether two names are the same: byte by byte, as they are so short that a call to compare them costs more.
#[inline]
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one == other)
}

/// How many blanks stand at `start` before a tag, and how many lines they end; `None` where something else follows.
#[inline]
pub(super) fn blanks(bytes: &[u8], start: usize) -> Option<(usize, u64)> {
    let mut lines = 0;
    for (count, byte) in bytes[start..].iter().take(LIMIT).enumerate() {
        match byte {
            b'\n' => lines += 1,
            b' ' | b'\t' | b'\r' => {}
            b'<' => return Some((count, lines)),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_plain_leaf_is_one() {
        for (bytes, parts) in [
            ("<a>-1.5</a>", Some(("a", "-1.5"))),
            ("<pfId>7</pfId>\n<pfCode>", Some(("pfId", "7"))),
            ("<name></name><", Some(("name", ""))),
            ("<name> ü > ' \" ]]> \r</name>", Some(("name", " ü > ' \" ]]> \r"))),
            ("", None),
            ("a", None),
            (" <a>1</a>", None),
            ("<a>1</a", None),
            ("<a>1</", None),
            ("<a>1", None),
            ("<a", None),
            ("<a>1</b>", None),
            ("<a>1</ab>", None),
            ("<ab>1</a>", None),
            ("<a>1</a >", None),
            ("<a >1</a>", None),
            ("<a b='1'>1</a>", None),
            ("<a/>", None),
            ("<>1</>", None),
            ("<ü>1</ü>", None),
            ("<a>1\n</a>", None),
            ("<a>&lt;</a>", None),
            ("<a><b>1</b></a>", None),
            ("<a><![CDATA[1]]></a>", None),
            ("<!--a>1</!--a>", None),
            ("<?a?>", None),
        ] {
            let text = format!("..{bytes}");
            let found = leaf(text.as_bytes(), 2);
            assert_eq!(found.map(|leaf| (&text[leaf.name()], &text[leaf.text()])), parts, "{bytes}");
            if let Some(leaf) = found {
                assert!(text[..leaf.end()].ends_with(&format!("</{}>", &text[leaf.name()])), "{bytes}");
            }
        }
        let long = |length| format!("<a>{}</a>", "1".repeat(length));
        assert!(leaf(long(LIMIT - 7).as_bytes(), 0).is_some());
        assert!(leaf(long(LIMIT - 6).as_bytes(), 0).is_none());
    }

    #[test]
    fn blanks_count_before_a_tag_only() {
        assert_eq!(blanks(b"a\r\n \t\n</a>", 1), Some((5, 2)));
        assert_eq!(blanks(b"<a>", 0), Some((0, 0)));
        for other in ["", "\n", "\n1", "\u{a0}<", "\n&amp;"] {
            assert_eq!(blanks(other.as_bytes(), 0), None, "{other:?}");
        }
        assert_eq!(blanks(format!("{}<", " ".repeat(LIMIT)).as_bytes(), 0), None);
    }
}
