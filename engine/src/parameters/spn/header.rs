//! Definitions, conversions, requirement levels and scan points.

use std::io::BufRead;

use super::cursor::{Cursor, Stop};
use super::element::Element;
use super::values::{code, missing, short_text};
use crate::parameters::definition::{
    AccountTypeDefinition, ConversionDefinition, CurrencyDefinition, Definition, LevelDefinition,
};
use crate::scenario::{DeltaPoint, ScanFraction, ScanPoint, ScanPoints};
use crate::types::Decimal;

pub(super) fn definitions<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    while let Some(element) = x.next_child()? {
        match element {
            Element::CurrencyDef => currency(x, definition)?,
            Element::AcctTypeDef => account_type(x, definition)?,
            other => x.pass(other)?,
        }
    }
    Ok(())
}

fn currency<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    x.list()?;
    let (mut currency, mut symbol, mut name, mut places) = (None, String::new(), String::new(), 2);
    while let Some(element) = x.next_child()? {
        match element {
            Element::Currency => currency = code(x, element)?,
            Element::Symbol => symbol = short_text(x, element)?,
            Element::Name => name = short_text(x, element)?,
            Element::DecimalPos => places = x.whole(element)?.unwrap_or(2),
            other => x.pass(other)?,
        }
    }
    match currency {
        Some(currency) => definition.currencies.push(CurrencyDefinition { currency, symbol, name, places }),
        None => missing(x, Element::CurrencyDef, Element::Currency),
    }
    Ok(())
}

fn account_type<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    x.list()?;
    let mut account_type = AccountTypeDefinition {
        is_customer: false,
        code: String::new(),
        name: String::new(),
        is_net: true,
        priority: 0,
    };
    while let Some(element) = x.next_child()? {
        match element {
            Element::IsCust => account_type.is_customer = x.flag(element)?.unwrap_or(false),
            Element::AcctType => account_type.code = short_text(x, element)?,
            Element::Name => account_type.name = short_text(x, element)?,
            Element::IsNetMargin => account_type.is_net = x.flag(element)?.unwrap_or(true),
            Element::Priority => account_type.priority = x.whole(element)?.unwrap_or(0),
            other => x.pass(other)?,
        }
    }
    definition.account_types.push(account_type);
    Ok(())
}

pub(super) fn conversion<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    x.list()?;
    let line = x.line();
    let (mut from, mut to, mut factor) = (None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::FromCur => from = code(x, element)?,
            Element::ToCur => to = code(x, element)?,
            Element::Factor => factor = x.value(element)?,
            other => x.pass(other)?,
        }
    }
    match (from, to, factor) {
        (Some(from), Some(to), Some(factor)) => {
            definition.conversions.push(ConversionDefinition { line, from, to, factor });
        }
        (None, _, _) => missing(x, Element::CurConv, Element::FromCur),
        (_, None, _) => missing(x, Element::CurConv, Element::ToCur),
        (_, _, None) => missing(x, Element::CurConv, Element::Factor),
    }
    Ok(())
}

pub(super) fn level<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    x.list()?;
    let line = x.line();
    let (mut number, mut is_customer, mut is_maintenance) = (None, false, None);
    let (mut account_type, mut class) = (String::new(), String::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::R => number = x.whole(element)?,
            Element::IsCust => is_customer = x.flag(element)?.unwrap_or(false),
            Element::AcctType => account_type = short_text(x, element)?,
            Element::IsM => is_maintenance = x.flag(element)?,
            Element::Pbc => class = short_text(x, element)?,
            other => x.pass(other)?,
        }
    }
    match (number, is_maintenance) {
        (Some(level), Some(is_maintenance)) => definition.levels.push(LevelDefinition {
            line,
            level,
            is_customer,
            account_type,
            is_maintenance,
            class,
        }),
        (None, _) => missing(x, Element::PbRateDef, Element::R),
        (_, None) => missing(x, Element::PbRateDef, Element::IsM),
    }
    Ok(())
}

/// Scan points. Arrays and rates are read for the level of the first set; a second set belongs to another level.
pub(super) fn points<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    let (line, mut level) = (x.line(), None);
    let (mut points, mut delta_points) = (Vec::new(), Vec::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::R => level = x.whole(element)?,
            Element::ScanPointDef => points.extend(point(x, element)?.and_then(PointText::scan_point)),
            Element::DeltaPointDef => delta_points.extend(point(x, element)?.map(PointText::delta_point)),
            other => x.pass(other)?,
        }
        if points.len().max(delta_points.len()) > ScanPoints::MOST {
            x.error(Element::PointDef, format!("more than {} points", ScanPoints::MOST));
            points.clear();
            delta_points.clear();
        }
    }
    if definition.points.is_empty() {
        definition.lines.points = line;
        definition.points = points;
        definition.delta_points = delta_points;
        definition.base_level = level.unwrap_or(1);
    } else {
        x.error(Element::PointDef, "scan points of a second level: arrays of one level are read");
    }
    Ok(())
}

/// A scan point or a delta point, which has no pair.
struct PointText {
    number: u8,
    price: ScanFraction,
    volatility: ScanFraction,
    weight: Decimal,
    paired: Option<u8>,
}

impl PointText {
    fn scan_point(self) -> Option<ScanPoint> {
        let Self { number, price, volatility, weight, paired } = self;
        Some(ScanPoint { number, price, volatility, weight, paired: paired? })
    }

    fn delta_point(self) -> DeltaPoint {
        let Self { number, price, volatility, weight, .. } = self;
        DeltaPoint { number, price, volatility, weight }
    }
}

fn point<R: BufRead>(x: &mut Cursor<R>, own: Element) -> Result<Option<PointText>, Stop> {
    x.list()?;
    let (mut number, mut price, mut volatility, mut weight, mut paired) = (None, None, None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::Point => number = x.whole(element)?,
            Element::PriceScanDef => price = fraction(x)?,
            Element::VolScanDef => volatility = fraction(x)?,
            Element::Weight => weight = x.value(element)?,
            Element::PairedPoint => paired = x.whole(element)?,
            other => x.pass(other)?,
        }
    }
    let weight = weight.unwrap_or(Decimal::ONE);
    let lacks_pair = own == Element::ScanPointDef && paired.is_none();
    match (number, price, volatility) {
        (Some(number), Some(price), Some(volatility)) if !lacks_pair => {
            Ok(Some(PointText { number, price, volatility, weight, paired }))
        }
        _ => {
            x.error(own, "needs point, priceScanDef and volScanDef, and a scan point pairedPoint");
            Ok(None)
        }
    }
}

fn fraction<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<ScanFraction>, Stop> {
    let (mut multiplier, mut numerator, mut denominator) = (None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::Mult => multiplier = x.value(element)?,
            Element::Numerator => numerator = x.value(element)?,
            Element::Denominator => denominator = x.value(element)?,
            other => x.pass(other)?,
        }
    }
    let Some(multiplier) = multiplier else { return Ok(None) };
    Ok(Some(ScanFraction {
        multiplier,
        numerator: numerator.unwrap_or(multiplier),
        denominator: denominator.unwrap_or(Decimal::ONE),
    }))
}
