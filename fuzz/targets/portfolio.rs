//! Bytes as an input of portfolios.

#![no_main]

#[path = "../checks/portfolio.rs"]
mod check;

// The source itself instead of the crate, whose tree (gRPC, an async runtime) takes a minute to build with counters.
#[allow(dead_code, unused_imports)]
#[path = "../../client/src"]
mod client {
    pub(crate) mod portfolio;
    pub(crate) mod rows;
}
use client::{portfolio, rows};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check::check(bytes);
});
