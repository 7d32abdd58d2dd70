//! Combined commodities, their tiers and charges, and spreads.

use super::line::{Line, Page};
use crate::contract::ProductType;
use crate::parameters::definition::{
    ChargeMethod, CombinationMethod, CommodityDefinition, CommodityTerms, Definition, LegDefinition,
    LegPlace, LevelRate, OptionMinimumMethod, ScanTiers, ScanningSpreadDefinition, Side, SpreadDefinition,
    TierDefinition, WeightedRiskMethod,
};
use crate::parameters::pa2::columns::{
    Columns, basis_risk, charges, combination_method, commodity as c2, commodity_product, delivery_count,
    delivery_month, intra_tier, intra_tiers, scan_tier, scan_tiers, series_leg, series_spread, spread as s,
    spread_leg as l, spread_leg_rate, spread_leg_tier, tier_leg, tier_spread,
};
use crate::types::Decimal;

/// The levels and what each is a multiple of, in the order of hedgers, speculators, members.
const MAINTENANCE: [(u32, u32); 3] = [(1, 1), (3, 1), (5, 1)];
const INITIAL: [(u32, u32); 3] = [(2, 1), (4, 3), (6, 5)];

pub(super) fn commodity(definition: &Definition, own: &CommodityDefinition, page: &mut Page) {
    let (code, terms) = (own.code.as_str(), &own.terms);
    products(definition, own, page);
    tiers_apart(code, terms, page);
    intra(code, terms, page);
    charges_of(code, terms, page);
    spreads_inside(code, &terms.spreads, page);
}

const fn method_letter(method: CombinationMethod) -> char {
    match method {
        CombinationMethod::None => ' ',
        CombinationMethod::Split => 'S',
        CombinationMethod::DeltaSplit => 'D',
        CombinationMethod::ModifiedSplit => 'M',
    }
}

/// Records `2`, of six products each and of one exchange, and records `X`.
fn products(definition: &Definition, own: &CommodityDefinition, page: &mut Page) {
    let (code, terms) = (own.code.as_str(), &own.terms);
    let places = definition.arrays.places();
    let of_one_exchange = terms.links.chunk_by(|a, b| a.family.exchange == b.family.exchange);
    let mut chunks: Vec<_> = of_one_exchange.flat_map(|links| links.chunks(6)).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    for links in chunks {
        page.record("2 ", code, |line| {
            line.text(c2::COMMODITY, code);
            match links.first() {
                Some(link) => line.text(c2::EXCHANGE, &link.family.exchange),
                None => line.fault("a commodity without products"),
            }
            line.digits(c2::RISK_EXPONENT, terms.risk_exponent);
            if let Some(currency) = &terms.currency {
                line.text(c2::CURRENCY, currency);
            }
            let cap = terms.cap_option_value.unwrap_or(definition.cap_option_value);
            line.text(c2::CAP_OPTION_VALUE, if cap { 'Y' } else { 'N' });
            line.text(c2::COMBINATIONS, method_letter(terms.combination_method));
            for (block, link) in (0..).map(|index| 16 * index).zip(links) {
                line.text(commodity_product::PRODUCT.moved(block), &link.family.product);
                line.text(commodity_product::KIND.moved(block), &link.family.product_type);
                line.digits(commodity_product::LOCATOR.moved(block), places);
            }
        });
    }
    for link in &terms.links {
        let kind = ProductType::from_code(&link.family.product_type);
        let is_combination =
            matches!(kind, Some(ProductType::Combination | ProductType::OptionOnCombination));
        if let (true, Some(method)) = (is_combination, link.combination_method) {
            page.record("X ", code, |line| match method {
                CombinationMethod::None => line.fault("combinations of one product that are not calculated"),
                CombinationMethod::Split
                | CombinationMethod::DeltaSplit
                | CombinationMethod::ModifiedSplit => {
                    line.text(combination_method::METHOD, method_letter(method));
                    line.text(combination_method::PRODUCT, &link.family.product);
                }
            });
        }
    }
}

/// Whether a tier is the whole commodity, which the format does not list.
fn is_whole(tier: &TierDefinition) -> bool {
    tier.first.is_none() && tier.last.is_none()
}

fn tier(line: &mut Line<'_>, own: &TierDefinition, number: Columns, limits: [[Columns; 2]; 2]) {
    line.digits(number, own.number);
    for (limit, [month, day]) in [own.first, own.last].into_iter().zip(limits) {
        match limit.as_ref().and_then(|period| period.as_str().split_at_checked(6)) {
            Some((own, code)) => {
                line.text(month, own);
                line.text(day, code);
            }
            None => line.fault("a tier without one of its limits"),
        }
    }
}

/// Records `S`.
fn tiers_apart(code: &str, terms: &CommodityTerms, page: &mut Page) {
    let weighted = match terms.weighted_risk_method {
        WeightedRiskMethod::Normal => '1',
        WeightedRiskMethod::ScanRangeCap => '2',
        WeightedRiskMethod::ScanRange => '3',
    };
    let dated = |tiers: &[TierDefinition]| tiers.iter().filter(|t| !is_whole(t)).cloned().collect::<Vec<_>>();
    let inter = dated(&terms.inter_tiers);
    let (scan, method) = match &terms.scan_tiers {
        ScanTiers::Whole => (Vec::new(), "01"),
        ScanTiers::EachPeriod => (Vec::new(), "02"),
        ScanTiers::Tiers(tiers) => {
            if tiers.iter().any(is_whole) {
                page.fault(code, "a scanning tier without limits beside others");
            }
            (dated(tiers), if inter.is_empty() { "10" } else { "22" })
        }
    };
    // Method 02 makes inter-commodity tiers of its own.
    if method == "02" && !inter.is_empty() {
        page.fault(code, "inter-commodity tiers of a commodity that is scanned by periods");
    }
    if terms.inter_tiers.iter().any(|tier| is_whole(tier) && tier.number != 0) {
        page.fault(code, "an inter-commodity tier without limits other than 0");
    }
    let minimum = dated(&terms.option_minimum_tiers);
    let own_method = if method == "22" { "23" } else { "20" };
    let sets = [(method, scan), (own_method, inter), ("30", minimum)];
    for (index, (method, tiers)) in sets.into_iter().enumerate() {
        if index > 0 && tiers.is_empty() {
            continue;
        }
        let count = tiers.len();
        let chunks: Vec<&[TierDefinition]> = if count == 0 { vec![&[]] } else { tiers.chunks(5).collect() };
        for chunk in chunks {
            page.record("S ", code, |line| {
                line.text(scan_tiers::COMMODITY, code);
                line.text(scan_tiers::METHOD, method);
                line.digits(scan_tiers::COUNT, i128::try_from(count).unwrap_or(i128::MAX));
                line.text(scan_tiers::WEIGHTED_RISK, weighted);
                for (index, own) in chunk.iter().enumerate() {
                    let (columns, days) = (14 * index, 4 * index);
                    let limits = [
                        [scan_tier::FIRST.moved(columns), scan_tier::FIRST_DAY.moved(days)],
                        [scan_tier::LAST.moved(columns), scan_tier::LAST_DAY.moved(days)],
                    ];
                    tier(line, own, scan_tier::NUMBER.moved(columns), limits);
                    if method == "30" {
                        line.number(scan_tier::RATE.moved(7 * index), rate_of(&own.rates), 0);
                    }
                }
            });
        }
    }
}

/// The rate of the base level.
fn rate_of(rates: &[LevelRate]) -> Decimal {
    rates.iter().find(|rate| rate.level == 1).map(|rate| rate.value).unwrap_or_default()
}

/// The factors of three levels; what else a commodity says of levels has no place.
fn factors(terms: &CommodityTerms, of: [(u32, u32); 3]) -> [Decimal; 3] {
    of.map(|(level, base)| {
        let own = terms.adjustments.iter().find(|own| (own.level, own.base) == (level, base));
        own.map_or(Decimal::ONE, |own| own.factor)
    })
}

/// Records `3`.
fn intra(code: &str, terms: &CommodityTerms, page: &mut Page) {
    for adjustment in &terms.adjustments {
        let own = (adjustment.level, adjustment.base);
        if !MAINTENANCE.contains(&own) && !INITIAL.contains(&own) {
            page.fault(code, "a requirement level that is no multiple as the format has it");
        }
    }
    if terms.intra_tiers.iter().any(|tier| is_whole(tier) && tier.number != 0) {
        page.fault(code, "an intra-commodity tier without limits other than 0");
    }
    let tiers: Vec<&TierDefinition> = terms.intra_tiers.iter().filter(|tier| !is_whole(tier)).collect();
    let [hedger, speculator, member] = factors(terms, INITIAL);
    let chunks: Vec<&[&TierDefinition]> =
        if tiers.is_empty() { vec![&[]] } else { tiers.chunks(4).collect() };
    for chunk in chunks {
        page.record("3 ", code, |line| {
            line.text(intra_tiers::COMMODITY, code);
            line.text(intra_tiers::METHOD, if terms.spreads.is_empty() { "01" } else { "10" });
            for (index, own) in chunk.iter().enumerate() {
                let (columns, days) = (14 * index, 4 * index);
                let limits = [
                    [intra_tier::FIRST.moved(columns), intra_tier::FIRST_DAY.moved(days)],
                    [intra_tier::LAST.moved(columns), intra_tier::LAST_DAY.moved(days)],
                ];
                tier(line, own, intra_tier::NUMBER.moved(columns), limits);
            }
            line.number(intra_tiers::MEMBER, member, 3);
            line.number(intra_tiers::HEDGER, hedger, 3);
            line.number(intra_tiers::SPECULATOR, speculator, 3);
        });
    }
}

/// Records `4`.
fn charges_of(code: &str, terms: &CommodityTerms, page: &mut Page) {
    let [hedger, speculator, member] = factors(terms, MAINTENANCE);
    let common = |line: &mut Line<'_>| {
        line.text(charges::COMMODITY, code);
        let whole = terms.option_minimum_tiers.iter().find(|tier| is_whole(tier));
        let minimum = whole.map(|tier| rate_of(&tier.rates)).unwrap_or_default();
        line.number(charges::OPTION_MINIMUM, minimum, 0);
        line.number(charges::MEMBER, member, 2);
        line.number(charges::HEDGER, hedger, 2);
        line.number(charges::SPECULATOR, speculator, 2);
        let is_greater = terms.option_minimum_method == OptionMinimumMethod::Greater;
        line.text(charges::OPTION_MINIMUM_METHOD, if is_greater { '1' } else { '2' });
    };
    let whole = terms.option_minimum_tiers.iter().filter(|tier| is_whole(tier)).count();
    if whole > 0 && terms.option_minimum_tiers.len() > 1 {
        page.fault(code, "a short option minimum tier without limits beside others");
    }
    if terms.delivery.is_empty() && terms.basis_rates.is_empty() {
        page.record("4 ", code, |line| {
            common(line);
            line.text(charges::METHOD, "01");
        });
    }
    for months in terms.delivery.chunks(2) {
        page.record("4 ", code, |line| {
            common(line);
            line.text(charges::METHOD, "10");
            line.digits(delivery_count::COUNT, i128::try_from(terms.delivery.len()).unwrap_or(i128::MAX));
            for (index, own) in months.iter().enumerate() {
                let columns = 22 * index;
                line.digits(delivery_month::NUMBER.moved(columns), i128::try_from(index + 1).unwrap_or(1));
                match own.period.as_str().split_at_checked(6) {
                    Some((month, day)) => {
                        line.text(delivery_month::MONTH.moved(columns), month);
                        line.text(delivery_month::DAY.moved(2 * index), day);
                    }
                    None => line.fault("a delivery month that is no month CCYYMM"),
                }
                line.number(delivery_month::SPREAD.moved(columns), own.spread, 0);
                line.number(delivery_month::OUTRIGHT.moved(columns), own.outright, 0);
            }
        });
    }
    if !terms.basis_rates.is_empty() {
        page.record("4 ", code, |line| {
            common(line);
            line.text(charges::METHOD, "11");
            let mut spot: Vec<_> = terms
                .links
                .iter()
                .filter(|link| link.has_basis_risk)
                .map(|link| &link.family.product)
                .collect();
            spot.dedup();
            match spot.as_slice() {
                [product] => line.text(basis_risk::PRODUCT, product),
                _ => line.fault("basis risk of other than one spot product"),
            }
            line.number(basis_risk::RATE, rate_of(&terms.basis_rates), 0);
        });
    }
}

/// Records `E`, then `C`: the reader takes those of series first.
fn spreads_inside(code: &str, spreads: &[SpreadDefinition], page: &mut Page) {
    let is_series =
        |spread: &&SpreadDefinition| spread.legs.iter().all(|leg| matches!(leg.place, LegPlace::Period(_)));
    let last = spreads.iter().filter(is_series).map(|spread| spread.priority).max().unwrap_or(0);
    for spread in spreads {
        let has_tiers = spread.legs.iter().all(|leg| matches!(leg.place, LegPlace::Tier(_)));
        if spread.charge != ChargeMethod::Flat {
            page.fault(code, "a spread inside a commodity that is not charged flat");
        }
        if is_series(&spread) {
            series_record(code, spread, page);
        } else if has_tiers && spread.priority > last {
            tier_record(code, spread, page);
        } else {
            page.fault(code, "a spread of tiers before one of series, or of both");
        }
    }
}

const fn side(side: Side) -> char {
    match side {
        Side::A => 'A',
        Side::B => 'B',
    }
}

fn series_record(code: &str, spread: &SpreadDefinition, page: &mut Page) {
    page.record("E ", code, |line| {
        line.text(series_spread::COMMODITY, code);
        line.digits(series_spread::PRIORITY, spread.priority);
        line.number(series_spread::RATE, rate_of(&spread.rates), 0);
        if spread.legs.len() > 4 {
            return line.fault("a spread of more than four series");
        }
        for (columns, leg) in (0..).map(|index| 14 * index).zip(&spread.legs) {
            let LegPlace::Period(period) = &leg.place else { continue };
            match period.as_str().strip_prefix("20").and_then(|rest| rest.split_at_checked(4)) {
                Some((month, rest)) => {
                    line.text(series_leg::MONTH.moved(columns), month);
                    line.text(series_leg::DAY.moved(columns), rest);
                }
                None => line.fault("a leg's month that is not of this century"),
            }
            line.number(series_leg::RATIO.moved(columns), leg.ratio, 4);
            line.text(series_leg::SIDE.moved(columns), side(leg.side));
        }
    });
}

fn tier_record(code: &str, spread: &SpreadDefinition, page: &mut Page) {
    page.record("C ", code, |line| {
        line.text(tier_spread::COMMODITY, code);
        line.text(tier_spread::METHOD, "10");
        line.digits(tier_spread::PRIORITY, spread.priority);
        line.digits(tier_spread::LEGS, i128::try_from(spread.legs.len()).unwrap_or(i128::MAX));
        line.number(tier_spread::RATE, rate_of(&spread.rates), 0);
        for (index, leg) in spread.legs.iter().enumerate() {
            let (columns, LegPlace::Tier(tier)) = (7 * index, &leg.place) else { continue };
            line.digits(tier_leg::NUMBER.moved(columns), i128::try_from(index + 1).unwrap_or(1));
            line.digits(tier_leg::TIER.moved(columns), *tier);
            line.number(tier_leg::RATIO.moved(columns), leg.ratio, 0);
            line.text(tier_leg::SIDE.moved(columns), side(leg.side));
        }
    });
}

/// Records `6`.
pub(super) fn spreads(definition: &Definition, page: &mut Page) {
    let exchange = |code: &crate::types::CommodityCode| {
        let own = definition.commodities.iter().find(|own| own.code == *code);
        own.and_then(|own| own.terms.links.first()).map_or("", |link| link.family.exchange.as_str())
    };
    let lists = [(&definition.super_spreads, true), (&definition.inter_spreads, false)];
    for (spread, is_super) in lists.into_iter().flat_map(|(list, own)| list.iter().map(move |one| (one, own)))
    {
        let places = if spread.charge == ChargeMethod::Flat { 2 } else { 6 };
        page.record("6 ", "spread", |line| {
            if spread.charge == ChargeMethod::PerMonth {
                line.fault("a credit by months");
            }
            let is_tiered = spread.legs.iter().any(|leg| leg.place != LegPlace::Tier(0));
            common(line, (spread.priority, is_super, rate_of(&spread.rates), places));
            line.text(s::METHOD, if is_tiered { "20" } else { "01" });
            line.text(s::CHARGE, if spread.charge == ChargeMethod::Flat { "F" } else { "" });
            let own_rates: Vec<_> = spread.legs.iter().map(|leg| leg.rates.as_slice()).collect();
            rates(line, &own_rates, rate_of(&spread.rates), places);
            for (index, leg) in spread.legs.iter().enumerate().take(4) {
                delta_leg(line, index, leg, exchange(&leg.commodity));
            }
        });
    }
    for spread in &definition.scanning_spreads {
        page.record("6 ", "scanning-based spread", |line| scanning(line, spread, exchange));
    }
}

fn common(line: &mut Line<'_>, (priority, is_super, rate, places): (u32, bool, Decimal, u8)) {
    line.text(s::GROUP, "ALL");
    line.digits(s::PRIORITY, priority);
    line.number(s::RATE, rate, places);
    line.text(s::SUPER, if is_super { 'S' } else { ' ' });
}

/// The rates of the legs, of all where any has its own.
fn rates(line: &mut Line<'_>, own: &[&[LevelRate]], common: Decimal, places: u8) {
    if own.len() > 4 {
        return line.fault("more than four legs");
    }
    if own.iter().all(|rates| rates.is_empty()) {
        return;
    }
    line.text(s::OWN_RATES, 'Y');
    for (index, rates) in own.iter().enumerate() {
        let rate = if rates.is_empty() { common } else { rate_of(rates) };
        line.number(spread_leg_rate::RATE.moved(7 * index), rate, places);
    }
}

fn delta_leg(line: &mut Line<'_>, index: usize, leg: &LegDefinition, exchange: &str) {
    let columns = 18 * index;
    line.text(l::EXCHANGE.moved(columns), exchange);
    line.text(l::COMMODITY.moved(columns), &leg.commodity);
    line.number(l::RATIO.moved(columns), leg.ratio, 4);
    line.text(l::SIDE.moved(columns), side(leg.side));
    match leg.place {
        LegPlace::Tier(tier) => line.digits(spread_leg_tier::TIER.moved(2 * index), tier),
        LegPlace::Period(_) => line.fault("a leg in a month between commodities"),
    }
}

fn scanning<'a>(
    line: &mut Line<'_>,
    spread: &ScanningSpreadDefinition,
    exchange: impl Fn(&crate::types::CommodityCode) -> &'a str,
) {
    common(line, (spread.priority, spread.is_super, rate_of(&spread.rates), 6));
    line.text(s::METHOD, "04");
    line.digits(s::MINIMUM_LEGS, spread.minimum_legs);
    let (targets, legs): (Vec<_>, Vec<_>) = spread.legs.iter().partition(|leg| leg.is_target);
    let own_rates: Vec<_> = legs.iter().map(|leg| leg.rates.as_slice()).collect();
    rates(line, &own_rates, rate_of(&spread.rates), 6);
    match targets.as_slice() {
        [target] => {
            line.text(s::TARGET_EXCHANGE, exchange(&target.commodity));
            line.text(s::TARGET, &target.commodity);
            line.number(s::TARGET_RATIO, target.ratio, 4);
            let is_required = target.is_required || spread.is_target_required;
            line.text(s::TARGET_REQUIRED, if is_required { ' ' } else { 'N' });
        }
        _ => line.fault("other than one target"),
    }
    for (columns, leg) in (0..).map(|index| 18 * index).zip(legs.iter().take(4)) {
        line.text(l::EXCHANGE.moved(columns), exchange(&leg.commodity));
        line.text(l::REQUIRED.moved(columns), if leg.is_required { ' ' } else { 'N' });
        line.text(l::COMMODITY.moved(columns), &leg.commodity);
        line.number(l::RATIO.moved(columns), leg.ratio, 4);
        line.text(l::SIDE.moved(columns), 'A');
    }
}
