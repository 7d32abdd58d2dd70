//! Accepted connections: counted, without delay, and closed when the server has waited long enough.
//!
//! HTTP/2 looks after a connection once its preface has come; before that a client that sends nothing would be kept for
//! ever, so the preface has a time limit here.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// The bytes that every HTTP/2 client sends first.
const PREFACE_BYTES: usize = 24;
/// How long a client may take to send them.
const PREFACE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait after the system has no more resources for connections.
const PAUSE: Duration = Duration::from_millis(100);

/// The connections of a listener. Dropping it closes the listener.
pub(crate) struct Connections {
    listener: TcpListener,
    permits: Arc<Semaphore>,
    cut: CancellationToken,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Connections {
    /// Accepts at most `most` connections at a time; all of them are cut by the token.
    pub(crate) fn new(listener: TcpListener, most: usize, cut: CancellationToken) -> Self {
        Self { listener, permits: Arc::new(Semaphore::new(most)), cut, pause: None }
    }

    fn accepted(&self, stream: TcpStream) -> Option<Connection> {
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            tracing::debug!("connection closed: the server has as many as it is set to have");
            return None;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection closed: it is gone already");
            return None;
        }
        Some(Connection {
            stream,
            cut: Box::pin(self.cut.clone().cancelled_owned()),
            preface: Some((PREFACE_BYTES, Box::pin(tokio::time::sleep(PREFACE_TIMEOUT)))),
            _permit: permit,
        })
    }
}

impl Stream for Connections {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.listener.poll_accept(cx)) {
                Ok((stream, _)) => {
                    if let Some(connection) = self.accepted(stream) {
                        return Poll::Ready(Some(Ok(connection)));
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted now");
                    self.pause = Some(Box::pin(tokio::time::sleep(PAUSE)));
                }
            }
        }
    }
}

/// Whether the error is about the connection that was to be accepted, not about the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// One connection; its place is free again when it is dropped.
pub(crate) struct Connection {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// What is missing of the preface, and until when it may be.
    preface: Option<(usize, Pin<Box<Sleep>>)>,
    _permit: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the server is stopping",
            )));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Some((missing, limit)) = &mut self.preface {
            *missing = missing.saturating_sub(buffer.filled().len() - before);
            if *missing == 0 {
                self.preface = None;
            } else if polled.is_pending() && limit.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "no HTTP/2 preface came")));
            }
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_stream::StreamExt;

    use super::*;

    async fn connections(most: usize) -> (Connections, SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, cut) = (listener.local_addr().unwrap(), CancellationToken::new());
        (Connections::new(listener, most, cut.clone()), address, cut)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_no_preface_is_let_go() {
        let (mut connections, address, _cut) = connections(1).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut connection = connections.next().await.unwrap().unwrap();
        client.write_all(&[b'x'; PREFACE_BYTES - 1]).await.unwrap();
        let mut all = Vec::new();
        let ended = connection.read_to_end(&mut all).await.unwrap_err();
        assert_eq!((ended.kind(), all.len()), (io::ErrorKind::TimedOut, PREFACE_BYTES - 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sent_it_may_be_silent_until_it_is_cut() {
        let (mut connections, address, cut) = connections(1).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut connection = connections.next().await.unwrap().unwrap();
        client.write_all(&[b'x'; PREFACE_BYTES]).await.unwrap();
        connection.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        let silent = tokio::time::timeout(10 * PREFACE_TIMEOUT, connection.read_u8()).await;
        assert!(silent.is_err());
        cut.cancel();
        assert_eq!(connection.read_u8().await.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    }

    #[tokio::test]
    async fn a_connection_has_its_place_until_it_is_dropped() {
        let (mut connections, address, _cut) = connections(1).await;
        let _first = TcpStream::connect(address).await.unwrap();
        let accepted = connections.next().await.unwrap().unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        let _third = {
            let turned_away = async { second.read_u8().await };
            tokio::select! {
                ended = turned_away => assert!(ended.is_err()),
                _ = connections.next() => panic!("accepted beyond the bound"),
            }
            drop(accepted);
            TcpStream::connect(address).await.unwrap()
        };
        assert!(connections.next().await.unwrap().is_ok());
    }
}
