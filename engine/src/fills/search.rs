//! The worst outcome of working orders, proved from above and found from below.
//!
//! Branch and bound (Land and Doig 1960): the region whose bound is the highest is halved along the order that may change most,
//! until no bound is higher than the worst outcome found by more than a tolerance, or the effort is spent. What is proved is an upper
//! bound whenever it stops, and the more effort, the lower it is: a longer search goes on where a shorter one has stopped. Nothing depends
//! on time or chance.

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

    /// The work of looking at one region: its orders, and what is bounded by itself whatever they are.
    fn weight(&self) -> u64;
}

/// An upper bound of a region.
#[derive(Clone, Debug)]
pub struct Bound {
    /// At least the requirement, in every currency.
    pub amounts: Amounts,
    /// A bad outcome.
    pub corner: Vec<i64>,
}

/// A bound within one part in so many of the worst outcome found is close enough.
const CLOSE_ENOUGH: i128 = 1_000_000;

/// When to stop: a count of work, so that the same is decided again on any machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Effort {
    /// The most work, summed over the regions that are looked at; one region is looked at in any case.
    pub work: u64,
}

impl Effort {
    /// The bound: a fraction of a millisecond, or one region of many orders.
    pub const BOUND: Self = Self { work: 256 };
    /// The search: some tens of milliseconds.
    pub const SEARCH: Self = Self { work: 16_384 };

    /// The part of each of several accounts of a group. It changes only where their number doubles, so that what is known of one account
    /// mostly stays true while others change.
    #[must_use]
    pub const fn shared(self, accounts: usize) -> Self {
        Self { work: self.work / accounts.next_power_of_two() as u64 }
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
    /// The work of that.
    pub work: u64,
    /// Whether more effort would find nothing else: the bound is close enough to the worst outcome found.
    pub is_final: bool,
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
    let mut is_final = true;
    if whole.point().is_none() {
        search.look(whole, None)?;
        is_final = search.halve(effort)?;
    }
    let at_most = search.open.iter().fold(search.tried.clone(), |most, open| larger(&most, &open.amounts));
    let mut heaviest = (search.found_weight, &search.found);
    for open in &search.open {
        if open.weight > heaviest.0 {
            heaviest = (open.weight, &open.amounts);
        }
    }
    let heaviest = heaviest.1.clone();
    let (regions, work) = (search.regions, search.work());
    Ok(Worst { at_most, heaviest, filled: search.filled, found: search.found, regions, work, is_final })
}

impl<R: Requirement> Search<'_, R> {
    fn work(&self) -> u64 {
        self.requirement.weight().saturating_mul(self.regions as u64)
    }

    /// Halves the regions with the highest bounds; whether the bound has come close enough.
    fn halve(&mut self, effort: Effort) -> Result<bool, R::Error> {
        let both = self.requirement.weight().saturating_mul(2);
        while let Some(top) = self.open.peek() {
            let slack = Money::from_raw(self.found_weight.magnitude().raw() / CLOSE_ENOUGH);
            if top.weight <= self.found_weight.plus(slack)? {
                break;
            }
            if self.work().saturating_add(both) > effort.work {
                return Ok(false);
            }
            let Some(top) = self.open.pop() else { break };
            let place = self.widest(&top.region);
            for half in self.fills.halves(&top.region, place).into_iter().flatten() {
                self.look(half, Some(&top.amounts))?;
            }
        }
        Ok(true)
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
