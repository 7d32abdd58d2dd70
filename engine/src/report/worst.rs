//! The worst that working orders may make of an account's initial requirement.

use super::required::{AccountLevels, required};
use crate::fills::{Amounts, Bound, Effort, OpenFills, Region, Requirement, Worst, worst};
use crate::parameters::{ParameterSet, RoundingProfile};
use crate::span::{Fill, Portfolio, Ranged, Sides, TooLarge};
use crate::types::{Currency, LotsError, Money, Overflow};

/// A margin account with its working orders.
#[derive(Clone, Copy, Debug)]
pub struct AccountOrders<'a> {
    /// The set.
    pub set: &'a ParameterSet,
    /// The positions.
    pub portfolio: &'a Portfolio,
    /// What one unit of every order does.
    pub orders: &'a [Fill],
    /// Where longs and shorts stand apart: what is held, and what one unit of every order does to it.
    pub sides: Option<&'a Sides>,
    /// How many units of each are open, and what links them.
    pub open: &'a OpenFills,
    /// The rounding profile.
    pub profile: RoundingProfile,
    /// The account's levels.
    pub levels: AccountLevels,
    /// The currency in which outcomes are compared.
    pub currency: &'a Currency,
}

impl AccountOrders<'_> {
    /// The positions at an outcome.
    ///
    /// # Errors
    /// [`LotsError`] where a row has too many lots.
    pub fn portfolio_at(&self, filled: &[i64]) -> Result<Portfolio, LotsError> {
        if let Some(sides) = self.sides {
            return sides.portfolio(self.set, filled);
        }
        let mut more = Vec::new();
        for (order, units) in self.orders.iter().zip(filled).filter(|(_, units)| **units > 0) {
            for &(commodity, row, lots) in &order.legs {
                more.push((commodity, row, lots.get().checked_mul(*units).ok_or(LotsError::TooLarge)?));
            }
        }
        self.portfolio.with(self.set, more.into_iter())
    }
}

struct Account<'a> {
    own: AccountOrders<'a>,
    ranged: Ranged<'a>,
}

impl<'a> Account<'a> {
    fn new(own: AccountOrders<'a>) -> Result<Self, TooLarge> {
        let ranged = Ranged::new(
            own.set,
            own.portfolio,
            own.orders,
            own.open,
            own.profile,
            (own.levels.initial, own.sides),
        );
        Ok(Self { own, ranged: ranged.map_err(of_orders)? })
    }
}

/// The worst initial requirement together with what the fills cost, at any outcome of the orders; by currency, ascending.
///
/// # Errors
/// [`TooLarge`] as the method.
pub fn worst_required(own: AccountOrders<'_>, effort: Effort) -> Result<(Vec<Currency>, Worst), TooLarge> {
    let account = Account::new(own)?;
    let worst = worst(&account, own.open, effort)?;
    Ok((account.ranged.currencies().to_vec(), worst))
}

/// One outcome of the orders as a single number: what is required then and what the fills cost, in the currency of comparison.
///
/// # Errors
/// [`TooLarge`] as the method.
pub fn weighed_outcome(own: AccountOrders<'_>, filled: &[i64]) -> Result<Money, TooLarge> {
    let account = Account::new(own)?;
    account.weighed(&account.exact(filled)?)
}

fn of_orders(overflow: Overflow) -> TooLarge {
    TooLarge { commodity: "of the orders".to_owned(), overflow }
}

impl From<Overflow> for TooLarge {
    fn from(overflow: Overflow) -> Self {
        of_orders(overflow)
    }
}

impl Requirement for Account<'_> {
    type Error = TooLarge;

    fn exact(&self, filled: &[i64]) -> Result<Amounts, TooLarge> {
        let own = &self.own;
        let fills = || own.orders.iter().zip(filled).filter(|(_, units)| **units > 0);
        let portfolio = own.portfolio_at(filled).map_err(|_| Overflow)?;
        let required = required(own.set, &portfolio, own.profile, own.levels)?;
        let mut amounts: Amounts = self.ranged.currencies().iter().map(|_| Money::ZERO).collect();
        for own in required {
            if let Ok(place) = self.ranged.currencies().binary_search(&own.currency) {
                amounts[place] = own.initial;
            }
        }
        for (order, units) in fills() {
            for (currency, amount) in &order.cash {
                if let Ok(place) = self.ranged.currencies().binary_search(currency) {
                    amounts[place] = amounts[place].plus(amount.times_whole(*units)?)?;
                }
            }
        }
        Ok(amounts)
    }

    fn at_most(&self, region: &Region) -> Result<Bound, TooLarge> {
        self.ranged.at_most(region).map_err(of_orders)
    }

    fn weighed(&self, amounts: &Amounts) -> Result<Money, TooLarge> {
        let conversions = self.own.set.conversions();
        let mut sum = Money::ZERO;
        for (currency, amount) in self.ranged.currencies().iter().zip(amounts) {
            // Without a rate a unit of one currency is compared as a unit of the other: it decides where to look only.
            let path = conversions.path(currency, self.own.currency).unwrap_or_default();
            let converted = path.iter().try_fold(*amount, |amount, step| step.convert_half_away(amount))?;
            sum = sum.plus(converted)?;
        }
        Ok(sum)
    }

    fn influence(&self, order: usize) -> Money {
        self.ranged.influence(order)
    }

    fn weight(&self) -> u64 {
        self.ranged.weight()
    }
}
