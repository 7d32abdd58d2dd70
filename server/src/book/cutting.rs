//! Cuts of everything that has changed, while the book goes on: one group is locked at a time, and only to be copied.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plimsoll_engine::record::{Unreadable, encoded};
use plimsoll_journal::{Cut, JournalError, Reading, Sequence, Stopped};
use thiserror::Error;

use super::recovery::group_key;
use super::{Book, locked};

/// Cuts of one commit.
const CUTS_AT_ONCE: usize = 256;

/// Why cuts were not kept.
#[derive(Debug, Error)]
pub(crate) enum CutError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error("a state cannot be stored: {0}")]
    Unreadable(#[from] Unreadable),
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Kept {
    pub(crate) cuts: usize,
    pub(crate) archived: usize,
    /// Segments that the next pass removes.
    pub(crate) said: usize,
    pub(crate) removed: usize,
}

impl Book {
    /// Keeps cuts of what has changed, then archives what recovery does not need any more and removes what is older than is kept (`ageing`). It
    /// blocks.
    pub(crate) fn keep_cuts(&self, retention: Option<Duration>, now: Reading) -> Result<Kept, CutError> {
        let chronicle = self.chronicle();
        let Some(journal) = chronicle.journal() else {
            return Ok(Kept::default());
        };
        // What a pass that did not come to its end took for kept is taken again.
        if self.is_cutting.swap(true, Ordering::SeqCst) {
            self.houses.iter().for_each(|own| own.value().forget_cut());
            for entry in self.keys(None, None, usize::MAX).iter().filter_map(|key| self.entry(key).ok()) {
                locked(&entry).forget_cut();
            }
        }
        // Every record before this one is in a cut that follows, or changes nothing that a cut does not have.
        let floor = journal.next();
        let mut kept = Kept::default();
        let mut waiting: Vec<Cut> = Vec::new();
        let desks: Vec<_> = self.houses.iter().map(|own| Arc::clone(own.value())).collect();
        for desk in &desks {
            waiting.extend(desk.cut()?);
            if waiting.len() >= CUTS_AT_ONCE {
                kept.cuts += self.keep(&mut waiting)?;
            }
        }
        for key in self.keys(None, None, usize::MAX) {
            let Ok(entry) = self.entry(&key) else { continue };
            let stored = {
                let mut entry = locked(&entry);
                if !entry.takes_cut() {
                    continue;
                }
                (entry.group().clone(), entry.last())
            };
            waiting.push(Cut { key: group_key(&key), at: stored.1, state: encoded(&stored.0)? });
            if waiting.len() >= CUTS_AT_ONCE {
                kept.cuts += self.keep(&mut waiting)?;
            }
        }
        kept.cuts += self.keep(&mut waiting)?;
        chronicle.reached_blocking(Sequence(floor.0.saturating_sub(1)))?;
        self.age(floor, retention, now, &mut kept)?;
        self.is_cutting.store(false, Ordering::SeqCst);
        Ok(kept)
    }

    /// Keeps cuts once the log is durable as far as they go.
    fn keep(&self, waiting: &mut Vec<Cut>) -> Result<usize, CutError> {
        let Some(cuts) = self.chronicle().cuts() else { return Ok(0) };
        let last = waiting.iter().map(|own| own.at).max().unwrap_or(Sequence::NONE);
        self.chronicle().reached_blocking(last)?;
        cuts.keep(waiting)?;
        let count = waiting.len();
        waiting.clear();
        Ok(count)
    }
}
