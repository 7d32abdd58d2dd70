//! The joint moves of price and volatility that a portfolio is scanned over, and what each costs.

mod arrays;
mod points;
mod priced;
mod shock;
mod shocked;
mod sums;

pub use arrays::{Losses, RiskArrays, Row};
pub use points::{DeltaPoint, PointsError, ScanFraction, ScanPoint, ScanPoints, ScenarioIndex};
pub use priced::{ArraySettings, PricedArrays, Unpriced, priced_arrays};
pub use shock::{
    Shock, ShockRules, SkewCap, SkewShock, TermStructure, VolatilityMove, VolatilityRange, VolatilityShock,
};
pub use shocked::{NoValue, OptionInputs, ShockedValues, shocked_forward, shocked_values, whole_units};
pub use sums::ScenarioSums;
