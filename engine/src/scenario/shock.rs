//! What may happen to prices, volatilities, rates and time at once, as data.

use crate::pricing::by_size;

/// How one scenario moves the volatility of an option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VolatilityMove {
    /// Not at all.
    Unchanged,
    /// Up, as far as [`VolatilityShock`] says.
    Up,
    /// Down, as far as [`VolatilityShock`] says.
    Down,
    /// As the scenario itself says: `vol (1 + relative a) + points`, `a` the term's scaling.
    Stated {
        /// The relative move; 0.35 is up by 35 %.
        relative: f64,
        /// What is added then; 0.25 is 25 points.
        points: f64,
    },
    /// By the strike, low strikes against high ones.
    SkewLinear,
    /// By the strike, far strikes against near ones.
    SkewAbsolute,
}

impl VolatilityMove {
    /// Whether the move depends on the strike; prices stay where they are then, and any change is a loss.
    #[must_use]
    pub const fn is_skew(self) -> bool {
        matches!(self, Self::SkewLinear | Self::SkewAbsolute)
    }
}

/// One joint move. What is not named stays as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shock {
    /// What all prices of the source are multiplied by; greater than 0. Below 0 they move by the same part of their size.
    pub spot_factor: f64,
    /// What is added to all of them then, in units of the price.
    pub spot_shift: f64,
    /// What forwards alone are multiplied by besides; greater than 0.
    pub forward_factor: f64,
    /// What is added to the continuous rate a year at which forwards grow: the basis.
    pub basis_shift: f64,
    /// The move of volatility.
    pub volatility: VolatilityMove,
    /// What is added to the continuous rate of discount, a year.
    pub rate_shift: f64,
    /// Days that pass.
    pub days: f64,
}

impl Shock {
    /// Nothing moves.
    pub const NOTHING: Self = Self {
        spot_factor: 1.0,
        spot_shift: 0.0,
        forward_factor: 1.0,
        basis_shift: 0.0,
        volatility: VolatilityMove::Unchanged,
        rate_shift: 0.0,
        days: 0.0,
    };

    /// The price of the source after the move. A relative move is of the price's size, so that up is up below 0 too.
    #[must_use]
    pub fn price(&self, price: f64) -> f64 {
        price.mul_add(by_size(price, self.spot_factor), self.spot_shift)
    }
}

/// How far volatility moves in one direction at a term scaling of 1. Where a relative move and points are both stated, the one
/// that moves further counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VolatilityRange {
    /// A part of the volatility; 0.5 is by half.
    pub relative: f64,
    /// Points; 0.3 is 30 points.
    pub points: f64,
}

/// How moves of volatility depend on the days to expiry.
#[derive(Clone, Debug, PartialEq)]
pub enum TermStructure {
    /// The same for all.
    Flat,
    /// Scaled by `(reference / max(days, floor))^power`, one power up to the reference and another beyond.
    Power {
        /// Days of a scaling of 1.
        reference_days: f64,
        /// The power up to them.
        short_term_power: f64,
        /// The power beyond.
        long_term_power: f64,
        /// The shortest number of days it looks at.
        days_floor: f64,
    },
    /// By nodes (days, up, down), linear between them and flat beyond; they stand for the ranges themselves.
    Nodes(Vec<(f64, VolatilityRange, VolatilityRange)>),
}

/// How volatilities move up and down.
#[derive(Clone, Debug, PartialEq)]
pub struct VolatilityShock {
    /// Up.
    pub up: VolatilityRange,
    /// Down.
    pub down: VolatilityRange,
    /// The least that a volatility is after it moved up; 0 for none.
    pub minimum_up: f64,
    /// How moves depend on the term.
    pub terms: TermStructure,
}

/// A cap of a skew: `cap + slope sqrt(T)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SkewCap {
    /// The cap.
    pub cap: f64,
    /// What it changes with the root of the years.
    pub slope: f64,
}

/// How volatilities move by strike: `1 + min(cap, k cap / width)` for `k = ln(K/F) >= 0`, `1 + max(-cap, k cap / width)` below.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SkewShock {
    /// The cap of [`VolatilityMove::SkewLinear`].
    pub linear: SkewCap,
    /// The cap of [`VolatilityMove::SkewAbsolute`].
    pub absolute: SkewCap,
    /// The least width.
    pub minimum_width: f64,
    /// `width = max(minimum, sqrt(T) width_scale (volatility_static + volatility_slope sqrt(T)))`.
    pub width_scale: f64,
    /// As above.
    pub volatility_static: f64,
    /// As above.
    pub volatility_slope: f64,
}

/// How all shocks of a set move volatilities and forwards.
#[derive(Clone, Debug, PartialEq)]
pub struct ShockRules {
    /// Up and down.
    pub volatility: VolatilityShock,
    /// By strike.
    pub skew: SkewShock,
    /// Seconds before expiry in which the settlement price is averaged: what is fixed of it moves no more. 0 for none.
    pub settlement_average_seconds: f64,
}
