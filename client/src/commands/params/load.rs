//! `plimsoll params load`: files of this machine or of the server's own directory into the server.

use std::io::{self, Write as _};
use std::path::Path;

use plimsoll_client::answer::{Loaded, SetInfo};
use plimsoll_client::client::Client;
use plimsoll_client::error::ClientError;
use plimsoll_client::output::printable;
use plimsoll_engine::parameters::{Diagnostic, RoundingProfile};
use tonic::Code;

use super::super::{CommandError, Exit, connect};
use super::activate;
use crate::arguments::LoadArguments;
use crate::parameter_file::{self, FileError};
use crate::standard_error::say;

pub(super) fn run(arguments: LoadArguments) -> Result<Exit, CommandError> {
    let (runtime, client) = connect(&arguments.server.url)?;
    runtime.block_on(load(&client, arguments))
}

async fn load(client: &Client, arguments: LoadArguments) -> Result<Exit, CommandError> {
    let mut exit = Exit::Done;
    let mut sets: Vec<(String, SetInfo)> = Vec::new();
    if let Some(file_name) = &arguments.directory {
        for file in client.load_directory(file_name.as_deref()).await? {
            findings(&file.file_name, &file.diagnostics);
            match file.set {
                Some(set) => {
                    tell(&file.file_name, &set, "loaded")?;
                    sets.push((file.file_name, set));
                }
                None => exit = exit.max(refused(&file.file_name)),
            }
        }
    }
    for file in &arguments.files {
        let name = file.display().to_string();
        match upload(client, file, arguments.rounding).await {
            Ok(loaded) => {
                findings(&name, &loaded.diagnostics);
                tell(&name, &loaded.set, if loaded.already_loaded { "already loaded" } else { "loaded" })?;
                sets.push((name, loaded.set));
            }
            Err(CommandError::Server(ClientError::Status {
                code: Code::InvalidArgument,
                message,
                violations,
            })) => {
                if violations.is_empty() {
                    say(format_args!("{name}: error: {}", printable(&message)));
                }
                for violation in violations {
                    say(format_args!("{name}: error: {}", printable(&violation.to_string())));
                }
                exit = exit.max(refused(&name));
            }
            Err(error @ CommandError::File(_)) => exit = exit.max(error.report()),
            Err(other) => return Err(other),
        }
    }
    if arguments.activate {
        // The newest last: no set of these is in the way of another.
        sets.sort_by(|(_, a), (_, b)| a.vintage.cmp(&b.vintage));
        for (name, set) in &sets {
            // Which of two is meant is not for their order to decide.
            let other = sets.iter().find(|(_, other)| {
                (&other.house, &other.vintage) == (&set.house, &set.vintage) && other.id != set.id
            });
            if let Some((other, _)) = other {
                let (name, other) = (printable(name), printable(other));
                say(format_args!(
                    "error: {name}: not activated: {other} is of the same house and vintage (params activate takes the id of the one that is meant)"
                ));
                exit = exit.max(Exit::SomeRefused);
                continue;
            }
            exit = exit.max(activate(client, &set.id, &arguments.scope, arguments.force).await?);
        }
    }
    Ok(exit)
}

async fn upload(
    client: &Client,
    file: &Path,
    rounding: Option<RoundingProfile>,
) -> Result<Loaded, CommandError> {
    let source = parameter_file::open(file, "uploading")?;
    let bar = source.progress.clone();
    let loaded = client.load_parameter_set(source, rounding, |_| {}).await;
    bar.finish_and_clear();
    loaded.map_err(|error| {
        if let ClientError::Source(source) = error {
            return FileError::Unreadable { path: file.to_owned(), source }.into();
        }
        error.into()
    })
}

fn findings(name: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        say(format_args!("{}: {}", printable(name), printable(&diagnostic.to_string())));
    }
}

fn refused(name: &str) -> Exit {
    say(format_args!("error: {}: the file is refused", printable(name)));
    Exit::FileRefused
}

fn tell(name: &str, set: &SetInfo, what: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}: {what} {}", printable(name), printable(&set.id))
}
