//! Portfolios as they come, answered in order.
//!
//! The next request is taken up only when the transport asks for the next answer, so nothing piles up for a client that
//! does not read: its requests wait in the transport's window. Dropping the answers ends the exchange.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use plimsoll_proto::v1;
use tokio_stream::Stream;
use tokio_util::sync::ReusableBoxFuture;
use tonic::{Status, Streaming};

use super::super::status;
use super::super::to_proto;
use super::super::violations::Violations;
use super::MarginCalls;
use super::answer::answer_in_place;

type Answer = Result<v1::CalculateStreamResponse, Status>;

/// One client's stream of requests.
pub(super) struct Exchange {
    pub(super) calls: MarginCalls,
    pub(super) requests: Streaming<v1::CalculateStreamRequest>,
}

impl Exchange {
    /// Waits for a request and answers it; `None` after the client's last.
    async fn next(mut self) -> Option<(Self, Answer)> {
        // Gives way to other calls of this thread now and then, however fast the requests come.
        tokio::task::coop::consume_budget().await;
        let request = match self.request().await {
            Ok(Some(request)) => request,
            Ok(None) => return None,
            Err(status) => return Some((self, Err(status))),
        };
        let answer = self.answer(request).await;
        let answer = answer.map(|response| v1::CalculateStreamResponse { response: Some(response) });
        Some((self, answer))
    }

    async fn request(&mut self) -> Result<Option<v1::CalculateStreamRequest>, Status> {
        let limit = self.calls.idle_timeout;
        let message = tokio::time::timeout(limit, self.requests.message());
        message.await.map_err(|_| status::idle(limit))?.map_err(status::of_transport)
    }

    async fn answer(&self, request: v1::CalculateStreamRequest) -> Result<v1::CalculateResponse, Status> {
        let Some(request) = request.request else {
            let faults = Violations::one("request", "is missing");
            return Ok(to_proto::invalid(&v1::CalculateRequest::default(), &faults));
        };
        self.calls.work(request, answer_in_place).await
    }
}

/// The answers to a stream of requests. An error is the last of them.
pub(crate) struct Answers {
    next: Option<ReusableBoxFuture<'static, Option<(Exchange, Answer)>>>,
}

impl Answers {
    pub(super) fn new(exchange: Exchange) -> Self {
        Self { next: Some(ReusableBoxFuture::new(exchange.next())) }
    }
}

impl Stream for Answers {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        match ready!(next.poll(cx)) {
            Some((exchange, Ok(answer))) => {
                next.set(exchange.next());
                Poll::Ready(Some(Ok(answer)))
            }
            Some((_, Err(status))) => {
                self.next = None;
                Poll::Ready(Some(Err(status)))
            }
            None => {
                self.next = None;
                Poll::Ready(None)
            }
        }
    }
}
