//! Spreads between commodities: legs linked to commodities and tiers, rates of the base level.

use std::collections::BTreeMap;

use super::spreads::{check_count, legs_of, money_rate, rate_of};
use super::tiers::{is_dated, numbered};
use crate::parameters::commodity::{Commodity, CommodityIndex, TierIndex};
use crate::parameters::definition::{
    AwayLegDefinition, ChargeMethod, CommodityDefinition, Definition, LegDefinition, LegPlace, LevelRate,
    ScanningLegDefinition, ScanningSpreadDefinition, SpreadDefinition,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::inter_spread::{
    AwayPlace, DeltaSpread, InterLeg, InterSpread, LegCredit, ScanningLeg, ScanningSpread,
};
use crate::parameters::spread_book::SpreadBook;
use crate::types::{CommodityCode, Decimal};

/// The most spreads between commodities, several times CME's.
pub(super) const INTER_LIMIT: usize = 50_000;
/// The most legs of a scanning-based spread.
const SCANNING_LEGS_LIMIT: usize = 64;

/// What legs are linked to.
pub(super) struct Linking<'a> {
    pub(super) definition: &'a Definition,
    commodities: &'a [Commodity],
    /// The definitions of the commodities, in their order.
    defined: Vec<&'a CommodityDefinition>,
}

/// Spreads between commodities, each book in the order of evaluation: by priority, of one priority those by delta first.
pub(super) struct Books {
    pub(super) super_spreads: SpreadBook,
    pub(super) inter_spreads: SpreadBook,
    pub(super) super_clear_spreads: SpreadBook,
    pub(super) clear_spreads: SpreadBook,
    pub(super) away_places: Vec<AwayPlace>,
}

pub(super) fn inter_spreads(
    definition: &Definition,
    commodities: &[Commodity],
    diagnostics: &mut Diagnostics,
) -> Books {
    let by_code: BTreeMap<_, _> = definition.commodities.iter().map(|own| (&own.code, own)).collect();
    let linking = Linking {
        definition,
        commodities,
        defined: commodities.iter().filter_map(|own| by_code.get(own.code()).copied()).collect(),
    };
    let book = |delta_based: &[SpreadDefinition], is_super: bool, diagnostics: &mut Diagnostics| {
        check_count(delta_based, INTER_LIMIT, diagnostics);
        let mut spreads = Vec::new();
        for spread in delta_based.iter().take(INTER_LIMIT) {
            let legs = linking.delta_legs(spread, &[], diagnostics);
            let spread = DeltaSpread { priority: spread.priority, legs, away: Vec::new() };
            spreads.push((spread.priority, InterSpread::Delta(spread)));
        }
        let scanning = definition.scanning_spreads.iter().take(INTER_LIMIT);
        for spread in scanning.filter(|spread| spread.is_super == is_super) {
            let linked = linking.scanning(spread, diagnostics);
            spreads.extend(linked.map(|linked| (spread.priority, InterSpread::Scanning(linked))));
        }
        in_order(spreads, commodities)
    };
    if let Some(spread) = definition.scanning_spreads.get(INTER_LIMIT) {
        diagnostics.error(spread.line, "sSpread", format!("more than {INTER_LIMIT} spreads"));
    }
    let super_spreads = book(&definition.super_spreads, true, diagnostics);
    let inter_spreads = book(&definition.inter_spreads, false, diagnostics);
    let (away_places, clear) = linking.clear_spreads(diagnostics);
    let (supers, others): (Vec<_>, Vec<_>) = clear.into_iter().partition(|(is_super, _)| *is_super);
    let book = |spreads: Vec<(bool, DeltaSpread)>| {
        let spreads = spreads.into_iter().map(|(_, spread)| (spread.priority, InterSpread::Delta(spread)));
        in_order(spreads.collect(), commodities)
    };
    let (super_clear_spreads, clear_spreads) = (book(supers), book(others));
    Books { super_spreads, inter_spreads, super_clear_spreads, clear_spreads, away_places }
}

fn in_order(mut spreads: Vec<(u32, InterSpread)>, commodities: &[Commodity]) -> SpreadBook {
    spreads.sort_by_key(|(priority, _)| *priority);
    SpreadBook::new(spreads.into_iter().map(|(_, spread)| spread).collect(), commodities.len())
}

impl Linking<'_> {
    fn commodity(
        &self,
        code: &CommodityCode,
        line: u64,
        diagnostics: &mut Diagnostics,
    ) -> Option<CommodityIndex> {
        let found = self.commodities.binary_search_by(|commodity| commodity.code().cmp(code));
        let index = found.ok().and_then(|index| u32::try_from(index).ok());
        if index.is_none() {
            let message = format!("{code} is not a combined commodity of the file");
            diagnostics.error(line, "cc", message);
        }
        index.map(CommodityIndex)
    }

    pub(super) fn delta_legs(
        &self,
        spread: &SpreadDefinition,
        elsewhere: &[AwayLegDefinition],
        diagnostics: &mut Diagnostics,
    ) -> Vec<InterLeg> {
        if spread.charge == ChargeMethod::PerMonth {
            let message = "between commodities only credits by weighted price risk (W) and flat ones (F) are calculated";
            diagnostics.error(spread.line, "dSpread", message);
        }
        let has_own_rates = !spread.legs.is_empty() && spread.legs.iter().all(|leg| !leg.rates.is_empty());
        if has_own_rates && spread.rates.is_empty() {
            // Every leg states its own: the spread needs none.
        } else {
            self.rate(&spread.rates, spread.charge, spread.line, diagnostics);
        }
        let mut legs: Vec<InterLeg> = Vec::new();
        for leg in legs_of(spread, elsewhere, diagnostics) {
            let Some(linked) = self.delta_leg(leg, spread, diagnostics) else { continue };
            let periods = |leg: &InterLeg| {
                self.commodities[leg.commodity.index()]
                    .inter_tiers()
                    .get(leg.tier.index())
                    .map(|tier| tier.periods)
            };
            let shares = |other: &InterLeg| {
                let both_whole = other.tier == TierIndex::WHOLE || linked.tier == TierIndex::WHOLE;
                let overlap = periods(other).zip(periods(&linked)).is_some_and(|(a, b)| a.overlaps(b));
                other.commodity == linked.commodity && (both_whole || overlap)
            };
            if legs.iter().any(shares) {
                let message =
                    format!("{} stands in two legs: not calculated, the file is refused", leg.commodity);
                diagnostics.error(leg.line, "cc", message);
            }
            legs.push(linked);
        }
        legs
    }

    fn delta_leg(
        &self,
        leg: &LegDefinition,
        spread: &SpreadDefinition,
        diagnostics: &mut Diagnostics,
    ) -> Option<InterLeg> {
        let commodity = self.commodity(&leg.commodity, leg.line, diagnostics)?;
        let own = &self.commodities[commodity.index()];
        let tier = self.tier(leg, commodity, diagnostics);
        let rates = if leg.rates.is_empty() { &spread.rates } else { &leg.rates };
        let rate = if leg.rates.is_empty() {
            // Faults of the spread's own rate are noted once.
            self.base_rate(rates)
        } else {
            self.rate(rates, spread.charge, leg.line, diagnostics)
        };
        let credit = match spread.charge {
            ChargeMethod::Flat => money_rate(rate, own.risk_exponent()).map(LegCredit::Flat),
            ChargeMethod::WeightedPriceRisk | ChargeMethod::PerMonth => {
                Some(LegCredit::Weighted(rate.normalized()))
            }
        };
        Some(InterLeg { commodity, tier, side: leg.side, ratio: leg.ratio.normalized(), credit: credit? })
    }

    fn base_rate(&self, rates: &[LevelRate]) -> Decimal {
        let own = rates.iter().find(|rate| rate.level == self.definition.base_level);
        own.map_or(Decimal::ZERO, |rate| rate.value)
    }

    /// The rate of the base level; a credit by weighted price risk is a fraction.
    fn rate(
        &self,
        rates: &[LevelRate],
        charge: ChargeMethod,
        line: u64,
        diagnostics: &mut Diagnostics,
    ) -> Decimal {
        let rate = rate_of(rates, self.definition.base_level, line, "dSpread", diagnostics);
        if rate < Decimal::ZERO {
            diagnostics.error(line, "rate", "a credit rate is not to be negative");
        } else if charge != ChargeMethod::Flat && rate > Decimal::ONE {
            let message = "a credit rate is a fraction: more than 1 credits more than the risk";
            diagnostics.error(line, "rate", message);
        }
        rate
    }

    fn tier(
        &self,
        leg: &LegDefinition,
        commodity: CommodityIndex,
        diagnostics: &mut Diagnostics,
    ) -> TierIndex {
        let tiers = &self.defined[commodity.index()].terms.inter_tiers;
        let found = match leg.place {
            LegPlace::Tier(number) => numbered(tiers, number),
            LegPlace::Period(_) => None,
        };
        let Some(tier) = found else {
            let message = format!("{} has no inter tier for this leg", leg.commodity);
            diagnostics.error(leg.line, "tn", message);
            return TierIndex::WHOLE;
        };
        if !is_dated(tier) {
            return TierIndex::WHOLE;
        }
        let compiled = self.commodities[commodity.index()].inter_tiers();
        let place = compiled.iter().skip(1).position(|other| other.number == tier.number);
        TierIndex(place.and_then(|place| u16::try_from(place + 1).ok()).unwrap_or(0))
    }

    fn scanning(
        &self,
        spread: &ScanningSpreadDefinition,
        diagnostics: &mut Diagnostics,
    ) -> Option<ScanningSpread> {
        let targets: Vec<_> = spread.legs.iter().filter(|leg| leg.is_target).collect();
        let [target] = targets.as_slice() else {
            diagnostics.error(spread.line, "sSpread", "a scanning-based spread needs one target");
            return None;
        };
        if spread.legs.len() > SCANNING_LEGS_LIMIT {
            let message = format!("more than {SCANNING_LEGS_LIMIT} legs");
            diagnostics.error(spread.line, "sSpread", message);
            return None;
        }
        let mut linked: Vec<(CommodityIndex, &ScanningLegDefinition, Decimal)> = Vec::new();
        for leg in &spread.legs {
            let Some(commodity) = self.commodity(&leg.commodity, leg.line, diagnostics) else { continue };
            if linked.iter().any(|(other, ..)| *other == commodity) {
                diagnostics.error(leg.line, "sLeg", format!("{} stands in two legs", leg.commodity));
            }
            if !leg.ratio.is_positive() {
                diagnostics.error(leg.line, "i", "a leg's ratio is to be greater than zero");
            }
            let rates = if leg.rates.is_empty() { &spread.rates } else { &leg.rates };
            let rate = if leg.is_target {
                Decimal::ONE
            } else {
                self.rate(rates, ChargeMethod::WeightedPriceRisk, leg.line, diagnostics)
            };
            linked.push((commodity, leg, rate));
        }
        let own: Vec<&Commodity> =
            linked.iter().map(|(index, ..)| &self.commodities[index.index()]).collect();
        if own.windows(2).any(|pair| pair[0].currency() != pair[1].currency()) {
            let message = "scanning-based spreads over several currencies are not calculated";
            diagnostics.error(spread.line, "sSpread", message);
        }
        if own.iter().any(|own| !own.scan_tiers().is_empty() || own.inter_tiers().len() > 1) {
            let message = "scanning-based spreads of commodities with tiers are not calculated";
            diagnostics.error(spread.line, "sSpread", message);
        }
        let target_index = linked.iter().find(|(_, leg, _)| leg.is_target)?.0;
        let legs = linked.into_iter().filter(|(_, leg, _)| !leg.is_target);
        Some(ScanningSpread {
            priority: spread.priority,
            target: target_index,
            target_ratio: target.ratio,
            is_target_required: spread.is_target_required || target.is_required,
            minimum_legs: spread.minimum_legs,
            legs: legs
                .map(|(commodity, leg, rate)| ScanningLeg {
                    commodity,
                    is_required: leg.is_required,
                    ratio: leg.ratio,
                    rate,
                })
                .collect(),
        })
    }
}
