//! What a risk-parameter file says, independent of its format.
//!
//! Numbers are as written; nothing is linked or checked across elements yet (`build` does that). `line` is where the
//! element stands in its file, for diagnostics.

use crate::contract::{OptionTerms, Period, ProductType};
use crate::scenario::{DeltaPoint, ScanPoint};
use crate::types::{BusinessDate, Currency, Decimal, ExchangeCode, House, ProductCode};

mod array_table;
mod commodity;
mod spread;

pub use array_table::ArrayTable;
pub use commodity::{
    CombinationMethod, CommodityDefinition, CommodityTerms, DeliveryRate, LevelAdjustment,
    OptionMinimumMethod, ProductLink, ScanTiers, TierDefinition, WeightedRiskMethod,
};
pub use spread::{
    AwayLegDefinition, ChargeMethod, ClearSpreadDefinition, LegDefinition, LegPlace, MonthRate,
    ScanningLegDefinition, ScanningSpreadDefinition, Side, SpreadDefinition,
};

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct Definition {
    /// Where its sections stand.
    pub lines: SectionLines,
    /// Creation time as written.
    pub created: String,
    /// Currencies that the file names.
    pub currencies: Vec<CurrencyDefinition>,
    /// Account types that the file names.
    pub account_types: Vec<AccountTypeDefinition>,
    /// The day whose positions the file margins.
    pub business_date: Option<BusinessDate>,
    /// Settlement (true) or intraday.
    pub is_settlement: bool,
    /// `early`, `final`, `complete`, or what else the file says.
    pub settlement_qualifier: String,
    /// Number of the run, 0 where absent.
    pub run: u32,
    /// The clearing organisation.
    pub house: Option<House>,
    /// Its full name.
    pub house_name: String,
    /// Whether a commodity's own option value at most offsets its own risk, for commodities that do not say.
    pub cap_option_value: bool,
    /// Whether the delta of an option on a physical sits in the option's own period, for links that do not say.
    pub option_delta_by_period: bool,
    /// Currency conversions.
    pub conversions: Vec<ConversionDefinition>,
    /// Requirement levels.
    pub levels: Vec<LevelDefinition>,
    /// The level that arrays, rates and scan points are given for.
    pub base_level: u32,
    /// Scan points.
    pub points: Vec<ScanPoint>,
    /// Points of the composite delta.
    pub delta_points: Vec<DeltaPoint>,
    /// Product families.
    pub families: Vec<FamilyDefinition>,
    /// Risk arrays of all contracts.
    pub arrays: ArrayTable,
    /// Combined commodities.
    pub commodities: Vec<CommodityDefinition>,
    /// Inter-commodity spreads that are evaluated before the intra-commodity spreads.
    pub super_spreads: Vec<SpreadDefinition>,
    /// Inter-commodity spreads.
    pub inter_spreads: Vec<SpreadDefinition>,
    /// Scanning-based spreads, super or not.
    pub scanning_spreads: Vec<ScanningSpreadDefinition>,
    /// Spreads with other clearing organisations, super or not.
    pub clear_spreads: Vec<ClearSpreadDefinition>,
    /// Whether scan ranges down differ from those up: arrays are to be taken as they are.
    pub is_asymmetric: bool,
}

/// Where the sections of a file stand, for diagnostics about a section as a whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct SectionLines {
    /// The point in time.
    pub point_in_time: u64,
    /// The clearing organisation.
    pub clearing_organisation: u64,
    /// The scan points.
    pub points: u64,
}

/// A currency that a file names.
#[derive(Clone, Debug)]
pub struct CurrencyDefinition {
    /// Its code.
    pub currency: Currency,
    /// One-character symbol.
    pub symbol: String,
    /// Name.
    pub name: String,
    /// Places of its minor unit; may be negative.
    pub places: i32,
}

/// An account type that a file names.
#[derive(Clone, Debug)]
pub struct AccountTypeDefinition {
    /// Customer (true) or clearing account.
    pub is_customer: bool,
    /// Code, such as `H` hedger, `M` member, `S` speculator.
    pub code: String,
    /// Name.
    pub name: String,
    /// Net (true) or gross margining.
    pub is_net: bool,
    /// Order of precedence.
    pub priority: i32,
}

/// One unit of `from` is `factor` units of `to`.
#[derive(Clone, Debug)]
pub struct ConversionDefinition {
    /// Line in the file.
    pub line: u64,
    /// The currency converted.
    pub from: Currency,
    /// The currency it is converted to.
    pub to: Currency,
    /// Units of `to` for one of `from`.
    pub factor: Decimal,
}

/// A requirement level.
#[derive(Clone, Debug)]
pub struct LevelDefinition {
    /// Line in the file.
    pub line: u64,
    /// Its number.
    pub level: u32,
    /// For customers (true) or clearing members.
    pub is_customer: bool,
    /// The account type it applies to.
    pub account_type: String,
    /// Maintenance (true) or initial.
    pub is_maintenance: bool,
    /// Performance-bond class: `CORE` or `RESRV`.
    pub class: String,
}

/// A rate for one requirement level.
#[derive(Clone, Copy, Debug)]
pub struct LevelRate {
    /// The level.
    pub level: u32,
    /// The rate.
    pub value: Decimal,
}

/// How positions of a family are paid for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Valuation {
    /// The premium is paid up front (`EQTY`): options have a market value.
    PremiumStyle,
    /// Gains and losses are settled daily (`FUT` and relatives): no option value.
    FuturesStyle,
}

/// A product family and its contracts.
#[derive(Clone, Debug)]
pub struct FamilyDefinition {
    /// Line in the file.
    pub line: u64,
    /// The exchange that lists it.
    pub exchange: ExchangeCode,
    /// The kind of product.
    pub product_type: ProductType,
    /// Its number, unique for the exchange and kind.
    pub family_id: u32,
    /// Its code.
    pub product: ProductCode,
    /// Name.
    pub name: String,
    /// Currency of prices and values.
    pub currency: Option<Currency>,
    /// Money for one point of price, for contracts without their own.
    pub contract_value_factor: Option<Decimal>,
    /// Places after the point of displayed prices.
    pub price_places: Option<i32>,
    /// Places after the point of displayed strikes.
    pub strike_places: Option<i32>,
    /// How positions are paid for.
    pub valuation: Valuation,
    /// `CASH` or `DELIV`.
    pub settlement: String,
    /// `EURO` or `AMER`, options only.
    pub exercise: String,
    /// Pricing model, options only.
    pub pricing_model: String,
    /// The underlying family.
    pub underlying: Option<FamilyReference>,
    /// Contracts that are no options.
    pub contracts: Vec<ContractDefinition>,
    /// Option series.
    pub series: Vec<SeriesDefinition>,
}

/// A reference to a family.
#[derive(Clone, Debug)]
pub struct FamilyReference {
    /// Exchange.
    pub exchange: ExchangeCode,
    /// Family number.
    pub family_id: u32,
    /// Family code.
    pub product: ProductCode,
    /// Family kind, as written.
    pub product_type: String,
}

/// A reference to a contract.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ContractReference {
    /// Exchange.
    pub exchange: ExchangeCode,
    /// Family number.
    pub family_id: u32,
    /// Contract number within the family.
    pub contract_id: u64,
}

/// A leg of a combination: so many contracts of another for one of the combination.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CombinationLeg {
    /// Line in the file.
    pub line: u64,
    /// The contract.
    pub contract: ContractReference,
    /// Bought with the combination (A) or sold (B).
    pub side: Side,
    /// How many; greater than zero.
    pub ratio: Decimal,
}

/// Price and volatility scan range at the base level.
#[derive(Clone, Copy, Debug)]
pub struct ScanRange {
    /// Price scan range, money per contract.
    pub price: Decimal,
    /// Volatility scan range: absolute, or as a fraction of the volatility where `volatility_is_relative`.
    pub volatility: Decimal,
    /// Whether the volatility range is a fraction of the volatility.
    pub volatility_is_relative: bool,
}

/// A contract's array and composite delta at the base level.
#[derive(Clone, Copy, Debug)]
pub struct ArrayDefinition {
    /// Index in [`Definition::arrays`].
    pub array: u32,
    /// Composite delta of one long contract.
    pub delta: Decimal,
}

/// A contract that is no option.
#[derive(Clone, Debug)]
pub struct ContractDefinition {
    /// Line in the file.
    pub line: u64,
    /// Its number within the family.
    pub contract_id: u64,
    /// Its period.
    pub period: Period,
    /// Price; `None` where the file has none.
    pub price: Option<Decimal>,
    /// Money for one point of price.
    pub contract_value_factor: Option<Decimal>,
    /// Delta scaling.
    pub scaling: Decimal,
    /// Settlement date as written.
    pub settlement_date: String,
    /// Years to expiry.
    pub years: Option<Decimal>,
    /// The contract that it is a future or forward on.
    pub underlying: Option<ContractReference>,
    /// What it is made of, combinations only.
    pub legs: Vec<CombinationLeg>,
    /// Scan ranges.
    pub scan: Option<ScanRange>,
    /// Risk array and composite delta.
    pub array: Option<ArrayDefinition>,
}

/// The options of one family and period.
#[derive(Clone, Debug)]
pub struct SeriesDefinition {
    /// Line in the file.
    pub line: u64,
    /// Their period.
    pub period: Period,
    /// Money for one point of price.
    pub contract_value_factor: Option<Decimal>,
    /// Money for one point of strike.
    pub strike_value_factor: Option<Decimal>,
    /// Delta scaling.
    pub scaling: Decimal,
    /// Expiry date as written.
    pub settlement_date: String,
    /// Years to expiry.
    pub years: Option<Decimal>,
    /// The contract that they are options on.
    pub underlying: Option<ContractReference>,
    /// Scan ranges.
    pub scan: Option<ScanRange>,
    /// The options.
    pub options: Vec<OptionDefinition>,
}

/// One option of a series.
#[derive(Clone, Debug)]
pub struct OptionDefinition {
    /// Line in the file.
    pub line: u64,
    /// Its number within the family.
    pub contract_id: u64,
    /// Right and strike.
    pub terms: OptionTerms,
    /// Price; `None` where the file has none.
    pub price: Option<Decimal>,
    /// Value of one contract in the family's currency as the file states it, to as many places as are printed; `None` where it has none.
    pub value: Option<Decimal>,
    /// Implied volatility.
    pub volatility: Option<Decimal>,
    /// Money for one point of price, where it differs from the series.
    pub contract_value_factor: Option<Decimal>,
    /// Delta scaling, where it differs from the series.
    pub scaling: Option<Decimal>,
    /// Risk array and composite delta.
    pub array: Option<ArrayDefinition>,
}
