//! The command line and the environment as text, read into values.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{FalseyValueParser, OsStringValueParser};
use clap::{Arg, CommandFactory as _, Parser};
use plimsoll_engine::parameters::RoundingProfile;

use super::{SettingFault, Settings};

/// Settings as text; each can also be given as an environment variable.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll-server",
    version,
    about = "Serves portfolio margin over gRPC.",
    after_help = "plimsoll-server verify DIRECTORY says whether a data directory is sound."
)]
struct Raw {
    /// Address to listen on
    #[arg(long, env = "PLIMSOLL_LISTEN", value_name = "ADDRESS:PORT", default_value_t = Settings::default().listen.to_string())]
    listen: String,
    /// Directory of parameter files: the .spn and .pa2 files are loaded at the start, the newest of a house is activated
    #[arg(long, env = "PLIMSOLL_PARAMETER_DIRECTORY", value_name = "PATH", value_parser = OsStringValueParser::new())]
    parameter_directory: Option<OsString>,
    /// Directory in which the book is kept: made if it is not there; without it the book is in memory only
    #[arg(long, env = "PLIMSOLL_DATA_DIRECTORY", value_name = "PATH", value_parser = OsStringValueParser::new())]
    data_directory: Option<OsString>,
    /// Rest between cuts of what has changed, which bound how much a restart reads
    #[arg(long, env = "PLIMSOLL_SNAPSHOT_INTERVAL_MS", value_name = "MS", default_value_t = Settings::default().snapshot_interval.as_millis().to_string())]
    snapshot_interval_ms: String,
    /// Days for which old records are kept [default: for ever]
    #[arg(long, env = "PLIMSOLL_JOURNAL_RETENTION_DAYS", value_name = "DAYS")]
    journal_retention_days: Option<String>,
    /// Rounding profile of the sets in the directory: exact, takasbank or cme
    #[arg(long, env = "PLIMSOLL_DIRECTORY_ROUNDING", value_name = "PROFILE", default_value_t = Settings::default().directory_rounding.name().to_owned())]
    directory_rounding: String,
    /// Most bytes of one parameter file
    #[arg(long, env = "PLIMSOLL_MAX_UPLOAD_BYTES", value_name = "BYTES", default_value_t = Settings::default().max_upload_bytes.to_string())]
    max_upload_bytes: String,
    /// Most parameter files read at the same time
    #[arg(long, env = "PLIMSOLL_MAX_UPLOADS", value_name = "COUNT", default_value_t = Settings::default().max_uploads.to_string())]
    max_uploads: String,
    /// Most parameter sets kept; a newer one takes the place of the oldest that is not active
    #[arg(long, env = "PLIMSOLL_MAX_PARAMETER_SETS", value_name = "COUNT", default_value_t = Settings::default().max_parameter_sets.to_string())]
    max_parameter_sets: String,
    /// Most connections
    #[arg(long, env = "PLIMSOLL_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = Settings::default().max_connections.to_string())]
    max_connections: String,
    /// Most calls in progress on one connection
    #[arg(long, env = "PLIMSOLL_MAX_STREAMS", value_name = "COUNT", default_value_t = Settings::default().max_streams.to_string())]
    max_streams: String,
    /// Most calls in progress on the whole server
    #[arg(long, env = "PLIMSOLL_MAX_CALLS", value_name = "COUNT", default_value_t = Settings::default().max_calls.to_string())]
    max_calls: String,
    /// Longest time for a unary call
    #[arg(long, env = "PLIMSOLL_REQUEST_TIMEOUT_MS", value_name = "MS", default_value_t = Settings::default().request_timeout.as_millis().to_string())]
    request_timeout_ms: String,
    /// Longest silence of a client that streams
    #[arg(long, env = "PLIMSOLL_IDLE_TIMEOUT_MS", value_name = "MS", default_value_t = Settings::default().idle_timeout.as_millis().to_string())]
    idle_timeout_ms: String,
    /// Longest time for one upload
    #[arg(long, env = "PLIMSOLL_UPLOAD_TIMEOUT_MS", value_name = "MS", default_value_t = Settings::default().upload_timeout.as_millis().to_string())]
    upload_timeout_ms: String,
    /// How long calls in progress may go on after SIGINT or SIGTERM
    #[arg(long, env = "PLIMSOLL_DRAIN_TIMEOUT_MS", value_name = "MS", default_value_t = Settings::default().drain_timeout.as_millis().to_string())]
    drain_timeout_ms: String,
    /// Rest between audits of the book; 0 for none
    #[arg(long, env = "PLIMSOLL_AUDIT_INTERVAL_MS", value_name = "MS", default_value_t = Settings::default().audit_interval.as_millis().to_string())]
    audit_interval_ms: String,
    /// Threads that serve connections, and as many for batches [default: one for each core]
    #[arg(long, env = "PLIMSOLL_WORKER_THREADS", value_name = "COUNT")]
    worker_threads: Option<String>,
    /// Do not tell clients the wire contract
    #[arg(long, env = "PLIMSOLL_NO_REFLECTION", value_parser = FalseyValueParser::new())]
    no_reflection: bool,
    /// Which events are logged
    #[arg(long, env = "PLIMSOLL_LOG", value_name = "FILTER", default_value_t = Settings::default().log)]
    log: String,
}

/// The variables of ours in the environment that are no settings.
pub(super) fn unknown_variables(names: impl Iterator<Item = OsString>) -> Vec<String> {
    let command = Raw::command();
    // The client's own, which may be set beside the server's.
    let known = command.get_arguments().filter_map(Arg::get_env).chain([OsStr::new("PLIMSOLL_SERVER")]);
    let known: BTreeSet<&OsStr> = known.collect();
    let own = names.filter(|name| name.to_string_lossy().starts_with("PLIMSOLL_"));
    own.filter(|name| !known.contains(name.as_os_str()))
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// The settings, with the default in place of what is not a value of its type, and what is not.
pub(super) fn read(
    args: impl IntoIterator<Item = OsString>,
) -> Result<(Settings, Vec<SettingFault>), clap::Error> {
    Raw::try_parse_from(args).map(Raw::read)
}

impl Raw {
    fn read(self) -> (Settings, Vec<SettingFault>) {
        let mut texts = Texts(Vec::new());
        let default = Settings::default();
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut time = |setting, text: &str, default| {
            Duration::from_millis(texts.read(setting, text, "a number of milliseconds", ms(default)))
        };
        let request_timeout = time("request-timeout-ms", &self.request_timeout_ms, default.request_timeout);
        let idle_timeout = time("idle-timeout-ms", &self.idle_timeout_ms, default.idle_timeout);
        let upload_timeout = time("upload-timeout-ms", &self.upload_timeout_ms, default.upload_timeout);
        let drain_timeout = time("drain-timeout-ms", &self.drain_timeout_ms, default.drain_timeout);
        let audit_interval = time("audit-interval-ms", &self.audit_interval_ms, default.audit_interval);
        let snapshot_interval =
            time("snapshot-interval-ms", &self.snapshot_interval_ms, default.snapshot_interval);
        let days = |text: String| {
            let days: u32 = texts.read("journal-retention-days", &text, "a number of days", 0);
            Duration::from_secs(u64::from(days) * 86_400)
        };
        let journal_retention = self.journal_retention_days.map(days);
        let mut count = |setting, text: &str, default| texts.read(setting, text, "a whole number", default);
        let max_uploads = count("max-uploads", &self.max_uploads, default.max_uploads);
        let max_parameter_sets =
            count("max-parameter-sets", &self.max_parameter_sets, default.max_parameter_sets);
        let max_connections = count("max-connections", &self.max_connections, default.max_connections);
        let max_streams = count("max-streams", &self.max_streams, default.max_streams);
        let max_calls = count("max-calls", &self.max_calls, default.max_calls);
        let worker_threads = self.worker_threads.map(|text| count("worker-threads", &text, 1));
        let settings = Settings {
            listen: texts.read(
                "listen",
                &self.listen,
                "an address and a port such as 127.0.0.1:50051",
                default.listen,
            ),
            parameter_directory: self.parameter_directory.filter(|path| !path.is_empty()).map(PathBuf::from),
            data_directory: self.data_directory.filter(|path| !path.is_empty()).map(PathBuf::from),
            snapshot_interval,
            journal_retention,
            directory_rounding: texts.rounding(&self.directory_rounding),
            max_upload_bytes: texts.read(
                "max-upload-bytes",
                &self.max_upload_bytes,
                "a number of bytes",
                default.max_upload_bytes,
            ),
            max_uploads,
            max_parameter_sets,
            max_connections,
            max_streams,
            max_calls,
            request_timeout,
            idle_timeout,
            upload_timeout,
            drain_timeout,
            audit_interval,
            worker_threads,
            reflection: !self.no_reflection,
            log: self.log,
        };
        (settings, texts.0)
    }
}

/// Reads texts and keeps what is wrong with them.
struct Texts(Vec<SettingFault>);

impl Texts {
    fn read<T: FromStr>(&mut self, setting: &'static str, text: &str, expected: &str, default: T) -> T {
        text.trim().parse().unwrap_or_else(|_| {
            self.0.push(SettingFault { setting, message: format!("{text:?} is not {expected}") });
            default
        })
    }

    fn rounding(&mut self, text: &str) -> RoundingProfile {
        RoundingProfile::from_name(text.trim()).unwrap_or_else(|| {
            let names: Vec<&str> = RoundingProfile::NAMES.iter().map(|(_, name)| *name).collect();
            let message = format!("{text:?} is not one of {}", names.join(", "));
            self.0.push(SettingFault { setting: "directory-rounding", message });
            RoundingProfile::default()
        })
    }
}
