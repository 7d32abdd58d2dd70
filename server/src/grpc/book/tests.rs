//! No answer precedes its sync: a log that appends when it is told to holds the answer until then.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Waker};

use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample};
use plimsoll_journal::{
    AppendError, Chain, Cuts, Disk, Journal, JournalError, Limits, Log, LogReader, RealDisk, Sequence,
};
use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_server::BookService as _;
use plimsoll_proto::v1::submit_request::Command;
use tonic::{Request, Response, Status};

use super::BookCalls;
use crate::book::{Book, Chronicle};
use crate::registry::{AccountScope, Registry};
use crate::workers::Workers;

struct Gated {
    next: Sequence,
    gate: Receiver<()>,
    arrived: Sender<usize>,
}

struct Nothing;

impl LogReader for Nothing {
    fn oldest(&self) -> Sequence {
        Sequence(1)
    }

    fn read(
        &self,
        _: Sequence,
        _: &mut dyn FnMut(Sequence, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        Ok(())
    }
}

impl Log for Gated {
    fn end(&self) -> (Sequence, Chain) {
        (self.next, Chain::START)
    }

    fn append(&mut self, _: Sequence, payloads: &[Vec<u8>]) -> Result<(), AppendError> {
        self.arrived.send(payloads.len()).unwrap();
        self.gate.recv().map_err(|error| AppendError::Failed(error.to_string()))?;
        self.next = self.next.after(payloads.len() as u64);
        Ok(())
    }

    fn reader(&self) -> Box<dyn LogReader> {
        Box::new(Nothing)
    }

    fn archive_before(&mut self, _: Sequence) -> Result<usize, JournalError> {
        Ok(0)
    }

    fn remove_before(&mut self, _: Sequence) -> Result<usize, JournalError> {
        Ok(0)
    }
}

struct Setting {
    calls: BookCalls,
    gate: Sender<()>,
    arrived: Receiver<usize>,
    folder: std::path::PathBuf,
}

impl Drop for Setting {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn setting() -> Setting {
    let registry = Arc::new(Registry::new(1));
    let set = build(&sample::definition(), Digest([1; 32]), RoundingProfile::Exact, Default::default());
    let set = set.unwrap().0;
    let id = set.id().to_owned();
    registry.insert(set, Default::default()).unwrap();
    registry.activate(&id, AccountScope::default(), false).unwrap();
    let folder = std::env::temp_dir().join(format!("plimsoll-gated-{}", std::process::id()));
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&folder).unwrap());
    let (gate, opened) = channel();
    let (arrives, arrived) = channel();
    let log = Gated { next: Sequence(1), gate: opened, arrived: arrives };
    let journal = Journal::start(Box::new(log), Limits::default(), Box::new(|_| ()));
    let chronicle = Arc::new(Chronicle::new(journal, Cuts::open(&disk).unwrap()));
    let book = Arc::new(Book::new(registry, chronicle));
    Setting { calls: BookCalls::new(book, Workers::new(1, 10), None), gate, arrived, folder }
}

impl Setting {
    /// Whether a call is answered only once what it wrote is durable; its answer.
    fn held<T>(&self, call: impl Future<Output = Result<Response<T>, Status>>) -> T {
        let mut call = pin!(call);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            assert!(
                call.as_mut().poll(&mut context).is_pending(),
                "it is answered before anything is durable"
            );
            // The writer has all that was enqueued, and the disk has not answered.
            let mut open = self.arrived.recv().unwrap();
            assert!(call.as_mut().poll(&mut context).is_pending(), "it is answered before its sync");
            while open > 0 {
                self.gate.send(()).unwrap();
                open = self.arrived.try_recv().unwrap_or(0);
            }
            // Waking comes from the writer's thread; the answer follows the last record.
            for _ in 0..1_000_000 {
                if let Poll::Ready(answer) = call.as_mut().poll(&mut context) {
                    return answer.unwrap().into_inner();
                }
                if let Ok(more) = self.arrived.try_recv() {
                    assert!(more > 0);
                    self.gate.send(()).unwrap();
                }
                std::thread::yield_now();
            }
        }
    }
}

#[test]
fn no_answer_precedes_its_sync() {
    let setting = setting();
    let name = || Some(v1::GroupName { house: "HARBOR".to_owned(), group: "G".to_owned() });
    let group = v1::CreateGroupRequest {
        name: name(),
        member: "M".to_owned(),
        origin: v1::Origin::Client.into(),
        currency: "USD".to_owned(),
    };
    setting.held(setting.calls.create_group(Request::new(group)));
    let open = v1::OpenMarginAccount { account: "A".to_owned(), ..Default::default() };
    let request = v1::SubmitRequest {
        name: name(),
        command_id: "C1".to_owned(),
        command: Some(Command::OpenMarginAccount(open)),
    };
    let answer = setting.held(setting.calls.submit(Request::new(request)));
    assert_eq!((answer.refused, answer.log_sequence > 1), (None, true));
}
