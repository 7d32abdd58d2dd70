//! Spreads between commodities, compiled, and how those that a portfolio can form are found.

use super::commodity::{CommodityIndex, TierIndex};
use super::definition::Side;
use crate::types::{Decimal, Money};

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

/// Spreads in the order in which they are evaluated, with an index by commodity: a set may have thousands of which a
/// portfolio can form a few.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SpreadBook {
    spreads: Vec<InterSpread>,
    /// For each commodity the spreads that are looked at because it has positions.
    by_commodity: Vec<Vec<u32>>,
}

impl SpreadBook {
    /// Takes spreads in the order of their evaluation, over so many commodities.
    pub(super) fn new(spreads: Vec<InterSpread>, commodities: usize) -> Self {
        let mut by_commodity = vec![Vec::new(); commodities];
        for (index, spread) in (0..).zip(&spreads) {
            match spread {
                // All legs are needed: it is enough to look where one of them is, the last by code.
                InterSpread::Delta(spread) => {
                    let last = spread.legs.iter().map(|leg| leg.commodity).max();
                    if let Some(own) = last.and_then(|last| by_commodity.get_mut(last.index())) {
                        own.push(index);
                    }
                }
                InterSpread::Scanning(spread) => {
                    for leg in &spread.legs {
                        if let Some(own) = by_commodity.get_mut(leg.commodity.index()) {
                            own.push(index);
                        }
                    }
                }
            }
        }
        Self { spreads, by_commodity }
    }

    /// All of them, in the order in which they are evaluated.
    #[must_use]
    pub fn as_slice(&self) -> &[InterSpread] {
        &self.spreads
    }

    /// The places of the spreads that may form where these commodities have positions, in the order of evaluation. A
    /// scanning-based spread may give positions to its target: what the target may form then is among them.
    pub fn candidates(&self, held: impl Iterator<Item = CommodityIndex>) -> Vec<u32> {
        let mut found = Vec::new();
        if self.spreads.is_empty() {
            return found;
        }
        for commodity in held {
            found.extend_from_slice(&self.by_commodity[commodity.index()]);
        }
        let mut looked_at = 0;
        while let Some(&candidate) = found.get(looked_at) {
            looked_at += 1;
            if let InterSpread::Scanning(spread) = &self.spreads[candidate as usize] {
                let new = self.by_commodity[spread.target.index()].iter();
                let new: Vec<u32> = new.copied().filter(|other| !found.contains(other)).collect();
                found.extend(new);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
