//! Spreads: rates of the base level, legs linked to commodities, tiers and periods.

use std::collections::BTreeMap;

use super::commodities::{TIERS_LIMIT, period_range, tier_periods};
use crate::contract::Period;
use crate::parameters::commodity::{Commodity, CommodityIndex, IntraLeg, IntraSpread};
use crate::parameters::definition::{
    ChargeMethod, CommodityDefinition, Definition, LegDefinition, LegPlace, LevelRate, Side, SpreadDefinition,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::set::{InterLeg, InterSpread};
use crate::types::{CommodityCode, Decimal, Money};

/// The most legs of a spread.
const LEGS_LIMIT: usize = 16;
/// The most spreads of one commodity: every pair of 140 months.
const INTRA_LIMIT: usize = 10_000;
/// The most spreads between commodities, several times CME's.
const INTER_LIMIT: usize = 50_000;

fn check_count(spreads: &[SpreadDefinition], limit: usize, diagnostics: &mut Diagnostics) {
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
        if spread.charge != ChargeMethod::Flat {
            diagnostics.error(
                spread.line,
                "dSpread",
                "inside a commodity only flat charges (F) are calculated",
            );
        }
        let rate = rate_of(&spread.rates, base_level, spread.line, "dSpread", diagnostics);
        let legs = legs_of(spread, diagnostics);
        let linked = legs.iter().filter_map(|leg| intra_leg(leg, own, periods, diagnostics)).collect();
        let legs = merged(linked, spread, diagnostics);
        match money_rate(rate, own.terms.risk_exponent) {
            Some(rate) => spreads.push(IntraSpread { priority: spread.priority, rate, legs }),
            None => diagnostics.error(spread.line, "dSpread", "the rate is negative or too large"),
        }
    }
    spreads.sort_by_key(|spread| spread.priority);
    spreads
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

/// The legs of a spread that can form: both sides, positive ratios, a bounded number.
fn legs_of<'a>(spread: &'a SpreadDefinition, diagnostics: &mut Diagnostics) -> &'a [LegDefinition] {
    let has = |side: Side| spread.legs.iter().any(|leg| leg.side == side);
    if !has(Side::A) || !has(Side::B) {
        diagnostics.error(spread.line, "dSpread", "a spread needs legs of both sides");
    }
    if spread.legs.len() > LEGS_LIMIT {
        diagnostics.error(spread.line, "dSpread", format!("more than {LEGS_LIMIT} legs"));
        return &[];
    }
    for leg in spread.legs.iter().filter(|leg| !leg.ratio.is_positive()) {
        diagnostics.error(leg.line, "i", "a leg's ratio is to be greater than zero");
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
            match own.terms.intra_tiers.iter().take(TIERS_LIMIT).find(|tier| tier.number == number) {
                Some(tier) => tier_periods(tier, periods),
                None => {
                    diagnostics.error(leg.line, "tn", format!("{} has no intra tier {number}", own.code));
                    return None;
                }
            }
        }
    };
    Some(IntraLeg { periods: covered, side: leg.side, ratio: leg.ratio })
}

pub(super) fn inter_spreads(
    definition: &Definition,
    commodities: &[Commodity],
    diagnostics: &mut Diagnostics,
) -> Vec<InterSpread> {
    let mut spreads = Vec::new();
    let defined: BTreeMap<_, _> = definition.commodities.iter().map(|own| (&own.code, own)).collect();
    check_count(&definition.inter_spreads, INTER_LIMIT, diagnostics);
    for spread in definition.inter_spreads.iter().take(INTER_LIMIT) {
        if spread.charge != ChargeMethod::WeightedPriceRisk {
            let message = "between commodities only credits by weighted price risk (W) are calculated";
            diagnostics.error(spread.line, "dSpread", message);
        }
        let rate = rate_of(&spread.rates, definition.base_level, spread.line, "dSpread", diagnostics);
        if rate < Decimal::ZERO {
            diagnostics.error(spread.line, "rate", "a credit rate is not to be negative");
        } else if rate > Decimal::ONE {
            diagnostics.error(
                spread.line,
                "rate",
                "a credit rate is a fraction: more than 1 credits more than the risk",
            );
        }
        let mut legs: Vec<InterLeg> = Vec::new();
        for leg in legs_of(spread, diagnostics) {
            let Some(linked) = inter_leg(leg, &defined, commodities, diagnostics) else { continue };
            if legs.iter().any(|other| other.commodity == linked.commodity) {
                let message =
                    format!("{} stands in two legs: not calculated, the file is refused", leg.commodity);
                diagnostics.error(leg.line, "cc", message);
            }
            legs.push(linked);
        }
        spreads.push(InterSpread { priority: spread.priority, rate, legs });
    }
    spreads.sort_by_key(|spread| spread.priority);
    spreads
}

fn inter_leg(
    leg: &LegDefinition,
    defined: &BTreeMap<&CommodityCode, &CommodityDefinition>,
    commodities: &[Commodity],
    diagnostics: &mut Diagnostics,
) -> Option<InterLeg> {
    let found = commodities.binary_search_by(|commodity| commodity.code().cmp(&leg.commodity));
    let (Ok(index), Some(defined)) = (found, defined.get(&leg.commodity)) else {
        diagnostics.error(
            leg.line,
            "cc",
            format!("{} is not a combined commodity of the file", leg.commodity),
        );
        return None;
    };
    let tier = match leg.place {
        LegPlace::Tier(number) => {
            defined.terms.inter_tiers.iter().take(TIERS_LIMIT).find(|tier| tier.number == number)
        }
        LegPlace::Period(_) => None,
    };
    match tier {
        Some(tier) if tier.first.is_none() && tier.last.is_none() => {}
        Some(_) => diagnostics.error(leg.line, "tn", "inter-commodity tiers by period are not calculated"),
        None => {
            let message = format!("{} has no inter tier for this leg", leg.commodity);
            diagnostics.error(leg.line, "tn", message);
        }
    }
    let commodity = CommodityIndex(u32::try_from(index).ok()?);
    Some(InterLeg { commodity, side: leg.side, ratio: leg.ratio })
}
