//! What the market says, as one immutable snapshot: prices, forwards, rates, exchange rates and volatilities, each with the time it is from
//! and how far it is to be trusted.
//!
//! A [`Snapshot`] is the one before it with [`Quote`]s applied; what did not change is shared. Nothing is calculated here: discount
//! factors and volatilities between quotes are `pricing`'s.

#![allow(clippy::float_arithmetic, reason = "quotes are model inputs; money is not in floating point")]

mod observed;
mod quote;
mod snapshot;
mod terms;
mod used;

pub use observed::{ObservationError, Observed};
pub use quote::{Quote, Smile, SmileError, Svi};
pub use snapshot::{ExpiryMarket, MarketFault, ObservedSmile, Snapshot, SourceMarket, years_between};
pub use terms::PriceTerms;
pub(crate) use terms::names;
pub use used::{QuoteKind, QuoteUsed};
