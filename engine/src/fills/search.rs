//! The worst outcome of working orders, proved from above and found from below.
//!
//! Branch and bound (Land and Doig 1960): the region whose bound is the highest is halved along the order that may change most,
//! until no bound is higher than the worst outcome found by more than a tolerance, or the effort is spent. What is proved is an upper
//! bound whenever it stops. Nothing depends on time or chance.

use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};

use smallvec::SmallVec;

use super::region::{OpenFills, Region};
use crate::types::{Money, Overflow};

/// Amounts by currency, in the caller's order of currencies.
pub type Amounts = SmallVec<[Money; 2]>;

/// What an account has to have, as a function of what is filled.
pub trait Requirement {
    /// Why there may be no number.
    type Error: From<Overflow>;

    /// What it is at one outcome.
    ///
    /// # Errors
    /// As the method has it.
    fn exact(&self, filled: &[i64]) -> Result<Amounts, Self::Error>;

    /// At least what it is at any outcome of a region, and an outcome that is bad there.
    ///
    /// # Errors
    /// As the method has it.
    fn at_most(&self, region: &Region) -> Result<Bound, Self::Error>;

    /// Amounts as one number, by which outcomes are compared.
    ///
    /// # Errors
    /// As the method has it.
    fn weighed(&self, amounts: &Amounts) -> Result<Money, Self::Error>;

    /// What one unit of an order may change, roughly.
    fn influence(&self, order: usize) -> Money;
}

/// An upper bound of a region.
#[derive(Clone, Debug)]
pub struct Bound {
    /// At least the requirement, in every currency.
    pub amounts: Amounts,
    /// A bad outcome.
    pub corner: Vec<i64>,
}

/// When to stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Effort {
    /// After so many regions.
    pub regions: usize,
    /// Once the bound is higher than what was found by at most one part in so many.
    pub one_part_in: i64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { regions: 32, one_part_in: 100 }
    }
}

/// What is known of the worst outcome.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Worst {
    /// At least the requirement of every outcome, in every currency.
    pub at_most: Amounts,
    /// Amounts that weigh at least as much as the requirement of every outcome; in one currency they may be less.
    pub heaviest: Amounts,
    /// The worst outcome found: units of every order.
    pub filled: Vec<i64>,
    /// What is required there.
    pub found: Amounts,
    /// How many regions were looked at.
    pub regions: usize,
}

struct Open {
    weight: Money,
    number: usize,
    region: Region,
    amounts: Amounts,
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        self.weight.cmp(&other.weight).then(other.number.cmp(&self.number))
    }
}

struct Search<'a, R: Requirement> {
    requirement: &'a R,
    fills: &'a OpenFills,
    filled: Vec<i64>,
    found: Amounts,
    found_weight: Money,
    /// The most of every currency at the outcomes tried.
    tried: Amounts,
    regions: usize,
    open: BinaryHeap<Open>,
    /// The outcomes that were tried: many regions have the same bad one.
    seen: BTreeSet<Vec<i64>>,
}

/// Looks for the worst outcome.
///
/// # Errors
/// What the requirement's functions return.
pub fn worst<R: Requirement>(requirement: &R, fills: &OpenFills, effort: Effort) -> Result<Worst, R::Error> {
    let none = vec![0; fills.open().len()];
    let found = requirement.exact(&none)?;
    let found_weight = requirement.weighed(&found)?;
    let tried = found.clone();
    let (open, seen) = (BinaryHeap::new(), BTreeSet::from([none.clone()]));
    let mut search =
        Search { requirement, fills, filled: none, found, found_weight, tried, regions: 0, open, seen };
    let whole = fills.region();
    if whole.point().is_none() {
        search.look(whole, None)?;
        search.halve(effort)?;
    }
    let at_most = search.open.iter().fold(search.tried.clone(), |most, open| larger(&most, &open.amounts));
    let mut heaviest = (search.found_weight, &search.found);
    for open in &search.open {
        if open.weight > heaviest.0 {
            heaviest = (open.weight, &open.amounts);
        }
    }
    let heaviest = heaviest.1.clone();
    Ok(Worst { at_most, heaviest, filled: search.filled, found: search.found, regions: search.regions })
}

impl<R: Requirement> Search<'_, R> {
    /// Halves the regions with the highest bounds.
    fn halve(&mut self, effort: Effort) -> Result<(), R::Error> {
        while let Some(top) = self.open.peek() {
            let slack =
                Money::from_raw(self.found_weight.magnitude().raw() / i128::from(effort.one_part_in.max(1)));
            if self.regions >= effort.regions || top.weight <= self.found_weight.plus(slack)? {
                break;
            }
            let Some(top) = self.open.pop() else { break };
            let place = self.widest(&top.region);
            for half in self.fills.halves(&top.region, place).into_iter().flatten() {
                self.look(half, Some(&top.amounts))?;
            }
        }
        Ok(())
    }

    fn look(&mut self, region: Region, whole: Option<&Amounts>) -> Result<(), R::Error> {
        self.regions += 1;
        if let Some(point) = region.point() {
            return self.try_outcome(point);
        }
        let bound = self.requirement.at_most(&region)?;
        let amounts = whole.map_or_else(|| bound.amounts.clone(), |whole| smaller(whole, &bound.amounts));
        self.try_outcome(bound.corner)?;
        let weight = self.requirement.weighed(&amounts)?;
        self.open.push(Open { weight, number: self.regions, region, amounts });
        Ok(())
    }

    fn try_outcome(&mut self, filled: Vec<i64>) -> Result<(), R::Error> {
        if !self.fills.allows(&filled) || !self.seen.insert(filled.clone()) {
            return Ok(());
        }
        let amounts = self.requirement.exact(&filled)?;
        self.tried = larger(&self.tried, &amounts);
        let weight = self.requirement.weighed(&amounts)?;
        if weight > self.found_weight {
            (self.filled, self.found, self.found_weight) = (filled, amounts, weight);
        }
        Ok(())
    }

    fn widest(&self, region: &Region) -> usize {
        let mut widest = (Money::ZERO, 0);
        for (place, range) in region.ranges().iter().enumerate() {
            if range.low == range.high {
                continue;
            }
            let one = self.requirement.influence(place).max(Money::from_raw(1));
            // What does not fit is wide enough.
            let width = one.times_whole(range.high - range.low).unwrap_or(Money::MOST);
            if width > widest.0 {
                widest = (width, place);
            }
        }
        widest.1
    }
}

fn larger(a: &Amounts, b: &Amounts) -> Amounts {
    a.iter().zip(b).map(|(&a, &b)| a.max(b)).collect()
}

fn smaller(a: &Amounts, b: &Amounts) -> Amounts {
    a.iter().zip(b).map(|(&a, &b)| a.min(b)).collect()
}
