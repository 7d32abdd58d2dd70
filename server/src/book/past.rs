//! A group and its house as they were after a record: from the newest cuts before it and the records behind them.

use std::ops::ControlFlow;
use std::sync::Arc;

use plimsoll_engine::group::{Group, GroupKey, HouseSnapshot};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::record::Unreadable;
use plimsoll_journal::{JournalError, Sequence};
use thiserror::Error;

use super::Book;
use super::recovery::{Recovered, group_key, house_key};
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

impl Book {
    /// A group as it was after a record.
    pub(crate) fn past(
        &self,
        key: &GroupKey,
        at: Sequence,
        files: Option<&SetFiles>,
    ) -> Result<Past, PastFault> {
        let chronicle = self.chronicle();
        let (Some(journal), Some(cuts)) = (chronicle.journal(), chronicle.cuts()) else {
            return Err(PastFault::NotKept);
        };
        let reader = journal.reader();
        let (oldest, newest) = (reader.oldest(), journal.durable());
        let outside = PastFault::OutOfRange { wanted: at, oldest, newest };
        if at > newest || at < oldest {
            return Err(outside);
        }
        let mut recovered = Recovered::only(key.clone());
        let found = [cuts.before(&house_key(&key.house), at)?, cuts.before(&group_key(key), at)?];
        let from = match &found {
            [Some(house), Some(group)] => house.at.min(group.at).next(),
            // Without a cut of the group it was opened later than everything else is kept from, or cannot be told.
            [Some(house), None] if house.at.next() >= oldest => oldest,
            _ => Sequence(1),
        };
        if from < oldest {
            return Err(outside);
        }
        for cut in found.into_iter().flatten() {
            recovered.cut(cut)?;
        }
        let mut fault = None;
        reader.read(from, &mut |sequence, payload| {
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
        if let Some(fault) = fault {
            return Err(fault.into());
        }
        let (mut houses, groups) = recovered.finished()?;
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
