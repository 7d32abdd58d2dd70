//! Options as columns of equal length, and what is wrong with them.

use std::fmt;

use thiserror::Error;

use crate::contract::OptionRight;

/// A call or a put as formulas have it: 1 or -1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(transparent)]
pub struct RightSign(f64);

impl RightSign {
    /// A call.
    pub const CALL: Self = Self(1.0);
    /// A put.
    pub const PUT: Self = Self(-1.0);

    #[inline(always)]
    pub(crate) const fn get(self) -> f64 {
        self.0
    }
}

impl From<OptionRight> for RightSign {
    fn from(right: OptionRight) -> Self {
        match right {
            OptionRight::Call => Self::CALL,
            OptionRight::Put => Self::PUT,
        }
    }
}

/// European options on forwards, one in each place of the columns.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// Forward prices at expiry.
    pub forwards: &'a [f64],
    /// Strikes, in units of the forwards.
    pub strikes: &'a [f64],
    /// Volatilities: for Black-76 a fraction a year (0.6 = 60 %), for Bachelier price units a square root of a year.
    pub volatilities: &'a [f64],
    /// Times to expiry in years; 0 for an option that expires now.
    pub times: &'a [f64],
    /// Discount factors from the payment to now (not rates).
    pub discounts: &'a [f64],
    /// Calls and puts.
    pub rights: &'a [RightSign],
}

/// A column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// Forward.
    Forward,
    /// Strike.
    Strike,
    /// Volatility.
    Volatility,
    /// Time.
    Time,
    /// Discount factor.
    Discount,
}

/// A value that a model has no price for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnFault {
    /// The option's place, from 0.
    pub index: usize,
    /// The column.
    pub field: Field,
    /// The value.
    pub value: f64,
    /// What it may be: zero where the flag says so, else within these limits, both included.
    pub allowed: Allowed,
}

/// What the values of a column may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowed {
    /// Whether zero is.
    pub zero: bool,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

impl Allowed {
    /// Positive numbers whose products and quotients stay far from the ends of the range of doubles.
    const POSITIVE: Self = Self { zero: false, least: 1e-60, greatest: 1e60 };
    const ANY: Self = Self { zero: true, least: -1e60, greatest: 1e60 };
    const POSITIVE_OR_ZERO: Self = Self { zero: true, ..Self::POSITIVE };
    /// Up to a thousand times a year's whole price, and a thousand years.
    const THOUSAND_OR_ZERO: Self = Self { zero: true, least: 1e-60, greatest: 1e3 };

    #[inline(always)]
    fn has(self, value: f64) -> bool {
        (self.least <= value && value <= self.greatest) || (self.zero && value == 0.0)
    }
}

impl fmt::Display for ColumnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, field, value, allowed: Allowed { zero, least, greatest } } = self;
        let zero = if *zero && *least > 0.0 { "0 or " } else { "" };
        write!(f, "option {index}: {field:?} {value}: expected {zero}a number from {least:e} to {greatest:e}")
    }
}

/// Columns that cannot be priced.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum InvalidColumns {
    /// The columns have different lengths.
    #[error("the columns have different lengths: {0:?}")]
    Lengths([usize; 6]),
    /// Values are faulty: the first [`InvalidColumns::MOST_FAULTS`] of them, and how many there are.
    #[error("{} values have no price, as {}", .1, .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Values(Vec<ColumnFault>, usize),
}

impl InvalidColumns {
    /// The most faults that are described.
    pub const MOST_FAULTS: usize = 1_000;

    /// The first option with a faulty value, from 0; 0 where the columns do not even fit.
    pub(crate) fn first_index(&self) -> usize {
        match self {
            Self::Lengths(_) => 0,
            Self::Values(faults, _) => faults.first().map_or(0, |fault| fault.index),
        }
    }
}

/// Options with a price under Black's model of 1976: positive forwards and strikes.
#[derive(Clone, Copy, Debug)]
pub struct Black76<'a>(Columns<'a>);

/// Options with a price under Bachelier's model: normal moves, forwards and strikes of any sign.
#[derive(Clone, Copy, Debug)]
pub struct Bachelier<'a>(Columns<'a>);

impl<'a> Columns<'a> {
    /// Checks them for Black-76: forwards and strikes from 1e-60 to 1e60, volatilities and times 0 or from 1e-60 to 1,000,
    /// discount factors from 1e-60 to 1e60. NaN is nowhere.
    ///
    /// # Errors
    /// [`InvalidColumns`] with all that is wrong.
    pub fn black76(self) -> Result<Black76<'a>, InvalidColumns> {
        self.check(Allowed::POSITIVE, Allowed::THOUSAND_OR_ZERO).map(|()| Black76(self))
    }

    /// Checks them for Bachelier: forwards and strikes up to 1e60 either way, volatilities 0 or from 1e-60 to 1e60, times 0 or
    /// from 1e-60 to 1,000, discount factors from 1e-60 to 1e60. NaN is nowhere.
    ///
    /// # Errors
    /// [`InvalidColumns`] with all that is wrong.
    pub fn bachelier(self) -> Result<Bachelier<'a>, InvalidColumns> {
        self.check(Allowed::ANY, Allowed::POSITIVE_OR_ZERO).map(|()| Bachelier(self))
    }

    fn check(&self, price: Allowed, volatility: Allowed) -> Result<(), InvalidColumns> {
        let lengths = [
            self.forwards.len(),
            self.strikes.len(),
            self.volatilities.len(),
            self.times.len(),
            self.discounts.len(),
            self.rights.len(),
        ];
        if lengths.iter().any(|length| *length != lengths[0]) {
            return Err(InvalidColumns::Lengths(lengths));
        }
        let (mut faults, mut count) = (Vec::new(), 0);
        for (field, values, allowed) in [
            (Field::Forward, self.forwards, price),
            (Field::Strike, self.strikes, price),
            (Field::Volatility, self.volatilities, volatility),
            (Field::Time, self.times, Allowed::THOUSAND_OR_ZERO),
            (Field::Discount, self.discounts, Allowed::POSITIVE),
        ] {
            for (index, &value) in values.iter().enumerate().filter(|(_, value)| !allowed.has(**value)) {
                count += 1;
                if faults.len() < InvalidColumns::MOST_FAULTS {
                    faults.push(ColumnFault { index, field, value, allowed });
                }
            }
        }
        if count == 0 { Ok(()) } else { Err(InvalidColumns::Values(faults, count)) }
    }
}

macro_rules! checked {
    ($model:ident) => {
        impl<'a> $model<'a> {
            /// The columns.
            #[must_use]
            pub const fn columns(&self) -> &Columns<'a> {
                &self.0
            }

            /// How many options there are.
            #[must_use]
            pub const fn len(&self) -> usize {
                self.0.forwards.len()
            }

            /// Whether there is none.
            #[must_use]
            pub const fn is_empty(&self) -> bool {
                self.0.forwards.is_empty()
            }
        }
    };
}

checked!(Black76);
checked!(Bachelier);

/// Prices and sensitivities of options, in columns; for one long option each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Greeks {
    /// Present value.
    pub prices: Vec<f64>,
    /// To the forward.
    pub deltas: Vec<f64>,
    /// Of delta to the forward.
    pub gammas: Vec<f64>,
    /// To 1.00 of volatility.
    pub vegas: Vec<f64>,
    /// A year, the discount factor held fixed: minus the derivative to time.
    pub thetas: Vec<f64>,
    /// Of delta to volatility.
    pub vannas: Vec<f64>,
    /// Of vega to volatility.
    pub volgas: Vec<f64>,
}

/// Where [`Greeks`] are written.
#[derive(Debug)]
pub struct GreeksMut<'a> {
    pub(super) prices: &'a mut [f64],
    pub(super) deltas: &'a mut [f64],
    pub(super) gammas: &'a mut [f64],
    pub(super) vegas: &'a mut [f64],
    pub(super) thetas: &'a mut [f64],
    pub(super) vannas: &'a mut [f64],
    pub(super) volgas: &'a mut [f64],
}

impl Greeks {
    /// Columns of zeros for so many options.
    #[must_use]
    pub fn zeroed(count: usize) -> Self {
        let column = || vec![0.0; count];
        Self {
            prices: column(),
            deltas: column(),
            gammas: column(),
            vegas: column(),
            thetas: column(),
            vannas: column(),
            volgas: column(),
        }
    }

    pub(super) fn as_mut(&mut self) -> GreeksMut<'_> {
        GreeksMut {
            prices: &mut self.prices,
            deltas: &mut self.deltas,
            gammas: &mut self.gammas,
            vegas: &mut self.vegas,
            thetas: &mut self.thetas,
            vannas: &mut self.vannas,
            volgas: &mut self.volgas,
        }
    }
}
