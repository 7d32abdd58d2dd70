//! Spreads between commodities in the order of their evaluation, and how those that a portfolio can form are found.

use std::cmp::Ordering;

use super::commodity::{CommodityIndex, TierIndex};
use super::inter_spread::{DeltaSpread, InterSpread};

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

/// A spread that may form where certain commodities have positions.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Candidate {
    spread: u32,
    signs: Option<SignRule>,
}

/// What the net deltas of two of the commodities have to be.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct SignRule {
    places: [u32; 2],
    are_same: bool,
}

impl Candidate {
    /// The place of the spread in the book.
    #[must_use]
    pub const fn spread(self) -> usize {
        self.spread as usize
    }

    /// Whether the signs of what the commodities have left, in their order, let it form; where they do not decide, true.
    ///
    /// Forming spreads uses deltas up and never turns their signs, so those before the first spread tell.
    #[must_use]
    pub fn fits(self, signs: &[Ordering]) -> bool {
        let Some(rule) = self.signs else { return true };
        let [one, other] = rule.places.map(|place| signs[place as usize]);
        one.is_ne() && other.is_ne() && (one == other) == rule.are_same
    }
}

/// The spreads that may form, in the order of evaluation.
pub type Candidates = Vec<Candidate>;

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
                        let same_sign = same_sign(spread, first, last);
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

    /// The spreads that may form where these commodities, ascending, have positions, in the order of evaluation. A
    /// scanning-based spread may give positions to its target: what the target may form then is among them.
    ///
    /// `before` are the books that are evaluated before this one, with their candidates.
    #[must_use]
    pub fn candidates(&self, held: &[CommodityIndex], before: &[(&Self, &[Candidate])]) -> Candidates {
        let mut found = Candidates::new();
        if self.spreads.is_empty() {
            return found;
        }
        let targets: Vec<CommodityIndex> =
            before.iter().flat_map(|(book, candidates)| book.targets(candidates)).collect();
        if self.has_scanning || !targets.is_empty() {
            let all: Vec<CommodityIndex> = held.iter().copied().chain(targets).collect();
            self.all_candidates(&all, &mut found);
        } else {
            for (own, commodity) in (0..).zip(held) {
                possible(&self.by_commodity[commodity.index()], own, held, &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What scanning-based spreads among the candidates add to.
    fn targets(&self, candidates: &[Candidate]) -> Vec<CommodityIndex> {
        let spreads = candidates.iter().map(|candidate| &self.spreads[candidate.spread()]);
        let target = |spread: &InterSpread| match spread {
            InterSpread::Scanning(spread) => Some(spread.target),
            InterSpread::Delta(_) => None,
        };
        spreads.filter_map(target).collect()
    }

    /// Scanning-based spreads add commodities and change the signs of deltas: neither decides.
    fn all_candidates(&self, held: &[CommodityIndex], found: &mut Candidates) {
        let of = |commodity: CommodityIndex| {
            let entries = self.by_commodity[commodity.index()].iter();
            entries.map(|entry| Candidate { spread: entry.spread, signs: None })
        };
        for &commodity in held {
            found.extend(of(commodity));
        }
        let mut looked_at = 0;
        while let Some(candidate) = found.get(looked_at) {
            looked_at += 1;
            if let InterSpread::Scanning(spread) = &self.spreads[candidate.spread()] {
                let new: Candidates = of(spread.target).filter(|other| !found.contains(other)).collect();
                found.extend(new);
            }
        }
    }
}

/// So many entries for each commodity held are faster searched than read.
const SEARCHED_FROM: usize = 8;

/// The entries of the commodity at one place that need one of the others; both ascend.
fn possible(entries: &[Entry], own: u32, held: &[CommodityIndex], found: &mut Candidates) {
    let mut add = |entry: &Entry, other: usize| {
        let places = u32::try_from(other).map(|other| [own, other]);
        let rule = |are_same| Some(SignRule { places: places.ok()?, are_same });
        found.push(Candidate { spread: entry.spread, signs: entry.same_sign.and_then(rule) });
    };
    if entries.len() < SEARCHED_FROM * held.len() {
        for entry in entries {
            if let Ok(place) = held.binary_search(&entry.needs) {
                add(entry, place);
            }
        }
        return;
    }
    let mut rest = entries;
    for (place, &other) in held.iter().enumerate() {
        rest = &rest[rest.partition_point(|entry| entry.needs < other)..];
        rest.iter().take_while(|entry| entry.needs == other).for_each(|entry| add(entry, place));
    }
}

/// Whether a spread needs net deltas of one sign (or of two) in two commodities; `None` if tiers decide.
fn same_sign(spread: &DeltaSpread, one: CommodityIndex, other: CommodityIndex) -> Option<bool> {
    let side = |commodity| {
        let mut legs = spread.legs.iter().filter(|leg| leg.commodity == commodity);
        let leg = legs.next().filter(|leg| leg.tier == TierIndex::WHOLE)?;
        legs.next().is_none().then_some(leg.side)
    };
    if one == other { None } else { Some(side(one)? == side(other)?) }
}
