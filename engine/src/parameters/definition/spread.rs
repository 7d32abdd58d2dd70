//! What a file says of spreads.

use super::LevelRate;
use crate::contract::Period;
use crate::types::{CommodityCode, Decimal, House};

/// How a spread is charged or credited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChargeMethod {
    /// An amount for each spread (`F`).
    Flat,
    /// A fraction of the weighted price risk (`W`).
    WeightedPriceRisk,
    /// An amount for each spread and one for each month between its legs (`P`).
    PerMonth,
}

/// The rates of a charge by months, for one level.
#[derive(Clone, Copy, Debug)]
pub struct MonthRate {
    /// The level.
    pub level: u32,
    /// For each spread.
    pub spread: Decimal,
    /// For each spread and month between its first and last leg.
    pub month: Decimal,
}

/// A spread formed from net deltas.
#[derive(Clone, Debug)]
pub struct SpreadDefinition {
    /// Line in the file.
    pub line: u64,
    /// Its priority; lower numbers first.
    pub priority: u32,
    /// How it is charged or credited.
    pub charge: ChargeMethod,
    /// Its rates.
    pub rates: Vec<LevelRate>,
    /// Its rates where it is charged by months.
    pub month_rates: Vec<MonthRate>,
    /// Its legs.
    pub legs: Vec<LegDefinition>,
}

/// A side of a spread: legs of one side have one sign, the others the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// Side A.
    A,
    /// Side B.
    B,
}

/// Which periods of a commodity a leg takes its delta from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LegPlace {
    /// A tier.
    Tier(i32),
    /// A single period.
    Period(Period),
}

/// A leg of a spread.
#[derive(Clone, Debug)]
pub struct LegDefinition {
    /// Line in the file.
    pub line: u64,
    /// The commodity.
    pub commodity: CommodityCode,
    /// Where in the commodity.
    pub place: LegPlace,
    /// Its side.
    pub side: Side,
    /// Delta for one spread.
    pub ratio: Decimal,
    /// Its own rates; empty: the spread's.
    pub rates: Vec<LevelRate>,
}

/// A spread formed from net deltas here and deltas of the same account at other clearing organisations.
#[derive(Clone, Debug)]
pub struct ClearSpreadDefinition {
    /// Whether it is evaluated before the intra-commodity spreads.
    pub is_super: bool,
    /// Its priority, and its legs here, each with its own rate; credited by weighted price risk.
    pub home: SpreadDefinition,
    /// Its legs elsewhere.
    pub away: Vec<AwayLegDefinition>,
}

/// A leg of a spread at another clearing organisation.
#[derive(Clone, Debug)]
pub struct AwayLegDefinition {
    /// Line in the file.
    pub line: u64,
    /// The clearing organisation.
    pub house: House,
    /// Its commodity.
    pub commodity: CommodityCode,
    /// The number of the tier.
    pub tier: i32,
    /// Its side.
    pub side: Side,
    /// Delta for one spread.
    pub ratio: Decimal,
}

/// A spread that scans several commodities as one.
#[derive(Clone, Debug)]
pub struct ScanningSpreadDefinition {
    /// Line in the file.
    pub line: u64,
    /// Whether it is evaluated before the intra-commodity spreads.
    pub is_super: bool,
    /// Its priority; lower numbers first.
    pub priority: u32,
    /// How many legs other than the target are to have positions.
    pub minimum_legs: u32,
    /// Whether the target is to have positions.
    pub is_target_required: bool,
    /// The part of a leg's gains that counts.
    pub rates: Vec<LevelRate>,
    /// Its legs, one of them the target.
    pub legs: Vec<ScanningLegDefinition>,
}

/// A leg of a scanning-based spread.
#[derive(Clone, Debug)]
pub struct ScanningLegDefinition {
    /// Line in the file.
    pub line: u64,
    /// The commodity.
    pub commodity: CommodityCode,
    /// Whether the others are added to it.
    pub is_target: bool,
    /// Whether it is to have positions.
    pub is_required: bool,
    /// What its delta is measured in.
    pub ratio: Decimal,
    /// Its own rates; empty: the spread's.
    pub rates: Vec<LevelRate>,
}
