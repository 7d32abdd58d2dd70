//! The most that a margin account under a grid may have to have while its working orders fill: an upper bound over regions of outcomes.
//!
//! With `f` the initial factor and `r` a scenario's result before dampening `d`, of a source that no other offsets:
//!
//! ```text
//! required <= max over scenarios: most of (f * d * -r + cost)      or f * what the scan is at least + cost
//! ```
//!
//! `r` is linear in what is filled but for the two factors of values after a move and for scenarios in which an expiry's size is lost:
//! both stand beside it as ends. What is beyond the scan (charges, floors, rolling) is made of the most that every contract's quantity
//! may be, by the same functions; sources with offsets are joined by [`crate::offset`]'s bounds of results between two ends.

mod source;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::book::SourceBook;
use super::catalogue::{Catalogue, GridRow};
use super::extent::Extent;
use super::values::{self, Values};
use super::{charges, scan, sources};
use crate::fills::{
    Amounts, Bound, Effort, Linear, LinearDelta, LinearMoney, OpenFills, Places, Region, Requirement, Worst,
    worst,
};
use crate::offset::{RiskExtent, by_correlation_at_most, by_gains_at_most, by_pairs_at_most};
use crate::parameters::method::{BasisPlace, FactorScope, GridMethod, OffsetRule, ProductGroup};
use crate::types::{Currency, Decimal, Delta, Lots, Money, Overflow, Quantity, Ratio};
use source::RangedSource;

/// What one unit of an order does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GridFill {
    /// The contracts it trades, with the lots of one unit.
    pub legs: Vec<(GridRow, Lots)>,
    /// What it costs: loss against the mark and fee; positive is paid.
    pub cash: Vec<(Currency, Money)>,
}

/// Quotients are rounded to 1e-18, a few of them for every unit filled.
const ROUNDED_UNIT: Money = Money::from_raw(10_000);
/// One part in so many of an amount covers what is rounded in what every held lot adds to it.
const ROUNDED_PART: i128 = 10_000_000_000_000;

/// A margin account with its working orders.
#[derive(Clone, Copy)]
pub struct GridOrders<'a> {
    /// The contracts.
    pub catalogue: &'a Catalogue,
    /// The positions: each row once.
    pub lots: &'a [(GridRow, i64)],
    /// What one unit of every order does.
    pub orders: &'a [GridFill],
    /// How many units of each are open, and what links them.
    pub open: &'a OpenFills,
    /// Money of a currency in the one in which outcomes are compared.
    pub weigh: &'a dyn Fn(&Currency, Money) -> Result<Money, Overflow>,
}

/// The worst initial requirement together with what the fills cost, at any outcome of the orders; by currency, ascending.
///
/// # Errors
/// [`Overflow`] when a number does not fit.
pub fn worst_required(own: GridOrders<'_>, effort: Effort) -> Result<(Vec<Currency>, Worst), Overflow> {
    let ranged = Ranged::new(own)?;
    let worst = worst(&ranged, own.open, effort)?;
    Ok((ranged.currencies, worst))
}

/// One outcome of the orders as a single number: what is required then and what the fills cost, in the currency of comparison.
///
/// # Errors
/// [`Overflow`] when a number does not fit.
pub fn weighed_outcome(own: GridOrders<'_>, filled: &[i64]) -> Result<Money, Overflow> {
    let ranged = Ranged::new(own)?;
    ranged.weighed(&ranged.exact(filled)?)
}

struct Ranged<'a> {
    own: GridOrders<'a>,
    grid: &'a GridMethod,
    currencies: Vec<Currency>,
    /// The place of the method's.
    place: usize,
    /// Lots of every contract, ascending.
    rows: Vec<(GridRow, LinearDelta)>,
    sources: Vec<RangedSource>,
    /// Cash of orders that stands with no source.
    other_cash: Vec<LinearMoney>,
    factor: Ratio,
}

/// What a source has to cover in a region.
struct Covered {
    /// The ends of every scenario's result.
    least: Vec<Money>,
    most: Vec<Money>,
    /// At most what is added to the scan.
    extra: Money,
    /// At most what the scan is at least.
    floor: Money,
    /// At most the basis contingency where it may be the worst.
    basis: Money,
    is_certain: bool,
}

impl<'a> Ranged<'a> {
    fn new(own: GridOrders<'a>) -> Result<Self, Overflow> {
        let catalogue = own.catalogue;
        let paid = own.orders.iter().flat_map(|order| order.cash.iter().map(|(currency, _)| currency));
        let currencies: BTreeSet<&Currency> = paid.chain([&catalogue.method().currency]).collect();
        let currencies: Vec<Currency> = currencies.into_iter().cloned().collect();
        let all: Places = (0..own.orders.len()).collect();
        let factor = catalogue.initial_factor()?;
        let traded = own.orders.iter().flat_map(|order| order.legs.iter().map(|(row, _)| *row));
        let rows: BTreeSet<GridRow> = own.lots.iter().map(|(row, _)| *row).chain(traded).collect();
        let indexes: BTreeSet<usize> = rows.iter().map(|row| row.source).collect();
        let lots = |lots: i64| Delta::from_decimal(Decimal::whole(lots));
        let linear = |row: GridRow| -> Result<(GridRow, LinearDelta), Overflow> {
            let trades = |fill: &GridFill| fill.legs.iter().any(|(own, _)| *own == row);
            let orders = own.orders.iter().enumerate().filter(|(_, fill)| trades(fill));
            let places: Places = orders.map(|(order, _)| order).collect();
            let mut linear = Linear::nothing(&places);
            for (_, held) in own.lots.iter().filter(|(own, _)| *own == row) {
                linear.add(None, lots(*held)?)?;
            }
            for (order, fill) in own.orders.iter().enumerate() {
                for (_, traded) in fill.legs.iter().filter(|(own, _)| *own == row) {
                    linear.add(Some(order), lots(traded.get())?)?;
                }
            }
            Ok((row, linear))
        };
        let source = |index| RangedSource::new(catalogue, index, own.lots, own.orders, factor);
        let mut ranged = Self {
            grid: catalogue.grid(),
            place: currencies.binary_search(&catalogue.method().currency).unwrap_or_default(),
            rows: rows.into_iter().map(linear).collect::<Result<_, _>>()?,
            sources: indexes.into_iter().map(source).collect::<Result<_, _>>()?,
            other_cash: vec![Linear::nothing(&all); currencies.len()],
            currencies,
            factor,
            own,
        };
        for (order, fill) in own.orders.iter().enumerate() {
            for (currency, amount) in &fill.cash {
                ranged.pay(order, fill, currency, *amount)?;
            }
        }
        Ok(ranged)
    }

    /// What an order pays stands with its source where that is bounded by itself, so that both are bounded together.
    fn pay(
        &mut self,
        order: usize,
        fill: &GridFill,
        currency: &Currency,
        amount: Money,
    ) -> Result<(), Overflow> {
        let place = self.currencies.binary_search(currency).unwrap_or_default();
        let own = |source: &&mut RangedSource| {
            let code = &self.own.catalogue.sources[source.index].0.source;
            let is_grouped = self.grid.offsets.0.iter().any(|group| group.sources.contains(code));
            !is_grouped && fill.legs.iter().any(|(row, _)| row.source == source.index)
        };
        match self.sources.iter_mut().find(own).filter(|_| place == self.place) {
            Some(own) => own.pay(order, amount),
            None => self.other_cash[place].add(Some(order), amount),
        }
    }

    /// What of a price source is not linear in what is filled.
    fn covered(
        &self,
        source: &RangedSource,
        chosen: &[(SourceBook, Arc<Values>)],
        region: &Region,
    ) -> Result<(Covered, Vec<charges::Charge>), Overflow> {
        let fills = self.own.open;
        let market = &self.own.catalogue.sources[source.index].0;
        let (mut least, mut most) = (Vec::new(), Vec::new());
        for (scenario, gain) in source.gains.iter().enumerate() {
            let beside = source.beside(scenario, fills, region)?;
            let own = &self.grid.scenarios[scenario];
            let low = gain.least(fills, region)?.plus(beside.low)?;
            let high = gain.most(fills, region)?.plus(beside.high)?;
            least.push(scan::dampened(low, own, market)?);
            most.push(scan::dampened(high, own, market)?);
        }
        let mut covered = Covered {
            least,
            most,
            extra: Money::ZERO,
            floor: Money::ZERO,
            basis: Money::ZERO,
            is_certain: false,
        };
        let Some((book, values)) = chosen.iter().find(|(book, _)| book.source == market.source) else {
            return Ok((covered, Vec::new()));
        };
        let is_needed = values::needs_deltas(self.grid);
        let deltas = if is_needed { charges::deltas(book, values)? } else { None };
        let deltas = deltas.unwrap_or_default();
        covered.floor = charges::floor(book, values, self.grid, deltas)?;
        covered.extra = sources::roll(book, values, self.grid)?
            .plus(sources::delta_shock(book, self.grid, deltas)?)?
            .plus(self.scan_rounding()?)?;
        let basis = source.basis(fills, region)?;
        match self.grid.basis.map(|own| own.place) {
            None => {}
            Some(BasisPlace::Added) => covered.extra = covered.extra.plus(basis)?,
            Some(BasisPlace::Worst) => covered.basis = basis,
        }
        covered.is_certain = book.rows.iter().any(|row| row.held.is_certain());
        Ok((covered, charges::charges(book, self.grid)?.all))
    }

    /// What rounding a scan may add.
    fn scan_rounding(&self) -> Result<Money, Overflow> {
        let Some(places) = self.grid.margin.scan_places else { return Ok(Money::ZERO) };
        Ok(Money::from_sum_half_away(1, places)?.half_away())
    }

    /// At most what a source by itself requires with what its orders cost, and the linear number that is worst.
    fn alone<'b>(
        &self,
        source: &'b RangedSource,
        covered: &Covered,
        region: &Region,
    ) -> Result<(Money, &'b LinearMoney), Overflow> {
        let fills = self.own.open;
        let paid = source.cash.most(fills, region)?;
        let basis = covered.basis.times_ratio_half_away(self.factor)?;
        let (mut worst, mut functional) = (paid.plus(basis)?, &source.cash);
        for (scenario, required) in source.required.iter().enumerate() {
            let beside = source.beside(scenario, fills, region)?.low.negated();
            let weighted = beside.times_ratio_half_away(source.weights[scenario])?;
            let market = &self.own.catalogue.sources[source.index].0;
            let relief = scan::relief(&self.grid.scenarios[scenario], market)?;
            let own = required.most(fills, region)?.plus(weighted)?;
            let own = own.minus(relief.times_ratio_half_away(self.factor)?)?;
            if own > worst {
                (worst, functional) = (own, required);
            }
        }
        let scanned = worst.plus(covered.extra.times_ratio_half_away(self.factor)?)?;
        let floor = covered.floor.times_ratio_half_away(self.factor)?.plus(paid)?;
        Ok((scanned.max(floor), functional))
    }

    /// At most what the sources of a product group have to cover together, and the scenario in which they lose most.
    fn together(
        &self,
        group: &ProductGroup,
        covered: &[Covered],
    ) -> Result<Option<(Money, usize)>, Overflow> {
        let place = |code: &crate::types::PriceSource| {
            self.sources.iter().position(|own| self.own.catalogue.sources[own.index].0.source == *code)
        };
        let places: Vec<Option<usize>> = group.sources.iter().map(place).collect();
        if places.iter().all(Option::is_none) {
            return Ok(None);
        }
        let nothing = vec![Money::ZERO; self.grid.scenarios.len()];
        let none = RiskExtent { least: &nothing, most: &nothing, beyond: Money::ZERO, is_certain: false };
        let risk = |place: &Option<usize>| place.map_or(Ok(none), |place| covered[place].risk());
        let risks = places.iter().map(risk).collect::<Result<Vec<_>, _>>()?;
        let amount = match &group.rule {
            OffsetRule::Gains { fraction, most } => by_gains_at_most(&risks, *fraction, *most, group.limits)?,
            OffsetRule::Pairs(pairs) => by_pairs_at_most(&risks, pairs, group.limits)?,
            OffsetRule::Correlation { matrix, up, down, .. } => {
                by_correlation_at_most(&risks, matrix, [*up, *down], group.limits)?
            }
        };
        let mut worst = (Money::ZERO, 0);
        for scenario in 0..nothing.len() {
            let sum = risks.iter().try_fold(Money::ZERO, |sum, own| sum.plus(own.least[scenario]))?;
            if sum < worst.0 {
                worst = (sum, scenario);
            }
        }
        Ok(Some((amount, worst.1)))
    }

    /// What there may be of every contract.
    fn extents(&self, region: &Region) -> Result<Vec<(GridRow, Extent)>, Overflow> {
        let quantity = |delta: Delta| Quantity::from_raw_half_away(delta.raw());
        let own = |(row, lots): &(GridRow, LinearDelta)| {
            let low = quantity(lots.least(self.own.open, region)?)?;
            Ok((*row, Extent::between(low, quantity(lots.most(self.own.open, region)?)?)))
        };
        self.rows.iter().map(own).collect()
    }

    /// At most the initial requirement in a region, and the linear number that is worst.
    fn required(&self, region: &Region) -> Result<(Money, LinearMoney), Overflow> {
        let chosen = self.own.catalogue.chosen(&self.extents(region)?);
        let (mut covered, mut total) = (Vec::with_capacity(self.sources.len()), Money::ZERO);
        let mut functional = self.other_cash[self.place].clone();
        for source in &self.sources {
            let (own, charges) = self.covered(source, &chosen, region)?;
            covered.push(own);
            for charge in charges {
                let maintenance = match self.grid.margin.scope {
                    FactorScope::Scan => charge.maintenance,
                    FactorScope::ScanAndContingencies => {
                        charge.maintenance.times_ratio_half_away(self.factor)?
                    }
                };
                total = total.plus(maintenance)?.plus(charge.initial)?;
            }
        }
        let is_grouped = |source: &RangedSource| {
            let code = &self.own.catalogue.sources[source.index].0.source;
            self.grid.offsets.0.iter().any(|group| group.sources.contains(code))
        };
        for (source, covered) in self.sources.iter().zip(&covered).filter(|(own, _)| !is_grouped(own)) {
            let (amount, own) = self.alone(source, covered, region)?;
            total = total.plus(amount)?;
            added(&mut functional, own)?;
        }
        for group in &self.grid.offsets.0 {
            let Some((amount, scenario)) = self.together(group, &covered)? else { continue };
            total = total.plus(amount.times_ratio_half_away(self.factor)?)?;
            for source in self.sources.iter().filter(|own| is_grouped(own)) {
                let code = &self.own.catalogue.sources[source.index].0.source;
                if group.sources.contains(code) {
                    added(&mut functional, &source.required[scenario])?;
                }
            }
        }
        Ok((total, functional))
    }
}

fn added(sum: &mut LinearMoney, own: &LinearMoney) -> Result<(), Overflow> {
    own.places().iter().zip(&own.units).try_for_each(|(order, unit)| sum.add(Some(*order), *unit))
}

impl Covered {
    fn risk(&self) -> Result<RiskExtent<'_>, Overflow> {
        let scan = self.most.iter().map(|own| own.negated()).fold(Money::ZERO, Money::max);
        let basis = self.basis.minus(scan)?.max(Money::ZERO);
        let beyond = self.extra.plus(basis)?.max(self.floor.minus(scan)?);
        Ok(RiskExtent { least: &self.least, most: &self.most, beyond, is_certain: self.is_certain })
    }
}

impl Requirement for Ranged<'_> {
    type Error = Overflow;

    fn exact(&self, filled: &[i64]) -> Result<Amounts, Overflow> {
        let mut lots = self.own.lots.to_vec();
        let mut amounts: Amounts = self.currencies.iter().map(|_| Money::ZERO).collect();
        for (order, units) in self.own.orders.iter().zip(filled).filter(|(_, units)| **units > 0) {
            for (row, own) in &order.legs {
                lots.push((*row, own.get().checked_mul(*units).ok_or(Overflow)?));
            }
            for (currency, amount) in &order.cash {
                if let Ok(place) = self.currencies.binary_search(currency) {
                    amounts[place] = amounts[place].plus(amount.times_whole(*units)?)?;
                }
            }
        }
        let required = self.own.catalogue.margin(&lots)?.requirement.initial;
        amounts[self.place] = amounts[self.place].plus(required)?;
        Ok(amounts)
    }

    fn at_most(&self, region: &Region) -> Result<Bound, Overflow> {
        let (required, functional) = self.required(region)?;
        let units: i64 = region.ranges().iter().map(|range| range.high).fold(1, i64::saturating_add);
        let slack = ROUNDED_UNIT.times_whole(units)?;
        let mut amounts = Amounts::new();
        let mut chosen = functional;
        for (place, other) in self.other_cash.iter().enumerate() {
            let paid = other.most(self.own.open, region)?;
            let amount = if place == self.place { required.plus(paid)? } else { paid };
            let part = Money::from_raw(amount.magnitude().raw() / ROUNDED_PART);
            amounts.push(amount.plus(slack)?.plus(part)?);
            if place != self.place {
                chosen = chosen.plus(other)?;
            }
        }
        Ok(Bound { amounts, corner: chosen.corner(self.own.open, region)? })
    }

    fn weighed(&self, amounts: &Amounts) -> Result<Money, Overflow> {
        let mut weights = self.currencies.iter().zip(amounts);
        weights
            .try_fold(Money::ZERO, |sum, (currency, amount)| sum.plus((self.own.weigh)(currency, *amount)?))
    }

    fn influence(&self, order: usize) -> Money {
        let cash = self.other_cash.iter().map(|own| own.unit(order).magnitude());
        let sources = self.sources.iter().map(|own| own.influence(order));
        sources.chain(cash).fold(Money::ZERO, |sum, next| sum.plus(next).unwrap_or(Money::MOST))
    }

    /// The orders, and a few of them for every contract and price source.
    fn weight(&self) -> u64 {
        (self.own.orders.len() + 4 * (self.rows.len() + self.sources.len())) as u64
    }
}
