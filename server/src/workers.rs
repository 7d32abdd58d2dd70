//! Threads for work that takes long: the calls that only take microseconds are never behind it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Semaphore;

/// A bounded number of blocking threads for one kind of work, with a queue before them that is bounded by the work's weight.
#[derive(Clone, Debug)]
pub(crate) struct Workers {
    threads: Arc<Semaphore>,
    /// Room at the threads and in the queue, in units of weight.
    room: Arc<Semaphore>,
}

/// Why work has no result.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(crate) enum WorkLost {
    /// All threads of this kind are at work, and no more may wait, or not work of this weight.
    #[error("all workers are busy")]
    Busy,
    /// The work panicked, which is this program's fault and was logged.
    #[error("the work failed")]
    Panicked,
}

impl Workers {
    /// At most so many threads, and work of so much weight that has one or waits for one.
    pub(crate) fn new(threads: usize, room: usize) -> Self {
        Self { threads: Arc::new(Semaphore::new(threads)), room: Arc::new(Semaphore::new(room)) }
    }

    /// Runs work of some weight once a thread is free. Who stops waiting for the result does not stop the work.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        weight: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkLost> {
        let weight = u32::try_from(weight).map_err(|_| WorkLost::Busy)?;
        let place =
            Arc::clone(&self.room).try_acquire_many_owned(weight.max(1)).map_err(|_| WorkLost::Busy)?;
        // The semaphore is never closed, so there is always a permit in the end.
        let permit = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| WorkLost::Busy)?;
        Started::new((place, permit), work).result().await
    }

    /// Starts work if a thread is free now; the result comes out of what was started.
    pub(crate) fn start<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Started<T>, WorkLost> {
        let permit = Arc::clone(&self.threads).try_acquire_owned().map_err(|_| WorkLost::Busy)?;
        Ok(Started::new(permit, work))
    }
}

/// Work under way.
#[derive(Debug)]
pub(crate) struct Started<T>(tokio::task::JoinHandle<Result<T, WorkLost>>);

impl<T: Send + 'static> Started<T> {
    /// Holds the permits until the work has ended, also when nobody waits for it any more.
    fn new(permits: impl Send + 'static, work: impl FnOnce() -> T + Send + 'static) -> Self {
        Self(tokio::task::spawn_blocking(move || {
            let _permits = permits;
            caught(work)
        }))
    }

    /// Waits for its result.
    pub(crate) async fn result(self) -> Result<T, WorkLost> {
        self.0.await.unwrap_or(Err(WorkLost::Panicked))
    }
}

/// Runs work on this thread; a panic is logged and ends only this work.
///
/// Everything that work shares with others is immutable or swapped whole, so nothing half-changed outlives a panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, WorkLost> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        tracing::error!(panic = panic_message(&*panic), "a call panicked");
        WorkLost::Panicked
    })
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_only_its_own_work() {
        let workers = Workers::new(1, 1);
        assert_eq!(workers.run(1, || panic!("on purpose")).await, Err::<(), _>(WorkLost::Panicked));
        assert_eq!(workers.run(1, || 7).await, Ok(7));
        assert_eq!(caught(|| panic!("on purpose")), Err::<(), _>(WorkLost::Panicked));
    }

    #[tokio::test]
    async fn work_beyond_the_bounds_is_not_taken() {
        let workers = Workers::new(1, 10);
        let (release, held) = std::sync::mpsc::channel::<()>();
        let first = workers.start(move || held.recv()).unwrap();
        assert_eq!(workers.start(|| ()).map(|_| ()), Err(WorkLost::Busy));
        let others = [6, 4, 1, 0].map(|weight| {
            tokio::spawn({
                let workers = workers.clone();
                async move { workers.run(weight, move || weight).await }
            })
        });
        // The started work has a thread; the first two of the others fill the queue, and the rest is turned away at once.
        let [six, four, one, zero] = others;
        assert_eq!(one.await.unwrap(), Err(WorkLost::Busy));
        assert_eq!(zero.await.unwrap(), Err(WorkLost::Busy), "nothing is without weight");
        release.send(()).unwrap();
        assert_eq!(first.result().await, Ok(Ok(())));
        assert_eq!((six.await.unwrap(), four.await.unwrap()), (Ok(6), Ok(4)));
        assert_eq!(workers.run(10, || 10).await, Ok(10), "there is room again");
        assert_eq!(workers.run(11, || 11).await, Err(WorkLost::Busy));
        assert_eq!(workers.run(usize::MAX, || 12).await, Err(WorkLost::Busy));
    }
}
