//! Whether the money of a contract is the money of a method: a coin is no dollar, and nothing makes one of the other in silence.

use super::Method;
use crate::contract::{Settlement, Specification};
use crate::market::{PriceTerms, SourceMarket, names};
use crate::types::{Currency, PriceSource};

impl Method {
    /// Whether prices of the method's sources are in money of it. They are in none of it where it is settled in a coin.
    fn has_prices_of_its_own(&self) -> bool {
        self.price_currencies.contains(&self.currency)
    }

    /// The currency of the prices of a source, where the source or else the method says it.
    #[must_use]
    pub fn price_currency<'a>(&'a self, terms: Option<&'a PriceTerms>) -> Option<&'a Currency> {
        terms.and_then(|terms| terms.currency.as_ref()).or_else(|| self.price_currencies.first())
    }

    /// Whether one unit of a currency counts for one of another in prices.
    fn counts_as(&self, one: &Currency, other: &Currency) -> bool {
        let lists = |own: &Currency| self.price_currencies.contains(own);
        one == other || (lists(one) && lists(other))
    }

    /// Why the price of a source is no money of the method.
    #[must_use]
    pub fn other_price(&self, source: &PriceSource, terms: Option<&PriceTerms>) -> Option<String> {
        let own = &self.currency;
        match self.price_currency(terms) {
            Some(price) if self.counts_as(price, own) => None,
            Some(price) => Some(format!("the price of {source} is in {price}, the method in {own}")),
            // Of a coin the price in itself is no price.
            None => names(source, own).then(|| {
                format!("the price of {source} is in no {own}, the method is: nobody states its currency")
            }),
        }
    }

    /// Why a contract is not margined by the method in this market: what it is settled in, or what its price is in, is other money.
    #[must_use]
    pub fn misfit(&self, contract: &Specification, market: Option<&SourceMarket>) -> Option<String> {
        let (own, settled, terms) = (&self.currency, contract.settled_in(), contract.terms());
        if settled != own {
            return Some(format!("is settled in {settled}, the method in {own}"));
        }
        if let Some(message) = market.and_then(|market| market.other_model(terms)) {
            return Some(message);
        }
        let stated = market.and_then(|market| market.terms.as_ref());
        let source = &terms.price_source;
        if !matches!(terms.settlement, Settlement::Inverse { .. }) {
            return self
                .other_price(source, stated)
                .map(|message| format!("{message}, and the contract is not settled in the coin (inverse)"));
        }
        if self.has_prices_of_its_own() {
            return Some(format!("is inverse, and {own} is no coin but what the method's prices are in"));
        }
        let price = self.price_currency(stated)?;
        if !self.counts_as(price, &terms.quote) {
            let quote = &terms.quote;
            return Some(format!("its price is in {quote}, and that of {source} in {price}"));
        }
        if !self.price_currencies.is_empty() && !self.price_currencies.contains(price) {
            return Some(format!("the price of {source} is in {price}, and the method does not take that"));
        }
        stated?.other_coin(terms)
    }
}
