//! Accounts that stand on several lines, each of which has an answer of its own: that is told.

use std::collections::HashMap;

use plimsoll_client::output::printable;

use crate::standard_error::say;

/// The most accounts that are remembered.
const MOST_ACCOUNTS: usize = 1_000_000;

/// The line in which each account stood first.
#[derive(Default)]
pub(super) struct Once {
    first: HashMap<String, u64>,
    is_full: bool,
}

impl Once {
    /// Notes the account of a line, and tells if it stood on another.
    pub(super) fn note(&mut self, account: &str, line: u64) {
        if let Some(before) = self.first.get(account) {
            return say(format_args!(
                "line {line}: account {} stands on line {before} too: each line has an answer of its own, --merge-accounts adds them up",
                printable(account)
            ));
        }
        if self.first.len() < MOST_ACCOUNTS {
            self.first.insert(account.to_owned(), line);
        } else if !self.is_full {
            self.is_full = true;
            say(format_args!(
                "line {line}: more than {MOST_ACCOUNTS} accounts: whether others stand twice is not told"
            ));
        }
    }
}
