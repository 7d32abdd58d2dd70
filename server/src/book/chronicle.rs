//! What the book writes down before it answers: records in the journal, cuts of states beside it. Without a data directory nothing is.

use std::time::SystemTime;

use plimsoll_engine::record::{Record, RecordBody, encoded};
use plimsoll_engine::types::Moment;
use plimsoll_journal::{Cuts, Durable, Journal, Sequence, Slot, Stopped};

use super::{BookFault, indivisible};

/// Where records go.
#[derive(Debug, Default)]
pub(crate) struct Chronicle(Option<Kept>);

#[derive(Debug)]
struct Kept {
    journal: Journal,
    cuts: Cuts,
}

/// Room for one record, taken before anything is decided.
pub(crate) struct Room<'a>(Option<Slot<'a>>);

impl Chronicle {
    pub(crate) fn new(journal: Journal, cuts: Cuts) -> Self {
        Self(Some(Kept { journal, cuts }))
    }

    /// Takes room; where there is none nothing is decided.
    pub(crate) fn room(&self) -> Result<Room<'_>, BookFault> {
        let slot = self.0.as_ref().map(|own| own.journal.reserve()).transpose();
        slot.map(Room).map_err(|_| BookFault::JournalFull)
    }

    /// The same, waiting for it: for what concerns a whole house.
    pub(crate) fn room_waiting(&self) -> Result<Room<'_>, BookFault> {
        let slot = self.0.as_ref().map(|own| own.journal.reserve_waiting()).transpose();
        slot.map(Room).map_err(|_| BookFault::JournalFull)
    }

    /// The journal, if there is one.
    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.0.as_ref().map(|own| &own.journal)
    }

    /// The cuts, if there are any.
    pub(crate) fn cuts(&self) -> Option<&Cuts> {
        self.0.as_ref().map(|own| &own.cuts)
    }

    /// The last sequence that is durable.
    pub(crate) fn durable(&self) -> Sequence {
        self.journal().map_or(Sequence::NONE, Journal::durable)
    }

    /// The last record that was written until now, durable or not.
    pub(crate) fn written(&self) -> Sequence {
        self.journal().map_or(Sequence::NONE, |journal| Sequence(journal.next().0.saturating_sub(1)))
    }

    /// Waits until a record is durable.
    pub(crate) async fn reached(&self, sequence: Sequence) -> Result<(), Stopped> {
        if sequence == Sequence::NONE {
            return Ok(());
        }
        let follow = self.journal().map(Journal::follow);
        match follow {
            Some(mut durable) => Durable::reached(&mut durable, sequence).await,
            None => Ok(()),
        }
    }
}

impl Chronicle {
    /// The same on a thread that may block.
    pub(crate) fn reached_blocking(&self, sequence: Sequence) -> Result<(), Stopped> {
        match self.journal() {
            Some(journal) if sequence != Sequence::NONE => journal.follow().reached_blocking(sequence),
            _ => Ok(()),
        }
    }
}

impl Room<'_> {
    /// Writes a record and makes the change that it tells, indivisibly; the caller holds the lock of what it concerns. The change gets the
    /// sequence of the record, or none where nothing is written down.
    pub(crate) fn commit<T>(self, body: RecordBody, change: impl FnOnce(Sequence) -> T) -> T {
        indivisible(|| change(self.write(body)))
    }

    fn write(self, body: RecordBody) -> Sequence {
        let Some(slot) = self.0 else { return Sequence::NONE };
        slot.append(stored(body))
    }
}

/// The bytes of a record that this program writes now.
pub(crate) fn stored(body: RecordBody) -> Vec<u8> {
    let record = Record { time: now(), program: env!("CARGO_PKG_VERSION").to_owned(), body };
    // Everything that a record is made of can be stored.
    encoded(&record).unwrap_or_else(|error| unreachable!("a record: {error}"))
}

/// The time of the machine's clock.
fn now() -> Moment {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(0);
    Moment::from_seconds(seconds, since.subsec_nanos()).unwrap_or(Moment::EPOCH)
}
