//! Intra-commodity spreads: rates of the base level, legs linked to tiers and periods; and what all spreads share.

use super::tiers::{intra_tier, period_range};
use crate::contract::Period;
use crate::parameters::commodity::{IntraCharge, IntraLeg, IntraSpread};
use crate::parameters::definition::{
    AwayLegDefinition, ChargeMethod, CommodityDefinition, LegDefinition, LegPlace, LevelRate, Side,
    SpreadDefinition,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::types::{Decimal, Money};

/// The most legs of a spread.
const LEGS_LIMIT: usize = 16;
/// The most spreads of one commodity: every pair of 140 months.
const INTRA_LIMIT: usize = 10_000;

pub(super) fn check_count(spreads: &[SpreadDefinition], limit: usize, diagnostics: &mut Diagnostics) {
    if let Some(spread) = spreads.get(limit) {
        diagnostics.error(spread.line, "dSpread", format!("more than {limit} spreads"));
    }
}

/// A money rate in units of `10^exponent`; `None` if it is negative or too large.
pub(super) fn money_rate(rate: Decimal, exponent: i32) -> Option<Money> {
    if rate < Decimal::ZERO {
        return None;
    }
    Money::from_scaled(i128::from(rate.mantissa()), i32::from(rate.places()) - exponent).ok()
}

pub(super) fn intra_spreads(
    own: &CommodityDefinition,
    base_level: u32,
    periods: &[Period],
    diagnostics: &mut Diagnostics,
) -> Vec<IntraSpread> {
    let mut spreads = Vec::new();
    check_count(&own.terms.spreads, INTRA_LIMIT, diagnostics);
    for spread in own.terms.spreads.iter().take(INTRA_LIMIT) {
        let charge = intra_charge(spread, own, base_level, diagnostics);
        let legs = legs_of(spread, &[], diagnostics);
        let linked = legs.iter().filter_map(|leg| intra_leg(leg, own, periods, diagnostics)).collect();
        let legs = merged(linked, spread, diagnostics);
        spreads.extend(charge.map(|charge| IntraSpread { priority: spread.priority, charge, legs }));
    }
    spreads.sort_by_key(|spread| spread.priority);
    spreads
}

fn intra_charge(
    spread: &SpreadDefinition,
    own: &CommodityDefinition,
    base_level: u32,
    diagnostics: &mut Diagnostics,
) -> Option<IntraCharge> {
    let exponent = own.terms.risk_exponent;
    let charge = match spread.charge {
        ChargeMethod::Flat => {
            let rate = rate_of(&spread.rates, base_level, spread.line, "dSpread", diagnostics);
            money_rate(rate, exponent).map(IntraCharge::Flat)
        }
        ChargeMethod::PerMonth => {
            let mut rates = spread.month_rates.iter().filter(|rate| rate.level == base_level);
            let (Some(rate), None) = (rates.next(), rates.next()) else {
                let message = format!("expected one pmpsRate for level {base_level}");
                diagnostics.error(spread.line, "dSpread", message);
                return None;
            };
            let amounts = (money_rate(rate.spread, exponent), money_rate(rate.month, exponent));
            if let (Some(spread), Some(month)) = amounts {
                Some(IntraCharge::PerMonth { spread, month })
            } else {
                None
            }
        }
        ChargeMethod::WeightedPriceRisk => {
            let message = "inside a commodity charges by weighted price risk (W) are not calculated";
            diagnostics.error(spread.line, "dSpread", message);
            return None;
        }
    };
    if charge.is_none() {
        diagnostics.error(spread.line, "dSpread", "the rate is negative or too large");
    }
    charge
}

/// Legs of one side that draw on the same periods are one leg with the sum of their ratios; where they share periods
/// only in part, how many spreads can form is not defined.
fn merged(legs: Vec<IntraLeg>, spread: &SpreadDefinition, diagnostics: &mut Diagnostics) -> Vec<IntraLeg> {
    let mut merged: Vec<IntraLeg> = Vec::new();
    for leg in legs {
        match merged.iter_mut().find(|other| other.side == leg.side && other.periods == leg.periods) {
            Some(same) => match same.ratio.plus(leg.ratio) {
                Some(sum) => same.ratio = sum,
                None => diagnostics.error(spread.line, "i", "the legs' ratios are too large"),
            },
            None => merged.push(leg),
        }
    }
    for (index, leg) in merged.iter().enumerate() {
        let shares = |other: &IntraLeg| other.side == leg.side && other.periods.overlaps(leg.periods);
        if merged[..index].iter().any(shares) {
            let message = "legs of one side share periods in part: not calculated, the file is refused";
            diagnostics.error(spread.line, "dSpread", message);
        }
    }
    merged
}

/// The rate of the base level, which is to be given once.
pub(super) fn rate_of(
    rates: &[LevelRate],
    base_level: u32,
    line: u64,
    element: &str,
    diagnostics: &mut Diagnostics,
) -> Decimal {
    let mut own = rates.iter().filter(|rate| rate.level == base_level);
    match (own.next(), own.next()) {
        (Some(rate), None) => rate.value,
        (None, _) => {
            diagnostics.error(line, element, format!("no rate for level {base_level}"));
            Decimal::ZERO
        }
        (Some(_), Some(_)) => {
            diagnostics.error(line, element, format!("a second rate for level {base_level}"));
            Decimal::ZERO
        }
    }
}

/// The legs of a spread that can form, some of them elsewhere: both sides, positive ratios, a bounded number.
pub(super) fn legs_of<'a>(
    spread: &'a SpreadDefinition,
    elsewhere: &[AwayLegDefinition],
    diagnostics: &mut Diagnostics,
) -> &'a [LegDefinition] {
    let sides = spread.legs.iter().map(|leg| leg.side).chain(elsewhere.iter().map(|leg| leg.side));
    let has = |side: Side| sides.clone().any(|other| other == side);
    if !has(Side::A) || !has(Side::B) {
        diagnostics.error(spread.line, "dSpread", "a spread needs legs of both sides");
    }
    if spread.legs.len() + elsewhere.len() > LEGS_LIMIT {
        diagnostics.error(spread.line, "dSpread", format!("more than {LEGS_LIMIT} legs"));
        return &[];
    }
    let ratios = spread.legs.iter().map(|leg| (leg.line, leg.ratio));
    let ratios = ratios.chain(elsewhere.iter().map(|leg| (leg.line, leg.ratio)));
    for (line, _) in ratios.filter(|(_, ratio)| !ratio.is_positive()) {
        diagnostics.error(line, "i", "a leg's ratio is to be greater than zero");
    }
    &spread.legs
}

fn intra_leg(
    leg: &LegDefinition,
    own: &CommodityDefinition,
    periods: &[Period],
    diagnostics: &mut Diagnostics,
) -> Option<IntraLeg> {
    if leg.commodity != own.code {
        let message = format!("a leg of {} inside {}", leg.commodity, own.code);
        diagnostics.error(leg.line, "cc", message);
        return None;
    }
    if !leg.rates.is_empty() {
        diagnostics.error(leg.line, "rate", "inside a commodity a leg has no rate of its own");
    }
    let covered = match leg.place {
        LegPlace::Period(wanted) => {
            let place = periods.partition_point(|period| *period < wanted);
            let listed = periods.get(place).is_some_and(|period| *period == wanted);
            if !listed {
                let message = format!("{} has no contract of {wanted}: the spread never forms", own.code);
                diagnostics.warning(leg.line, "pe", message);
            }
            period_range(place..place + usize::from(listed))
        }
        LegPlace::Tier(number) => {
            let Some(covered) = intra_tier(own, number, periods) else {
                diagnostics.error(leg.line, "tn", format!("{} has no intra tier {number}", own.code));
                return None;
            };
            covered
        }
    };
    Some(IntraLeg { periods: covered, side: leg.side, ratio: leg.ratio.normalized() })
}
