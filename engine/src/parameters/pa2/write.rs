//! The writer: a definition as a positional file, by the same table of columns as the reader, the same bytes for the same
//! definition; or everything in it that the format cannot hold.

mod commodities;
mod line;
mod products;

use std::io::{self, Write};

use thiserror::Error;

use super::assembly::points;
use super::columns::{conversion as t, exchange, header as h};
use super::header::LEVELS;
use crate::parameters::definition::Definition;
use line::Page;

/// Why a definition was not written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The target did not take the bytes.
    #[error("the file could not be written: {0}")]
    Io(#[from] io::Error),
    /// The format cannot hold it: everything that it cannot hold is listed, and nothing was written.
    #[error("the positional format cannot hold: {}", .0.join("; "))]
    Inexpressible(Vec<String>),
}

/// Writes a definition as a positional file (`.pa2`, expanded and unpacked).
///
/// Names of currencies, account types and the house, and how composite deltas were weighted, have no place in the format.
///
/// # Errors
/// [`WriteError::Inexpressible`] for a definition that would not be read back as it is, [`WriteError::Io`] of the target.
pub fn write(definition: &Definition, mut target: impl Write) -> Result<(), WriteError> {
    let mut page = Page::default();
    header(definition, &mut page);
    let mut exchanges: Vec<_> = definition.families.iter().map(|family| &family.exchange).collect();
    exchanges.sort();
    exchanges.dedup();
    for code in exchanges {
        page.record("1 ", "exchange", |line| line.text(exchange::EXCHANGE, code));
    }
    let index = products::Index::new(definition);
    for commodity in &definition.commodities {
        commodities::commodity(definition, commodity, &mut page);
    }
    for family in &definition.families {
        products::family(definition, family, &index, &mut page);
    }
    commodities::spreads(definition, &mut page);
    if !definition.clear_spreads.is_empty() {
        page.faults.push("spreads with other clearing organisations".to_owned());
    }
    if !page.faults.is_empty() {
        return Err(WriteError::Inexpressible(page.faults));
    }
    target.write_all(&page.bytes)?;
    target.flush()?;
    Ok(())
}

fn header(definition: &Definition, page: &mut Page) {
    let is_customer = definition.levels.iter().all(|level| level.is_customer);
    let is_reserve = definition.levels.iter().any(|level| level.class == "RESRV");
    page.record("0 ", "header", |line| {
        match &definition.house {
            Some(house) => line.text(h::HOUSE, house),
            None => line.fault("the house is missing"),
        }
        match definition.business_date {
            Some(date) => line.text(h::DATE, date.compact()),
            None => line.fault("the business date is missing"),
        }
        line.text(h::SETTLEMENT, if definition.is_settlement { 'S' } else { 'I' });
        let qualifier = match definition.settlement_qualifier.as_str() {
            "early" => "E",
            "final" => "F",
            "complete" => "C",
            other => other,
        };
        line.text(h::QUALIFIER, qualifier);
        match definition.created.split_at_checked(8) {
            Some((date, time)) => {
                line.text(h::CREATED, date);
                line.text(h::CREATED_TIME, time);
            }
            None => line.text(h::CREATED, &definition.created),
        }
        if !definition.created.bytes().all(|byte| byte.is_ascii_digit()) {
            line.fault("the creation time is to be digits");
        }
        line.text(h::FORMAT, "U2");
        line.text(h::CAP_OPTION_VALUE, if definition.cap_option_value { 'Y' } else { 'N' });
        line.text(h::AGREEMENT, "CLR");
        line.text(h::CLEARING, if is_customer { 'C' } else { 'A' });
        line.text(h::CLEARING_NAME, if is_customer { "CUST" } else { "CLR" });
        line.text(h::ACCOUNT, if is_customer { 'H' } else { 'N' });
        line.text(h::CLASS, if is_reserve { '2' } else { '1' });
        line.text(h::CLASS_NAME, if is_reserve { "RESRV" } else { "CORE" });
        line.text(h::REQUIREMENT, 'M');
        line.text(h::REQUIREMENT_NAME, "MAINT");
        if definition.run > 0 || definition.is_asymmetric {
            line.fault("a number of the run or asymmetric scan ranges");
        }
    });
    let levels = definition.levels.iter().map(|l| (l.level, l.account_type.as_str(), l.is_maintenance));
    let class = if is_reserve { "RESRV" } else { "CORE" };
    let is_uniform =
        definition.levels.iter().all(|level| level.is_customer == is_customer && level.class == class);
    if !levels.eq(LEVELS) || !is_uniform || definition.base_level != 1 {
        page.fault(
            "requirement levels",
            "others than maintenance and initial of hedgers, speculators, members",
        );
    }
    let extreme = definition.points.get(14).map(|point| (point.price.multiplier, point.weight));
    if definition.points != points(extreme) {
        page.fault("scan points", "others than the sixteen standard ones");
    }
    for conversion in &definition.conversions {
        page.record("T ", "conversion", |line| {
            line.text(t::FROM, &conversion.from);
            line.text(t::TO, &conversion.to);
            line.number(t::FACTOR, conversion.factor, 6);
        });
    }
}
