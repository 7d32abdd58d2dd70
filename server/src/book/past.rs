//! A group and its house as they were after a record: from the newest cuts before it and the records behind them.

use std::ops::ControlFlow;
use std::sync::Arc;

use plimsoll_engine::group::{Group, GroupKey, HouseSnapshot};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::record::Unreadable;
use plimsoll_journal::{Cuts, JournalError, Sequence};
use thiserror::Error;

use super::Book;
use super::recovery::{Recovered, Restored, group_key, house_key};
use crate::set_files::SetFiles;

/// Why the past is not told.
#[derive(Debug, Error)]
pub(crate) enum PastFault {
    /// Nothing is written down.
    #[error("the server has no data directory: the past of its book is not kept")]
    NotKept,
    /// The record is not kept any more, or not there yet.
    #[error("sequence {wanted} is not kept: records {oldest} to {newest} are")]
    OutOfRange { wanted: Sequence, oldest: Sequence, newest: Sequence },
    /// The group was opened later.
    #[error("the group was not open at sequence {0}")]
    NotOpen(Sequence),
    /// The file of the set of then is gone.
    #[error("parameter set {0:?}, which was active then, is neither loaded nor kept")]
    NoSet(String),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("a record cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
}

/// A group with what decisions about it used.
pub(crate) struct Past {
    pub(crate) group: Group,
    pub(crate) house: HouseSnapshot,
    /// The group's last record then.
    pub(crate) last: Sequence,
}

/// What is asked for: a group as it was after a record, with the data of its house as it was after this or an earlier one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Then {
    pub(crate) at: Sequence,
    pub(crate) version: Sequence,
}

impl Then {
    /// Of a house and a group.
    const fn of_both(self) -> [Sequence; 2] {
        [self.version, self.at]
    }
}

/// Where the past of a group begins.
struct Start {
    /// The first sequence at or behind the one that is asked for that it can be told at.
    told: Sequence,
    /// The record from which on it is read.
    from: Sequence,
}

impl Start {
    const fn none(oldest: Sequence) -> Self {
        Self { told: oldest, from: oldest }
    }

    /// From the cuts of a house and a group, while the log begins at a record.
    fn of(cuts: &Cuts, keys: &[Vec<u8>; 2], then: Then, oldest: Sequence) -> Result<Self, JournalError> {
        let (mut told, mut places) = (then.at, then.of_both());
        if told < oldest {
            (told, places) = (oldest, [oldest; 2]);
        }
        loop {
            let (mut from, mut later) = (Sequence(u64::MAX), None);
            for (key, place) in keys.iter().zip(places) {
                let found = cuts.before(key, place)?;
                let needed = found.as_ref().map_or(Sequence(1), |cut| cut.at.next());
                let next = cuts.behind(key, place)?;
                // What no cut follows has not changed before the log begins. A group without a cut was opened later, or is not found.
                let is_whole = next.is_none() || (found.is_none() && *key == keys[1]);
                let needed = if is_whole { needed.max(oldest) } else { needed };
                if needed < oldest {
                    later = later.max(next);
                }
                from = from.min(needed);
            }
            match later {
                Some(next) => (told, places) = (next.max(told), [next.max(told); 2]),
                None => return Ok(Self { told, from }),
            }
        }
    }
}

/// The oldest record at which a group can be told in a log that begins at a record, and has the group's opening or not.
pub(crate) fn told_from(
    cuts: &Cuts,
    key: &GroupKey,
    oldest: Sequence,
    has_opening: bool,
) -> Result<Sequence, JournalError> {
    let keys = [house_key(&key.house), group_key(key)];
    let mut place = oldest;
    if !has_opening && cuts.before(&keys[1], oldest)?.is_none() {
        // It was changed before its first cut.
        place = cuts.behind(&keys[1], oldest)?.unwrap_or(oldest);
    }
    Ok(Start::of(cuts, &keys, Then { at: place, version: place }, oldest)?.told)
}

impl Book {
    /// A group as it was.
    pub(crate) fn past(
        &self,
        key: &GroupKey,
        then: Then,
        files: Option<&SetFiles>,
    ) -> Result<Past, PastFault> {
        let chronicle = self.chronicle();
        let (Some(journal), Some(cuts)) = (chronicle.journal(), chronicle.cuts()) else {
            return Err(PastFault::NotKept);
        };
        let (reader, at) = (journal.reader(), then.at);
        let (oldest, newest) = (reader.oldest(), journal.durable());
        let keys = [house_key(&key.house), group_key(key)];
        let start = if at > newest { Start::none(oldest) } else { Start::of(cuts, &keys, then, oldest)? };
        if at > newest || at < start.told {
            return Err(PastFault::OutOfRange { wanted: at, oldest: start.told, newest });
        }
        let mut recovered = Recovered::only(key.clone(), then.version).without(cuts.quarantined()?);
        let mut has_cut = false;
        for (key, place) in keys.iter().zip(then.of_both()) {
            let found = cuts.before(key, place)?;
            // The group's comes last.
            has_cut = found.is_some();
            found.map_or(Ok(()), |cut| recovered.cut(cut))?;
        }
        let mut fault = None;
        reader.read(start.from, &mut |sequence, payload| {
            if sequence > at {
                return ControlFlow::Break(());
            }
            match recovered.record(sequence, payload) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    fault = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match fault {
            // It was opened before the log begins, and changed before its first cut.
            Some(_) if !has_cut && oldest > Sequence(1) => {
                let oldest = cuts.behind(&keys[1], at)?.unwrap_or(newest);
                return Err(PastFault::OutOfRange { wanted: at, oldest, newest });
            }
            Some(fault) => return Err(fault.into()),
            None => {}
        }
        let Restored { mut houses, groups } = recovered.finished();
        let house = houses.remove(&key.house).unwrap_or_default();
        let (group, last) = groups.into_iter().next().ok_or(PastFault::NotOpen(at))?;
        let set = house.set().map(|id| self.set_of(id, files)).transpose()?;
        Ok(Past { group, house: house.snapshot(&key.house, set.as_ref())?, last })
    }

    fn set_of(&self, id: &str, files: Option<&SetFiles>) -> Result<Arc<ParameterSet>, PastFault> {
        if let Some(loaded) = self.registry.snapshot().get(id) {
            return Ok(Arc::clone(&loaded.set));
        }
        let kept = files.and_then(|files| files.read(id).ok().flatten());
        kept.map(|(set, _)| Arc::new(set)).ok_or_else(|| PastFault::NoSet(id.to_owned()))
    }
}
