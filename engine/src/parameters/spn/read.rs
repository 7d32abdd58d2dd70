//! The reader's way through a file, from `spanFile` to `clearingOrg`.

use std::io::BufRead;

use super::cursor::{Cursor, Stop};
use super::element::Element;
use super::{commodities, header, products, spreads, values};
use crate::parameters::definition::Definition;
use crate::parameters::reading::{ReadError, Reading};

/// Reads a risk-parameter file in XML, file format 4.00, in one pass over the bytes.
///
/// # Errors
/// [`ReadError::Io`] when the source fails, [`ReadError::Refused`] with all findings when the file cannot be trusted.
pub fn read(source: impl BufRead) -> Result<Reading, ReadError> {
    let mut cursor = Cursor::new(source);
    let mut definition = Definition { base_level: 1, ..Definition::default() };
    let outcome = document(&mut cursor, &mut definition);
    if let Some(error) = cursor.io_error.take() {
        return Err(ReadError::Io(error));
    }
    // What follows a structural fault is not read: whoever sends it hears of the fault at once.
    if outcome.is_err() || cursor.diagnostics.refuses() {
        return Err(ReadError::Refused(cursor.diagnostics));
    }
    let (digest, diagnostics) = cursor.into_digest();
    Ok(Reading { definition, digest: digest?, diagnostics })
}

fn document<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    let mut roots = 0;
    while let Some(element) = x.next_child()? {
        roots += 1;
        if element == Element::SpanFile && roots == 1 {
            span_file(x, definition)?;
        } else {
            x.error(Element::SpanFile, "expected one spanFile element and nothing else");
            x.skip()?;
        }
    }
    if roots == 0 {
        x.error(Element::SpanFile, "the file holds no spanFile element");
    }
    Ok(())
}

fn span_file<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    let (mut formats, mut points_in_time) = (0, 0);
    while let Some(element) = x.next_child()? {
        match element {
            Element::FileFormat => {
                formats += 1;
                if x.text()? != "4.00" {
                    x.error(element, "only file format 4.00 is read");
                }
            }
            Element::Created => definition.created = values::short_text(x, element)?,
            Element::Definitions => header::definitions(x, definition)?,
            Element::PointInTime => {
                points_in_time += 1;
                if points_in_time > 1 {
                    x.error(element, "a second point in time: one file is to hold one");
                    x.skip()?;
                } else {
                    point_in_time(x, definition)?;
                }
            }
            other => x.pass(other)?,
        }
    }
    if formats == 0 {
        x.error(Element::FileFormat, "is missing");
    }
    if points_in_time == 0 {
        x.error(Element::PointInTime, "is missing");
    }
    Ok(())
}

fn point_in_time<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    definition.lines.point_in_time = x.line();
    let mut clearing_organisations = 0;
    while let Some(element) = x.next_child()? {
        match element {
            Element::Date => definition.business_date = x.value(element)?,
            Element::IsSetl => definition.is_settlement = x.flag(element)?.unwrap_or(false),
            Element::SetlQualifier => definition.settlement_qualifier = values::short_text(x, element)?,
            Element::Run => definition.run = x.whole(element)?.unwrap_or(0),
            Element::ClearingOrg => {
                clearing_organisations += 1;
                if clearing_organisations > 1 {
                    x.error(element, "a second clearing organisation: one file is to hold one");
                    x.skip()?;
                } else {
                    clearing_organisation(x, definition)?;
                }
            }
            other => x.pass(other)?,
        }
    }
    if clearing_organisations == 0 {
        x.error(Element::ClearingOrg, "is missing");
    }
    Ok(())
}

fn clearing_organisation<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    definition.lines.clearing_organisation = x.line();
    while let Some(element) = x.next_child()? {
        match element {
            Element::Ec => definition.house = values::code(x, element)?,
            Element::Name => definition.house_name = values::short_text(x, element)?,
            Element::OopDeltaMeth => {
                definition.option_delta_by_period = values::delta_by_period(x)?.unwrap_or(false)
            }
            Element::IsNetMargin => x.skip()?,
            Element::CapAnov => definition.cap_option_value = x.flag(element)?.unwrap_or(false),
            Element::CurConv => header::conversion(x, definition)?,
            Element::PbRateDef => header::level(x, definition)?,
            Element::PointDef => header::points(x, definition)?,
            Element::Exchange => products::exchange(x, definition)?,
            Element::CcDef => commodities::commodity(x, definition)?,
            Element::InterSpreads => spreads::inter_spreads(x, definition, false)?,
            Element::SuperSpreads => spreads::inter_spreads(x, definition, true)?,
            Element::InterClearSpreads => spreads::clear_spreads(x, definition, false)?,
            Element::SuperInterClearSpreads => spreads::clear_spreads(x, definition, true)?,
            other => x.pass(other)?,
        }
    }
    Ok(())
}
