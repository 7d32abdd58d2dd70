//! Which quotes a number rests on.

use serde::{Deserialize, Serialize};

use crate::types::Moment;

/// What a quote is of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteKind {
    /// The price of a source.
    Price,
    /// The price of a source's perpetual.
    Perpetual,
    /// The forward of a source.
    Forward,
    /// The rate of a source to an expiry.
    SourceRate,
    /// The volatilities of an expiry.
    Smile,
    /// The rate of a currency.
    Rate,
}

impl QuoteKind {
    /// Its name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Perpetual => "perpetual",
            Self::Forward => "forward",
            Self::SourceRate => "source_rate",
            Self::Smile => "smile",
            Self::Rate => "rate",
        }
    }
}

/// A quote that a number rests on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct QuoteUsed {
    /// What it is of.
    pub kind: QuoteKind,
    /// The price source, or the currency of a rate.
    pub of: String,
    /// The expiry, where it is of one.
    pub expiry: Option<Moment>,
    /// When its source stated it.
    pub time: Moment,
}

impl QuoteUsed {
    /// The older of two; of equals the first.
    #[must_use]
    pub fn older(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(if other.time < one.time { other } else { one }),
            (one, other) => one.or(other),
        }
    }
}
