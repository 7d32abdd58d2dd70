//! The commands, and how they end.

mod book;
mod calc;
mod journal;
mod params;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use plimsoll_client::client::{Client, ClientSettings};
use plimsoll_client::error::ClientError;
use plimsoll_client::output::printable;
use plimsoll_engine::parameters::Digest;
use plimsoll_journal::JournalError;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

use crate::arguments::{Arguments, Command};
use crate::parameter_file::{self, FileError};
use crate::standard_error::say;

/// How a command ended; a worse end is a greater one.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Exit {
    #[default]
    Done,
    SomeRefused,
    Usage,
    FileRefused,
    ServerFailed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::from(0),
            Exit::SomeRefused => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::FileRefused => Self::from(3),
            Exit::ServerFailed => Self::from(4),
        }
    }
}

/// Why a command could not be carried out.
#[derive(Debug, Error)]
enum CommandError {
    #[error("{0}")]
    Usage(String),
    #[error("{}: {source}", path.display())]
    Input { path: PathBuf, source: io::Error },
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Server(#[from] ClientError),
    #[error("the output could not be written: {0}")]
    Output(#[from] io::Error),
    #[error("{}: the server's set {id} is of another file, with SHA-256 {digest}", path.display())]
    OtherFile { path: PathBuf, id: String, digest: Digest },
    #[error("{}: {error}", path.display())]
    Journal { path: PathBuf, error: JournalError },
    #[error("{0}")]
    Own(String),
}

impl CommandError {
    /// Says on standard error what went wrong.
    fn report(&self) -> Exit {
        let exit = match self {
            // Whoever read the output has read enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return Exit::Done,
            Self::Output(_) | Self::Own(_) => Exit::SomeRefused,
            Self::Usage(_) | Self::Input { .. } | Self::Server(ClientError::Address { .. }) => Exit::Usage,
            Self::File(_) | Self::Journal { .. } => Exit::FileRefused,
            Self::Server(_) | Self::OtherFile { .. } => Exit::ServerFailed,
        };
        if let Self::File(FileError::Refused { path, diagnostics }) = self {
            parameter_file::report(path, diagnostics);
        }
        say(format_args!("error: {}", printable(&self.to_string())));
        exit
    }
}

/// Carries out a command.
pub(crate) fn run(arguments: Arguments) -> Exit {
    let ended = match arguments.command {
        Command::Calc(arguments) => calc::run(arguments),
        Command::Params(command) => params::run(command),
        Command::Book(command) => book::run(command),
        Command::Journal(command) => journal::run(command),
    };
    ended.unwrap_or_else(|error| error.report())
}

/// A runtime for calls, and a connection.
fn connect(url: &str) -> Result<(Runtime, Client), CommandError> {
    let own = |error: io::Error| CommandError::Own(error.to_string());
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(own)?;
    let client = runtime.block_on(Client::connect(&ClientSettings::new(url)))?;
    Ok((runtime, client))
}
