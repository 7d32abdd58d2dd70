//! Parts of the notional: by steps of its size, by the market's open interest, by the position's own size.

#![allow(clippy::float_arithmetic, reason = "a root is a model's; money is multiplied exactly")]

use super::{PositionResult, Stated, is_in_coin};
use crate::account::{Counted, Netted};
use crate::contract::Instrument;
use crate::market::Snapshot;
use crate::marks::Marks;
use crate::parameters::method::{
    LinearMethod, LinearTerms, Method, OpenInterestScaling, RequirementRounding, SizeScaling, Tier,
};
use crate::types::{Money, Overflow, Quantity, Ratio};

pub(super) fn linear(
    (whole, method): (&Method, &LinearMethod),
    snapshot: &Snapshot,
    marks: &Marks<'_>,
    own: &Netted<'_>,
) -> Stated<PositionResult> {
    let contract = own.held.contract.terms();
    let named = method.sources.iter().find(|(source, _)| *source == contract.price_source);
    let Some(terms) = named.map(|(_, terms)| terms).or(method.default.as_ref()) else {
        return Ok(Err(format!("the method has no terms for {}", contract.price_source)));
    };
    let is_asset = matches!(contract.instrument, Instrument::Asset);
    if own.stated.order_price.is_some() {
        return Ok(Err("order_price: only options have a rule with it".to_owned()));
    }
    let price = match &contract.instrument {
        Instrument::Asset => marks.asset(own.stated),
        Instrument::Perpetual => marks.perpetual(own.stated).map(|own| own.price),
        Instrument::Future { expiry } => marks.future(own.stated, *expiry).map(|own| own.price),
        Instrument::Option { .. } => Err("is an option".to_owned()),
    };
    let price = match price {
        Ok(price) => price,
        Err(message) => return Ok(Err(message)),
    };
    let multiplier = Ratio::from_decimal(contract.multiplier)?;
    let unit = if is_in_coin(own) {
        let coin = Money::from_raw(Ratio::ONE.raw());
        match own.held.counted {
            Counted::Coins => coin,
            Counted::Contracts => {
                let price = Ratio::from_f64_half_away(price)?;
                coin.times_ratio_half_away(multiplier)?.prorated_half_away(Ratio::ONE, price)?
            }
        }
    } else {
        Money::from_f64_half_away(price)?.times_ratio_half_away(multiplier)?
    };
    let signed = unit.times_quantity_half_away(own.total)?;
    let notional = signed.magnitude();
    let mut result = PositionResult {
        place: own.place,
        source: contract.price_source.clone(),
        quantity: own.total,
        notional,
        per_contract: None,
        out_of_the_money: None,
        initial_fraction: None,
        weight: None,
        initial: Money::ZERO,
        maintenance: Money::ZERO,
        liquidation: None,
        value: if is_asset { signed } else { Money::ZERO },
        signed,
        gained: if is_asset { Money::ZERO } else { own.gained(price, |gain| super::counted(whole, gain))? },
    };
    match &terms.size {
        Some(size) if is_asset => weighed(size, own.total, &mut result)?,
        _ => {
            let interest = snapshot.of(&contract.price_source).and_then(|market| market.open_interest);
            if terms.open_interest.is_some() && interest.is_none() {
                return Ok(Err("no open interest of the market is known".to_owned()));
            }
            by_notional(terms, own.total, interest.map_or(0.0, |own| own.value()), &mut result)?;
        }
    }
    if !own.total.is_zero() {
        result.initial = result.initial.plus(terms.flat)?;
        result.maintenance = result.maintenance.plus(terms.flat)?;
    }
    if let RequirementRounding::InitialUp(places) = method.rounding {
        result.initial = result.initial.rounded_up(places)?;
    }
    Ok(Ok(result))
}

fn by_notional(
    terms: &LinearTerms,
    held: Quantity,
    interest: f64,
    result: &mut PositionResult,
) -> Result<(), Overflow> {
    let notional = result.notional;
    let base = stepped(&terms.tiers, notional, |tier| tier.initial)?;
    result.maintenance = stepped(&terms.tiers, notional, |tier| tier.maintenance)?;
    result.initial = base;
    if let Some(scaling) = &terms.open_interest {
        result.initial = scaled(scaling, base, notional, Money::from_f64_half_away(interest)?)?;
    }
    if let Some(skew) = &terms.skew {
        let size = Money::from_raw(skew.skew_scale.raw());
        let units = Money::from_raw(Ratio::ONE.raw()).times_quantity_half_away(held.magnitude())?;
        let grown = notional.times_ratio_half_away(skew.fraction)?.prorated_half_away(units, size)?;
        result.initial = result.initial.plus(grown)?;
        result.maintenance = result.initial.times_ratio_half_away(skew.maintenance_scalar)?;
    }
    if !notional.is_zero() {
        result.initial_fraction = Some(result.initial.ratio_to_half_away(notional)?);
    }
    Ok(())
}

/// Every step's fraction of what lies in it.
fn stepped(tiers: &[Tier], notional: Money, fraction: impl Fn(&Tier) -> Ratio) -> Result<Money, Overflow> {
    let mut sum = Money::ZERO;
    for (place, tier) in tiers.iter().enumerate() {
        let upper = tiers.get(place + 1).map_or(notional, |next| next.above.min(notional));
        let inside = upper.minus(tier.above)?.max(Money::ZERO);
        sum = sum.plus(inside.times_ratio_half_away(fraction(tier))?)?;
    }
    Ok(sum)
}

/// Multiplied first, so that whole numbers stay whole.
fn scaled(
    scaling: &OpenInterestScaling,
    base: Money,
    notional: Money,
    interest: Money,
) -> Result<Money, Overflow> {
    let above = interest.minus(scaling.lower)?.max(Money::ZERO);
    let grown = notional.minus(base)?.prorated_half_away(above, scaling.upper.minus(scaling.lower)?)?;
    Ok(base.plus(grown)?.min(notional).max(base))
}

/// A spot asset counts in part, a debt more than wholly; what is missing is the requirement.
fn weighed(size: &SizeScaling, held: Quantity, result: &mut PositionResult) -> Result<(), Overflow> {
    let units = Ratio::ONE.times_quantity_half_away(held.magnitude())?;
    let root = size.imf.to_f64() * units.to_f64().sqrt();
    let floored = |value: f64| Ratio::from_f64_half_away((value * 1e4).floor() / 1e4);
    // What is owed has a value below 0: of an asset sold, or of one held at a price below 0.
    let (weight, missing) = if result.signed.is_negative() {
        let weight = floored((0.8 * size.liability.to_f64() + root).max(size.liability.to_f64()))?;
        (weight, weight.minus(Ratio::ONE)?)
    } else {
        let weight = floored((1.1 / (1.0 + root)).min(size.asset.to_f64()))?;
        (weight, Ratio::ONE.minus(weight)?)
    };
    result.weight = Some(weight);
    result.initial = result.notional.times_ratio_half_away(missing)?;
    result.maintenance = result.initial;
    Ok(())
}

/// How hard the account is pressed, and the prices at which its positions may be taken over.
pub(super) fn stressed(
    method: &LinearMethod,
    positions: &mut [PositionResult],
    equity: Money,
    maintenance: Money,
) -> Result<Option<Ratio>, Overflow> {
    let Some(rule) = method.stress else { return Ok(None) };
    if maintenance.is_zero() {
        return Ok(Some(Ratio::ZERO));
    }
    let lack = Ratio::ONE.minus(equity.ratio_to_half_away(maintenance)?)?;
    let stress = lack.times_ratio_half_away(rule.bankruptcy_adjustment)?.max(Ratio::ZERO).min(Ratio::ONE);
    let factor = stress.times_ratio_half_away(rule.spread_to_maintenance)?;
    for own in positions.iter_mut().filter(|own| !own.quantity.is_zero()) {
        let signed = own.signed;
        let fillable = signed.minus(own.maintenance.times_ratio_half_away(factor)?)?;
        let units = Money::from_raw(Ratio::ONE.raw()).times_quantity_half_away(own.quantity)?;
        let price = Money::from_raw(fillable.ratio_to_half_away(units)?.raw());
        let bankruptcy = signed.minus(equity.prorated_half_away(own.maintenance, maintenance)?)?;
        own.liquidation = Some((price, bankruptcy));
    }
    Ok(Some(stress))
}
