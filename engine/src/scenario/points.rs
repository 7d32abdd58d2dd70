//! Scan points and their pairing.

use thiserror::Error;

use crate::types::Decimal;

/// A scenario of a scan: the dense index of a point, `number - 1`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ScenarioIndex(u8);

impl ScenarioIndex {
    /// No price move, volatility up.
    pub const FIRST: Self = Self(0);
    /// No price move, volatility down.
    pub const SECOND: Self = Self(1);

    /// The lowest scenario that reaches the largest of the values, one for each of at most 64 scenarios.
    pub(crate) fn of_largest<T: Copy + Ord>(values: &[T]) -> Self {
        let mut largest = Self::FIRST;
        for (scenario, value) in (0..).map(Self).zip(values) {
            if *value > values[largest.index()] {
                largest = scenario;
            }
        }
        largest
    }

    /// The first so many scenarios, at most 64.
    pub(crate) fn all(count: usize) -> impl Iterator<Item = Self> {
        (0..).map(Self).take(count)
    }

    /// The place in a risk array, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The number of the point as the file and a report name it, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0 + 1
    }
}

/// A move as a fraction of a scan range: `multiplier`, also stated as `numerator / denominator`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ScanFraction {
    /// The move in scan ranges, rounded to the file's places.
    pub multiplier: Decimal,
    /// Its exact numerator.
    pub numerator: Decimal,
    /// Its exact denominator.
    pub denominator: Decimal,
}

/// One joint move of price and volatility.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ScanPoint {
    /// 1 to the number of points.
    pub number: u8,
    /// The price move in price scan ranges.
    pub price: ScanFraction,
    /// The volatility move in volatility scan ranges.
    pub volatility: ScanFraction,
    /// The part of the loss that counts (extreme moves are covered in part).
    pub weight: Decimal,
    /// The point with the same price move and the opposite volatility move; itself where there is none.
    pub paired: u8,
}

/// One point of a composite delta: the delta at a price move counts with a weight.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeltaPoint {
    /// From 1.
    pub number: u8,
    /// The price move in price scan ranges.
    pub price: ScanFraction,
    /// The volatility move in volatility scan ranges.
    pub volatility: ScanFraction,
    /// Its weight; the weights add up to one.
    pub weight: Decimal,
}

/// The scan points of a set, numbered from 1 without gaps, each paired with one that is paired with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScanPoints(Vec<ScanPoint>);

/// Why points are not a set to scan over.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum PointsError {
    /// Time and volatility risk need the first two points.
    #[error("{found} scan points: expected 2 to {most}", most = ScanPoints::MOST)]
    Count {
        /// How many there are.
        found: usize,
    },
    /// The numbers have a gap or a repetition.
    #[error("scan points are to be numbered from 1 without gaps, found {found} in place of {expected}")]
    Number {
        /// The number that belongs here.
        expected: usize,
        /// The number that stands here.
        found: u8,
    },
    /// The pair of a point is not paired with it.
    #[error("scan point {point} is paired with {paired}, which is not paired with it")]
    Pair {
        /// The point.
        point: u8,
        /// The pair it names.
        paired: u8,
    },
}

impl ScanPoints {
    /// The most points: four times SPAN's sixteen.
    pub const MOST: usize = 64;

    /// Checks numbering and pairing.
    ///
    /// # Errors
    /// Every [`PointsError`] found.
    pub fn new(mut points: Vec<ScanPoint>) -> Result<Self, Vec<PointsError>> {
        points.sort_by_key(|point| point.number);
        let mut faults = Vec::new();
        if !(2..=Self::MOST).contains(&points.len()) {
            faults.push(PointsError::Count { found: points.len() });
        }
        for (expected, point) in (1..).zip(&points) {
            if usize::from(point.number) != expected {
                faults.push(PointsError::Number { expected, found: point.number });
            }
        }
        for point in &points {
            let pair = points.iter().find(|other| other.number == point.paired);
            if pair.is_none_or(|pair| pair.paired != point.number) {
                faults.push(PointsError::Pair { point: point.number, paired: point.paired });
            }
        }
        if faults.is_empty() { Ok(Self(points)) } else { Err(faults) }
    }

    /// The points in the order of their numbers.
    #[must_use]
    pub fn as_slice(&self) -> &[ScanPoint] {
        &self.0
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// The scenario paired with this one.
    #[must_use]
    pub fn paired(&self, scenario: ScenarioIndex) -> ScenarioIndex {
        ScenarioIndex(self.0[scenario.index()].paired - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(number: u8, paired: u8) -> ScanPoint {
        let none =
            ScanFraction { multiplier: Decimal::ZERO, numerator: Decimal::ZERO, denominator: Decimal::ONE };
        ScanPoint { number, price: none, volatility: none, weight: Decimal::ONE, paired }
    }

    #[test]
    fn order_in_the_file_does_not_matter() {
        let points = ScanPoints::new(vec![point(3, 3), point(2, 1), point(1, 2)]).unwrap();
        assert_eq!(points.paired(ScenarioIndex(0)).number(), 2);
        assert_eq!(points.paired(ScenarioIndex(2)).number(), 3);
    }

    #[test]
    fn gaps_and_lone_pairs_are_named() {
        assert_eq!(ScanPoints::new(vec![]), Err(vec![PointsError::Count { found: 0 }]));
        assert_eq!(
            ScanPoints::new(vec![point(1, 2), point(3, 3)]).unwrap_err(),
            [PointsError::Number { expected: 2, found: 3 }, PointsError::Pair { point: 1, paired: 2 }]
        );
    }
}
