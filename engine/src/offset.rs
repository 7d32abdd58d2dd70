//! Offsets between price sources: what the risk of several is together.
//!
//! Every source has its results in common scenarios and a requirement of its own. A rule says how far gains in one count against
//! losses in another; together they are never more than the sum, and never less than the stated floor.

mod aggregate;
mod bounded;
mod correlation;
#[cfg(feature = "linalg")]
mod nearest;

pub use aggregate::{
    Combined, Limits, OffsetPair, SourceRisk, Weight, by_correlation, by_gains, by_pairs, summed,
};
pub use bounded::{RiskExtent, by_correlation_at_most, by_gains_at_most, by_pairs_at_most};
pub use correlation::{CorrelationMatrix, MatrixFault};
#[cfg(feature = "linalg")]
pub use nearest::{NoNearest, nearest};
