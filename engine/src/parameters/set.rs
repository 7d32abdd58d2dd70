//! The compiled set: everything a method needs, linked, checked and dense.

use super::commodity::Commodity;
use super::conversion::Conversions;
use super::inter_spread::AwayPlace;
use super::level::LevelBook;
use super::listing::Listings;
use super::spread_book::SpreadBook;
use super::vintage::{Digest, Vintage};
use crate::scenario::ScanPoints;
use crate::types::{Currency, House};

/// Which numbers are rounded, and how (see `docs/span.md`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RoundingProfile {
    /// The textbook: nothing is rounded before the report.
    #[default]
    Exact,
    /// As Takasbank's calculator: scan risk to whole units and not floored, long-only options capped at their value.
    Takasbank,
    /// As third parties have observed of CME's software: risk to whole units, deltas and numbers of spreads to four places,
    /// weighted price risk to two.
    Cme,
}

impl RoundingProfile {
    /// Every profile, with the name that people use.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Exact, "exact"), (Self::Takasbank, "takasbank"), (Self::Cme, "cme")];

    /// The name that people use.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(profile, _)| *profile == self).map_or("", |(_, name)| name)
    }

    /// The profile with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(profile, _)| *profile)
    }
}

/// Everything the SPAN method needs from a house's file: immutable, versioned, cross-checked.
#[derive(Debug, Eq, PartialEq)]
pub struct ParameterSet {
    pub(super) id: String,
    pub(super) house: House,
    pub(super) vintage: Vintage,
    pub(super) digest: Digest,
    pub(super) rounding: RoundingProfile,
    pub(super) base_currency: Currency,
    pub(super) points: ScanPoints,
    pub(super) levels: LevelBook,
    pub(super) conversions: Conversions,
    pub(super) commodities: Vec<Commodity>,
    pub(super) super_spreads: SpreadBook,
    pub(super) inter_spreads: SpreadBook,
    pub(super) super_clear_spreads: SpreadBook,
    pub(super) clear_spreads: SpreadBook,
    pub(super) away_places: Vec<AwayPlace>,
    pub(super) is_asymmetric: bool,
    pub(super) listings: Listings,
}

/// Sizes of a set, for people.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Summary {
    /// Combined commodities.
    pub commodities: usize,
    /// Product families.
    pub products: usize,
    /// Contracts, with and without an array.
    pub contracts: usize,
    /// Risk arrays.
    pub arrays: usize,
    /// Scenarios of an array.
    pub scenarios: usize,
    /// Intra-commodity spreads.
    pub intra_spreads: usize,
    /// Inter-commodity spreads.
    pub inter_spreads: usize,
}

impl ParameterSet {
    /// A name made of house, business date, stage and the first digits of the digest: the same for the same file.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The house whose file it is.
    #[must_use]
    pub const fn house(&self) -> &House {
        &self.house
    }

    /// Its revision.
    #[must_use]
    pub const fn vintage(&self) -> &Vintage {
        &self.vintage
    }

    /// SHA-256 of its file.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The rounding profile used unless a request names another.
    #[must_use]
    pub const fn rounding(&self) -> RoundingProfile {
        self.rounding
    }

    /// The currency of totals unless a request names another: that of most commodities; of equals the one that most conversions lead
    /// to, else the alphabetically first.
    #[must_use]
    pub const fn base_currency(&self) -> &Currency {
        &self.base_currency
    }

    /// The scan points.
    #[must_use]
    pub const fn points(&self) -> &ScanPoints {
        &self.points
    }

    /// The requirement levels.
    #[must_use]
    pub const fn levels(&self) -> &LevelBook {
        &self.levels
    }

    /// The currency conversions.
    #[must_use]
    pub const fn conversions(&self) -> &Conversions {
        &self.conversions
    }

    /// The combined commodities, by code.
    #[must_use]
    pub fn commodities(&self) -> &[Commodity] {
        &self.commodities
    }

    /// The spreads between commodities that come before the intra-commodity spreads.
    #[must_use]
    pub const fn super_spreads(&self) -> &SpreadBook {
        &self.super_spreads
    }

    /// The spreads between commodities that come after the intra-commodity spreads.
    #[must_use]
    pub const fn inter_spreads(&self) -> &SpreadBook {
        &self.inter_spreads
    }

    /// The spreads with other clearing organisations that come before the intra-commodity spreads.
    #[must_use]
    pub const fn super_clear_spreads(&self) -> &SpreadBook {
        &self.super_clear_spreads
    }

    /// The spreads with other clearing organisations that come after all others.
    #[must_use]
    pub const fn clear_spreads(&self) -> &SpreadBook {
        &self.clear_spreads
    }

    /// Where they look for delta, ascending.
    #[must_use]
    pub fn away_places(&self) -> &[AwayPlace] {
        &self.away_places
    }

    /// Whether scan ranges up and down differ: a commodity of long options alone then requires at most their value.
    #[must_use]
    pub const fn is_asymmetric(&self) -> bool {
        self.is_asymmetric
    }

    /// Where contracts are found by their names.
    #[must_use]
    pub const fn listings(&self) -> &Listings {
        &self.listings
    }

    /// Its sizes.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let (products, contracts) = self.listings.counts();
        Summary {
            commodities: self.commodities.len(),
            products,
            contracts,
            arrays: self.commodities.iter().map(|commodity| commodity.contracts().len()).sum(),
            scenarios: self.points.count(),
            intra_spreads: self.commodities.iter().map(|commodity| commodity.intra_spreads().len()).sum(),
            inter_spreads: [
                &self.super_spreads,
                &self.inter_spreads,
                &self.super_clear_spreads,
                &self.clear_spreads,
            ]
            .map(|book| book.as_slice().len())
            .iter()
            .sum(),
        }
    }
}
