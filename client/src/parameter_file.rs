//! Parameter files of this machine.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use indicatif::ProgressBarIter;
use plimsoll_client::output::printable;
use plimsoll_engine::parameters::{self, Diagnostics, ParameterSet, ReadError, RoundingProfile, build};
use thiserror::Error;

use crate::standard_error::{self, say};

/// Why there is no parameter set.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    #[error("{}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}: {faults}", path.display())]
    Faulty { path: PathBuf, faults: String },
    #[error("{}: the file is refused", path.display())]
    Refused { path: PathBuf, diagnostics: Diagnostics },
}

/// Opens a file and shows how far it has been read.
pub(crate) fn open(path: &Path, what: &str) -> Result<ProgressBarIter<File>, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    let total = metadata.is_file().then_some(metadata.len());
    Ok(standard_error::bytes(format!("{what} {}", path.display()), total).wrap_read(file))
}

/// Reads a file into a parameter set; the diagnostics are warnings.
pub(crate) fn read(path: &Path, rounding: RoundingProfile) -> Result<(ParameterSet, Diagnostics), FileError> {
    let source = open(path, "reading")?;
    let bar = source.progress.clone();
    let refused = |diagnostics| FileError::Refused { path: path.to_owned(), diagnostics };
    let reading =
        parameters::read(BufReader::with_capacity(256 * 1024, source)).map_err(|error| match error {
            ReadError::Io(source) => FileError::Unreadable { path: path.to_owned(), source },
            ReadError::Refused(diagnostics) => refused(diagnostics),
        });
    bar.finish_and_clear();
    let reading = reading?;
    build(&reading.definition, reading.digest, rounding, reading.diagnostics)
        .map_err(|error| refused(error.0))
}

/// Prints what there is to say about a file on standard error, one a line.
pub(crate) fn report(path: &Path, diagnostics: &Diagnostics) {
    for diagnostic in diagnostics.as_slice() {
        say(format_args!("{}: {}", path.display(), printable(&diagnostic.to_string())));
    }
    if diagnostics.dropped() > 0 {
        say(format_args!("{}: {} more findings", path.display(), diagnostics.dropped()));
    }
}
