//! Bytes as a `.spn` file.

#![no_main]

#[path = "../checks/accepted.rs"]
mod accepted;
#[path = "../checks/spn.rs"]
mod spn;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    spn::check(bytes);
});
