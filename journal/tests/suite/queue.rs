//! The queue and its writer: one order, nothing said before it is durable, nothing taken beyond the limits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};

use plimsoll_journal::{AppendError, Full, Journal, Limits, Sequence, Stopped};

use crate::gated::{Ends, Gated};

struct Setting {
    journal: Journal,
    records: Arc<Mutex<Vec<Vec<u8>>>>,
    gate: Sender<Result<(), AppendError>>,
    arrived: Receiver<usize>,
    failures: Arc<AtomicUsize>,
}

fn setting(limits: Limits) -> Setting {
    let (log, Ends { records, gate, arrived }) = Gated::new();
    let failures = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&failures);
    let failed = Box::new(move |_: &AppendError| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    Setting { journal: Journal::start(Box::new(log), limits, failed), records, gate, arrived, failures }
}

fn payload(number: u8) -> Vec<u8> {
    vec![number; 10]
}

#[tokio::test]
async fn no_answer_precedes_its_sync() {
    let own = setting(Limits::default());
    let first = own.journal.reserve().unwrap().append(payload(1));
    // The writer has it, and the disk has not answered.
    assert_eq!(own.arrived.recv(), Ok(1));
    let waits = own.journal.follow();
    let waiting = async move { waits.clone().reached(first).await };
    tokio::pin!(waiting);
    let is_early = tokio::select! {
        biased;
        _ = &mut waiting => true,
        () = std::future::ready(()) => false,
    };
    assert!(!is_early && own.journal.durable() == Sequence::NONE);
    // What comes meanwhile is one batch.
    let rest: Vec<Sequence> =
        (2..6).map(|own_number| own.journal.reserve().unwrap().append(payload(own_number))).collect();
    own.gate.send(Ok(())).unwrap();
    assert_eq!(waiting.await, Ok(()));
    assert_eq!(own.arrived.recv(), Ok(4));
    own.gate.send(Ok(())).unwrap();
    assert_eq!(own.journal.follow().reached(rest[3]).await, Ok(()));
    assert_eq!(own.journal.durable(), Sequence(5));
    let expected: Vec<Vec<u8>> = (1..6).map(payload).collect();
    assert_eq!(*own.records.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_failed_append_stops_everything() {
    let own = setting(Limits::default());
    let first = own.journal.reserve().unwrap().append(payload(1));
    let later = {
        assert_eq!(own.arrived.recv(), Ok(1));
        own.journal.reserve().unwrap().append(payload(2))
    };
    own.gate.send(Err(AppendError::Failed("no space left".to_owned()))).unwrap();
    for sequence in [first, later] {
        assert_eq!(own.journal.follow().reached(sequence).await, Err(Stopped));
    }
    assert_eq!(own.failures.load(Ordering::SeqCst), 1);
    assert!(matches!(own.journal.reserve(), Err(Full)));
    assert_eq!(own.journal.durable(), Sequence::NONE);
    assert!(own.records.lock().unwrap().is_empty());
}

#[test]
fn the_queue_is_bounded_before_anything_is_decided() {
    let own = setting(Limits { records: 3, ..Limits::default() });
    let slots: Vec<_> = (0..3).map(|_| own.journal.reserve().unwrap()).collect();
    assert!(matches!(own.journal.reserve(), Err(Full)));
    // What is decided to be nothing gives its room back.
    drop(slots);
    let bytes = setting(Limits { bytes: 15, ..Limits::default() });
    bytes.journal.reserve().unwrap().append(payload(1));
    assert_eq!(bytes.arrived.recv(), Ok(1));
    bytes.journal.reserve().unwrap().append(payload(2));
    bytes.journal.reserve().unwrap().append(payload(3));
    assert!(matches!(bytes.journal.reserve(), Err(Full)));
    for _ in 0..3 {
        bytes.gate.send(Ok(())).unwrap();
    }
    bytes.journal.close();
    assert_eq!(bytes.records.lock().unwrap().len(), 3, "what waits is written before it stops");
}

#[tokio::test]
async fn a_log_that_panics_has_failed() {
    let Setting { journal, gate, arrived, failures, .. } = setting(Limits::default());
    let first = journal.reserve().unwrap().append(payload(1));
    arrived.recv().unwrap();
    drop(gate);
    assert_eq!(journal.follow().reached(first).await, Err(Stopped));
    assert_eq!(failures.load(Ordering::SeqCst), 1);
    assert!(journal.reserve().is_err());
}
