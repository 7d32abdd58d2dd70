//! What a caller asks, and why there may be no report.

use thiserror::Error;

use crate::parameters::RoundingProfile;
use crate::span::{AwayDelta, EntryFault, Margining, Position, TooLarge, Unmatched};
use crate::types::Currency;

/// The positions of one account.
#[derive(Clone, Debug, Default)]
pub struct PortfolioRequest {
    /// The positions; several in one contract are one.
    pub positions: Vec<Position>,
    /// Net deltas of the same account at other clearing organisations, for spreads with them.
    pub away: Vec<AwayDelta>,
    /// What the caller asks of the calculation.
    pub options: CalculationOptions,
}

/// What a caller asks of a calculation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CalculationOptions {
    /// The rounding profile; `None`: the set's.
    pub rounding: Option<RoundingProfile>,
    /// The currency of the totals; `None`: the set's base currency.
    pub currency: Option<Currency>,
    /// The account type whose levels are reported, as the set codes it (`H`, `M`, `S`); `None`: hedger, or the set's
    /// first type where it has no hedger.
    pub account_type: Option<String>,
    /// Whether longs and shorts are netted.
    pub margining: Margining,
    /// Whether positions that the set cannot margin are listed and left out; else they refuse the calculation.
    pub allow_unmatched: bool,
}

/// The code of an account type, from the word that people use or from the code itself.
///
/// # Errors
/// The message for the caller, for a text that is longer than 16 bytes or not printable.
pub fn account_type_code(text: &str) -> Result<String, String> {
    const MOST_BYTES: usize = 16;
    match text {
        "hedger" => Ok("H".to_owned()),
        "member" => Ok("M".to_owned()),
        "speculator" => Ok("S".to_owned()),
        code if code.len() > MOST_BYTES => Err(format!("at most {MOST_BYTES} bytes, found {}", code.len())),
        code if code.chars().any(char::is_control) => Err("printable characters only".to_owned()),
        code => Ok(code.to_owned()),
    }
}

/// Why there is no report.
#[derive(Clone, Debug, Error)]
pub enum CalculationError {
    /// The caller's fault: positions that are named ambiguously or too large, deltas held elsewhere that no spread has use for.
    #[error("{}", .0.iter().map(|f| format!("{}: {}", f.path(), f.message)).collect::<Vec<_>>().join("; "))]
    Entries(Vec<EntryFault>),
    /// The caller's fault: the set has no way to the wanted currency.
    #[error("currency: no conversion from {from} to {to} in the parameter set")]
    NoConversion {
        /// A commodity's currency.
        from: Currency,
        /// The wanted currency.
        to: Currency,
    },
    /// The caller's fault: the set has no levels for the account type.
    #[error(
        "account_type: the parameter set has no levels for {wanted:?}, only for {known} (H hedger, M member, S speculator)"
    )]
    AccountType {
        /// The wanted type.
        wanted: String,
        /// The types of the set.
        known: String,
    },
    /// A refusal: positions that the set cannot margin, all of them.
    #[error("unmatched: {}", .0.iter().map(|u| format!("positions[{}] {} ({})", u.position, u.contract, u.reason.name())).collect::<Vec<_>>().join("; "))]
    Unmatched(Vec<Unmatched>),
    /// A refusal: numbers beyond the exact range.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_account_types_become_codes() {
        for (text, code) in [("hedger", "H"), ("member", "M"), ("speculator", "S"), ("OMNI", "OMNI")] {
            assert_eq!(account_type_code(text).unwrap(), code);
        }
        assert_eq!(account_type_code("seventeen letters"), Err("at most 16 bytes, found 17".to_owned()));
        assert_eq!(account_type_code("\t"), Err("printable characters only".to_owned()));
    }
}
