//! A number with the time it is from.

use thiserror::Error;

use serde::{Deserialize, Serialize};

use crate::types::Moment;

/// A number that somebody observed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Observed {
    value: f64,
    source_time: Moment,
    confidence: f64,
}

/// Why something is no observation.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ObservationError {
    /// The value is not finite.
    #[error("value: expected a finite number")]
    Value,
    /// The confidence is not from 0 to 1.
    #[error("confidence: expected a number from 0 to 1")]
    Confidence,
}

impl Observed {
    /// One, wholly trusted, since 1970: where a number has to stand and none is known.
    pub(crate) const UNIT: Self = Self { value: 1.0, source_time: Moment::EPOCH, confidence: 1.0 };

    /// A finite number, when its source stated it, and how far it is to be trusted: 0 not at all, 1 wholly.
    ///
    /// # Errors
    /// [`ObservationError`] for numbers that are none.
    pub fn new(value: f64, source_time: Moment, confidence: f64) -> Result<Self, ObservationError> {
        if !value.is_finite() {
            Err(ObservationError::Value)
        } else if !(0.0..=1.0).contains(&confidence) {
            Err(ObservationError::Confidence)
        } else {
            Ok(Self { value, source_time, confidence })
        }
    }

    /// The number.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// When its source stated it.
    #[must_use]
    pub const fn source_time(&self) -> Moment {
        self.source_time
    }

    /// How far it is to be trusted, from 0 to 1.
    #[must_use]
    pub const fn confidence(&self) -> f64 {
        self.confidence
    }
}
