//! Spreads between commodities, compiled, and how those that a portfolio can form are found.

use std::cmp::Ordering;

use smallvec::SmallVec;

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

impl DeltaSpread {
    /// Whether it needs net deltas of one sign (or of two) in these two commodities; `None` if tiers decide.
    fn same_sign(&self, one: CommodityIndex, other: CommodityIndex) -> Option<bool> {
        let side = |commodity| {
            let mut legs = self.legs.iter().filter(|leg| leg.commodity == commodity);
            let leg = legs.next().filter(|leg| leg.tier == TierIndex::WHOLE)?;
            legs.next().is_none().then_some(leg.side)
        };
        if one == other { None } else { Some(side(one)? == side(other)?) }
    }
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
    /// For each commodity the spreads that are looked at because it has positions, by what they need besides.
    by_commodity: Vec<Vec<Entry>>,
    has_scanning: bool,
}

/// A spread that is looked at because a commodity has positions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Entry {
    spread: u32,
    /// Another commodity without which it cannot form; the same where there is none.
    needs: CommodityIndex,
    /// Whether the net deltas of the two are to have one sign; `None` where they do not decide.
    same_sign: Option<bool>,
}

/// A commodity with positions, and whether its net delta is less than, equal to or greater than zero.
pub type Held = (CommodityIndex, Ordering);

/// The places of spreads in their order.
pub type Candidates = SmallVec<[u32; 24]>;

impl SpreadBook {
    /// Takes spreads in the order of their evaluation, over so many commodities.
    pub(super) fn new(spreads: Vec<InterSpread>, commodities: usize) -> Self {
        let mut by_commodity = vec![Vec::new(); commodities];
        let mut list = |commodity: CommodityIndex, entry| {
            if let Some(own) = by_commodity.get_mut(commodity.index()) {
                own.push(entry);
            }
        };
        for (index, spread) in (0..).zip(&spreads) {
            match spread {
                // All legs are needed: it is enough to look where one of them is, the last by code.
                InterSpread::Delta(spread) => {
                    let legs = spread.legs.iter().map(|leg| leg.commodity);
                    if let (Some(first), Some(last)) = (legs.clone().min(), legs.max()) {
                        let same_sign = spread.same_sign(first, last);
                        list(last, Entry { spread: index, needs: first, same_sign });
                    }
                }
                InterSpread::Scanning(spread) => {
                    for leg in &spread.legs {
                        let entry = Entry { spread: index, needs: leg.commodity, same_sign: None };
                        list(leg.commodity, entry);
                    }
                }
            }
        }
        for entries in &mut by_commodity {
            entries.sort_by_key(|entry| entry.needs);
        }
        let has_scanning = spreads.iter().any(|spread| matches!(spread, InterSpread::Scanning(_)));
        Self { spreads, by_commodity, has_scanning }
    }

    /// All of them, in the order in which they are evaluated.
    #[must_use]
    pub fn as_slice(&self) -> &[InterSpread] {
        &self.spreads
    }

    /// The places of the spreads that may form where these commodities, ascending, have positions, in the order of
    /// evaluation. A scanning-based spread may give positions to its target: what the target may form then is among them.
    ///
    /// Forming spreads uses deltas up and never turns their signs, so those before the first spread tell which can form;
    /// only scanning-based spreads add to them.
    #[must_use]
    pub fn candidates(&self, held: &[Held]) -> Candidates {
        let mut found = Candidates::new();
        if self.spreads.is_empty() {
            return found;
        }
        if self.has_scanning {
            self.all_candidates(held, &mut found);
        } else {
            for (place, &own) in held.iter().enumerate() {
                possible(&self.by_commodity[own.0.index()], own, &held[..=place], &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn all_candidates(&self, held: &[Held], found: &mut Candidates) {
        for (commodity, _) in held {
            found.extend(self.by_commodity[commodity.index()].iter().map(|entry| entry.spread));
        }
        let mut looked_at = 0;
        while let Some(&candidate) = found.get(looked_at) {
            looked_at += 1;
            if let InterSpread::Scanning(spread) = &self.spreads[candidate as usize] {
                let new = self.by_commodity[spread.target.index()].iter().map(|entry| entry.spread);
                let new: Candidates = new.filter(|other| !found.contains(other)).collect();
                found.extend(new);
            }
        }
    }
}

/// So many entries for each commodity held are faster searched than read.
const SEARCHED_FROM: usize = 8;

/// The entries of one commodity that need one of some others; both ascend.
fn possible(entries: &[Entry], own: Held, held: &[Held], found: &mut Candidates) {
    let mut look = |entry: &Entry, other: Held| {
        let fits = match entry.same_sign {
            None => true,
            Some(_) if own.1.is_eq() || other.1.is_eq() => false,
            Some(same_sign) => (own.1 == other.1) == same_sign,
        };
        if fits {
            found.push(entry.spread);
        }
    };
    if entries.len() < SEARCHED_FROM * held.len() {
        for entry in entries {
            if let Ok(place) = held.binary_search_by_key(&entry.needs, |other| other.0) {
                look(entry, held[place]);
            }
        }
        return;
    }
    let mut rest = entries;
    for &other in held {
        rest = &rest[rest.partition_point(|entry| entry.needs < other.0)..];
        rest.iter().take_while(|entry| entry.needs == other.0).for_each(|entry| look(entry, other));
    }
}
