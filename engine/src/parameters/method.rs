//! Margin methods as data: everything that a risk department decides, in one TOML file (`docs/methods.md` has its schema).

mod denomination;
mod document;
mod grid;
mod offsets;
mod presets;
mod read;
mod rules;
mod span16;

pub use grid::{
    BasisContingency, BasisPlace, CollateralTerms, ConcentrationTier, ConfidenceCharge, Contingency,
    DeltaShock, Discount, FactorScope, FloorTerms, GridMethod, MarginTerms, OptionNetting, PegCharge, Relief,
    RollContingency, Scenario, SideDiscount, ValuationTerms,
};
pub use offsets::{OffsetRule, Offsets, ProductGroup};
pub use presets::{PRESETS, preset};
pub use read::{MOST_METHOD_BYTES, read_method};
pub use rules::{
    AccountStress, LinearMethod, LinearTerms, OpenInterestScaling, OptionRule, RequirementRounding,
    SizeScaling, SkewScaling, SpreadRule, StandardMethod, Tier,
};

pub use span16::{Span16Method, Span16Product};

use super::vintage::Digest;
use crate::doubt::Plausible;
use crate::types::Currency;

/// A margin method: immutable, with a version of its own.
#[derive(Clone, Debug)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// The version that its author gave it.
    pub version: String,
    /// The currency of all its money.
    pub currency: Currency,
    /// The currencies that prices may be in, each unit of one counting for one of another, the first where a source does not say; without the
    /// method's own they are those of prices of a coin that it is settled in. Empty: what contracts say.
    pub price_currencies: Vec<Currency>,
    /// The most places after the point that the value of one contract is rounded to; dear contracts have fewer.
    pub places: u8,
    /// Whether every position stands alone, with collateral of its own.
    pub is_isolated: bool,
    /// Whether gains since the last settlement count in the equity of methods by formula.
    pub counts_gains: bool,
    /// How the parts of a margin account are found.
    pub shares: ShareRule,
    /// Beyond what numbers of markets and positions are named as implausible.
    pub plausible: Plausible,
    /// SHA-256 of the file, and of a correlation matrix that was repaired.
    pub digest: Digest,
    /// What it does.
    pub kind: MethodKind,
}

/// What a method does.
#[derive(Clone, Debug)]
pub enum MethodKind {
    /// Reprices a grid of scenarios.
    Grid(Box<GridMethod>),
    /// Margin by formula for each position.
    Standard(Box<StandardMethod>),
    /// A part of the notional.
    Linear(Box<LinearMethod>),
    /// Builds SPAN risk arrays from the market.
    Span16(Box<Span16Method>),
}

/// How a margin account's requirement falls on its position accounts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ShareRule {
    /// By what each adds at the margin (Euler's allocation), in the lowest of the worst scenarios.
    #[default]
    Euler,
    /// By what the requirement falls without it, scaled to the whole.
    LeaveOneOut,
}
