//! A combined commodity, compiled: one matrix of arrays, one row of terms for each contract.

use std::sync::Arc;

use super::definition::{OptionMinimumMethod, Side, WeightedRiskMethod};
use crate::contract::Period;
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

    /// Whether it has the period.
    #[must_use]
    pub const fn contains(self, period: PeriodIndex) -> bool {
        self.start <= period.0 && period.0 < self.end
    }

    pub(super) const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// What kind of contract a row is, as far as margin can tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ContractKind {
    /// No option.
    Plain,
    /// An option to buy.
    Call,
    /// An option to sell.
    Put,
}

/// What the method needs of one row besides its array; 32 bytes, so that a row costs one cache line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ContractTerms {
    /// Market value of one long contract in the commodity's currency: premium-style options only, else nothing.
    pub option_value: Money,
    /// Composite delta times the delta scaling of contract and product link, as an integer at the commodity's
    /// [`delta_places`](Commodity::delta_places): the net delta of one long contract.
    pub delta: i64,
    /// What one option counts for in the short option minimum: its place in [`Commodity::option_counts`].
    pub option_count: u16,
    /// The period that its delta belongs to.
    pub period: PeriodIndex,
    /// Whether it is an option.
    pub kind: ContractKind,
    /// Whether it is of the spot product that basis risk is charged for.
    pub is_spot: bool,
    /// Whether it has losses of its own: of a contract whose delta is split, one row has them, the others have a delta only.
    pub has_losses: bool,
}

/// An intra-commodity spread: a charge for net deltas of opposite sign in two places.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IntraSpread {
    /// Its priority; lower numbers first.
    pub priority: u32,
    /// The charge, risk exponent applied.
    pub charge: IntraCharge,
    /// Its legs.
    pub legs: Vec<IntraLeg>,
}

/// What one intra-commodity spread is charged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IntraCharge {
    /// An amount.
    Flat(Money),
    /// An amount, and one for every month between its legs.
    PerMonth {
        /// For the spread.
        spread: Money,
        /// For each month between the first and the last leg.
        month: Money,
    },
}

/// A leg of an intra-commodity spread.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IntraLeg {
    /// The periods it takes delta from, front month first.
    pub periods: PeriodRange,
    /// Its side.
    pub side: Side,
    /// Delta for one spread; greater than zero.
    pub ratio: Decimal,
}

/// Charges for the periods of one month in delivery, risk exponent applied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// The periods.
    pub periods: PeriodRange,
    /// For each unit of delta that spreads have used.
    pub spread: Money,
    /// For each unit of delta that is left.
    pub outright: Money,
}

/// The dense index of an inter-commodity tier in one commodity; the first is the whole commodity.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct TierIndex(pub(super) u16);

impl TierIndex {
    /// The whole commodity.
    pub const WHOLE: Self = Self(0);

    /// The place in [`Commodity::inter_tiers`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Periods that inter-commodity spreads take their delta from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InterTier {
    /// Its number in the file.
    pub number: i32,
    /// Its periods.
    pub periods: PeriodRange,
    /// The buckets of [`Commodity::buckets`] that it is made of.
    pub buckets: std::ops::Range<usize>,
    /// The price scan range of its nearest month for one unit of delta, where the commodity's method needs it.
    pub scan_range: Option<Money>,
}

/// The floor for short options.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OptionMinimum {
    /// How calls and puts are counted.
    pub method: OptionMinimumMethod,
    /// For each tier its rate, risk exponent applied, and its periods.
    pub tiers: Vec<(Money, PeriodRange)>,
    /// Whether a tier covers some of the periods only.
    pub is_by_period: bool,
    /// Where all tiers cover all periods and all options count alike: the floor is so much for each lot.
    pub by_lots: Option<MinimumByLots>,
}

/// A floor that is the same for every short option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MinimumByLots {
    /// What one option counts for.
    pub count: Delta,
    /// The floor for one option, exactly: the rates of all tiers times the count.
    pub floor: Money,
}

impl OptionMinimum {
    /// Finds whether the floor is the same for every option, of which these are the counts; the first is nothing.
    pub(super) fn by_lots(&self, counts: &[Delta]) -> Option<MinimumByLots> {
        let [_, count] = *counts else { return None };
        let floors = self.tiers.iter().map(|(rate, _)| rate.exact_for_delta(count));
        let sum = |sum: Money, floor: Option<Money>| sum.plus(floor?).ok();
        let floor = floors.into_iter().try_fold(Money::ZERO, sum)?;
        (!self.is_by_period).then_some(MinimumByLots { count, floor })
    }
}

/// The multiples, one after the other, that make a level of a commodity's risk.
pub type LevelFactor = Vec<Decimal>;

/// A combined commodity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Commodity {
    pub(super) code: CommodityCode,
    pub(super) name: String,
    pub(super) currency: Currency,
    pub(super) risk_exponent: i32,
    pub(super) cap_option_value: bool,
    pub(super) arrays: Arc<RiskArrays>,
    pub(super) contracts: Vec<ContractTerms>,
    pub(super) delta_places: u8,
    pub(super) option_counts: Vec<Delta>,
    pub(super) periods: Vec<Period>,
    pub(super) scan_tiers: Vec<PeriodRange>,
    pub(super) weighted_risk_method: WeightedRiskMethod,
    pub(super) inter_tiers: Vec<InterTier>,
    pub(super) buckets: Vec<PeriodRange>,
    pub(super) intra_spreads: Vec<IntraSpread>,
    pub(super) delivery: Vec<Delivery>,
    pub(super) basis_rate: Option<Money>,
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

    /// Places after the point of the deltas of its contracts.
    #[must_use]
    pub const fn delta_places(&self) -> u8 {
        self.delta_places
    }

    /// What options may count for: delta scaling of contract and product link, each value once.
    #[must_use]
    pub fn option_counts(&self) -> &[Delta] {
        &self.option_counts
    }

    /// The periods that are scanned apart; none: all are scanned together.
    #[must_use]
    pub fn scan_tiers(&self) -> &[PeriodRange] {
        &self.scan_tiers
    }

    /// How price risk is stated for one unit of net delta.
    #[must_use]
    pub const fn weighted_risk_method(&self) -> WeightedRiskMethod {
        self.weighted_risk_method
    }

    /// Its inter-commodity tiers; the first is the whole commodity.
    #[must_use]
    pub fn inter_tiers(&self) -> &[InterTier] {
        &self.inter_tiers
    }

    /// The smallest ranges of periods that no inter-commodity tier cuts.
    #[must_use]
    pub fn buckets(&self) -> &[PeriodRange] {
        &self.buckets
    }

    /// Charges for months in delivery.
    #[must_use]
    pub fn delivery(&self) -> &[Delivery] {
        &self.delivery
    }

    /// The charge for each unit of spot delta against the others.
    #[must_use]
    pub const fn basis_rate(&self) -> Option<Money> {
        self.basis_rate
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

    /// For each level of the set the multiples of its risk.
    #[must_use]
    pub fn level_factors(&self) -> &[LevelFactor] {
        &self.level_factors
    }
}
