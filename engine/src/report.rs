//! The outward shape of a result: totals by currency and converted, levels, and every number on the way, at six places.

mod by_method;
mod calculate;
mod numbers;
mod request;
mod required;
mod totals;
mod worst;

pub use by_method::{MethodResult, PoolResult, Standing, by_method, by_method_in_pool};
pub use calculate::{Requirement, calculate, report, requirement};
pub use request::{CalculationError, CalculationOptions, PortfolioRequest, account_type_code};
pub use required::{AccountLevels, CurrencyRequirement, required};
pub use worst::{AccountOrders, weighed_outcome, worst_required};

use crate::parameters::{AwayPlace, ConversionStep, Digest, RoundingProfile};
use crate::span::Unmatched;
use crate::types::{Amount, BusinessDate, CommodityCode, Currency};

/// The set that a report was calculated with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SetReference {
    /// Its id.
    pub id: String,
    /// Its business date.
    pub business_date: BusinessDate,
    /// SHA-256 of its file.
    pub digest: Digest,
}

/// Totals of the commodities of one currency, in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CurrencyTotals {
    /// The currency.
    pub currency: Currency,
    /// Sum of the commodities' risk.
    pub risk: Amount,
    /// Sum of long less short option values.
    pub net_option_value: Amount,
    /// What must be paid after option value; never negative.
    pub requirement: Amount,
}

/// What a requirement level asks for, in the report's currency.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LevelAmount {
    /// `initial` or `maintenance`, with `_reserve` for the reserve class.
    pub level: String,
    /// Sum over the commodities of factor times risk, before option value.
    pub amount: Amount,
    /// What must be paid at this level after option value; never negative.
    pub requirement: Amount,
}

/// The net delta of one period.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PeriodDelta {
    /// The period.
    pub period: String,
    /// Net delta; long positive.
    pub net_delta: Amount,
}

/// Intra-commodity spreads formed in one pass.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IntraSpreadReport {
    /// The spread's priority.
    pub priority: u32,
    /// Whether side A was long.
    pub side_a_long: bool,
    /// How many were formed.
    pub count: Amount,
    /// The charge.
    pub charge: Amount,
}

/// The charge for one period of a delivery month.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeliveryReport {
    /// The period.
    pub period: String,
    /// Delta that spreads have used.
    pub used_delta: Amount,
    /// Delta that is left.
    pub left_delta: Amount,
    /// The charge.
    pub charge: Amount,
}

/// A part of a commodity that is scanned apart from the others: a scanning tier, or a side of a gross account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScanPartReport {
    /// `long`, `short`, `rest` (periods in no tier), or the first and last period of the tier.
    pub part: String,
    /// The scenario with the largest loss, from 1.
    pub active_scenario: u8,
    /// The loss in every scenario.
    pub scenario_losses: Vec<Amount>,
    /// The largest loss, floored and rounded as the profile says.
    pub scan_risk: Amount,
    /// Mean loss of the scenarios without a price move.
    pub time_risk: Amount,
    /// Half the difference between the active scenario and its pair.
    pub volatility_risk: Amount,
    /// Net delta.
    pub net_delta: Amount,
}

/// One commodity, in the report's currency. Losses, charges, credits and option values are positive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommodityReport {
    /// Its code.
    pub commodity: CommodityCode,
    /// The currency of these numbers.
    pub currency: Currency,
    /// The scenario with the largest loss, from 1.
    pub active_scenario: u8,
    /// The loss in every scenario; of several parts the sums.
    pub scenario_losses: Vec<Amount>,
    /// The parts that are scanned apart, where there are several: scan, time and volatility risk are their sums.
    pub scan_parts: Vec<ScanPartReport>,
    /// The largest loss, floored and rounded as the profile says.
    pub scan_risk: Amount,
    /// Mean loss of the scenarios without a price move.
    pub time_risk: Amount,
    /// Half the difference between the active scenario and its pair.
    pub volatility_risk: Amount,
    /// Scan risk less time and volatility risk, at least 0.
    pub price_risk: Amount,
    /// Price risk for each unit of net delta.
    pub weighted_price_risk: Amount,
    /// Net delta over all periods.
    pub net_delta: Amount,
    /// Net delta of every period with one.
    pub period_deltas: Vec<PeriodDelta>,
    /// Intra-commodity spreads formed.
    pub intra_spreads: Vec<IntraSpreadReport>,
    /// Sum of their charges.
    pub intra_charge: Amount,
    /// Charges for months in delivery, front month first.
    pub delivery: Vec<DeliveryReport>,
    /// Their sum, with the charge for basis risk.
    pub delivery_charge: Amount,
    /// Sum of the credits from inter-commodity spreads.
    pub inter_credit: Amount,
    /// The least that short options require.
    pub short_option_minimum: Amount,
    /// Market value of long premium-style options.
    pub long_option_value: Amount,
    /// Market value of short premium-style options.
    pub short_option_value: Amount,
    /// `max(scan risk + charges - credit, short option minimum)`.
    pub risk: Amount,
}

/// A leg of inter-commodity spreads formed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InterSpreadLegReport {
    /// The commodity.
    pub commodity: CommodityCode,
    /// The delta used up.
    pub consumed_delta: Amount,
    /// The credit, in the report's currency.
    pub credit: Amount,
}

/// A leg at another clearing organisation of spreads formed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AwayLegReport {
    /// Where.
    pub place: AwayPlace,
    /// The delta used up.
    pub consumed_delta: Amount,
}

/// Inter-commodity spreads formed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InterSpreadReport {
    /// The spread's priority.
    pub priority: u32,
    /// Whether it came before the intra-commodity spreads.
    pub is_super: bool,
    /// How many were formed.
    pub count: Amount,
    /// Its legs.
    pub legs: Vec<InterSpreadLegReport>,
    /// Its legs at other clearing organisations, which credit them by themselves.
    pub away: Vec<AwayLegReport>,
}

/// A commodity that disappeared in another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScanningLegReport {
    /// What it added to the target's net delta, in units of the target's.
    pub added_delta: Amount,
    /// What it had by itself; its risk is what it would have been without the spread.
    pub own: CommodityReport,
}

/// A scanning-based spread that was formed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScanningSpreadReport {
    /// The spread's priority.
    pub priority: u32,
    /// Whether it came before the intra-commodity spreads.
    pub is_super: bool,
    /// The commodity that has the legs' losses, charges, credits and option values.
    pub target: CommodityCode,
    /// The commodities that disappeared in it.
    pub legs: Vec<ScanningLegReport>,
}

/// The requirement of one account and every number on the way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarginReport {
    /// The set used.
    pub parameter_set: SetReference,
    /// The rounding profile used.
    pub rounding: RoundingProfile,
    /// The currency of the totals and the commodities' numbers.
    pub currency: Currency,
    /// Sum of the commodities' risk.
    pub risk: Amount,
    /// Long less short option value.
    pub net_option_value: Amount,
    /// What must be paid for the risk itself after option value; never negative.
    pub requirement: Amount,
    /// The reported levels that ask for the risk itself: `requirement` is theirs. Empty: it is no level's.
    pub requirement_levels: Vec<String>,
    /// What must be paid to take on risk, after option value: that of the initial level, or of the risk itself where there is none.
    pub initial_requirement: Amount,
    /// What must be paid not to be called, after option value: that of the maintenance level, or the initial one where there is none.
    pub maintenance_requirement: Amount,
    /// Totals in the commodities' own currencies, by currency.
    pub by_currency: Vec<CurrencyTotals>,
    /// The rates that totals were converted with.
    pub conversions: Vec<ConversionStep>,
    /// Requirement levels.
    pub levels: Vec<LevelAmount>,
    /// Commodities with positions, by code.
    pub commodities: Vec<CommodityReport>,
    /// Scanning-based spreads formed, in order.
    pub scanning_spreads: Vec<ScanningSpreadReport>,
    /// Inter-commodity spreads formed, in order.
    pub inter_spreads: Vec<InterSpreadReport>,
    /// Positions left out because the set cannot margin them, where the request allowed that.
    pub unmatched: Vec<Unmatched>,
}
