//! Spreads and their legs.

use std::io::BufRead;

use super::cursor::{Cursor, Stop};
use super::element::Element;
use super::values::{code, leg_rate, missing, only, period_of, rate, side};
use crate::parameters::definition::{
    AwayLegDefinition, ChargeMethod, ClearSpreadDefinition, Definition, LegDefinition, LegPlace, MonthRate,
    ScanningLegDefinition, ScanningSpreadDefinition, SpreadDefinition,
};
use crate::types::Decimal;

pub(super) fn inter_spreads<R: BufRead>(
    x: &mut Cursor<R>,
    definition: &mut Definition,
    is_super: bool,
) -> Result<(), Stop> {
    while let Some(element) = x.next_child()? {
        match element {
            Element::DSpread if is_super => {
                definition.super_spreads.extend(spread(x, definition.base_level)?)
            }
            Element::DSpread => definition.inter_spreads.extend(spread(x, definition.base_level)?),
            Element::SSpread => {
                definition.scanning_spreads.extend(scanning_spread(x, is_super, definition.base_level)?)
            }
            other => x.pass(other)?,
        }
    }
    Ok(())
}

pub(super) fn spread<R: BufRead>(
    x: &mut Cursor<R>,
    base_level: u32,
) -> Result<Option<SpreadDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut priority, mut charge, mut rates, mut legs) = (None, None, Vec::new(), Vec::new());
    let mut month_rates = Vec::new();
    while let Some(element) = x.next_child()? {
        match element {
            Element::Spread => priority = x.whole(element)?,
            Element::SpreadType => only(x, element, &["DEFAULT"])?,
            Element::ChargeMeth => {
                charge = x.value_with(element, |text| match text {
                    "F" => Ok(ChargeMethod::Flat),
                    "W" => Ok(ChargeMethod::WeightedPriceRisk),
                    "P" => Ok(ChargeMethod::PerMonth),
                    _ => Err("this charge method is not calculated: the file is refused".to_owned()),
                })?;
            }
            Element::Rate => rates.extend(rate(x)?),
            Element::PmpsRate => month_rates.extend(month_rate(x)?),
            Element::TLeg | Element::PLeg => legs.extend(leg(x, element, base_level)?),
            Element::DSpread => {
                x.error(element, "a spread inside a spread is not calculated: the file is refused");
                x.skip()?;
            }
            other => x.pass(other)?,
        }
    }
    let (Some(priority), Some(charge)) = (priority, charge) else {
        x.error(Element::DSpread, "needs spread and chargeMeth");
        return Ok(None);
    };
    Ok(Some(SpreadDefinition { line, priority, charge, rates, month_rates, legs }))
}

fn leg<R: BufRead>(x: &mut Cursor<R>, own: Element, base_level: u32) -> Result<Option<LegDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut commodity, mut tier, mut period, mut own_side, mut ratio) = (None, None, None, None, None);
    let mut rates = Vec::new();
    while let Some(element) = x.next_child()? {
        match element {
            Element::Cc => commodity = code(x, element)?,
            Element::Tn => tier = x.whole(element)?,
            Element::Pe => period = period_of(x, element)?,
            Element::Rs => own_side = side(x, element)?,
            Element::I => ratio = x.value(element)?,
            Element::Rate => rates.extend(leg_rate(x, base_level)?),
            other => x.pass(other)?,
        }
    }
    let place = match own {
        Element::PLeg => period.map(LegPlace::Period),
        _ => tier.map(LegPlace::Tier),
    };
    let (Some(commodity), Some(place), Some(side), Some(ratio)) = (commodity, place, own_side, ratio) else {
        x.error(own, "needs cc, rs, i, and tn or pe");
        return Ok(None);
    };
    Ok(Some(LegDefinition { line, commodity, place, side, ratio, rates }))
}

pub(super) fn clear_spreads<R: BufRead>(
    x: &mut Cursor<R>,
    definition: &mut Definition,
    is_super: bool,
) -> Result<(), Stop> {
    while let Some(element) = x.next_child()? {
        match element {
            Element::ClearSpread => {
                definition.clear_spreads.extend(clear_spread(x, is_super, definition.base_level)?)
            }
            other => x.pass(other)?,
        }
    }
    Ok(())
}

fn clear_spread<R: BufRead>(
    x: &mut Cursor<R>,
    is_super: bool,
    base_level: u32,
) -> Result<Option<ClearSpreadDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut priority, mut legs, mut away) = (None, Vec::new(), Vec::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::Spread => priority = x.whole(element)?,
            Element::HomeLeg => legs.extend(leg(x, element, base_level)?),
            Element::AwayLeg => away.extend(away_leg(x)?),
            other => x.pass(other)?,
        }
    }
    let Some(priority) = priority else {
        missing(x, Element::ClearSpread, Element::Spread);
        return Ok(None);
    };
    let home = SpreadDefinition {
        line,
        priority,
        charge: ChargeMethod::WeightedPriceRisk,
        rates: Vec::new(),
        month_rates: Vec::new(),
        legs,
    };
    Ok(Some(ClearSpreadDefinition { is_super, home, away }))
}

fn away_leg<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<AwayLegDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut house, mut commodity, mut tier, mut own_side, mut ratio) = (None, None, None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::Ec => house = code(x, element)?,
            Element::Cc => commodity = code(x, element)?,
            Element::Tn => tier = x.whole(element)?,
            Element::Rs => own_side = side(x, element)?,
            Element::I => ratio = x.value(element)?,
            other => x.pass(other)?,
        }
    }
    let (Some(house), Some(commodity), Some(tier), Some(side), Some(ratio)) =
        (house, commodity, tier, own_side, ratio)
    else {
        x.error(Element::AwayLeg, "needs ec, cc, tn, rs and i");
        return Ok(None);
    };
    Ok(Some(AwayLegDefinition { line, house, commodity, tier, side, ratio }))
}

/// Months are charged by `psRate` and `pmRate`; `val` states neither.
fn month_rate<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<MonthRate>, Stop> {
    let (mut level, mut spread, mut month) = (None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::R => level = x.whole(element)?,
            Element::Val => x.skip()?,
            Element::PsRate => spread = x.value(element)?,
            Element::PmRate => month = x.value(element)?,
            other => x.pass(other)?,
        }
    }
    let (Some(level), Some(spread), Some(month)) = (level, spread, month) else {
        x.error(Element::PmpsRate, "needs r, psRate and pmRate");
        return Ok(None);
    };
    Ok(Some(MonthRate { level, spread, month }))
}

fn scanning_spread<R: BufRead>(
    x: &mut Cursor<R>,
    is_super: bool,
    base_level: u32,
) -> Result<Option<ScanningSpreadDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut priority, mut minimum_legs, mut is_target_required) = (None, 2, false);
    let (mut rates, mut legs) = (Vec::new(), Vec::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::Spread => priority = x.whole(element)?,
            Element::NumLegsReq => minimum_legs = x.whole(element)?.unwrap_or(minimum_legs),
            Element::IsTargetReq => is_target_required = x.flag(element)?.unwrap_or(false),
            Element::Rate => rates.extend(rate(x)?),
            Element::SLeg => legs.extend(scanning_leg(x, base_level)?),
            other => x.pass(other)?,
        }
    }
    let Some(priority) = priority else {
        missing(x, Element::SSpread, Element::Spread);
        return Ok(None);
    };
    Ok(Some(ScanningSpreadDefinition {
        line,
        is_super,
        priority,
        minimum_legs,
        is_target_required,
        rates,
        legs,
    }))
}

fn scanning_leg<R: BufRead>(
    x: &mut Cursor<R>,
    base_level: u32,
) -> Result<Option<ScanningLegDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut commodity, mut is_target, mut is_required) = (None, false, false);
    let (mut ratio, mut rates) = (Decimal::ONE, Vec::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::Cc => commodity = code(x, element)?,
            Element::IsTarget => is_target = x.flag(element)?.unwrap_or(false),
            Element::IsRequired => is_required = x.flag(element)?.unwrap_or(false),
            Element::I => ratio = x.value(element)?.unwrap_or(ratio),
            Element::Rate => rates.extend(leg_rate(x, base_level)?),
            other => x.pass(other)?,
        }
    }
    let Some(commodity) = commodity else {
        missing(x, Element::SLeg, Element::Cc);
        return Ok(None);
    };
    Ok(Some(ScanningLegDefinition { line, commodity, is_target, is_required, ratio, rates }))
}
