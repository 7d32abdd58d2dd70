//! The configured directory of parameter files.
//!
//! A file is named by a name without a path. What the name leads to must be a regular file inside the directory, also
//! after symbolic links are followed (mounted configuration is often linked within its own directory).

mod start;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_engine::parameters::{Diagnostics, ParameterSet, RoundingProfile};
use thiserror::Error;

use crate::compile::CompileError;
use crate::registry::{InsertRefusal, Inserted, Registry};
use crate::set_files::{SetFiles, compile_and_keep};

/// The most names that are looked at.
const MOST_ENTRIES: usize = 10_000;
/// The longest name.
const LONGEST_NAME: usize = 255;

/// A directory of parameter files.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    root: PathBuf,
    rounding: RoundingProfile,
    max_bytes: u64,
    /// Where files are kept once they are read.
    files: Option<Arc<SetFiles>>,
}

/// Why a name is not the name of a file in a directory.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("expected a file name of 1 to {LONGEST_NAME} bytes without a path")]
pub(crate) struct NameError;

/// What became of one file.
#[derive(Debug)]
pub(crate) struct LoadedFile {
    pub(crate) name: String,
    pub(crate) outcome: Result<Inserted, FileRefusal>,
    /// Other files of its house and business date that were loaded with it.
    pub(crate) beside: Vec<String>,
}

/// Why a file of the directory is not loaded.
#[derive(Debug, Error)]
pub(crate) enum FileRefusal {
    /// There is no regular file of this name inside the directory.
    #[error("the directory holds no such file")]
    Absent,
    /// It is larger than a file may be.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge { max_bytes: u64 },
    /// It cannot be read now.
    #[error("the file could not be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It cannot be trusted.
    #[error("{}", .0.as_slice().first().map_or_else(|| "the file is refused".to_owned(), ToString::to_string))]
    Refused(Diagnostics),
    /// The registry does not take it.
    #[error(transparent)]
    NotTaken(#[from] InsertRefusal),
}

impl Directory {
    /// The directory at this path.
    pub(crate) fn open(
        path: &Path,
        rounding: RoundingProfile,
        max_bytes: u64,
        files: Option<Arc<SetFiles>>,
    ) -> io::Result<Self> {
        Ok(Self { root: path.canonicalize()?, rounding, max_bytes, files })
    }

    /// Checks that a name has no path in it.
    pub(crate) fn check_name(name: &str) -> Result<(), NameError> {
        let with_path = name.contains(['/', '\\', ':']) || name == "." || name == "..";
        if name.is_empty() || name.len() > LONGEST_NAME || with_path || name.chars().any(char::is_control) {
            return Err(NameError);
        }
        Ok(())
    }

    /// The names that end in `.spn` or `.pa2`, sorted.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.root)?.take(MOST_ENTRIES) {
            let name = entry?.file_name().into_string().unwrap_or_default();
            let end = Path::new(&name).extension();
            let is_parameters =
                end.is_some_and(|end| end.eq_ignore_ascii_case("spn") || end.eq_ignore_ascii_case("pa2"));
            if is_parameters && Self::check_name(&name).is_ok() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Loads one file into the registry.
    pub(crate) fn load(&self, name: &str, registry: &Registry) -> LoadedFile {
        let compiled = self.compiled(name);
        let outcome = compiled.and_then(|(set, warnings)| Ok(registry.insert(set, warnings)?));
        match &outcome {
            Ok(inserted) => crate::events::loaded(inserted, name),
            Err(refusal) => crate::events::refused(refusal, name),
        }
        LoadedFile { name: name.to_owned(), outcome, beside: Vec::new() }
    }

    /// Names, for every file, the others of its house and business date.
    pub(crate) fn name_equals(files: &mut [LoadedFile]) {
        let mut of_date: BTreeMap<_, Vec<String>> = BTreeMap::new();
        let date = |own: &LoadedFile| {
            let set = &own.outcome.as_ref().ok()?.loaded.set;
            Some((set.house().clone(), set.vintage().business_date))
        };
        for own in files.iter() {
            date(own).into_iter().for_each(|date| of_date.entry(date).or_default().push(own.name.clone()));
        }
        for own in files {
            let all = date(own).and_then(|date| of_date.get(&date)).into_iter().flatten();
            own.beside = all.filter(|name| **name != own.name).cloned().collect();
        }
    }

    /// The set of one file.
    fn compiled(&self, name: &str) -> Result<(ParameterSet, Diagnostics), FileRefusal> {
        let file = self.file(name)?;
        // One byte more than allowed tells a file that is too large from one that just fits.
        let mut source = BufReader::new(file.take(self.max_bytes.saturating_add(1)));
        let compiled = compile_and_keep(&mut source, self.rounding, self.files.as_deref());
        if source.get_ref().limit() == 0 {
            return Err(FileRefusal::TooLarge { max_bytes: self.max_bytes });
        }
        compiled.map_err(|error| match error {
            CompileError::Interrupted(error) => FileRefusal::Unreadable(error),
            CompileError::Refused(diagnostics) => FileRefusal::Refused(diagnostics),
            CompileError::NotTaken(refusal) => FileRefusal::NotTaken(refusal),
        })
    }

    /// The regular file that a name leads to, if it is inside the directory.
    fn file(&self, name: &str) -> Result<File, FileRefusal> {
        Self::check_name(name).map_err(|NameError| FileRefusal::Absent)?;
        let absent = |error: io::Error| {
            let is_absent = error.kind() == io::ErrorKind::NotFound;
            if is_absent { FileRefusal::Absent } else { FileRefusal::Unreadable(error) }
        };
        let path = self.root.join(name).canonicalize().map_err(absent)?;
        if !path.starts_with(&self.root) || !path.metadata().map_err(absent)?.is_file() {
            return Err(FileRefusal::Absent);
        }
        File::open(path).map_err(absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_path() {
        for wrong in
            ["", ".", "..", "a/b", "../a.spn", "/etc/passwd", "a\\b", "C:a", "a\0b", &"n".repeat(256)]
        {
            assert_eq!(Directory::check_name(wrong), Err(NameError), "{wrong:?}");
        }
        for right in ["takas.spn", "..data.spn", "a b.spn", "2016-05-17.spn"] {
            assert_eq!(Directory::check_name(right), Ok(()), "{right:?}");
        }
    }
}
