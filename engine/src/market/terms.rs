//! What a price source is the price of, in what money, and how it moves.

use serde::{Deserialize, Serialize};

use super::snapshot::SourceMarket;
use crate::contract::{Instrument, OptionModel, Settlement, SpecificationTerms};
use crate::types::{Currency, PriceSource};

/// What a price source says of all its prices.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PriceTerms {
    /// The currency that its prices, forwards and perpetuals are in; `None`: it does not say.
    pub currency: Option<Currency>,
    /// What one unit of the source is: the coin that inverse contracts on it are settled in. `None`: what its code says up to the first
    /// character that is neither letter nor digit (`BTC-USD` is `BTC`).
    pub base: Option<Currency>,
    /// How its prices move: normally ones have any sign, lognormally ones are above 0. `None`: as all its volatilities do, lognormally without.
    pub model: Option<OptionModel>,
}

impl PriceTerms {
    /// Why no source has them.
    pub(super) fn faults(&self) -> Vec<String> {
        let is_own = self.base.is_some() && self.base == self.currency;
        is_own.then(|| "price_terms.base: is the currency of the prices".to_owned()).into_iter().collect()
    }

    /// Whether one unit of the source is a coin.
    fn is_of(&self, source: &PriceSource, coin: &Currency) -> bool {
        match &self.base {
            Some(base) => base == coin,
            None => names(source, coin),
        }
    }

    /// Why the coin that a contract is settled in is not what its price is the price of.
    #[must_use]
    pub fn other_coin(&self, contract: &SpecificationTerms) -> Option<String> {
        let Settlement::Inverse { coin } = &contract.settlement else { return None };
        let source = &contract.price_source;
        (self.currency.is_some() && !self.is_of(source, coin)).then(|| match &self.base {
            Some(base) => format!("is settled in {coin}, and one unit of {source} is {base}"),
            None => format!("is settled in {coin}, and {source} does not say that a unit of it is {coin}"),
        })
    }

    /// Why a contract does not fit the prices of its source, where nothing makes two currencies one.
    #[must_use]
    pub fn misfit(&self, contract: &SpecificationTerms) -> Option<String> {
        let (quote, source) = (&contract.quote, &contract.price_source);
        if let Some(currency) = self.currency.as_ref().filter(|own| *own != quote) {
            return Some(format!("its price is in {quote}, and that of {source} in {currency}"));
        }
        self.other_coin(contract)
    }
}

impl SourceMarket {
    /// How its price moves: as it says, else as all its volatilities do; lognormally where nothing says.
    #[must_use]
    pub fn model(&self) -> OptionModel {
        let stated = self.terms.as_ref().and_then(|terms| terms.model);
        let mut smiles = self.expiries.values().filter_map(|own| own.smile.as_ref()).peekable();
        let is_known = smiles.peek().is_some();
        let are_normal = is_known && smiles.all(|own| own.smile.model() == OptionModel::Normal);
        stated.unwrap_or(if are_normal { OptionModel::Normal } else { OptionModel::Lognormal })
    }

    /// Whether its price, a forward or a price of its futures may be so: of any sign where it moves normally, else above 0.
    #[must_use]
    pub fn admits(&self, price: f64) -> bool {
        price > 0.0 || (price.is_finite() && self.model() == OptionModel::Normal)
    }

    /// Whether all that is known of it may be so.
    pub(super) fn admits_its_own(&self) -> bool {
        let forwards = self.expiries.values().map(|own| own.forward);
        let mut prices = [self.price, self.perpetual].into_iter().chain(forwards).flatten();
        prices.all(|own| self.admits(own.value()))
    }

    /// Why a contract has no value where the price moves normally: one divides by it, or takes its logarithm.
    #[must_use]
    pub fn other_model(&self, contract: &SpecificationTerms) -> Option<String> {
        let source = &contract.price_source;
        let is_stated = self.terms.as_ref().and_then(|terms| terms.model) == Some(OptionModel::Normal);
        if !is_stated && self.price.is_none_or(|price| price.value() > 0.0) {
            return None;
        }
        let is_lognormal =
            matches!(contract.instrument, Instrument::Option { model: OptionModel::Lognormal, .. });
        if matches!(contract.settlement, Settlement::Inverse { .. }) {
            Some(format!("is inverse, and the price of {source} moves normally: it may be 0 or below"))
        } else {
            is_lognormal.then(|| format!("is a lognormal option, and the price of {source} moves normally"))
        }
    }
}

/// Whether the code of a source begins with a coin, as a word of its own.
pub(crate) fn names(source: &PriceSource, coin: &Currency) -> bool {
    let word = source.as_str().split(|own: char| !own.is_alphanumeric()).next();
    word.is_some_and(|word| word.eq_ignore_ascii_case(coin.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Instrument;
    use crate::types::{Code, Decimal};

    #[test]
    fn contracts_fit_the_prices_of_their_source_or_say_why_not() {
        let own = |code: &str| Currency::new(code).unwrap();
        let inverse = |coin: &str| Settlement::Inverse { coin: own(coin) };
        for (source, currency, base, quote, settlement, message) in [
            ("BTC", "USD", "", "USD", Settlement::FuturesStyle, ""),
            ("BTC", "USD", "", "USD", inverse("BTC"), ""),
            ("btc_usd", "USD", "", "USD", inverse("BTC"), ""),
            ("XBTUSD", "USD", "BTC", "USD", inverse("BTC"), ""),
            (
                "BTC",
                "EUR",
                "",
                "USD",
                Settlement::FuturesStyle,
                "its price is in USD, and that of BTC in EUR",
            ),
            ("BTC", "EUR", "", "USD", inverse("BTC"), "its price is in USD, and that of BTC in EUR"),
            (
                "XBTUSD",
                "USD",
                "",
                "USD",
                inverse("BTC"),
                "is settled in BTC, and XBTUSD does not say that a unit of it is BTC",
            ),
            ("BTC", "USD", "ETH", "USD", inverse("BTC"), "is settled in BTC, and one unit of BTC is ETH"),
        ] {
            let base = Some(base).filter(|base| !base.is_empty()).map(own);
            let prices = PriceTerms { currency: Some(own(currency)), base, model: None };
            let contract = SpecificationTerms {
                price_source: Code::new(source).unwrap(),
                instrument: Instrument::Perpetual,
                multiplier: Decimal::ONE,
                quote: own(quote),
                settlement,
            };
            assert_eq!(prices.misfit(&contract).unwrap_or_default(), message, "{source} {currency}");
        }
    }
}
