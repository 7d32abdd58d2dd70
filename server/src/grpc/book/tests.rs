//! No answer precedes its sync: a log that appends when it is told to holds the answer until then. And an order whose deadline
//! passes while its request comes is never written.

mod waiting;

use std::iter;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use gated::{Ends, Gated};
use http_body::Frame;
use http_body_util::StreamBody;
use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample};
use plimsoll_journal::{AppendError, Cuts, Disk, Journal, Limits, RealDisk};
use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_server::BookService as _;
use plimsoll_proto::v1::book_service_server::BookServiceServer;
use plimsoll_proto::v1::submit_request::Command;
use prost::Message as _;
use tonic::body::Body;
use tonic::codegen::{Bytes, http};
use tonic::{Code, Request, Response, Status};
use tower::Service as _;

use super::super::gate::{Gate, Routes};
use super::{BookCalls, Threads};
use crate::book::{Book, Chronicle};
use crate::registry::{AccountScope, Registry};
use crate::workers::Workers;

#[allow(dead_code, reason = "the journal's own tests use the rest")]
#[path = "../../../../journal/tests/suite/gated.rs"]
mod gated;

struct Setting {
    // Dropped first: a writer that waits for it ends.
    gate: Sender<Result<(), AppendError>>,
    calls: Arc<BookCalls>,
    arrived: Receiver<usize>,
    folder: std::path::PathBuf,
    /// Has the workers.
    runtime: tokio::runtime::Runtime,
}

impl Drop for Setting {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Makes a set of the sample exchange active.
fn activate(registry: &Registry, digest: u8) {
    let digest = Digest([digest; 32]);
    let set = build(&sample::definition(), digest, RoundingProfile::Exact, Default::default()).unwrap().0;
    let id = set.id().to_owned();
    registry.insert(set, Default::default()).unwrap();
    registry.activate(&id, AccountScope::default(), false).unwrap();
}

fn setting(name: &str) -> Setting {
    let registry = Arc::new(Registry::new(1));
    activate(&registry, 1);
    let folder = std::env::temp_dir().join(format!("plimsoll-{name}-{}", std::process::id()));
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&folder).unwrap());
    let (log, Ends { gate, arrived, .. }) = Gated::new();
    let journal = Journal::start(Box::new(log), Limits::default(), Box::new(|_| ()));
    let chronicle = Arc::new(Chronicle::new(journal, Cuts::open(&disk).unwrap()));
    let book = Arc::new(Book::new(registry, chronicle));
    let calls = Arc::new(BookCalls::new(book, Threads::new(1, Workers::new(1, 10)), None));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    Setting { calls, gate, arrived, folder, runtime }
}

impl Setting {
    /// Whether a call is answered only once what it wrote is durable; its answer.
    fn held<T>(&self, call: impl Future<Output = Result<Response<T>, Status>>) -> T {
        let _workers = self.runtime.enter();
        let mut call = pin!(call);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            assert!(
                call.as_mut().poll(&mut context).is_pending(),
                "it is answered before anything is durable"
            );
            // The writer has all that was enqueued, and the disk has not answered.
            let mut open = self.arrived.recv_timeout(Duration::from_secs(60)).expect("it is never written");
            assert!(call.as_mut().poll(&mut context).is_pending(), "it is answered before its sync");
            while open > 0 {
                self.gate.send(Ok(())).unwrap();
                open = self.arrived.try_recv().unwrap_or(0);
            }
            // Waking comes from the writer's thread; the answer follows the last record.
            for _ in 0..1_000_000 {
                if let Poll::Ready(answer) = call.as_mut().poll(&mut context) {
                    return answer.unwrap().into_inner();
                }
                if let Ok(more) = self.arrived.try_recv() {
                    assert!(more > 0);
                    self.gate.send(Ok(())).unwrap();
                }
                std::thread::yield_now();
            }
        }
    }
}

fn name() -> Option<v1::GroupName> {
    Some(v1::GroupName { house: "HARBOR".to_owned(), group: "G".to_owned() })
}

fn group() -> Request<v1::CreateGroupRequest> {
    let (member, currency) = ("M".to_owned(), "USD".to_owned());
    Request::new(v1::CreateGroupRequest { name: name(), member, origin: v1::Origin::Client.into(), currency })
}

fn open_account() -> v1::SubmitRequest {
    let open = v1::OpenMarginAccount { account: "A".to_owned(), ..Default::default() };
    let command = Some(Command::OpenMarginAccount(open));
    v1::SubmitRequest { name: name(), command_id: "C1".to_owned(), command }
}

#[test]
fn no_answer_precedes_its_sync() {
    let setting = setting("gated");
    setting.held(setting.calls.create_group(group()));
    let answer = setting.held(setting.calls.submit(Request::new(open_account())));
    assert_eq!((answer.refused, answer.log_sequence > 1), (None, true));
}

/// The frame of a request, which takes so long to come: the clock stands while nothing polls it.
fn slow(request: &v1::SubmitRequest, takes: Duration) -> Body {
    let mut framed = vec![0];
    framed.extend(u32::try_from(request.encoded_len()).unwrap().to_be_bytes());
    request.encode(&mut framed).unwrap();
    let mut frame = Some(Frame::data(Bytes::from(framed)));
    Body::new(StreamBody::new(tokio_stream::iter(iter::from_fn(move || {
        // Its first poll moves the clock; what it waits for then is of no interest.
        let _ = pin!(tokio::time::advance(takes)).poll(&mut Context::from_waker(Waker::noop()));
        frame.take().map(Ok::<_, Status>)
    }))))
}

#[test]
fn a_request_whose_deadline_passes_while_it_comes_is_not_written() {
    let setting = setting("late");
    setting.held(setting.calls.create_group(group()));
    let mut routes = Routes::default();
    routes.add(BookServiceServer::from_arc(Arc::clone(&setting.calls)));
    let mut gate = Gate::over(routes, 10, Duration::from_secs(30));
    let late = http::Request::post("/plimsoll.v1.BookService/Submit")
        .header("content-type", "application/grpc")
        .body(slow(&open_account(), Duration::from_secs(31)))
        .unwrap();
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let late = clock.unwrap().block_on(async { gate.call(late).await.unwrap() });
    assert_eq!(Status::from_header_map(late.headers()).unwrap().code(), Code::DeadlineExceeded);
    // The account would be there.
    let other = v1::SubmitRequest { command_id: "C2".to_owned(), ..open_account() };
    let answer = setting.held(setting.calls.submit(Request::new(other)));
    assert_eq!(answer.refused, None);
}
