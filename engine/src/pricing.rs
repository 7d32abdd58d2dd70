//! Prices and sensitivities of European options on forwards, over contiguous columns.
//!
//! `columns` checks what a caller gives; [`Black76`] and [`Bachelier`] are checked columns, and calculate without failing.
//! `moves` are what they may be shocked by and `losses` the matrix of
//! what that costs; `implied` solves for the volatility of a price; `elementary` has the functions that all are made of. Numbers are `f64` here; the same on every machine (see
//! [`Instructions`](crate::instruction_set::Instructions)).

#![allow(clippy::float_arithmetic, reason = "models work on floating point; money does not")]

mod bachelier;
mod black76;
mod columns;
mod elementary;
mod implied;
mod losses;
mod moves;

pub use columns::{
    Allowed, Bachelier, Black76, ColumnFault, Columns, Field, Greeks, GreeksMut, InvalidColumns, RightSign,
};
pub use implied::{NoVolatility, bachelier_volatilities, black76_volatilities};
pub use losses::{NoLosses, Stakes};
pub use moves::{InvalidMoves, JointMove, Moves};
