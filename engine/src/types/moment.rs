//! A moment in time.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::date::BusinessDate;

const NANOS_IN_SECOND: i64 = 1_000_000_000;
const SECONDS_IN_DAY: i64 = 86_400;

/// Nanoseconds since 1 January 1970 in universal time, printed as `2026-12-25T08:00:00Z`; from 1900 to 2261.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Moment(i64);

/// Why a text is not a moment.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("expected a time such as 2026-12-25T08:00:00Z, from 1900 to 2261")]
pub struct MomentError;

impl Moment {
    /// The beginning of 1970.
    pub const EPOCH: Self = Self(0);

    /// So many seconds and nanoseconds after the beginning of 1970.
    ///
    /// # Errors
    /// [`MomentError`] beyond the years that it can tell.
    pub fn from_seconds(seconds: i64, nanos: u32) -> Result<Self, MomentError> {
        let whole = seconds.checked_mul(NANOS_IN_SECOND).ok_or(MomentError)?;
        let moment = Self(whole.checked_add(i64::from(nanos)).ok_or(MomentError)?);
        let earliest = BusinessDate::new(1900, 1, 1).map_err(|_| MomentError)?.days_since_1970();
        if seconds >= earliest * SECONDS_IN_DAY { Ok(moment) } else { Err(MomentError) }
    }

    /// Nanoseconds since the beginning of 1970.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The date in universal time.
    #[must_use]
    pub fn date(self) -> Option<BusinessDate> {
        let days = self.0.div_euclid(NANOS_IN_SECOND).div_euclid(SECONDS_IN_DAY);
        BusinessDate::from_days_since_1970(days).ok()
    }

    /// Nanoseconds from an earlier moment to this one; negative if it is later.
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> i128 {
        self.0 as i128 - earlier.0 as i128
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let (date, time) = text.strip_suffix('Z').and_then(|text| text.split_once('T')).ok_or(MomentError)?;
        if date.len() != 10 {
            return Err(MomentError);
        }
        let date: BusinessDate = date.parse().map_err(|_| MomentError)?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let fields: Vec<&str> = time.split(':').collect();
        let number = |text: &str, limit: i64| {
            let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<i64>().ok().filter(|number| is_plain && *number < limit).ok_or(MomentError)
        };
        let [hours, minutes, seconds] = fields.as_slice() else { return Err(MomentError) };
        let seconds = (number(hours, 24)? * 60 + number(minutes, 60)?) * 60 + number(seconds, 60)?;
        if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(MomentError);
        }
        let nanos = format!("{fraction:0<9}").parse().map_err(|_| MomentError)?;
        Self::from_seconds(date.days_since_1970() * SECONDS_IN_DAY + seconds, nanos)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.div_euclid(NANOS_IN_SECOND), self.0.rem_euclid(NANOS_IN_SECOND));
        let (days, of_day) = (seconds.div_euclid(SECONDS_IN_DAY), seconds.rem_euclid(SECONDS_IN_DAY));
        let date = BusinessDate::from_days_since_1970(days).map_err(|_| fmt::Error)?;
        write!(f, "{date}T{:02}:{:02}:{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60)?;
        if nanos > 0 {
            write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_read_and_printed() {
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2000-02-29T23:59:59Z", 951_868_799, 0),
            ("2026-12-25T08:00:00Z", 1_798_185_600, 0),
            ("1969-12-31T23:59:59.5Z", -1, 500_000_000),
            ("2026-12-25T08:00:00.000000001Z", 1_798_185_600, 1),
        ] {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment, Moment::from_seconds(seconds, nanos).unwrap());
            assert_eq!(moment.to_string(), text);
        }
        for text in [
            "2026-12-25",
            "2026-12-25T08:00:00",
            "2026-02-30T08:00:00Z",
            "2026-12-25T24:00:00Z",
            "2026-12-25T8:00:00Z",
            "2026-12-25T08:00Z",
            "2026-12-25T08:00:00.Z",
            "2026-12-25T08:00:60Z",
            "20261225T08:00:00Z",
            "2262-12-25T08:00:00Z",
            "1899-12-31T08:00:00Z",
            "2026-12-25T+8:00:00Z",
        ] {
            assert_eq!(text.parse::<Moment>(), Err(MomentError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_comes_back(days in -25_567_i64..2_932_896) {
            let date = BusinessDate::from_days_since_1970(days).unwrap();
            prop_assert_eq!(date.days_since_1970(), days);
        }
    }
}
