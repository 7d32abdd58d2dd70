//! What the rounding profiles do differently, in one place.
//!
//! | profile | floor of the scan | cap for long options only | risk | delta and number of spreads | weighted price risk |
//! |---|---|---|---|---|---|
//! | exact | 0 | none | not rounded | not rounded | not rounded |
//! | takasbank | none | long option value | scan to whole units | not rounded | not rounded |
//! | cme | 0 | none | every risk and charge to whole units | 4 places | 2 places |
//!
//! All roundings are half away from zero. The takasbank rules are as observed in Takasbank's published calculator; the cme rules
//! rest on what third parties have observed of CME's software, no output of which is public.

use super::options::OptionTotals;
use crate::parameters::RoundingProfile;
use crate::types::{Decimal, Delta, Money, Overflow};

/// Places of deltas and of numbers of spreads under the cme profile.
const CME_DELTA_PLACES: u8 = 4;
/// Places of weighted price risk under the cme profile.
const CME_WEIGHTED_PLACES: u8 = 2;

/// The rules of one profile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounding(RoundingProfile);

/// The loss that scan and price risk start from.
pub(super) struct ScanBase {
    pub(super) loss: Money,
    /// Whether a gain in every scenario counts as no loss.
    pub(super) is_floored: bool,
}

impl Rounding {
    pub(super) const fn of(profile: RoundingProfile) -> Self {
        Self(profile)
    }

    /// Whether numbers on the way are rounded to whole units.
    pub(super) fn is_whole(self) -> bool {
        self.0 == RoundingProfile::Cme
    }

    /// Whether scan risk is rounded to whole units.
    pub(super) fn rounds_scan(self) -> bool {
        self.0 != RoundingProfile::Exact
    }

    /// Whether a gain in every scenario counts as no loss.
    pub(super) fn has_floor(self) -> bool {
        self.0 != RoundingProfile::Takasbank
    }

    /// A loss, risk or charge.
    pub(super) fn risk(self, risk: Money) -> Result<Money, Overflow> {
        if self.is_whole() { risk.rounded_half_away(0) } else { Ok(risk) }
    }

    /// A net delta or a number of spreads.
    pub(super) fn delta(self, delta: Delta) -> Result<Delta, Overflow> {
        if self.is_whole() { delta.rounded_half_away(CME_DELTA_PLACES) } else { Ok(delta) }
    }

    /// Price risk for one unit of delta.
    pub(super) fn weighted(self, risk: Money) -> Result<Money, Overflow> {
        if self.is_whole() { risk.rounded_half_away(CME_WEIGHTED_PLACES) } else { Ok(risk) }
    }

    /// Whether long options alone lose no more than they are worth.
    pub(super) fn caps_long_options(self) -> bool {
        self.0 == RoundingProfile::Takasbank
    }

    pub(super) fn scan_base(self, largest: Money) -> ScanBase {
        match self.0 {
            RoundingProfile::Exact | RoundingProfile::Cme => {
                ScanBase { loss: largest.max(Money::ZERO), is_floored: true }
            }
            RoundingProfile::Takasbank => ScanBase { loss: largest, is_floored: false },
        }
    }

    pub(super) fn scan_risk(self, loss: Money, options: &OptionTotals) -> Result<Money, Overflow> {
        match self.0 {
            RoundingProfile::Exact | RoundingProfile::Cme => Ok(loss),
            RoundingProfile::Takasbank if options.only_long_options => {
                loss.min(options.long_option_value).rounded_half_away(0)
            }
            RoundingProfile::Takasbank => loss.rounded_half_away(0),
        }
    }
}

/// The amount that a level requires of a commodity's risk: its multiples one after the other, each rounded as the profile
/// rounds risk.
///
/// # Errors
/// [`Overflow`] when it does not fit.
pub fn level_amount(risk: Money, factors: &[Decimal], profile: RoundingProfile) -> Result<Money, Overflow> {
    let rounding = Rounding::of(profile);
    factors.iter().try_fold(risk, |amount, factor| rounding.risk(amount.times_half_away(*factor)?))
}
