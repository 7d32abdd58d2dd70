//! Risk arrays of a file, one behind the other, at one common number of places.

use crate::types::Decimal;

/// All risk arrays of a file as integers at the most places that any value was written with.
#[derive(Clone, Debug, Default)]
pub struct ArrayTable {
    places: u8,
    values: Vec<i64>,
    starts: Vec<u32>,
}

impl ArrayTable {
    /// The most places after the point that a value may need.
    pub const MOST_PLACES: u8 = 9;

    /// Begins the next array and returns its index; `None` when there are too many.
    pub fn begin(&mut self) -> Option<u32> {
        let index = u32::try_from(self.starts.len()).ok()?;
        self.starts.push(u32::try_from(self.values.len()).ok()?);
        Some(index)
    }

    /// Adds a value to the newest array. When it has more places than all before, those are restated with as many.
    ///
    /// # Errors
    /// The message for the file's author, for a value of more than nine places or beyond 64 bits.
    pub fn push(&mut self, value: Decimal) -> Result<(), &'static str> {
        if value.places() == self.places {
            self.values.push(value.mantissa());
            return Ok(());
        }
        let value = if value.places() > Self::MOST_PLACES { value.normalized() } else { value };
        if value.places() > Self::MOST_PLACES {
            return Err("more than nine places after the point");
        }
        if value.places() > self.places {
            self.restate(value.places())?;
        }
        let scaled = value.scaled_exact(self.places).and_then(|scaled| i64::try_from(scaled).ok());
        self.values.push(scaled.ok_or("beyond 64 bits at the file's places")?);
        Ok(())
    }

    fn restate(&mut self, places: u8) -> Result<(), &'static str> {
        let factor = 10_i64.pow(u32::from(places - self.places));
        for value in &mut self.values {
            *value = value.checked_mul(factor).ok_or("beyond 64 bits at the file's places")?;
        }
        self.places = places;
        Ok(())
    }

    /// Places after the point.
    #[must_use]
    pub const fn places(&self) -> u8 {
        self.places
    }

    /// How many arrays there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.starts.len()
    }

    /// The values of an array; empty for an index that was not given out.
    #[must_use]
    pub fn values(&self, array: u32) -> &[i64] {
        let index = array as usize;
        let Some(&start) = self.starts.get(index) else { return &[] };
        let end = self.starts.get(index + 1).map_or(self.values.len(), |&end| end as usize);
        &self.values[start as usize..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_value_sets_the_places_of_all() {
        let mut table = ArrayTable::default();
        assert_eq!(table.begin(), Some(0));
        for text in ["-5", "1.5"] {
            table.push(text.parse().unwrap()).unwrap();
        }
        assert_eq!(table.begin(), Some(1));
        table.push("0.001000000000".parse().unwrap()).unwrap();
        assert_eq!((table.places(), table.values(0), table.values(1)), (3, &[-5000, 1500][..], &[1][..]));
        assert!(table.push("0.0000000001".parse().unwrap()).is_err());
        assert!(table.push("99999999999999999".parse().unwrap()).is_err());
    }
}
