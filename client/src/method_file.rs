//! Methods and markets of this machine, and the parameter sets that they make.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;

use plimsoll_client::market::{read_market, read_quotes};
use plimsoll_client::output::printable;
use plimsoll_engine::doubt;
use plimsoll_engine::market::{Quote, Snapshot};
use plimsoll_engine::parameters::method::{MOST_METHOD_BYTES, Method, Span16Method, preset, read_method};
use plimsoll_engine::parameters::{
    self, Definition, ParameterSet, ReadError, RoundingProfile, build, pa2, spn,
};
use plimsoll_engine::types::{Currency, Moment, PriceSource};

use crate::parameter_file::FileError;
use crate::standard_error::say;

/// The most bytes of a market.
const MOST_MARKET_BYTES: u64 = 64 * 1024 * 1024;

/// A method of a file, or of a preset by its name.
pub(crate) fn method(path: &Path) -> Result<Method, FileError> {
    let bytes = method_bytes(path)?;
    read_method(&bytes).map_err(|diagnostics| FileError::Refused { path: path.to_owned(), diagnostics })
}

/// The text of a method.
pub(crate) fn method_text(path: &Path) -> Result<String, FileError> {
    let faulty = |error: std::string::FromUtf8Error| faulty(path, vec![error.to_string()]);
    String::from_utf8(method_bytes(path)?).map_err(faulty)
}

fn method_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    match path.to_str().and_then(|text| preset(text.strip_prefix("preset:")?)) {
        Some(text) => Ok(text.as_bytes().to_vec()),
        None => bytes(path, MOST_METHOD_BYTES as u64 + 1),
    }
}

fn faulty(path: &Path, faults: Vec<String>) -> FileError {
    FileError::Faulty { path: path.to_owned(), faults: faults.join("; ") }
}

/// A market; what is wrong with it is one text.
pub(crate) fn market(path: &Path, currency: &Currency) -> Result<Snapshot, FileError> {
    read_market(&bytes(path, MOST_MARKET_BYTES)?, currency).map_err(|faults| faulty(path, faults))
}

/// The time and the quotes of a market.
pub(crate) fn quotes(path: &Path, currency: &Currency) -> Result<(Moment, Vec<Quote>), FileError> {
    read_quotes(&bytes(path, MOST_MARKET_BYTES)?, currency).map_err(|faults| faulty(path, faults))
}

fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// What the parameter file of a market would say; what of the market is doubted is said on standard error.
pub(crate) fn definition(
    path: &Path,
    method: &Method,
    listing: &Span16Method,
    market: &Snapshot,
) -> Result<Definition, FileError> {
    let sources: BTreeSet<&PriceSource> = listing.products.iter().map(|product| &product.source).collect();
    for doubt in doubt::of_market(market, sources, method.plausible) {
        say(format_args!("warning: {}", printable(&doubt.to_string())));
    }
    parameters::from_market(method, listing, market).map_err(|faults| faulty(path, faults))
}

/// The set that the file of a definition would be read as.
pub(crate) fn set(
    path: &Path,
    definition: &Definition,
    rounding: RoundingProfile,
) -> Result<ParameterSet, FileError> {
    let refused = |diagnostics| FileError::Refused { path: path.to_owned(), diagnostics };
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    spn::write(definition, &mut bytes).map_err(unreadable)?;
    let reading = parameters::read(bytes.as_slice()).map_err(|error| match error {
        ReadError::Io(source) => unreadable(source),
        ReadError::Refused(diagnostics) => refused(diagnostics),
    })?;
    let built = build(&reading.definition, reading.digest, rounding, reading.diagnostics);
    built.map(|(set, _)| set).map_err(|error| refused(error.0))
}

/// Writes a definition in the format that the name asks for.
pub(crate) fn write(definition: &Definition, path: &Path, file: impl Write) -> io::Result<()> {
    let is_positional = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("pa2"));
    if !is_positional {
        return spn::write(definition, file);
    }
    pa2::write(definition, file).map_err(|error| match error {
        pa2::WriteError::Io(error) => error,
        pa2::WriteError::Inexpressible(_) => io::Error::other(error.to_string()),
    })
}
