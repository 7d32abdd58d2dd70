//! Spreads between commodities.

use plimsoll_engine::parameters::{
    AwayLegDefinition, ChargeMethod, ClearSpreadDefinition, Definition, LegDefinition, LegPlace, LevelRate,
    ScanTiers, ScanningLegDefinition, ScanningSpreadDefinition, Side, SpreadDefinition, TierDefinition,
};
use plimsoll_engine::span::AwayDelta;
use plimsoll_engine::types::{CommodityCode, Decimal};

use super::commodities::{rates, ratio, sides};
use super::{Dice, Plan, code, period};

pub(super) fn list(dice: &mut Dice, definition: &mut Definition, plans: &[Plan]) {
    for _ in 0..dice.between(0, 3) {
        let spread = delta_based(dice, definition);
        definition.super_spreads.extend(spread);
    }
    for _ in 0..dice.between(1, 4) {
        let spread = delta_based(dice, definition);
        definition.inter_spreads.extend(spread);
    }
    for currency in ["USD", "EUR"] {
        let own = plans.iter().filter(|plan| plan.is_plain && plan.currency == currency);
        let commodities: Vec<CommodityCode> = own.map(|plan| code(&plan.code)).collect();
        for _ in 0..dice.between(0, 2) {
            if commodities.len() > 1 && dice.chance(60) {
                let spread = scanning_based(dice, &commodities);
                definition.scanning_spreads.push(spread);
            }
        }
    }
    // The file has the super-spreads first.
    definition.scanning_spreads.sort_by_key(|spread| !spread.is_super);
    for _ in 0..dice.between(0, 3) {
        let spread = with_elsewhere(dice, definition);
        definition.clear_spreads.extend(spread);
    }
    definition.clear_spreads.sort_by_key(|spread| !spread.is_super);
}

/// A spread of one or two legs here with one or two legs elsewhere.
fn with_elsewhere(dice: &mut Dice, definition: &Definition) -> Option<ClearSpreadDefinition> {
    let mut home = delta_based(dice, definition)?;
    home.legs.truncate(*dice.pick(&[1, 1, 2]));
    home.charge = ChargeMethod::WeightedPriceRisk;
    home.rates.clear();
    let mut places = vec![("NEAR", "OIL", 1), ("NEAR", "OIL", 2), ("FAR", "OIL", 1)];
    let mut away = Vec::new();
    for _ in 0..*dice.pick(&[1, 1, 2]) {
        let (house, commodity, tier) = places.swap_remove(dice.index(places.len()));
        away.push(AwayLegDefinition {
            line: 0,
            house: code(house),
            commodity: code(commodity),
            tier,
            side: Side::B,
            ratio: ratio(dice),
        });
    }
    let sides = sides(dice, home.legs.len() + away.len());
    for (leg, side) in home.legs.iter_mut().zip(&sides) {
        leg.side = *side;
        leg.rates = fraction(dice);
    }
    for (leg, side) in away.iter_mut().zip(&sides[home.legs.len()..]) {
        leg.side = *side;
    }
    Some(ClearSpreadDefinition { is_super: dice.chance(40), home, away })
}

/// What an account may have elsewhere: a delta for most of the places that spreads look at.
pub(crate) fn away(dice: &mut Dice, definition: &Definition) -> Vec<AwayDelta> {
    let legs = definition.clear_spreads.iter().flat_map(|spread| &spread.away);
    let mut away: Vec<AwayDelta> = Vec::new();
    for leg in legs {
        let is_known = |own: &AwayDelta| (&own.house, own.tier) == (&leg.house, leg.tier);
        if !away.iter().any(is_known) && dice.chance(80) {
            let (house, commodity) = (leg.house.clone(), leg.commodity.clone());
            let delta = Decimal::new(dice.between(-200, 200), 1).unwrap();
            away.push(AwayDelta { house, commodity, tier: leg.tier, delta });
        }
    }
    away
}

fn priority(dice: &mut Dice) -> u32 {
    u32::try_from(dice.between(1, 4)).unwrap()
}

/// A part of a weighted price risk or of a gain.
fn fraction(dice: &mut Dice) -> Vec<LevelRate> {
    vec![LevelRate { level: 1, value: Decimal::new(dice.between(0, 20) * 5, 2).unwrap() }]
}

/// A spread over different commodities, or over parts of one that share no month.
fn delta_based(dice: &mut Dice, definition: &Definition) -> Option<SpreadDefinition> {
    let charge = *dice.pick(&[
        ChargeMethod::WeightedPriceRisk,
        ChargeMethod::WeightedPriceRisk,
        ChargeMethod::WeightedPriceRisk,
        ChargeMethod::Flat,
    ]);
    let own_rates = |dice: &mut Dice| {
        if charge == ChargeMethod::Flat { rates(dice, 6) } else { fraction(dice) }
    };
    let mut chosen: Vec<(CommodityCode, &TierDefinition)> = Vec::new();
    let wanted = *dice.pick(&[2, 2, 2, 3]);
    for _ in 0..8 {
        let own = dice.pick(&definition.commodities);
        let tier = dice.pick(&own.terms.inter_tiers);
        let fits = |(other, taken): &(CommodityCode, &TierDefinition)| {
            *other != own.code || share_nothing(taken, tier)
        };
        if chosen.len() < wanted && chosen.iter().all(fits) {
            chosen.push((own.code.clone(), tier));
        }
    }
    if chosen.len() < 2 {
        return None;
    }
    let sides = sides(dice, chosen.len());
    let legs = chosen.into_iter().zip(sides).map(|((commodity, tier), side)| LegDefinition {
        line: 0,
        commodity,
        place: LegPlace::Tier(tier.number),
        side,
        ratio: ratio(dice),
        rates: if dice.chance(20) { own_rates(dice) } else { Vec::new() },
    });
    let legs = legs.collect();
    let rates = own_rates(dice);
    Some(SpreadDefinition { line: 0, priority: priority(dice), charge, rates, month_rates: Vec::new(), legs })
}

/// Whether two tiers have no month in common; an absent limit lies before or behind everything.
fn share_nothing(one: &TierDefinition, other: &TierDefinition) -> bool {
    let month = |limit: Option<_>, absent: &str| limit.unwrap_or_else(|| period(absent)).year_month();
    let first = |tier: &TierDefinition| month(tier.first, "000001");
    let last = |tier: &TierDefinition| month(tier.last, "999912");
    last(one) < first(other) || last(other) < first(one)
}

fn scanning_based(dice: &mut Dice, commodities: &[CommodityCode]) -> ScanningSpreadDefinition {
    let target = dice.index(commodities.len());
    let mut legs: Vec<ScanningLegDefinition> = Vec::new();
    for (place, commodity) in commodities.iter().enumerate() {
        // With two commodities both are needed, with more some may stay away.
        if place == target || commodities.len() == 2 || dice.chance(75) {
            legs.push(ScanningLegDefinition {
                line: 0,
                commodity: commodity.clone(),
                is_target: place == target,
                is_required: dice.chance(15),
                ratio: ratio(dice),
                rates: if dice.chance(25) { fraction(dice) } else { Vec::new() },
            });
        }
    }
    if legs.len() < 2 {
        let place = (target + 1) % commodities.len();
        legs.push(ScanningLegDefinition {
            line: 0,
            commodity: commodities[place].clone(),
            is_target: false,
            is_required: false,
            ratio: Decimal::ONE,
            rates: Vec::new(),
        });
    }
    ScanningSpreadDefinition {
        line: 0,
        is_super: dice.chance(50),
        priority: priority(dice),
        minimum_legs: if legs.len() > 2 { u32::try_from(dice.between(1, 2)).unwrap() } else { 1 },
        is_target_required: dice.chance(25),
        rates: fraction(dice),
        legs,
    }
}

/// Whether the XML format can say everything of the definition.
pub(crate) fn is_writable(definition: &Definition) -> bool {
    let tiers = definition.commodities.iter().map(|own| &own.terms.scan_tiers);
    !tiers.into_iter().any(|tiers| matches!(tiers, ScanTiers::EachPeriod))
}
