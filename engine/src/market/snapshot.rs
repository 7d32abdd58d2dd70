//! The market at one moment, and how it becomes the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::observed::Observed;
use super::quote::{Quote, Smile};
use super::terms::PriceTerms;
use crate::types::{Currency, Moment, PriceSource};

/// Volatilities with the time they are from.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ObservedSmile {
    /// The volatilities.
    pub smile: Smile,
    /// When their source stated them.
    pub source_time: Moment,
    /// How far they are to be trusted, from 0 to 1.
    pub confidence: f64,
}

/// What is known of one expiry.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ExpiryMarket {
    /// The forward price.
    pub forward: Option<Observed>,
    /// The volatilities of its options.
    pub smile: Option<ObservedSmile>,
    /// The continuous rate of the source's own feed, which its options are discounted with instead of their currency's.
    pub rate: Option<Observed>,
    /// How far volatilities that come with the contracts are to be trusted, from 0 to 1.
    pub volatility_confidence: Option<Observed>,
}

impl ExpiryMarket {
    /// The settlement price of what ends at the expiry: a forward that was stated then or later. One from before says only what was expected.
    #[must_use]
    pub fn settlement(&self, expiry: Moment) -> Option<f64> {
        self.forward.filter(|forward| forward.source_time() >= expiry).map(|forward| forward.value())
    }
}

/// What is known of one price source.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SourceMarket {
    /// What its prices are; `None`: it does not say.
    pub terms: Option<PriceTerms>,
    /// Its price.
    pub price: Option<Observed>,
    /// The price of its perpetual future.
    pub perpetual: Option<Observed>,
    /// What the holder of one unit of the perpetual pays an hour for each unit of its price; negative: is paid.
    pub funding_rate: Option<Observed>,
    /// Money of open positions in the market.
    pub open_interest: Option<Observed>,
    /// Its expiries.
    pub expiries: BTreeMap<Moment, ExpiryMarket>,
}

/// The market at one moment: immutable, each with a version of its own.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Snapshot {
    version: u64,
    time: Moment,
    sources: BTreeMap<PriceSource, Arc<SourceMarket>>,
    rates: Arc<BTreeMap<Currency, BTreeMap<Moment, Observed>>>,
    exchange: Arc<BTreeMap<(Currency, Currency), Observed>>,
    pegs: Arc<BTreeMap<Currency, Observed>>,
}

/// What is wrong with a quote.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketFault {
    /// Its place among the quotes, from 0; behind the last for the snapshot itself.
    pub quote: usize,
    /// What is wrong, for a person.
    pub message: String,
}

impl Snapshot {
    /// The most price sources.
    pub const MOST_SOURCES: usize = 100_000;
    /// The most expiries of a source, or dates of a currency's rates.
    pub const MOST_EXPIRIES: usize = 1_000;

    /// Nothing is known yet.
    #[must_use]
    pub fn empty(time: Moment) -> Self {
        Self {
            version: 0,
            time,
            sources: BTreeMap::new(),
            rates: Arc::default(),
            exchange: Arc::default(),
            pegs: Arc::default(),
        }
    }

    /// This snapshot with quotes applied, in their order; of the same thing the later replaces the earlier. What did not change is
    /// shared with this one.
    ///
    /// # Errors
    /// A [`MarketFault`] for everything that is wrong; nothing is applied then. A quote from after the new time, or older than the
    /// one it would replace, is wrong, and so is a new time before this snapshot's.
    pub fn next(&self, time: Moment, quotes: &[Quote]) -> Result<Self, Vec<MarketFault>> {
        let mut next = Self { version: self.version + 1, time, ..self.clone() };
        let mut faults = Vec::new();
        for (quote, own) in quotes.iter().enumerate() {
            let messages = next.apply(own);
            faults.extend(messages.into_iter().map(|message| MarketFault { quote, message }));
        }
        faults.extend(next.signs(quotes));
        if time < self.time {
            let message = format!("time: {time} is before the last snapshot's {}", self.time);
            faults.push(MarketFault { quote: quotes.len(), message });
        }
        if next.sources.len() > Self::MOST_SOURCES {
            let message = format!("more than {} price sources", Self::MOST_SOURCES);
            faults.push(MarketFault { quote: quotes.len(), message });
        }
        if faults.is_empty() { Ok(next) } else { Err(faults) }
    }

    /// Prices of 0 and below of sources that do not move normally. What quotes say of how a source moves counts wherever they stand.
    fn signs(&self, quotes: &[Quote]) -> Vec<MarketFault> {
        let (mut faults, mut named) = (Vec::new(), BTreeSet::new());
        for (quote, own) in quotes.iter().enumerate() {
            let Some((source, (name, price))) = own.source().zip(own.price()) else { continue };
            if self.sources.get(source).is_some_and(|market| !market.admits(price)) {
                named.insert(source);
                let message = format!(
                    "{name}: {price} of {source}, which does not move normally: expected a number above 0"
                );
                faults.push(MarketFault { quote, message });
            }
        }
        // What makes a known price one that may not be is named where no price of the quotes is.
        for (quote, own) in quotes.iter().enumerate() {
            if !matches!(own, Quote::Smile { .. } | Quote::PriceTerms { .. }) {
                continue;
            }
            let Some(source) = own.source().filter(|source| !named.contains(source)) else { continue };
            if self.sources.get(source).is_some_and(|market| !market.admits_its_own()) {
                let message = format!("{source} has prices of 0 or below, and would no longer move normally");
                faults.push(MarketFault { quote, message });
            }
        }
        faults
    }

    fn apply(&mut self, quote: &Quote) -> Vec<String> {
        let time = self.time;
        match quote {
            Quote::Price { source, price } => replaced(&mut self.source(source).price, *price, time),
            Quote::Forward { source, expiry, forward } => match self.expiry(source, *expiry) {
                Ok(own) => replaced(&mut own.forward, *forward, time),
                Err(fault) => vec![fault],
            },
            Quote::Perpetual { source, price } => replaced(&mut self.source(source).perpetual, *price, time),
            Quote::FundingRate { source, rate } => rate_fault(*rate)
                .into_iter()
                .chain(replaced(&mut self.source(source).funding_rate, *rate, time))
                .collect(),
            Quote::OpenInterest { source, money } => {
                let is_negative = money.value() < 0.0;
                let fault = is_negative.then(|| "open_interest: expected 0 or more".to_owned());
                fault
                    .into_iter()
                    .chain(replaced(&mut self.source(source).open_interest, *money, time))
                    .collect()
            }
            Quote::SourceRate { source, expiry, rate } => match self.expiry(source, *expiry) {
                Ok(own) => {
                    rate_fault(*rate).into_iter().chain(replaced(&mut own.rate, *rate, time)).collect()
                }
                Err(fault) => vec![fault],
            },
            Quote::VolatilityConfidence { source, expiry, confidence } => {
                match self.expiry(source, *expiry) {
                    Ok(own) => replaced(&mut own.volatility_confidence, *confidence, time),
                    Err(fault) => vec![fault],
                }
            }
            // Volatilities of what has expired are of no use: none of them refuses anything, and those that are none are not kept.
            Quote::Smile { expiry, smile, .. } if *expiry <= time && !smile.faults().is_empty() => Vec::new(),
            Quote::Smile { source, expiry, smile, source_time, confidence } => {
                let mut faults: Vec<String> =
                    smile.faults().iter().map(|fault| format!("smile.{fault}")).collect();
                if !(0.0..=1.0).contains(confidence) {
                    faults.push("confidence: expected a number from 0 to 1".to_owned());
                }
                match self.expiry(source, *expiry) {
                    Ok(own) => {
                        let known = own.smile.as_ref().map(|known| known.source_time);
                        faults.extend(misplaced(known, *source_time, time));
                        let (smile, source_time, confidence) = (smile.clone(), *source_time, *confidence);
                        own.smile = Some(ObservedSmile { smile, source_time, confidence });
                    }
                    Err(fault) => faults.push(fault),
                }
                faults
            }
            Quote::PriceTerms { source, terms } => {
                let own = self.source(source);
                if own.terms.as_ref().is_some_and(|known| known != terms) {
                    // Prices in other money say nothing any more.
                    *own = SourceMarket::default();
                }
                own.terms = Some(terms.clone());
                terms.faults()
            }
            Quote::Rate { currency, until, rate } => self.apply_rate(currency, *until, *rate),
            Quote::Peg { currency, price } => self.apply_peg(currency, *price),
            Quote::Exchange { from, to, rate } => self.apply_exchange(from, to, *rate),
        }
    }

    fn apply_rate(&mut self, currency: &Currency, until: Moment, rate: Observed) -> Vec<String> {
        let rates = Arc::make_mut(&mut self.rates).entry(currency.clone()).or_default();
        if rates.len() >= Self::MOST_EXPIRIES && !rates.contains_key(&until) {
            return vec![format!("more than {} rates of {currency}", Self::MOST_EXPIRIES)];
        }
        let mut known = rates.get(&until).copied();
        let mut faults = replaced(&mut known, rate, self.time);
        faults.extend(rate_fault(rate));
        rates.insert(until, rate);
        faults
    }

    fn apply_peg(&mut self, currency: &Currency, price: Observed) -> Vec<String> {
        let pegs = Arc::make_mut(&mut self.pegs);
        let mut known = pegs.get(currency).copied();
        let mut faults = replaced(&mut known, price, self.time);
        if !(1e-6..=1e6).contains(&price.value()) {
            faults.push("price: expected a number from 1e-6 to 1e6".to_owned());
        }
        pegs.insert(currency.clone(), price);
        faults
    }

    fn apply_exchange(&mut self, from: &Currency, to: &Currency, rate: Observed) -> Vec<String> {
        let exchange = Arc::make_mut(&mut self.exchange);
        let mut known = exchange.get(&(from.clone(), to.clone())).copied();
        let mut faults = replaced(&mut known, rate, self.time);
        if !(1e-12..=1e12).contains(&rate.value()) || from == to {
            faults.push("rate: expected a positive number between two currencies".to_owned());
        }
        exchange.insert((from.clone(), to.clone()), rate);
        faults
    }

    fn source(&mut self, source: &PriceSource) -> &mut SourceMarket {
        Arc::make_mut(self.sources.entry(source.clone()).or_default())
    }

    fn expiry(&mut self, source: &PriceSource, expiry: Moment) -> Result<&mut ExpiryMarket, String> {
        let own = self.source(source);
        if own.expiries.len() >= Self::MOST_EXPIRIES && !own.expiries.contains_key(&expiry) {
            return Err(format!("more than {} expiries of {source}", Self::MOST_EXPIRIES));
        }
        Ok(own.expiries.entry(expiry).or_default())
    }

    /// Its number: one more than that of the snapshot before.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// When it is.
    #[must_use]
    pub const fn time(&self) -> Moment {
        self.time
    }

    /// What is known of a price source; snapshots between which it did not change share it.
    #[must_use]
    pub fn of(&self, source: &PriceSource) -> Option<&Arc<SourceMarket>> {
        self.sources.get(source)
    }

    /// The price sources that something is known of.
    pub fn sources(&self) -> impl Iterator<Item = (&PriceSource, &Arc<SourceMarket>)> {
        self.sources.iter()
    }

    /// The continuous rate of a currency to a moment: linear between the dates that are known, level before and behind them.
    #[must_use]
    pub fn rate(&self, currency: &Currency, until: Moment) -> Option<f64> {
        let rates = self.rates.get(currency)?;
        let before = rates.range(..=until).next_back();
        let behind = rates.range(until..).next();
        match (before, behind) {
            (Some((first, low)), Some((last, high))) if first < last => {
                let share = until.nanos_since(*first) as f64 / last.nanos_since(*first) as f64;
                Some(low.value() + (high.value() - low.value()) * share)
            }
            (Some((_, only)), _) | (None, Some((_, only))) => Some(only.value()),
            (None, None) => None,
        }
    }

    /// When the oldest number was stated that the rate of a currency to a moment is made of.
    #[must_use]
    pub fn rate_time(&self, currency: &Currency, until: Moment) -> Option<Moment> {
        let rates = self.rates.get(currency)?;
        let (before, behind) = (rates.range(..=until).next_back(), rates.range(until..).next());
        before.into_iter().chain(behind).map(|(_, rate)| rate.source_time()).min()
    }

    /// What a currency is worth of what it is pegged to; 1 where nobody says otherwise.
    #[must_use]
    pub fn peg(&self, currency: &Currency) -> f64 {
        self.pegs.get(currency).map_or(1.0, Observed::value)
    }

    /// Whether a rate of exchange to or from a currency is stated.
    #[must_use]
    pub fn exchanges(&self, currency: &Currency) -> bool {
        self.exchange.keys().any(|(from, to)| from == currency || to == currency)
    }

    /// Units of one currency for one of another, as stated or as the inverse of what is stated.
    #[must_use]
    pub fn exchange(&self, from: &Currency, to: &Currency) -> Option<f64> {
        if from == to {
            return Some(1.0);
        }
        let stated = |from: &Currency, to: &Currency| self.exchange.get(&(from.clone(), to.clone()));
        stated(from, to).map(Observed::value).or_else(|| stated(to, from).map(|rate| 1.0 / rate.value()))
    }
}

fn rate_fault(rate: Observed) -> Option<String> {
    let is_faulty = rate.value().abs() > 10.0;
    is_faulty.then(|| "rate: expected a number up to 10 either way (0.05 is 5 %)".to_owned())
}

/// Puts a newer observation in the place of an older one, and says what is wrong with it.
fn replaced(known: &mut Option<Observed>, new: Observed, time: Moment) -> Vec<String> {
    let fault = misplaced(known.map(|known| known.source_time()), new.source_time(), time);
    *known = Some(new);
    fault.into_iter().collect()
}

fn misplaced(known: Option<Moment>, new: Moment, time: Moment) -> Option<String> {
    if new > time {
        Some(format!("source_time: {new} is after the snapshot's {time}"))
    } else {
        let known = known.filter(|known| *known > new)?;
        Some(format!("source_time: {new} is before the known {known}"))
    }
}

/// Years of 365 days from one moment to another; 0 if it is not later.
#[must_use]
pub fn years_between(from: Moment, to: Moment) -> f64 {
    const NANOS_IN_YEAR: f64 = 365.0 * 86_400.0 * 1e9;
    (to.nanos_since(from).max(0)) as f64 / NANOS_IN_YEAR
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
