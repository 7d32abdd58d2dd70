//! The engine's integration tests, one binary.

// Tests may stop on a surprise and read files of the machine.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod book;
mod elsewhere;
mod exchange;
mod generate;
mod golden;
mod hostile;
mod methods;
mod orders;
mod pa2;
mod pa2_refused;
mod pa2_written;
mod pieces;
mod priced;
mod pricing;
mod published;
mod random;
mod refused;
mod replay;
mod requests;

mod shared;
mod steps;
mod twin;
