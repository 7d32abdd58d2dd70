//! What of one price source grows with every unit filled, and the ends of its results in a region.

use std::sync::Arc;

use super::GridFill;
use crate::fills::{Linear, LinearMoney, OpenFills, Places, Region};
use crate::grid::book::{RowKind, SourceBook};
use crate::grid::catalogue::{Catalogue, GridRow};
use crate::grid::extent::MoneyExtent;
use crate::grid::values::Values;
use crate::grid::whole::Sum;
use crate::grid::{basis, scan};
use crate::parameters::method::GridMethod;
use crate::types::{Decimal, Moment, Money, Overflow, Quantity, Ratio};

/// One price source.
#[derive(Debug)]
pub(super) struct RangedSource {
    /// Its place in the catalogue.
    pub(super) index: usize,
    /// The gain in every scenario, values after a move with the factor of long ones; without what [`Self::beside`] has.
    pub(super) gains: Vec<LinearMoney>,
    /// What is required for the loss in every scenario, with what the orders cost.
    pub(super) required: Vec<LinearMoney>,
    /// What a unit of loss requires in every scenario.
    pub(super) weights: Vec<Ratio>,
    /// What the orders cost that trade nothing else.
    pub(super) cash: LinearMoney,
    expiries: Vec<RangedExpiry>,
    moves: Vec<RangedMoves>,
}

/// What the forward of one expiry may lose by itself, of options and futures together.
#[derive(Debug)]
struct RangedMoves {
    expiry: Moment,
    weight: Ratio,
    losses: [LinearMoney; basis::MOVES],
}

/// The options of one expiry.
#[derive(Debug)]
struct RangedExpiry {
    mark: LinearMoney,
    /// In every cell.
    values: Vec<LinearMoney>,
    /// `values * long - mark`, where its size is lost.
    skewed: Vec<Option<LinearMoney>>,
    long: Ratio,
    /// The factor of short values less that of long ones.
    more: Ratio,
}

/// Whole units of values: of what is held, or of one unit of an order.
struct Sums {
    /// By cell.
    linear: Vec<Sum>,
    /// By expiry and cell, and the mark behind them.
    options: Vec<Vec<Sum>>,
    /// By expiry of futures and move of the basis.
    futures: Vec<[Sum; basis::MOVES]>,
}

impl Sums {
    fn of(
        (book, values): &(SourceBook, Arc<Values>),
        futures: &[(Moment, f64)],
        legs: impl Iterator<Item = (usize, i64)>,
    ) -> Result<Self, Overflow> {
        let cells = values.cells.ncols();
        let mut sums = Self {
            linear: vec![Sum::default(); cells],
            options: vec![vec![Sum::default(); cells + 1]; book.expiries.len()],
            futures: vec![[Sum::default(); basis::MOVES]; futures.len()],
        };
        for (row, lots) in legs {
            let held = Quantity::from_decimal_half_away(Decimal::whole(lots))?;
            let scale = values.row_scales[row];
            if let RowKind::Future { expiry, .. } = book.rows[row].kind
                && let Some(place) = futures.iter().position(|own| own.0 == expiry)
            {
                let moved = &values.cells.row(row).to_vec()[cells - basis::MOVES..];
                for (sum, units) in sums.futures[place].iter_mut().zip(moved) {
                    sum.add(held, *units, scale)?;
                }
            }
            let own = match book.rows[row].kind.option_expiry() {
                Some(expiry) => &mut sums.options[expiry],
                None => &mut sums.linear,
            };
            let units = values.cells.row(row).into_iter().copied().chain([values.marks[row]]);
            for (sum, units) in own.iter_mut().zip(units) {
                sum.add(held, units, scale)?;
            }
        }
        Ok(sums)
    }
}

impl RangedSource {
    /// `weigh` is what a unit of risk requires.
    pub(super) fn new(
        catalogue: &Catalogue,
        index: usize,
        held: &[(GridRow, i64)],
        orders: &[GridFill],
        factor: Ratio,
    ) -> Result<Self, Overflow> {
        let own = &catalogue.sources[index];
        let trades = |fill: &GridFill| fill.legs.iter().any(|(row, _)| row.source == index);
        let places: Places =
            orders.iter().enumerate().filter(|(_, fill)| trades(fill)).map(|(order, _)| order).collect();
        let of_held = held.iter().filter(|(row, _)| row.source == index).map(|(row, lots)| (row.row, *lots));
        let grid = catalogue.grid();
        let futures = if grid.basis.is_some() { basis::future_expiries(&own.0) } else { Vec::new() };
        let mut sums = vec![(None, Sums::of(own, &futures, of_held)?)];
        for &order in &*places {
            let legs = orders[order].legs.iter().filter(|(row, _)| row.source == index);
            sums.push((Some(order), Sums::of(own, &futures, legs.map(|(row, lots)| (row.row, lots.get())))?));
        }
        let linear = |of: &dyn Fn(&Sums) -> Sum| -> Result<LinearMoney, Overflow> {
            let mut linear = Linear::nothing(&places);
            for (order, sums) in &sums {
                linear.add(*order, of(sums).money(own.1.scales)?)?;
            }
            Ok(linear)
        };
        let cells = own.1.cells.ncols();
        let mut expiries = Vec::with_capacity(own.0.expiries.len());
        for place in 0..own.0.expiries.len() {
            let values = (0..cells).map(|cell| linear(&|sums| sums.options[place][cell]));
            let mark = linear(&|sums| sums.options[place][cells])?;
            expiries.push(RangedExpiry::new(&own.0, place, grid, mark, values.collect::<Result<_, _>>()?)?);
        }
        let mut moves = RangedMoves::of_options(&own.0, grid, &expiries)?;
        for (place, (expiry, years)) in futures.iter().enumerate() {
            let lost = |cell: usize| Ok(linear(&|sums| sums.futures[place][cell])?.negated());
            RangedMoves::add_future(
                &mut moves,
                (*expiry, basis::weight(grid, *years)?),
                [lost(0)?, lost(1)?],
            )?;
        }
        let mut gains = Vec::with_capacity(grid.scenarios.len());
        for cell in 0..grid.scenarios.len() {
            let options = expiries.iter().filter(|own| own.skewed[cell].is_none());
            gains.push(
                options
                    .into_iter()
                    .try_fold(linear(&|sums| sums.linear[cell])?, |sum, own| sum.plus(&own.gain(cell)?))?,
            );
        }
        let weights = grid.scenarios.iter().map(|own| factor.times_ratio_half_away(own.dampening));
        let mut source = Self {
            index,
            gains,
            required: Vec::new(),
            weights: weights.collect::<Result<_, _>>()?,
            cash: Linear::nothing(&places),
            expiries,
            moves,
        };
        source.require()?;
        Ok(source)
    }

    /// Takes what an order costs that trades nothing else.
    pub(super) fn pay(&mut self, order: usize, amount: Money) -> Result<(), Overflow> {
        self.cash.add(Some(order), amount)?;
        self.required.iter_mut().try_for_each(|own| own.add(Some(order), amount))
    }

    fn require(&mut self) -> Result<(), Overflow> {
        for (gain, weight) in self.gains.iter().zip(&self.weights) {
            self.required.push(gain.negated().map(|loss| loss.times_ratio_half_away(*weight))?);
        }
        Ok(())
    }

    /// What is between the result of a scenario, before dampening, and its linear part.
    pub(super) fn beside(
        &self,
        scenario: usize,
        fills: &OpenFills,
        region: &Region,
    ) -> Result<MoneyExtent, Overflow> {
        let ends = self.expiries.iter().map(|own| own.beside(scenario, fills, region));
        ends.into_iter().try_fold(MoneyExtent::default(), |sum, own| sum.plus(own?))
    }

    /// At most the size of the basis contingency.
    pub(super) fn basis(&self, fills: &OpenFills, region: &Region) -> Result<Money, Overflow> {
        let mut sum = Money::ZERO;
        for own in &self.moves {
            let [up, down] = &own.losses;
            let most = up.most(fills, region)?.max(down.most(fills, region)?).max(Money::ZERO);
            sum = sum.plus(most.times_ratio_half_away(own.weight)?.max(Money::ZERO))?;
        }
        Ok(sum)
    }

    /// What one unit of an order may require, and what it costs.
    pub(super) fn influence(&self, order: usize) -> Money {
        self.required.iter().map(|own| own.unit(order).magnitude()).fold(Money::ZERO, Money::max)
    }
}

impl RangedMoves {
    /// Of the options of every expiry.
    fn of_options(
        book: &SourceBook,
        grid: &GridMethod,
        expiries: &[RangedExpiry],
    ) -> Result<Vec<Self>, Overflow> {
        let first = grid.scenarios.len();
        let mut moves = Vec::new();
        for (market, own) in book.expiries.iter().zip(expiries) {
            let Some(weight) = basis::weight(grid, market.years)? else { break };
            let lost = |cell: usize| own.mark.minus(&own.values[cell]);
            moves.push(Self { expiry: market.expiry, weight, losses: [lost(first)?, lost(first + 1)?] });
        }
        Ok(moves)
    }

    /// Adds what futures of an expiry lose.
    fn add_future(
        moves: &mut Vec<Self>,
        (expiry, weight): (Moment, Option<Ratio>),
        losses: [LinearMoney; basis::MOVES],
    ) -> Result<(), Overflow> {
        let Some(weight) = weight else { return Ok(()) };
        match moves.iter_mut().find(|own| own.expiry == expiry) {
            Some(own) => {
                let [up, down] = &losses;
                own.losses = [own.losses[0].plus(up)?, own.losses[1].plus(down)?];
            }
            None => moves.push(Self { expiry, weight, losses }),
        }
        Ok(())
    }
}

impl RangedExpiry {
    fn new(
        book: &SourceBook,
        place: usize,
        grid: &GridMethod,
        mark: LinearMoney,
        values: Vec<LinearMoney>,
    ) -> Result<Self, Overflow> {
        let (long, short) = scan::discounts(book, place, grid)?;
        let more = short.minus(long)?;
        let mut expiry = Self { mark, values, skewed: Vec::new(), long, more };
        for (cell, scenario) in grid.scenarios.iter().enumerate() {
            let is_skew = scenario.shock.volatility.is_skew();
            let own = if is_skew { Some(expiry.gain(cell)?) } else { None };
            expiry.skewed.push(own);
        }
        Ok(expiry)
    }

    /// What the options gain, if their value after the move is positive.
    fn gain(&self, cell: usize) -> Result<LinearMoney, Overflow> {
        self.values[cell].map(|value| value.times_ratio_half_away(self.long))?.minus(&self.mark)
    }

    fn beside(&self, cell: usize, fills: &OpenFills, region: &Region) -> Result<MoneyExtent, Overflow> {
        let mut ends = MoneyExtent::default();
        if !self.more.is_zero() {
            // Below nothing the value has the other factor.
            let negative = |end: Money| end.max(Money::ZERO).times_ratio_half_away(self.more);
            let most = negative(self.values[cell].least(fills, region)?.negated())?.negated();
            let least = negative(self.values[cell].most(fills, region)?.negated())?.negated();
            ends = MoneyExtent { low: most.min(least), high: most.max(least) };
        }
        let Some(gain) = &self.skewed[cell] else { return Ok(ends) };
        let low = gain.least(fills, region)?.plus(ends.low)?;
        let high = gain.most(fills, region)?.plus(ends.high)?;
        let size = high.magnitude().max(low.magnitude());
        let least_size = low.max(high.negated()).max(Money::ZERO);
        Ok(MoneyExtent { low: size.negated(), high: least_size.negated() })
    }
}
