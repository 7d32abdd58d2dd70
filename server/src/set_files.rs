//! The parameter files that sets were made of, kept so that the book finds its sets again after a restart and years later.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use plimsoll_engine::parameters::{Diagnostics, ParameterSet, RoundingProfile};
use sha2::{Digest as _, Sha256};

use crate::compile::{CompileError, compile};
use crate::registry::InsertRefusal;

/// A folder of files, named by the id of their set and its rounding profile.
#[derive(Debug)]
pub(crate) struct SetFiles {
    folder: PathBuf,
    number: AtomicU64,
    naming: Mutex<()>,
}

fn stem(id: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(id).into();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

impl SetFiles {
    /// Opens a folder, or makes it.
    pub(crate) fn new(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, number: AtomicU64::new(0), naming: Mutex::default() })
    }

    /// A folder of files that is only read; one that is not there has none.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder, number: AtomicU64::new(0), naming: Mutex::default() }
    }

    /// Every file, read again: the id of its set, or what is wrong with it. Files that were never finished do not count.
    pub(crate) fn all(&self) -> io::Result<Vec<(String, Result<String, String>)>> {
        if !self.folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        let finished = names.into_iter().filter(|name| !name.ends_with(".new"));
        Ok(finished.map(|name| (name.clone(), self.id_of(&name))).collect())
    }

    fn id_of(&self, name: &str) -> Result<String, String> {
        let (own, rounding) = name.split_once('.').unwrap_or((name, ""));
        let rounding = RoundingProfile::from_name(rounding).ok_or("is no file of a parameter set")?;
        let file = File::open(self.folder.join(name)).map_err(|error| error.to_string())?;
        let (set, _) = compile(BufReader::new(file), rounding).map_err(|error| error.to_string())?;
        if stem(set.id()) == own {
            Ok(set.id().to_owned())
        } else {
            Err(format!("is damaged: it reads as {:?}, which is not the set that it was kept as", set.id()))
        }
    }

    /// A file that is being read, and kept on the way.
    fn begin(&self) -> io::Result<(PathBuf, BufWriter<File>)> {
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        let path = self.folder.join(format!("{}-{number}.new", std::process::id()));
        let file = File::create(&path)?;
        Ok((path, BufWriter::new(file)))
    }

    fn named(&self, id: &str, rounding: &str) -> PathBuf {
        self.folder.join(format!("{}.{rounding}", stem(id)))
    }

    /// Names a file that was read as a set, durably. An id names one set for ever, so a file that is kept with another rounding profile
    /// keeps it.
    fn finish(&self, path: &Path, file: BufWriter<File>, set: &ParameterSet) -> Result<(), CompileError> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let others = RoundingProfile::NAMES.iter().filter(|(rounding, _)| *rounding != set.rounding());
        for (loaded, name) in others {
            if self.named(set.id(), name).is_file() {
                return Err(InsertRefusal::OtherRounding { id: set.id().to_owned(), loaded: *loaded }.into());
            }
        }
        let name = || -> io::Result<()> {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            fs::rename(path, self.named(set.id(), set.rounding().name()))?;
            File::open(&self.folder)?.sync_all()
        };
        name().map_err(CompileError::Interrupted)
    }

    /// The set with an id, read again.
    pub(crate) fn read(&self, id: &str) -> io::Result<Option<(ParameterSet, Diagnostics)>> {
        for (rounding, name) in RoundingProfile::NAMES {
            let path = self.named(id, name);
            if !path.is_file() {
                continue;
            }
            let read = compile(BufReader::new(File::open(path)?), rounding);
            let read = read.map_err(|error| io::Error::other(error.to_string()))?;
            return Ok(Some(read).filter(|own| own.0.id() == id));
        }
        Ok(None)
    }
}

/// Reads a file, and keeps it on the way where there is a folder for it.
pub(crate) fn compile_and_keep(
    source: impl BufRead,
    rounding: RoundingProfile,
    files: Option<&SetFiles>,
) -> Result<(ParameterSet, Diagnostics), CompileError> {
    let Some(files) = files else { return compile(source, rounding) };
    let (path, file) = files.begin().map_err(CompileError::Interrupted)?;
    let mut tee = Tee { source, file, failed: None };
    let compiled = compile(&mut tee, rounding);
    let kept = match (&compiled, tee.failed) {
        (Ok(_), Some(error)) => Err(CompileError::Interrupted(error)),
        (Ok((set, _)), None) => files.finish(&path, tee.file, set),
        // Of a file that is refused nothing is kept.
        (Err(_), _) => Ok(()),
    };
    // It is gone already where it has been named.
    let _ = fs::remove_file(&path);
    kept.and(compiled)
}

/// A source whose bytes go to a file once they are used.
struct Tee<S> {
    source: S,
    file: BufWriter<File>,
    failed: Option<io::Error>,
}

impl<S: BufRead> Read for Tee<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        self.file.write_all(&out[..read])?;
        Ok(read)
    }
}

impl<S: BufRead> BufRead for Tee<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let written = self.source.fill_buf().and_then(|bytes| self.file.write_all(&bytes[..amount]));
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
        self.source.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::parameters::{sample, spn};

    use super::*;

    #[test]
    fn a_set_is_found_again_and_a_refused_file_leaves_nothing() {
        let folder = std::env::temp_dir().join(format!("plimsoll-sets-{}", std::process::id()));
        let files = SetFiles::new(folder.clone()).unwrap();
        let mut bytes = Vec::new();
        spn::write(&sample::definition(), &mut bytes).unwrap();
        let rounding = RoundingProfile::Takasbank;
        let (set, _) = compile_and_keep(bytes.as_slice(), rounding, Some(&files)).unwrap();
        let (found, _) = files.read(set.id()).unwrap().unwrap();
        assert_eq!((found.id(), found.rounding(), found.digest()), (set.id(), rounding, set.digest()));
        assert!(files.read("other").unwrap().is_none());
        let other = compile_and_keep(bytes.as_slice(), RoundingProfile::Exact, Some(&files));
        assert!(matches!(other, Err(CompileError::NotTaken(InsertRefusal::OtherRounding { .. }))));
        bytes.truncate(bytes.len() / 2);
        assert!(compile_and_keep(bytes.as_slice(), rounding, Some(&files)).is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
