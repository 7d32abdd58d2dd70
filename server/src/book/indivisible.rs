//! What is written down and what is in memory change together, or the process ends: a panic between the two would leave a server that goes on with
//! a book which its log does not have, or a log that its book does not follow.

/// Ends the process where it is dropped.
struct Unfinished;

impl Drop for Unfinished {
    fn drop(&mut self) {
        tracing::error!(
            "a panic between a record and what it changes: the server aborts, and its log is read at the next start"
        );
        std::process::abort();
    }
}

/// Makes a change that nobody may see half of: the process aborts where it panics.
pub(crate) fn indivisible<T>(change: impl FnOnce() -> T) -> T {
    let unfinished = Unfinished;
    let done = change();
    std::mem::forget(unfinished);
    done
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    use plimsoll_engine::group::{Group, GroupKey, Origin};
    use plimsoll_engine::record::RecordBody;
    use plimsoll_engine::types::{Code, Currency};

    use super::super::{Chronicle, Entry};
    use super::*;

    /// Set for the process that is to end.
    const ENDS: &str = "PLIMSOLL_TEST_ENDS";
    /// `SIGABRT`.
    const ABORTED: i32 = 6;

    /// Runs a test of this program in a process of its own, where it panics on purpose and catches that as workers do.
    fn ends(test: &str) -> bool {
        let program = std::env::current_exe().unwrap();
        let ended = Command::new(program).args(["--exact", test]).env(ENDS, "1").output().unwrap();
        ended.status.signal() == Some(ABORTED)
    }

    fn is_to_end() -> bool {
        std::env::var_os(ENDS).is_some()
    }

    #[test]
    fn a_panic_in_between_ends_the_process_though_it_is_caught() {
        if is_to_end() {
            let _ = crate::workers::caught(|| indivisible(|| panic!("on purpose")));
            return;
        }
        assert!(ends("book::indivisible::tests::a_panic_in_between_ends_the_process_though_it_is_caught"));
    }

    #[test]
    fn a_record_whose_change_panics_ends_the_process() {
        if is_to_end() {
            let chronicle = Chronicle::default();
            let room = chronicle.room().unwrap();
            let panics = |_| panic!("on purpose");
            let _ = crate::workers::caught(|| room.commit(RecordBody::Groups(Vec::new()), panics));
            return;
        }
        assert!(ends("book::indivisible::tests::a_record_whose_change_panics_ends_the_process"));
    }

    #[test]
    fn what_is_whole_goes_on() {
        let key = GroupKey { house: Code::new("H").unwrap(), name: Code::new("G").unwrap() };
        let currency = Currency::new("USD").unwrap();
        let group = Group::new(key, Code::new("M").unwrap(), Origin::Client, currency);
        let mut entry = Entry::new(group, plimsoll_journal::Sequence::NONE);
        let changed = indivisible(|| {
            entry.apply(&[], plimsoll_journal::Sequence(7));
            entry.last()
        });
        assert_eq!(changed, plimsoll_journal::Sequence(7));
    }
}
