//! Short options by formula.

#![allow(clippy::float_arithmetic, reason = "prices are models'; money is multiplied exactly")]

use super::{PositionResult, Stated, is_in_coin};
use crate::account::Netted;
use crate::contract::{Instrument, OptionRight};
use crate::market::Snapshot;
use crate::marks::{Marks, price_of};
use crate::parameters::method::OptionRule;
use crate::types::{Decimal, Moment, Money, Overflow, Ratio};

pub(super) fn option(
    rule: &OptionRule,
    marks: &Marks<'_>,
    own: &Netted<'_>,
    price: f64,
) -> Stated<PositionResult> {
    let terms = own.held.contract.terms();
    let Instrument::Option { strike, right, .. } = &terms.instrument else {
        return Ok(Err("is no option".to_owned()));
    };
    let mark = match mark(marks, own) {
        Ok(mark) => mark,
        Err(message) => return Ok(Err(message)),
    };
    let multiplier = Ratio::from_decimal(terms.multiplier)?;
    // In a coin the source's price is one coin; parts are of the price's size.
    let (spot, points) = if is_in_coin(own) { (1.0, price) } else { (price.abs(), 1.0) };
    let (place, size) = (usize::from(*right == OptionRight::Put), own.total.magnitude());
    let distance = match right {
        OptionRight::Call => strike.to_f64() - price,
        OptionRight::Put => price - strike.to_f64(),
    };
    let out = Money::from_f64_half_away(distance.max(0.0) / points)?;
    let (spot, mark) = (Money::from_f64_half_away(spot)?, Money::from_f64_half_away(mark)?);
    let of_spot = |part: Ratio| spot.times_ratio_half_away(part);
    let largest =
        of_spot(rule.maintenance_spot[place])?.max(mark.times_ratio_half_away(rule.maintenance_mark[place])?);
    let maintenance = largest.plus(mark)?.plus(of_spot(rule.fee)?)?;
    let order = own.stated.order_price.map(Money::from_f64_half_away).transpose()?;
    let base = of_spot(rule.initial_spot)?.minus(out)?.max(of_spot(rule.minimum_spot)?);
    let initial = base
        .plus(order.map_or(mark, |order| order.max(mark)))?
        .max(maintenance.times_ratio_half_away(rule.over_maintenance[place])?);
    let one = |money: Money| money.times_ratio_half_away(multiplier);
    let per_contract =
        if own.total.is_short() { (one(initial)?, one(maintenance)?) } else { (Money::ZERO, Money::ZERO) };
    Ok(Ok(PositionResult {
        place: own.place,
        source: terms.price_source.clone(),
        quantity: own.total,
        notional: one(spot)?.times_quantity_half_away(size)?,
        per_contract: Some(per_contract),
        out_of_the_money: Some(out),
        initial_fraction: None,
        weight: None,
        initial: per_contract.0.times_quantity_half_away(size)?,
        maintenance: per_contract.1.times_quantity_half_away(size)?,
        liquidation: None,
        value: Money::ZERO,
        signed: Money::ZERO,
        gained: Money::ZERO,
    }))
}

/// The mark: stated, or what the model says. Without a rate nothing is discounted.
fn mark(marks: &Marks<'_>, own: &Netted<'_>) -> Result<f64, String> {
    let terms = own.held.contract.terms();
    let Instrument::Option { expiry, model, .. } = &terms.instrument else {
        return Err("is no option".to_owned());
    };
    match own.stated.mark {
        Some(stated) if stated < 0.0 => return Err("mark: expected 0 or more".to_owned()),
        Some(stated) if !marks.is_compared(*expiry, own.stated) => return Ok(stated),
        Some(_) | None => {}
    }
    let rate = marks.rate(&terms.quote, *expiry).unwrap_or(0.0);
    let known = marks.option(&own.held.contract, own.stated, rate)?;
    known.stated.map_or_else(|| price_of(&known.inputs, *model), Ok)
}

/// The forward to an expiry of a contract's source.
pub(super) fn forward(snapshot: &Snapshot, own: &Netted<'_>, expiry: Moment) -> Option<f64> {
    let market = snapshot.of(&own.held.contract.terms().price_source)?;
    market.expiries.get(&expiry)?.forward.map(|forward| forward.value())
}

/// What an option pays at a price, for each unit of its source.
pub(super) fn payoff(strike: Decimal, right: OptionRight, price: Decimal) -> Result<Money, Overflow> {
    let (strike, price) = (Money::from_decimal(strike)?, Money::from_decimal(price)?);
    let difference = match right {
        OptionRight::Call => price.minus(strike)?,
        OptionRight::Put => strike.minus(price)?,
    };
    Ok(difference.max(Money::ZERO))
}
