//! What counts of the assets in a collateral pool: their value after a haircut, some of them only up to a part of the pool.
//!
//! ```text
//! pool    = sum over currencies of max(0, cash + what is owed - outlay) at their rates + assets after haircuts
//! counted = min(value after haircut, most_of_pool * pool)
//! ```
//!
//! What is owed of the cash is none of the pool: the most that premiums due come to on any day, less what is due to the group until then,
//! and a loss since the last settlement. So neither a settlement at the same prices nor the day on which a premium is paid makes the pool
//! smaller. The outlay is the most that working orders may take out of it, in every currency: no outcome leaves less.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::house::HouseSnapshot;
use super::missing::{Missing, MissingKind};
use super::rates::converted;
use super::reserved::AccountStanding;
use super::standing::{AssetStanding, CurrencyStanding, StandingError};
use super::state::Group;
use crate::types::{AssetCode, BusinessDate, Currency, Money, Overflow, Quantity, Ratio};

/// An asset, and the most of the pool that it may be.
type Limited = (AssetStanding, Option<Ratio>);

/// What counts of assets, added to their currencies: as the pool is, and as working orders may leave it at worst.
pub(super) fn counted(
    group: &Group,
    house: &HouseSnapshot,
    accounts: &[Arc<AccountStanding>],
    currencies: &mut BTreeMap<Currency, CurrencyStanding>,
) -> Result<Vec<AssetStanding>, StandingError> {
    let assets = valued(group, house)?;
    let mut standing = Vec::with_capacity(assets.len());
    if assets.is_empty() {
        return Ok(standing);
    }
    let mut outlay: BTreeMap<&Currency, Money> = BTreeMap::new();
    for (currency, amount) in accounts.iter().flat_map(|own| &own.outlay) {
        let sum = outlay.entry(currency).or_default();
        *sum = sum.plus(*amount)?;
    }
    let (mut pool, mut left) = (Money::ZERO, Money::ZERO);
    for (currency, own) in currencies.iter() {
        let cash = own.cash.plus(owed(group, currency)?)?.plus(own.variation.min(Money::ZERO))?;
        let after = cash.minus(outlay.get(currency).copied().unwrap_or_default())?;
        pool = pool.plus(converted(group, house, currency, cash.max(Money::ZERO))?.unwrap_or_default())?;
        left = left.plus(converted(group, house, currency, after.max(Money::ZERO))?.unwrap_or_default())?;
    }
    for (own, _) in &assets {
        let worth = converted(group, house, &own.currency, own.counted)?.unwrap_or_default();
        (pool, left) = (pool.plus(worth)?, left.plus(worth)?);
    }
    for (mut own, limit) in assets {
        let with_orders = limited(group, house, &own, limit, left)?;
        own.counted = limited(group, house, &own, limit, pool)?;
        let sum = currencies.entry(own.currency.clone()).or_default();
        sum.assets = sum.assets.plus(own.counted)?;
        sum.assets_with_orders = sum.assets_with_orders.plus(with_orders)?;
        standing.push(own);
    }
    Ok(standing)
}

/// The assets that are not in the schedule: they count nothing.
pub(super) fn without_terms(group: &Group, house: &HouseSnapshot) -> Vec<Missing> {
    let held = group.assets.iter().filter(|(_, quantity)| !quantity.is_zero());
    let unknown = held.filter(|(asset, _)| !house.schedule().assets.contains_key(*asset));
    let missing = |(asset, _): (&AssetCode, &Quantity)| Missing {
        asset: Some(asset.clone()),
        ..Missing::new(MissingKind::Asset, format!("{asset} is not in the schedule"), true)
    };
    unknown.map(missing).collect()
}

/// The assets after haircuts, with their limits.
fn valued(group: &Group, house: &HouseSnapshot) -> Result<Vec<Limited>, StandingError> {
    let held = group.assets.iter().filter(|(_, quantity)| !quantity.is_zero());
    let valued = held.map(|(asset, quantity)| {
        let (asset, quantity) = (asset.clone(), *quantity);
        let Some(terms) = house.schedule().assets.get(&asset) else {
            // An asset that left the schedule counts nothing, and is shown.
            let (currency, value) = (group.currency.clone(), Money::ZERO);
            return Ok((AssetStanding { asset, quantity, currency, value, counted: value }, None));
        };
        let value = Money::from_decimal(terms.price)?.times_quantity_half_away(quantity)?;
        let counted = value.times_ratio_half_away(Ratio::ONE.minus(terms.haircut)?)?;
        let currency = terms.currency.clone();
        Ok((AssetStanding { asset, quantity, currency, value, counted }, terms.most_of_pool))
    });
    valued.collect()
}

/// What counts of an asset in a pool.
fn limited(
    group: &Group,
    house: &HouseSnapshot,
    own: &AssetStanding,
    limit: Option<Ratio>,
    pool: Money,
) -> Result<Money, StandingError> {
    let Some(limit) = limit else { return Ok(own.counted) };
    let most = pool.times_ratio_half_away(limit)?;
    // Without a rate nothing says which part of the pool it makes up.
    let Some(worth) = converted(group, house, &own.currency, own.counted)? else {
        return Ok(own.counted.min(Money::ZERO));
    };
    if worth > most && worth.is_positive() {
        return Ok(own.counted.prorated_half_away(most, worth)?);
    }
    Ok(own.counted)
}

/// The least that what is due comes to on any day from now on, not positive: so much of the cash will be gone then.
fn owed(group: &Group, currency: &Currency) -> Result<Money, Overflow> {
    let mut by_day: BTreeMap<BusinessDate, Money> = BTreeMap::new();
    for own in group.payables.iter().filter(|own| own.currency == *currency) {
        let sum = by_day.entry(own.due).or_default();
        *sum = sum.plus(own.amount)?;
    }
    let (mut sum, mut least) = (Money::ZERO, Money::ZERO);
    for amount in by_day.into_values() {
        sum = sum.plus(amount)?;
        least = least.min(sum);
    }
    Ok(least)
}
