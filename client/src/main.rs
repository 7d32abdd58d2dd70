//! The command line of Plimsoll.

#![deny(clippy::wildcard_enum_match_arm)]

mod arguments;
mod commands;
mod method_file;
mod parameter_file;
mod results;
mod standard_error;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::Arguments;

/// As the server's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run(Arguments::parse()).into()
}
