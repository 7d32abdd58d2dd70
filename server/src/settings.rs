//! What the server is told: text from the command line and the environment, checked into [`Settings`].
//!
//! Every wrong setting is reported at once, by the name that it has on the command line.

mod command_line;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_engine::parameters::RoundingProfile;
use thiserror::Error;
use tracing_subscriber::EnvFilter;

/// The most of anything that is counted: far above any use, far below what a semaphore holds.
const MOST: u64 = 1_000_000;
/// A day: the longest time that a limit may be set to.
const LONGEST_MS: u64 = 86_400_000;

/// Everything that can be set, with defaults that suit one machine and a trusted network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The address that the binary listens on; an embedding program passes its own listener.
    pub listen: SocketAddr,
    /// The directory of parameter files: its `.spn` and `.pa2` files are loaded at the start, and on request.
    pub parameter_directory: Option<PathBuf>,
    /// The directory in which the book is kept; without one it is in memory only.
    pub data_directory: Option<PathBuf>,
    /// How long the book rests between cuts of what has changed, which bound how much a restart reads.
    pub snapshot_interval: Duration,
    /// How long old records are kept; `None`: for ever.
    pub journal_retention: Option<Duration>,
    /// The rounding profile of sets loaded from the directory.
    pub directory_rounding: RoundingProfile,
    /// The most bytes of one parameter file.
    pub max_upload_bytes: u64,
    /// The most files that are read at the same time; more are refused.
    pub max_uploads: usize,
    /// The most parameter sets that are kept; a newer one takes the place of the oldest that is not active.
    pub max_parameter_sets: usize,
    /// The most connections; more are closed at once.
    pub max_connections: usize,
    /// The most calls in progress on one connection; more wait.
    pub max_streams: usize,
    /// The most calls in progress on the whole server; more are refused. A call is in progress until its answer is read or
    /// its time is over: until then it may hold its request, a message of at most 4 MiB, and then its answer, at most 64 MiB.
    /// Requests that wait for a thread have a bound of their own, in positions.
    pub max_calls: usize,
    /// The longest time for a unary call.
    pub request_timeout: Duration,
    /// The longest silence of a client that streams.
    pub idle_timeout: Duration,
    /// The longest time for one upload.
    pub upload_timeout: Duration,
    /// How long calls in progress may go on after the server was told to stop.
    pub drain_timeout: Duration,
    /// How long the book rests between audits of all its groups; zero: it is audited on request only.
    pub audit_interval: Duration,
    /// Threads that serve connections, and as many that work on batches, that decide for groups, and that price for houses; `None`: one for
    /// each core.
    pub worker_threads: Option<usize>,
    /// Whether clients may ask for the wire contract (server reflection).
    pub reflection: bool,
    /// Which events are logged (`info`, `plimsoll_server=debug`).
    pub log: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 50_051)),
            parameter_directory: None,
            data_directory: None,
            snapshot_interval: Duration::from_secs(60),
            journal_retention: None,
            directory_rounding: RoundingProfile::Exact,
            max_upload_bytes: 256 * 1024 * 1024,
            max_uploads: 4,
            max_parameter_sets: 64,
            max_connections: 1024,
            max_streams: 256,
            max_calls: 1024,
            request_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(300),
            upload_timeout: Duration::from_secs(600),
            drain_timeout: Duration::from_secs(30),
            audit_interval: Duration::from_secs(60),
            worker_threads: None,
            reflection: true,
            log: "info".to_owned(),
        }
    }
}

/// What is wrong with one setting.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("--{setting}: {message}")]
pub struct SettingFault {
    /// The setting as the command line names it, without the dashes.
    pub setting: &'static str,
    /// What is wrong, for a person.
    pub message: String,
}

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// Not a command line of this program, or a request for help or the version.
    #[error(transparent)]
    Usage(clap::Error),
    /// Values that cannot be used, all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<SettingFault>),
}

impl Settings {
    /// Reads the command line, and the environment for what it leaves out.
    ///
    /// # Errors
    /// [`SettingsError`] as documented there.
    pub fn from_args(args: impl IntoIterator<Item = OsString>) -> Result<Self, SettingsError> {
        let (settings, mut faults) = command_line::read(args).map_err(SettingsError::Usage)?;
        let unreadable: Vec<&str> = faults.iter().map(|fault| fault.setting).collect();
        let found = settings.faults().into_iter().filter(|fault| !unreadable.contains(&fault.setting));
        let found: Vec<SettingFault> = found.collect();
        faults.extend(found);
        if faults.is_empty() { Ok(settings) } else { Err(SettingsError::Invalid(faults)) }
    }

    /// The variables of the environment that begin as settings do and are none: misspelt, they would be ignored in silence.
    #[must_use]
    pub fn unknown_variables(names: impl Iterator<Item = OsString>) -> Vec<String> {
        command_line::unknown_variables(names)
    }

    /// Threads for connections, and as many for batches.
    #[must_use]
    pub fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        self.worker_threads.unwrap_or_else(cores)
    }

    /// Everything that is wrong with the values.
    #[must_use]
    pub fn faults(&self) -> Vec<SettingFault> {
        let mut faults = Vec::new();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let numbers: [(&'static str, u64, RangeInclusive<u64>); 13] = [
            ("max-upload-bytes", self.max_upload_bytes, 1..=1 << 40),
            ("max-uploads", count(self.max_uploads), 1..=256),
            ("max-parameter-sets", count(self.max_parameter_sets), 1..=10_000),
            ("max-connections", count(self.max_connections), 1..=MOST),
            ("max-streams", count(self.max_streams), 1..=MOST),
            ("max-calls", count(self.max_calls), 1..=MOST),
            ("request-timeout-ms", ms(self.request_timeout), 1..=LONGEST_MS),
            ("idle-timeout-ms", ms(self.idle_timeout), 1..=LONGEST_MS),
            ("upload-timeout-ms", ms(self.upload_timeout), 1..=LONGEST_MS),
            ("drain-timeout-ms", ms(self.drain_timeout), 0..=LONGEST_MS),
            ("audit-interval-ms", ms(self.audit_interval), 0..=LONGEST_MS),
            ("snapshot-interval-ms", ms(self.snapshot_interval), 10..=LONGEST_MS),
            ("worker-threads", count(self.worker_threads.unwrap_or(1)), 1..=1024),
        ];
        for (setting, value, range) in numbers {
            if !range.contains(&value) {
                let message = format!("{value} is not from {} to {}", range.start(), range.end());
                faults.push(SettingFault { setting, message });
            }
        }
        if let Some(directory) = &self.parameter_directory
            && !directory.is_dir()
        {
            let message = format!("{} is not a directory", directory.display());
            faults.push(SettingFault { setting: "parameter-directory", message });
        }
        if let Err(error) = EnvFilter::try_new(&self.log) {
            faults.push(SettingFault { setting: "log", message: error.to_string() });
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_args(args: &[&str]) -> Result<Settings, SettingsError> {
        Settings::from_args(
            std::iter::once("plimsoll-server").chain(args.iter().copied()).map(OsString::from),
        )
    }

    #[test]
    fn nothing_given_means_the_defaults() {
        assert_eq!(from_args(&[]).unwrap(), Settings::default());
    }

    #[test]
    fn every_wrong_value_is_named_at_once() {
        let wrong = [
            "--listen=here",
            "--parameter-directory=/nonexistent",
            "--directory-rounding=up",
            "--max-upload-bytes=0",
            "--max-uploads=many",
            "--worker-threads=0",
            "--request-timeout-ms=-1",
            "--log=plimsoll_server=loud",
        ];
        let Err(SettingsError::Invalid(faults)) = from_args(&wrong) else { panic!("accepted") };
        let mut named: Vec<&str> = faults.iter().map(|fault| fault.setting).collect();
        named.sort_unstable();
        let expected = [
            "directory-rounding",
            "listen",
            "log",
            "max-upload-bytes",
            "max-uploads",
            "parameter-directory",
            "request-timeout-ms",
            "worker-threads",
        ];
        assert_eq!(named, expected);
    }

    #[test]
    fn what_is_stated_twice_or_misspelt_is_named() {
        for wrong in [
            ["--listen=[::1]:7", "--listen=[::1]:8"],
            ["--no-reflection", "--no-reflection"],
            ["--lisen=[::1]:7", ""],
        ] {
            assert!(matches!(from_args(&wrong), Err(SettingsError::Usage(_))), "{wrong:?}");
        }
        let names =
            ["PLIMSOLL_LISTEN", "PLIMSOLL_LISTN", "PATH", "PLIMSOLL_SERVER", "PLIMSOLL_NO_REFLECTION"];
        let unknown = Settings::unknown_variables(names.into_iter().map(OsString::from));
        assert_eq!(unknown, ["PLIMSOLL_LISTN"]);
    }

    #[test]
    fn values_are_taken_over() {
        let settings = from_args(&[
            "--listen=[::1]:7",
            "--no-reflection",
            "--drain-timeout-ms=0",
            "--worker-threads=3",
            "--directory-rounding=takasbank",
        ])
        .unwrap();
        assert_eq!(settings.listen.to_string(), "[::1]:7");
        assert!(!settings.reflection);
        assert_eq!((settings.drain_timeout, settings.worker_threads), (Duration::ZERO, Some(3)));
        assert_eq!(settings.directory_rounding, RoundingProfile::Takasbank);
    }
}
