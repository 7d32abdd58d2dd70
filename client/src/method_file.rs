//! Methods and markets of this machine, and the parameter sets that they make.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;

use plimsoll_client::market::read_market;
use plimsoll_engine::market::Snapshot;
use plimsoll_engine::parameters::method::{MOST_METHOD_BYTES, Method, Span16Method, preset, read_method};
use plimsoll_engine::parameters::{
    self, Definition, ParameterSet, ReadError, RoundingProfile, build, pa2, spn,
};
use plimsoll_engine::types::Currency;

use crate::parameter_file::FileError;

/// The most bytes of a market.
const MOST_MARKET_BYTES: u64 = 64 * 1024 * 1024;

/// A method of a file, or of a preset by its name.
pub(crate) fn method(path: &Path) -> Result<Method, FileError> {
    let known = path.to_str().and_then(|text| preset(text.strip_prefix("preset:")?));
    let bytes = match known {
        Some(text) => text.as_bytes().to_vec(),
        None => bytes(path, MOST_METHOD_BYTES as u64 + 1)?,
    };
    read_method(&bytes).map_err(|diagnostics| FileError::Refused { path: path.to_owned(), diagnostics })
}

/// A market; what is wrong with it is one text.
pub(crate) fn market(path: &Path, currency: &Currency) -> Result<Snapshot, FileError> {
    let bytes = bytes(path, MOST_MARKET_BYTES)?;
    let faulty = |faults: Vec<String>| FileError::Faulty { path: path.to_owned(), faults: faults.join("; ") };
    read_market(&bytes, currency).map_err(faulty)
}

fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// What the parameter file of a market would say.
pub(crate) fn definition(
    path: &Path,
    method: &Method,
    listing: &Span16Method,
    market: &Snapshot,
) -> Result<Definition, FileError> {
    parameters::from_market(method, listing, market)
        .map_err(|faults| FileError::Faulty { path: path.to_owned(), faults: faults.join("; ") })
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
