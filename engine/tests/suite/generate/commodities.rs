//! Links, tiers, methods and rates of commodities, and the spreads inside them.

use plimsoll_engine::contract::{Period, ProductType};
use plimsoll_engine::parameters::{
    ChargeMethod, CombinationMethod, CommodityDefinition, CommodityTerms, Definition, DeliveryRate,
    FamilyReference, LegDefinition, LegPlace, LevelRate, MonthRate, OptionMinimumMethod, ProductLink,
    ScanTiers, Side, SpreadDefinition, TierDefinition, WeightedRiskMethod,
};
use plimsoll_engine::types::Decimal;

use super::{Dice, EXCHANGE, Plan, code, family, number, period, tier};

pub(super) fn terms(
    dice: &mut Dice,
    definition: &Definition,
    plan: &Plan,
    method: CombinationMethod,
) -> CommodityDefinition {
    let has_basis = dice.chance(40);
    // The method stands at the commodity, or at the links of the families that it is about.
    let at_links = dice.chance(30);
    let mut links: Vec<ProductLink> =
        plan.families.iter().map(|&id| link(dice, family(definition, id), has_basis)).collect();
    for link in links.iter_mut().filter(|link| matches!(link.family.product_type.as_str(), "CMB" | "OOC")) {
        link.combination_method = at_links.then_some(method);
    }
    let has_spot = links.iter().any(|link| link.has_basis_risk);
    let intra_tiers = intra_tiers(dice, plan);
    let option_minimum_tiers = option_minimum_tiers(dice, plan);
    let (scan_tiers, inter_tiers) = if plan.is_plain {
        (ScanTiers::Whole, vec![tier(0, None, None)])
    } else {
        (scan_tiers(dice, plan), inter_tiers(dice, plan))
    };
    let delivery = delivery(dice, plan);
    let spreads = (0..dice.between(0, 4)).map(|_| spread(dice, plan, &intra_tiers)).collect();
    let terms = CommodityTerms {
        name: String::new(),
        currency: Some(code(plan.currency)),
        risk_exponent: *dice.pick(&[0, 0, 0, 1, -1, 2]),
        cap_option_value: dice.maybe(50, |dice| dice.chance(50)),
        option_minimum_method: *dice.pick(&[OptionMinimumMethod::Gross, OptionMinimumMethod::Greater]),
        weighted_risk_method: *dice.pick(&[
            WeightedRiskMethod::Normal,
            WeightedRiskMethod::Normal,
            WeightedRiskMethod::ScanRangeCap,
            WeightedRiskMethod::ScanRange,
        ]),
        combination_method: if at_links { CombinationMethod::None } else { method },
        links,
        adjustments: Vec::new(),
        scan_tiers,
        intra_tiers,
        inter_tiers,
        option_minimum_tiers,
        spreads,
        delivery,
        basis_rates: if has_spot { rates(dice, 30) } else { Vec::new() },
    };
    CommodityDefinition { line: 0, code: code(&plan.code), terms }
}

fn link(
    dice: &mut Dice,
    family: &plimsoll_engine::parameters::FamilyDefinition,
    has_basis: bool,
) -> ProductLink {
    let is_mini = family.product.as_str().ends_with('M');
    ProductLink {
        line: 0,
        family: FamilyReference {
            exchange: code(EXCHANGE),
            family_id: family.family_id,
            product: family.product.clone(),
            product_type: family.product_type.code().to_owned(),
        },
        scaling: number(dice.pick::<&str>(&["1", "1", "0.1", "2"])),
        option_delta_by_period: (family.product_type == ProductType::OptionOnPhysical).then_some(true),
        combination_method: None,
        has_basis_risk: has_basis && (is_mini || family.product_type == ProductType::Physical),
    }
}

/// A rate of the base level, now and then beside one of another level.
pub(super) fn rates(dice: &mut Dice, most: i64) -> Vec<LevelRate> {
    let value = Decimal::new(dice.between(0, most * 10), 1).unwrap();
    let other = dice.maybe(10, |_| LevelRate { level: 2, value: Decimal::whole(77) });
    other.into_iter().chain([LevelRate { level: 1, value }]).collect()
}

/// Ranges of months that share none, front to back; the first may have no start and the last no end.
pub(super) fn ranges(dice: &mut Dice, plan: &Plan) -> Vec<(Option<Period>, Option<Period>)> {
    let mut months: Vec<&str> = plan.months.iter().map(|month| &month.as_str()[..6]).collect();
    months.dedup();
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for index in 0..months.len() {
        let in_no_range = dice.chance(15);
        let joins = dice.chance(45);
        match ranges.last_mut() {
            _ if in_no_range => {}
            Some(range) if joins && range.1 + 1 == index => range.1 = index,
            _ => ranges.push((index, index)),
        }
    }
    if ranges.is_empty() {
        ranges.push((0, 0));
    }
    let count = ranges.len();
    let limits = (0..).zip(ranges).map(|(place, (first, last))| {
        let first = (place > 0 || dice.chance(70)).then(|| period(months[first]));
        // A range without any limit would be no part but all.
        let last = (place + 1 < count || first.is_none() || dice.chance(60)).then(|| period(months[last]));
        (first, last)
    });
    limits.collect()
}

fn tiers_of(ranges: Vec<(Option<Period>, Option<Period>)>) -> impl Iterator<Item = TierDefinition> {
    (1..).zip(ranges).map(|(number, (first, last))| tier(number, first, last))
}

fn scan_tiers(dice: &mut Dice, plan: &Plan) -> ScanTiers {
    match dice.between(1, 10) {
        1..=2 => ScanTiers::Whole,
        3..=4 => ScanTiers::EachPeriod,
        _ => ScanTiers::Tiers(tiers_of(ranges(dice, plan)).collect()),
    }
}

/// One tier without limits and some with, which may overlap in a few definitions.
fn inter_tiers(dice: &mut Dice, plan: &Plan) -> Vec<TierDefinition> {
    let mut tiers = vec![tier(0, None, None)];
    if dice.chance(75) {
        tiers.extend(tiers_of(ranges(dice, plan)));
    }
    if dice.chance(20) {
        let first = dice.index(plan.months.len());
        let last = first + dice.index(plan.months.len() - first);
        tiers.push(tier(50, Some(plan.months[first]), Some(plan.months[last])));
    }
    tiers
}

fn intra_tiers(dice: &mut Dice, plan: &Plan) -> Vec<TierDefinition> {
    let mut tiers = vec![tier(0, None, None)];
    tiers.extend(tiers_of(ranges(dice, plan)));
    tiers
}

fn option_minimum_tiers(dice: &mut Dice, plan: &Plan) -> Vec<TierDefinition> {
    let mut tiers: Vec<TierDefinition> =
        if dice.chance(50) { vec![tier(0, None, None)] } else { tiers_of(ranges(dice, plan)).collect() };
    for tier in &mut tiers {
        tier.rates = rates(dice, 12);
    }
    tiers
}

fn delivery(dice: &mut Dice, plan: &Plan) -> Vec<DeliveryRate> {
    let mut months: Vec<&str> = plan.months.iter().map(|month| &month.as_str()[..6]).collect();
    months.dedup();
    let mut delivery = Vec::new();
    for month in months.into_iter().take(2) {
        if dice.chance(35) {
            delivery.push(DeliveryRate {
                line: 0,
                level: 1,
                period: period(month),
                spread: Decimal::whole(dice.between(0, 5)),
                outright: Decimal::new(dice.between(0, 80), 1).unwrap(),
            });
        }
    }
    delivery
}

pub(super) fn ratio(dice: &mut Dice) -> Decimal {
    number(dice.pick::<&str>(&["1", "1", "1", "2", "0.5", "3", "1.25"]))
}

/// The sides of so many legs, both among them.
pub(super) fn sides(dice: &mut Dice, count: usize) -> Vec<Side> {
    let other = dice.index(count - 1) + 1;
    (0..count).map(|place| if place < other { Side::A } else { Side::B }).collect()
}

fn spread(dice: &mut Dice, plan: &Plan, tiers: &[TierDefinition]) -> SpreadDefinition {
    let is_flat = dice.chance(55);
    let count = *dice.pick(&[2, 2, 2, 3]);
    let mut legs: Vec<LegDefinition> = Vec::new();
    for side in sides(dice, count) {
        // Legs of one side have the same place or no month in common: after some attempts the same.
        let mut place = place(dice, plan, tiers);
        let same_side = legs.iter().filter(|leg| leg.side == side);
        let others: Vec<&LegPlace> = same_side.map(|leg| &leg.place).collect();
        for _ in 0..4 {
            if others.iter().any(|other| shares_in_part(other, &place, tiers)) {
                place = self::place(dice, plan, tiers);
            }
        }
        if others.iter().any(|other| shares_in_part(other, &place, tiers)) {
            place = others[0].clone();
        }
        let ratio = ratio(dice);
        legs.push(LegDefinition {
            line: 0,
            commodity: code(&plan.code),
            place,
            side,
            ratio,
            rates: Vec::new(),
        });
    }
    let month_rate = |dice: &mut Dice| MonthRate {
        level: 1,
        spread: Decimal::new(dice.between(0, 40), 1).unwrap(),
        month: Decimal::new(dice.between(0, 30), 1).unwrap(),
    };
    SpreadDefinition {
        line: 0,
        priority: u32::try_from(dice.between(1, 4)).unwrap(),
        charge: if is_flat { ChargeMethod::Flat } else { ChargeMethod::PerMonth },
        rates: if is_flat { rates(dice, 9) } else { Vec::new() },
        month_rates: if is_flat { Vec::new() } else { vec![month_rate(dice)] },
        legs,
    }
}

fn place(dice: &mut Dice, plan: &Plan, tiers: &[TierDefinition]) -> LegPlace {
    match dice.between(1, 10) {
        1..=4 => LegPlace::Period(*dice.pick(&plan.months)),
        5..=6 => LegPlace::Tier(0),
        _ => LegPlace::Tier(dice.pick(tiers).number),
    }
}

/// Whether two different places have a month in common; dated tiers of one set never have.
fn shares_in_part(one: &LegPlace, other: &LegPlace, tiers: &[TierDefinition]) -> bool {
    if one == other {
        return false;
    }
    match (one, other) {
        (LegPlace::Period(_), LegPlace::Period(_)) => false,
        (LegPlace::Tier(one), LegPlace::Tier(other)) => *one == 0 || *other == 0,
        (LegPlace::Tier(number), LegPlace::Period(own)) | (LegPlace::Period(own), LegPlace::Tier(number)) => {
            let tier = tiers.iter().find(|tier| tier.number == *number).unwrap();
            let month = own.year_month();
            tier.first.is_none_or(|first| first.year_month() <= month)
                && tier.last.is_none_or(|last| month <= last.year_month())
        }
    }
}
