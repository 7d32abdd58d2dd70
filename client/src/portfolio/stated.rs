//! What an account states of its calculation, beside its positions.

use plimsoll_engine::parameters::RoundingProfile;
use plimsoll_engine::report::{CalculationOptions, account_type_code};
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::Currency;

/// An option of a calculation, as a key of a line or a column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OptionField {
    AccountType,
    Margining,
    Currency,
    Rounding,
    AllowUnmatched,
}

impl OptionField {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::AccountType, "account_type"),
        (Self::Margining, "margining"),
        (Self::Currency, "currency"),
        (Self::Rounding, "rounding"),
        (Self::AllowUnmatched, "allow_unmatched"),
    ];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, own)| *own == name).map(|(field, _)| *field)
    }

    pub(super) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }
}

/// The options that an account states; what it does not state is as the caller asks for all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StatedOptions {
    /// Its account type as parameter sets code it.
    pub account_type: Option<String>,
    /// Whether longs and shorts are netted; net where neither says.
    pub margining: Option<Margining>,
    /// The currency of its totals.
    pub currency: Option<Currency>,
    /// The rounding profile.
    pub rounding: Option<RoundingProfile>,
    /// Whether positions that the set cannot margin are listed and left out.
    pub allow_unmatched: Option<bool>,
}

impl StatedOptions {
    /// The options of the account's calculation: its own word goes before the caller's.
    #[must_use]
    pub fn over(self, caller: &CalculationOptions) -> CalculationOptions {
        CalculationOptions {
            rounding: self.rounding.or(caller.rounding),
            currency: self.currency.or_else(|| caller.currency.clone()),
            account_type: self.account_type.or_else(|| caller.account_type.clone()),
            margining: self.margining.unwrap_or(caller.margining),
            allow_unmatched: self.allow_unmatched.unwrap_or(caller.allow_unmatched),
        }
    }

    /// Takes an option from text; empty text states nothing.
    pub(super) fn take(&mut self, field: OptionField, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        match field {
            OptionField::AccountType => self.account_type = Some(account_type_code(text)?),
            OptionField::Margining => self.margining = Some(margining(text)?),
            OptionField::Currency => {
                self.currency = Some(Currency::new(text).map_err(|error| error.to_string())?);
            }
            OptionField::Rounding => self.rounding = Some(rounding(text)?),
            OptionField::AllowUnmatched => {
                let message = || "expected true or false".to_owned();
                self.allow_unmatched = Some(text.parse().map_err(|_| message())?);
            }
        }
        Ok(())
    }
}

/// What the rows or lines of an account state together, and where each option is stated first.
#[derive(Default)]
pub(super) struct StatedBy {
    pub(super) options: StatedOptions,
    lines: Vec<(OptionField, u64)>,
}

impl StatedBy {
    /// Adds what another row or line states; the options of which they say different things, with what is stated before.
    pub(super) fn join(&mut self, line: u64, other: StatedOptions) -> Vec<(OptionField, String)> {
        let stated = other.stated();
        let above = self.options.join(other);
        for field in stated {
            if self.lines.iter().all(|(known, _)| *known != field) {
                self.lines.push((field, line));
            }
        }
        let before =
            |field| self.lines.iter().find(|(known, _)| *known == field).map_or(0, |(_, line)| *line);
        above
            .into_iter()
            .map(|(field, above)| (field, format!("line {} has {above}", before(field))))
            .collect()
    }
}

impl StatedOptions {
    /// The options that are stated.
    fn stated(&self) -> impl Iterator<Item = OptionField> + use<> {
        let all = [
            (OptionField::AccountType, self.account_type.is_some()),
            (OptionField::Margining, self.margining.is_some()),
            (OptionField::Currency, self.currency.is_some()),
            (OptionField::Rounding, self.rounding.is_some()),
            (OptionField::AllowUnmatched, self.allow_unmatched.is_some()),
        ];
        all.into_iter().filter_map(|(field, is_stated)| is_stated.then_some(field))
    }

    /// Adds other options; those that are stated otherwise already, as they are.
    fn join(&mut self, other: Self) -> Vec<(OptionField, String)> {
        let above = [
            (
                OptionField::AccountType,
                joined(&mut self.account_type, other.account_type, |own| format!("{own:?}")),
            ),
            (
                OptionField::Margining,
                joined(&mut self.margining, other.margining, |own| margining_name(*own).to_owned()),
            ),
            (
                OptionField::Currency,
                joined(&mut self.currency, other.currency, |own| format!("{:?}", own.as_str())),
            ),
            (OptionField::Rounding, joined(&mut self.rounding, other.rounding, |own| own.name().to_owned())),
            (
                OptionField::AllowUnmatched,
                joined(&mut self.allow_unmatched, other.allow_unmatched, bool::to_string),
            ),
        ];
        above.into_iter().filter_map(|(field, above)| Some((field, above?))).collect()
    }
}

/// Keeps what one of two states; what stands above where the other differs.
fn joined<T: PartialEq>(
    above: &mut Option<T>,
    other: Option<T>,
    text: impl Fn(&T) -> String,
) -> Option<String> {
    match (above.as_ref(), &other) {
        (Some(known), Some(other)) if known != other => Some(text(known)),
        (Some(_), _) => None,
        (None, _) => {
            *above = other;
            None
        }
    }
}

const fn margining_name(margining: Margining) -> &'static str {
    match margining {
        Margining::Net => "net",
        Margining::GrossByClient => "gross_by_client",
        Margining::GrossSides => "gross_sides",
    }
}

fn margining(text: &str) -> Result<Margining, String> {
    match text {
        "net" => Ok(Margining::Net),
        "gross" | "gross_sides" => Ok(Margining::GrossSides),
        _ => Err("expected net or gross_sides".to_owned()),
    }
}

fn rounding(text: &str) -> Result<RoundingProfile, String> {
    RoundingProfile::from_name(text).ok_or_else(|| {
        let names = RoundingProfile::NAMES.map(|(_, name)| name);
        format!("expected one of {}", names.join(", "))
    })
}
