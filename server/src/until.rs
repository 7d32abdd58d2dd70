//! Until when a call's answer is wanted, and which came first: its decision, or the end of its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::time::Instant;

/// Neither has come.
const OPEN: u8 = 0;
/// What the call asks for is applied: its answer says so, however late.
const DECIDED: u8 = 1;
/// The caller has been told that its time is over: nothing of the call is applied any more.
const OVER: u8 = 2;

/// The time of a call. Copies of it are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Until(Option<Arc<Limited>>);

#[derive(Debug)]
struct Limited {
    end: Instant,
    state: AtomicU8,
}

impl Until {
    /// Without an end.
    pub(crate) const NEVER: Self = Self(None);

    /// Until a moment.
    pub(crate) fn at(end: Instant) -> Self {
        Self(Some(Arc::new(Limited { end, state: AtomicU8::new(OPEN) })))
    }

    /// Whether it has passed.
    pub(crate) fn is_over(&self) -> bool {
        self.0.as_ref().is_some_and(|own| own.end <= Instant::now())
    }

    /// A request is about to be applied: whether it is still in time. From then on its answer is waited for.
    pub(crate) fn decides(&self) -> bool {
        !self.is_over() && self.becomes(DECIDED)
    }

    /// The same of a fact, which has happened however late it is told: it is booked unless its caller has been told that its time is over.
    pub(crate) fn decides_fact(&self) -> bool {
        self.becomes(DECIDED)
    }

    /// The time is over: whether that comes before the decision.
    pub(crate) fn ends(&self) -> bool {
        self.becomes(OVER)
    }

    /// Whether the call has been decided.
    pub(crate) fn is_decided(&self) -> bool {
        self.0.as_ref().is_some_and(|own| own.state.load(Ordering::SeqCst) == DECIDED)
    }

    fn becomes(&self, state: u8) -> bool {
        let Some(own) = &self.0 else { return true };
        let before = own.state.compare_exchange(OPEN, state, Ordering::SeqCst, Ordering::SeqCst);
        before.is_ok() || before == Err(state)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_comes_first_is_what_is_said() {
        let second = Duration::from_secs(1);
        let until = Until::at(Instant::now() + second);
        assert!(until.decides() && until.is_decided());
        tokio::time::advance(second).await;
        assert!(!until.ends(), "it is decided, and its answer is waited for");

        let until = Until::at(Instant::now() + second);
        let same = until.clone();
        assert!(same.ends());
        assert!(
            !until.decides() && !until.decides_fact(),
            "the caller has been told that nothing is applied"
        );

        let until = Until::at(Instant::now() + second);
        tokio::time::advance(second).await;
        assert!(until.is_over() && !until.decides());
        assert!(until.decides_fact() && !until.ends(), "facts have happened");

        assert!(Until::NEVER.decides() && !Until::NEVER.is_over() && !Until::NEVER.is_decided());
    }
}
