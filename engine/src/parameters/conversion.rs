//! Currency conversion at a set's own rates.

use std::collections::BTreeMap;

use super::definition::ConversionDefinition;
use crate::types::{Currency, Decimal, Money, Overflow};

/// The conversions of a set.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Conversions(BTreeMap<(Currency, Currency), Decimal>);

/// One step of a conversion.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConversionStep {
    /// The currency converted.
    pub from: Currency,
    /// The currency it becomes.
    pub to: Currency,
    /// The rate of the file.
    pub rate: Decimal,
    /// Whether the amount is divided by the rate (the file states the opposite direction).
    pub divides: bool,
}

impl ConversionStep {
    /// The amount in the other currency, rounded half away from zero to 1e-18.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn convert_half_away(&self, amount: Money) -> Result<Money, Overflow> {
        if self.divides { amount.over_half_away(self.rate) } else { amount.times_half_away(self.rate) }
    }
}

impl Conversions {
    /// Takes the rates of a file, which are positive; of two for one pair the first stays.
    pub(super) fn new<'a>(definitions: impl IntoIterator<Item = &'a ConversionDefinition>) -> Self {
        let mut rates = BTreeMap::new();
        for definition in definitions {
            rates.entry((definition.from.clone(), definition.to.clone())).or_insert(definition.factor);
        }
        Self(rates)
    }

    /// The rates as the file states them: one unit of the first is so many units of the second.
    pub fn rates(&self) -> impl Iterator<Item = (&Currency, &Currency, Decimal)> {
        self.0.iter().map(|((from, to), rate)| (from, to, *rate))
    }

    /// The steps from one currency to another: none for the same, one for a stated or the opposite rate, two through
    /// the alphabetically first currency that both have a rate with; `None` where there is no way.
    #[must_use]
    pub fn path(&self, from: &Currency, to: &Currency) -> Option<Vec<ConversionStep>> {
        if from == to {
            return Some(Vec::new());
        }
        if let Some(step) = self.step(from, to) {
            return Some(vec![step]);
        }
        let mut between: Vec<&Currency> = self.0.keys().flat_map(|(a, b)| [a, b]).collect();
        between.sort();
        between.dedup();
        between.into_iter().find_map(|middle| Some(vec![self.step(from, middle)?, self.step(middle, to)?]))
    }

    fn step(&self, from: &Currency, to: &Currency) -> Option<ConversionStep> {
        let stated = self.0.get(&(from.clone(), to.clone())).map(|rate| (*rate, false));
        let (rate, divides) =
            stated.or_else(|| self.0.get(&(to.clone(), from.clone())).map(|rate| (*rate, true)))?;
        Some(ConversionStep { from: from.clone(), to: to.clone(), rate, divides })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::new(code).unwrap()
    }

    fn rates(list: &[(&str, &str, &str)]) -> Conversions {
        let definition = |&(from, to, factor): &(&str, &str, &str)| ConversionDefinition {
            line: 1,
            from: currency(from),
            to: currency(to),
            factor: factor.parse().unwrap(),
        };
        Conversions::new(&list.iter().map(definition).collect::<Vec<_>>())
    }

    fn convert(rates: &Conversions, from: &str, to: &str, amount: &str) -> Option<Money> {
        let amount = Money::from_decimal(amount.parse().unwrap()).unwrap();
        let path = rates.path(&currency(from), &currency(to))?;
        path.iter().try_fold(amount, |amount, step| step.convert_half_away(amount)).ok()
    }

    #[test]
    fn stated_opposite_and_crossed_rates() {
        let rates = rates(&[("USD", "TRY", "2.976500"), ("CLP", "USD", "0.001063")]);
        let money = |text: &str| Money::from_decimal(text.parse().unwrap()).unwrap();
        assert_eq!(convert(&rates, "USD", "TRY", "100"), Some(money("297.65")));
        assert_eq!(convert(&rates, "TRY", "USD", "297.65"), Some(money("100")));
        assert_eq!(convert(&rates, "CLP", "TRY", "1000000"), Some(money("3164.0195")));
        assert_eq!(convert(&rates, "TRY", "TRY", "1"), Some(money("1")));
        assert_eq!(convert(&rates, "EUR", "TRY", "1"), None);
    }
}
