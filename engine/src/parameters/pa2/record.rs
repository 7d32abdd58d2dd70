//! One line as fields: blank where the line ends before them, checked against the form that the table gives them.

use super::columns::{Columns, Form};
use crate::contract::{Period, ProductType};
use crate::parameters::definition::Side;
use crate::parameters::diagnostic::Diagnostics;
use crate::types::{Code, Decimal, Kind};

/// A line of the file.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) line: u64,
    /// Its first two columns, trimmed.
    pub(super) id: &'a str,
    bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// A line with its record id; `None` where that is no printable ASCII.
    pub(super) fn new(line: u64, bytes: &'a [u8]) -> Option<Self> {
        let id = std::str::from_utf8(bytes.get(..bytes.len().min(2))?).ok()?.trim_end();
        id.bytes().all(|b| b.is_ascii_graphic()).then_some(Self { line, id, bytes })
    }

    /// The bytes of a field, fewer where the line ends in it.
    pub(super) fn bytes(&self, columns: Columns) -> &'a [u8] {
        let end = columns.last.min(self.bytes.len());
        self.bytes.get(columns.first - 1..end).unwrap_or_default()
    }

    fn trimmed(&self, columns: Columns) -> &'a [u8] {
        self.bytes(columns).trim_ascii()
    }

    /// Whether the field holds nothing.
    pub(super) fn is_blank(&self, columns: Columns) -> bool {
        self.trimmed(columns).is_empty()
    }

    /// A name or other free text: as UTF-8 where it is, else every byte as the character of its number (Latin-1).
    pub(super) fn text(&self, columns: Columns) -> String {
        let bytes = self.trimmed(columns);
        let text = std::str::from_utf8(bytes)
            .map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned);
        text.replace(char::is_control, " ")
    }

    /// The only character of a field; a blank where there is none.
    pub(super) fn letter(&self, columns: Columns) -> char {
        self.bytes(columns).first().copied().map_or(' ', char::from)
    }

    /// The digits of a field as a number; `None` for a blank or faulty field, of which [`check`](Self::check) speaks.
    pub(super) fn digits(&self, columns: Columns) -> Option<i64> {
        let bytes = self.bytes(columns);
        if bytes.is_empty() || bytes.len() > 18 {
            return None;
        }
        bytes.iter().try_fold(0_i64, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
        })
    }

    /// A small number of a field of at most nine digits.
    pub(super) fn small(&self, columns: Columns) -> Option<u32> {
        self.digits(columns).and_then(|number| u32::try_from(number).ok())
    }

    /// Digits with an implied point before the last `places`.
    pub(super) fn number(&self, columns: Columns, places: u8) -> Option<Decimal> {
        Decimal::new(self.digits(columns)?, places)
    }

    /// Whether a sign column says minus.
    pub(super) fn is_minus(&self, columns: Columns) -> bool {
        self.letter(columns) == '-'
    }

    /// The number times ten to a power of its own, of which the sign has a column of its own.
    pub(super) fn raised(
        &self,
        number: Decimal,
        exponent: Columns,
        sign: Columns,
        diagnostics: &mut Diagnostics,
    ) -> Option<Decimal> {
        let size = i32::try_from(self.digits(exponent).unwrap_or(0)).ok()?;
        let raised = times_power_of_ten(number, if self.is_minus(sign) { -size } else { size });
        if raised.is_none() {
            self.error(exponent, "the number is too large or has more than 18 places", diagnostics);
        }
        raised
    }

    /// A code; a blank or faulty one is an error.
    pub(super) fn code<K: Kind>(&self, columns: Columns, diagnostics: &mut Diagnostics) -> Option<Code<K>> {
        let text = self.key(columns)?;
        let message = match Code::new(text) {
            Ok(code) => return Some(code),
            Err(error) => error.to_string(),
        };
        self.error(columns, &message, diagnostics);
        None
    }

    /// The text of a key; `None` where it is no ASCII, of which [`check`](Self::check) speaks.
    pub(super) fn key(&self, columns: Columns) -> Option<&'a str> {
        let bytes = self.trimmed(columns);
        is_key(bytes).then(|| std::str::from_utf8(bytes).unwrap_or_default())
    }

    /// A product type; an unknown one is an error.
    pub(super) fn kind(&self, columns: Columns, diagnostics: &mut Diagnostics) -> Option<ProductType> {
        let text = self.key(columns)?;
        let kind = ProductType::from_code(text);
        if kind.is_none() {
            self.error(columns, "is no product type", diagnostics);
        }
        kind
    }

    /// A month with its day or week code; `Some(None)` where both are blank, `None` for a faulty one.
    pub(super) fn period(
        &self,
        month: Columns,
        day: Columns,
        diagnostics: &mut Diagnostics,
    ) -> Option<Option<Period>> {
        if self.is_blank(month) && self.is_blank(day) {
            return Some(None);
        }
        let (month_text, day_text) = (self.key(month)?, self.key(day)?);
        let period = match Period::new(&[month_text, day_text].concat()) {
            Ok(period) if month_text.len() == 6 => Some(period),
            _ => None,
        };
        if period.is_none() {
            self.error(month, "expected a month CCYYMM and at most a day or week code", diagnostics);
        }
        period.map(Some)
    }

    /// A side; anything but `A` and `B` is an error.
    pub(super) fn side(&self, columns: Columns, diagnostics: &mut Diagnostics) -> Option<Side> {
        match self.letter(columns) {
            'A' => Some(Side::A),
            'B' => Some(Side::B),
            _ => {
                self.error(columns, "expected A or B", diagnostics);
                None
            }
        }
    }

    /// Checks that fields have the form of the table and says of each what is wrong with it; `columns` moves them all.
    pub(super) fn check(&self, fields: &[Columns], columns: usize, diagnostics: &mut Diagnostics) -> bool {
        let mut sound = true;
        for field in fields {
            let field = field.moved(columns);
            let bytes = self.bytes(field);
            if bytes.is_empty() || fits(bytes, field) {
                continue;
            }
            sound = false;
            let message = match field.form {
                Form::Text => continue,
                Form::Key => "expected printable ASCII",
                Form::Digits => "expected digits",
                Form::Locator => "expected digits, of which the first may be a minus sign",
                Form::Sign => "expected + or -",
            };
            self.error(field, message, diagnostics);
        }
        sound
    }

    /// An error about a field, quoted.
    pub(super) fn error(&self, columns: Columns, message: &str, diagnostics: &mut Diagnostics) {
        let place = match (columns.first, columns.last) {
            (first, last) if first == last => format!("column {first}"),
            (first, last) => format!("columns {first}-{last}"),
        };
        let text = self.text(columns);
        diagnostics.error(self.line, self.id, format!("{place}: {text:?}: {message}"));
    }

    /// An error about the record as a whole.
    pub(super) fn fault(&self, message: impl Into<String>, diagnostics: &mut Diagnostics) {
        diagnostics.error(self.line, self.id, message);
    }
}

fn fits(bytes: &[u8], field: Columns) -> bool {
    let whole = bytes.len() == field.width();
    match field.form {
        Form::Text => true,
        Form::Key => is_key(bytes),
        Form::Sign => matches!(bytes, b" " | b"+" | b"-"),
        Form::Digits => is_blank(bytes) || (whole && bytes.iter().all(u8::is_ascii_digit)),
        Form::Locator => {
            let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
            is_blank(bytes) || (whole && digits.iter().all(u8::is_ascii_digit))
        }
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == b' ')
}

fn is_key(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A number times a power of ten, exactly.
pub(super) fn times_power_of_ten(number: Decimal, power: i32) -> Option<Decimal> {
    let number = number.normalized();
    if number.is_zero() {
        return Some(number);
    }
    let places = i32::from(number.places()).checked_sub(power)?;
    if let Ok(places) = u8::try_from(places) {
        return Decimal::new(number.mantissa(), places);
    }
    let factor = 10_i64.checked_pow(places.unsigned_abs())?;
    Decimal::new(number.mantissa().checked_mul(factor)?, 0).filter(|_| places < 0)
}
