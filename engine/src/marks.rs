//! Where the numbers of a position come from: one rule for every method that is data (`docs/methods.md` has the table).
//!
//! What its holder states comes before what the market quotes, and that before what a model makes of other numbers. Statements that contradict
//! each other, or a settlement price, are named and refuse the account.

#![allow(clippy::float_arithmetic, reason = "prices and volatilities are models' inputs")]

use std::cell::RefCell;

use crate::account::{Collateral, Stated};
use crate::contract::{Instrument, OptionModel, Settlement, Specification};
use crate::instruction_set::Instructions;
use crate::market::{ExpiryMarket, Observed, QuoteKind, QuoteUsed, Snapshot, SourceMarket, years_between};
use crate::pricing::{
    Columns, RightSign, Surface, bachelier_volatilities, black76_volatilities, discount_factor,
};
use crate::scenario::OptionInputs;
use crate::types::{Currency, Moment, PriceSource};

/// Two numbers for one thing agree within this part of it, or of the source's price: venues round what they state.
const AGREES_WITHIN: (f64, f64) = (1e-2, 1e-4);

/// What is known of one price source.
pub(crate) struct Marks<'a> {
    snapshot: &'a Snapshot,
    source: PriceSource,
    /// The oldest quote that has been used since it was asked for last.
    oldest: RefCell<Option<QuoteUsed>>,
    market: Option<&'a SourceMarket>,
    surface: Option<Surface>,
}

/// The price of a perpetual, and how far it is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PerpetualMark {
    pub(crate) price: f64,
    pub(crate) confidence: f64,
}

/// The price of a future.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FutureMark {
    pub(crate) price: f64,
    /// Whether that is what it was settled at.
    pub(crate) is_settled: bool,
}

/// An option with all that its model takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptionMark {
    pub(crate) inputs: OptionInputs,
    /// The price that its holder states; `None`: what the model says.
    pub(crate) stated: Option<f64>,
    /// Whether the forward is what it was settled at.
    pub(crate) is_settled: bool,
}

impl<'a> Marks<'a> {
    /// Of a source in a market.
    pub(crate) fn of(snapshot: &'a Snapshot, source: &PriceSource) -> Self {
        let market = snapshot.of(source).map(AsRef::as_ref);
        let surface = market.and_then(|market| Surface::of(market, snapshot.time()).0);
        Self { snapshot, source: source.clone(), oldest: RefCell::default(), market, surface }
    }

    /// The oldest quote that has been used since this was asked last.
    pub(crate) fn oldest_used(&self) -> Option<QuoteUsed> {
        self.oldest.take()
    }

    fn uses(&self, kind: QuoteKind, expiry: Option<Moment>, time: Moment) {
        let of = self.source.as_str().to_owned();
        self.note(QuoteUsed { kind, of, expiry, time });
    }

    fn note(&self, used: QuoteUsed) {
        let known = self.oldest.take();
        self.oldest.replace(QuoteUsed::older(known, Some(used)));
    }

    /// The price of the source.
    pub(crate) fn price(&self) -> Option<Observed> {
        let market = self.market?;
        let price = market.price.filter(|price| market.admits(price.value()))?;
        self.uses(QuoteKind::Price, None, price.source_time());
        Some(price)
    }

    /// The price of the source held outright.
    pub(crate) fn asset(&self, stated: Stated) -> Result<f64, String> {
        let known = stated_price(stated)?.or(self.price().map(|price| price.value()));
        self.admitted(known, "price")
    }

    /// A price that is known, and may be so.
    fn admitted(&self, price: Option<f64>, what: &str) -> Result<f64, String> {
        match price {
            Some(price) if self.market.map_or(price > 0.0, |market| market.admits(price)) => Ok(price),
            Some(price) => Err(format!("{what}: {price}, where {} does not move normally", self.source)),
            None => Err(format!("no {what} is known")),
        }
    }

    /// The price of the perpetual: without a quote of its own that of the source.
    pub(crate) fn perpetual(&self, stated: Stated) -> Result<PerpetualMark, String> {
        let quoted = self.market.and_then(|market| market.perpetual);
        if let Some(quoted) = quoted.filter(|_| stated.price.is_none() || stated.confidence.is_none()) {
            self.uses(QuoteKind::Perpetual, None, quoted.source_time());
        }
        let known = stated_price(stated)?.or(quoted.or(self.price()).map(|price| price.value()));
        let price = self.admitted(known, "price")?;
        let confidence = stated.confidence.or(quoted.map(|own| own.confidence())).unwrap_or(1.0);
        Ok(PerpetualMark { price, confidence })
    }

    /// The price of a future.
    pub(crate) fn future(&self, stated: Stated, expiry: Moment) -> Result<FutureMark, String> {
        let (own, settlement) = (stated_price(stated)?, self.settlement(expiry));
        if let (Some(own), Some(settled)) = (own, settlement)
            && (own - settled).abs() > AGREES_WITHIN.1 * settled.abs()
        {
            return Err(format!("price: {own} is stated of what was settled at {settled}"));
        }
        let known = settlement.or(own).or_else(|| self.forward(expiry).ok());
        let price = self.admitted(known, "forward")?;
        // What its holder states of a future that has ended is what it was settled at.
        let is_settled = expiry <= self.snapshot.time() && (settlement.is_some() || own.is_some());
        Ok(FutureMark { price, is_settled })
    }

    /// An option's forward, volatility and price; `rate` is what it is discounted with.
    pub(crate) fn option(
        &self,
        contract: &Specification,
        stated: Stated,
        rate: f64,
    ) -> Result<OptionMark, String> {
        let terms = contract.terms();
        let Instrument::Option { expiry, strike, right, model, .. } = &terms.instrument else {
            return Err("is no option".to_owned());
        };
        let (forward, settlement) = (self.forward(*expiry)?, self.settlement(*expiry));
        let spot = self.price().ok_or("no price is known")?.value();
        let mut inputs = OptionInputs {
            forward,
            strike: strike.to_f64(),
            right: RightSign::from(*right),
            volatility: 0.0,
            years: years_between(self.snapshot.time(), *expiry),
            rate,
            multiplier: terms.multiplier.to_f64(),
            // What is paid in coins is so many of them at the settlement price, for good.
            coin: matches!(terms.settlement, Settlement::Inverse { .. }).then(|| settlement.unwrap_or(spot)),
        };
        // An option that has expired is worth what it pays, whatever its volatility was.
        if inputs.years > 0.0 {
            inputs.volatility = self.volatility(&inputs, *model, *expiry, stated)?;
        }
        if let Some(mark) = stated.mark.filter(|_| self.is_compared(*expiry, stated)) {
            let made = price_of(&inputs, *model)?;
            let unit = if inputs.coin.is_some() { 1.0 } else { spot };
            if !agree(mark, made, unit) {
                let of = if settlement.is_some() { "the settlement price" } else { "the stated volatility" };
                return Err(format!("mark: {mark} is stated, and {of} makes it {made}"));
            }
        }
        let is_settled = settlement.is_some();
        Ok(OptionMark { inputs, stated: stated.mark.filter(|_| !is_settled), is_settled })
    }

    /// Whether something is known that a stated mark may contradict.
    pub(crate) fn is_compared(&self, expiry: Moment, stated: Stated) -> bool {
        let is_running = years_between(self.snapshot.time(), expiry) > 0.0;
        self.forward(expiry).is_ok()
            && (self.settlement(expiry).is_some() || (is_running && stated.volatility.is_some()))
    }

    /// The volatility: stated, or that of the stated mark, or quoted.
    fn volatility(
        &self,
        inputs: &OptionInputs,
        model: OptionModel,
        expiry: Moment,
        stated: Stated,
    ) -> Result<f64, String> {
        if let Some(own) = stated.volatility {
            return Ok(own);
        }
        let implied = stated.mark.map(|mark| implied(inputs, model, mark * inputs.coin.unwrap_or(1.0)));
        if let Some(Ok(own)) = implied {
            return Ok(own);
        }
        self.uses_smiles(expiry);
        let surface = self.surface.as_ref().filter(|surface| surface.model() == model);
        let quoted = surface.and_then(|own| own.volatility(expiry, inputs.forward, inputs.strike));
        quoted.ok_or_else(|| match implied {
            Some(Err(reason)) => format!("mark: {reason}, and no volatility is known"),
            Some(Ok(_)) | None => "no volatility is known".to_owned(),
        })
    }

    /// The forward to an expiry; from the expiry on the settlement price, or what stands for it.
    pub(crate) fn forward(&self, expiry: Moment) -> Result<f64, String> {
        let known = self.expiry(expiry).and_then(|own| own.forward);
        let known = known.ok_or_else(|| format!("no forward to {expiry} is known"))?;
        self.uses(QuoteKind::Forward, Some(expiry), known.source_time());
        Ok(known.value())
    }

    /// Notes the volatilities of an expiry, or of those that it lies between.
    fn uses_smiles(&self, expiry: Moment) {
        let Some(market) = self.market else { return };
        let before = market
            .expiries
            .range(..=expiry)
            .rev()
            .find_map(|(own, known)| Some((own, known.smile.as_ref()?)));
        let behind =
            market.expiries.range(expiry..).find_map(|(own, known)| Some((own, known.smile.as_ref()?)));
        let nearest =
            before.filter(|(own, _)| **own == expiry).map_or([before, behind], |own| [Some(own), None]);
        for (own, smile) in nearest.into_iter().flatten() {
            self.uses(QuoteKind::Smile, Some(*own), smile.source_time);
        }
    }

    fn settlement(&self, expiry: Moment) -> Option<f64> {
        self.expiry(expiry)?.settlement(expiry)
    }

    /// What is quoted of an expiry.
    pub(crate) fn expiry(&self, expiry: Moment) -> Option<&'a ExpiryMarket> {
        self.market?.expiries.get(&expiry)
    }

    /// The rate to an expiry: the source's own, or its currency's.
    pub(crate) fn rate(&self, quote: &Currency, expiry: Moment) -> Option<f64> {
        if let Some(own) = self.expiry(expiry).and_then(|own| own.rate) {
            self.uses(QuoteKind::SourceRate, Some(expiry), own.source_time());
            return Some(own.value());
        }
        let (kind, of, expires) = (QuoteKind::Rate, quote.as_str().to_owned(), Some(expiry));
        let time = self.snapshot.rate_time(quote, expiry)?;
        self.note(QuoteUsed { kind, of, expiry: expires, time });
        self.snapshot.rate(quote, expiry)
    }
}

/// What a holder states of the price of anything but an option; some call it the mark.
fn stated_price(stated: Stated) -> Result<Option<f64>, String> {
    match (stated.price, stated.mark) {
        (Some(price), Some(mark)) if price != mark => {
            Err(format!("mark: {mark} is stated beside a price of {price}"))
        }
        (price, mark) => Ok(price.or(mark)),
    }
}

fn agree(one: f64, other: f64, unit: f64) -> bool {
    let (part, of_unit) = AGREES_WITHIN;
    (one - other).abs() <= (part * one.abs().max(other.abs())).max(of_unit * unit.abs())
}

fn columns<'a>(inputs: &'a OptionInputs, discount: &'a f64) -> Columns<'a> {
    use std::slice::from_ref;
    Columns {
        forwards: from_ref(&inputs.forward),
        strikes: from_ref(&inputs.strike),
        volatilities: from_ref(&inputs.volatility),
        times: from_ref(&inputs.years),
        discounts: from_ref(discount),
        rights: from_ref(&inputs.right),
    }
}

/// The price of an option for one unit of its source, in a coin where it is paid in coins.
pub(crate) fn price_of(inputs: &OptionInputs, model: OptionModel) -> Result<f64, String> {
    let coin = inputs.coin.unwrap_or(1.0);
    if inputs.years == 0.0 {
        return Ok((inputs.right.get() * (inputs.forward - inputs.strike)).max(0.0) / coin);
    }
    let discount = discount_factor(inputs.rate, inputs.years);
    let (mut prices, best) = ([0.0], Instructions::best());
    match model {
        OptionModel::Lognormal => {
            columns(inputs, &discount).black76().map(|own| own.prices_into(&mut prices, best))
        }
        OptionModel::Normal => {
            columns(inputs, &discount).bachelier().map(|own| own.prices_into(&mut prices, best))
        }
    }
    .map_err(|_| "its price is out of the model's range")?;
    Ok(prices[0] / coin)
}

/// The volatility of a price.
fn implied(inputs: &OptionInputs, model: OptionModel, price: f64) -> Result<f64, String> {
    let discount = discount_factor(inputs.rate, inputs.years);
    let columns = columns(inputs, &discount);
    let found = match model {
        OptionModel::Lognormal => black76_volatilities(columns, &[price], Instructions::best()),
        OptionModel::Normal => bachelier_volatilities(columns, &[price], Instructions::best()),
    };
    let found = found.map_err(|_| "its price is out of the model's range".to_owned())?;
    found.into_iter().next().ok_or("no price")?.map_err(|reason| reason.to_string())
}

/// What a piece of collateral follows, and its price.
pub(crate) struct CollateralMark {
    pub(crate) source: Option<PriceSource>,
    /// The price of that source.
    pub(crate) of_source: Option<Observed>,
    /// Of a unit; of what is the source itself the source's price, unless it is stated.
    pub(crate) price: Option<f64>,
    /// The quote of the source.
    pub(crate) used: Option<QuoteUsed>,
}

/// Where collateral has its price from. `sole` is the account's only price source, if there is one.
pub(crate) fn collateral(
    snapshot: &Snapshot,
    own: &Collateral,
    sole: Option<&PriceSource>,
) -> CollateralMark {
    let named = PriceSource::new(&own.asset).ok().filter(|source| snapshot.of(source).is_some());
    let source = own.source.clone().or(named).or_else(|| sole.cloned());
    let of_source = source.as_ref().and_then(|source| snapshot.of(source)?.price);
    let is_source = source.as_ref().is_some_and(|source| source.as_str() == own.asset);
    let price = own.price.or(of_source.filter(|_| is_source).map(|price| price.value()));
    let used = source.as_ref().zip(of_source).map(|(source, price)| QuoteUsed {
        kind: QuoteKind::Price,
        of: source.as_str().to_owned(),
        expiry: None,
        time: price.source_time(),
    });
    CollateralMark { source, of_source, price, used }
}
