//! Parameter sets, and what was done with them.

use plimsoll_engine::parameters::{Diagnostic, Digest, ParameterSet, RoundingProfile, Summary, Vintage};
use plimsoll_engine::types::{CommodityCode, Currency, Decimal, House};

/// A parameter set of a server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SetInfo {
    /// Its id.
    pub id: String,
    /// The house whose file it is.
    pub house: House,
    /// Its revision.
    pub vintage: Vintage,
    /// SHA-256 of its file.
    pub digest: Digest,
    /// The rounding profile used unless a request names another.
    pub rounding: RoundingProfile,
    /// The currency of totals unless a request names another.
    pub base_currency: Currency,
    /// Its sizes.
    pub summary: Summary,
    /// The account scopes for which it is active; an empty one is the default scope.
    pub active_scopes: Vec<String>,
}

/// A scan point.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PointInfo {
    /// Its number, from 1.
    pub number: u8,
    /// The price move in price scan ranges.
    pub price_move: Decimal,
    /// The volatility move in volatility scan ranges.
    pub volatility_move: Decimal,
    /// The part of the loss that counts.
    pub weight: Decimal,
    /// The point with the same price move and the opposite volatility move.
    pub paired: u8,
}

/// A requirement level.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LevelInfo {
    /// `initial` or `maintenance`, with `_reserve` for the reserve class.
    pub level: String,
    /// As the file codes it.
    pub account_type: String,
}

/// One unit of `from` is `rate` units of `to`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConversionRate {
    /// The currency converted.
    pub from: Currency,
    /// The currency it becomes.
    pub to: Currency,
    /// The rate as the file states it.
    pub rate: Decimal,
}

/// A combined commodity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommodityInfo {
    /// Its code.
    pub code: CommodityCode,
    /// Its name.
    pub name: String,
    /// The currency of everything about it.
    pub currency: Currency,
    /// Arrays and rates are in units of `10^risk_exponent`.
    pub risk_exponent: i32,
    /// Contracts with an array.
    pub contracts: usize,
    /// Periods in which they have deltas.
    pub periods: usize,
    /// Intra-commodity spreads.
    pub intra_spreads: usize,
}

/// A parameter set in detail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SetDetail {
    /// What lists show of it.
    pub set: SetInfo,
    /// Its scan points.
    pub points: Vec<PointInfo>,
    /// Its requirement levels.
    pub levels: Vec<LevelInfo>,
    /// Its currency conversions.
    pub conversions: Vec<ConversionRate>,
    /// Its combined commodities.
    pub commodities: Vec<CommodityInfo>,
}

/// A file that was loaded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Loaded {
    /// Its set.
    pub set: SetInfo,
    /// Warnings about it.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the server had it before.
    pub already_loaded: bool,
}

/// A file of the server's own directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DirectoryFile {
    /// Its name without a path.
    pub file_name: String,
    /// Its set; `None` for a refused file.
    pub set: Option<SetInfo>,
    /// The findings about it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a set was not activated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ActivationRefusal {
    /// No set has the id.
    UnknownSet,
    /// The active set is newer.
    OlderThanActive,
}

/// The answer to an activation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Activation {
    /// The set is active.
    Activated {
        /// The set.
        set: SetInfo,
        /// The set that was active before.
        replaced_id: Option<String>,
    },
    /// Nothing has changed.
    Refused {
        /// Why.
        reason: ActivationRefusal,
        /// For a person.
        message: String,
        /// The set that stays active.
        active_id: Option<String>,
    },
}

impl From<&ParameterSet> for SetDetail {
    /// What a server would say of a set that is active nowhere.
    fn from(set: &ParameterSet) -> Self {
        Self {
            set: SetInfo::from(set),
            points: set
                .points()
                .as_slice()
                .iter()
                .map(|point| PointInfo {
                    number: point.number,
                    price_move: point.price.multiplier,
                    volatility_move: point.volatility.multiplier,
                    weight: point.weight,
                    paired: point.paired,
                })
                .collect(),
            levels: set
                .levels()
                .all()
                .iter()
                .map(|level| LevelInfo {
                    level: level.name().to_owned(),
                    account_type: level.account_type.clone(),
                })
                .collect(),
            conversions: set
                .conversions()
                .rates()
                .map(|(from, to, rate)| ConversionRate { from: from.clone(), to: to.clone(), rate })
                .collect(),
            commodities: set
                .commodities()
                .iter()
                .map(|commodity| CommodityInfo {
                    code: commodity.code().clone(),
                    name: commodity.name().to_owned(),
                    currency: commodity.currency().clone(),
                    risk_exponent: commodity.risk_exponent(),
                    contracts: commodity.contracts().len(),
                    periods: commodity.periods().len(),
                    intra_spreads: commodity.intra_spreads().len(),
                })
                .collect(),
        }
    }
}

impl From<&ParameterSet> for SetInfo {
    fn from(set: &ParameterSet) -> Self {
        Self {
            id: set.id().to_owned(),
            house: set.house().clone(),
            vintage: set.vintage().clone(),
            digest: set.digest(),
            rounding: set.rounding(),
            base_currency: set.base_currency().clone(),
            summary: set.summary(),
            active_scopes: Vec::new(),
        }
    }
}
