//! How prices and strikes are written: digits, a decimal locator, and an alignment for quotations in fractions.
//!
//! In fractions the last digit is the first, truncated decimal of an eighth (`.125` is written as 1, `.875` as 8): an
//! eighth of a point, of a thirty-second or of a sixty-fourth.

use super::record::times_power_of_ten;
use crate::types::Decimal;

/// What the last digit of a price means.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Alignment {
    /// It is a decimal.
    #[default]
    Decimal,
    /// Eighths.
    Eighths,
    /// Thirty-seconds and eighths of them.
    ThirtySeconds,
    /// Sixty-fourths and eighths of them.
    SixtyFourths,
}

impl Alignment {
    pub(super) const fn from_letter(letter: char) -> Option<Self> {
        match letter {
            ' ' => Some(Self::Decimal),
            '0' => Some(Self::Eighths),
            'C' => Some(Self::ThirtySeconds),
            'K' => Some(Self::SixtyFourths),
            _ => None,
        }
    }
}

/// How the prices or the strikes of a product are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Quotation {
    pub(super) locator: i32,
    pub(super) alignment: Alignment,
}

impl Quotation {
    /// The price that digits mean.
    pub(super) fn price(self, digits: i64) -> Result<Decimal, &'static str> {
        let Self { locator, alignment } = self;
        // One in so many parts, and the fraction of a point that one part is, at its exact places.
        let (parts, part, places) = match alignment {
            Alignment::Decimal => {
                let price = times_power_of_ten(Decimal::whole(digits), -locator);
                return price.ok_or("the price is too large or has more than 18 places");
            }
            Alignment::Eighths => (1, 125, 3),
            Alignment::ThirtySeconds => (32, 390_625, 8),
            Alignment::SixtyFourths => (64, 1_953_125, 9),
        };
        let fraction_digits = match (alignment, locator) {
            // The three decimals of an eighth are truncated to one.
            (Alignment::Eighths, 1 | 3) => 0,
            (Alignment::ThirtySeconds | Alignment::SixtyFourths, 3) => 2,
            _ => return Err("a quotation in fractions with this decimal locator is not known"),
        };
        let eighths = match digits % 10 {
            last @ 0..=3 => last,
            last @ 5..=8 => last - 1,
            _ => return Err("the last digit is no eighth"),
        };
        let unit = 10_i64.pow(fraction_digits);
        let (whole, count) = (digits / 10 / unit, digits / 10 % unit);
        if count >= parts {
            return Err("more parts than a point has");
        }
        let total = (i128::from(whole) * i128::from(parts) + i128::from(count)) * 8 + i128::from(eighths);
        let mantissa = i64::try_from(total * part).map_err(|_| "the price is too large")?;
        Ok(Decimal::new(mantissa, places).unwrap_or_default().normalized())
    }

    /// The money for one point of a price, from what the file states for one point of the plain decimal. Grains are quoted in
    /// cents and eighths: 0003757 at locator 3 is 3.7575 dollars for each of 5,000 bushels, and 375.75 cents at 50.
    pub(super) fn factor(self, stated: Decimal) -> Decimal {
        match self.alignment {
            Alignment::Eighths => times_power_of_ten(stated, 1 - self.locator).unwrap_or(stated),
            Alignment::Decimal | Alignment::ThirtySeconds | Alignment::SixtyFourths => stated,
        }
    }
}

/// Whether a field of this many columns is filled with nines: there is no price, or no volatility.
pub(super) fn is_none(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| *byte == b'9')
}

/// A price or strike of which the digits have a sign.
pub(super) fn signed(quotation: Quotation, digits: i64) -> Result<Decimal, &'static str> {
    let size = quotation.price(digits.saturating_abs())?;
    Ok(if digits < 0 { size.negated() } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(digits: i64, locator: i32, alignment: char) -> Result<String, &'static str> {
        let alignment = Alignment::from_letter(alignment).unwrap();
        Quotation { locator, alignment }.price(digits).map(|price| price.normalized().to_string())
    }

    #[test]
    fn decimals_and_fractions() {
        // CME settlements of 2019-01-02 and other days.
        for (digits, locator, alignment, expected) in [
            (251_100, 2, ' ', "2511"),
            (91_905, 7, ' ', "0.0091905"),
            (122_060, 3, 'C', "122.1875"),
            (106_015, 3, 'C', "106.046875"),
            (3_757, 3, '0', "375.75"),
            (25, -2, ' ', "2500"),
            (122_635, 3, 'K', "122.9921875"),
        ] {
            assert_eq!(price(digits, locator, alignment).as_deref(), Ok(expected), "{digits} {alignment}");
        }
    }

    #[test]
    fn impossible_fractions_are_named() {
        assert_eq!(price(122_064, 3, 'C'), Err("the last digit is no eighth"));
        assert_eq!(price(122_320, 3, 'C'), Err("more parts than a point has"));
        assert!(price(12_206, 2, 'C').is_err() && price(1, 25, ' ').is_err());
        assert!(price(99_999_999_999_999, 3, 'K').is_err() && price(i64::MAX, -1, ' ').is_err());
    }
}
