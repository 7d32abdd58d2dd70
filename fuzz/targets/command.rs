//! Bytes as what a margin group is told.

#![no_main]

#[path = "../checks/command.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check::check(bytes);
});
