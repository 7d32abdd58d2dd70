//! Record `6`: spreads between commodities.

use super::columns::{Columns, spread as s, spread_leg as l, spread_leg_rate, spread_leg_tier};
use super::commodities::BASE_LEVEL;
use super::record::Record;
use crate::parameters::definition::{
    ChargeMethod, Definition, LegDefinition, LegPlace, LevelRate, ScanningLegDefinition,
    ScanningSpreadDefinition, SpreadDefinition,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::types::Decimal;

/// The least number of legs of a scanning-based spread that does not say.
const MINIMUM_LEGS: u32 = 2;

/// Reads record `6`; returns the group that it is limited to.
pub(super) fn spread(record: &Record<'_>, definition: &mut Definition, diagnostics: &mut Diagnostics) {
    if !record.check(s::ALL, 0, diagnostics) {
        return;
    }
    if !record.is_blank(s::RESTRICTION) {
        let message = "credits of some accounts only (N, H) are not calculated: the file is refused";
        record.error(s::RESTRICTION, message, diagnostics);
    }
    let charge = match record.letter(s::CHARGE) {
        ' ' | 'W' => ChargeMethod::WeightedPriceRisk,
        'F' => ChargeMethod::Flat,
        _ => {
            record.error(s::CHARGE, "expected a blank, W or F", diagnostics);
            return;
        }
    };
    let is_super = match record.letter(s::SUPER) {
        ' ' | 'N' => false,
        'S' => true,
        _ => {
            record.error(s::SUPER, "expected a blank, N or S", diagnostics);
            return;
        }
    };
    let Some(priority) = record.small(s::PRIORITY) else {
        record.error(s::PRIORITY, "is missing", diagnostics);
        return;
    };
    match record.key(s::METHOD) {
        Some("" | "01" | "20") => {
            let list = if is_super { &mut definition.super_spreads } else { &mut definition.inter_spreads };
            list.extend(delta_spread(record, priority, charge, diagnostics));
        }
        Some("04") if charge == ChargeMethod::Flat => {
            record.error(s::CHARGE, "a scanning-based spread has no flat credit", diagnostics);
        }
        Some("04") => {
            definition.scanning_spreads.extend(scanning_spread(record, priority, is_super, diagnostics));
        }
        _ => record.error(
            s::METHOD,
            "this method is not calculated (only 01, 04 and 20): the file is refused",
            diagnostics,
        ),
    }
}

/// A credit rate: a percentage with four places becomes a fraction with six, money has two.
fn rate(record: &Record<'_>, columns: Columns, charge: ChargeMethod) -> Option<LevelRate> {
    let places = if charge == ChargeMethod::Flat { 2 } else { 6 };
    Some(LevelRate { level: BASE_LEVEL, value: record.number(columns, places)? })
}

fn own_rate(
    record: &Record<'_>,
    index: usize,
    charge: ChargeMethod,
    diagnostics: &mut Diagnostics,
) -> Vec<LevelRate> {
    let columns = spread_leg_rate::RATE.moved(7 * index);
    if record.letter(s::OWN_RATES) != 'Y' || !record.check(&[columns], 0, diagnostics) {
        return Vec::new();
    }
    let rate = rate(record, columns, charge);
    if rate.is_none() {
        record.error(columns, "the leg's own rate is missing", diagnostics);
    }
    rate.into_iter().collect()
}

/// The blocks of legs that are not blank.
fn legs<'a>(
    record: &'a Record<'_>,
    diagnostics: &mut Diagnostics,
) -> impl Iterator<Item = (usize, usize)> + use<'a> {
    let mut sound = Vec::new();
    for index in 0..4 {
        let columns = 18 * index;
        if record.check(l::ALL, columns, diagnostics) && !record.is_blank(l::COMMODITY.moved(columns)) {
            sound.push((index, columns));
        }
    }
    sound.into_iter()
}

fn rates(record: &Record<'_>, charge: ChargeMethod, diagnostics: &mut Diagnostics) -> Option<Vec<LevelRate>> {
    let rate = rate(record, s::RATE, charge);
    if rate.is_none() {
        record.error(s::RATE, "is missing", diagnostics);
    }
    Some(vec![rate?])
}

fn delta_spread(
    record: &Record<'_>,
    priority: u32,
    charge: ChargeMethod,
    diagnostics: &mut Diagnostics,
) -> Option<SpreadDefinition> {
    let rates = rates(record, charge, diagnostics)?;
    let mut own = Vec::new();
    for (index, columns) in legs(record, diagnostics) {
        let tier = spread_leg_tier::TIER.moved(2 * index);
        record.check(&[tier], 0, diagnostics);
        let tier = record.small(tier).and_then(|tier| i32::try_from(tier).ok()).unwrap_or(0);
        let commodity = record.code(l::COMMODITY.moved(columns), diagnostics);
        let side = record.side(l::SIDE.moved(columns), diagnostics);
        let (Some(commodity), Some(side)) = (commodity, side) else { continue };
        own.push(LegDefinition {
            line: record.line,
            commodity,
            place: LegPlace::Tier(tier),
            side,
            ratio: record.number(l::RATIO.moved(columns), 4).unwrap_or_default(),
            rates: own_rate(record, index, charge, diagnostics),
        });
    }
    Some(SpreadDefinition { line: record.line, priority, charge, rates, month_rates: Vec::new(), legs: own })
}

fn scanning_spread(
    record: &Record<'_>,
    priority: u32,
    is_super: bool,
    diagnostics: &mut Diagnostics,
) -> Option<ScanningSpreadDefinition> {
    let charge = ChargeMethod::WeightedPriceRisk;
    let rates = rates(record, charge, diagnostics)?;
    let mut own = Vec::new();
    for (index, columns) in legs(record, diagnostics) {
        let Some(commodity) = record.code(l::COMMODITY.moved(columns), diagnostics) else { continue };
        own.push(ScanningLegDefinition {
            line: record.line,
            commodity,
            is_target: false,
            is_required: record.letter(l::REQUIRED.moved(columns)) != 'N',
            ratio: record.number(l::RATIO.moved(columns), 4).unwrap_or_default(),
            rates: own_rate(record, index, charge, diagnostics),
        });
    }
    let is_target_required = record.letter(s::TARGET_REQUIRED) != 'N';
    let target = record.code(s::TARGET, diagnostics)?;
    own.push(ScanningLegDefinition {
        line: record.line,
        commodity: target,
        is_target: true,
        is_required: is_target_required,
        ratio: record.number(s::TARGET_RATIO, 4).unwrap_or(Decimal::ONE),
        rates: Vec::new(),
    });
    let minimum_legs = record.small(s::MINIMUM_LEGS).filter(|legs| *legs > 0).unwrap_or(MINIMUM_LEGS);
    Some(ScanningSpreadDefinition {
        line: record.line,
        is_super,
        priority,
        minimum_legs,
        is_target_required,
        rates,
        legs: own,
    })
}
