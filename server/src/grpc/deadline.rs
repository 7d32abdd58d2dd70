//! Until when a call may take: the client's `grpc-timeout`, and the server's own limit for unary calls.
//!
//! A deadline is that of the whole call, until its answer is read; of a call whose decision was applied before it, only the server's limit
//! is left, as its answer says what is true now. The server's limit also ends reflection: tools that ask further begin another call.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;
use tonic::codegen::http::HeaderMap;

use crate::until::Until;

/// Calls that have limits of their own instead of the one for unary calls: sizes, silence, the time of an upload.
const OWN_LIMITS: [&str; 2] = [
    "/plimsoll.v1.ParameterService/LoadParameterDirectory",
    "/plimsoll.v1.ParameterService/LoadParameterSet",
];
/// Calls whose answers go on for as long as client and server like.
const ENDLESS: [&str; 2] = ["/grpc.health.v1.Health/Watch", "/plimsoll.v1.MarginService/CalculateStream"];
/// tonic answers an expired `grpc-timeout` with CANCELLED; this much earlier it is answered here, as it should be.
const HEAD_START: Duration = Duration::from_millis(1);

/// The moment at which a call's answer is no longer wanted.
#[derive(Clone, Debug)]
pub(super) struct Deadline {
    moment: Instant,
    until: Until,
}

impl Deadline {
    fn at(moment: Instant) -> Self {
        Self { moment, until: Until::at(moment) }
    }

    /// What the call is decided by.
    pub(super) fn until(&self) -> Until {
        self.until.clone()
    }

    /// Whether it has passed.
    pub(super) fn is_over(&self) -> bool {
        self.until.is_over()
    }

    /// This deadline, unless the call was decided before it, or the end of the limit from now, whichever comes first.
    pub(super) fn within(deadline: Option<Self>, limit: Option<Duration>) -> Option<Self> {
        let limited = limit.and_then(|limit| Instant::now().checked_add(limit)).map(Self::at);
        match (deadline.filter(|own| !own.until.is_decided()), limited) {
            (Some(own), Some(limited)) if limited.moment < own.moment => Some(limited),
            (own, limited) => own.or(limited),
        }
    }

    /// Waits until it has passed.
    pub(super) async fn passed(self) {
        tokio::time::sleep_until(self.moment).await;
    }

    /// The result of work, or `None` when the deadline passes before the work is decided or done.
    pub(super) async fn bound<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        match tokio::time::timeout_at(self.moment, work.as_mut()).await {
            Ok(done) => Some(done),
            Err(_) if self.until.ends() => None,
            Err(_) => Some(work.await),
        }
    }
}

/// What deadlines are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    unary: Duration,
}

impl Deadlines {
    pub(super) const fn new(unary: Duration) -> Self {
        Self { unary }
    }

    /// The deadline of a call to this path.
    pub(super) fn of(self, path: &str, headers: &HeaderMap) -> Option<Deadline> {
        let client = headers.get("grpc-timeout").and_then(|value| timeout(value.to_str().ok()?));
        let client = client.map(|timeout| timeout.saturating_sub(HEAD_START));
        let has_own = OWN_LIMITS.contains(&path) || ENDLESS.contains(&path);
        let server = (!has_own).then_some(self.unary);
        let shorter = match (client, server) {
            (Some(client), Some(server)) => Some(client.min(server)),
            (client, server) => client.or(server),
        };
        // A moment too far away to be named is none.
        shorter.and_then(|timeout| Instant::now().checked_add(timeout)).map(Deadline::at)
    }

    /// How long an answer to a call to this path may take to be read once it has begun.
    pub(super) fn of_answers(self, path: &str) -> Option<Duration> {
        (!ENDLESS.contains(&path)).then_some(self.unary)
    }
}

/// One to eight digits and a unit, as gRPC over HTTP/2 defines it; anything else is ignored.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        let right = [
            ("1H", Duration::from_secs(3600)),
            ("2M", Duration::from_secs(120)),
            ("3S", Duration::from_secs(3)),
            ("20m", Duration::from_millis(20)),
            ("5u", Duration::from_micros(5)),
            ("99999999n", Duration::from_nanos(99_999_999)),
        ];
        for (text, expected) in right {
            assert_eq!(timeout(text), Some(expected), "{text}");
        }
        for wrong in ["", "S", "123456789S", "1s", "-1S", "1.5S", "1 S", "1S "] {
            assert_eq!(timeout(wrong), None, "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn the_shorter_one_counts_and_some_calls_have_limits_of_their_own() {
        let deadlines = Deadlines::new(Duration::from_secs(3600));
        let header = |value: &'static str| {
            HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), value.parse().unwrap())])
        };
        let calculate = "/plimsoll.v1.MarginService/Calculate";
        assert!(deadlines.of(calculate, &header("1n")).unwrap().is_over());
        assert!(!deadlines.of(calculate, &header("nonsense")).unwrap().is_over());
        for path in OWN_LIMITS.into_iter().chain(ENDLESS) {
            assert!(deadlines.of(path, &HeaderMap::new()).is_none());
            assert!(deadlines.of(path, &header("1n")).unwrap().is_over());
        }
        assert!(deadlines.of("/plimsoll.v1.ParameterService/GetParameterSet", &HeaderMap::new()).is_some());
        assert!(OWN_LIMITS.iter().all(|path| deadlines.of_answers(path).is_some()));
        assert!(ENDLESS.iter().all(|path| deadlines.of_answers(path).is_none()));
    }

    #[tokio::test]
    async fn the_earlier_end_counts() {
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
        let over = || Deadline::at(Instant::now());
        assert!(Deadline::within(Some(over()), Some(hour)).unwrap().is_over());
        let late = Deadline::within(None, Some(day)).unwrap();
        assert!(Deadline::within(Some(late.clone()), Some(hour)).unwrap().moment < late.moment);
        assert!(Deadline::within(Some(over()), None).unwrap().is_over());
        assert!(Deadline::within(None, None).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_decided_in_time_is_answered_however_late() {
        let limit = Duration::from_secs(1);
        let deadline = || Deadline::at(Instant::now() + limit);
        let slow = tokio::time::sleep(2 * limit);
        assert_eq!(deadline().bound(slow).await, None);
        let decided = deadline();
        let until = decided.until();
        let work = async move {
            let is_decided = until.decides();
            tokio::time::sleep(2 * limit).await;
            is_decided
        };
        assert_eq!(decided.clone().bound(work).await, Some(true));
        // What is left is the time to read the answer.
        assert!(!Deadline::within(Some(decided.clone()), Some(limit)).unwrap().is_over());
        assert!(Deadline::within(Some(decided), None).is_none());
    }
}
