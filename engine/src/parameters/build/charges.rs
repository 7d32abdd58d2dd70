//! Delivery and basis charges: months become ranges of periods, rates become money.

use crate::contract::Period;
use crate::parameters::commodity::Delivery;
use crate::parameters::definition::CommodityDefinition;
use crate::parameters::diagnostic::Diagnostics;
use crate::types::Money;

use super::spreads::{money_rate, rate_of};
use super::tiers::period_range;

/// The most delivery months of a commodity.
const DELIVERIES_LIMIT: usize = 1_000;

/// The charges of the base level for months in delivery, front month first.
pub(super) fn delivery(
    own: &CommodityDefinition,
    base_level: u32,
    periods: &[Period],
    diagnostics: &mut Diagnostics,
) -> Vec<Delivery> {
    let mut charges: Vec<Delivery> = Vec::new();
    let mut months = Vec::new();
    if let Some(rate) = own.terms.delivery.get(DELIVERIES_LIMIT) {
        diagnostics.error(rate.line, "spotRate", format!("more than {DELIVERIES_LIMIT} delivery months"));
    }
    for rate in own.terms.delivery.iter().take(DELIVERIES_LIMIT).filter(|rate| rate.level == base_level) {
        let Some(month) = rate.period.year_month() else {
            diagnostics.error(rate.line, "pe", "a delivery month is to have a year and a month");
            continue;
        };
        if months.contains(&month) {
            let message = format!("{}: {} stands here a second time", own.code, rate.period);
            diagnostics.error(rate.line, "spotRate", message);
            continue;
        }
        months.push(month);
        let start = periods.partition_point(|period| period.year_month().is_none_or(|own| own < month));
        let end = periods.partition_point(|period| period.year_month().is_none_or(|own| own <= month));
        let exponent = own.terms.risk_exponent;
        match (money_rate(rate.spread, exponent), money_rate(rate.outright, exponent)) {
            (Some(spread), Some(outright)) => {
                charges.push(Delivery { periods: period_range(start..end), spread, outright });
            }
            _ => diagnostics.error(rate.line, "spotRate", "a rate is negative or too large"),
        }
    }
    charges.sort_by_key(|charge| charge.periods.indexes().start);
    charges
}

/// The charge for each unit of spot delta against the others.
pub(super) fn basis_rate(
    own: &CommodityDefinition,
    base_level: u32,
    diagnostics: &mut Diagnostics,
) -> Option<Money> {
    let has_spot = own.terms.links.iter().any(|link| link.has_basis_risk);
    if own.terms.basis_rates.is_empty() {
        if has_spot {
            diagnostics.error(own.line, "basisRates", format!("{}: basis risk without a rate", own.code));
        }
        return None;
    }
    if !has_spot {
        let message = format!("{}: a basis rate, but no product with basis risk", own.code);
        diagnostics.error(own.line, "basisRates", message);
    }
    let rate = rate_of(&own.terms.basis_rates, base_level, own.line, "basisRates", diagnostics);
    let money = money_rate(rate, own.terms.risk_exponent);
    if money.is_none() {
        diagnostics.error(own.line, "basisRates", "the rate is negative or too large");
    }
    money
}
