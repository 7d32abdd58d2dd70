//! What a scenario-grid method is made of.

mod charges;
mod read;
mod scenarios;

pub(super) use read::read;

use super::offsets::Offsets;
use crate::scenario::{Shock, ShockRules};
use crate::types::{Money, Ratio};

/// A grid of scenarios, and what is added to its worst.
#[derive(Clone, Debug)]
pub struct GridMethod {
    /// The scenarios, in their order.
    pub scenarios: Vec<Scenario>,
    /// How shocks move volatilities and forwards.
    pub rules: ShockRules,
    /// How values are discounted.
    pub valuation: ValuationTerms,
    /// The factors of the requirements.
    pub margin: MarginTerms,
    /// The contingency for moves of forwards.
    pub basis: Option<BasisContingency>,
    /// The contingency for rolling expiries.
    pub roll: Option<RollContingency>,
    /// The contingency for deltas that a market cannot absorb.
    pub delta_shock: Option<DeltaShock>,
    /// What is added for single positions.
    pub contingency: Contingency,
    /// What the scan is at least.
    pub floor: FloorTerms,
    /// Offsets between price sources.
    pub offsets: Offsets,
    /// What assets count for as collateral, unless the portfolio states it.
    pub collateral: Vec<CollateralTerms>,
}

impl GridMethod {
    /// Whether the settlement price is an average. Venues that have one discount and charge an expiry as long as it is held, even when its
    /// price is known; elsewhere what has a settlement price is money.
    #[must_use]
    pub fn averages_settlement(&self) -> bool {
        self.rules.settlement_average_seconds > 0.0
    }
}

/// One scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name; empty for none.
    pub name: String,
    /// What moves.
    pub shock: Shock,
    /// What its result is multiplied by.
    pub dampening: Ratio,
    /// Money by which its result moves towards nothing.
    pub relief: Option<Relief>,
}

/// Money by which the result of a far move is softened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Relief {
    /// Money in the currency of prices.
    pub money: Money,
    /// Of results in a coin: the coin's price is multiplied by this before the money is turned into it.
    pub price_factor: Ratio,
}

/// How values are discounted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValuationTerms {
    /// Whether options are discounted at all.
    pub discounts: bool,
    /// Whether a negative rate counts as 0.
    pub floors_rate_at_zero: bool,
}

/// The factors of the requirements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarginTerms {
    /// Of the maintenance requirement.
    pub maintenance_factor: Ratio,
    /// Of the initial requirement.
    pub initial_factor: Ratio,
    /// What the factors multiply.
    pub scope: FactorScope,
    /// Places after the point that the worst loss is rounded to before anything is added; `None`: none are lost.
    pub scan_places: Option<u8>,
    /// What an expiry's value is multiplied by after a move; `None`: it counts as it is.
    pub discount: Option<Discount>,
}

/// What the factors multiply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FactorScope {
    /// The scan alone.
    Scan,
    /// The scan and the maintenance contingencies.
    ScanAndContingencies,
}

/// What an expiry's value after a move counts for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discount {
    /// Of a value that is not negative: `factor exp(-T (r multiplier + add))`.
    pub long: SideDiscount,
    /// Of a negative value: `min(factor exp(T (r multiplier + add)), exp(r T))`; `None`: as it is.
    pub short: Option<SideDiscount>,
}

/// One side of a [`Discount`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SideDiscount {
    /// The factor of no time.
    pub factor: f64,
    /// What the rate is multiplied by.
    pub rate_multiplier: f64,
    /// What is added to it.
    pub rate_add: f64,
}

/// A contingency for moves of forwards against the spot: `sum min(V(up) - mark, V(down) - mark, 0) (add + multiplier T)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BasisContingency {
    /// What forwards are multiplied by.
    pub up_factor: f64,
    /// What forwards are multiplied by.
    pub down_factor: f64,
    /// The weight of no time.
    pub add: f64,
    /// What a year adds to the weight.
    pub multiplier: f64,
    /// Where it counts.
    pub place: BasisPlace,
}

/// Where a basis contingency counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BasisPlace {
    /// It is one more result that may be the worst.
    Worst,
    /// It is added to the worst.
    Added,
}

/// A contingency for rolling: `sum over expiries |net delta| max(annualised T, minimum)`, of perpetuals the minimum; in money where
/// results are in money (times the price), in the coin where they are in a coin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RollContingency {
    /// The move of a year.
    pub annualised_move: f64,
    /// The least move.
    pub minimum_move: f64,
    /// Whether perpetuals count.
    pub perpetuals: bool,
}

/// A contingency for deltas that a market cannot absorb: `|delta| min((|delta| price - threshold) per_money, most)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeltaShock {
    /// Money of delta without it.
    pub threshold: f64,
    /// What each unit of money beyond adds to the move.
    pub move_per_money: f64,
    /// The largest move.
    pub most: f64,
}

/// What is added for single positions. Fractions are of the price of the source and of the position's units.
#[derive(Clone, Debug, Default)]
pub struct Contingency {
    /// For a settlement currency below its peg.
    pub peg: Option<PegCharge>,
    /// For prices that are not to be trusted.
    pub confidence: Option<ConfidenceCharge>,
    /// Of perpetual futures: maintenance, and initial besides.
    pub perpetual: (Ratio, Ratio),
    /// Of futures with an expiry.
    pub future: (Ratio, Ratio),
    /// Of naked short options.
    pub option: (Ratio, Ratio),
    /// What covers a short option.
    pub option_netting: OptionNetting,
    /// Of short options that expire within these hours, added to `option`.
    pub delivery: Option<(f64, Ratio, Ratio)>,
    /// Of the gross notional of a price source beyond each step.
    pub concentration: Vec<ConcentrationTier>,
    /// What a perpetual's funding may cost: hours of its stated rate.
    pub funding_hours: Ratio,
    /// The fee of closing a position, of its notional.
    pub fee: Ratio,
}

/// A step of a charge for concentration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConcentrationTier {
    /// Gross notional above this.
    pub above: Money,
    /// The part of it that is charged.
    pub fraction: Ratio,
}

/// A charge for a settlement currency below its peg: the initial factor grows by `max(0, threshold - price) factor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PegCharge {
    /// The price below which it grows.
    pub threshold: Ratio,
    /// How much.
    pub factor: Ratio,
}

/// A charge for a confidence `c` below the threshold: `(1 - c) factor` of the notional, initial only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfidenceCharge {
    /// The confidence below which it is charged.
    pub threshold: f64,
    /// How much.
    pub factor: Ratio,
}

/// What covers a short option where naked ones are counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OptionNetting {
    /// Longs of the same expiry and strike, calls and puts together.
    #[default]
    Strike,
    /// Longs of the same right, whatever expiry and strike.
    Right,
    /// Nothing.
    Nothing,
}

/// What the scan of a price source is at least.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FloorTerms {
    /// Of the price, for each unit of net delta.
    pub net_delta: Ratio,
    /// Of the price, for each unit of hedged delta: (gross - |net|) / 2.
    pub hedged_delta: Ratio,
    /// Of the price, for each net short option of a right.
    pub short_option: Ratio,
    /// Money for each contract times its multiplier, of long options at most what they are worth.
    pub contract: Money,
}

/// What an asset counts for as collateral.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollateralTerms {
    /// The asset.
    pub asset: String,
    /// Whether its value moves with its price source in the scenarios.
    pub cancels_risk: bool,
    /// The part of its value that does not count for maintenance.
    pub maintenance_haircut: Ratio,
    /// The part besides that does not count initially.
    pub initial_haircut: Ratio,
}
