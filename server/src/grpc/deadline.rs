//! Until when a call may take: the client's `grpc-timeout`, and the server's own limit for unary calls.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tonic::codegen::http::HeaderMap;

/// Calls that have limits of their own instead of the one for unary calls: sizes, silence, the time of an upload.
const OWN_LIMITS: [&str; 3] = [
    "/plimsoll.v1.MarginService/CalculateStream",
    "/plimsoll.v1.ParameterService/LoadParameterDirectory",
    "/plimsoll.v1.ParameterService/LoadParameterSet",
];
/// tonic answers an expired `grpc-timeout` with CANCELLED; this much earlier it is answered here, as it should be.
const HEAD_START: Duration = Duration::from_millis(1);

/// The moment at which a call's answer is no longer wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// Whether it has passed.
    pub(super) fn is_over(self) -> bool {
        self.0 <= Instant::now()
    }

    /// The result of work, or `None` when the deadline passes first.
    pub(super) async fn bound<T>(self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.0, work).await.ok()
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
        let server = (!OWN_LIMITS.contains(&path)).then_some(self.unary);
        let shorter = match (client, server) {
            (Some(client), Some(server)) => Some(client.min(server)),
            (client, server) => client.or(server),
        };
        // A moment too far away to be named is none.
        shorter.and_then(|timeout| Instant::now().checked_add(timeout)).map(Deadline)
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
        for path in OWN_LIMITS {
            assert!(deadlines.of(path, &HeaderMap::new()).is_none());
            assert!(deadlines.of(path, &header("1n")).unwrap().is_over());
        }
        assert!(deadlines.of("/plimsoll.v1.ParameterService/GetParameterSet", &HeaderMap::new()).is_some());
    }
}
