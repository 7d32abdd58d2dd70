//! Calculation by a method that is data: accounts in, results out, in their order.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;

use plimsoll_client::margin_account::{BadLine, Line, read_line};
use plimsoll_client::output::{By, OutputFormat};
use plimsoll_engine::account::MarginAccount;
use plimsoll_engine::doubt::{self, Doubt};
use plimsoll_engine::market::Snapshot;
use plimsoll_engine::parameters::method::Method;
use plimsoll_engine::report::{by_method, by_method_in_pool};

use super::super::{CommandError, Exit};

/// The most bytes of a line.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn calculate(
    method: &Method,
    snapshot: &Snapshot,
    portfolios: &Path,
    format: OutputFormat,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let input = |source| CommandError::Input { path: portfolios.to_owned(), source };
    let mut source: Box<dyn io::BufRead> = if portfolios == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(fs::File::open(portfolios).map_err(input)?))
    };
    let mut exit = Exit::Done;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = io::Read::take(&mut source, MOST_BYTES).read_until(b'\n', &mut line).map_err(input)?;
        if read == 0 {
            break;
        }
        if read as u64 == MOST_BYTES && line.last() != Some(&b'\n') {
            return Err(CommandError::Usage(format!("a line has at most {MOST_BYTES} bytes")));
        }
        if !line.iter().all(u8::is_ascii_whitespace) && !one((number, &line), method, snapshot, format, out)?
        {
            exit = Exit::SomeRefused;
        }
    }
    out.flush()?;
    Ok(exit)
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

/// Answers a line; whether it could be margined.
fn one(
    (number, bytes): (u64, &[u8]),
    method: &Method,
    snapshot: &Snapshot,
    format: OutputFormat,
    out: &mut impl Write,
) -> io::Result<bool> {
    let Line { name, own, accounts } = match read_line(bytes, method, snapshot) {
        Ok(line) => line,
        Err(bad) => {
            format.error(out, bad.name.as_deref(), &faulty(number, &bad))?;
            return Ok(false);
        }
    };
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

/// All that is wrong with a line.
fn faulty(number: u64, bad: &BadLine) -> String {
    let faults: Vec<String> = bad.faults.iter().map(ToString::to_string).collect();
    format!("line {number}: {}", faults.join("; "))
}
