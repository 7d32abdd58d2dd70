//! Where the work of a call is done. Little work is done at once, on the runtime's thread, where nothing has to be waited for; everything
//! else goes to workers: what concerns a group in its turn at the group, what makes a house's snapshot in its turn at the house.
//! Turns are waited for as tasks. A worker that has a turn waits for no other, so that no turn waits for a worker that waits for it.

use std::sync::Arc;

use plimsoll_engine::group::{Group, HouseSnapshot};
use plimsoll_engine::types::House;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Response, Status};

use super::super::status;
use super::{BookCalls, Fault, Told};
use crate::book::{Book, BookFault, Desk, Place, Turn, Turns, Waits, open};
use crate::workers::{WorkLost, Workers, caught};

/// So many accounts are gone through at once.
const FEW_ACCOUNTS: usize = 16;
/// The most bytes of a request that is read at once.
const FEW_BYTES: usize = 16 * 1024;
/// The most decisions that have a thread or wait for one: more than there are calls.
const MOST_DECIDED: usize = 1_000_000;
/// The most KiB of requests that wait, decoded, for a turn or a thread.
const WAITING_KIB: usize = 64 * 1024;
/// Questions about the past that are answered or wait.
const MOST_EXPLAINED: usize = 8;

/// Threads for the book, by what they may wait for.
#[derive(Clone)]
pub(in crate::grpc) struct Threads {
    /// What has a turn at a group, or reads a request.
    deciders: Workers,
    /// What has a turn at a house: it may price all that the house has.
    keepers: Workers,
    /// What goes over many groups and waits for their turns, one after the other.
    pub(super) walkers: Workers,
    /// The past has a queue of its own, and one reader.
    pub(super) explainers: Workers,
    /// Room for requests that wait, in KiB.
    room: Arc<Semaphore>,
}

impl Threads {
    /// So many of each kind; those that walk over groups are shared with others.
    pub(in crate::grpc) fn new(threads: usize, walkers: Workers) -> Self {
        Self {
            deciders: Workers::new(threads, MOST_DECIDED),
            keepers: Workers::new(threads, MOST_DECIDED),
            walkers,
            explainers: Workers::new(1, MOST_EXPLAINED),
            room: Arc::new(Semaphore::new(WAITING_KIB)),
        }
    }

    /// Room for a request of so many bytes, until this is dropped.
    pub(super) fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, WorkLost> {
        let kib = u32::try_from(bytes / 1024 + 1).map_err(|_| WorkLost::Busy)?;
        Arc::clone(&self.room).try_acquire_many_owned(kib).map_err(|_| WorkLost::Busy)
    }
}

impl From<Waits> for Fault {
    fn from(_: Waits) -> Self {
        Self::Waits
    }
}

impl From<WorkLost> for Fault {
    fn from(lost: WorkLost) -> Self {
        Self::Status(Box::new(status::no_calculation(lost)))
    }
}

/// Whether what is decided of a group without a search is little work, and so is everything that is said of it.
pub(super) fn is_small(group: &Group) -> bool {
    !group.is_large() && group.margin_accounts.len().max(group.position_accounts.len()) <= FEW_ACCOUNTS
}

/// The desk of a house with the snapshot for the set that is active.
pub(super) fn known(
    book: &Book,
    house: &House,
    place: Place,
) -> Result<(Arc<Desk>, Arc<HouseSnapshot>), Fault> {
    match place {
        Place::Runtime => book.current(house).ok_or(Fault::Waits),
        Place::Worker => Ok(book.desk(house)?),
    }
}

impl BookCalls {
    /// Gives an answer once it is durable.
    pub(super) async fn said<T>(&self, worked: Result<Told<T>, Fault>) -> Result<Response<T>, Status> {
        if let Err(Fault::Book(BookFault::GroupExists { .. } | BookFault::OtherRun { .. })) = &worked {
            // That something is there already is an answer, too.
            let written = self.book.chronicle().written();
            self.book.chronicle().reached(written).await.map_err(status::journal_stopped)?;
        }
        let Told { answer, durable } = worked.map_err(Fault::into_status)?;
        self.book.chronicle().reached(durable).await.map_err(status::journal_stopped)?;
        Ok(Response::new(answer))
    }

    /// Sees to it that the snapshot of a house is of the set that is active.
    pub(super) async fn renewed(&self, house: &House) -> Result<(), Fault> {
        if self.book.current(house).is_some() {
            return Ok(());
        }
        let turn = self.book.known(house)?.turn().await;
        let (book, house) = (Arc::clone(&self.book), house.clone());
        let renewed = move || {
            let _turn = turn;
            book.desk(&house).map(|_| ())
        };
        Ok(self.threads.keepers.run(1, renewed).await??)
    }

    /// Reads a request of so many bytes.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        house: &House,
        bytes: usize,
        read: impl Fn(&Book, Place) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.renewed(house).await?;
        if bytes <= FEW_BYTES {
            match caught(|| read(&self.book, Place::Runtime))? {
                Err(Fault::Waits) => {}
                done => return done,
            }
        }
        let book = Arc::clone(&self.book);
        self.threads.deciders.run(1, move || read(&book, Place::Worker)).await?
    }

    /// Work on a group in the caller's turn: at once where nobody else has the group and the work is little.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        turns: &Turns,
        is_little: fn(&Group) -> bool,
        work: impl Fn(&Book, Turn, Place) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        if let Some(held) = turns.now().filter(|held| is_little(held.group())) {
            match caught(|| work(&self.book, open(held)?, Place::Runtime))? {
                Err(Fault::Waits) => {}
                done => return done,
            }
        }
        let (book, held) = (Arc::clone(&self.book), open(turns.next().await?)?);
        self.threads.deciders.run(1, move || work(&book, held, Place::Worker)).await?
    }

    /// Work on groups whose turns the caller has.
    pub(super) async fn with_turns<H: Send + 'static, T: Send + 'static>(
        &self,
        mut held: H,
        is_little: bool,
        work: impl Fn(&Book, &mut H, Place) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        if is_little {
            match caught(|| work(&self.book, &mut held, Place::Runtime))? {
                Err(Fault::Waits) => {}
                done => return done,
            }
        }
        let book = Arc::clone(&self.book);
        self.threads.deciders.run(1, move || work(&book, &mut held, Place::Worker)).await?
    }

    /// What a house states in a request of so many bytes, in its turn.
    pub(super) async fn stated<T: Send + 'static>(
        &self,
        house: &House,
        bytes: usize,
        work: impl FnOnce(&Book) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let _room = self.threads.room(bytes)?;
        let turn = match self.book.found(house) {
            Some(desk) => Some(desk.turn().await),
            None => None,
        };
        let book = Arc::clone(&self.book);
        let stated = move || {
            let _turn = turn;
            work(&book)
        };
        self.threads.keepers.run(1, stated).await?
    }

    /// Work over the groups of a house, on a worker that waits for their turns.
    pub(super) async fn walking<T: Send + 'static>(
        &self,
        house: &House,
        weight: usize,
        work: impl FnOnce(&Book) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.renewed(house).await?;
        let book = Arc::clone(&self.book);
        self.threads.walkers.run(weight, move || work(&book)).await?
    }
}
