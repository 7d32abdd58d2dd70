//! What the rounding profiles do differently, in one place.
//!
//! | profile | floor of the scan | cap for long options only | scan risk rounded to |
//! |---|---|---|---|
//! | exact | 0 | none | not rounded |
//! | takasbank | none | long option value | whole units, half away from zero |
//!
//! Nothing else is rounded under either profile. The takasbank rules are as observed in Takasbank's published calculator.

use super::options::OptionTotals;
use crate::parameters::RoundingProfile;
use crate::types::{Money, Overflow};

/// The loss that scan and price risk start from.
pub(super) struct ScanBase {
    pub(super) loss: Money,
    /// Whether a gain in every scenario counts as no loss.
    pub(super) floored: bool,
}

pub(super) fn scan_base(profile: RoundingProfile, largest: Money) -> ScanBase {
    match profile {
        RoundingProfile::Exact => ScanBase { loss: largest.max(Money::ZERO), floored: true },
        RoundingProfile::Takasbank => ScanBase { loss: largest, floored: false },
    }
}

pub(super) fn scan_risk(
    profile: RoundingProfile,
    loss: Money,
    options: &OptionTotals,
) -> Result<Money, Overflow> {
    match profile {
        RoundingProfile::Exact => Ok(loss),
        RoundingProfile::Takasbank if options.only_long_options => {
            loss.min(options.long_option_value).rounded_half_away(0)
        }
        RoundingProfile::Takasbank => loss.rounded_half_away(0),
    }
}
