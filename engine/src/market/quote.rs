//! What a feed states.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::observed::Observed;
use super::terms::PriceTerms;
use crate::contract::OptionModel;
use crate::types::{Currency, Moment, PriceSource};

/// One statement of a feed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quote {
    /// The price of a source.
    Price {
        /// The source.
        source: PriceSource,
        /// Its price.
        price: Observed,
    },
    /// The forward price of a source.
    Forward {
        /// The source.
        source: PriceSource,
        /// For when.
        expiry: Moment,
        /// The forward price.
        forward: Observed,
    },
    /// The price of a source's perpetual future.
    Perpetual {
        /// The source.
        source: PriceSource,
        /// Its price.
        price: Observed,
    },
    /// What holding a source's perpetual costs: an hour's part of its price, for the long side.
    FundingRate {
        /// The source.
        source: PriceSource,
        /// The rate; negative where shorts pay.
        rate: Observed,
    },
    /// How much is open in a source's market.
    OpenInterest {
        /// The source.
        source: PriceSource,
        /// In money.
        money: Observed,
    },
    /// A source's own continuous rate a year to an expiry, for its options there.
    SourceRate {
        /// The source.
        source: PriceSource,
        /// To when.
        expiry: Moment,
        /// The rate; 0.05 is 5 %.
        rate: Observed,
    },
    /// How far volatilities that come with the contracts of an expiry are to be trusted; only the confidence counts.
    VolatilityConfidence {
        /// The source.
        source: PriceSource,
        /// The options' expiry.
        expiry: Moment,
        /// An observation with the confidence.
        confidence: Observed,
    },
    /// The volatilities of the options of one expiry.
    Smile {
        /// The source.
        source: PriceSource,
        /// The options' expiry.
        expiry: Moment,
        /// The volatilities.
        smile: Smile,
        /// When their source stated them.
        source_time: Moment,
        /// How far they are to be trusted, from 0 to 1.
        confidence: f64,
    },
    /// A continuous rate of interest a year, from now to a moment.
    Rate {
        /// The currency.
        currency: Currency,
        /// To when.
        until: Moment,
        /// The rate; 0.05 is 5 %.
        rate: Observed,
    },
    /// What a settlement currency is worth of what it is pegged to.
    Peg {
        /// The currency.
        currency: Currency,
        /// Its price; 1 where the peg holds.
        price: Observed,
    },
    /// How much of one currency another is worth.
    Exchange {
        /// The currency that is worth it.
        from: Currency,
        /// The currency it is worth it in.
        to: Currency,
        /// Units of `to` for one of `from`.
        rate: Observed,
    },
    /// What the prices of a source are. Where it said something else before, all that was known of it is forgotten.
    PriceTerms {
        /// The source.
        source: PriceSource,
        /// What it says.
        terms: PriceTerms,
    },
}

impl Quote {
    /// The price source that it is of; `None` of a currency.
    #[must_use]
    pub const fn source(&self) -> Option<&PriceSource> {
        match self {
            Self::Price { source, .. }
            | Self::Forward { source, .. }
            | Self::Perpetual { source, .. }
            | Self::FundingRate { source, .. }
            | Self::OpenInterest { source, .. }
            | Self::SourceRate { source, .. }
            | Self::VolatilityConfidence { source, .. }
            | Self::Smile { source, .. }
            | Self::PriceTerms { source, .. } => Some(source),
            Self::Rate { .. } | Self::Peg { .. } | Self::Exchange { .. } => None,
        }
    }

    /// The price that it states, with what it is called.
    pub(super) const fn price(&self) -> Option<(&'static str, f64)> {
        match self {
            Self::Price { price, .. } => Some(("price", price.value())),
            Self::Forward { forward, .. } => Some(("forward", forward.value())),
            Self::Perpetual { price, .. } => Some(("perpetual", price.value())),
            Self::FundingRate { .. }
            | Self::OpenInterest { .. }
            | Self::SourceRate { .. }
            | Self::VolatilityConfidence { .. }
            | Self::Smile { .. }
            | Self::PriceTerms { .. }
            | Self::Rate { .. }
            | Self::Peg { .. }
            | Self::Exchange { .. } => None,
        }
    }
}

/// Total variance `w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))` of log-moneyness `k = ln(K/F)` (J. Gatheral's stochastic
/// volatility inspired form, raw parameters).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Svi {
    /// The level.
    pub a: f64,
    /// The slope of the wings together; not negative.
    pub b: f64,
    /// The lean, between -1 and 1.
    pub rho: f64,
    /// Where the middle is.
    pub m: f64,
    /// How round the middle is; greater than zero.
    pub sigma: f64,
}

/// The volatilities of one expiry. Lognormal ones are fractions a year, normal ones price units a square root of a year.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Smile {
    /// One for all strikes.
    Flat {
        /// The model that the volatility belongs to.
        model: OptionModel,
        /// It.
        volatility: f64,
    },
    /// By strike: strikes and volatilities, strikes ascending.
    Strikes {
        /// The model that the volatilities belong to.
        model: OptionModel,
        /// The nodes.
        nodes: Vec<(f64, f64)>,
    },
    /// By the call's delta to the forward, undiscounted; deltas descending, so that strikes ascend. Lognormal.
    Deltas(Vec<(f64, f64)>),
    /// Lognormal total variance by formula.
    Svi(Svi),
}

/// Why volatilities are none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SmileError {
    /// A volatility is not a positive number up to 1,000 (lognormal) or 1e60.
    Volatility(usize),
    /// There is no node, or there are more than [`Smile::MOST_NODES`].
    Count,
    /// Nodes are not in their order, or not finite, or a delta is not between 0 and 1, or a lognormal strike not positive.
    Node(usize),
    /// The parameters have a negative variance somewhere, or are out of range.
    Svi,
}

impl fmt::Display for SmileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Volatility(node) => {
                write!(f, "nodes[{node}].volatility: expected a positive number up to 1,000")
            }
            Self::Count => write!(f, "nodes: expected 1 to {}", Smile::MOST_NODES),
            Self::Node(node) => write!(f, "nodes[{node}]: strikes ascend, deltas descend between 1 and 0"),
            Self::Svi => f.write_str(
                "svi: expected b >= 0, -1 < rho < 1, sigma > 0 and a variance that is nowhere negative",
            ),
        }
    }
}

impl Smile {
    /// The model that the volatilities belong to.
    #[must_use]
    pub const fn model(&self) -> OptionModel {
        match self {
            Self::Flat { model, .. } | Self::Strikes { model, .. } => *model,
            Self::Deltas(_) | Self::Svi(_) => OptionModel::Lognormal,
        }
    }

    /// The most nodes of one expiry.
    pub const MOST_NODES: usize = 200;

    /// Checks what does not depend on other quotes.
    pub(super) fn faults(&self) -> Vec<SmileError> {
        let lognormal = |volatility: f64| 0.0 < volatility && volatility <= 1e3;
        let normal = |volatility: f64| 0.0 < volatility && volatility <= 1e60;
        match self {
            Self::Flat { model, volatility } => {
                let is_right = if *model == OptionModel::Lognormal { lognormal } else { normal };
                if is_right(*volatility) { Vec::new() } else { vec![SmileError::Volatility(0)] }
            }
            Self::Strikes { model: OptionModel::Lognormal, nodes } => {
                of_nodes(nodes, lognormal, |before, strike| before.unwrap_or(0.0) < strike && strike <= 1e60)
            }
            Self::Strikes { model: OptionModel::Normal, nodes } => {
                of_nodes(nodes, normal, |before, strike| {
                    before.unwrap_or(-2e60) < strike && strike.abs() <= 1e60
                })
            }
            Self::Deltas(nodes) => {
                of_nodes(nodes, lognormal, |before, delta| 0.0 < delta && delta < before.unwrap_or(1.0))
            }
            Self::Svi(svi) => {
                if svi.is_right() {
                    Vec::new()
                } else {
                    vec![SmileError::Svi]
                }
            }
        }
    }
}

fn of_nodes(
    nodes: &[(f64, f64)],
    is_volatility: impl Fn(f64) -> bool,
    follows: impl Fn(Option<f64>, f64) -> bool,
) -> Vec<SmileError> {
    let mut faults = Vec::new();
    if nodes.is_empty() || nodes.len() > Smile::MOST_NODES {
        faults.push(SmileError::Count);
    }
    let mut before = None;
    for (place, &(position, volatility)) in nodes.iter().enumerate().take(Smile::MOST_NODES) {
        if !follows(before, position) {
            faults.push(SmileError::Node(place));
        }
        if !is_volatility(volatility) {
            faults.push(SmileError::Volatility(place));
        }
        before = Some(position);
    }
    faults
}

impl Svi {
    fn is_right(&self) -> bool {
        let all = [self.a, self.b, self.rho, self.m, self.sigma];
        let least = self.a + self.b * self.sigma * (1.0 - self.rho * self.rho).sqrt();
        all.iter().all(|value| value.abs() <= 1e3)
            && self.b >= 0.0
            && self.rho.abs() < 1.0
            && self.sigma > 0.0
            && least >= 0.0
    }
}
