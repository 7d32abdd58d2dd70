//! The sending of an answer: its call keeps its place until the last of it is taken, the call ends, or its time is over.
//!
//! The transport asks for more only as the client reads. A client that does not read would keep what is left of an answer
//! in memory for as long as it likes, so a timer beside the transport drops that when the time is over; a client that
//! reads on after that is told so.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use http_body::{Body as _, Frame, SizeHint};
use tokio::task::AbortHandle;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::HeaderMap;

use super::deadline::Deadline;
use super::gate::InProgress;
use super::status;

/// The most bytes that the transport is handed at a time: it asks for more once it has room for some of these, so this is
/// what can be left with it of an answer that is dropped here.
const PIECE_BYTES: usize = 16 * 1024;

/// An answer on its way.
pub(super) struct Sending {
    rest: Arc<Mutex<Rest>>,
    timer: Option<AbortHandle>,
}

/// What is left to send.
enum Rest {
    /// Bytes that were taken from the answer, and the answer.
    Open { taken: Bytes, answer: Body, waiting: Option<Waker>, _place: InProgress },
    /// The time is over, and the client has not been told.
    Late,
    /// Nothing.
    Ended,
}

impl Sending {
    /// Sends an answer that keeps this place, until the deadline if there is one.
    pub(super) fn of(answer: Body, place: InProgress, deadline: Option<Deadline>) -> Body {
        if answer.is_end_stream() {
            return answer;
        }
        let open = Rest::Open { taken: Bytes::new(), answer, waiting: None, _place: place };
        let rest = Arc::new(Mutex::new(open));
        let timer = deadline.map(|deadline| {
            // The timer is no reason to keep an answer that nobody sends any more.
            let rest = Arc::downgrade(&rest);
            let late = async move {
                deadline.passed().await;
                if let Some(rest) = rest.upgrade() {
                    end_late(&rest);
                }
            };
            tokio::spawn(late).abort_handle()
        });
        Body::new(Self { rest, timer })
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
    }
}

/// Everything in it is replaced whole, so a panic of another holder leaves nothing half-changed.
fn locked(rest: &Mutex<Rest>) -> MutexGuard<'_, Rest> {
    rest.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Drops what is left of an answer, and its place with it.
fn end_late(rest: &Mutex<Rest>) {
    let mut now = locked(rest);
    if !matches!(*now, Rest::Open { .. }) {
        return;
    }
    let left = mem::replace(&mut *now, Rest::Late);
    // What is dropped, and who is woken, may come back to this lock.
    drop(now);
    if let Rest::Open { waiting: Some(waker), .. } = left {
        waker.wake();
    }
}

type Piece = Option<Result<Frame<Bytes>, Status>>;

impl Rest {
    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        let next = match self {
            Self::Open { taken, answer, waiting, .. } => {
                if taken.is_empty() {
                    match Pin::new(answer).poll_frame(cx) {
                        Poll::Pending => {
                            *waiting = Some(cx.waker().clone());
                            return Poll::Pending;
                        }
                        Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                            Ok(bytes) => *taken = bytes,
                            // Trailers are the last.
                            Err(trailers) => return Poll::Ready(self.last(Some(Ok(trailers)))),
                        },
                        Poll::Ready(end) => return Poll::Ready(self.last(end)),
                    }
                }
                piece(taken)
            }
            Self::Late => return Poll::Ready(self.last(Some(late()))),
            Self::Ended => return Poll::Ready(None),
        };
        Poll::Ready(Some(Ok(Frame::data(next))))
    }

    fn last(&mut self, last: Piece) -> Piece {
        *self = Self::Ended;
        last
    }
}

/// The next bytes for the transport. A part of an answer is copied: it would keep the whole answer in memory.
fn piece(taken: &mut Bytes) -> Bytes {
    if taken.len() <= PIECE_BYTES {
        return mem::take(taken);
    }
    Bytes::copy_from_slice(&taken.split_to(PIECE_BYTES))
}

/// The end of an answer whose time was over before all of it was taken.
fn late() -> Result<Frame<Bytes>, Status> {
    let mut trailers = HeaderMap::new();
    status::deadline_exceeded().add_header(&mut trailers)?;
    Ok(Frame::trailers(trailers))
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Piece> {
        locked(&self.rest).next(cx)
    }

    fn is_end_stream(&self) -> bool {
        match &*locked(&self.rest) {
            Rest::Open { taken, answer, .. } => taken.is_empty() && answer.is_end_stream(),
            Rest::Late => false,
            Rest::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        // What is left may never be sent.
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::{BodyExt, Full, StreamBody};
    use tokio::sync::Semaphore;
    use tonic::Code;

    use super::super::deadline::Deadlines;
    use super::*;

    async fn sent(mut body: Body) -> (Vec<u8>, Option<HeaderMap>) {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame.unwrap().into_data() {
                Ok(piece) => {
                    assert!(piece.len() <= PIECE_BYTES);
                    bytes.extend_from_slice(&piece);
                }
                Err(trailers) => return (bytes, trailers.into_trailers().ok()),
            }
        }
        (bytes, None)
    }

    fn deadline() -> Option<Deadline> {
        Deadlines::new(Duration::from_secs(30)).of("/a/b", &HeaderMap::new())
    }

    /// An answer of these bytes that keeps the one place of a server.
    fn sending(bytes: Vec<u8>, deadline: Option<Deadline>) -> (Body, Arc<Semaphore>) {
        let places = Arc::new(Semaphore::new(1));
        let place = InProgress::at(&places).unwrap();
        (Sending::of(Body::new(Full::new(Bytes::from(bytes))), place, deadline), places)
    }

    #[tokio::test]
    async fn an_answer_goes_out_whole_and_frees_its_place() {
        for size in [1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 10 * PIECE_BYTES + 7] {
            let bytes: Vec<u8> = (0..=250).cycle().take(size).collect();
            let (body, places) = sending(bytes.clone(), deadline());
            assert_eq!(places.available_permits(), 0);
            assert_eq!(sent(body).await, (bytes, None));
            assert_eq!(places.available_permits(), 1);
        }
        let (body, places) = sending(vec![1], deadline());
        drop(body);
        assert_eq!(places.available_permits(), 1, "the call has ended");
        let (body, places) = sending(Vec::new(), deadline());
        assert!(body.is_end_stream());
        assert_eq!(places.available_permits(), 1, "nothing is to be sent");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_taken_in_time_is_dropped() {
        let (mut body, places) = sending(vec![7; 100 * PIECE_BYTES], deadline());
        assert!(body.frame().await.unwrap().unwrap().is_data());
        // The clock runs on while all of the test waits.
        places.acquire().await.unwrap().forget();
        let (bytes, trailers) = sent(body).await;
        assert_eq!(bytes, [0; 0]);
        assert_eq!(Status::from_header_map(&trailers.unwrap()).unwrap().code(), Code::DeadlineExceeded);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_come_in_time_is_ended() {
        let places = Arc::new(Semaphore::new(1));
        let silent = StreamBody::new(tokio_stream::pending::<Result<Frame<Bytes>, Status>>());
        let body = Sending::of(Body::new(silent), InProgress::at(&places).unwrap(), deadline());
        let (_, trailers) = sent(body).await;
        assert_eq!(Status::from_header_map(&trailers.unwrap()).unwrap().code(), Code::DeadlineExceeded);
        assert_eq!(places.available_permits(), 1);
    }
}
