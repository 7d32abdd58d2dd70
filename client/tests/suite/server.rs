//! A server in this process, on a free port.

use plimsoll_client::client::{Client, ClientSettings};
use plimsoll_server::{App, Drained, Running, Settings};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A server, drained at the end.
pub(crate) struct TestServer {
    runtime: Runtime,
    running: Option<Running>,
    url: String,
}

impl TestServer {
    /// Starts a server with nothing in it.
    pub(crate) fn start() -> Self {
        Self::with(Settings::default())
    }

    /// Starts a server with these settings.
    pub(crate) fn with(settings: Settings) -> Self {
        let runtime = Runtime::new().unwrap();
        let app = App::build(settings).unwrap();
        let running = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            app.spawn(listener).await.unwrap()
        });
        let url = format!("http://{}", running.address());
        Self { runtime, running: Some(running), url }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Does something with a client of it.
    pub(crate) fn with_client<T, F: Future<Output = T>>(&self, work: impl FnOnce(Client) -> F) -> T {
        self.runtime.block_on(async {
            let client = Client::connect(&ClientSettings::new(&self.url)).await.unwrap();
            work(client).await
        })
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let drained = self.runtime.block_on(running.drain());
            assert!(std::thread::panicking() || drained == Drained::Whole);
        }
    }
}
