//! The identity of a contract.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::period::Period;
use crate::types::{Decimal, ExchangeCode, House, ProductCode};

/// What kind of product a family is, in the words of SPAN files.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductType {
    /// A physical or an index (`PHY`).
    Physical,
    /// A share (`EQTY`).
    Equity,
    /// A future (`FUT`).
    Future,
    /// A forward (`FWD`).
    Forward,
    /// An option on a physical (`OOP`).
    OptionOnPhysical,
    /// An option on a future (`OOF`).
    OptionOnFuture,
    /// An option on a share (`OOE`).
    OptionOnEquity,
    /// A combination of futures (`CMB`).
    Combination,
    /// An option on a combination (`OOC`).
    OptionOnCombination,
}

impl ProductType {
    /// Every type, with the code of SPAN files.
    pub const CODES: [(Self, &'static str); 9] = [
        (Self::Physical, "PHY"),
        (Self::Equity, "EQTY"),
        (Self::Future, "FUT"),
        (Self::Forward, "FWD"),
        (Self::OptionOnPhysical, "OOP"),
        (Self::OptionOnFuture, "OOF"),
        (Self::OptionOnEquity, "OOE"),
        (Self::Combination, "CMB"),
        (Self::OptionOnCombination, "OOC"),
    ];

    /// The code of SPAN files.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::CODES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, code)| code)
    }

    /// The type with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::CODES.iter().find(|(_, known)| *known == code).map(|(kind, _)| *kind)
    }

    /// Whether contracts of the type have a right and a strike.
    #[must_use]
    pub const fn is_option(self) -> bool {
        matches!(
            self,
            Self::OptionOnPhysical | Self::OptionOnFuture | Self::OptionOnEquity | Self::OptionOnCombination
        )
    }
}

impl fmt::Display for ProductType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The right of an option.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionRight {
    /// The right to buy.
    Call,
    /// The right to sell.
    Put,
}

impl OptionRight {
    /// `C` or `P`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Call => "C",
            Self::Put => "P",
        }
    }

    /// The right with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "C" => Some(Self::Call),
            "P" => Some(Self::Put),
            _ => None,
        }
    }
}

/// Right and strike of an option.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct OptionTerms {
    /// Call or put.
    pub right: OptionRight,
    /// The strike as quoted; may be zero or negative.
    pub strike: Decimal,
}

/// The identity of one tradable contract.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ContractKey {
    /// The house that clears it.
    pub house: House,
    /// The exchange that lists it.
    pub exchange: ExchangeCode,
    /// The product family's code.
    pub product: ProductCode,
    /// The kind of product.
    pub product_type: ProductType,
    /// The contract's own period.
    pub period: Period,
    /// The period of its underlying contract, where it has one.
    pub underlying_period: Option<Period>,
    /// Right and strike, options only.
    pub option: Option<OptionTerms>,
}

impl fmt::Display for ContractKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {} {}", self.exchange, self.product, self.product_type, self.period)?;
        if let Some(underlying) = self.underlying_period {
            write!(f, " on {underlying}")?;
        }
        match self.option {
            Some(terms) => write!(f, " {} {}", terms.right.code(), terms.strike),
            None => Ok(()),
        }
    }
}
