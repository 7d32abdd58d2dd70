//! The price sources of an account: each by itself, and joined by the method's offsets.

#![allow(clippy::float_arithmetic, reason = "moves are models'; money is multiplied exactly")]

use std::sync::Arc;

use super::book::{self, RowKind, SourceBook};
use super::charges::{self, Charge, DeltaExtents, Deltas};
use super::equity::{self, Valued};
use super::extent::{Extent, SumExtent};
use super::scan::{self, Scan};
use super::values::{self, UnitDelta, Values};
use super::whole::Scales;
use crate::account::{AccountError, MarginAccount};
use crate::market::Snapshot;
use crate::offset::{Combined, SourceRisk, Weight, by_correlation, by_gains, by_pairs, summed};
use crate::parameters::method::{BasisPlace, GridMethod, Method, OffsetRule, ProductGroup};
use crate::types::{Money, Overflow, PriceSource, Quantity, Ratio};

/// Everything that has a price: what does not depend on how much is held of it, once for all.
pub(super) struct Priced {
    pub(super) sources: Vec<(SourceBook, Arc<Values>)>,
    pub(super) collateral: Vec<Valued>,
}

impl Priced {
    /// The positions alone, less those of one account.
    pub(super) fn positions_without(&self, account: Option<usize>) -> Result<Self, Overflow> {
        let left = |(book, values): &(SourceBook, Arc<Values>)| {
            let mut book = book.clone();
            for row in &mut book.rows {
                let kept = row.parts.iter().filter(|(own, _)| Some(*own) != account);
                row.held = Extent::of(kept.map(|(_, own)| *own).try_fold(Quantity::ZERO, Quantity::plus)?);
            }
            Ok((book, Arc::clone(values)))
        };
        let sources = self.sources.iter().map(left).collect::<Result<_, _>>()?;
        Ok(Self { sources, collateral: Vec::new() })
    }
}

/// The numbers of one price source.
#[derive(Clone, Debug)]
pub struct SourceResult {
    /// The source.
    pub source: PriceSource,
    /// The result of every scenario.
    pub results: Vec<Money>,
    /// The basis contingency; not positive.
    pub basis: Money,
    /// The worst of them; not positive.
    pub worst: Money,
    /// Its place; the number of scenarios where it is none of them.
    pub worst_index: usize,
    /// Net and gross delta of the positions; `None` where nothing can say them.
    pub deltas: Option<Deltas>,
    /// The contingency for rolling.
    pub roll: Money,
    /// The contingency for deltas that a market cannot absorb.
    pub delta_shock: Money,
    /// What the scan is at least.
    pub floor: Money,
    /// What it has to cover by itself, before factors.
    pub market_risk: Money,
    /// What is added.
    pub charges: Vec<Charge>,
    /// Whether anything of it is held: netted positions may be nothing.
    pub(super) is_held: bool,
    pub(super) scan: Scan,
    pub(super) marginal: Vec<(Money, Money)>,
}

/// What the offsets of a product group took away.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupResult {
    /// Its name.
    pub name: String,
    /// What its sources have to cover each by itself.
    pub sum: Money,
    /// What they have to cover together.
    pub amount: Money,
    /// The diversification benefit: the difference.
    pub benefit: Money,
    /// How far the file's correlation matrix was from the one used, if it had to be repaired.
    pub repaired: Option<f64>,
}

/// Nets and prices the positions and values the collateral.
pub(super) fn price(
    method: &Method,
    grid: &GridMethod,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<Priced, AccountError> {
    let mut books = book::books(account, snapshot, method, &grid.valuation)?;
    let sole = match books.as_slice() {
        [only] => Some(only.source.clone()),
        [] if snapshot.sources().count() == 1 => snapshot.sources().next().map(|(source, _)| source.clone()),
        _ => None,
    };
    let collateral = equity::valued(method, grid, snapshot, account, sole.as_ref())?;
    let moving = collateral.iter().filter(|own| own.cancels_risk).filter_map(|own| own.source.as_ref());
    for source in moving.chain(sole.as_ref()) {
        let known =
            snapshot.of(source).and_then(|market| market.price.filter(|own| market.admits(own.value())));
        if let Some(price) = known
            && books.iter().all(|book| book.source != *source)
        {
            books.push(book::empty_book(source.clone(), price));
        }
    }
    books.sort_by(|a, b| a.source.cmp(&b.source));
    let shocks = values::shocks(grid);
    let (mut sources, mut faults) = (Vec::new(), Vec::new());
    for book in books {
        match values::values(&book, grid, &shocks, Scales::new(method.places)) {
            Ok(values) => sources.push((book, Arc::new(values))),
            Err(own) => faults.extend(own),
        }
    }
    if faults.is_empty() { Ok(Priced { sources, collateral }) } else { Err(faults.into()) }
}

/// The numbers of every price source by itself.
pub(super) fn results(grid: &GridMethod, priced: &Priced) -> Result<Vec<SourceResult>, Overflow> {
    priced.sources.iter().map(|(book, values)| result(grid, priced, book, values)).collect()
}

fn result(
    grid: &GridMethod,
    priced: &Priced,
    book: &SourceBook,
    values: &Values,
) -> Result<SourceResult, Overflow> {
    let moving =
        priced.collateral.iter().filter(|own| own.cancels_risk && own.source.as_ref() == Some(&book.source));
    let collateral = moving.map(|own| own.value).try_fold(Money::ZERO, Money::plus)?;
    let scan = scan::scan(book, values, grid, collateral)?;
    let told = charges::deltas(book, values);
    // Deltas that are only told refuse nothing.
    let told = if values::needs_deltas(grid) { told? } else { told.unwrap_or_default() };
    let deltas = told.unwrap_or_default();
    let floor = charges::floor(book, values, grid, deltas)?;
    let roll = roll(book, values, grid)?;
    let delta_shock = delta_shock(book, grid, deltas)?;
    let added = grid.basis.filter(|own| own.place == BasisPlace::Added).map_or(Money::ZERO, |_| scan.basis);
    let worst = scan.worst.min(Money::ZERO).negated();
    let worst = grid.margin.scan_places.map_or(Ok(worst), |places| worst.rounded_half_away(places))?;
    let scanned = worst.minus(added)?.plus(roll)?.plus(delta_shock)?;
    let charged = charges::charges(book, grid)?;
    Ok(SourceResult {
        is_held: !collateral.is_zero() || book.rows.iter().any(|row| !row.held.is_nothing()),
        source: book.source.clone(),
        results: scan.results.clone(),
        basis: scan.basis,
        worst: scan.worst,
        worst_index: scan.worst_index,
        deltas: told.map(DeltaExtents::reported),
        roll,
        delta_shock,
        floor,
        market_risk: scanned.max(floor),
        charges: charged.all,
        marginal: charged.marginal,
        scan,
    })
}

/// Net deltas of each expiry, and of what has none, times the least or the annual move.
pub(super) fn roll(book: &SourceBook, values: &Values, grid: &GridMethod) -> Result<Money, Overflow> {
    let Some(terms) = &grid.roll else { return Ok(Money::ZERO) };
    let mut nets: Vec<(Option<crate::types::Moment>, f64, SumExtent)> = Vec::new();
    for (row, delta) in book.rows.iter().zip(&values.deltas) {
        let (expiry, years) = match row.kind {
            RowKind::Asset { .. } => continue,
            RowKind::Perpetual { .. } if !terms.perpetuals => continue,
            RowKind::Perpetual { .. } => (None, 0.0),
            RowKind::Future { expiry, years, .. } => (Some(expiry), years),
            RowKind::Option { expiry, .. } => {
                (Some(book.expiries[expiry].expiry), book.expiries[expiry].years)
            }
        };
        let place = nets.iter().position(|own| own.0 == expiry).unwrap_or_else(|| {
            nets.push((expiry, years, SumExtent::default()));
            nets.len() - 1
        });
        // A method that needs deltas has them of every contract.
        let UnitDelta { units, scale } = delta.unwrap_or_default();
        nets[place].2.add(row.held, units, scale)?;
    }
    let price = Ratio::from_f64_half_away(book.unit_price())?;
    nets.into_iter().try_fold(Money::ZERO, |sum, (_, years, net)| {
        let own = (terms.annualised_move * years).max(terms.minimum_move);
        let delta = net.money(values.scales)?.size().times_ratio_half_away(price)?;
        sum.plus(delta.times_ratio_half_away(Ratio::from_f64_half_away(own)?)?)
    })
}

pub(super) fn delta_shock(
    book: &SourceBook,
    grid: &GridMethod,
    deltas: DeltaExtents,
) -> Result<Money, Overflow> {
    let Some(terms) = &grid.delta_shock else { return Ok(Money::ZERO) };
    let net = deltas.net.size();
    let notional = net.to_f64() * book.price.value().abs();
    let own = ((notional - terms.threshold).max(0.0) * terms.move_per_money).min(terms.most);
    let size = net.times_ratio_half_away(Ratio::from_f64_half_away(book.unit_price())?)?;
    size.times_ratio_half_away(Ratio::from_f64_half_away(own)?)
}

/// What each source counts for in the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) weight: Weight,
    pub(super) scale: Ratio,
}

/// Joins the sources: the groups with offsets, what all have to cover together, and what each counts for.
pub(super) fn combined(
    grid: &GridMethod,
    sources: &[SourceResult],
) -> Result<(Vec<GroupResult>, Money, Vec<Counted>), Overflow> {
    let alone = Counted { weight: Weight::Alone, scale: Ratio::ONE };
    let mut counted = vec![alone; sources.len()];
    let (mut groups, mut total) = (Vec::new(), Money::ZERO);
    for group in &grid.offsets.0 {
        let places: Vec<Option<usize>> =
            group.sources.iter().map(|own| sources.iter().position(|source| source.source == *own)).collect();
        if places.iter().all(Option::is_none) {
            continue;
        }
        let own = in_group(grid, group, sources, &places)?;
        for (weight, place) in own.weights.iter().zip(&places) {
            if let Some(place) = place {
                counted[*place] = Counted { weight: *weight, scale: own.scale };
            }
        }
        total = total.plus(own.amount)?;
        groups.push(GroupResult {
            name: group.name.clone(),
            sum: own.sum,
            amount: own.amount,
            benefit: own.sum.minus(own.amount)?,
            repaired: match &group.rule {
                OffsetRule::Correlation { repaired, .. } => *repaired,
                OffsetRule::Gains { .. } | OffsetRule::Pairs(_) => None,
            },
        });
    }
    let is_grouped =
        |own: &SourceResult| grid.offsets.0.iter().any(|group| group.sources.contains(&own.source));
    for own in sources.iter().filter(|own| !is_grouped(own)) {
        total = total.plus(own.market_risk)?;
    }
    Ok((groups, total, counted))
}

/// A group as its rule has it; sources in which nothing is held lose nothing.
fn in_group(
    grid: &GridMethod,
    group: &ProductGroup,
    sources: &[SourceResult],
    places: &[Option<usize>],
) -> Result<Combined, Overflow> {
    let nothing = vec![Money::ZERO; grid.scenarios.len()];
    let risk = |place: &Option<usize>| match place {
        Some(place) => SourceRisk { results: &sources[*place].results, alone: sources[*place].market_risk },
        None => SourceRisk { results: &nothing, alone: Money::ZERO },
    };
    let risks: Vec<SourceRisk<'_>> = places.iter().map(risk).collect();
    match &group.rule {
        _ if places.iter().flatten().filter(|place| sources[**place].is_held).count() < 2 => summed(&risks),
        OffsetRule::Gains { fraction, most } => by_gains(&risks, *fraction, *most, group.limits),
        OffsetRule::Pairs(pairs) => by_pairs(&risks, pairs, group.limits),
        OffsetRule::Correlation { matrix, up, down, .. } => {
            by_correlation(&risks, matrix, *up, *down, group.limits)
        }
    }
}
