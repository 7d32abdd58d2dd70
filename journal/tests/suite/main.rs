//! The journal's integration tests, one binary: a simulated disk that forgets, reorders, tears and damages.

#![allow(clippy::unwrap_used)]

mod damage;
mod gated;
mod power;
mod queue;
mod real;
mod simulated;
