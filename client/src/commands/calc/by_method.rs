//! Calculation by a method that is data: method, market and accounts are files.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;

use plimsoll_client::margin_account::{Line, read_line};
use plimsoll_client::market::read_market;
use plimsoll_client::output::{OutputFormat, write_account, write_pool};
use plimsoll_engine::market::Snapshot;
use plimsoll_engine::parameters::method::{MOST_METHOD_BYTES, Method, preset, read_method};
use plimsoll_engine::report::{by_method, by_method_in_pool};

use super::super::{CommandError, Exit};
use crate::parameter_file::FileError;

/// The most bytes of a market, and of a line.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn calculate(
    method: &Path,
    market: &Path,
    portfolios: &Path,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let method = read(method)?;
    let bytes = bytes(market, MOST_BYTES)?;
    let snapshot = read_market(&bytes, &method.currency)
        .map_err(|faults| CommandError::Usage(format!("{}: {}", market.display(), faults.join("; "))))?;
    let input = |source| CommandError::Input { path: portfolios.to_owned(), source };
    let mut source: Box<dyn io::BufRead> = if portfolios == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(fs::File::open(portfolios).map_err(input)?))
    };
    let mut exit = Exit::Done;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut source, MOST_BYTES).read_until(b'\n', &mut line).map_err(input)?;
        if read == 0 {
            break;
        }
        if read as u64 == MOST_BYTES && line.last() != Some(&b'\n') {
            return Err(CommandError::Usage(format!("a line has at most {MOST_BYTES} bytes")));
        }
        if !line.iter().all(u8::is_ascii_whitespace) && !one(&line, &method, &snapshot, out)? {
            exit = Exit::SomeRefused;
        }
    }
    out.flush()?;
    Ok(exit)
}

/// Answers a line; whether it could be margined.
fn one(bytes: &[u8], method: &Method, snapshot: &Snapshot, out: &mut impl Write) -> io::Result<bool> {
    let format = OutputFormat::JsonLines;
    let Line { name, own, accounts } = match read_line(bytes, method, snapshot) {
        Ok(line) => line,
        Err(bad) => {
            format.error(out, bad.name.as_deref(), &bad.faults.join("; "))?;
            return Ok(false);
        }
    };
    let written = match accounts {
        None => by_method(method, snapshot, &own).map(|result| write_account(out, &name, method, &result)),
        Some(accounts) => {
            let (names, accounts): (Vec<_>, Vec<_>) = accounts.into_iter().unzip();
            by_method_in_pool(method, snapshot, &own, &accounts)
                .map(|result| write_pool(out, &name, &names, method, &result))
        }
    };
    match written {
        Ok(written) => written.map(|()| true),
        Err(error) => format.error(out, Some(&name), &error.to_string()).map(|()| false),
    }
}

/// A method of a file, or of a preset by its name.
fn read(path: &Path) -> Result<Method, CommandError> {
    let known = path.to_str().and_then(|text| preset(text.strip_prefix("preset:")?));
    let bytes = match known {
        Some(text) => text.as_bytes().to_vec(),
        None => bytes(path, MOST_METHOD_BYTES as u64 + 1).map_err(|error| match error {
            CommandError::Input { path, source } => FileError::Unreadable { path, source }.into(),
            other => other,
        })?,
    };
    let refused = |diagnostics| FileError::Refused { path: path.to_owned(), diagnostics };
    Ok(read_method(&bytes).map_err(refused)?)
}

fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, CommandError> {
    let input = |source| CommandError::Input { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(input)?;
    io::Read::read_to_end(&mut io::Read::take(file, most), &mut bytes).map_err(input)?;
    Ok(bytes)
}
