//! The header, currency conversions, and the requirement levels that the format implies.

use super::columns::{conversion as t, header as h};
use super::record::Record;
use crate::parameters::definition::{ConversionDefinition, Definition, LevelDefinition};
use crate::parameters::diagnostic::Diagnostics;

/// The levels of every file: number, account type, whether maintenance. Arrays and rates are for the first.
pub(super) const LEVELS: [(u32, &str, bool); 6] =
    [(1, "H", true), (2, "H", false), (3, "S", true), (4, "S", false), (5, "M", true), (6, "M", false)];

/// Reads record `0`; `false` where the rest of the file has another layout than the one that is read.
pub(super) fn header(
    record: &Record<'_>,
    definition: &mut Definition,
    diagnostics: &mut Diagnostics,
) -> bool {
    if record.key(h::FORMAT) != Some("U2") {
        let message = match record.key(h::FORMAT) {
            Some("UP") => "the Paris variant is not read, only the expanded unpacked format U2",
            _ => "only the expanded unpacked format U2 is read",
        };
        record.error(h::FORMAT, message, diagnostics);
        return false;
    }
    if !record.check(h::ALL, 0, diagnostics) {
        return true;
    }
    definition.lines.point_in_time = record.line;
    definition.lines.clearing_organisation = record.line;
    definition.base_level = 1;
    definition.house = record.code(h::HOUSE, diagnostics);
    definition.business_date = record.text(h::DATE).parse().ok();
    if definition.business_date.is_none() {
        record.error(h::DATE, "expected a date CCYYMMDD", diagnostics);
    }
    definition.is_settlement = match record.letter(h::SETTLEMENT) {
        'S' => true,
        'I' => false,
        _ => {
            record.error(h::SETTLEMENT, "expected S settlement or I intraday", diagnostics);
            false
        }
    };
    definition.settlement_qualifier = match record.text(h::QUALIFIER).as_str() {
        "E" => "early".to_owned(),
        "F" => "final".to_owned(),
        "C" => "complete".to_owned(),
        other => other.to_owned(),
    };
    definition.created = record.text(h::CREATED) + &record.text(h::CREATED_TIME);
    definition.cap_option_value = record.letter(h::CAP_OPTION_VALUE) == 'Y';
    levels(record, definition, diagnostics);
    true
}

/// Every file gives maintenance and initial of hedgers, speculators and members by two factors and two ratios each.
fn levels(record: &Record<'_>, definition: &mut Definition, diagnostics: &mut Diagnostics) {
    if record.letter(h::REQUIREMENT) == 'I' || record.text(h::REQUIREMENT_NAME) == "INIT" {
        let message = "arrays for initial requirements are not calculated, only those for maintenance";
        record.error(h::REQUIREMENT, message, diagnostics);
    }
    let is_customer = record.letter(h::CLEARING) != 'A';
    let account = record.letter(h::ACCOUNT);
    if !matches!((is_customer, account), (true, ' ' | 'H') | (false, ' ' | 'N')) {
        let message = format!("arrays and rates are for account type {account}, taken for all account types");
        diagnostics.warning(record.line, record.id, message);
    }
    let is_reserve = record.letter(h::CLASS) == '2' || record.text(h::CLASS_NAME) == "RESRV";
    definition.levels = LEVELS
        .map(|(level, account_type, is_maintenance)| LevelDefinition {
            line: record.line,
            level,
            is_customer,
            account_type: account_type.to_owned(),
            is_maintenance,
            class: if is_reserve { "RESRV" } else { "CORE" }.to_owned(),
        })
        .to_vec();
}

/// Record `T`. A rate of a currency to itself says nothing.
pub(super) fn conversion(record: &Record<'_>, definition: &mut Definition, diagnostics: &mut Diagnostics) {
    if !record.check(t::ALL, 0, diagnostics) {
        return;
    }
    let (from, to) = (record.code(t::FROM, diagnostics), record.code(t::TO, diagnostics));
    let Some(factor) = record.number(t::FACTOR, 6).filter(|factor| factor.is_positive()) else {
        record.error(t::FACTOR, "a factor greater than zero is missing", diagnostics);
        return;
    };
    if let (Some(from), Some(to)) = (from, to)
        && from != to
    {
        definition.conversions.push(ConversionDefinition { line: record.line, from, to, factor });
    }
}
