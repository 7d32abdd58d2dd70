//! A contract as a caller names it, and the check of its text fields.

use std::fmt;

use super::key::{ContractKey, OptionRight, OptionTerms, ProductType};
use super::period::Period;
use crate::types::{Code, Decimal, ExchangeCode, ProductCode};

/// A contract as a caller names it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ContractQuery {
    /// Needed only where several exchanges list the rest of the key.
    pub exchange: Option<ExchangeCode>,
    /// The product family's code.
    pub product: ProductCode,
    /// The kind of product.
    pub product_type: ProductType,
    /// The contract's own period, whole.
    pub period: Period,
    /// Needed only where options of one period have several underlying contracts.
    pub underlying_period: Option<Period>,
    /// Right and strike, options only.
    pub option: Option<OptionTerms>,
}

/// The text fields of a contract before they are checked; empty means absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContractText<'a> {
    /// Exchange code.
    pub exchange: &'a str,
    /// Product code.
    pub product: &'a str,
    /// Product type code, such as `FUT` or `OOP`.
    pub product_type: &'a str,
    /// Period code.
    pub period: &'a str,
    /// Period code of the underlying contract.
    pub underlying_period: &'a str,
    /// `C` or `P`.
    pub right: &'a str,
    /// Decimal text.
    pub strike: &'a str,
}

/// What is wrong with one named field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldFault {
    /// The field, as callers write it (`strike`).
    pub field: &'static str,
    /// What is wrong, for the caller.
    pub message: String,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

struct Checks(Vec<FieldFault>);

impl Checks {
    fn keep<T, E: fmt::Display>(&mut self, field: &'static str, result: Result<T, E>) -> Option<T> {
        result.map_err(|e| self.0.push(FieldFault { field, message: e.to_string() })).ok()
    }

    fn optional<T, E: fmt::Display>(
        &mut self,
        field: &'static str,
        text: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if text.is_empty() { None } else { self.keep(field, read(text)) }
    }

    fn option_terms(&mut self, text: &ContractText<'_>) -> Option<OptionTerms> {
        let right = OptionRight::from_code(text.right).ok_or("an option needs \"C\" or \"P\"");
        let strike = match text.strike {
            "" => Err("an option needs a strike".to_owned()),
            strike => Decimal::parse(strike).map_err(|e| e.to_string()),
        };
        let (right, strike) = (self.keep("right", right), self.keep("strike", strike));
        Some(OptionTerms { right: right?, strike: strike? })
    }

    fn no_option_terms(&mut self, text: &ContractText<'_>) {
        for (field, value) in [("right", text.right), ("strike", text.strike)] {
            if !value.is_empty() {
                self.keep::<(), _>(field, Err("only options have it"));
            }
        }
    }
}

impl ContractQuery {
    /// Checks every field and reports all faults at once.
    ///
    /// # Errors
    /// One [`FieldFault`] for each field that is missing, malformed or out of place.
    pub fn parse(text: &ContractText<'_>) -> Result<Self, Vec<FieldFault>> {
        let mut checks = Checks(Vec::new());
        let exchange = checks.optional("exchange", text.exchange, Code::new);
        let product = checks.keep("product", Code::new(text.product));
        let known = ProductType::from_code(text.product_type).ok_or_else(|| {
            let codes: Vec<_> = ProductType::CODES.iter().map(|(_, code)| *code).collect();
            format!("expected one of {}", codes.join(", "))
        });
        let product_type = checks.keep("type", known);
        let period = checks.keep("period", Period::new(text.period));
        let underlying_period = checks.optional("underlying_period", text.underlying_period, Period::new);
        let option = match product_type {
            Some(kind) if kind.is_option() => checks.option_terms(text),
            Some(_) => {
                checks.no_option_terms(text);
                None
            }
            None => None,
        };
        match (product, product_type, period) {
            (Some(product), Some(product_type), Some(period)) if checks.0.is_empty() => {
                Ok(Self { exchange, product, product_type, period, underlying_period, option })
            }
            _ => Err(checks.0),
        }
    }

    /// Whether the query names this contract.
    #[must_use]
    pub fn matches(&self, key: &ContractKey) -> bool {
        self.product == key.product
            && self.product_type == key.product_type
            && self.period == key.period
            && self.option == key.option
            && self.exchange.as_ref().is_none_or(|exchange| *exchange == key.exchange)
            && self.underlying_period.is_none_or(|period| Some(period) == key.underlying_period)
    }
}

impl fmt::Display for ContractQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(exchange) = &self.exchange {
            write!(f, "{exchange}/")?;
        }
        write!(f, "{} {} {}", self.product, self.product_type, self.period)?;
        if let Some(underlying) = self.underlying_period {
            write!(f, " on {underlying}")?;
        }
        match self.option {
            Some(terms) => write!(f, " {} {}", terms.right.code(), terms.strike),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUT: ContractText<'_> = ContractText {
        exchange: "",
        product: "TUPRSE",
        product_type: "OOP",
        period: "201607S0",
        underlying_period: "",
        right: "P",
        strike: "52.5",
    };

    fn faults(text: ContractText<'_>) -> Vec<String> {
        ContractQuery::parse(&text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_whole_key_is_read() {
        assert_eq!(ContractQuery::parse(&PUT).unwrap().to_string(), "TUPRSE OOP 201607S0 P 52.5");
    }

    #[test]
    fn every_fault_names_its_field() {
        assert_eq!(
            faults(ContractText { product: "", period: "2016-07", right: "X", strike: "52,5", ..PUT }),
            [
                "product: a product is missing",
                "period: expected a period such as 201606 or 201606S0: 1 to 12 letters and digits",
                "right: an option needs \"C\" or \"P\"",
                "strike: expected a decimal number such as \"52.5\", found ','",
            ]
        );
        assert_eq!(
            faults(ContractText { product_type: "FUT", ..PUT }),
            ["right: only options have it", "strike: only options have it"]
        );
        assert_eq!(
            faults(ContractText { product_type: "future", ..PUT }),
            ["type: expected one of PHY, EQTY, FUT, FWD, OOP, OOF, OOE, CMB, OOC"]
        );
    }
}
