//! Delta spreads and their legs.

use std::io::BufRead;

use super::cursor::{Cursor, Stop};
use super::element::Element;
use super::values::{code, only, period_of, rate};
use crate::parameters::definition::{
    ChargeMethod, Definition, LegDefinition, LegPlace, Side, SpreadDefinition,
};

pub(super) fn inter_spreads<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    while let Some(element) = x.next_child()? {
        match element {
            Element::DSpread => definition.inter_spreads.extend(spread(x)?),
            other => x.pass(other)?,
        }
    }
    Ok(())
}

pub(super) fn spread<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<SpreadDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut priority, mut charge, mut rates, mut legs) = (None, None, Vec::new(), Vec::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::Spread => priority = x.whole(element)?,
            Element::SpreadType => only(x, element, &["DEFAULT"])?,
            Element::ChargeMeth => {
                charge = x.value_with(element, |text| match text {
                    "F" => Ok(ChargeMethod::Flat),
                    "W" => Ok(ChargeMethod::WeightedPriceRisk),
                    _ => Err("this charge method is not calculated: the file is refused".to_owned()),
                })?;
            }
            Element::Rate => rates.extend(rate(x)?),
            Element::TLeg | Element::PLeg => legs.extend(leg(x, element)?),
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
    Ok(Some(SpreadDefinition { line, priority, charge, rates, legs }))
}

fn leg<R: BufRead>(x: &mut Cursor<R>, own: Element) -> Result<Option<LegDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut commodity, mut tier, mut period, mut side, mut ratio) = (None, None, None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::Cc => commodity = code(x, element)?,
            Element::Tn => tier = x.whole(element)?,
            Element::Pe => period = period_of(x, element)?,
            Element::Rs => {
                side = x.value_with(element, |text| match text {
                    "A" => Ok(Side::A),
                    "B" => Ok(Side::B),
                    _ => Err("expected A or B".to_owned()),
                })?;
            }
            Element::I => ratio = x.value(element)?,
            Element::Rate => {
                x.error(element, "a rate of a single leg is not calculated: the file is refused");
                x.skip()?;
            }
            other => x.pass(other)?,
        }
    }
    let place = match own {
        Element::PLeg => period.map(LegPlace::Period),
        _ => tier.map(LegPlace::Tier),
    };
    let (Some(commodity), Some(place), Some(side), Some(ratio)) = (commodity, place, side, ratio) else {
        x.error(own, "needs cc, rs, i, and tn or pe");
        return Ok(None);
    };
    Ok(Some(LegDefinition { line, commodity, place, side, ratio }))
}
