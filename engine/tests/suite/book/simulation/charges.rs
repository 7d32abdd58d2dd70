//! What the house of the simulation charges for its contracts.

use std::collections::BTreeMap;

use num_rational::BigRational;
use plimsoll_engine::group::FeeSchedule;
use plimsoll_engine::types::{Currency, Decimal, Money};

use super::super::desk::{Desk, code};
use super::world::whole;
use crate::generate::Dice;

pub(super) fn fee(currency: &Currency, hundredths: i64) -> (Currency, Money) {
    (currency.clone(), Money::from_decimal(Decimal::new(hundredths, 2).unwrap()).unwrap())
}

pub(super) fn of_hundredths(amount: i64) -> BigRational {
    whole(amount) / whole(100)
}

/// What the house charges for a lot of its contracts, in hundredths.
#[derive(Clone, Default)]
pub(super) struct Charges {
    by_product: BTreeMap<String, i64>,
    otherwise: Option<i64>,
}

fn product(name: &str) -> &str {
    name.split(' ').next().unwrap()
}

impl Charges {
    pub(super) fn new(names: &[&'static str], dice: &mut Dice) -> Self {
        let products = names.iter().map(|name| product(name).to_owned());
        let by_product = products.filter(|_| dice.chance(50)).collect::<Vec<_>>();
        let by_product = by_product.into_iter().map(|name| (name, dice.between(0, 400))).collect();
        Self { by_product, otherwise: dice.chance(50).then(|| dice.between(0, 400)) }
    }

    pub(super) fn of(&self, name: &str) -> Option<i64> {
        self.by_product.get(product(name)).copied().or(self.otherwise)
    }

    pub(super) fn schedule(&self, currency: &Currency) -> FeeSchedule {
        let by_product = self.by_product.iter().map(|(name, own)| (code(name), fee(currency, *own)));
        let by_product = by_product.collect();
        let by_currency = self.otherwise.map(|own| fee(currency, own)).into_iter().collect();
        FeeSchedule { by_product, by_currency }
    }

    /// The house charges that from now on.
    pub(super) fn impose(&self, desk: &mut Desk) {
        let schedule = self.schedule(&desk.group.currency);
        let house = desk.house.clone();
        desk.house = house.with_version(desk.house.version() + 1).with_fees(&schedule, &desk.registry);
        desk.kept = None;
    }
}
