//! The command line of Plimsoll.

mod arguments;
mod commands;
mod parameter_file;
mod results;
mod standard_error;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::Arguments;

fn main() -> ExitCode {
    commands::run(Arguments::parse()).into()
}
