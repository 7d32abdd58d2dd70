//! What an exchange publishes: read, cross-checked and compiled into an immutable, versioned set.
//!
//! A file becomes a [`Definition`] (what it says), and that becomes a [`ParameterSet`] (what a method can use), or is
//! refused with every [`Diagnostic`] at once. Nothing of a refused file is kept.

mod build;
mod commodity;
mod conversion;
mod customary;
mod definition;
mod diagnostic;
mod format;
mod from_market;
mod inter_spread;
mod level;
mod listing;
pub mod method;
pub mod pa2;
mod reading;
pub mod sample;
mod set;
pub mod spn;
mod spread_book;
mod vintage;

pub use build::{Refused, build};
pub use commodity::{
    Commodity, CommodityIndex, ContractKind, ContractTerms, Delivery, InterTier, IntraCharge, IntraLeg,
    IntraSpread, LevelFactor, MinimumByLots, OptionMinimum, PeriodIndex, PeriodRange, TierIndex,
};
pub use conversion::{ConversionStep, Conversions};
pub use definition::{
    AccountTypeDefinition, ArrayDefinition, ArrayTable, AwayLegDefinition, ChargeMethod,
    ClearSpreadDefinition, CombinationLeg, CombinationMethod, CommodityDefinition, CommodityTerms,
    ContractDefinition, ContractReference, ConversionDefinition, CurrencyDefinition, Definition,
    DeliveryRate, FamilyDefinition, FamilyReference, LegDefinition, LegPlace, LevelAdjustment,
    LevelDefinition, LevelRate, MonthRate, OptionDefinition, OptionMinimumMethod, ProductLink, ScanRange,
    ScanTiers, ScanningLegDefinition, ScanningSpreadDefinition, SectionLines, SeriesDefinition, Side,
    SpreadDefinition, TierDefinition, Valuation, WeightedRiskMethod,
};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use format::read;
pub use from_market::from_market;
pub use inter_spread::{
    AwayIndex, AwayLeg, AwayPlace, DeltaSpread, InterLeg, InterSpread, LegCredit, ScanningLeg, ScanningSpread,
};
pub use level::{Level, LevelBook};
pub use listing::{Listing, Listings, Match, Quoted};
pub use reading::{ReadError, Reading};
pub use set::{ParameterSet, RoundingProfile, Summary};
pub use spread_book::{Candidate, Candidates, SpreadBook};
pub use vintage::{Digest, Stage, Vintage};
