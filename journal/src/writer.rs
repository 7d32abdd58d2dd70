//! Group commit: whoever decides puts a record into a bounded queue, one writer appends all that waits at once, and whoever answers waits
//! until what was decided is durable.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use thiserror::Error;
use tokio::sync::watch;

use crate::log::{AppendError, JournalError, Log, LogReader, Removable};
use crate::record::Sequence;

/// How much may wait, and how much is written at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Records that wait or are about to.
    pub records: usize,
    /// Bytes that wait: with so many nothing more is taken.
    pub bytes: usize,
    /// Bytes of a batch.
    pub batch_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { records: 65_536, bytes: 64 * 1024 * 1024, batch_bytes: 4 * 1024 * 1024 }
    }
}

/// So much waits already that nothing more is taken.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("too many records wait to be written")]
pub struct Full;

/// The journal does not write any more.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the journal has stopped")]
pub struct Stopped;

#[derive(Debug)]
struct Queue {
    next: Sequence,
    waiting: Vec<Vec<u8>>,
    bytes: usize,
    reserved: usize,
    is_closed: bool,
}

/// The sequence behind all that is durable.
#[derive(Clone, Copy, Debug)]
struct End {
    end: Sequence,
    is_stopped: bool,
}

/// Follows what is durable.
#[derive(Clone, Debug)]
pub struct Durable(watch::Receiver<End>);

impl Durable {
    /// The same on a thread that may block.
    ///
    /// # Errors
    /// [`Stopped`] if it never will be known to be.
    pub fn reached_blocking(mut self, sequence: Sequence) -> Result<(), Stopped> {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|_| Stopped)?
            .block_on(self.reached(sequence))
    }

    /// Waits until a record is durable.
    ///
    /// # Errors
    /// [`Stopped`] if it never will be known to be.
    pub async fn reached(&mut self, sequence: Sequence) -> Result<(), Stopped> {
        let is_over = |own: &End| own.end > sequence || own.is_stopped;
        let own = self.0.wait_for(is_over).await.map_err(|_| Stopped)?;
        if own.end > sequence { Ok(()) } else { Err(Stopped) }
    }
}

/// Room for one record.
pub struct Slot<'a> {
    shared: &'a Shared,
    is_used: bool,
}

impl fmt::Debug for Slot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

impl Slot<'_> {
    /// Takes the next sequence for a record; it will be durable later. The caller holds the lock under which it was decided.
    pub fn append(mut self, payload: Vec<u8>) -> Sequence {
        self.is_used = true;
        let mut queue = locked(&self.shared.queue);
        queue.reserved -= 1;
        queue.bytes += payload.len();
        queue.waiting.push(payload);
        let sequence = queue.next;
        queue.next = sequence.next();
        drop(queue);
        self.shared.filled.notify_one();
        sequence
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            locked(&self.shared.queue).reserved -= 1;
            self.shared.emptied.notify_one();
            // A journal that is being closed waits for what is reserved.
            self.shared.filled.notify_one();
        }
    }
}

struct Shared {
    queue: Mutex<Queue>,
    /// Something waits, or the queue is closed.
    filled: Condvar,
    /// Something was taken.
    emptied: Condvar,
    log: Mutex<Box<dyn Log>>,
    /// The end of what is durable.
    durable: watch::Sender<End>,
    limits: Limits,
}

/// What happens when an append fails: the state is ahead of the log.
pub type OnFailure = Box<dyn Fn(&AppendError) + Send>;

/// A log with its writer.
pub struct Journal {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("durable", &self.durable()).finish_non_exhaustive()
    }
}

fn locked<T>(own: &Mutex<T>) -> MutexGuard<'_, T> {
    own.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Journal {
    /// Starts the writer of a log.
    #[must_use]
    pub fn start(log: Box<dyn Log>, limits: Limits, on_failure: OnFailure) -> Self {
        let (next, _) = log.end();
        let queue = Queue { next, waiting: Vec::new(), bytes: 0, reserved: 0, is_closed: false };
        let shared = Arc::new(Shared {
            queue: Mutex::new(queue),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            log: Mutex::new(log),
            durable: watch::Sender::new(End { end: next, is_stopped: false }),
            limits,
        });
        let own = Arc::clone(&shared);
        let writer =
            std::thread::Builder::new().name("journal".to_owned()).spawn(move || own.write(&on_failure));
        // Without its writer nothing would ever be durable: every wait ends with `Stopped`.
        if writer.is_err() {
            locked(&shared.queue).is_closed = true;
        }
        Self { shared, writer: Mutex::new(writer.ok()) }
    }

    /// Room for one record, taken before anything is decided.
    ///
    /// # Errors
    /// [`Full`].
    pub fn reserve(&self) -> Result<Slot<'_>, Full> {
        let mut queue = locked(&self.shared.queue);
        if queue.is_closed || self.shared.is_full(&queue) {
            return Err(Full);
        }
        queue.reserved += 1;
        Ok(Slot { shared: &self.shared, is_used: false })
    }

    /// The same, waiting for room.
    ///
    /// # Errors
    /// [`Full`] when the journal has stopped.
    pub fn reserve_waiting(&self) -> Result<Slot<'_>, Full> {
        let mut queue = locked(&self.shared.queue);
        while !queue.is_closed && self.shared.is_full(&queue) {
            queue = self.shared.emptied.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.is_closed {
            return Err(Full);
        }
        queue.reserved += 1;
        Ok(Slot { shared: &self.shared, is_used: false })
    }

    /// The sequence up to which everything is durable.
    #[must_use]
    pub fn durable(&self) -> Sequence {
        Sequence(self.shared.durable.borrow().end.0.saturating_sub(1))
    }

    /// The sequence of the next record: all before it are in the queue or in the log.
    #[must_use]
    pub fn next(&self) -> Sequence {
        locked(&self.shared.queue).next
    }

    /// Follows what is durable.
    #[must_use]
    pub fn follow(&self) -> Durable {
        Durable(self.shared.durable.subscribe())
    }

    /// What is in the log now.
    #[must_use]
    pub fn reader(&self) -> Box<dyn LogReader> {
        locked(&self.shared.log).reader()
    }

    /// Archives what recovery does not need, and removes what is older than is kept.
    ///
    /// # Errors
    /// What the disk says.
    pub fn tidy(
        &self,
        archive_before: Sequence,
        remove_before: Sequence,
    ) -> Result<(usize, usize), JournalError> {
        let mut log = locked(&self.shared.log);
        Ok((log.archive_before(archive_before)?, log.remove_before(remove_before)?))
    }

    /// What removing everything before a sequence would remove.
    #[must_use]
    pub fn removable_before(&self, sequence: Sequence) -> Vec<Removable> {
        locked(&self.shared.log).removable_before(sequence)
    }

    /// Writes what waits, and stops.
    pub fn close(&self) {
        locked(&self.shared.queue).is_closed = true;
        self.shared.filled.notify_all();
        self.shared.emptied.notify_all();
        if let Some(writer) = locked(&self.writer).take() {
            // A writer that has panicked has told nobody that anything is durable.
            let _ = writer.join();
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn is_full(&self, queue: &Queue) -> bool {
        queue.waiting.len() + queue.reserved >= self.limits.records || queue.bytes >= self.limits.bytes
    }

    fn write(&self, on_failure: &OnFailure) {
        while let Some((first, batch)) = self.batch() {
            let count = batch.len() as u64;
            // A store may panic on what it finds; that the disk has the batch is not known then either.
            let append = AssertUnwindSafe(|| locked(&self.log).append(first, &batch));
            let appended = catch_unwind(append);
            let appended =
                appended.unwrap_or_else(|_| Err(AppendError::Failed("the store panicked".to_owned())));
            if let Err(error) = appended {
                on_failure(&error);
                locked(&self.queue).is_closed = true;
                break;
            }
            self.durable.send_modify(|own| own.end = first.after(count));
        }
        // Whoever still waits is told that the journal has stopped.
        self.durable.send_modify(|own| own.is_stopped = true);
        self.emptied.notify_all();
    }

    /// What is written next; `None` when the journal is closed and nothing waits.
    fn batch(&self) -> Option<(Sequence, Vec<Vec<u8>>)> {
        let mut queue = locked(&self.queue);
        while queue.waiting.is_empty() {
            if queue.is_closed && queue.reserved == 0 {
                return None;
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let mut bytes = 0;
        let fits = |own: &&Vec<u8>| {
            bytes += own.len();
            bytes <= self.limits.batch_bytes
        };
        let count = queue.waiting.iter().take_while(fits).count().max(1);
        let first = Sequence(queue.next.0 - queue.waiting.len() as u64);
        let rest = queue.waiting.split_off(count);
        let batch = std::mem::replace(&mut queue.waiting, rest);
        queue.bytes -= batch.iter().map(Vec::len).sum::<usize>();
        self.emptied.notify_all();
        Some((first, batch))
    }
}
