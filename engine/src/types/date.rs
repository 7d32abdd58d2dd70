//! A calendar date.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A business date, printed as `2016-05-17`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct BusinessDate {
    year: u16,
    month: u8,
    day: u8,
}

/// Why a text is not a date.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("expected a date such as 20160517 or 2016-05-17")]
pub struct DateError;

impl BusinessDate {
    /// Checks year, month and day of the Gregorian calendar.
    ///
    /// # Errors
    /// [`DateError`] for a day that does not exist.
    pub const fn new(year: u16, month: u8, day: u8) -> Result<Self, DateError> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if day >= 1 && day <= days && year >= 1900 && year <= 9999 {
            Ok(Self { year, month, day })
        } else {
            Err(DateError)
        }
    }

    /// Days since 1 January 1970.
    #[must_use]
    pub const fn days_since_1970(self) -> i64 {
        // Years begin in March here, so that the leap day is a year's last.
        let (year, month) = if self.month > 2 {
            (self.year as i64, self.month as i64 - 3)
        } else {
            (self.year as i64 - 1, self.month as i64 + 9)
        };
        let of_year = (153 * month + 2) / 5 + self.day as i64 - 1;
        year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468
    }

    /// The date so many days after 1 January 1970.
    ///
    /// # Errors
    /// [`DateError`] for a day before 1900 or after 9999.
    pub fn from_days_since_1970(days: i64) -> Result<Self, DateError> {
        let days = days.checked_add(719_468).filter(|days| (0..4_000_000).contains(days)).ok_or(DateError)?;
        let (century, of_century) = (days / 146_097, days % 146_097);
        let year = (of_century - of_century / 1_460 + of_century / 36_524 - of_century / 146_096) / 365;
        let of_year = of_century - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (year, month) = if month < 10 {
            (century * 400 + year, month + 3)
        } else {
            (century * 400 + year + 1, month - 9)
        };
        let fits = |number: i64| u8::try_from(number).map_err(|_| DateError);
        Self::new(u16::try_from(year).map_err(|_| DateError)?, fits(month)?, fits(day)?)
    }

    /// The date as eight digits.
    #[must_use]
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for BusinessDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let digits: Vec<u8> = match text.as_bytes() {
            [year @ .., b'-', m1, m2, b'-', d1, d2] if year.len() == 4 => {
                year.iter().chain([m1, m2, d1, d2]).copied().collect()
            }
            bytes => bytes.to_vec(),
        };
        if digits.len() != 8 || !digits.iter().all(u8::is_ascii_digit) {
            return Err(DateError);
        }
        let number = |range: &[u8]| range.iter().fold(0_u16, |n, d| n * 10 + u16::from(d - b'0'));
        let small = |range: &[u8]| u8::try_from(number(range)).map_err(|_| DateError);
        Self::new(number(&digits[..4]), small(&digits[4..6])?, small(&digits[6..])?)
    }
}

impl fmt::Display for BusinessDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_and_no_impossible_day() {
        let date: BusinessDate = "20160517".parse().unwrap();
        assert_eq!(date.to_string(), "2016-05-17");
        assert_eq!("2016-05-17".parse::<BusinessDate>().unwrap(), date);
        assert_eq!(date.compact(), "20160517");
        for wrong in ["20160231", "2016051", "2016-5-17", "00000000", "2016x517", "20151301"] {
            assert_eq!(wrong.parse::<BusinessDate>(), Err(DateError), "{wrong}");
        }
        assert!("20240229".parse::<BusinessDate>().is_ok());
    }
}
