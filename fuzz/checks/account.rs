//! What holds of any bytes that are given to the readers of markets and margin accounts.

use plimsoll_engine::parameters::method::{preset, read_method};
use plimsoll_engine::report::{by_method, by_method_in_pool};

use super::margin_account::read_line;
use super::market::read_market;

/// Reads a market from the first line and an account from the rest, and margins it. Returns whether it could be.
pub(crate) fn check(bytes: &[u8]) -> bool {
    let method = read_method(preset("derive-pm2").expect("a preset").as_bytes()).expect("a method");
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (market, account) = bytes.split_at(end);
    let snapshot = match read_market(market, &method.currency) {
        Ok(snapshot) => snapshot,
        Err(faults) => {
            assert!(!faults.is_empty(), "a market refused without a reason");
            return false;
        }
    };
    let line = match read_line(account, &method, &snapshot) {
        Ok(line) => line,
        Err(bad) => {
            assert!(!bad.faults.is_empty(), "an account refused without a reason");
            return false;
        }
    };
    let refused = match line.accounts {
        None => by_method(&method, &snapshot, &line.own).err(),
        Some(accounts) => {
            let accounts: Vec<_> = accounts.into_iter().map(|(_, account)| account).collect();
            by_method_in_pool(&method, &snapshot, &line.own, &accounts).err()
        }
    };
    if let Some(error) = &refused {
        assert!(!error.to_string().is_empty(), "{error:?}");
    }
    refused.is_none()
}
