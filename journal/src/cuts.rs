//! States as of a sequence, beside the log: recovery starts from the newest, questions about the past from the newest before.
//!
//! A store of its own, so that the log never waits for it. A cut is written only when the log is durable up to its sequence. Every cut has a
//! checksum, and the store's own are checked when it is opened.

mod quarantined;

use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{
    Database, DatabaseError, Key, ReadOnlyTable, ReadableDatabase as _, ReadableTable as _, TableDefinition,
    TableError, Value,
};
use sha2::{Digest as _, Sha256};

use crate::disk::{Disk, Folder};
use crate::log::JournalError;
use crate::passing::Passing;
use crate::record::Sequence;
use crate::segments::of_system;

/// Key (length, bytes, sequence) and content.
const CUTS: TableDefinition<'_, (&[u8], u64), &[u8]> = TableDefinition::new("cuts");
/// The time of the journal, and what the clock of the wall said then.
const PASSING: TableDefinition<'_, (), (u64, u64)> = TableDefinition::new("passing");
/// The sequence from which on the log is needed.
const FLOOR: TableDefinition<'_, (), u64> = TableDefinition::new("floor");
/// The same, by the time of the journal at which it was so.
const TIMES: TableDefinition<'_, u64, u64> = TableDefinition::new("times");
const NAME: &str = "cuts.redb";
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// The state of something as of a sequence: everything up to it is in there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cut {
    /// Whose.
    pub key: Vec<u8>,
    /// The last record that is in it.
    pub at: Sequence,
    /// The state.
    pub state: Vec<u8>,
}

/// All cuts of a book.
#[derive(Debug)]
pub struct Cuts {
    store: Database,
}

fn damaged(sequence: Sequence, message: impl ToString) -> JournalError {
    JournalError::Damaged { file: format!("state/{NAME}"), sequence, message: message.to_string() }
}

fn stored(state: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32 + state.len());
    bytes.extend_from_slice(&Sha256::digest(state));
    bytes.extend_from_slice(state);
    bytes
}

fn checked(at: u64, bytes: &[u8]) -> Result<&[u8], JournalError> {
    let (sum, state) =
        bytes.split_at_checked(32).ok_or_else(|| damaged(Sequence(at), "a cut is too short"))?;
    let own: [u8; 32] = Sha256::digest(state).into();
    if own == sum { Ok(state) } else { Err(damaged(Sequence(at), "the checksum of a cut is wrong")) }
}

fn guarded<T>(work: impl FnOnce() -> Result<T, JournalError>) -> Result<T, JournalError> {
    let unreadable = || damaged(Sequence::NONE, "the store cannot be read");
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(unreadable()))
}

impl Cuts {
    /// Where they are.
    pub const FILE: &str = "state/cuts.redb";

    /// Puts a store that cannot be trusted under another name: the next one begins without cuts, from the first record of the log.
    ///
    /// # Errors
    /// What the disk says.
    pub fn set_aside(disk: &dyn Disk) -> Result<(), JournalError> {
        let failed = |error: std::io::Error| JournalError::Io {
            file: Self::FILE.to_owned(),
            message: error.to_string(),
        };
        disk.set_aside(Folder::State, NAME).map_err(failed)
    }

    /// Opens the cuts of a disk.
    ///
    /// # Errors
    /// [`JournalError`] for a store that cannot be read.
    pub fn open(disk: &Arc<dyn Disk>) -> Result<Self, JournalError> {
        guarded(|| {
            let mut builder = Database::builder();
            // A cut that is missing or another one's cannot be seen from the cuts that are there.
            builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
            let opened = disk.open(&builder, Folder::State, NAME, true);
            let faulty = |error: DatabaseError| {
                let of_system = of_system(&format!("state/{NAME}"), &error);
                of_system.unwrap_or_else(|| damaged(Sequence::NONE, error))
            };
            let store = opened.map_err(faulty)?;
            Ok(Self { store })
        })
    }

    /// A table to read; `None` where nothing was ever written to it.
    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
        at: Sequence,
    ) -> Result<Option<ReadOnlyTable<K, V>>, JournalError> {
        let transaction = self.store.begin_read().map_err(|error| damaged(at, error))?;
        match transaction.open_table(definition) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(damaged(at, error)),
        }
    }

    /// Cuts of one thing that are older than its newest lie so many records apart, but for what lies between them: questions about the past
    /// read so many records, and what changes all the time does not fill the disk.
    pub const SPACING: u64 = 100_000;

    /// Keeps cuts: all of them or none.
    ///
    /// # Errors
    /// What the store says.
    pub fn keep(&self, cuts: &[Cut]) -> Result<(), JournalError> {
        let failed = |error: &dyn std::fmt::Display| damaged(Sequence::NONE, error);
        let transaction = self.store.begin_write().map_err(|error| failed(&error))?;
        {
            let mut table = transaction.open_table(CUTS).map_err(|error| failed(&error))?;
            for cut in cuts {
                let own = cut.key.as_slice();
                let mut close = None;
                {
                    let range = table.range((own, 0)..(own, cut.at.0)).map_err(|error| failed(&error))?;
                    let mut before = range.rev().take(2).map(|row| row.map(|(key, _)| key.value().1));
                    if let (Some(last), Some(older)) = (before.next(), before.next()) {
                        let (last, older) =
                            (last.map_err(|error| failed(&error))?, older.map_err(|error| failed(&error))?);
                        close = (last - older < Self::SPACING).then_some(last);
                    }
                }
                if let Some(last) = close {
                    table.remove((own, last)).map_err(|error| failed(&error))?;
                }
                table
                    .insert((own, cut.at.0), stored(&cut.state).as_slice())
                    .map_err(|error| failed(&error))?;
            }
        }
        transaction.commit().map_err(|error| failed(&error))
    }

    /// The time that was stored last.
    ///
    /// # Errors
    /// [`JournalError`] for a store that cannot be read.
    pub fn passing(&self) -> Result<Option<Passing>, JournalError> {
        guarded(|| {
            let Some(table) = self.table(PASSING, Sequence::NONE)? else { return Ok(None) };
            let stored = table.get(()).map_err(|error| damaged(Sequence::NONE, error))?;
            Ok(stored.map(|own| Passing { own: own.value().0, wall: own.value().1 }))
        })
    }

    /// Says from which sequence on the log is needed, and when that was so.
    ///
    /// # Errors
    /// What the store says.
    pub fn set_floor(&self, floor: Sequence, time: Passing) -> Result<(), JournalError> {
        let failed = |error: &dyn std::fmt::Display| damaged(floor, error);
        let transaction = self.store.begin_write().map_err(|error| failed(&error))?;
        {
            let mut table = transaction.open_table(FLOOR).map_err(|error| failed(&error))?;
            table.insert((), floor.0).map_err(|error| failed(&error))?;
            let mut table = transaction.open_table(TIMES).map_err(|error| failed(&error))?;
            // As long as nothing is recorded, the first time of a floor says it all.
            let newest = table.last().map_err(|error| failed(&error))?.map(|(_, own)| own.value());
            if newest != Some(floor.0) {
                table.insert(time.own, floor.0).map_err(|error| failed(&error))?;
            }
            let mut table = transaction.open_table(PASSING).map_err(|error| failed(&error))?;
            table.insert((), (time.own, time.wall)).map_err(|error| failed(&error))?;
        }
        transaction.commit().map_err(|error| failed(&error))
    }

    /// The sequence from which on the log was needed at a time of the journal's own: what is before it is older.
    ///
    /// # Errors
    /// [`JournalError`] for a store that cannot be read.
    pub fn floor_at(&self, time: u64) -> Result<Sequence, JournalError> {
        guarded(|| {
            let Some(table) = self.table(TIMES, Sequence::NONE)? else { return Ok(Sequence::NONE) };
            let mut range = table.range(..=time).map_err(|error| damaged(Sequence::NONE, error))?;
            let Some(row) = range.next_back() else { return Ok(Sequence::NONE) };
            let (_, floor) = row.map_err(|error| damaged(Sequence::NONE, error))?;
            Ok(Sequence(floor.value()))
        })
    }

    /// The sequence from which on the log is needed.
    ///
    /// # Errors
    /// [`JournalError`] for a store that cannot be read.
    pub fn floor(&self) -> Result<Sequence, JournalError> {
        guarded(|| {
            let Some(table) = self.table(FLOOR, Sequence::NONE)? else { return Ok(Sequence(1)) };
            let floor = table.get(()).map_err(|error| damaged(Sequence::NONE, error))?;
            Ok(floor.map_or(Sequence(1), |own| Sequence(own.value())))
        })
    }

    /// The newest cut of everything.
    ///
    /// # Errors
    /// [`JournalError`] at the first that cannot be trusted.
    pub fn newest(&self, mut each: impl FnMut(Cut)) -> Result<(), JournalError> {
        let mut behind: Option<Vec<u8>> = None;
        while let Some(key) = self.key_behind(behind.as_deref())? {
            // Older ones are not read.
            self.before(&key, Sequence(u64::MAX))?.into_iter().for_each(&mut each);
            behind = Some(key);
        }
        Ok(())
    }

    fn key_behind(&self, behind: Option<&[u8]>) -> Result<Option<Vec<u8>>, JournalError> {
        guarded(|| {
            let Some(table) = self.table(CUTS, Sequence::NONE)? else { return Ok(None) };
            let start = match behind {
                None => Bound::Unbounded,
                Some(key) => Bound::Excluded((key, u64::MAX)),
            };
            let range = table.range::<(&[u8], u64)>((start, Bound::Unbounded));
            let mut range = range.map_err(|error| damaged(Sequence::NONE, error))?;
            let Some(row) = range.next() else { return Ok(None) };
            let (key, _) = row.map_err(|error| damaged(Sequence::NONE, error))?;
            Ok(Some(key.value().0.to_vec()))
        })
    }

    fn all(&self, mut each: impl FnMut(&[u8], Sequence, &[u8])) -> Result<(), JournalError> {
        guarded(|| {
            let Some(table) = self.table(CUTS, Sequence::NONE)? else { return Ok(()) };
            for row in table.iter().map_err(|error| damaged(Sequence::NONE, error))? {
                let (key, value) = row.map_err(|error| damaged(Sequence::NONE, error))?;
                let (own, at) = key.value();
                each(own, Sequence(at), checked(at, value.value())?);
            }
            Ok(())
        })
    }

    /// Which cuts there are: of what, as of which sequence, in this order; their content is not read.
    ///
    /// # Errors
    /// [`JournalError`] for a store that cannot be read.
    pub fn places(&self) -> Result<Vec<(Vec<u8>, Sequence)>, JournalError> {
        guarded(|| {
            let Some(table) = self.table(CUTS, Sequence::NONE)? else { return Ok(Vec::new()) };
            let mut places = Vec::new();
            for row in table.iter().map_err(|error| damaged(Sequence::NONE, error))? {
                let (key, _) = row.map_err(|error| damaged(Sequence::NONE, error))?;
                let (own, at) = key.value();
                places.push((own.to_vec(), Sequence(at)));
            }
            Ok(places)
        })
    }

    /// The newest cut of something at or before a sequence.
    ///
    /// # Errors
    /// [`JournalError`] for one that cannot be trusted.
    pub fn before(&self, key: &[u8], at: Sequence) -> Result<Option<Cut>, JournalError> {
        guarded(|| {
            let Some(table) = self.table(CUTS, at)? else { return Ok(None) };
            let range = table.range((key, 0)..=(key, at.0)).map_err(|error| damaged(at, error))?;
            let mut range = range;
            let Some(row) = range.next_back() else { return Ok(None) };
            let (found, value) = row.map_err(|error| damaged(at, error))?;
            let (_, found) = found.value();
            let state = checked(found, value.value())?.to_vec();
            Ok(Some(Cut { key: key.to_vec(), at: Sequence(found), state }))
        })
    }

    /// The first cut of something behind a sequence: where there is none, nothing that is older than the floor has changed it since.
    ///
    /// # Errors
    /// [`JournalError`] for a store that cannot be read.
    pub fn behind(&self, key: &[u8], at: Sequence) -> Result<Option<Sequence>, JournalError> {
        guarded(|| {
            let Some(table) = self.table(CUTS, at)? else { return Ok(None) };
            let bounds = (Bound::Excluded((key, at.0)), Bound::Included((key, u64::MAX)));
            let mut range = table.range::<(&[u8], u64)>(bounds).map_err(|error| damaged(at, error))?;
            let Some(row) = range.next() else { return Ok(None) };
            let (found, _) = row.map_err(|error| damaged(at, error))?;
            Ok(Some(Sequence(found.value().1)))
        })
    }

    /// The record from which on everything can be told as it was at a sequence and later: what has changed since needs the records behind
    /// its newest cut before.
    ///
    /// # Errors
    /// [`JournalError`] at the first that cannot be trusted.
    pub fn told_from(&self, sequence: Sequence) -> Result<Sequence, JournalError> {
        let (mut needed, mut before) = (sequence, None);
        self.all(|key, at, _| {
            if at <= sequence {
                before = Some((key.to_vec(), at));
            } else if let Some((_, last)) = before.take().filter(|(own, _)| own == key) {
                needed = needed.min(last.next());
            }
        })?;
        Ok(needed)
    }

    /// Removes cuts older than a sequence, but of everything the newest at or before it; how many.
    ///
    /// # Errors
    /// What the store says.
    pub fn remove_before(&self, sequence: Sequence) -> Result<usize, JournalError> {
        let mut old: Vec<(Vec<u8>, u64)> = Vec::new();
        let mut last: Option<(Vec<u8>, u64)> = None;
        self.all(|key, at, _| {
            if at <= sequence {
                let before = last.replace((key.to_vec(), at.0));
                old.extend(before.filter(|(own, _)| own == key));
            }
        })?;
        let failed = |error: &dyn std::fmt::Display| damaged(Sequence::NONE, error);
        let transaction = self.store.begin_write().map_err(|error| failed(&error))?;
        {
            // Of floors that are gone nothing is asked: what is before them has been removed.
            let mut table = transaction.open_table(TIMES).map_err(|error| failed(&error))?;
            table.retain(|_, floor| floor >= sequence.0).map_err(|error| failed(&error))?;
            let mut table = transaction.open_table(CUTS).map_err(|error| failed(&error))?;
            for (key, at) in &old {
                table.remove((key.as_slice(), *at)).map_err(|error| failed(&error))?;
            }
        }
        transaction.commit().map_err(|error| failed(&error))?;
        Ok(old.len())
    }
}
