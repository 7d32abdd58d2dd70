//! What a price source is the price of, and in what money.

use serde::{Deserialize, Serialize};

use crate::contract::{Settlement, SpecificationTerms};
use crate::types::{Currency, PriceSource};

/// What a price source says of all its prices.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PriceTerms {
    /// The currency that its prices, forwards and perpetuals are in.
    pub currency: Currency,
    /// What one unit of the source is: the coin that inverse contracts on it are settled in. `None`: what its code says up to the first
    /// character that is neither letter nor digit (`BTC-USD` is `BTC`).
    pub base: Option<Currency>,
}

impl PriceTerms {
    /// Why no source has them.
    pub(super) fn faults(&self) -> Vec<String> {
        let is_own = self.base.as_ref() == Some(&self.currency);
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
        (!self.is_of(source, coin)).then(|| match &self.base {
            Some(base) => format!("is settled in {coin}, and one unit of {source} is {base}"),
            None => format!("is settled in {coin}, and {source} does not say that a unit of it is {coin}"),
        })
    }

    /// Why a contract does not fit the prices of its source, where nothing makes two currencies one.
    #[must_use]
    pub fn misfit(&self, contract: &SpecificationTerms) -> Option<String> {
        let (currency, source) = (&self.currency, &contract.price_source);
        if contract.quote != *currency {
            let quote = &contract.quote;
            return Some(format!("its price is in {quote}, and that of {source} in {currency}"));
        }
        self.other_coin(contract)
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
            let prices = PriceTerms { currency: own(currency), base };
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
