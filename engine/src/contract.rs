//! What is traded, and how a caller names it.
//!
//! A file holds [`ContractKey`]s. A caller writes a [`ContractQuery`], which may leave out what only tells apart contracts
//! that its house does not have twice (the exchange, an option's underlying period).

mod key;
mod period;
mod query;

pub use key::{ContractKey, OptionRight, OptionTerms, ProductType};
pub use period::{Period, PeriodError, YearMonth};
pub use query::{ContractQuery, ContractText, FieldFault};
