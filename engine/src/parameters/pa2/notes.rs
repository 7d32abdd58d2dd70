//! Records that are read and checked, and that no margin is calculated from.

use std::collections::BTreeMap;

use super::columns::{
    alias, combination_method, combination_options, debt, debt_description, debt_terms, exchange, group,
    value_maintenance,
};
use super::record::Record;
use crate::parameters::definition::CombinationMethod;
use crate::parameters::diagnostic::Diagnostics;
use crate::types::ProductCode;

/// The most unknown record ids that are named.
const UNKNOWN_LIMIT: usize = 100;

/// How many records are not used, by what they are.
#[derive(Default)]
pub(super) struct Notes {
    unused: BTreeMap<&'static str, (u64, u64)>,
    unknown: BTreeMap<String, u64>,
    groups: BTreeMap<String, u64>,
}

impl Notes {
    /// Reads a record that is not used further.
    pub(super) fn read(&mut self, record: &Record<'_>, diagnostics: &mut Diagnostics) {
        match record.id {
            "1" => {
                record.check(exchange::ALL, 0, diagnostics);
            }
            "5" => {
                let codes = (0..10).map(|index| group::FIRST_COMMODITY.moved(6 * index));
                let fields: Vec<_> = std::iter::once(group::GROUP).chain(codes).collect();
                record.check(&fields, 0, diagnostics);
            }
            "R" => {
                record.check(alias::ALL, 0, diagnostics);
                self.unused("R: aliases of products", record);
            }
            "V" => {
                record.check(value_maintenance::ALL, 0, diagnostics);
                self.unused("V: value maintenance", record);
            }
            "91" | "92" => {
                let rest = if record.id == "91" { debt_terms::ALL } else { debt_description::ALL };
                record.check(debt::ALL, 0, diagnostics);
                record.check(rest, 0, diagnostics);
                self.unused("91 and 92: debt instruments", record);
            }
            "Y" => {
                record.check(combination_options::ALL, 0, diagnostics);
            }
            _ => self.unknown(record, diagnostics),
        }
    }

    fn unused(&mut self, what: &'static str, record: &Record<'_>) {
        self.unused.entry(what).or_insert((record.line, 0)).1 += 1;
    }

    fn unknown(&mut self, record: &Record<'_>, diagnostics: &mut Diagnostics) {
        if self.unknown.contains_key(record.id) {
            return;
        }
        match self.unknown.len() {
            UNKNOWN_LIMIT.. => return,
            count if count + 1 == UNKNOWN_LIMIT => {
                record.fault(format!("more than {UNKNOWN_LIMIT} unknown record ids"), diagnostics);
            }
            _ => diagnostics.warning(record.line, record.id, "this kind of record is not known: not used"),
        }
        self.unknown.insert(record.id.to_owned(), record.line);
    }

    /// Notes a group that a spread is limited to.
    pub(super) fn group(&mut self, group: &str, line: u64) {
        if !group.is_empty() && group != "ALL" {
            self.groups.entry(group.to_owned()).or_insert(line);
        }
    }

    /// Says once what is not used, and how often it stands in the file.
    pub(super) fn report(&self, diagnostics: &mut Diagnostics) {
        for (what, (line, count)) in &self.unused {
            let (id, what) = what.split_once(": ").unwrap_or(("", what));
            diagnostics.warning(*line, id, format!("{what}: not used ({count} records)"));
        }
        for (group, line) in self.groups.iter().take(UNKNOWN_LIMIT) {
            let message = format!("spreads of group {group} are given to every account");
            diagnostics.warning(*line, "6", message);
        }
    }
}

/// Record `X`: what becomes of the combinations of a product.
pub(super) fn combination_method_of(
    record: &Record<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<(ProductCode, CombinationMethod)> {
    use combination_method as x;
    if !record.check(x::ALL, 0, diagnostics) {
        return None;
    }
    let product = record.code(x::PRODUCT, diagnostics)?;
    match combination_letter(record.letter(x::METHOD)) {
        Some(method) => Some((product, method)),
        None => {
            let message = format!("{product}: the method is neither S, D nor M: not used");
            diagnostics.warning(record.line, record.id, message);
            None
        }
    }
}

/// What becomes of combinations, by the letter of records `2` and `X`.
pub(super) const fn combination_letter(letter: char) -> Option<CombinationMethod> {
    match letter {
        'S' => Some(CombinationMethod::Split),
        'D' => Some(CombinationMethod::DeltaSplit),
        'M' => Some(CombinationMethod::ModifiedSplit),
        _ => None,
    }
}
