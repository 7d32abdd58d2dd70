//! Bytes as a `.pa2` file.

#![no_main]

#[path = "../checks/accepted.rs"]
mod accepted;
#[path = "../checks/pa2.rs"]
mod pa2;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    pa2::check(bytes);
});
