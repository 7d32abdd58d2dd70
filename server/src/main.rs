//! The server's binary: settings, build, spawn, wait for a signal, drain.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use plimsoll_server::{App, Settings, SettingsError, verify};
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

/// `plimsoll-server verify DIR`: whether a data directory is sound, without a server.
fn verified(mut rest: impl Iterator<Item = OsString>) -> ExitCode {
    let (Some(folder), None) = (rest.next(), rest.next()) else {
        eprintln!("usage: plimsoll-server verify DIRECTORY");
        return BAD_SETTINGS.into();
    };
    let folder = PathBuf::from(folder);
    match verify(&folder) {
        Ok(found) => {
            print!("{found}");
            if found.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == "verify") {
        return verified(std::env::args_os().skip(2));
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
