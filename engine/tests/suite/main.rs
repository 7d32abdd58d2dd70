//! The engine's integration tests, one binary.

mod golden;
mod shared;
