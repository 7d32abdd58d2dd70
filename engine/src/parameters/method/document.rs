//! A TOML document, walked key by key: every fault is noted with its line and path, and every key that nobody asked for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::parameters::{Diagnostic, Diagnostics};
use crate::types::{Decimal, Ratio};

/// Unknown keys are quoted up to here.
const MOST_QUOTED_CHARACTERS: usize = 40;

/// What is wrong with a document so far.
pub(super) struct Findings<'d> {
    text: &'d str,
    kept: RefCell<Diagnostics>,
}

impl<'d> Findings<'d> {
    pub(super) fn of(text: &'d str) -> Self {
        Self { text, kept: RefCell::default() }
    }

    pub(super) fn error(&self, at: usize, path: &str, message: impl Into<String>) {
        let mut kept = self.kept.borrow_mut();
        // Lines are counted for what is kept only: hostile files have more faults than that.
        let is_kept = kept.as_slice().len() < Diagnostics::MOST;
        let before = self.text.as_bytes().get(..at).filter(|_| is_kept).unwrap_or_default();
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64;
        kept.error(line, path, message);
    }

    /// All of it, in the order of the lines.
    pub(super) fn finish(self) -> Diagnostics {
        let kept = self.kept.into_inner();
        let mut sorted: Vec<Diagnostic> = kept.as_slice().to_vec();
        sorted.sort_by_key(|diagnostic| diagnostic.line);
        let mut all = Diagnostics::default();
        for own in sorted {
            all.error(own.line, &own.element, own.message);
        }
        all.add_dropped(kept.dropped());
        all
    }
}

/// Numbers from one to another, both included.
pub(super) type Range = (f64, f64);

/// A table of the document. Whoever is done with it calls [`Section::finish`].
pub(super) struct Section<'d> {
    path: String,
    at: usize,
    table: &'d DeTable<'d>,
    used: RefCell<BTreeSet<&'static str>>,
    /// A word on which all else depends is faulty: whether the other keys are known nobody can tell.
    is_given_up: Cell<bool>,
    findings: &'d Findings<'d>,
}

impl<'d> Section<'d> {
    pub(super) fn root(table: &'d Spanned<DeTable<'d>>, findings: &'d Findings<'d>) -> Self {
        Self::of(String::new(), table.span().start, table.get_ref(), findings)
    }

    const fn of(path: String, at: usize, table: &'d DeTable<'d>, findings: &'d Findings<'d>) -> Self {
        Self { path, at, table, used: RefCell::new(BTreeSet::new()), is_given_up: Cell::new(false), findings }
    }

    fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a fault of a key, or of the section where the key is absent.
    pub(super) fn fault(&self, key: &str, message: impl Into<String>) {
        let at = self.table.get(key).map_or(self.at, |value| value.span().start);
        self.findings.error(at, &self.path(key), message);
    }

    pub(super) fn has(&self, key: &'static str) -> bool {
        self.table.contains_key(key)
    }

    fn get(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.used.borrow_mut().insert(key);
        self.table.get(key)
    }

    fn required(&self, key: &'static str, is_required: bool) -> Option<&'d Spanned<DeValue<'d>>> {
        let found = self.get(key);
        if found.is_none() && is_required {
            self.fault(key, "is missing");
        }
        found
    }

    /// A number for a model.
    pub(super) fn number(&self, key: &'static str, range: Range, default: Option<f64>) -> f64 {
        let found = self.required(key, default.is_none());
        let own = found.and_then(|value| self.number_of(value, &self.path(key), range));
        own.or(default).unwrap_or(range.0)
    }

    /// A number that money is multiplied by, as it is written.
    pub(super) fn ratio(&self, key: &'static str, range: Range, default: Option<Ratio>) -> Ratio {
        let found = self.required(key, default.is_none());
        let own = found.and_then(|value| self.ratio_of(value, &self.path(key), range));
        own.or(default).unwrap_or(Ratio::ZERO)
    }

    pub(super) fn optional_ratio(&self, key: &'static str, range: Range) -> Option<Ratio> {
        self.has(key).then(|| self.ratio(key, range, None))
    }

    pub(super) fn optional_number(&self, key: &'static str, range: Range) -> Option<f64> {
        self.has(key).then(|| self.number(key, range, None))
    }

    fn number_of(&self, value: &Spanned<DeValue<'_>>, path: &str, range: Range) -> Option<f64> {
        let number = text_of_number(value.get_ref()).and_then(|text| text.parse::<f64>().ok());
        let within = number.filter(|number| range.0 <= *number && *number <= range.1);
        if within.is_none() {
            let found = if number.is_some() { "another" } else { value.get_ref().type_str() };
            let message = format!("expected a number from {} to {}, found {found}", range.0, range.1);
            self.findings.error(value.span().start, path, message);
        }
        within
    }

    fn ratio_of(&self, value: &Spanned<DeValue<'_>>, path: &str, range: Range) -> Option<Ratio> {
        self.number_of(value, path, range)?;
        let text = text_of_number(value.get_ref())?;
        // Numbers with an exponent are written out first.
        let plain = Decimal::parse(&text).or_else(|_| {
            let number: f64 = text.parse().unwrap_or(f64::NAN);
            Decimal::parse(&format!("{number}"))
        });
        let ratio = plain.ok().and_then(|decimal| Ratio::from_decimal(decimal).ok());
        if ratio.is_none() {
            self.findings.error(value.span().start, path, "expected at most 18 digits");
        }
        ratio
    }

    /// A list of numbers.
    pub(super) fn numbers(&self, key: &'static str, range: Range, most: usize) -> Vec<f64> {
        self.elements(key, most)
            .into_iter()
            .filter_map(|(path, value)| self.number_of(value, &path, range))
            .collect()
    }

    /// A number as it is written; zero where it is absent.
    pub(super) fn decimal(&self, key: &'static str, range: Range) -> Decimal {
        self.get(key)
            .and_then(|value| self.decimal_of(value, &self.path(key), range))
            .unwrap_or(Decimal::ZERO)
    }

    /// A list of numbers as they are written.
    pub(super) fn decimals(&self, key: &'static str, range: Range, most: usize) -> Vec<Decimal> {
        let own = self.elements(key, most).into_iter();
        own.filter_map(|(path, value)| self.decimal_of(value, &path, range)).collect()
    }

    fn decimal_of(&self, value: &Spanned<DeValue<'_>>, path: &str, range: Range) -> Option<Decimal> {
        self.number_of(value, path, range)?;
        let decimal = text_of_number(value.get_ref()).and_then(|text| Decimal::parse(&text).ok());
        if decimal.is_none() {
            self.findings.error(value.span().start, path, "expected digits and a point only");
        }
        decimal
    }

    /// A list of lists of numbers, each with as many as there are lists.
    pub(super) fn square(&self, key: &'static str, range: Range, side: usize) -> Vec<Vec<Ratio>> {
        let mut rows = Vec::new();
        let elements = self.elements(key, side);
        if elements.len() != side && self.has(key) {
            self.fault(key, format!("expected {side} rows, one for each source"));
        }
        for (path, value) in elements {
            let Some(cells) = value.get_ref().as_array() else {
                self.findings.error(value.span().start, &path, "expected a list of numbers");
                continue;
            };
            if cells.len() != side {
                self.findings.error(value.span().start, &path, format!("expected {side} numbers"));
            }
            let cell = |(place, cell): (usize, &'d Spanned<DeValue<'d>>)| {
                self.ratio_of(cell, &format!("{path}[{place}]"), range)
            };
            rows.push(cells.iter().take(side).enumerate().filter_map(cell).collect());
        }
        rows
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &'static str, most: usize) -> Vec<String> {
        let text = |(path, value): (String, &'d Spanned<DeValue<'d>>)| {
            let found = value.get_ref().as_str().map(str::to_owned);
            if found.is_none() {
                self.findings.error(value.span().start, &path, "expected text");
            }
            found
        };
        self.elements(key, most).into_iter().filter_map(text).collect()
    }

    fn elements(&self, key: &'static str, most: usize) -> Vec<(String, &'d Spanned<DeValue<'d>>)> {
        let Some(found) = self.get(key) else { return Vec::new() };
        let path = self.path(key);
        let Some(list) = found.get_ref().as_array() else {
            self.findings.error(found.span().start, &path, "expected a list");
            return Vec::new();
        };
        if list.len() > most {
            let message = format!("{} entries: at most {most} are allowed", list.len());
            self.findings.error(found.span().start, &path, message);
        }
        list.iter().take(most).enumerate().map(|(place, own)| (format!("{path}[{place}]"), own)).collect()
    }

    pub(super) fn flag(&self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.get(key) else { return default };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.fault(key, "expected true or false");
            default
        })
    }

    pub(super) fn text(&self, key: &'static str, default: Option<&str>) -> String {
        let found = self.required(key, default.is_none());
        let text = found.map(|value| value.get_ref().as_str());
        if text == Some(None) {
            self.fault(key, "expected text");
        }
        text.flatten().or(default).unwrap_or_default().to_owned()
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&str, T)],
        default: Option<T>,
    ) -> Option<T> {
        let found = self.required(key, default.is_none());
        let Some(value) = found else { return default };
        let word = value.get_ref().as_str();
        let own = words.iter().find(|(name, _)| Some(*name) == word).map(|(_, own)| *own);
        if own.is_none() {
            let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
            self.fault(key, format!("expected one of {}", names.join(", ")));
        }
        own.or(default)
    }

    /// A table inside this one.
    pub(super) fn child(&self, key: &'static str) -> Option<Self> {
        let found = self.get(key)?;
        let child = found
            .get_ref()
            .as_table()
            .map(|table| Self::of(self.path(key), found.span().start, table, self.findings));
        if child.is_none() {
            self.fault(key, "expected a table");
        }
        child
    }

    /// The tables of a list.
    pub(super) fn children(&self, key: &'static str, most: usize) -> Vec<Self> {
        let child = |(path, value): (String, &'d Spanned<DeValue<'d>>)| {
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.findings.error(value.span().start, &path, "expected a table");
            }
            table.map(|table| Self::of(path, value.span().start, table, self.findings))
        };
        self.elements(key, most).into_iter().filter_map(child).collect()
    }

    /// Leaves the other keys alone.
    pub(super) fn give_up<T>(&self) -> Option<T> {
        self.is_given_up.set(true);
        None
    }

    /// Notes the keys that nobody asked for.
    pub(super) fn finish(self) {
        if self.is_given_up.get() {
            return;
        }
        let used = self.used.borrow();
        for key in self.table.keys().filter(|key| !used.contains(key.get_ref().as_ref())) {
            let quoted: String = key.get_ref().chars().take(MOST_QUOTED_CHARACTERS).collect();
            self.findings.error(key.span().start, &self.path(&quoted), "unknown key");
        }
    }
}

/// A number's digits; whole ones in tens only.
fn text_of_number(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(own) if own.radix() == 10 => Some(own.as_str().replace('_', "")),
        DeValue::Float(own) => Some(own.as_str().replace('_', "")),
        DeValue::Integer(_)
        | DeValue::String(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}
