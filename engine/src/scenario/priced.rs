//! Risk arrays of one price source from the market: what every contract on it loses in every joint move.

#![allow(clippy::float_arithmetic, reason = "prices are models'; a loss is rounded once to a whole number")]

use ndarray::Array2;

use super::arrays::RiskArrays;
use crate::contract::{
    ContractId, Exercise, Instrument, OptionModel, Settlement, Specification, SpecificationTerms,
};
use crate::instruction_set::Instructions;
use crate::market::{Snapshot, SourceMarket, years_between};
use crate::pricing::{
    Columns, InvalidColumns, Moves, NoLosses, RightSign, Stakes, Surface, SurfaceFinding, discount_factor,
    linear_losses,
};
use crate::types::{Moment, PriceSource};

/// Why a contract has no risk array.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unpriced {
    /// The price source is not known, or has no price.
    NoPrice,
    /// Its price is not in the currency, or its coin not that, of the source's prices.
    OtherCurrency,
    /// There is no forward to the contract's expiry.
    NoForward,
    /// There is no volatility for the option.
    NoVolatility,
    /// The volatilities of the source belong to another model than the option, or its prices have any sign and the contract is inverse or
    /// lognormal.
    OtherModel,
    /// There is no rate to discount the option's payment.
    NoRate,
    /// It has expired.
    Expired,
    /// It may be exercised early: its array is not calculated.
    American,
    /// A number of the market or of the contract is beyond what the model takes.
    OutOfRange,
}

/// The risk arrays of a price source, and what has none.
#[derive(Clone, Debug)]
pub struct PricedArrays {
    /// The contract of each row.
    pub contracts: Vec<ContractId>,
    /// Contracts x moves; the loss of one long contract in the currency, or coin, that it is settled in.
    pub arrays: RiskArrays,
    /// The contracts without a row, each with the reason.
    pub unpriced: Vec<(ContractId, Unpriced)>,
    /// What should be known of the volatilities.
    pub findings: Vec<SurfaceFinding>,
}

/// What the arrays are calculated with.
#[derive(Clone, Copy, Debug)]
pub struct ArraySettings<'a> {
    /// The joint moves.
    pub moves: &'a Moves,
    /// How much of a relative move of volatility an option with so many years takes.
    pub term_scaling: fn(f64) -> f64,
    /// Places after the point that losses are rounded to.
    pub places: u8,
    /// The instructions to calculate with; all give the same.
    pub instructions: Instructions,
}

/// Options of one kind while they are gathered.
#[derive(Default)]
struct Gathered {
    places: Vec<usize>,
    forwards: Vec<f64>,
    strikes: Vec<f64>,
    volatilities: Vec<f64>,
    times: Vec<f64>,
    discounts: Vec<f64>,
    rights: Vec<RightSign>,
    multipliers: Vec<f64>,
    terms: Vec<f64>,
    coins: Vec<f64>,
}

/// What every contract on a price source loses in every move. The rows are in the order of the contracts.
///
/// # Errors
/// [`NoLosses`] where a move leaves a price without sense or a loss does not fit; a contract that has no price is no error, but listed.
pub fn priced_arrays(
    snapshot: &Snapshot,
    source: &PriceSource,
    contracts: &[(ContractId, &Specification)],
    settings: &ArraySettings<'_>,
) -> Result<PricedArrays, NoLosses> {
    let empty = SourceMarket::default();
    let market = snapshot.of(source).map_or(&empty, |market| market);
    let (surface, findings) = Surface::of(market, snapshot.time());
    let width = settings.moves.as_slice().len();
    let mut rows: Vec<Result<Vec<i64>, Unpriced>> = Vec::with_capacity(contracts.len());
    // Lognormal and normal options, each in its currency and in a coin.
    let mut gathered: [Gathered; 4] = Default::default();
    for (place, (_, specification)) in contracts.iter().enumerate() {
        let terms = specification.terms();
        if let Some(misfit) = misfit(market, terms) {
            rows.push(Err(misfit));
            continue;
        }
        let linear = |price: Result<f64, Unpriced>| {
            let is_inverse = matches!(terms.settlement, Settlement::Inverse { .. });
            let multiplier = terms.multiplier.to_f64();
            let losses =
                |price| linear_losses(price, multiplier, is_inverse, settings.moves, settings.places);
            price.map(losses)
        };
        let price = market.price.map(|price| price.value()).ok_or(Unpriced::NoPrice);
        let row = match &terms.instrument {
            Instrument::Asset | Instrument::Perpetual => linear(price),
            Instrument::Future { expiry } => linear(forward(market, snapshot.time(), *expiry)),
            Instrument::Option { .. } => {
                let option = option(snapshot, market, surface.as_ref(), specification, settings);
                rows.push(option.map(|(kind, option)| {
                    gathered[kind].push(place, &option);
                    Vec::new()
                }));
                continue;
            }
        };
        rows.push(match row {
            Ok(losses) => Ok(losses?),
            Err(unpriced) => Err(unpriced),
        });
    }
    for (kind, options) in gathered.iter().enumerate().filter(|(_, options)| !options.places.is_empty()) {
        match options.losses(kind, settings) {
            Ok(losses) => {
                for (own, place) in losses.outer_iter().zip(&options.places) {
                    rows[*place] = Ok(own.to_vec());
                }
            }
            Err(LossError::None(none)) => return Err(none),
            Err(LossError::OutOfRange) => {
                options.places.iter().for_each(|place| rows[*place] = Err(Unpriced::OutOfRange));
            }
        }
    }
    let (mut kept, mut unpriced, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for ((id, _), row) in contracts.iter().zip(rows) {
        match row {
            Ok(row) => {
                kept.push(*id);
                values.extend(row);
            }
            Err(reason) => unpriced.push((*id, reason)),
        }
    }
    let losses = Array2::from_shape_vec((kept.len(), width), values).unwrap_or_default();
    Ok(PricedArrays {
        contracts: kept,
        arrays: RiskArrays::new(&losses, settings.places),
        unpriced,
        findings,
    })
}

/// Why the prices of a source are none of a contract's.
fn misfit(market: &SourceMarket, contract: &SpecificationTerms) -> Option<Unpriced> {
    let is_other = market.terms.as_ref().is_some_and(|own| own.misfit(contract).is_some());
    let moves_otherwise = market.other_model(contract).map(|_| Unpriced::OtherModel);
    is_other.then_some(Unpriced::OtherCurrency).or(moves_otherwise)
}

enum LossError {
    None(NoLosses),
    OutOfRange,
}

/// One option's numbers.
struct PricedOption {
    forward: f64,
    strike: f64,
    volatility: f64,
    years: f64,
    discount: f64,
    right: RightSign,
    multiplier: f64,
    term: f64,
    coin: f64,
}

impl Gathered {
    fn push(&mut self, place: usize, option: &PricedOption) {
        self.places.push(place);
        self.forwards.push(option.forward);
        self.strikes.push(option.strike);
        self.volatilities.push(option.volatility);
        self.times.push(option.years);
        self.discounts.push(option.discount);
        self.rights.push(option.right);
        self.multipliers.push(option.multiplier);
        self.terms.push(option.term);
        self.coins.push(option.coin);
    }

    fn columns(&self) -> Columns<'_> {
        Columns {
            forwards: &self.forwards,
            strikes: &self.strikes,
            volatilities: &self.volatilities,
            times: &self.times,
            discounts: &self.discounts,
            rights: &self.rights,
        }
    }

    fn losses(&self, kind: usize, settings: &ArraySettings<'_>) -> Result<Array2<i64>, LossError> {
        let columns = self.columns();
        let stakes = Stakes {
            multipliers: &self.multipliers,
            term_scalings: &self.terms,
            coin_prices: (kind % 2 == 1).then_some(&self.coins),
            places: settings.places,
        };
        let out_of_range = |_: InvalidColumns| LossError::OutOfRange;
        let (moves, instructions) = (settings.moves, settings.instructions);
        let losses = if kind < 2 {
            columns.black76().map_err(out_of_range)?.losses(&stakes, moves, instructions)
        } else {
            columns.bachelier().map_err(out_of_range)?.losses(&stakes, moves, instructions)
        };
        losses.map_err(LossError::None)
    }
}

/// The forward to an expiry: as quoted, also on the day itself.
fn forward(market: &SourceMarket, now: Moment, expiry: Moment) -> Result<f64, Unpriced> {
    if expiry < now {
        return Err(Unpriced::Expired);
    }
    let forward = market.expiries.get(&expiry).and_then(|expiry| expiry.forward);
    forward.map(|forward| forward.value()).ok_or(Unpriced::NoForward)
}

/// The option's numbers, and its kind: 0 lognormal, 1 lognormal in a coin, 2 normal, 3 normal in a coin.
fn option(
    snapshot: &Snapshot,
    market: &SourceMarket,
    surface: Option<&Surface>,
    specification: &Specification,
    settings: &ArraySettings<'_>,
) -> Result<(usize, PricedOption), Unpriced> {
    let terms = specification.terms();
    let Instrument::Option { expiry, strike, right, exercise, model } = &terms.instrument else {
        return Err(Unpriced::OutOfRange);
    };
    let forward = forward(market, snapshot.time(), *expiry)?;
    if *exercise == Exercise::American {
        return Err(Unpriced::American);
    }
    let surface = surface.ok_or(Unpriced::NoVolatility)?;
    if surface.model() != *model {
        return Err(Unpriced::OtherModel);
    }
    let (years, strike) = (years_between(snapshot.time(), *expiry), strike.to_f64());
    let volatility = surface.volatility(*expiry, forward, strike).ok_or(Unpriced::NoVolatility)?;
    let discount = match terms.settlement {
        Settlement::FuturesStyle => 1.0,
        Settlement::Premium | Settlement::Inverse { .. } => {
            discount_factor(snapshot.rate(&terms.quote, *expiry).ok_or(Unpriced::NoRate)?, years)
        }
    };
    let in_coin = matches!(terms.settlement, Settlement::Inverse { .. });
    let coin = if in_coin { market.price.ok_or(Unpriced::NoPrice)?.value() } else { 1.0 };
    let option = PricedOption {
        forward,
        strike,
        volatility,
        years,
        discount,
        right: RightSign::from(*right),
        multiplier: terms.multiplier.to_f64(),
        term: (settings.term_scaling)(years),
        coin,
    };
    let mut alone = Gathered::default();
    alone.push(0, &option);
    let (kind, is_inside) = match model {
        OptionModel::Lognormal => (0, alone.columns().black76().is_ok()),
        OptionModel::Normal => (2, alone.columns().bachelier().is_ok()),
    };
    if is_inside { Ok((kind + usize::from(in_coin), option)) } else { Err(Unpriced::OutOfRange) }
}
