//! A combined commodity, compiled: one matrix of arrays, one row of terms for each contract.

use std::sync::Arc;

use super::definition::{OptionMinimumMethod, Side};
use crate::contract::{OptionRight, Period};
use crate::scenario::{RiskArrays, Row};
use crate::types::{CommodityCode, Currency, Decimal, Delta, Money};

/// The dense index of a combined commodity in one set.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct CommodityIndex(pub(super) u32);

impl CommodityIndex {
    /// The place in [`ParameterSet::commodities`](super::ParameterSet::commodities).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The dense index of a period in one commodity, front month first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PeriodIndex(pub(super) u16);

impl PeriodIndex {
    /// The place in [`Commodity::periods`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Neighbouring periods of one commodity, front month first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PeriodRange {
    pub(super) start: u16,
    pub(super) end: u16,
}

impl PeriodRange {
    /// Their places in [`Commodity::periods`].
    #[must_use]
    pub const fn indexes(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// What the method needs of one contract besides its array.
#[derive(Clone, Copy, Debug)]
pub struct ContractTerms {
    /// The right; `None` for what is no option.
    pub right: Option<OptionRight>,
    /// Composite delta times the delta scaling of contract and product link: the net delta of one long contract.
    pub delta: Delta,
    /// Delta scaling of contract and product link: what one option counts for in the short option minimum.
    pub option_count: Delta,
    /// Market value of one long contract in the commodity's currency: premium-style options only.
    pub option_value: Option<Money>,
    /// The period that its delta belongs to.
    pub period: PeriodIndex,
}

/// An intra-commodity spread: a charge for net deltas of opposite sign in two places.
#[derive(Clone, Debug)]
pub struct IntraSpread {
    /// Its priority; lower numbers first.
    pub priority: u32,
    /// The charge for one spread, risk exponent applied.
    pub rate: Money,
    /// Its legs.
    pub legs: Vec<IntraLeg>,
}

/// A leg of an intra-commodity spread.
#[derive(Clone, Debug)]
pub struct IntraLeg {
    /// The periods it takes delta from, front month first.
    pub periods: PeriodRange,
    /// Its side.
    pub side: Side,
    /// Delta for one spread; greater than zero.
    pub ratio: Decimal,
}

/// The floor for short options.
#[derive(Clone, Debug, Default)]
pub struct OptionMinimum {
    /// How calls and puts are counted.
    pub method: OptionMinimumMethod,
    /// For each tier its rate, risk exponent applied, and its periods.
    pub tiers: Vec<(Money, PeriodRange)>,
}

/// The multiple of a commodity's risk that a level requires.
pub type LevelFactor = Decimal;

/// A combined commodity.
#[derive(Clone, Debug)]
pub struct Commodity {
    pub(super) code: CommodityCode,
    pub(super) name: String,
    pub(super) currency: Currency,
    pub(super) risk_exponent: i32,
    pub(super) cap_option_value: bool,
    pub(super) arrays: Arc<RiskArrays>,
    pub(super) contracts: Vec<ContractTerms>,
    pub(super) periods: Vec<Period>,
    pub(super) intra_spreads: Vec<IntraSpread>,
    pub(super) option_minimum: OptionMinimum,
    pub(super) level_factors: Vec<LevelFactor>,
}

impl Commodity {
    /// Its code.
    #[must_use]
    pub const fn code(&self) -> &CommodityCode {
        &self.code
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The currency of everything about it.
    #[must_use]
    pub const fn currency(&self) -> &Currency {
        &self.currency
    }

    /// Array values are in units of `10^risk_exponent`.
    #[must_use]
    pub const fn risk_exponent(&self) -> i32 {
        self.risk_exponent
    }

    /// Whether its option value at most offsets its own risk.
    #[must_use]
    pub const fn cap_option_value(&self) -> bool {
        self.cap_option_value
    }

    /// The matrix of its contracts' arrays.
    #[must_use]
    pub const fn arrays(&self) -> &Arc<RiskArrays> {
        &self.arrays
    }

    /// The terms of its contracts, by row of the matrix.
    #[must_use]
    pub fn contracts(&self) -> &[ContractTerms] {
        &self.contracts
    }

    /// The terms of one contract.
    #[must_use]
    pub fn contract(&self, row: Row) -> &ContractTerms {
        &self.contracts[row.index()]
    }

    /// The periods in which its contracts have their deltas, front month first.
    #[must_use]
    pub fn periods(&self) -> &[Period] {
        &self.periods
    }

    /// Its intra-commodity spreads, by priority.
    #[must_use]
    pub fn intra_spreads(&self) -> &[IntraSpread] {
        &self.intra_spreads
    }

    /// Its floor for short options.
    #[must_use]
    pub const fn option_minimum(&self) -> &OptionMinimum {
        &self.option_minimum
    }

    /// For each level of the set the multiple of its risk.
    #[must_use]
    pub fn level_factors(&self) -> &[LevelFactor] {
        &self.level_factors
    }
}
