//! The input of a calculation: portfolios as JSON lines or CSV, read one after another, faults and all.
//!
//! A portfolio that cannot be read becomes a [`BadPortfolio`] in its place and the reading goes on.

mod book;
mod csv;
mod fault;
mod jsonl;
mod merged;
mod position;
mod stated;

use std::io::BufRead;
use std::path::Path;

use plimsoll_engine::span::{AwayDelta, Position};

pub use fault::{BadPortfolio, Fault, Faults};
pub use stated::StatedOptions;

/// The most bytes of an account's name.
pub const MOST_ACCOUNT_BYTES: usize = 64;

/// The positions of one account, as they were read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountPortfolio {
    /// The account's name.
    pub account: String,
    /// The line of the input, from 1, in which it stands first.
    pub line: u64,
    /// Its positions, in the order of the input.
    pub positions: Vec<Position>,
    /// What it states of its calculation.
    pub options: StatedOptions,
    /// Net deltas of the account at other clearing organisations; only JSON lines can state them.
    pub away: Vec<AwayDelta>,
}

/// How portfolios are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InputFormat {
    /// One JSON object a line, one portfolio an object. Read as a stream. An account on several lines has as many portfolios, unless they are
    /// merged.
    JsonLines,
    /// A header and one position a row. Rows of one account form one portfolio wherever they stand, so the whole input
    /// is read before the first portfolio comes out; portfolios come in the order in which their accounts first appear.
    Csv,
}

impl InputFormat {
    /// The format that a file's extension names: `csv`, or `jsonl`, `ndjson` and `json` for JSON lines.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// Portfolios, and what stands in place of those that could not be read.
pub type Portfolios<'a> = Box<dyn Iterator<Item = Result<AccountPortfolio, BadPortfolio>> + Send + 'a>;

/// Reads portfolios. A source that fails ends them with a [`BadPortfolio`].
#[must_use]
pub fn read<'a>(source: impl BufRead + Send + 'a, format: InputFormat) -> Portfolios<'a> {
    match format {
        InputFormat::JsonLines => Box::new(jsonl::JsonLines::new(source)),
        InputFormat::Csv => Box::new(std::iter::once_with(move || csv::portfolios(source)).flatten()),
    }
}

/// Reads portfolios, an account's on several lines as one: the whole input is read before the first comes out, in the order in which the
/// accounts first appear. Lines of an account that contradict each other in what they state of its calculation make it a [`BadPortfolio`].
#[must_use]
pub fn read_merged<'a>(source: impl BufRead + Send + 'a, format: InputFormat) -> Portfolios<'a> {
    match format {
        InputFormat::JsonLines => {
            Box::new(std::iter::once_with(move || merged::portfolios(source)).flatten())
        }
        // The rows of an account are one portfolio in any case.
        InputFormat::Csv => read(source, format),
    }
}

/// Checks an account's name.
pub(crate) fn account(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("is missing".to_owned())
    } else if text.len() > MOST_ACCOUNT_BYTES {
        Err(format!("at most {MOST_ACCOUNT_BYTES} bytes, found {}", text.len()))
    } else if text.chars().any(char::is_control) {
        Err("printable characters only".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_names_the_format() {
        let format = |path: &str| InputFormat::of_path(Path::new(path));
        for path in ["a.jsonl", "b/a.json", "A.NDJSON"] {
            assert_eq!(format(path), Some(InputFormat::JsonLines), "{path}");
        }
        assert_eq!(format("book.CSV"), Some(InputFormat::Csv));
        for path in ["jsonl", "a.xml", ".csv", "a"] {
            assert_eq!(format(path), None, "{path}");
        }
    }

    #[test]
    fn accounts_are_bounded_and_printable() {
        assert_eq!(account(&"A".repeat(64)), Ok("A".repeat(64)));
        assert_eq!(account(&"A".repeat(65)), Err("at most 64 bytes, found 65".to_owned()));
        assert_eq!(account(""), Err("is missing".to_owned()));
        assert_eq!(account("A\u{7f}"), Err("printable characters only".to_owned()));
    }
}
