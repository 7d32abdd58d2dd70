//! What was collected, linked into a definition.

use std::collections::BTreeMap;

use super::commodities::{BASE_LEVEL, Commodity, Ratios};
use super::families::{Families, Linked};
use super::products::CombinationPart;
use super::read::Collected;
use super::tiers::Use;
use crate::contract::ProductType;
use crate::parameters::definition::{
    CombinationLeg, CombinationMethod, CommodityDefinition, CommodityTerms, Definition, FamilyReference,
    LevelAdjustment, LevelRate, ProductLink, ScanTiers, SpreadDefinition, TierDefinition,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::scenario::{ScanFraction, ScanPoint};
use crate::types::{CommodityCode, Decimal, ProductCode};

/// The largest number of a tier, which has two digits.
const LAST_TIER: usize = 99;

/// Links what the records say into one definition.
pub(super) fn link(collected: Collected, diagnostics: &mut Diagnostics) -> Definition {
    let Collected { mut definition, products, terms, halves, commodities, parts, methods, .. } = collected;
    let mut linked = BTreeMap::new();
    for own in commodities.by_code.values() {
        for link in &own.links {
            let said = Linked { locator: link.locator, is_futures_style: own.is_futures_style };
            linked.insert(link.family.clone(), said);
        }
    }
    definition.points = points(terms.first().map(|terms| terms.extreme));
    definition.lines.points = terms.first().map_or(definition.lines.point_in_time, |terms| terms.line);
    let mut families = Families::new(products, &linked, diagnostics);
    families.take_terms(terms, diagnostics);
    let joined = halves.join(diagnostics);
    families.take_arrays(&joined, &mut definition.arrays, diagnostics);
    drop(joined);
    families.link_underlyings(diagnostics);
    combination_legs(&mut families, parts, diagnostics);
    let methods: BTreeMap<ProductCode, CombinationMethod> = methods.into_iter().collect();
    let mut by_code = commodities.by_code;
    for code in commodities.order {
        let Some(own) = by_code.remove(&code) else { continue };
        let defined = commodity(code, own, &families, &methods, diagnostics);
        definition.commodities.push(defined);
    }
    for (code, own) in by_code {
        let message = format!("{code} is no combined commodity of the file: it has no record 2");
        diagnostics.error(own.named, "2", message);
    }
    definition.families = families.all.into_iter().map(|family| family.own).collect();
    definition
}

/// The legs of the combinations, by number.
fn combination_legs(families: &mut Families, mut parts: Vec<CombinationPart>, diagnostics: &mut Diagnostics) {
    parts.sort_by(|a, b| {
        (&a.combination, a.period, a.number, a.line).cmp(&(&b.combination, b.period, b.number, b.line))
    });
    for part in parts {
        let own = families.find(&part.combination);
        let leg = families.find(&part.leg);
        for (name, found) in [(&part.combination, own), (&part.leg, leg)] {
            if found.is_none() {
                diagnostics.error(part.line, "Z", format!("{name}: no record P of the product"));
            }
        }
        let (Some(own), Some(leg)) = (own, leg) else { continue };
        let contract = families.reference(leg, part.leg_period, part.line);
        let combination = families.reference(own, part.period, part.line);
        let contracts = &mut families.all[own].own.contracts;
        let place = contracts.iter_mut().find(|contract| contract.contract_id == combination.contract_id);
        if let Some(combination) = place {
            let leg = CombinationLeg { line: part.line, contract, side: part.side, ratio: part.ratio };
            combination.legs.push(leg);
        }
    }
}

fn commodity(
    code: CommodityCode,
    own: Commodity,
    families: &Families,
    methods: &BTreeMap<ProductCode, CombinationMethod>,
    diagnostics: &mut Diagnostics,
) -> CommodityDefinition {
    let line = own.line.unwrap_or(own.named);
    check_tiers(&code, &own, diagnostics);
    let first = own.links.first().and_then(|link| families.find(&link.family));
    let (basis_risk, basis_rates) = match &own.basis_risk {
        Some((line, product, rate)) => {
            if !own.links.iter().any(|link| link.family.product == *product) {
                let message = format!("{code}: the spot product {product} is none of its products");
                diagnostics.error(*line, "4", message);
            }
            (Some(product.clone()), vec![LevelRate { level: BASE_LEVEL, value: *rate }])
        }
        None => (None, Vec::new()),
    };
    let mut links = Vec::new();
    for link in &own.links {
        let found = families.find(&link.family);
        links.push(ProductLink {
            line: link.line,
            family: FamilyReference {
                exchange: link.family.exchange.clone(),
                family_id: found.map_or(0, |index| families.all[index].own.family_id),
                product: link.family.product.clone(),
                product_type: link.family.kind.code().to_owned(),
            },
            scaling: Decimal::ONE,
            option_delta_by_period: found.and_then(|index| families.delta_by_period(index, diagnostics)),
            combination_method: combination_method(methods, &link.family.product, link.family.kind),
            has_basis_risk: basis_risk.as_ref() == Some(&link.family.product),
        });
    }
    let mut inter_tiers = vec![whole_tier(line)];
    let scan_tiers = if own.has_tier_for_each_period {
        inter_tiers.extend(tier_for_each_month(&own, families, line));
        ScanTiers::EachPeriod
    } else if own.scan_tiers.is_empty() {
        ScanTiers::Whole
    } else {
        ScanTiers::Tiers(own.scan_tiers)
    };
    inter_tiers.extend(own.inter_tiers);
    let mut intra_tiers = vec![whole_tier(line)];
    intra_tiers.extend(own.intra_tiers);
    let minimum = LevelRate { level: BASE_LEVEL, value: own.option_minimum.unwrap_or_default() };
    let option_minimum_tiers = match own.option_minimum_tiers {
        tiers if tiers.is_empty() => vec![TierDefinition { rates: vec![minimum], ..whole_tier(line) }],
        tiers => tiers,
    };
    let terms = CommodityTerms {
        name: first.map(|index| families.all[index].own.name.clone()).unwrap_or_default(),
        currency: own.currency,
        risk_exponent: own.risk_exponent,
        cap_option_value: Some(own.cap_option_value),
        option_minimum_method: own.option_minimum_method.unwrap_or_default(),
        weighted_risk_method: own.weighted_risk_method.unwrap_or_default(),
        combination_method: own.combination_method,
        links,
        adjustments: adjustments(line, own.factors, own.ratios),
        scan_tiers,
        intra_tiers,
        inter_tiers,
        option_minimum_tiers,
        spreads: spreads(own.series_spreads, own.tier_spreads),
        delivery: own.delivery,
        basis_rates,
    };
    CommodityDefinition { line, code, terms }
}

/// Record `X` speaks of combinations and of the options on them.
fn combination_method(
    methods: &BTreeMap<ProductCode, CombinationMethod>,
    product: &ProductCode,
    kind: ProductType,
) -> Option<CombinationMethod> {
    let is_combination = matches!(kind, ProductType::Combination | ProductType::OptionOnCombination);
    methods.get(product).copied().filter(|_| is_combination)
}

/// Fewer tiers than an `S` record says there are would leave months out.
fn check_tiers(code: &CommodityCode, own: &Commodity, diagnostics: &mut Diagnostics) {
    for (line, used, stated) in &own.tiers_stated {
        let found = match used {
            Use::Scanning | Use::Both => own.scan_tiers.len(),
            Use::Inter => own.inter_tiers.len(),
            Use::OptionMinimum => own.option_minimum_tiers.len(),
        };
        if usize::try_from(*stated).is_ok_and(|stated| found < stated) {
            let message = format!("{code}: {stated} tiers are announced and {found} stand in the file");
            diagnostics.error(*line, "S", message);
        }
    }
}

fn whole_tier(line: u64) -> TierDefinition {
    TierDefinition { line, number: 0, first: None, last: None, rates: Vec::new() }
}

/// One tier for each month that the commodity lists, numbered as they come; spreads can name 99 of them.
fn tier_for_each_month<'a>(
    own: &Commodity,
    families: &'a Families,
    line: u64,
) -> impl Iterator<Item = TierDefinition> + use<'a> {
    let indexes = own.links.iter().filter_map(|link| families.find(&link.family));
    let mut months = BTreeMap::new();
    for index in indexes {
        let family = &families.all[index].own;
        let plain = family.contracts.iter().map(|contract| contract.period);
        for period in plain.chain(family.series.iter().map(|series| series.period)) {
            if let Some(month) = period.year_month() {
                months.entry(month).or_insert(period);
            }
        }
    }
    (1..).zip(months.into_values().take(LAST_TIER)).map(move |(number, period)| TierDefinition {
        number,
        first: Some(period),
        last: Some(period),
        ..whole_tier(line)
    })
}

/// Maintenance is the base level's amount times a factor, initial a multiple of the same account type's maintenance.
fn adjustments(line: u64, factors: Ratios, ratios: Ratios) -> Vec<LevelAdjustment> {
    let maintenance = [(1, 1), (3, 1), (5, 1)].into_iter().zip(factors.0);
    let initial = [(2, 1), (4, 3), (6, 5)].into_iter().zip(ratios.0);
    let mut all: Vec<LevelAdjustment> = maintenance
        .chain(initial)
        .map(|((level, base), factor)| LevelAdjustment {
            line,
            level,
            base,
            factor: factor.unwrap_or(Decimal::ONE),
        })
        .collect();
    all.sort_by_key(|adjustment| adjustment.level);
    all
}

/// Spreads of series come before those of tiers, each by their own priorities.
fn spreads(mut series: Vec<SpreadDefinition>, tiers: Vec<SpreadDefinition>) -> Vec<SpreadDefinition> {
    let last = series.iter().map(|spread| spread.priority).max().unwrap_or(0);
    let first = tiers.iter().map(|spread| spread.priority).min();
    let shift = if first.is_some_and(|first| last >= first) { last } else { 0 };
    series.extend(
        tiers.into_iter().map(|spread| SpreadDefinition { priority: spread.priority + shift, ..spread }),
    );
    series
}

/// The sixteen standard scenarios, with the extreme moves of the first contract; arrays are taken as they are.
pub(super) fn points(extreme: Option<(Decimal, Decimal)>) -> Vec<ScanPoint> {
    let standard = (Decimal::whole(3), Decimal::new(33, 2).unwrap_or_default());
    let (multiplier, cover) = extreme.unwrap_or(standard);
    let thirds = |numerator: i64| {
        let millionths = Decimal::new((numerator * 1_000_000 + numerator.signum()) / 3, 6);
        ScanFraction {
            multiplier: if numerator % 3 == 0 {
                Decimal::whole(numerator / 3)
            } else {
                millionths.unwrap_or_default()
            },
            numerator: Decimal::whole(numerator),
            denominator: Decimal::whole(3),
        }
    };
    let whole =
        |number: Decimal| ScanFraction { multiplier: number, numerator: number, denominator: Decimal::ONE };
    let pairs = [0, 1, -1, 2, -2, 3, -3].into_iter().flat_map(|third| [(third, 1_i64), (third, -1)]);
    let mut points: Vec<ScanPoint> = (1..)
        .zip(pairs)
        .map(|(number, (third, volatility))| ScanPoint {
            number,
            price: thirds(third),
            volatility: whole(Decimal::whole(volatility)),
            weight: Decimal::ONE,
            paired: if volatility > 0 { number + 1 } else { number - 1 },
        })
        .collect();
    points.extend([(15, multiplier), (16, multiplier.negated())].map(|(number, extreme)| ScanPoint {
        number,
        price: whole(extreme),
        volatility: whole(Decimal::ZERO),
        weight: cover,
        paired: number,
    }));
    points
}
