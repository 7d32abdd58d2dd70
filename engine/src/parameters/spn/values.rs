//! Values that every section has: names, codes, periods, methods, rates.

use std::io::BufRead;

use super::cursor::{Cursor, Stop, TextOrChild};
use super::element::Element;
use crate::contract::Period;
use crate::parameters::definition::{LevelRate, Side};
use crate::types::{Code, Decimal, DecimalError, Kind};

/// The longest name kept.
const TEXT_LIMIT: usize = 256;

/// A name or other free text of bounded length.
pub(super) fn short_text<R: BufRead>(x: &mut Cursor<R>, element: Element) -> Result<String, Stop> {
    let text = x.text()?;
    if text.len() <= TEXT_LIMIT {
        return Ok(text.to_owned());
    }
    x.error(element, format!("longer than {TEXT_LIMIT} bytes"));
    Ok(String::new())
}

/// A code; `None` for a blank or faulty one.
pub(super) fn code<R: BufRead, K: Kind>(
    x: &mut Cursor<R>,
    element: Element,
) -> Result<Option<Code<K>>, Stop> {
    x.value_with(element, |text| Code::new(text).map_err(|e| e.to_string()))
}

/// Records that an element lacks a child.
pub(super) fn missing<R: BufRead>(x: &mut Cursor<R>, element: Element, child: Element) {
    x.error(element, format!("{} is missing or faulty", child.name()));
}

pub(super) fn period_of<R: BufRead>(x: &mut Cursor<R>, element: Element) -> Result<Option<Period>, Stop> {
    x.value_with(element, |text| Period::new(text).map_err(|e| e.to_string()))
}

/// Refuses a method that is not calculated, by name.
pub(super) fn only<R: BufRead>(x: &mut Cursor<R>, element: Element, calculated: &[&str]) -> Result<(), Stop> {
    let text = short_text(x, element)?;
    if !text.is_empty() && !calculated.contains(&text.as_str()) {
        x.error(
            element,
            format!("{text:?} is not calculated (only {}): the file is refused", calculated.join(", ")),
        );
    }
    Ok(())
}

pub(super) fn rate<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<LevelRate>, Stop> {
    let first = x.next_child()?;
    rate_from(x, first)
}

/// A rate whose first child has been entered.
fn rate_from<R: BufRead>(x: &mut Cursor<R>, first: Option<Element>) -> Result<Option<LevelRate>, Stop> {
    let (mut level, mut value) = (None, None);
    let mut next = first;
    while let Some(element) = next {
        match element {
            Element::R => level = x.whole(element)?,
            Element::Val => value = x.value(element)?,
            other => x.pass(other)?,
        }
        next = x.next_child()?;
    }
    let (Some(level), Some(value)) = (level, value) else {
        x.error(Element::Rate, "needs r and val");
        return Ok(None);
    };
    Ok(Some(LevelRate { level, value }))
}

/// The rate of a single leg: for a level as elsewhere, or a bare number for the base level.
pub(super) fn leg_rate<R: BufRead>(x: &mut Cursor<R>, base_level: u32) -> Result<Option<LevelRate>, Stop> {
    match x.text_or_child()? {
        TextOrChild::Child(first) => rate_from(x, Some(first)),
        TextOrChild::Text(text) => {
            let value = text.parse().map_err(|error: DecimalError| {
                let shown: String = text.chars().take(40).collect();
                x.error(Element::Rate, format!("{shown:?}: {error}"));
            });
            Ok(value.ok().map(|value: Decimal| LevelRate { level: base_level, value }))
        }
    }
}

/// Whether the delta of an option on a physical sits in the option's own period.
pub(super) fn delta_by_period<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<bool>, Stop> {
    x.value_with(Element::OopDeltaMeth, |text| match text {
        "PERIOD" => Ok(true),
        "UNDERLYING" => Ok(false),
        _ => Err("expected PERIOD or UNDERLYING".to_owned()),
    })
}

/// A setting that the method does not use: named, so that nobody takes it for used.
pub(super) fn unused<R: BufRead>(x: &mut Cursor<R>, element: Element) -> Result<(), Stop> {
    let (line, text) = (x.line(), short_text(x, element)?);
    if !text.is_empty() {
        x.diagnostics.warning(line, element.name(), format!("{text:?} is not used"));
    }
    Ok(())
}

pub(super) fn side<R: BufRead>(x: &mut Cursor<R>, element: Element) -> Result<Option<Side>, Stop> {
    x.value_with(element, |text| match text {
        "A" => Ok(Side::A),
        "B" => Ok(Side::B),
        _ => Err("expected A or B".to_owned()),
    })
}
