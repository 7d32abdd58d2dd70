//! What a file says of a combined commodity.

use super::spread::SpreadDefinition;
use super::{FamilyReference, LevelRate};
use crate::contract::Period;
use crate::types::{CommodityCode, Currency, Decimal};

/// A combined commodity.
#[derive(Clone, Debug)]
pub struct CommodityDefinition {
    /// Line in the file.
    pub line: u64,
    /// Its code.
    pub code: CommodityCode,
    /// All that the file says of it.
    pub terms: CommodityTerms,
}

/// What a file says of a combined commodity.
#[derive(Clone, Debug, Default)]
pub struct CommodityTerms {
    /// Name.
    pub name: String,
    /// Currency of its arrays and rates.
    pub currency: Option<Currency>,
    /// Arrays and rates are in units of `10^risk_exponent`.
    pub risk_exponent: i32,
    /// Whether its option value at most offsets its own risk; `None`: as the house says.
    pub cap_option_value: Option<bool>,
    /// How short options are counted.
    pub option_minimum_method: OptionMinimumMethod,
    /// How price risk is stated for one unit of net delta.
    pub weighted_risk_method: WeightedRiskMethod,
    /// What becomes of combinations, for links that do not say.
    pub combination_method: CombinationMethod,
    /// The families margined together.
    pub links: Vec<ProductLink>,
    /// Requirement levels as multiples of others.
    pub adjustments: Vec<LevelAdjustment>,
    /// Tiers that are scanned apart.
    pub scan_tiers: ScanTiers,
    /// Tiers that intra-commodity spreads are formed between.
    pub intra_tiers: Vec<TierDefinition>,
    /// Tiers that inter-commodity spreads are formed from.
    pub inter_tiers: Vec<TierDefinition>,
    /// Tiers with short option minimum rates.
    pub option_minimum_tiers: Vec<TierDefinition>,
    /// Intra-commodity spreads.
    pub spreads: Vec<SpreadDefinition>,
    /// Charges for months in delivery.
    pub delivery: Vec<DeliveryRate>,
    /// Charges for deltas of spot products against the others, for each unit of delta.
    pub basis_rates: Vec<LevelRate>,
}

/// Which periods are scanned apart.
#[derive(Clone, Debug, Default)]
pub enum ScanTiers {
    /// All together.
    #[default]
    Whole,
    /// Every period alone.
    EachPeriod,
    /// By tier.
    Tiers(Vec<TierDefinition>),
}

/// How price risk is stated for one unit of net delta (`wfprMeth`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum WeightedRiskMethod {
    /// Price risk over net delta (`NORMAL`).
    #[default]
    Normal,
    /// The same, at most the price scan range of the nearest month (`SCANRANGE_CAP`).
    ScanRangeCap,
    /// The price scan range of the nearest month (`SCANRANGE`).
    ScanRange,
}

/// What becomes of a position in a combination or in an option on one (`cmbMeth`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CombinationMethod {
    /// It is not calculated (`NONE`).
    #[default]
    None,
    /// A combination becomes its legs; an option keeps its array and its delta goes to the legs' periods (`SPLIT`).
    Split,
    /// Both keep their arrays; their deltas go to the legs' periods (`DELTASPLIT`).
    DeltaSplit,
    /// A combination becomes its legs, an option's array and delta are divided over the legs' periods (`MODSPLIT`).
    ModifiedSplit,
}

/// Charges for one month in delivery.
#[derive(Clone, Debug)]
pub struct DeliveryRate {
    /// Line in the file.
    pub line: u64,
    /// The level that the rates are for.
    pub level: u32,
    /// The month; periods of one year and month are one.
    pub period: Period,
    /// For each unit of delta that spreads have used.
    pub spread: Decimal,
    /// For each unit of delta that is left.
    pub outright: Decimal,
}

/// How short options are counted for the short option minimum.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OptionMinimumMethod {
    /// Short calls plus short puts (`GROSS`).
    #[default]
    Gross,
    /// The greater of short calls and short puts (`MAX`).
    Greater,
}

/// A family of a combined commodity.
#[derive(Clone, Debug)]
pub struct ProductLink {
    /// Line in the file.
    pub line: u64,
    /// The family.
    pub family: FamilyReference,
    /// Delta scaling of all its contracts.
    pub scaling: Decimal,
    /// Whether the delta of an option on a physical sits in the option's own period; `None`: as the house says.
    pub option_delta_by_period: Option<bool>,
    /// What becomes of combinations; `None`: as the commodity says.
    pub combination_method: Option<CombinationMethod>,
    /// Whether it is the spot product that basis risk is charged for.
    pub has_basis_risk: bool,
}

/// Level `level` is level `base` times `factor`.
#[derive(Clone, Debug)]
pub struct LevelAdjustment {
    /// Line in the file.
    pub line: u64,
    /// The level given.
    pub level: u32,
    /// The level it is a multiple of.
    pub base: u32,
    /// The multiple.
    pub factor: Decimal,
}

/// A range of periods.
#[derive(Clone, Debug)]
pub struct TierDefinition {
    /// Line in the file.
    pub line: u64,
    /// Its number.
    pub number: i32,
    /// First period; `None`: from the first.
    pub first: Option<Period>,
    /// Last period; `None`: to the last.
    pub last: Option<Period>,
    /// Its rates, where the tier set has any.
    pub rates: Vec<LevelRate>,
}
