//! Joint moves of what prices depend on, and what one contract loses in each.

use thiserror::Error;

/// One joint move of the price, the volatility, the rate and the time.
///
/// The forward becomes `F * price_factor + price_shift`, below 0 `F + |F| (price_factor - 1) + price_shift`; the volatility `max(floor, vol * max(0, 1 + volatility_range * a) +
/// volatility_shift)`, where `a` is each contract's own scaling by its term; the time `max(0, T - years)`; the discount factor
/// `D^(T'/T) * exp(-rate_shift * T')`, and stays what it is where there is no time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JointMove {
    /// What the forward is multiplied by; greater than 0.
    pub price_factor: f64,
    /// What is added to it then, in units of the price.
    pub price_shift: f64,
    /// The relative move of the volatility for a term scaling of 1: 0.5 is up by half.
    pub volatility_range: f64,
    /// What is added to the volatility then.
    pub volatility_shift: f64,
    /// The least that the moved volatility is; 0 for none.
    pub volatility_floor: f64,
    /// Years that pass.
    pub years: f64,
    /// What is added to the continuous rate of discount, a year.
    pub rate_shift: f64,
}

/// What a price is multiplied by to move by the part `factor - 1` of its size: up is up below 0 too.
#[inline(always)]
pub(crate) fn by_size(price: f64, factor: f64) -> f64 {
    if price < 0.0 { 2.0 - factor } else { factor }
}

impl JointMove {
    /// Nothing moves.
    pub const NOTHING: Self = Self {
        price_factor: 1.0,
        price_shift: 0.0,
        volatility_range: 0.0,
        volatility_shift: 0.0,
        volatility_floor: 0.0,
        years: 0.0,
        rate_shift: 0.0,
    };

    fn faults(&self) -> Vec<&'static str> {
        let within = |value: f64, least: f64, most: f64| least <= value && value <= most;
        let checks = [
            (within(self.price_factor, 1e-6, 1e6), "price_factor: expected a number from 1e-6 to 1e6"),
            (within(self.price_shift, -1e12, 1e12), "price_shift: expected a number up to 1e12 either way"),
            (
                within(self.volatility_range, -1e3, 1e3),
                "volatility_range: expected a number up to 1,000 either way",
            ),
            (
                within(self.volatility_shift, -1e3, 1e3),
                "volatility_shift: expected a number up to 1,000 either way",
            ),
            (within(self.volatility_floor, 0.0, 1e3), "volatility_floor: expected a number from 0 to 1,000"),
            (within(self.years, 0.0, 1e3), "years: expected a number from 0 to 1,000"),
            (within(self.rate_shift, -10.0, 10.0), "rate_shift: expected a number up to 10 either way"),
        ];
        checks.into_iter().filter(|(holds, _)| !holds).map(|(_, message)| message).collect()
    }
}

/// Moves that cannot be calculated: all faults, each with the place of its move from 0.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{}", .0.iter().map(|(place, message)| format!("moves[{place}].{message}")).collect::<Vec<_>>().join("; "))]
pub struct InvalidMoves(pub Vec<(usize, &'static str)>);

/// Checked moves, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Moves(Vec<JointMove>);

impl Moves {
    /// The most moves of a set.
    pub const MOST: usize = 1_000;

    /// Checks moves.
    ///
    /// # Errors
    /// [`InvalidMoves`] with all that is wrong.
    pub fn new(moves: Vec<JointMove>) -> Result<Self, InvalidMoves> {
        let mut faults: Vec<(usize, &'static str)> = Vec::new();
        if moves.len() > Self::MOST {
            faults.push((Self::MOST, "one too many: at most 1,000 are calculated"));
        }
        for (place, own) in moves.iter().take(Self::MOST).enumerate() {
            faults.extend(own.faults().into_iter().map(|message| (place, message)));
        }
        if faults.is_empty() { Ok(Self(moves)) } else { Err(InvalidMoves(faults)) }
    }

    /// The moves.
    #[must_use]
    pub fn as_slice(&self) -> &[JointMove] {
        &self.0
    }
}
