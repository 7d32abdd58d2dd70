//! Bytes as a market and a margin account.

#![no_main]

#[path = "../checks/account.rs"]
mod check;

// The source itself instead of the crate, whose tree (gRPC, an async runtime) takes a minute to build with counters.
#[allow(dead_code, unused_imports)]
#[path = "../../client/src"]
mod client {
    pub(crate) mod document;
    pub(crate) mod json;
    pub(crate) mod margin_account;
    pub(crate) mod market;
    pub(crate) mod portfolio;
    pub(crate) mod rows;
}
use client::{document, json, margin_account, market, portfolio, rows};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check::check(bytes);
});
