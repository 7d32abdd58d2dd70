//! What is traded, and how a caller names it.
//!
//! A file holds [`ContractKey`]s. A caller writes a [`ContractQuery`], which may leave out what only tells apart contracts
//! that its house does not have twice (the exchange, an option's underlying period). A contract that is priced by a model has
//! a [`Specification`]; the [`Registry`] gives every contract a number that it keeps.

mod key;
mod period;
mod query;
mod registry;
mod specification;

pub use key::{ContractKey, OptionRight, OptionTerms, ProductType};
pub use period::{Period, PeriodError, YearMonth};
pub use query::{ContractQuery, ContractText, FieldFault};
pub use registry::{Contract, ContractId, OtherSpecification, Registry};
pub use specification::{
    Exercise, Instrument, OptionModel, Settlement, Specification, SpecificationFault, SpecificationTerms,
};
