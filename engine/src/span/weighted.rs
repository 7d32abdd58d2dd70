//! Weighted price risk: what one unit of net delta has of price risk, as a quotient that is not formed before it has to be.

use super::outright::{CommodityMargin, net_delta_of};
use super::rounding::Rounding;
use super::scan::{self, Scan};
use crate::parameters::{Commodity, InterTier, ParameterSet, RoundingProfile, TierIndex, WeightedRiskMethod};
use crate::scenario::Row;
use crate::types::{Decimal, Delta, Lots, Money, Overflow};

/// Price risk for one unit of delta.
#[derive(Clone, Copy)]
pub(super) enum WeightedRisk {
    /// So much risk over so much delta, greater than zero.
    Quotient(Money, Delta),
    /// An amount for each unit.
    Amount(Money),
}

/// The scan of a tier's positions, where the tier is not the whole commodity.
pub(super) fn tier_scan(
    set: &ParameterSet,
    own: &Commodity,
    positions: &[(Row, Lots)],
    margin: &CommodityMargin,
    tier: &InterTier,
    rounding: Rounding,
) -> Result<Scan, Overflow> {
    let inside = positions.iter().filter(|(row, _)| tier.periods.contains(own.contract(*row).period));
    let inside: Vec<(Row, Lots)> = inside.copied().collect();
    let delta = net_delta_of(own, &inside, rounding)?;
    scan::scan(set.points(), own, &inside, delta, &margin.options, rounding)
}

impl WeightedRisk {
    /// By the commodity's method, from the scan of the whole or of a tier.
    pub(super) fn of(
        own: &Commodity,
        tier: TierIndex,
        scan: &Scan,
        is_super: bool,
        rounding: Rounding,
    ) -> Result<Self, Overflow> {
        let delta = scan.net_delta.magnitude();
        if delta.is_zero() {
            return Ok(Self::Amount(Money::ZERO));
        }
        let normal = Self::Quotient(scan.price_risk, delta);
        let range = own.inter_tiers().get(tier.index()).and_then(|tier| tier.scan_range);
        let own_risk = match (own.weighted_risk_method(), range) {
            (WeightedRiskMethod::ScanRange, Some(range)) => Self::Amount(range),
            (WeightedRiskMethod::ScanRangeCap, Some(range)) => normal.at_most(Self::Amount(range))?,
            _ => normal,
        };
        let capped = if is_super {
            own_risk.at_most(Self::Quotient(scan.scan_risk.max(Money::ZERO), delta))?
        } else {
            own_risk
        };
        match capped {
            Self::Quotient(risk, delta) if rounding.is_whole() => {
                Ok(Self::Amount(rounding.weighted(risk.per_delta_half_away(delta)?)?))
            }
            Self::Amount(amount) => Ok(Self::Amount(rounding.weighted(amount)?)),
            quotient @ Self::Quotient(..) => Ok(quotient),
        }
    }

    /// The lesser of the two.
    fn at_most(self, other: Self) -> Result<Self, Overflow> {
        Ok(if other.amount_half_away()? < self.amount_half_away()? { other } else { self })
    }

    /// For one unit of delta, rounded to 1e-18.
    fn amount_half_away(self) -> Result<Money, Overflow> {
        match self {
            Self::Quotient(risk, delta) => risk.per_delta_half_away(delta),
            Self::Amount(amount) => Ok(amount),
        }
    }

    /// A rate of it, for so much delta, rounded once.
    pub(super) fn credit(self, used: Delta, rate: Decimal) -> Result<Money, Overflow> {
        match self {
            Self::Quotient(risk, delta) => risk.share_half_away(used, delta, rate),
            Self::Amount(amount) => amount.share_half_away(used, Delta::ONE, rate),
        }
    }

    /// A rate of it rounded to two places, then for so much delta rounded to whole units: as tiers are credited where numbers
    /// on the way are rounded.
    pub(super) fn stepwise_credit(
        self,
        used: Delta,
        rate: Decimal,
        rounding: Rounding,
    ) -> Result<Money, Overflow> {
        let one = rounding.weighted(self.credit(Delta::ONE, rate)?)?;
        rounding.risk(one.for_delta_half_away(used, Decimal::ONE)?)
    }
}

/// Price risk for each unit of net delta of a whole commodity, as spreads are credited by it; 0 where the net delta is 0.
///
/// # Errors
/// [`Overflow`] when it does not fit.
pub fn weighted_price_risk_half_away(
    set: &ParameterSet,
    margin: &CommodityMargin,
    profile: RoundingProfile,
) -> Result<Money, Overflow> {
    let own = &set.commodities()[margin.commodity.index()];
    let rounding = Rounding::of(profile);
    WeightedRisk::of(own, TierIndex::WHOLE, &margin.scan, false, rounding)?.amount_half_away()
}
