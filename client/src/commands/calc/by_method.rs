//! Calculation by a method that is data: accounts in, results out, in their order.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;

use plimsoll_client::margin_account::{BadLine, Line, Merged, read_line};
use plimsoll_client::output::{By, OutputFormat};
use plimsoll_engine::account::MarginAccount;
use plimsoll_engine::doubt::{self, Doubt};
use plimsoll_engine::market::Snapshot;
use plimsoll_engine::parameters::method::Method;
use plimsoll_engine::report::{by_method, by_method_in_pool};

use super::super::{CommandError, Exit};
use super::Lines;
use super::once::Once;

/// The most bytes of a line.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What accounts are margined by, and where that is written.
pub(super) struct Answers<'a, W> {
    pub(super) method: &'a Method,
    pub(super) snapshot: &'a Snapshot,
    pub(super) format: OutputFormat,
    pub(super) out: W,
}

impl<W: Write> Answers<'_, W> {
    /// Answers every line, or every account with what all lines say of it.
    pub(super) fn calculate(mut self, portfolios: &Path, lines: Lines) -> Result<Exit, CommandError> {
        let (mut merged, mut once) = (Merged::default(), Once::default());
        let mut are_good = true;
        each_line(portfolios, |number, bytes| {
            let read = read_line(bytes, self.method, self.snapshot);
            match lines {
                Lines::Merged => merged.add(number, read),
                Lines::Apart => {
                    note(&mut once, number, &read);
                    are_good &= match read {
                        Ok(line) => self.answer(line)?,
                        Err(bad) => {
                            let faults = bad.faults.iter().map(|fault| format!("line {number}: {fault}"));
                            self.faulty(bad.name.as_deref(), &faults.collect::<Vec<_>>())?
                        }
                    };
                }
            }
            Ok(())
        })?;
        for read in merged.finish() {
            are_good &= match read {
                Ok(line) => self.answer(line)?,
                Err(bad) => self.faulty(bad.name.as_deref(), &bad.faults)?,
            };
        }
        self.out.flush()?;
        Ok(if are_good { Exit::Done } else { Exit::SomeRefused })
    }

    /// Answers a line; whether it could be margined.
    fn answer(&mut self, line: Line) -> io::Result<bool> {
        let Self { method, snapshot, format, out } = self;
        let Line { name, own, accounts, .. } = line;
        let by = By { method, market: snapshot.time() };
        let written = match accounts {
            None => by_method(method, snapshot, &own).map(|result| {
                let doubts = doubt::of_account(snapshot, &own, method.plausible);
                format.account(out, &name, by, &result, &doubts)
            }),
            Some(accounts) => {
                let (names, accounts): (Vec<_>, Vec<_>) = accounts.into_iter().unzip();
                by_method_in_pool(method, snapshot, &own, &accounts).map(|result| {
                    let doubts = in_pool(method, snapshot, &own, &accounts);
                    format.pool(out, &name, &names, by, &result, &doubts)
                })
            }
        };
        match written {
            Ok(written) => written.map(|()| true),
            Err(error) => format.error(out, Some(&name), &error.to_string()).map(|()| false),
        }
    }

    /// Writes all that is wrong with an account in the place of its answer; the line is named where it changes.
    fn faulty(&mut self, name: Option<&str>, faults: &[String]) -> io::Result<bool> {
        let mut before = "";
        let mut text = String::new();
        for fault in faults {
            let (line, message) = fault.split_once(": ").unwrap_or(("", fault));
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(if line == before { message } else { fault });
            before = line;
        }
        self.format.error(&mut self.out, name, &text).map(|()| false)
    }
}

/// Tells of an account or pool that stood on another line; accounts of a pool are told apart by it.
fn note(once: &mut Once, number: u64, read: &Result<Line, BadLine>) {
    let (name, is_pool) = match read {
        Ok(own) => (Some(&own.name), own.accounts.is_some()),
        Err(bad) => (bad.name.as_ref(), bad.is_pool),
    };
    match (name, is_pool) {
        (Some(name), false) => once.note(name, number),
        (Some(name), true) => once.note(&format!("{name} (pool)"), number),
        (None, _) => {}
    }
}

/// Reads a file, or standard input, by lines that are not blank.
fn each_line(
    path: &Path,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let input = |source| CommandError::Input { path: path.to_owned(), source };
    let mut source: Box<dyn io::BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(fs::File::open(path).map_err(input)?))
    };
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = io::Read::take(&mut source, MOST_BYTES).read_until(b'\n', &mut line).map_err(input)?;
        if read == 0 {
            break;
        }
        if read as u64 == MOST_BYTES && line.last() != Some(&b'\n') {
            return Err(CommandError::Usage(format!("line {number}: a line has at most {MOST_BYTES} bytes")));
        }
        if !line.iter().all(u8::is_ascii_whitespace) {
            take(number, &line)?;
        }
    }
    Ok(())
}

/// What is doubted of a pool and its accounts: of the market once.
fn in_pool(
    method: &Method,
    snapshot: &Snapshot,
    pool: &MarginAccount,
    accounts: &[MarginAccount],
) -> Vec<Doubt> {
    let mut doubts = doubt::of_account(snapshot, pool, method.plausible);
    for (place, own) in accounts.iter().enumerate() {
        for mut own in doubt::of_account(snapshot, own, method.plausible) {
            if own.place.contains("positions[") {
                own.place = format!("accounts[{place}].{}", own.place);
            }
            if !doubts.contains(&own) {
                doubts.push(own);
            }
        }
    }
    doubts
}
