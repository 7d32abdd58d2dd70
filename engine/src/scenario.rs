//! The joint moves of price and volatility that a portfolio is scanned over, and what each costs.

mod arrays;
mod points;
mod priced;
mod sums;

pub use arrays::{Losses, RiskArrays, Row};
pub use points::{DeltaPoint, PointsError, ScanFraction, ScanPoint, ScanPoints, ScenarioIndex};
pub use priced::{ArraySettings, PricedArrays, Unpriced, priced_arrays};
pub use sums::ScenarioSums;
