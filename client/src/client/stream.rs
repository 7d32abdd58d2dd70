//! Portfolios on a stream: a bounded number on its way, answers in order.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_engine::span::Portfolio;
use plimsoll_proto::v1;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Request, Status, Streaming};

use super::{Client, answered, calculated};
use crate::answer::Calculated;
use crate::error::{ClientError, MalformedAnswer};
use crate::request::CalculationRequest;
use crate::{from_proto, to_proto};

/// The positions that may be on their way at a time: two of the largest portfolios.
const MOST_POSITIONS_AHEAD: usize = 2 * Portfolio::MOST_POSITIONS;

/// What a portfolio counts for at least, which bounds the number of small ones on their way to 100.
const LEAST_POSITIONS: usize = MOST_POSITIONS_AHEAD / MOST_REQUESTS_AHEAD;
const MOST_REQUESTS_AHEAD: usize = 100;

/// A request that was sent and has no answer yet.
#[derive(Debug)]
struct Awaited {
    account: String,
    positions: u32,
}

/// The answers to a stream of requests, in the order of the requests.
#[derive(Debug)]
pub struct Answers {
    stream: Streaming<v1::CalculateStreamResponse>,
    awaited: mpsc::Receiver<Awaited>,
    window: Arc<Semaphore>,
    /// The task that sends the requests; it ends with the answers.
    sending: JoinSet<()>,
    timeout: Duration,
    ended: bool,
}

impl Answers {
    pub(super) async fn open<S>(client: &Client, requests: S) -> Result<Self, ClientError>
    where
        S: Stream<Item = CalculationRequest> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(1);
        let (expect, awaited) = mpsc::channel(MOST_REQUESTS_AHEAD);
        let window = Arc::new(Semaphore::new(MOST_POSITIONS_AHEAD));
        let mut sending = JoinSet::new();
        sending.spawn(send(requests, Arc::clone(&window), expect, sender));
        let mut service = client.margin.clone();
        let call = service.calculate_stream(Request::new(ReceiverStream::new(receiver)));
        let stream = answered(tokio::time::timeout(client.call_timeout, call).await.map_err(late)?)?;
        Ok(Self { stream, awaited, window, sending, timeout: client.call_timeout, ended: false })
    }

    /// The next answer; `None` after the last one. Nothing comes after an error. A call that is dropped before it is done
    /// loses its answer.
    ///
    /// # Errors
    /// [`ClientError`] where the stream fails or an answer is malformed; what is wrong with single portfolios is in the
    /// answers.
    pub async fn next(&mut self) -> Option<Result<Calculated, ClientError>> {
        if self.ended {
            return None;
        }
        let answer = self.answer().await.transpose();
        self.ended = !matches!(answer, Some(Ok(_)));
        answer
    }

    async fn answer(&mut self) -> Result<Option<Calculated>, ClientError> {
        // The next request may take its time; only the answer to one that was sent may be late.
        let mut early = None;
        let awaited = tokio::select! {
            biased;
            awaited = self.awaited.recv() => awaited,
            message = self.stream.message() => {
                // What is sent is expected before, so that an answer that came between the two looks finds its request here.
                let awaited = match self.awaited.try_recv() {
                    Ok(awaited) => Some(awaited),
                    Err(TryRecvError::Disconnected) => None,
                    Err(TryRecvError::Empty) => return Err(unasked(message)),
                };
                early = Some(message);
                awaited
            }
        };
        let message = match early {
            Some(message) => message,
            None => tokio::time::timeout(self.timeout, self.stream.message()).await.map_err(late)?,
        };
        match (awaited, message) {
            (Some(awaited), Ok(Some(message))) => {
                self.window.add_permits(awaited.positions as usize);
                let response = from_proto::required("response", message.response)?;
                calculated(&awaited.account, response).map(Some)
            }
            (None, Ok(None)) => match self.sending.join_next().await {
                Some(Err(panic)) => Err(ClientError::Source(io::Error::other(panic))),
                Some(Ok(())) | None => Ok(None),
            },
            (_, other) => Err(unasked(other)),
        }
    }
}

/// Sends the requests as the window allows, each after it is expected.
async fn send(
    requests: impl Stream<Item = CalculationRequest>,
    window: Arc<Semaphore>,
    expect: mpsc::Sender<Awaited>,
    sender: mpsc::Sender<v1::CalculateStreamRequest>,
) {
    let mut requests = std::pin::pin!(requests);
    while let Some(request) = requests.next().await {
        let size = request.portfolio.positions.len().clamp(LEAST_POSITIONS, Portfolio::MOST_POSITIONS);
        let positions = u32::try_from(size).unwrap_or(u32::MAX);
        let Ok(permits) = window.acquire_many(positions).await else { return };
        permits.forget();
        let awaited = Awaited { account: request.account.clone(), positions };
        let message = v1::CalculateStreamRequest { request: Some(to_proto::calculate(request)) };
        if expect.send(awaited).await.is_err() || sender.send(message).await.is_err() {
            return;
        }
    }
    // Whoever sees the end of the answers knows that no request is expected any more.
    drop(expect);
    drop(sender);
}

fn unasked(message: Result<Option<v1::CalculateStreamResponse>, Status>) -> ClientError {
    match message {
        Err(status) => from_proto::status(&status),
        Ok(Some(_)) => MalformedAnswer::new("responses", "an answer to no request").into(),
        Ok(None) => MalformedAnswer::new("responses", "the stream ended before its last answer").into(),
    }
}

fn late(_: tokio::time::error::Elapsed) -> ClientError {
    ClientError::Status {
        code: Code::DeadlineExceeded,
        message: "the server did not answer in time".to_owned(),
        violations: Vec::new(),
    }
}
