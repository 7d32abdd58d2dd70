//! Whose turn it is at a group. Its lock is first come, first served, and no thread of the runtime waits for it: calls wait
//! for their turn as tasks, and only workers as threads.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard, Semaphore};

use super::BookFault;
use super::entry::Entry;

/// The most calls that wait for their turn at one group: half of those that a server takes by default, so that one group
/// does not take them all.
const MOST_WAITING: usize = 500;

/// A group and the calls that wait for it.
#[derive(Debug)]
pub(crate) struct Turns {
    entry: Arc<Mutex<Entry>>,
    places: Semaphore,
}

/// A turn at a group: nobody else has it until this is dropped, on whatever thread.
pub(crate) type Turn = OwnedMutexGuard<Entry>;

impl Turns {
    pub(super) fn new(entry: Entry) -> Self {
        Self { entry: Arc::new(Mutex::new(entry)), places: Semaphore::new(MOST_WAITING) }
    }

    /// The turn, if nobody has it or waits for it.
    pub(crate) fn now(&self) -> Option<Turn> {
        Arc::clone(&self.entry).try_lock_owned().ok()
    }

    /// The next turn that is free. Who does not wait for it any more gives up its place in the queue.
    pub(crate) async fn next(&self) -> Result<Turn, BookFault> {
        let _place = self.places.try_acquire().map_err(|_| BookFault::GroupBusy)?;
        Ok(self.awaited().await)
    }

    /// The same for who goes over many groups, however many wait.
    pub(crate) async fn awaited(&self) -> Turn {
        Arc::clone(&self.entry).lock_owned().await
    }
}

/// Of a group that is closed nobody has a turn any more.
pub(crate) fn open(turn: Turn) -> Result<Turn, BookFault> {
    let group = turn.group();
    if group.is_closed {
        let (house, name) = (group.key.house.clone(), group.key.name.clone());
        return Err(BookFault::GroupClosed { house, group: name });
    }
    Ok(turn)
}

/// The next turn, on a thread that may block: never on one of the runtime's.
///
/// A panic of who had the turn before is one between two states of the group, which are applied event by event without one.
pub(crate) fn locked(turns: &Turns) -> MutexGuard<'_, Entry> {
    turns.entry.blocking_lock()
}
