//! The server's binary: settings, build, spawn, wait for a signal, drain.

#![deny(clippy::wildcard_enum_match_arm)]

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use plimsoll_server::{App, Settings, SettingsError, preview, quarantine, verify};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Calculations allocate often and little: a twentieth of their time less than with the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `EX_USAGE` of sysexits.h.
const BAD_SETTINGS: u8 = 64;
/// How long threads at work may take to end after the last connection.
const LAST_WORK: Duration = Duration::from_secs(5);

/// What is asked of a data directory without a server.
enum Offline {
    /// `verify DIR`: whether it is sound.
    Verify(PathBuf),
    /// `quarantine DIR SEQUENCE`: leaves out the record that stops every start.
    Quarantine(PathBuf, u64),
    /// `retention DIR --keep-days N`: what a server that keeps records so long would remove from it.
    Retention(PathBuf, Duration),
}

const OFFLINE_USAGE: &str = "usage: plimsoll-server verify DIRECTORY\n       plimsoll-server quarantine DIRECTORY SEQUENCE\n       plimsoll-server retention DIRECTORY --keep-days DAYS";
const SECONDS_OF_DAY: u64 = 86_400;

impl Offline {
    /// From the words of a command line, if they are not those of a server.
    fn read(mut words: impl Iterator<Item = OsString>) -> Option<Result<Self, &'static str>> {
        let first = words.next()?;
        let rest: Vec<OsString> = words.collect();
        let read = match (first.to_str()?, rest.as_slice()) {
            ("verify", [folder]) => Some(Self::Verify(folder.into())),
            ("quarantine", [folder, record]) => {
                let record = record.to_str().and_then(|record| record.parse().ok());
                record.map(|record| Self::Quarantine(folder.into(), record))
            }
            ("retention", [folder, option, days]) if option == "--keep-days" => {
                let days = days.to_str().and_then(|days| days.parse::<u64>().ok());
                let kept = days.and_then(|days| days.checked_mul(SECONDS_OF_DAY)).map(Duration::from_secs);
                kept.map(|kept| Self::Retention(folder.into(), kept))
            }
            ("verify" | "quarantine" | "retention", _) => None,
            _ => return None,
        };
        Some(read.ok_or(OFFLINE_USAGE))
    }

    fn run(self) -> ExitCode {
        let (folder, done) = match self {
            Self::Verify(folder) => {
                let found = verify(&folder).map(|found| (found.faults.is_empty(), found.to_string()));
                (folder, found)
            }
            Self::Quarantine(folder, record) => {
                let done =
                    quarantine(&folder, record).map(|done| (done.stopped_by.is_none(), done.to_string()));
                (folder, done)
            }
            Self::Retention(folder, kept) => {
                let found = preview(&folder, kept).map(|found| (true, found.to_string()));
                (folder, found)
            }
        };
        match done {
            Ok((is_sound, found)) => {
                print!("{found}");
                if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => {
                eprintln!("{}: {error}", folder.display());
                ExitCode::FAILURE
            }
        }
    }
}

fn main() -> ExitCode {
    match Offline::read(std::env::args_os().skip(1)) {
        Some(Ok(asked)) => return asked.run(),
        Some(Err(usage)) => {
            eprintln!("{usage}");
            return BAD_SETTINGS.into();
        }
        None => {}
    }
    for name in Settings::unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        eprintln!("warning: {name} is no setting: it is not read");
    }
    let settings = match Settings::from_args(std::env::args_os()) {
        Ok(settings) => settings,
        Err(SettingsError::Usage(usage)) => {
            let asked_for_help = !usage.use_stderr();
            let _ = usage.print();
            return if asked_for_help { ExitCode::SUCCESS } else { BAD_SETTINGS.into() };
        }
        Err(invalid) => {
            eprintln!("{invalid}");
            return BAD_SETTINGS.into();
        }
    };
    let filter = EnvFilter::new(&settings.log);
    let in_colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(in_colour)
        .with_writer(std::io::stderr)
        .init();
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panic")));
    match run(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the server ends");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let workers = settings.workers();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    let listen = settings.listen;
    let app = App::build(settings)?;
    runtime.block_on(async {
        // A signal that comes during the start is kept until it is waited for.
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let listener = TcpListener::bind(listen).await.map_err(|error| format!("{listen}: {error}"))?;
        let mut running = app.spawn(listener).await?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            ended = running.failed() => return Ok::<_, Box<dyn std::error::Error>>(ended?),
        }
        running.drain().await;
        Ok(())
    })?;
    runtime.shutdown_timeout(LAST_WORK);
    Ok(())
}
