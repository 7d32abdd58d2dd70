//! Contract periods as files write them.

use std::fmt;

use thiserror::Error;

use crate::types::BusinessDate;

/// A contract period: four-digit year and month, then whatever the house appends (`201606`, `201606S0`, `20251119`,
/// `00000S` for physicals). Kept whole: two periods of one month that differ in the suffix are two periods.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Period {
    // Bytes beyond the text are zero, so that the derived order is the order of the texts.
    bytes: [u8; Period::LIMIT],
}

/// A calendar month, the part of a period that tiers compare.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct YearMonth {
    /// Four digits.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
}

impl YearMonth {
    /// Months since the year 0.
    #[must_use]
    pub const fn months(self) -> i32 {
        self.year as i32 * 12 + self.month as i32
    }
}

/// Why a text is not a period.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("expected a period such as 201606 or 201606S0: 1 to 12 letters and digits")]
pub struct PeriodError;

impl Period {
    /// The most characters.
    pub const LIMIT: usize = 12;

    /// Checks and keeps a period code.
    ///
    /// # Errors
    /// [`PeriodError`] for anything but 1 to 12 ASCII letters and digits.
    pub fn new(text: &str) -> Result<Self, PeriodError> {
        let mut bytes = [0; Self::LIMIT];
        let target = bytes.get_mut(..text.len()).ok_or(PeriodError)?;
        target.copy_from_slice(text.as_bytes());
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(PeriodError);
        }
        Ok(Self { bytes })
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self.bytes.iter().position(|&b| b == 0).unwrap_or(Self::LIMIT);
        std::str::from_utf8(&self.bytes[..length]).unwrap_or_default()
    }

    /// The day of a period that is one, `20261218`; `None` for months and all others.
    #[must_use]
    pub fn date(&self) -> Option<BusinessDate> {
        let text = self.as_str();
        let day = text.get(6..)?;
        if text.len() != 8 || !day.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let YearMonth { year, month } = self.year_month()?;
        BusinessDate::new(year, month, day.parse().ok()?).ok()
    }

    /// The day of a period that is one, else the last day of the month that it begins with.
    #[must_use]
    pub fn last_day(&self) -> Option<BusinessDate> {
        let of_month = || {
            let YearMonth { year, month } = self.year_month()?;
            (28..=31).rev().find_map(|day| BusinessDate::new(year, month, day).ok())
        };
        self.date().or_else(of_month)
    }

    /// Year and month; `None` for a period without them, such as a physical's `00000S`.
    #[must_use]
    pub fn year_month(&self) -> Option<YearMonth> {
        let digits = self.bytes.first_chunk::<6>()?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let value = |range: &[u8]| range.iter().fold(0_u16, |n, d| n * 10 + u16::from(d - b'0'));
        let month = u8::try_from(value(&digits[4..])).ok()?;
        (1..=12).contains(&month).then_some(YearMonth { year: value(&digits[..4]), month })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_kept_and_months_are_read() {
        let period = |text| Period::new(text).unwrap();
        assert_ne!(period("201606S0"), period("201606S1"));
        assert_eq!(period("201606S1").year_month(), Some(YearMonth { year: 2016, month: 6 }));
        assert_eq!(period("00000S").year_month(), None);
        assert_eq!(period("000000").year_month(), None);
        assert!(period("201606") < period("201606S0"));
        assert!(period("201612") < period("201701"));
        let last = |text| period(text).last_day().map(|day| day.to_string());
        for (text, day) in [
            ("20160615", "2016-06-15"),
            ("201606", "2016-06-30"),
            ("201602S0", "2016-02-29"),
            ("202612W2", "2026-12-31"),
            ("20160632", "2016-06-30"),
        ] {
            assert_eq!(last(text).as_deref(), Some(day), "{text}");
        }
        assert_eq!(last("00000S"), None);
        for wrong in ["", "2016 6", "2016061234567", "2016-06", "２０１６"] {
            assert_eq!(Period::new(wrong), Err(PeriodError), "{wrong}");
        }
    }
}
