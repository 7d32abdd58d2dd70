//! From settings to a server that can be stopped: build, spawn, drain.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use plimsoll_journal::Reading;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use crate::book::Book;
use crate::connections::Connections;
use crate::data::{self, DataError};
use crate::directory::Directory;
use crate::grpc::{Api, HEAVIEST_WORK, Health, Parts};
use crate::registry::Registry;
use crate::set_files::SetFiles;
use crate::settings::{SettingFault, Settings};
use crate::workers::Workers;

/// How often an idle connection is asked whether its client is there, and how long it may take to answer.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// The most streams that a client may have reset before the server took them up.
const MOST_PENDING_RESETS: usize = 20;
/// The most streams that were reset for a client's errors before the connection is closed.
const MOST_ERROR_RESETS: usize = 1024;
/// The most bytes of a request's headers.
const HEADER_LIST_BYTES: u32 = 16 * 1024;
/// The most batches and large portfolios that wait for a worker, by weight: some eighty megabytes of requests, as a
/// position takes some 200 bytes.
const WAITING_WEIGHT: usize = 400_000;
/// How long cut connections may take to go.
const CUT_GRACE: Duration = Duration::from_secs(5);

/// Why there is no server.
#[derive(Debug, Error)]
pub enum BuildError {
    /// Settings that cannot be used, all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Settings(Vec<SettingFault>),
    /// The parameter directory cannot be listed.
    #[error("{}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The data directory cannot be used.
    #[error("{}: {source}", path.display())]
    Data {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: DataError,
    },
    /// The wire contract's descriptors are damaged, which a build never is.
    #[error("server reflection: {0}")]
    Reflection(String),
}

/// A server that is complete and does not listen yet.
pub struct App {
    settings: Settings,
    api: Api,
    health: Health,
    book: Arc<Book>,
}

impl App {
    /// Checks the settings, loads the parameter directory and puts the services together. It reads files, so it may
    /// block for a while.
    ///
    /// # Errors
    /// [`BuildError`] as documented there; a refused parameter file is none, it is logged.
    pub fn build(settings: Settings) -> Result<Self, BuildError> {
        let faults = settings.faults();
        if !faults.is_empty() {
            return Err(BuildError::Settings(faults));
        }
        let registry = Arc::new(Registry::new(settings.max_parameter_sets));
        let data = settings.data_directory.as_deref();
        let of_data = |source| BuildError::Data {
            path: data.map(std::path::Path::to_owned).unwrap_or_default(),
            source,
        };
        let files = data.map(data::set_files).transpose().map_err(of_data)?;
        let directory = match &settings.parameter_directory {
            Some(path) => Some(Arc::new(directory(path.clone(), &settings, &registry, files.clone())?)),
            None => None,
        };
        let health = Health::new();
        // Every worker can have the heaviest work, whatever waits.
        let room = settings.workers() * HEAVIEST_WORK + WAITING_WEIGHT;
        let book = match data {
            Some(folder) => data::open(folder, &registry).map_err(of_data)?,
            None => {
                tracing::warn!("without a data directory the book is in memory only");
                Book::new(Arc::clone(&registry), Arc::default())
            }
        };
        if let Some(files) = &files {
            data::activate_sets(&book, &registry, files);
        }
        let book = Arc::new(book);
        let parts = Parts {
            registry,
            book: Arc::clone(&book),
            directory,
            files,
            threads: settings.workers(),
            calculators: Workers::new(settings.workers(), room),
            readers: Workers::new(settings.max_uploads, 0),
            max_upload_bytes: settings.max_upload_bytes,
            max_calls: settings.max_calls,
            request_timeout: settings.request_timeout,
            idle_timeout: settings.idle_timeout,
            upload_timeout: settings.upload_timeout,
            reflection: settings.reflection,
        };
        let api = Api::new(parts, &health).map_err(|error| BuildError::Reflection(error.to_string()))?;
        Ok(Self { settings, api, health, book })
    }

    /// Starts to serve on a listener, which may be bound to any free port.
    ///
    /// # Errors
    /// When the listener has no address.
    pub async fn spawn(self, listener: TcpListener) -> io::Result<Running> {
        let address = listener.local_addr()?;
        let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
        let connections = Connections::new(listener, self.settings.max_connections, cut.clone());
        let server = Server::builder()
            .max_concurrent_streams(u32::try_from(self.settings.max_streams).unwrap_or(u32::MAX))
            .http2_keepalive_interval(Some(KEEPALIVE))
            .http2_keepalive_timeout(Some(KEEPALIVE))
            .http2_max_pending_accept_reset_streams(Some(MOST_PENDING_RESETS))
            .http2_max_local_error_reset_streams(Some(MOST_ERROR_RESETS))
            .http2_max_header_list_size(HEADER_LIST_BYTES);
        let stopped = stop.clone().cancelled_owned();
        let serving = tokio::spawn(async move {
            server
                .serve_with_incoming_shutdown(self.api, connections, stopped)
                .await
                .map_err(io::Error::other)
        });
        let mut background = Vec::new();
        if !self.settings.audit_interval.is_zero() {
            let audited = audits(Arc::clone(&self.book), self.settings.audit_interval, stop.clone());
            background.push(tokio::spawn(audited));
        }
        if self.settings.data_directory.is_some() {
            let (rest, retention) = (self.settings.snapshot_interval, self.settings.journal_retention);
            background.push(tokio::spawn(cuts(self.book, rest, retention, stop.clone())));
        }
        self.health.serving().await;
        tracing::info!(%address, "serving");
        let drain_timeout = self.settings.drain_timeout;
        Ok(Running { address, health: self.health, stop, cut, serving, background, drain_timeout })
    }
}

/// Audits the book again and again until the server stops.
async fn audits(book: Arc<Book>, rest: Duration, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(rest)).await.is_some() {
        let (book, stop) = (Arc::clone(&book), stop.clone());
        let audited = tokio::task::spawn_blocking(move || book.audit(&stop)).await;
        if let Err(error) = audited {
            tracing::error!(%error, "the audit of the book failed");
        }
    }
}

/// Keeps cuts of the book again and again until the server stops.
async fn cuts(book: Arc<Book>, rest: Duration, retention: Option<Duration>, stop: CancellationToken) {
    let begun = Instant::now();
    while stop.run_until_cancelled(tokio::time::sleep(rest)).await.is_some() {
        let book = Arc::clone(&book);
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = Reading { wall, running: begun.elapsed().as_secs() };
        match tokio::task::spawn_blocking(move || book.keep_cuts(retention, now)).await {
            Ok(Ok(kept)) => tracing::debug!(?kept, "cuts are kept"),
            Ok(Err(error)) => tracing::error!(%error, "cuts could not be kept"),
            Err(error) => tracing::error!(%error, "cuts could not be kept"),
        }
    }
}

fn directory(
    path: PathBuf,
    settings: &Settings,
    registry: &Registry,
    files: Option<Arc<SetFiles>>,
) -> Result<Directory, BuildError> {
    Directory::open(&path, settings.directory_rounding, settings.max_upload_bytes, files)
        .and_then(|directory| directory.load_at_start(registry).map(|()| directory))
        .map_err(|source| BuildError::Directory { path, source })
}

/// How a server stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drained {
    /// Every call in progress was finished.
    Whole,
    /// Calls were still in progress after the drain timeout and were cut.
    Cut,
}

/// A server at work. Dropping it stops the server and cuts its connections.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    health: Health,
    stop: CancellationToken,
    cut: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
    /// What audits the book and keeps cuts of it: it holds the data directory until it ends.
    background: Vec<JoinHandle<()>>,
    drain_timeout: Duration,
}

impl Running {
    /// The address that it serves on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server ends without having been told to.
    ///
    /// # Errors
    /// Always: a server that was not told to stop does not end well.
    pub async fn failed(&mut self) -> io::Result<()> {
        let ended = (&mut self.serving).await.map_err(io::Error::other)?;
        ended.and(Err(io::Error::other("the server ended by itself")))
    }

    /// Accepts nothing more, reports as not serving, lets calls in progress finish within the drain timeout, and cuts
    /// what is left then.
    pub async fn drain(mut self) -> Drained {
        tracing::info!(timeout_ms = self.drain_timeout.as_millis(), "draining");
        self.health.stopping().await;
        self.stop.cancel();
        let is_whole = ended_within(self.drain_timeout, &mut self.serving).await;
        for work in &mut self.background {
            if !ended_within(self.drain_timeout, work).await {
                tracing::warn!("the book was still being audited or kept after the drain timeout");
            }
        }
        if is_whole {
            return Drained::Whole;
        }
        tracing::warn!("calls were still in progress after the drain timeout: their connections are cut");
        self.cut.cancel();
        if !ended_within(CUT_GRACE, &mut self.serving).await {
            tracing::warn!("connections that were cut are still there");
        }
        Drained::Cut
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.cut.cancel();
    }
}

async fn ended_within(time: Duration, serving: impl Future) -> bool {
    tokio::time::timeout(time, serving).await.is_ok()
}
