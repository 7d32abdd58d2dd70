//! The joint moves of price and volatility that a portfolio is scanned over, and what each costs.

mod arrays;
mod points;

pub use arrays::{Losses, RiskArrays, Row, ScenarioSums};
pub use points::{DeltaPoint, PointsError, ScanFraction, ScanPoint, ScanPoints, ScenarioIndex};
