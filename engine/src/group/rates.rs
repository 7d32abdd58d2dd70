//! Amounts in the group's currency, and what is left after a requirement.
//!
//! A currency without a rate counts nothing where it is left over; where it is owed, nothing says how much that is.

use std::collections::BTreeMap;

use super::house::HouseSnapshot;
use super::missing::{Missing, MissingKind};
use super::outcome::Room;
use super::standing::{CurrencyStanding, StandingError};
use super::state::Group;
use crate::types::{Currency, Decimal, Money, Ratio};

/// An amount in the group's currency, where there is a rate.
pub(super) fn converted(
    group: &Group,
    house: &HouseSnapshot,
    currency: &Currency,
    amount: Money,
) -> Result<Option<Money>, StandingError> {
    if amount.is_zero() {
        return Ok(Some(amount));
    }
    Ok(house.converted(amount, currency, &group.currency).transpose()?)
}

/// A requirement in the group's currency, and what is left of equity: by currency what is required, and what counts of assets. Of currencies
/// that have a rate.
pub(super) fn room(
    group: &Group,
    house: &HouseSnapshot,
    currencies: &BTreeMap<Currency, CurrencyStanding>,
    of: fn(&CurrencyStanding) -> [Money; 2],
) -> Result<Room, StandingError> {
    let mut room = Room::default();
    for (currency, own) in currencies {
        let [required, assets] = of(own);
        let net = own.equity(assets)?.minus(required)?;
        let required = converted(group, house, currency, required)?;
        let (Some(required), Some(worth)) = (required, converted(group, house, currency, net)?) else {
            continue;
        };
        room.requirement = room.requirement.plus(required)?;
        let haircut = match house.schedule().currency_haircuts.get(currency) {
            Some(haircut) if *currency != group.currency => *haircut,
            _ => Ratio::ZERO,
        };
        let factor = if net.is_negative() { Ratio::ONE.plus(haircut)? } else { Ratio::ONE.minus(haircut)? };
        room.excess = room.excess.plus(worth.times_ratio_half_away(factor)?)?;
    }
    Ok(room)
}

/// The currencies of a group that have no rate, each with whether something is left of it whatever the working orders do.
pub(super) fn without_rate(
    group: &Group,
    house: &HouseSnapshot,
    currencies: &BTreeMap<Currency, CurrencyStanding>,
) -> Result<Vec<Missing>, StandingError> {
    let mut missing = Vec::new();
    for (currency, own) in currencies {
        if has_rate(group, house, currency) || *own == CurrencyStanding::default() {
            continue;
        }
        let required = own.initial.max(own.maintenance);
        let left = own.equity(own.assets)?.minus(required)?;
        let with_orders = own.equity(own.assets_with_orders)?.minus(own.with_orders.max(own.found))?;
        let is_bounded = !left.min(with_orders).is_negative();
        let detail = format!("from {currency} to {}", group.currency);
        missing.push(Missing {
            currency: Some(currency.clone()),
            ..Missing::new(MissingKind::Conversion, detail, is_bounded)
        });
    }
    Ok(missing)
}

/// Whether amounts of a currency can be told in the group's.
pub(super) fn has_rate(group: &Group, house: &HouseSnapshot, currency: &Currency) -> bool {
    let one = Money::from_decimal(Decimal::ONE).unwrap_or_default();
    house.converted(one, currency, &group.currency).is_some()
}
