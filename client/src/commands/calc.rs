//! `plimsoll calc`: portfolios in, results out, in their order; calculated here or on a server.

mod by_method;
mod offline;
mod once;
mod remote;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use plimsoll_client::output::OutputFormat;
use plimsoll_client::portfolio::{self, AccountPortfolio, BadPortfolio, InputFormat, Portfolios};
use plimsoll_client::request::SetSelector;
use plimsoll_engine::parameters::method::MethodKind;
use plimsoll_engine::report::CalculationOptions;

use super::{CommandError, Exit};
use crate::arguments::{CalcArguments, CalcFormat};
use crate::method_file;
use crate::results::Results;
use crate::standard_error::bytes_beside_results;
use once::Once;

/// What lines of one account are.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Lines {
    /// Each a portfolio of its own, which is told.
    Apart,
    /// One portfolio.
    Merged,
}

pub(super) fn run(arguments: CalcArguments) -> Result<Exit, CommandError> {
    let format = match (arguments.format, arguments.scenarios) {
        (CalcFormat::Jsonl, true) => {
            return Err(CommandError::Usage("--scenarios goes with --format table".to_owned()));
        }
        (CalcFormat::Jsonl, false) => OutputFormat::JsonLines,
        (CalcFormat::Table, scenarios) => OutputFormat::Table { scenarios },
    };
    let options = CalculationOptions {
        rounding: arguments.rounding,
        currency: arguments.currency,
        account_type: None,
        margining: plimsoll_engine::span::Margining::Net,
        allow_unmatched: arguments.allow_unmatched,
    };
    let lines = if arguments.merge_accounts { Lines::Merged } else { Lines::Apart };
    if let (Some(method), Some(market)) = (&arguments.method, &arguments.market) {
        return with_method(method, market, (&arguments.portfolios, lines), &options, format);
    }
    let portfolios = open(&arguments.portfolios, lines)?;
    let mut results = Results::new(io::stdout().lock(), format);
    match (arguments.server, arguments.params) {
        (None, Some(file)) => offline::calculate(&file, &options, portfolios, &mut results)?,
        (Some(url), file) => {
            let wanted = match (file, arguments.set, arguments.house) {
                (Some(file), ..) => remote::Wanted::File(file),
                (None, Some(id), _) => remote::Wanted::Known(SetSelector::Id(id)),
                (None, None, Some(house)) => {
                    remote::Wanted::Known(SetSelector::Active { house, account_scope: arguments.scope })
                }
                (None, None, None) => return Err(no_set()),
            };
            remote::calculate(&url, wanted, options, portfolios, &mut results)?;
        }
        (None, None) => return Err(no_set()),
    }
    Ok(if results.failed() { Exit::SomeRefused } else { Exit::Done })
}

/// Calculates by a method that is data, or with the set that one makes of the market.
fn with_method(
    path: &Path,
    market: &Path,
    (portfolios, lines): (&Path, Lines),
    options: &CalculationOptions,
    format: OutputFormat,
) -> Result<Exit, CommandError> {
    let method = method_file::method(path)?;
    let snapshot = method_file::market(market, &method.currency)?;
    let MethodKind::Span16(listing) = &method.kind else {
        if *options != CalculationOptions::default() {
            let message = "--rounding, --currency and --allow-unmatched go with methods of the kind span16";
            return Err(CommandError::Usage(message.to_owned()));
        }
        let out = io::stdout().lock();
        let answers = by_method::Answers { method: &method, snapshot: &snapshot, format, out };
        return answers.calculate(portfolios, lines);
    };
    let definition = method_file::definition(path, &method, listing, &snapshot)?;
    let set = method_file::set(path, &definition, options.rounding.unwrap_or_default())?;
    let portfolios = open(portfolios, lines)?;
    let mut results = Results::new(io::stdout().lock(), format);
    offline::with_set(&set, options, portfolios, &mut results)?;
    Ok(if results.failed() { Exit::SomeRefused } else { Exit::Done })
}

fn no_set() -> CommandError {
    CommandError::Usage("name a parameter set".to_owned())
}

/// Opens the portfolios of a file, or of standard input.
fn open(path: &Path, lines: Lines) -> Result<Portfolios<'static>, CommandError> {
    let standard_input = path == Path::new("-");
    let format = if standard_input { Some(InputFormat::JsonLines) } else { InputFormat::of_path(path) };
    let format = format.ok_or_else(|| {
        let path = path.display();
        CommandError::Usage(format!("--portfolios {path}: expected .jsonl, .ndjson, .json or .csv, or -"))
    })?;
    let source: Box<dyn BufRead + Send> = if standard_input {
        let bar = bytes_beside_results("portfolios", None);
        Box::new(BufReader::new(bar.wrap_read(io::stdin())))
    } else {
        let input = |source| CommandError::Input { path: path.to_owned(), source };
        let file = File::open(path).map_err(input)?;
        let metadata = file.metadata().map_err(input)?;
        if metadata.is_dir() {
            return Err(input(io::ErrorKind::IsADirectory.into()));
        }
        let bar = bytes_beside_results("portfolios", metadata.is_file().then_some(metadata.len()));
        Box::new(BufReader::with_capacity(256 * 1024, bar.wrap_read(file)))
    };
    if lines == Lines::Merged {
        return Ok(portfolio::read_merged(source, format));
    }
    let mut once = Once::default();
    Ok(Box::new(portfolio::read(source, format).inspect(move |read| match read {
        Ok(AccountPortfolio { account, line, .. }) => once.note(account, *line),
        Err(BadPortfolio { account: Some(account), faults }) => {
            once.note(account, faults.as_slice().first().map_or(0, |fault| fault.line));
        }
        Err(BadPortfolio { account: None, .. }) => {}
    })))
}
