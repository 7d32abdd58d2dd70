//! What the reader of a file hands on, whatever the file's format.

use std::io;

use thiserror::Error;

use super::definition::Definition;
use super::diagnostic::Diagnostics;
use super::vintage::Digest;

/// What was read.
#[derive(Debug)]
pub struct Reading {
    /// What the file says.
    pub definition: Definition,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// What the reader has to say about it.
    pub diagnostics: Diagnostics,
}

/// Why a file was not read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The bytes did not arrive.
    #[error("the file could not be read: {0}")]
    Io(#[from] io::Error),
    /// The file is no risk-parameter file, is damaged, or holds faulty values: all of them are listed.
    #[error("the file is refused")]
    Refused(Diagnostics),
}
