//! A line as it is filled by the table of columns, and everything that does not fit.

use std::fmt::Display;

use crate::parameters::pa2::columns::Columns;
use crate::parameters::pa2::record::times_power_of_ten;
use crate::types::Decimal;

/// The most faults that are listed.
const FAULTS_LIMIT: usize = 1_000;

/// The lines written so far.
#[derive(Default)]
pub(super) struct Page {
    pub(super) bytes: Vec<u8>,
    pub(super) faults: Vec<String>,
}

impl Page {
    /// Adds what the format cannot hold.
    pub(super) fn fault(&mut self, what: impl Display, why: &str) {
        if self.faults.len() < FAULTS_LIMIT {
            self.faults.push(format!("{what}: {why}"));
        }
    }

    /// Writes a record, named for faults.
    pub(super) fn record(&mut self, id: &str, what: &str, fill: impl FnOnce(&mut Line<'_>)) {
        let mut line = Line { page: self, what, bytes: Vec::with_capacity(200) };
        line.bytes.extend_from_slice(id.as_bytes());
        fill(&mut line);
        let bytes = std::mem::take(&mut line.bytes);
        self.bytes.extend_from_slice(bytes.trim_ascii_end());
        self.bytes.push(b'\n');
    }
}

pub(super) struct Line<'a> {
    page: &'a mut Page,
    what: &'a str,
    bytes: Vec<u8>,
}

impl Line<'_> {
    pub(super) fn fault(&mut self, why: &str) {
        self.page.fault(self.what, why);
    }

    fn misfit(&mut self, columns: Columns, value: &str) {
        let why = format!("{value:?} does not fit columns {}-{}", columns.first, columns.last);
        self.fault(&why);
    }

    fn put(&mut self, columns: Columns, bytes: &[u8]) {
        if self.bytes.len() < columns.last {
            self.bytes.resize(columns.last, b' ');
        }
        self.bytes[columns.first - 1..columns.first - 1 + bytes.len()].copy_from_slice(bytes);
    }

    /// Text from the left.
    pub(super) fn text(&mut self, columns: Columns, text: impl Display) {
        let text = text.to_string();
        if text.len() <= columns.width() {
            self.put(columns, text.as_bytes());
        } else {
            self.misfit(columns, &text);
        }
    }

    /// Digits with zeros before them.
    pub(super) fn digits(&mut self, columns: Columns, number: impl Into<i128>) {
        let number: i128 = number.into();
        let text = format!("{number:0width$}", width = columns.width());
        if number >= 0 && text.len() == columns.width() {
            self.put(columns, text.as_bytes());
        } else {
            self.misfit(columns, &text);
        }
    }

    /// A number that is not negative, with an implied point before the last `places`.
    pub(super) fn number(&mut self, columns: Columns, number: Decimal, places: u8) {
        match number.scaled_exact(places) {
            Some(digits) => self.digits(columns, digits),
            None => self.misfit(columns, &number.to_string()),
        }
    }

    /// A number with a sign in a column of its own.
    pub(super) fn signed(&mut self, columns: Columns, sign: Columns, number: Decimal, places: u8) {
        let is_negative = number < Decimal::ZERO;
        self.number(columns, if is_negative { number.negated() } else { number }, places);
        self.text(sign, if is_negative { '-' } else { '+' });
    }

    /// A number that may need a power of ten of its own: the smallest that lets its digits fit.
    pub(super) fn raised(
        &mut self,
        columns: Columns,
        (exponent, sign): (Columns, Columns),
        number: Decimal,
        places: u8,
    ) {
        let most = 10_i128.pow(u32::try_from(columns.width()).unwrap_or(0));
        let fits = |power: &i32| {
            let digits = times_power_of_ten(number, -power).and_then(|n| n.scaled_exact(places));
            digits.is_some_and(|digits| (0..most).contains(&digits))
        };
        let Some(power) = (0..18).flat_map(|size| [size, -size]).find(fits) else {
            return self.misfit(columns, &number.to_string());
        };
        self.number(columns, times_power_of_ten(number, -power).unwrap_or_default(), places);
        self.digits(exponent, power.abs());
        if power < 0 {
            self.text(sign, '-');
        }
    }
}
