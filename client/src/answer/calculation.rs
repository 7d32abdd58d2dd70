//! The answer about one portfolio.

use std::fmt;

use plimsoll_engine::report::{CalculationError, MarginReport};
use plimsoll_engine::span::Unmatched;

/// One field of a request that the server finds fault with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldViolation {
    /// The path from the request (`positions[3].strike`).
    pub field: String,
    /// What is wrong, for a person.
    pub description: String,
}

impl fmt::Display for FieldViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.description)
    }
}

/// Why a portfolio was not calculated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CalculationFailure {
    /// The set cannot margin some of the contracts; all of them.
    Unmatched(Vec<Unmatched>),
    /// Numbers on the way leave the exact range.
    TooLarge {
        /// For a person.
        message: String,
    },
    /// The request is malformed, or names a set that the server does not have.
    Invalid {
        /// For a person.
        message: String,
        /// Every faulty field, if it is a matter of fields.
        violations: Vec<FieldViolation>,
    },
}

impl CalculationFailure {
    /// The most faulty fields that are shown: one less than any server names, so that "more" is known to be so.
    const MOST_SHOWN: usize = 99;

    /// The most bytes of a description that are shown.
    const MOST_SHOWN_BYTES: usize = 512;
}

impl fmt::Display for CalculationFailure {
    /// One line, the same whether the failure comes from a server or from the engine at hand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmatched(unmatched) => CalculationError::Unmatched(unmatched.clone()).fmt(f),
            Self::TooLarge { message } => f.write_str(message),
            Self::Invalid { message, violations } if violations.is_empty() => f.write_str(message),
            Self::Invalid { violations, .. } => {
                for (index, violation) in violations.iter().take(Self::MOST_SHOWN).enumerate() {
                    if index > 0 {
                        f.write_str("; ")?;
                    }
                    // The engine does not know where in a request its options stand.
                    let field = violation.field.strip_prefix("options.").unwrap_or(&violation.field);
                    let description = violation.description.as_str();
                    let description = description.strip_prefix(&format!("{field}: ")).unwrap_or(description);
                    let end = description.floor_char_boundary(Self::MOST_SHOWN_BYTES);
                    let cut = if end < description.len() { "..." } else { "" };
                    write!(f, "{field}: {}{cut}", &description[..end])?;
                }
                if violations.len() > Self::MOST_SHOWN { f.write_str("; and more") } else { Ok(()) }
            }
        }
    }
}

impl From<CalculationError> for CalculationFailure {
    /// What a server would answer.
    fn from(error: CalculationError) -> Self {
        let message = error.to_string();
        let violations = match error {
            CalculationError::Unmatched(unmatched) => return Self::Unmatched(unmatched),
            CalculationError::TooLarge(_) => return Self::TooLarge { message },
            CalculationError::Entries(faults) => faults
                .into_iter()
                .map(|fault| FieldViolation { field: fault.path(), description: fault.message })
                .collect(),
            CalculationError::NoConversion { .. } => {
                vec![FieldViolation { field: "options.currency".to_owned(), description: message.clone() }]
            }
            CalculationError::AccountType { .. } => {
                vec![FieldViolation {
                    field: "options.account_type".to_owned(),
                    description: message.clone(),
                }]
            }
        };
        Self::Invalid { message, violations }
    }
}

/// The answer about one portfolio.
#[derive(Clone, Debug)]
pub struct Calculated {
    /// The account's name, as it was asked for.
    pub account: String,
    /// Its report, or why there is none.
    pub outcome: Result<Box<MarginReport>, CalculationFailure>,
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::types::Currency;

    use super::*;

    fn invalid(violations: &[(&str, &str)]) -> String {
        let violation = |&(field, description): &(&str, &str)| FieldViolation {
            field: field.to_owned(),
            description: description.to_owned(),
        };
        let violations = violations.iter().map(violation).collect();
        CalculationFailure::Invalid { message: "malformed".to_owned(), violations }.to_string()
    }

    #[test]
    fn a_failure_reads_the_same_wherever_it_comes_from() {
        let (from, to) = (Currency::new("EUR").unwrap(), Currency::new("JPY").unwrap());
        let own = CalculationFailure::from(CalculationError::NoConversion { from, to }).to_string();
        assert_eq!(own, "currency: no conversion from EUR to JPY in the parameter set");
        let no_way = "no conversion from EUR to JPY in the parameter set";
        assert_eq!(invalid(&[("options.currency", no_way)]), own);
        assert_eq!(invalid(&[("options.currency", &own)]), own);
        assert_eq!(invalid(&[]), "malformed");
        let (wanted, known) = ("X".to_owned(), "H, M".to_owned());
        let own = CalculationFailure::from(CalculationError::AccountType { wanted, known }).to_string();
        assert_eq!(
            own,
            "account_type: the parameter set has no levels for \"X\", only for H, M (H hedger, M member, S speculator)"
        );
    }

    #[test]
    fn faults_are_shown_within_bounds() {
        let short = [("positions[0].product", "twice"), ("positions[1].product", "thrice")];
        assert_eq!(invalid(&short), "positions[0].product: twice; positions[1].product: thrice");
        let long = "\u{e9}".repeat(300);
        assert_eq!(invalid(&[("a", &long)]), format!("a: {}...", "\u{e9}".repeat(256)));
        assert_eq!(invalid(&[("a", "x"); 99]).matches("a: x").count(), 99);
        for many in [100, 200] {
            let text = invalid(&vec![("a", "x"); many]);
            assert!(text.ends_with("a: x; and more") && text.matches("a: x").count() == 99);
        }
    }
}
