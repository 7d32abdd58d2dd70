//! The time that a journal has seen pass, which says how old its records are. A clock that is wrong does not move it.
//!
//! ```text
//! while a process runs:     + what its monotonic clock has counted, whatever the clock of the wall says
//! from one to the next:     + what the clock of the wall says, if that is no more than a day; else nothing
//! ```
//!
//! It never goes back, and what it misses (a process that was down for longer) keeps records longer.

/// Between two processes no more than this counts.
const LONGEST_REST: u64 = 86_400;
/// Two clocks that differ by more between two readings: one of them has jumped.
const TOLERANCE: u64 = 60;

/// Two clocks of a process, read at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// Seconds since 1970, as the clock of the wall has them.
    pub wall: u64,
    /// Seconds of a clock that never goes back, since any moment of the process.
    pub running: u64,
}

/// The time of a journal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Passing {
    /// Seconds: those since 1970 when it was first told, and those that have passed since.
    pub own: u64,
    /// What the clock of the wall said then.
    pub wall: u64,
}

/// The clock of the wall went another way than time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Jump {
    /// Seconds that have passed, as far as that is known.
    pub passed: u64,
    /// Seconds by which the clock of the wall moved; negative backward.
    pub moved: i64,
}

impl Passing {
    /// The time at a reading, behind the time that is stored and the last reading of the same process.
    #[must_use]
    pub fn at(stored: Option<Self>, last: Option<Reading>, now: Reading) -> (Self, Option<Jump>) {
        let Some(before) = stored else { return (Self { own: now.wall, wall: now.wall }, None) };
        let moved = i64::try_from(i128::from(now.wall) - i128::from(before.wall)).unwrap_or(i64::MAX);
        let forward = u64::try_from(moved).ok();
        let (passed, jumped) = match last {
            Some(last) => {
                let passed = now.running.saturating_sub(last.running);
                (passed, forward.is_none_or(|moved| moved.abs_diff(passed) > TOLERANCE))
            }
            None => {
                let rest = forward.filter(|moved| *moved <= LONGEST_REST);
                (rest.unwrap_or(0), rest.is_none())
            }
        };
        let own = before.own.saturating_add(passed);
        (Self { own, wall: now.wall }, jumped.then_some(Jump { passed, moved }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const START: u64 = 1_790_000_000;

    fn reading(wall: u64, running: u64) -> Reading {
        Reading { wall, running }
    }

    #[test]
    fn a_clock_that_jumps_moves_nothing() {
        let first = reading(START, 10);
        let (mut time, jump) = Passing::at(None, None, first);
        assert_eq!((time.own, jump), (START, None));
        let mut last = first;
        // Ten years forward for four seconds, back, and to 1970: a second passes each time.
        for (wall, passed) in
            [(START + 1, 1), (START + 3_650 * DAY, 2), (START + 5, 6), (0, 7), (START + 8, 8)]
        {
            let now = reading(wall, 10 + passed);
            let jump;
            (time, jump) = Passing::at(Some(time), Some(last), now);
            assert_eq!(time.own, START + passed);
            assert_eq!(jump.is_some(), passed > 1, "{jump:?}");
            last = now;
        }
    }

    #[test]
    fn a_rest_counts_as_far_as_it_can_be_believed() {
        let stored = Some(Passing { own: START, wall: START });
        let at = |wall| Passing::at(stored, None, reading(wall, 0));
        assert_eq!(at(START + 3_600), (Passing { own: START + 3_600, wall: START + 3_600 }, None));
        for wall in [START + DAY + 1, START - 1, 0, u64::MAX] {
            let (time, jump) = at(wall);
            assert_eq!((time.own, jump.is_some()), (START, true), "{wall}");
        }
    }
}
