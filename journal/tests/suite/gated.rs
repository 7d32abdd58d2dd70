//! A log that appends when it is told to.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use plimsoll_journal::{AppendError, Chain, JournalError, Log, LogReader, Removable, Sequence};

/// Batches arrive, and are appended when the gate says so.
pub(crate) struct Gated {
    records: Arc<Mutex<Vec<Vec<u8>>>>,
    gate: Receiver<Result<(), AppendError>>,
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
        (Sequence(self.records.lock().unwrap().len() as u64 + 1), Chain::START)
    }

    fn append(&mut self, expected: Sequence, payloads: &[Vec<u8>]) -> Result<(), AppendError> {
        assert_eq!(expected, self.end().0);
        self.arrived.send(payloads.len()).unwrap();
        self.gate.recv().unwrap()?;
        self.records.lock().unwrap().extend_from_slice(payloads);
        Ok(())
    }

    fn reader(&self) -> Box<dyn LogReader> {
        Box::new(Nothing)
    }

    fn archive_before(&mut self, _: Sequence) -> Result<usize, JournalError> {
        Ok(0)
    }

    fn removable_before(&self, _: Sequence) -> Vec<Removable> {
        Vec::new()
    }

    fn remove_before(&mut self, _: Sequence) -> Result<usize, JournalError> {
        Ok(0)
    }
}

/// What a test holds of it.
pub(crate) struct Ends {
    pub(crate) records: Arc<Mutex<Vec<Vec<u8>>>>,
    /// What each append comes to; a log whose gate is gone panics.
    pub(crate) gate: Sender<Result<(), AppendError>>,
    /// How many records each append has.
    pub(crate) arrived: Receiver<usize>,
}

impl Gated {
    pub(crate) fn new() -> (Self, Ends) {
        let records = Arc::default();
        let (gate, opened) = channel();
        let (arrives, arrived) = channel();
        let own = Self { records: Arc::clone(&records), gate: opened, arrived: arrives };
        (own, Ends { records, gate, arrived })
    }
}
