//! What is asked of a server.

use plimsoll_engine::report::PortfolioRequest;
use plimsoll_engine::types::House;

/// Which parameter set to calculate with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SetSelector {
    /// The set with this id.
    Id(String),
    /// The set that is active for a house and an account scope.
    Active {
        /// The house.
        house: House,
        /// The scope; empty for the default one.
        account_scope: String,
    },
}

/// One portfolio to calculate.
#[derive(Clone, Debug)]
pub struct CalculationRequest {
    /// The account's name, which comes back with the answer.
    pub account: String,
    /// The parameter set.
    pub parameter_set: SetSelector,
    /// Positions and options.
    pub portfolio: PortfolioRequest,
}
