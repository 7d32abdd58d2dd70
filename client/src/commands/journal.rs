//! A data directory of this machine, read without a server: whether it is sound, and what is in it.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use plimsoll_engine::group::Command;
use plimsoll_engine::record::{Record, RecordBody, decoded};
use plimsoll_journal::{Disk, JournalError, Log as _, RealDisk, Segments, Sequence, verify};
use serde_json::{Value, json};

use super::{CommandError, Exit};
use crate::arguments::JournalCommand;

pub(super) fn run(command: JournalCommand) -> Result<Exit, CommandError> {
    match command {
        JournalCommand::Verify { directory } => verified(&directory),
        JournalCommand::Inspect { directory, from, to, group } => {
            inspect(&directory, Sequence(from)..=Sequence(to.unwrap_or(u64::MAX)), group.as_deref())
        }
    }
}

/// Opens a directory that is there; nothing is made.
fn disk(directory: &Path) -> Result<Arc<dyn Disk>, CommandError> {
    if !directory.join("log").is_dir() {
        return Err(CommandError::Usage(format!("{} is not a data directory", directory.display())));
    }
    let failed = |source| CommandError::Input { path: directory.to_owned(), source };
    Ok(Arc::new(RealDisk::new(directory).map_err(failed)?))
}

fn damaged(directory: &Path) -> impl Fn(JournalError) -> CommandError {
    move |error| CommandError::Journal { path: directory.to_owned(), error }
}

/// Reads everything, and whether every record says something.
fn verified(directory: &Path) -> Result<Exit, CommandError> {
    let disk = disk(directory)?;
    let summary = verify(&disk).map_err(damaged(directory))?;
    let mut unreadable: Vec<Value> = Vec::new();
    let mut seen = |sequence: Sequence, payload: &[u8]| {
        if let Err(error) = decoded::<Record>(payload) {
            unreadable.push(json!({ "sequence": sequence.0, "error": error.to_string() }));
        }
        ControlFlow::Continue(())
    };
    let log = Segments::open(disk, Segments::SEGMENT_BYTES, summary.oldest, &mut seen);
    drop(log.map_err(damaged(directory))?);
    let line = json!({
        "oldest": summary.oldest.0,
        "next": summary.next.0,
        "records": summary.records,
        "cuts": summary.cuts,
        "recovery_from": summary.floor.0,
        "chain": format!("{:?}", summary.chain),
        "unreadable": unreadable,
        // What a start makes of them is known to the server.
        "not_checked": ["the book that a start recovers", "files of parameter sets"],
        "checked_by": "plimsoll-server verify",
    });
    writeln!(io::stdout(), "{line}")?;
    Ok(if unreadable.is_empty() { Exit::Done } else { Exit::FileRefused })
}

/// Prints records as JSON lines.
fn inspect(
    directory: &Path,
    range: std::ops::RangeInclusive<Sequence>,
    group: Option<&str>,
) -> Result<Exit, CommandError> {
    let disk = disk(directory)?;
    let oldest = Segments::oldest_of(disk.as_ref()).map_err(damaged(directory))?;
    let log = Segments::open(disk, Segments::SEGMENT_BYTES, oldest, &mut |_, _| ControlFlow::Continue(()));
    let reader = log.map_err(damaged(directory))?.reader();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut exit, mut failed) = (Exit::Done, None);
    let read = reader.read((*range.start()).max(oldest), &mut |sequence, payload| {
        if sequence > *range.end() {
            return ControlFlow::Break(());
        }
        let line = match decoded::<Record>(payload) {
            Ok(record) if !concerns(&record, group) => return ControlFlow::Continue(()),
            Ok(record) => shown(sequence, &record).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let line = line.unwrap_or_else(|error| {
            exit = Exit::FileRefused;
            json!({ "sequence": sequence.0, "error": error })
        });
        match writeln!(out, "{line}") {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    read.map_err(damaged(directory))?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    out.flush()?;
    Ok(exit)
}

fn concerns(record: &Record, group: Option<&str>) -> bool {
    let Some(group) = group else { return true };
    match &record.body {
        RecordBody::Opened(own) => own.key.name.as_str() == group,
        RecordBody::Groups(changes) => changes.iter().any(|own| own.key.name.as_str() == group),
        RecordBody::Run(..) | RecordBody::House(..) | RecordBody::Quarantined(_) => false,
    }
}

/// A record with its commands in words.
///
/// # Errors
/// What of the record has no form in JSON.
fn shown(sequence: Sequence, record: &Record) -> Result<Value, serde_json::Error> {
    let mut line = json!({
        "sequence": sequence.0,
        "time": record.time.to_string(),
        "program": record.program,
        "body": serde_json::to_value(&record.body)?,
    });
    if let RecordBody::Groups(changes) = &record.body {
        for (place, change) in changes.iter().enumerate() {
            let command = decoded::<Command>(&change.command).ok();
            let command = command.map(serde_json::to_value).transpose()?;
            line["body"]["groups"][place]["command"] = command.unwrap_or(Value::Null);
        }
    }
    Ok(line)
}
