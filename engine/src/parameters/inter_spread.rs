//! Spreads between commodities, compiled.

use std::fmt;

use super::commodity::{CommodityIndex, TierIndex};
use super::definition::Side;
use crate::types::{CommodityCode, Decimal, House, Money};

/// A spread between commodities.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InterSpread {
    /// A credit for net deltas of opposite sign.
    Delta(DeltaSpread),
    /// Several commodities scanned as one.
    Scanning(ScanningSpread),
}

/// A credit for net deltas of opposite sign.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeltaSpread {
    /// Its priority; lower numbers first.
    pub priority: u32,
    /// Its legs.
    pub legs: Vec<InterLeg>,
    /// Its legs at other clearing organisations; they are credited there.
    pub away: Vec<AwayLeg>,
}

/// Where an account may have delta at another clearing organisation, as spreads of a set name it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct AwayPlace {
    /// The clearing organisation.
    pub house: House,
    /// Its commodity.
    pub commodity: CommodityCode,
    /// The number of the tier.
    pub tier: i32,
}

impl fmt::Display for AwayPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} tier {}", self.house, self.commodity, self.tier)
    }
}

/// The place of an [`AwayPlace`] in its set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AwayIndex(pub(super) u32);

impl AwayIndex {
    /// The place, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A leg at another clearing organisation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AwayLeg {
    /// Where.
    pub place: AwayIndex,
    /// Its side.
    pub side: Side,
    /// Delta for one spread; greater than zero.
    pub ratio: Decimal,
}

/// A leg of a delta-based spread.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InterLeg {
    /// The commodity.
    pub commodity: CommodityIndex,
    /// Where in the commodity.
    pub tier: TierIndex,
    /// Its side.
    pub side: Side,
    /// Delta for one spread; greater than zero.
    pub ratio: Decimal,
    /// What it is credited.
    pub credit: LegCredit,
}

/// What a leg is credited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LegCredit {
    /// A fraction of the weighted price risk for each unit of delta used.
    Weighted(Decimal),
    /// An amount for each spread, risk exponent applied.
    Flat(Money),
}

/// Several commodities scanned as one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScanningSpread {
    /// Its priority; lower numbers first.
    pub priority: u32,
    /// The commodity that the others are added to.
    pub target: CommodityIndex,
    /// What the target's delta is measured in.
    pub target_ratio: Decimal,
    /// Whether the target is to have positions.
    pub is_target_required: bool,
    /// How many of the legs are to have positions.
    pub minimum_legs: u32,
    /// The legs besides the target.
    pub legs: Vec<ScanningLeg>,
}

/// A leg of a scanning-based spread.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScanningLeg {
    /// The commodity.
    pub commodity: CommodityIndex,
    /// Whether it is to have positions.
    pub is_required: bool,
    /// What its delta is measured in.
    pub ratio: Decimal,
    /// The part of its gains that counts, as a fraction.
    pub rate: Decimal,
}
