//! Values of European options after shocks: contracts x shocks.

#![allow(clippy::float_arithmetic, reason = "values are models'")]

use ndarray::Array2;
use thiserror::Error;

use super::shock::{Shock, ShockRules, SkewCap, TermStructure, VolatilityMove, VolatilityRange};
use crate::contract::OptionModel;
use crate::instruction_set::Instructions;
use crate::pricing::{Columns, RightSign, by_size, discount_factor, log_ratio, power};

const DAYS_IN_YEAR: f64 = 365.0;
const SECONDS_IN_DAY: f64 = 86_400.0;
/// Values are kept in 64 bits.
const MOST: f64 = 9.0e18;
const POWERS: [f64; 19] =
    [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

/// One option as its values need it.
#[derive(Clone, Copy, Debug)]
pub struct OptionInputs {
    /// The forward to its expiry.
    pub forward: f64,
    /// Its strike.
    pub strike: f64,
    /// Call or put.
    pub right: RightSign,
    /// Its volatility at the mark.
    pub volatility: f64,
    /// Years to expiry; 0 once it has expired.
    pub years: f64,
    /// The continuous rate it is discounted with.
    pub rate: f64,
    /// Money for one point of its price.
    pub multiplier: f64,
    /// The coin's price where its value is in a coin, which moves as the source does.
    pub coin: Option<f64>,
}

/// An option has no value: a forward, volatility or time after the move is beyond what the model takes.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("option {option} has no price in shock {shock}: a number is out of the model's range")]
pub struct NoValue {
    /// The option, from 0.
    pub option: usize,
    /// The shock, from 0; the number of shocks for the mark.
    pub shock: usize,
}

/// Values of one long contract of each option.
#[derive(Clone, Debug)]
pub struct ShockedValues {
    /// After each shock: contracts x shocks.
    pub values: Array2<f64>,
    /// As things are.
    pub marks: Vec<f64>,
}

/// A number of units of `10^-places`, half away from zero; `None` where 64 bits do not hold it.
#[must_use]
pub fn whole_units(value: f64, places: u8) -> Option<i64> {
    let scaled = (value * POWERS.get(usize::from(places))?).round();
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 64 bits")]
    let whole = (scaled.abs() <= MOST).then_some(scaled as i64);
    whole
}

/// Columns of a block of options while one shock is applied.
#[derive(Default)]
struct Shocked {
    forwards: Vec<f64>,
    strikes: Vec<f64>,
    volatilities: Vec<f64>,
    times: Vec<f64>,
    discounts: Vec<f64>,
    rights: Vec<RightSign>,
}

/// Values of options of one model after each shock, and as they are.
///
/// # Errors
/// [`NoValue`] with the first option that has none.
pub fn shocked_values(
    options: &[OptionInputs],
    model: OptionModel,
    shocks: &[Shock],
    rules: &ShockRules,
    instructions: Instructions,
) -> Result<ShockedValues, NoValue> {
    let mut values = Array2::zeros((options.len(), shocks.len()));
    let mut columns = Shocked::default();
    columns.strikes.extend(options.iter().map(|option| option.strike));
    columns.rights.extend(options.iter().map(|option| option.right));
    let mut prices = vec![0.0; options.len()];
    let mut valued = |place: usize, shock: &Shock, into: &mut dyn FnMut(usize, f64)| {
        columns.fill(options, shock, rules);
        columns.price(model, &mut prices, instructions).map_err(|option| NoValue { option, shock: place })?;
        for (option, (own, price)) in options.iter().zip(&prices).enumerate() {
            let coin = own.coin.map_or(1.0, |coin| shock.price(coin));
            into(option, own.multiplier * price / coin);
        }
        Ok(())
    };
    let mut marks = vec![0.0; options.len()];
    valued(shocks.len(), &Shock::NOTHING, &mut |option, value| marks[option] = value)?;
    for (place, shock) in shocks.iter().enumerate() {
        valued(place, shock, &mut |option, value| values[[option, place]] = value)?;
    }
    Ok(ShockedValues { values, marks })
}

impl Shocked {
    fn fill(&mut self, options: &[OptionInputs], shock: &Shock, rules: &ShockRules) {
        for column in [&mut self.forwards, &mut self.volatilities, &mut self.times, &mut self.discounts] {
            column.clear();
        }
        for option in options {
            let years = (option.years - shock.days / DAYS_IN_YEAR).max(0.0);
            self.forwards.push(shocked_forward(option.forward, option.years, shock, rules));
            // Without time left no volatility counts, whatever it is.
            let volatility =
                if years > 0.0 { shocked_volatility(option, shock.volatility, rules) } else { 0.0 };
            self.volatilities.push(volatility);
            self.times.push(years);
            self.discounts.push(discount_factor(option.rate + shock.rate_shift, years));
        }
    }

    fn price(&self, model: OptionModel, prices: &mut [f64], instructions: Instructions) -> Result<(), usize> {
        let columns = Columns {
            forwards: &self.forwards,
            strikes: &self.strikes,
            volatilities: &self.volatilities,
            times: &self.times,
            discounts: &self.discounts,
            rights: &self.rights,
        };
        match model {
            OptionModel::Lognormal => columns.black76().map(|own| own.prices_into(prices, instructions)),
            OptionModel::Normal => columns.bachelier().map(|own| own.prices_into(prices, instructions)),
        }
        .map_err(|invalid| invalid.first_index())
    }
}

/// A forward after a move. In the averaging time before expiry a part of it is fixed already and does not move. What has no time left and
/// gets here has no settlement price yet: it moves in full.
#[must_use]
pub fn shocked_forward(forward: f64, years: f64, shock: &Shock, rules: &ShockRules) -> f64 {
    if shock.volatility.is_skew() {
        return forward;
    }
    let seconds = years * DAYS_IN_YEAR * SECONDS_IN_DAY;
    let average = rules.settlement_average_seconds;
    let moving = if seconds >= average || seconds <= 0.0 { 1.0 } else { seconds / average };
    let growth = if shock.basis_shift == 0.0 { 1.0 } else { discount_factor(-shock.basis_shift, years) };
    let factor = by_size(forward, shock.spot_factor * shock.forward_factor * growth);
    (forward * moving).mul_add(factor, forward * (1.0 - moving)) + shock.spot_shift * moving
}

fn shocked_volatility(option: &OptionInputs, own: VolatilityMove, rules: &ShockRules) -> f64 {
    let volatility = option.volatility;
    let shock = &rules.volatility;
    let days = option.years * DAYS_IN_YEAR;
    match own {
        VolatilityMove::Unchanged => volatility,
        VolatilityMove::Up => {
            let (range, _) = shock.terms.ranges(days, shock.up, shock.down);
            let relative = volatility * (1.0 + range.relative);
            relative.max(volatility + range.points).max(shock.minimum_up)
        }
        VolatilityMove::Down => {
            let (_, range) = shock.terms.ranges(days, shock.up, shock.down);
            let relative = volatility * (1.0 - range.relative).max(0.0);
            relative.min((volatility - range.points).max(0.0))
        }
        VolatilityMove::Stated { relative, points } => {
            let stated = volatility * (1.0 + relative * shock.terms.scaling(days)).max(0.0);
            (stated + points).max(0.0)
        }
        VolatilityMove::SkewLinear | VolatilityMove::SkewAbsolute => volatility * skew(option, own, rules),
    }
}

impl TermStructure {
    /// How much of a relative move a term takes; 1 where nodes state the ranges themselves.
    fn scaling(&self, days: f64) -> f64 {
        match self {
            Self::Flat | Self::Nodes(_) => 1.0,
            Self::Power { reference_days, short_term_power, long_term_power, days_floor } => {
                let own = if days <= *reference_days { *short_term_power } else { *long_term_power };
                power(reference_days / days.max(*days_floor), own)
            }
        }
    }

    /// The ranges up and down for a term.
    fn ranges(
        &self,
        days: f64,
        up: VolatilityRange,
        down: VolatilityRange,
    ) -> (VolatilityRange, VolatilityRange) {
        let scaling = self.scaling(days);
        let scaled = |range: VolatilityRange| VolatilityRange {
            relative: range.relative * scaling,
            points: range.points * scaling,
        };
        let Self::Nodes(nodes) = self else { return (scaled(up), scaled(down)) };
        let after = nodes.partition_point(|node| node.0 <= days);
        let (Some(before), Some(next)) =
            (after.checked_sub(1).and_then(|before| nodes.get(before)), nodes.get(after))
        else {
            let edge = if after == 0 { nodes.first() } else { nodes.last() };
            return edge.map_or((up, down), |node| (node.1, node.2));
        };
        let part = (days - before.0) / (next.0 - before.0);
        let between = |from: VolatilityRange, to: VolatilityRange| VolatilityRange {
            relative: (to.relative - from.relative).mul_add(part, from.relative),
            points: (to.points - from.points).mul_add(part, from.points),
        };
        (between(before.1, next.1), between(before.2, next.2))
    }
}

/// How far a strike is from a forward, beyond any width. Both above 0 it is `ln(K/F)`, both below that of their sizes, higher strikes positive.
fn log_distance(strike: f64, forward: f64) -> f64 {
    const FAR: f64 = 1e3;
    if strike == forward {
        0.0
    } else if strike > 0.0 && forward > 0.0 {
        log_ratio(strike, forward)
    } else if strike < 0.0 && forward < 0.0 {
        log_ratio(forward, strike)
    } else {
        FAR.copysign(strike - forward)
    }
}

fn skew(option: &OptionInputs, own: VolatilityMove, rules: &ShockRules) -> f64 {
    let skew = &rules.skew;
    let root = option.years.sqrt();
    let k = log_distance(option.strike, option.forward);
    let (k, SkewCap { cap, slope }) =
        if own == VolatilityMove::SkewAbsolute { (k.abs(), skew.absolute) } else { (k, skew.linear) };
    let cap = slope.mul_add(root, cap);
    let scale = root * skew.width_scale * (skew.volatility_static + root * skew.volatility_slope);
    let width = scale.max(skew.minimum_width);
    // Without any width every strike is beyond it.
    let lean = if width > 0.0 { k * cap / width } else { cap * k.signum() };
    let factor = if k >= 0.0 { 1.0 + lean.min(cap) } else { 1.0 + lean.max(-cap) };
    factor.max(0.0)
}
