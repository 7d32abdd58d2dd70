//! Reports and parameter sets for the outside: JSON for programs, tables for people.

mod jsonl;
mod method;
mod method_table;
mod set;
mod table;

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use plimsoll_engine::doubt::Doubt;
use plimsoll_engine::parameters::method::Method;
use plimsoll_engine::report::{MarginReport, MethodResult, PoolResult};
use plimsoll_engine::types::Moment;

pub use set::{write_set_json, write_set_table, write_sets_json, write_sets_table};

/// What a result under a method that is data was calculated with.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The method.
    pub method: &'a Method,
    /// The time of the market.
    pub market: Moment,
}

/// How reports are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OutputFormat {
    /// One JSON object a line.
    JsonLines,
    /// Tables.
    Table {
        /// Whether every scenario's loss is shown.
        scenarios: bool,
    },
}

impl OutputFormat {
    /// Writes the report of an account.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn report(self, out: &mut impl Write, account: &str, report: &MarginReport) -> io::Result<()> {
        match self {
            Self::JsonLines => jsonl::report(out, account, report),
            Self::Table { scenarios } => table::report(out, account, report, scenarios),
        }
    }

    /// Writes the result of an account under a method that is data, and what it rests on that is doubted.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn account(
        self,
        out: &mut impl Write,
        name: &str,
        by: By<'_>,
        result: &MethodResult,
        doubts: &[Doubt],
    ) -> io::Result<()> {
        match self {
            Self::JsonLines => method::account(out, name, by, result, doubts),
            Self::Table { scenarios } => {
                method_table::account(out, name, by, result, scenarios)?;
                method_table::doubts(out, doubts)
            }
        }
    }

    /// Writes the result of a pool whose accounts have these names.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn pool(
        self,
        out: &mut impl Write,
        name: &str,
        names: &[String],
        by: By<'_>,
        result: &PoolResult,
        doubts: &[Doubt],
    ) -> io::Result<()> {
        match self {
            Self::JsonLines => method::pool(out, name, names, by, result, doubts),
            Self::Table { scenarios } => {
                method_table::pool(out, name, names, by, result, scenarios)?;
                method_table::doubts(out, doubts)
            }
        }
    }

    /// Writes in place of a report why there is none.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn error(self, out: &mut impl Write, account: Option<&str>, error: &str) -> io::Result<()> {
        match self {
            Self::JsonLines => jsonl::error(out, account, error),
            Self::Table { .. } => table::error(out, account, error),
        }
    }
}

/// A text without control characters, which would let a name drive a person's terminal.
#[must_use]
pub fn printable(text: &str) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        text.chars().try_for_each(|c| {
            if c.is_control() { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_drives_a_terminal() {
        assert_eq!(printable("A\u{1b}[2J\n\u{e9}\u{85}").to_string(), "A\\u{1b}[2J\\n\u{e9}\\u{85}");
    }

    #[test]
    fn an_error_stands_in_place_of_a_report() {
        let written = |format: OutputFormat, account| {
            let mut out = Vec::new();
            format.error(&mut out, account, "no \"way\"\n").unwrap();
            String::from_utf8(out).unwrap()
        };
        let jsonl = OutputFormat::JsonLines;
        assert_eq!(written(jsonl, Some("A")), "{\"account\":\"A\",\"error\":\"no \\\"way\\\"\\n\"}\n");
        assert_eq!(written(jsonl, None), "{\"account\":null,\"error\":\"no \\\"way\\\"\\n\"}\n");
        let table = OutputFormat::Table { scenarios: true };
        assert_eq!(written(table, Some("A\t")), "Account A\\t: error: no \"way\"\\n\n\n");
        assert_eq!(written(table, None), "error: no \"way\"\\n\n\n");
    }
}
