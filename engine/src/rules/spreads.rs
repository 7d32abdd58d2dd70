//! An expiry needs no more than its largest loss at settlement.

use std::collections::BTreeMap;

use super::PositionResult;
use super::options::{forward, payoff};
use crate::account::Netted;
use crate::contract::{Instrument, OptionModel, OptionRight};
use crate::market::Snapshot;
use crate::parameters::method::SpreadRule;
use crate::types::{Decimal, Moment, Money, Overflow, PriceSource, Quantity, Ratio};

/// The options of one expiry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SpreadResult {
    /// Their price source.
    pub source: PriceSource,
    /// Their expiry.
    pub expiry: Moment,
    /// The sum of their requirements, initial and maintenance.
    pub alone: (Money, Money),
    /// The largest loss at settlement; not negative.
    pub largest_loss: Money,
    /// What is required of them: the lesser.
    pub required: (Money, Money),
}

pub(super) fn spreads(
    rule: &SpreadRule,
    snapshot: &Snapshot,
    options: &[(usize, Netted<'_>)],
    positions: &[PositionResult],
) -> Result<Vec<SpreadResult>, Overflow> {
    let mut expiries: BTreeMap<(&PriceSource, Moment), Vec<&(usize, Netted<'_>)>> = BTreeMap::new();
    for own in options {
        let terms = own.1.held.contract.terms();
        // In a coin the loss of a call has no bound that prices of the coin would show.
        if let Instrument::Option { expiry, .. } = terms.instrument
            && !super::is_in_coin(&own.1)
        {
            expiries.entry((&terms.price_source, expiry)).or_default().push(own);
        }
    }
    expiries
        .into_iter()
        .map(|((source, expiry), own)| spread(rule, snapshot, source, expiry, &own, positions))
        .collect()
}

fn spread(
    rule: &SpreadRule,
    snapshot: &Snapshot,
    source: &PriceSource,
    expiry: Moment,
    options: &[&(usize, Netted<'_>)],
    positions: &[PositionResult],
) -> Result<SpreadResult, Overflow> {
    let (mut alone, mut calls, mut puts) = ((Money::ZERO, Money::ZERO), Quantity::ZERO, Quantity::ZERO);
    let mut prices = vec![Decimal::ZERO];
    for (place, own) in options {
        alone = (alone.0.plus(positions[*place].initial)?, alone.1.plus(positions[*place].maintenance)?);
        if let Instrument::Option { strike, right, .. } = own.held.contract.terms().instrument {
            prices.push(strike);
            let side = match right {
                OptionRight::Call => &mut calls,
                OptionRight::Put => &mut puts,
            };
            *side = side.plus(own.total)?;
        }
    }
    let mut largest_loss = Money::ZERO;
    for price in prices {
        let mut value = Money::ZERO;
        for (_, own) in options {
            let terms = own.held.contract.terms();
            if let Instrument::Option { strike, right, .. } = terms.instrument {
                let one = payoff(strike, right, price)?
                    .times_ratio_half_away(Ratio::from_decimal(terms.multiplier)?)?;
                value = value.plus(one.times_quantity_half_away(own.total)?)?;
            }
        }
        largest_loss = largest_loss.max(value.negated());
    }
    let forward = options.first().and_then(|(_, own)| forward(snapshot, own, expiry));
    // Where prices have any sign they end nowhere, and a forward near 0 caps nothing.
    let moves_normally = snapshot.of(source).is_some_and(|market| market.model() == OptionModel::Normal);
    let has_no_cap = moves_normally && (calls.is_short() || puts.is_short());
    let unpaired = |scale: Ratio| -> Result<Option<Money>, Overflow> {
        if has_no_cap {
            return Ok(None);
        }
        if !calls.is_short() {
            return Ok(Some(Money::ZERO));
        }
        // Without a forward nothing caps naked calls.
        let Some(forward) = forward else { return Ok(None) };
        let one = Money::from_f64_half_away(forward)?.times_ratio_half_away(scale)?;
        one.times_quantity_half_away(calls.magnitude()).map(Some)
    };
    let required = |alone: Money, scale: Ratio| -> Result<Money, Overflow> {
        Ok(match unpaired(scale)? {
            Some(unpaired) => alone.min(largest_loss.plus(unpaired)?),
            None => alone,
        })
    };
    Ok(SpreadResult {
        source: source.clone(),
        expiry,
        alone,
        largest_loss,
        required: (required(alone.0, rule.unpaired_initial)?, required(alone.1, rule.unpaired_maintenance)?),
    })
}
