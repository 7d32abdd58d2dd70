//! Names of runs of the command line: what the ids of commands begin with that have none of their own.

use std::hash::{BuildHasher as _, RandomState};
use std::time::SystemTime;

/// The most bytes of a run's name: with the number of a line it is an id of a command.
const MOST_BYTES: usize = 43;

/// The name of a run; another run with the same name sends the same commands again.
pub(super) struct RunName(String);

impl RunName {
    /// A name that somebody gives.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn given(name: &str) -> Result<Self, String> {
        let name = name.trim();
        if name.is_empty() || name.len() > MOST_BYTES || name.chars().any(char::is_control) {
            return Err(format!("--run-name: 1 to {MOST_BYTES} printable bytes"));
        }
        Ok(Self(name.to_owned()))
    }

    /// A name that no other run has: ids that are new are never taken for those of another day.
    pub(super) fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // The keys of a hasher are random for every process.
        let random = [0, 1].map(|part: u8| RandomState::new().hash_one((part, now, std::process::id())));
        Self(format!("run-{:08x}-{:016x}", now.as_secs(), random[0] ^ random[1].rotate_left(32)))
    }

    /// The id of the command of a line.
    pub(super) fn id(&self, line: usize) -> String {
        format!("{}:{line}", self.0)
    }

    /// What is printed before the first command.
    pub(super) fn notice(&self) -> String {
        let Self(name) = self;
        format!("commands without an id get {name}:LINE; to send them again: --run-name '{name}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_a_name_of_its_own_and_ids_fit() {
        assert_ne!(RunName::new().0, RunName::new().0);
        for name in [RunName::new(), RunName::given(&"n".repeat(MOST_BYTES)).unwrap()] {
            assert!(name.id(usize::MAX).len() <= 64, "{}", name.0);
        }
        let again = RunName::given(&RunName::new().0).unwrap();
        assert_eq!(again.id(3), format!("{}:3", again.0));
        for wrong in ["", "  ", "a\nb", &"n".repeat(MOST_BYTES + 1)] {
            assert!(RunName::given(wrong).is_err(), "{wrong:?}");
        }
    }
}
