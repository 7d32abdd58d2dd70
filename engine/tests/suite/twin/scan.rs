//! The scan of a commodity's parts, weighted price risk, option values and the minimum for short options.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::{Signed, Zero};
use plimsoll_engine::contract::{OptionRight, Period};
use plimsoll_engine::parameters::{
    CommodityDefinition, OptionMinimumMethod, ProductLink, ScanTiers, TierDefinition, WeightedRiskMethod,
};

use super::positions::Held;
use super::{Exact, Method, Twin, exact, long_only, power_of_ten, whole};

/// What one scan of a part gives.
pub(super) struct Part {
    pub(super) scan: Exact,
    pub(super) volatility: Exact,
    pub(super) time: Exact,
    /// Price risk comes from it, less volatility and time risk.
    base: Exact,
}

/// The scenario with the largest loss, from 1; of equals the lowest.
pub(super) fn active(losses: &[Exact]) -> usize {
    let largest = losses.iter().max().expect("scenarios");
    losses.iter().position(|loss| loss == largest).expect("reached") + 1
}

/// Year and month lie in the tier; a tier without limits covers periods without a month, too.
pub(super) fn covers(tier: &TierDefinition, month: Period) -> bool {
    match month.year_month() {
        None => tier.first.is_none() && tier.last.is_none(),
        Some(month) => {
            tier.first.is_none_or(|first| first.year_month() <= Some(month))
                && tier.last.is_none_or(|last| Some(month) <= last.year_month())
        }
    }
}

/// Which part of the commodity a month is scanned with; equal keys are one part.
fn part_of(tiers: &ScanTiers, month: Period) -> String {
    match tiers {
        ScanTiers::Whole => "all".to_owned(),
        ScanTiers::EachPeriod => month.to_string(),
        ScanTiers::Tiers(tiers) => tiers
            .iter()
            .find(|tier| covers(tier, month))
            .map_or_else(|| "the rest".to_owned(), |tier| format!("tier {}", tier.number)),
    }
}

impl Method<'_> {
    /// Sums of lots times array over the shares whose month is wanted.
    fn losses(&self, held: &[&Held], wanted: &dyn Fn(Period) -> bool) -> Vec<Exact> {
        let mut losses = vec![Exact::zero(); self.definition.points.len()];
        for position in held {
            for (_, share) in position.shares.iter().filter(|(month, _)| wanted(*month)) {
                for (sum, loss) in losses.iter_mut().zip(&position.losses) {
                    *sum += &position.lots * share * loss;
                }
            }
        }
        losses.into_iter().map(|loss| self.places.money(loss)).collect()
    }

    /// The scan of one part from its scenario losses.
    pub(super) fn part(&self, losses: &[Exact], cap: Option<&Exact>) -> Part {
        let active = active(losses);
        let largest = &losses[active - 1];
        let paired = usize::from(self.definition.points[active - 1].paired) - 1;
        let apart = if largest.is_negative() && !self.places.is_takasbank() {
            &losses[0] - &losses[1]
        } else {
            largest - &losses[paired]
        };
        let (scan, base) = self.places.scan_and_base(largest, cap);
        Part {
            scan,
            base,
            volatility: self.places.money(apart / whole(2)),
            time: self.places.money((&losses[0] + &losses[1]) / whole(2)),
        }
    }

    /// Price risk of parts together.
    fn price(parts: &[Part]) -> Exact {
        let of = |part: &Part| &part.base - &part.volatility - &part.time;
        parts.iter().map(of).sum::<Exact>().max(Exact::zero())
    }

    /// Scans every part of a commodity; `cap` is the value of long options where there is nothing else.
    pub(super) fn scan(
        &self,
        commodity: &CommodityDefinition,
        held: &[&Held],
        cap: Option<Exact>,
        twin: &mut Twin,
    ) {
        let tiers = &commodity.terms.scan_tiers;
        let months = held.iter().flat_map(|position| position.shares.iter().map(|(month, _)| *month));
        let keys: BTreeSet<String> = months.map(|month| part_of(tiers, month)).collect();
        // The value of the options is one amount, which caps one part and not each of several.
        let cap = cap.filter(|_| keys.len() == 1);
        twin.losses = vec![Exact::zero(); self.definition.points.len()];
        let mut parts = Vec::new();
        for key in &keys {
            let own = self.losses(held, &|month| part_of(tiers, month) == *key);
            for (sum, loss) in twin.losses.iter_mut().zip(&own) {
                *sum += loss;
            }
            parts.push(self.part(&own, cap.as_ref()));
            if twin.losses.iter().all(Signed::is_negative) {
                twin.steps.insert("gain in every scenario");
            }
        }
        if keys.len() > 1 {
            twin.steps.insert(match tiers {
                ScanTiers::EachPeriod => "every period scanned apart",
                _ => "tiers scanned apart",
            });
        }
        if keys.contains("the rest") && keys.len() > 1 {
            twin.steps.insert("periods in no scanning tier");
        }
        if held.iter().any(|position| position.shares.len() > 1) {
            twin.steps.insert("array divided over months");
        }
        if held.iter().any(|position| position.deltas.len() > 1) {
            twin.steps.insert("delta divided over months");
        }
        self.total(&parts, twin);
    }

    /// The commodity's numbers from those of its parts.
    pub(super) fn total(&self, parts: &[Part], twin: &mut Twin) {
        twin.active = active(&twin.losses);
        twin.scan = parts.iter().map(|part| part.scan.clone()).sum();
        twin.volatility = parts.iter().map(|part| part.volatility.clone()).sum();
        twin.time = parts.iter().map(|part| part.time.clone()).sum();
        twin.price = Self::price(parts);
    }

    /// Scan and price risk of the positions in a dated tier, as one part; `long_value` is that of the commodity.
    pub(super) fn of_tier(&self, held: &[Held], tier: &TierDefinition, long_value: &Exact) -> (Exact, Exact) {
        let held: Vec<&Held> = held.iter().collect();
        let cap = long_only(&held).then_some(long_value);
        let part = self.part(&self.losses(&held, &|month| covers(tier, month)), cap);
        (part.scan.clone(), Self::price(&[part]))
    }

    /// Weighted price risk of a commodity or of one of its tiers.
    pub(super) fn weighted(
        &self,
        commodity: &CommodityDefinition,
        price: &Exact,
        net_delta: &Exact,
        tier: Option<&TierDefinition>,
        steps: &mut BTreeSet<&'static str>,
    ) -> Exact {
        if net_delta.is_zero() {
            return Exact::zero();
        }
        let normal = price / net_delta.abs();
        self.places.weighted(match commodity.terms.weighted_risk_method {
            WeightedRiskMethod::Normal => normal,
            WeightedRiskMethod::ScanRange => {
                steps.insert("weighted price risk is the scan range");
                self.nearest_range(commodity, tier)
            }
            WeightedRiskMethod::ScanRangeCap => {
                let range = self.nearest_range(commodity, tier);
                if range < normal {
                    steps.insert("weighted price risk capped by the scan range");
                }
                normal.min(range)
            }
        })
    }

    /// The price scan range of the first period with one, for one unit of delta.
    fn nearest_range(&self, commodity: &CommodityDefinition, tier: Option<&TierDefinition>) -> Exact {
        let exponent = power_of_ten(commodity.terms.risk_exponent);
        let mut nearest: BTreeMap<Period, Exact> = BTreeMap::new();
        for link in &commodity.terms.links {
            let Some(family) = self.family(link) else { continue };
            for contract in &family.contracts {
                let Some(range) = contract.scan else { continue };
                if tier.is_none_or(|tier| covers(tier, contract.period)) {
                    let scaling = exact(contract.scaling) * exact(link.scaling);
                    let unit = exact(range.price) * &exponent / scaling;
                    // Of several families the first by link.
                    nearest.entry(contract.period).or_insert(unit);
                }
            }
        }
        nearest.into_values().next().expect("a contract with a scan range")
    }

    pub(super) fn family(
        &self,
        link: &ProductLink,
    ) -> Option<&plimsoll_engine::parameters::FamilyDefinition> {
        self.definition.families.iter().find(|family| {
            family.exchange == link.family.exchange
                && family.family_id == link.family.family_id
                && family.product == link.family.product
                && family.product_type.code() == link.family.product_type
        })
    }

    /// Option values and the minimum for short options.
    pub(super) fn option_numbers(&self, commodity: &CommodityDefinition, held: &[&Held]) -> Twin {
        let mut twin = Twin::default();
        for position in held {
            let Some(value) = &position.value else { continue };
            let side = if position.lots.is_negative() { &mut twin.short_value } else { &mut twin.long_value };
            *side += position.lots.abs() * value;
        }
        twin.long_value = self.places.money(twin.long_value);
        twin.short_value = self.places.money(twin.short_value);
        for tier in &commodity.terms.option_minimum_tiers {
            let short = |right: OptionRight| -> Exact {
                let inside = held
                    .iter()
                    .filter(|p| p.right == Some(right) && p.lots.is_negative() && covers(tier, p.month));
                inside.map(|position| position.lots.abs() * &position.scaling).sum()
            };
            let (calls, puts) = (short(OptionRight::Call), short(OptionRight::Put));
            let dated = tier.first.is_some() || tier.last.is_some();
            if dated && !(calls.is_zero() && puts.is_zero()) {
                twin.steps.insert("short options in a dated tier");
            }
            let count = match commodity.terms.option_minimum_method {
                OptionMinimumMethod::Gross => calls + puts,
                OptionMinimumMethod::Greater => {
                    if !calls.is_zero() && !puts.is_zero() {
                        twin.steps.insert("greater of short calls and short puts");
                    }
                    calls.max(puts)
                }
            };
            twin.minimum += count * self.rate(&tier.rates);
        }
        twin.minimum = self.places.money(twin.minimum * power_of_ten(commodity.terms.risk_exponent));
        twin
    }
}
