//! Prices and sensitivities of European options on forwards, over contiguous columns.
//!
//! `columns` checks what a caller gives; [`Black76`] and [`Bachelier`] are checked columns, and calculate without failing.
//! `moves` are what they may be shocked by and `losses` the matrix of
//! what that costs; `smile` and `surface` give every option a
//! volatility; `american` approximates options that may be exercised early; `implied` solves for the volatility of a price, and `quoted` makes smiles of
//! prices; `elementary` has the functions that all are made of. Numbers are `f64` here; the same on every machine (see
//! [`Instructions`](crate::instruction_set::Instructions)).

#![allow(clippy::float_arithmetic, reason = "models work on floating point; money does not")]
#![allow(
    clippy::needless_range_loop,
    reason = "one place in many columns is read best, and compiled to vectors, by its index"
)]

mod american;
mod bachelier;
mod black76;
mod columns;
mod elementary;
mod implied;
mod losses;
mod moves;
mod pieces;
mod quoted;
mod smile;
mod surface;

pub use american::american_prices;
pub use columns::{
    Allowed, Bachelier, Black76, ColumnFault, Columns, Field, Greeks, GreeksMut, InvalidColumns, RightSign,
};
pub use implied::{NoVolatility, bachelier_volatilities, black76_volatilities};
pub use losses::{NoLosses, Stakes, linear_losses};
pub(crate) use moves::by_size;
pub use moves::{InvalidMoves, JointMove, Moves};
pub use quoted::{ImpliedSmile, QuotedExpiry, QuotedPrice, smile_of_prices};
pub use surface::{Surface, SurfaceFinding};

/// The discount factor of a continuous rate over so many years: `exp(-rate * years)`, for products from -700 to 700.
#[must_use]
pub fn discount_factor(rate: f64, years: f64) -> f64 {
    elementary::exp((-rate * years).clamp(-700.0, 700.0))
}

/// `ln(a / b)` of positive numbers from 1e-60 to 1e60.
#[must_use]
pub fn log_ratio(a: f64, b: f64) -> f64 {
    elementary::ln_ratio(a, b)
}

/// `base^exponent` of a base from 1e-60 to 1e60; what is beyond `exp(700)` either way stops there.
#[must_use]
pub fn power(base: f64, exponent: f64) -> f64 {
    elementary::exp((exponent * elementary::ln_ratio(base, 1.0)).clamp(-700.0, 700.0))
}
