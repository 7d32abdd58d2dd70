//! From the bytes of a parameter file to a set, in one pass, on a thread that may block.

use std::io::{self, BufRead};

use plimsoll_engine::parameters::{
    self, Diagnostics, ParameterSet, ReadError, Refused, RoundingProfile, build,
};
use thiserror::Error;

use crate::registry::InsertRefusal;

/// Why there is no set.
#[derive(Debug, Error)]
pub(crate) enum CompileError {
    /// The bytes stopped coming.
    #[error("the file could not be read: {0}")]
    Interrupted(#[source] io::Error),
    /// The file cannot be trusted.
    #[error("the file is refused: {}", summary(.0))]
    Refused(Diagnostics),
    /// The file is kept as another set.
    #[error(transparent)]
    NotTaken(#[from] InsertRefusal),
}

/// Reads a file and compiles it; the findings about a good file are warnings.
pub(crate) fn compile(
    source: impl BufRead,
    rounding: RoundingProfile,
) -> Result<(ParameterSet, Diagnostics), CompileError> {
    let reading = parameters::read(source).map_err(|error| match error {
        ReadError::Io(error) => CompileError::Interrupted(error),
        ReadError::Refused(diagnostics) => CompileError::Refused(diagnostics),
    })?;
    build(&reading.definition, reading.digest, rounding, reading.diagnostics)
        .map_err(|Refused(diagnostics)| CompileError::Refused(diagnostics))
}

/// The first finding and how many more there are.
fn summary(diagnostics: &Diagnostics) -> String {
    let findings = diagnostics.as_slice();
    let more = findings.len().saturating_sub(1) + diagnostics.dropped();
    match findings.first() {
        Some(first) if more > 0 => format!("{first}; and {more} more findings"),
        Some(first) => first.to_string(),
        None => "nothing was found".to_owned(),
    }
}
