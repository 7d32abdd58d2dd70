//! Bytes as a margin method.

#![no_main]

#[path = "../checks/method.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check::check(bytes);
});
