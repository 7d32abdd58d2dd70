//! The result of every scenario for one price source, the basis contingency, and which of them is the worst.

#![allow(clippy::float_arithmetic, reason = "discount factors are models'; money is summed as whole numbers")]

use super::basis::{self, BasisMove};
use super::book::{RowKind, SourceBook};
use super::values::Values;
use super::whole::{Scales, Sum};
use crate::parameters::method::{BasisPlace, GridMethod, Relief, Scenario, SideDiscount};
use crate::pricing::discount_factor;
use crate::scenario::Shock;
use crate::types::{Money, Overflow, Ratio};

/// Results are equal where they differ by less than this part of their size.
const EQUAL_WITHIN: i128 = 1_000_000_000;

/// What the scan of a price source came to.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// The result of every scenario, gains positive.
    pub(super) results: Vec<Money>,
    /// The basis contingency; not positive.
    pub(super) basis: Money,
    /// The worst result, or the basis contingency where that is the worst; not positive.
    pub(super) worst: Money,
    /// The first scenario with the worst result; the number of scenarios where none is worse than the basis contingency.
    pub(super) worst_index: usize,
    /// Of every expiry of options.
    pub(super) expiries: Vec<ExpiryScan>,
    /// Of every expiry, what its forward moves by itself.
    pub(super) moves: Vec<BasisMove>,
}

/// What the scan needs of one expiry.
#[derive(Clone, Debug)]
pub(super) struct ExpiryScan {
    /// The value of its options, as they are and in every cell.
    mark: Money,
    values: Vec<Money>,
    long: Ratio,
    short: Ratio,
}

impl ExpiryScan {
    /// What a value after a move is multiplied by.
    pub(super) fn factor(&self, cell: usize) -> Ratio {
        if self.values[cell].is_negative() { self.short } else { self.long }
    }

    /// What the expiry gains in a scenario.
    fn gain(&self, cell: usize) -> Result<Money, Overflow> {
        self.values[cell].times_ratio_half_away(self.factor(cell))?.minus(self.mark)
    }

    /// 1 where the gain counts as it is, -1 where its size is lost and it is a gain.
    pub(super) fn sign(&self, cell: usize, shock: &Shock) -> Result<i64, Overflow> {
        Ok(if shock.volatility.is_skew() && self.gain(cell)?.is_positive() { -1 } else { 1 })
    }

    /// What its options gain in a cell, as they are worth then.
    pub(super) fn moved_by(&self, cell: usize) -> Result<Money, Overflow> {
        self.values[cell].minus(self.mark)
    }
}

/// Scans a price source of which one quantity of each contract is held; `collateral` is the value that moves with it.
pub(super) fn scan(
    book: &SourceBook,
    values: &Values,
    method: &GridMethod,
    collateral: Money,
) -> Result<Scan, Overflow> {
    let cells = values.cells.ncols();
    let mut linear = vec![Sum::default(); cells];
    let mut options = vec![vec![Sum::default(); cells + 1]; book.expiries.len()];
    let scaled = values.cells.outer_iter().zip(&values.row_scales);
    for (row, (units, scale)) in book.rows.iter().zip(scaled) {
        let sums = match row.kind.option_expiry() {
            Some(expiry) => &mut options[expiry][..cells],
            None => &mut linear[..],
        };
        for (sum, units) in sums.iter_mut().zip(units) {
            sum.add(row.held.low(), *units, *scale)?;
        }
    }
    for (row, (mark, scale)) in book.rows.iter().zip(values.marks.iter().zip(&values.row_scales)) {
        if let RowKind::Option { expiry, .. } = row.kind {
            options[expiry][cells].add(row.held.low(), *mark, *scale)?;
        }
    }
    let mut expiries = Vec::with_capacity(options.len());
    for (place, sums) in options.iter().enumerate() {
        expiries.push(expiry(book, place, sums, method, values.scales)?);
    }
    let mut results = Vec::with_capacity(method.scenarios.len());
    for (cell, scenario) in method.scenarios.iter().enumerate() {
        let mut result = linear[cell].money(values.scales)?;
        result = result.plus(moved(collateral, book.price.value(), &scenario.shock)?)?;
        for own in &expiries {
            let gain = own.gain(cell)?;
            let gain = if own.sign(cell, &scenario.shock)? < 0 { gain.negated() } else { gain };
            result = result.plus(gain)?;
        }
        results.push(dampened(result, scenario, book)?);
    }
    let moves = basis::moves(book, values, &expiries, method)?;
    let basis = basis::contingency(&moves)?;
    let counted = method.basis.filter(|own| own.place == BasisPlace::Worst).map_or(Money::ZERO, |_| basis);
    let worst_result = results.iter().copied().min().unwrap_or_default();
    let is_scenario = worst_result < counted;
    // Results that only rounding tells apart are equal: the lowest of them is the worst.
    let slack = Money::from_raw(worst_result.magnitude().raw() / EQUAL_WITHIN);
    let highest = worst_result.plus(slack)?;
    let first = results.iter().position(|own| *own <= highest).filter(|_| is_scenario);
    Ok(Scan {
        worst: worst_result.min(counted),
        worst_index: first.unwrap_or(results.len()),
        results,
        basis,
        expiries,
        moves,
    })
}

fn expiry(
    book: &SourceBook,
    place: usize,
    sums: &[Sum],
    method: &GridMethod,
    scales: Scales,
) -> Result<ExpiryScan, Overflow> {
    let mut money = sums.iter().map(|sum| sum.money(scales)).collect::<Result<Vec<_>, _>>()?;
    let mark = money.pop().unwrap_or_default();
    let (long, short) = discounts(book, place, method)?;
    Ok(ExpiryScan { mark, values: money, long, short })
}

/// What an expiry's values after a move are multiplied by: where they are positive, and where they are negative.
pub(super) fn discounts(
    book: &SourceBook,
    place: usize,
    method: &GridMethod,
) -> Result<(Ratio, Ratio), Overflow> {
    let market = &book.expiries[place];
    // A method with an averaged settlement price discounts the expiry as long as it is held, known price or not.
    let is_counted = !market.is_settled || method.averages_settlement();
    let Some(discount) = method.margin.discount.as_ref().filter(|_| is_counted) else {
        return Ok((Ratio::ONE, Ratio::ONE));
    };
    let factor = |side: &SideDiscount, sign: f64| {
        let rate = market.rate.mul_add(side.rate_multiplier, side.rate_add);
        side.factor * discount_factor(sign * rate, market.years)
    };
    let long = Ratio::from_f64_half_away(factor(&discount.long, 1.0))?;
    let Some(side) = &discount.short else { return Ok((long, Ratio::ONE)) };
    let most = discount_factor(-market.rate, market.years);
    Ok((long, Ratio::from_f64_half_away(factor(side, -1.0).min(most))?))
}

/// What value that moves with the price gains.
fn moved(value: Money, price: f64, shock: &Shock) -> Result<Money, Overflow> {
    if value.is_zero() {
        return Ok(value);
    }
    let part = shock.spot_factor - 1.0 + shock.spot_shift / price;
    value.times_ratio_half_away(Ratio::from_f64_half_away(part)?)
}

/// The result as it counts: dampened, and moved towards nothing where the scenario says so.
pub(super) fn dampened(result: Money, scenario: &Scenario, book: &SourceBook) -> Result<Money, Overflow> {
    let result = result.times_ratio_half_away(scenario.dampening)?;
    let left = result.magnitude().minus(relief(scenario, book)?)?.max(Money::ZERO);
    Ok(if result.is_negative() { left.negated() } else { left })
}

/// By how much a scenario's result moves towards nothing.
pub(super) fn relief(scenario: &Scenario, book: &SourceBook) -> Result<Money, Overflow> {
    let Some(Relief { money, price_factor }) = scenario.relief else { return Ok(Money::ZERO) };
    if !book.is_in_coin() {
        return Ok(money);
    }
    let edge = book.price.value() * price_factor.to_f64();
    Money::from_f64_half_away(money.to_f64() / edge)
}
