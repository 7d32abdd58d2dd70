//! A log on redb: segments of bounded size, each a store with one row for every batch, named by its first sequence.
//!
//! Only the last segment is written; a store that was not closed repairs itself within its size when it is opened. What a store loses, the
//! chain and the head show.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{
    Builder, Database, DatabaseError, ReadOnlyDatabase, ReadTransaction, ReadableDatabase as _,
    ReadableTable as _, StorageError, TableDefinition, TransactionError,
};

use crate::disk::{Disk, Folder};
use crate::head::{self, Head};
use crate::log::{AppendError, JournalError, Log, LogReader, Removable};
use crate::record::{Chain, Sequence, framed, unframed};

const BATCHES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("batches");
/// What a store keeps in memory of itself.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// A segment.
#[derive(Clone, Debug)]
struct Segment {
    name: String,
    folder: Folder,
    first: Sequence,
    /// The last one stays open.
    store: Option<Arc<Database>>,
}

impl Segment {
    fn file(&self) -> String {
        format!("{}/{}", self.folder.name(), self.name)
    }

    /// Itself, with the segment behind it.
    fn removable(&self, next: &Self) -> Removable {
        Removable { file: self.file(), first: self.first, last: Sequence(next.first.0.saturating_sub(1)) }
    }

    /// Its store, to be read: one that is not written any more stays as it is, down to the byte.
    fn readable(&self, disk: &dyn Disk) -> Result<Readable, JournalError> {
        if let Some(store) = &self.store {
            return Ok(Readable::Written(Arc::clone(store)));
        }
        let open = AssertUnwindSafe(|| disk.open_read_only(&builder(), self.folder, &self.name));
        let is_archived = || disk.names(Folder::Archive).is_ok_and(|names| names.contains(&self.name));
        match catch_unwind(open) {
            Ok(Ok(store)) => Ok(Readable::Closed(store)),
            // It has been moved since the reader was made.
            Ok(Err(_)) if self.folder == Folder::Log && is_archived() => {
                Self { folder: Folder::Archive, ..self.clone() }.readable(disk)
            }
            // The process ended before it was closed: it is repaired, once.
            Ok(Err(_)) | Err(_) => self.opened(disk, false).map(Readable::Written),
        }
    }

    /// Its store, opened where it is not open.
    fn opened(&self, disk: &dyn Disk, may_be_new: bool) -> Result<Arc<Database>, JournalError> {
        if let Some(store) = &self.store {
            return Ok(Arc::clone(store));
        }
        let damaged =
            |message: String| JournalError::Damaged { file: self.file(), sequence: self.first, message };
        let open = AssertUnwindSafe(|| disk.open(&builder(), self.folder, &self.name, may_be_new));
        match catch_unwind(open) {
            Ok(Ok(store)) => Ok(Arc::new(store)),
            Ok(Err(error)) => {
                Err(of_system(&self.file(), &error).unwrap_or_else(|| damaged(error.to_string())))
            }
            Err(_) => Err(damaged("the store cannot be read".to_owned())),
        }
    }
}

/// A store that is read.
enum Readable {
    Written(Arc<Database>),
    Closed(ReadOnlyDatabase),
}

impl Readable {
    fn begin(&self) -> Result<ReadTransaction, TransactionError> {
        match self {
            Self::Written(store) => store.begin_read(),
            Self::Closed(store) => store.begin_read(),
        }
    }
}

/// A log.
#[derive(Debug)]
pub struct Segments {
    disk: Arc<dyn Disk>,
    segments: Vec<Segment>,
    next: Sequence,
    chain: Chain,
    /// Bytes in the last segment.
    size: u64,
    most_bytes: u64,
    turn: u64,
}

fn name_of(first: Sequence) -> String {
    format!("{:020}.redb", first.0)
}

/// The segments of a disk, in order.
fn listed(disk: &dyn Disk) -> Result<Vec<Segment>, JournalError> {
    let mut segments = Vec::new();
    for folder in [Folder::Archive, Folder::Log] {
        for name in disk.names(folder).map_err(|error| io_error(folder.name(), error))? {
            let first = name.strip_suffix(".redb").and_then(|number| number.parse().ok()).map(Sequence);
            segments.extend(first.map(|first| Segment { name, folder, first, store: None }));
        }
    }
    segments.sort_by_key(|own| own.first);
    Ok(segments)
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

impl Segments {
    /// Bytes of batches in a segment.
    pub const SEGMENT_BYTES: u64 = 128 * 1024 * 1024;

    /// The oldest record of a disk's log; the first where there is none.
    ///
    /// # Errors
    /// What the disk says.
    pub fn oldest_of(disk: &dyn Disk) -> Result<Sequence, JournalError> {
        Ok(listed(disk)?.first().map_or(Sequence(1), |own| own.first))
    }

    /// Whether a disk's log has its first record.
    ///
    /// # Errors
    /// What the disk says.
    pub fn is_whole(disk: &dyn Disk) -> Result<bool, JournalError> {
        Ok(listed(disk)?.first().is_some_and(|own| own.first == Sequence(1)))
    }

    /// The segments that end before a sequence, archived or not: what retention may remove once recovery does not need them.
    #[must_use]
    pub fn ended_before(&self, sequence: Sequence) -> Vec<Removable> {
        let pairs = self.segments.iter().zip(self.segments.iter().skip(1));
        pairs.take_while(|(_, next)| next.first <= sequence).map(|(own, next)| own.removable(next)).collect()
    }

    /// Opens the log of a disk and reads it from a sequence on.
    ///
    /// # Errors
    /// [`JournalError`] for a log that cannot be trusted: nothing is repaired that was once durable.
    pub fn open(
        disk: Arc<dyn Disk>,
        most_bytes: u64,
        from: Sequence,
        record: &mut dyn FnMut(Sequence, &[u8]) -> ControlFlow<()>,
    ) -> Result<Self, JournalError> {
        let segments = listed(disk.as_ref())?;
        if let Some(oldest) = segments.first().filter(|own| own.first > from) {
            let message = format!("the oldest record is {}", oldest.first);
            return Err(JournalError::Damaged { file: "log".to_owned(), sequence: from, message });
        }
        let known = head::read(disk.as_ref())?;
        let (next, chain) = (Sequence(1), Chain::START);
        let mut log = Self { disk, segments, next, chain, size: 0, most_bytes, turn: 0 };
        // A segment that begins there may be empty yet: what its chain begins with is in the one before.
        let start = log.segments.iter().rposition(|own| own.first < from).unwrap_or(0);
        let mut is_over = false;
        let mut given = |at: Sequence, payload: &[u8]| {
            if at >= from && !is_over {
                is_over = record(at, payload).is_break();
            }
            ControlFlow::Continue(())
        };
        for place in start..log.segments.len() {
            log.load(place, place == start, known, &mut given)?;
        }
        log.agree(known)?;
        if log.next < from {
            let message = format!("records up to {} are known to have been there", from.0 - 1);
            return Err(JournalError::Damaged { file: "log".to_owned(), sequence: log.next, message });
        }
        Ok(log)
    }

    /// Reads a segment that follows what was read, or is the first that is.
    fn load(
        &mut self,
        place: usize,
        is_first: bool,
        known: Option<Head>,
        record: &mut Given<'_>,
    ) -> Result<(), JournalError> {
        let own = self.segments[place].clone();
        let is_last = place + 1 == self.segments.len() && own.folder == Folder::Log;
        let start = if is_first { None } else { Some((self.next, self.chain)) };
        let mut reached = Reached { next: own.first, chain: self.chain, size: 0 };
        let part = Part { file: own.file(), first: own.first, start, known };
        // Closing a damaged store may panic too.
        let store = guarded(&part.file, own.first, || {
            // Everything is read, whatever the caller wants of it.
            if !is_last {
                let _ = part.read(&own.readable(self.disk.as_ref())?, &mut reached, record)?;
                return Ok(None);
            }
            let store = own.opened(self.disk.as_ref(), false)?;
            let _ = part.read(&Readable::Written(Arc::clone(&store)), &mut reached, record)?;
            Ok(Some(store))
        });
        self.segments[place].store = store?;
        Reached { next: self.next, chain: self.chain, size: self.size } = reached;
        Ok(())
    }

    /// Whether the log reaches as far as was once durable.
    fn agree(&self, known: Option<Head>) -> Result<(), JournalError> {
        let Some(known) = known else { return Ok(()) };
        let is_same = known.end != self.next || known.chain == self.chain;
        if known.end <= self.next && is_same {
            return Ok(());
        }
        let message = format!("records up to {} were durable", known.end.0.saturating_sub(1));
        Err(JournalError::Damaged { file: "log".to_owned(), sequence: self.next, message })
    }

    /// The store that the next batch goes to.
    fn current(&mut self) -> Result<Arc<Database>, JournalError> {
        let is_full = self.size >= self.most_bytes;
        if let Some(store) = self.segments.last().and_then(|own| own.store.clone()).filter(|_| !is_full) {
            return Ok(store);
        }
        let (name, folder, first) = (name_of(self.next), Folder::Log, self.next);
        let mut own = Segment { name, folder, first, store: None };
        let store = own.opened(self.disk.as_ref(), true)?;
        own.store = Some(Arc::clone(&store));
        if let Some(last) = self.segments.last_mut() {
            last.store = None;
        }
        self.segments.push(own);
        self.size = 0;
        Ok(store)
    }
}

/// What is the system's fault, not the file's.
pub(crate) fn of_system(file: &str, error: &DatabaseError) -> Option<JournalError> {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let of_system = [PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull];
    let message = if let DatabaseError::DatabaseAlreadyOpen = error {
        "another process has it open".to_owned()
    } else if let DatabaseError::Storage(StorageError::Io(error)) = error
        && of_system.contains(&error.kind())
    {
        error.to_string()
    } else {
        return None;
    };
    Some(JournalError::Io { file: file.to_owned(), message })
}

fn io_error(file: &str, error: std::io::Error) -> JournalError {
    JournalError::Io { file: file.to_owned(), message: error.to_string() }
}

/// A damaged store may panic: that is one more way to say so.
fn guarded<T>(
    file: &str,
    sequence: Sequence,
    read: impl FnOnce() -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        let message = "the store cannot be read".to_owned();
        Err(JournalError::Damaged { file: file.to_owned(), sequence, message })
    })
}

/// What is told of every record.
type Given<'a> = dyn FnMut(Sequence, &[u8]) -> ControlFlow<()> + 'a;

/// How far a segment was read.
struct Reached {
    next: Sequence,
    chain: Chain,
    size: u64,
}

/// What is known of a segment that is read.
struct Part {
    file: String,
    first: Sequence,
    /// Where the segment before it ends; the first one that is read is trusted to follow what is not.
    start: Option<(Sequence, Chain)>,
    known: Option<Head>,
}

impl Part {
    fn damaged(&self, sequence: Sequence, message: impl ToString) -> JournalError {
        JournalError::Damaged { file: self.file.clone(), sequence, message: message.to_string() }
    }

    fn read(
        &self,
        store: &Readable,
        reached: &mut Reached,
        record: &mut Given<'_>,
    ) -> Result<ControlFlow<()>, JournalError> {
        if let Some((next, _)) = self.start.filter(|(next, _)| *next != self.first) {
            return Err(self.damaged(next, format!("the next segment begins at {}", self.first)));
        }
        let transaction = store.begin().map_err(|error| self.damaged(self.first, error))?;
        let table = match transaction.open_table(BATCHES) {
            Ok(table) => table,
            // The power went before its first batch.
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(ControlFlow::Continue(())),
            Err(error) => return Err(self.damaged(self.first, error)),
        };
        let mut chain = self.start.map(|(_, chain)| chain);
        for row in table.iter().map_err(|error| self.damaged(self.first, error))? {
            let (key, value) = row.map_err(|error| self.damaged(reached.next, error))?;
            let bytes = value.value();
            if key.value() != reached.next.0 {
                return Err(self.damaged(reached.next, format!("the next batch begins at {}", key.value())));
            }
            let stated = || bytes.get(5..37)?.try_into().ok().map(Chain);
            let before = chain.or_else(stated).unwrap_or(Chain::START);
            let (mut forked, mut flow) = (None, ControlFlow::Continue(()));
            let end = unframed(bytes, reached.next, before, |sequence, chain, payload| {
                if self.known.is_some_and(|known| known.end == sequence.next() && known.chain != chain) {
                    forked.get_or_insert(sequence);
                }
                if flow.is_continue() {
                    flow = record(sequence, payload);
                }
            });
            let (after, next) = end.map_err(|bad| self.damaged(bad.sequence, bad.message))?;
            if let Some(sequence) = forked {
                return Err(self.damaged(sequence, "another record was durable here"));
            }
            (reached.next, reached.chain, reached.size) = (next, after, reached.size + bytes.len() as u64);
            chain = Some(after);
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// The segments as they were at a moment.
struct Reader {
    disk: Arc<dyn Disk>,
    segments: Vec<Segment>,
    next: Sequence,
}

impl LogReader for Reader {
    fn oldest(&self) -> Sequence {
        self.segments.first().map_or(self.next, |own| own.first)
    }

    fn read(&self, from: Sequence, record: &mut Given<'_>) -> Result<(), JournalError> {
        let start = self.segments.iter().rposition(|own| own.first <= from).unwrap_or(0);
        let mut follows = None;
        for own in self.segments.iter().skip(start) {
            let chain = follows.map_or(Chain::START, |(_, chain)| chain);
            let mut reached = Reached { next: own.first, chain, size: 0 };
            let part = Part { file: own.file(), first: own.first, start: follows, known: None };
            let mut given = |at: Sequence, payload: &[u8]| {
                if at < from { ControlFlow::Continue(()) } else { record(at, payload) }
            };
            let flow = guarded(&part.file, own.first, || {
                part.read(&own.readable(self.disk.as_ref())?, &mut reached, &mut given)
            });
            if flow?.is_break() {
                break;
            }
            follows = Some((reached.next, reached.chain));
        }
        Ok(())
    }
}

impl Log for Segments {
    fn end(&self) -> (Sequence, Chain) {
        (self.next, self.chain)
    }

    fn append(&mut self, expected: Sequence, payloads: &[Vec<u8>]) -> Result<(), AppendError> {
        if expected != self.next {
            return Err(AppendError::Refused { expected, at: self.next });
        }
        let failed = |error: &dyn std::fmt::Display| AppendError::Failed(error.to_string());
        let (bytes, chain) = framed(self.next, self.chain, payloads);
        let store = self.current().map_err(|error| failed(&error))?;
        let transaction = store.begin_write().map_err(|error| failed(&error))?;
        {
            let mut table = transaction.open_table(BATCHES).map_err(|error| failed(&error))?;
            table.insert(self.next.0, bytes.as_slice()).map_err(|error| failed(&error))?;
        }
        transaction.commit().map_err(|error| failed(&error))?;
        self.next = self.next.after(payloads.len() as u64);
        (self.chain, self.size) = (chain, self.size + bytes.len() as u64);
        self.turn += 1;
        let head = Head { end: self.next, chain };
        head::write(self.disk.as_ref(), head, self.turn).map_err(|error| failed(&error))
    }

    fn reader(&self) -> Box<dyn LogReader> {
        let (disk, segments) = (Arc::clone(&self.disk), self.segments.clone());
        Box::new(Reader { disk, segments, next: self.next })
    }

    fn archive_before(&mut self, sequence: Sequence) -> Result<usize, JournalError> {
        let mut moved = 0;
        for place in 0..self.segments.len().saturating_sub(1) {
            let is_behind = self.segments[place + 1].first <= sequence;
            let own = &mut self.segments[place];
            if own.folder == Folder::Log && is_behind {
                self.disk.archive(&own.name).map_err(|error| io_error(&own.name, error))?;
                own.folder = Folder::Archive;
                moved += 1;
            }
        }
        Ok(moved)
    }

    fn removable_before(&self, sequence: Sequence) -> Vec<Removable> {
        let pairs = self.segments.iter().zip(self.segments.iter().skip(1));
        let old = pairs.take_while(|(own, next)| own.folder == Folder::Archive && next.first <= sequence);
        old.map(|(own, next)| own.removable(next)).collect()
    }

    fn remove_before(&mut self, sequence: Sequence) -> Result<usize, JournalError> {
        let mut removed = 0;
        while let [first, second, ..] = self.segments.as_slice()
            && first.folder == Folder::Archive
            && second.first <= sequence
        {
            self.disk.remove(first.folder, &first.name).map_err(|error| io_error(&first.name, error))?;
            self.segments.remove(0);
            removed += 1;
        }
        Ok(removed)
    }
}
