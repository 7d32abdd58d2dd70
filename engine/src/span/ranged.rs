//! The most that an account may have to have while its working orders fill: an upper bound over regions of outcomes.
//!
//! The method is not convex: a fill may destroy a spread's credit, or form a charge. So every step is bounded by itself, and joined to
//! the scan where both depend on one delta. In a region (see [`Region`]), with `F` a level's factor:
//!
//! ```text
//! risk  <= max over scenarios, pieces: most of (F * loss + outlay - credit piece + charge mix)      or F * option minimum + outlay
//! ```
//!
//! * `commodity` has what grows with every unit filled: losses by scenario, deltas by month, outlay (what is paid less option value).
//! * `spreads` follows what spreads between commodities leave of the deltas, as ranges: what is certain to be credited.
//! * `weighted` is the least weighted price risk in the region, the minimum of a quotient of linear numbers.
//! * `apart` forms a commodity whose longs and shorts do not net; `longs` is what long options alone may lose.
//! * `calendar` bounds the charges of those spreads between months that can form in the region.
//! * `inside` bounds charges in delivery and for basis risk, and the floor for short options.
//! * `merged` joins the losses of commodities that a scanning-based spread scans as one everywhere in the region.
//!
//! What the bound leaves out (credits of spreads by tier, of commodities scanned as one and of those scanned in parts), halving regions down
//! to outcomes finds again.

mod apart;
mod calendar;
mod commodity;
mod inside;
mod longs;
mod merged;
mod spreads;
mod weighted;

use std::collections::BTreeSet;

use super::portfolio::{Margining, Portfolio};
use super::rounding::Rounding;
use super::sides::Sides;
use crate::fills::{Amounts, Bound, Linear, LinearMoney, OpenFills, Places, Region};
use crate::parameters::{Candidates, CommodityIndex, ParameterSet, RoundingProfile, ScanningSpread};
use crate::scenario::Row;
use crate::types::{Currency, Decimal, Lots, Money, Overflow};
use commodity::RangedCommodity;
use merged::Merged;

/// What one unit of an order does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Fill {
    /// The rows it trades, with the lots of one unit.
    pub legs: Vec<(CommodityIndex, Row, Lots)>,
    /// What it costs: loss against the mark, premium and fee; positive is paid.
    pub cash: Vec<(Currency, Money)>,
}

/// Quotients are rounded to 1e-18, a few of them for every unit filled, and multiplied with deltas.
const ROUNDED_UNIT: Money = Money::from_raw(10_000);
/// One part in so many of an amount covers what is rounded in what every held lot adds to it.
const ROUNDED_PART: i128 = 10_000_000_000_000;

/// A margin account and its working orders, ready to be bounded.
#[derive(Debug)]
pub struct Ranged<'a> {
    fills: &'a OpenFills,
    currencies: Vec<Currency>,
    commodities: Vec<RangedCommodity<'a>>,
    super_spreads: Candidates,
    inter_spreads: Candidates,
    /// The scanning-based spreads that may form, in their order.
    scanning: Vec<&'a ScanningSpread>,
    /// Where longs and shorts stand apart: what they are made of.
    sides: Option<&'a Sides>,
    level: Option<usize>,
    /// What orders pay, by the place of the commodity that it stands with.
    paid: Vec<(usize, usize, Money)>,
    /// Cash of orders that stands with no commodity of theirs, by currency.
    other_cash: Vec<LinearMoney>,
    /// All orders.
    all: Places,
    set: &'a ParameterSet,
    rounding: Rounding,
}

impl<'a> Ranged<'a> {
    /// Takes an account's positions and what its orders do, in the order of `open`; `level` is the place of a level of the set. Where longs and
    /// shorts stand apart, `sides` has both: what is held, and what the orders do to it.
    ///
    /// # Errors
    /// [`Overflow`] when a number does not fit.
    pub fn new(
        set: &'a ParameterSet,
        portfolio: &Portfolio,
        orders: &[Fill],
        open: &'a OpenFills,
        profile: RoundingProfile,
        (level, sides): (Option<usize>, Option<&'a Sides>),
    ) -> Result<Self, Overflow> {
        let rounding = Rounding::of(profile);
        let held = portfolio.holdings().iter().map(|holding| holding.commodity);
        let traded = orders.iter().flat_map(|order| order.legs.iter().map(|(commodity, ..)| *commodity));
        let indexes: Vec<CommodityIndex> = held.chain(traded).collect::<BTreeSet<_>>().into_iter().collect();
        let own = indexes.iter().map(|index| set.commodities()[index.index()].currency().clone());
        let paid = orders.iter().flat_map(|order| order.cash.iter().map(|(currency, _)| currency.clone()));
        let currencies: Vec<Currency> = own.chain(paid).collect::<BTreeSet<_>>().into_iter().collect();
        let (mut super_spreads, mut inter_spreads) = (Candidates::new(), Candidates::new());
        if !portfolio.margining().has_sides() {
            super_spreads = set.super_spreads().candidates(&indexes, &[]);
            inter_spreads =
                set.inter_spreads().candidates(&indexes, &[(set.super_spreads(), super_spreads.as_slice())]);
        }
        let scanning = merged::scanning(set, &super_spreads, &inter_spreads);
        let groups = merged::groups(&scanning);
        // A target may have no positions of its own.
        let indexes: BTreeSet<CommodityIndex> =
            indexes.into_iter().chain(scanning.iter().map(|spread| spread.target)).collect();
        let held = |index: CommodityIndex| {
            let place = portfolio.holdings().binary_search_by_key(&index, |holding| holding.commodity);
            place.ok().map(|place| &portfolio.holdings()[place])
        };
        let mut commodities = Vec::with_capacity(indexes.len());
        for &index in &indexes {
            let with = groups.iter().find(|group| group.contains(&index));
            let with = with.cloned().unwrap_or_else(|| vec![index]);
            let currency = set.commodities()[index.index()].currency();
            let place = currencies.binary_search(currency).unwrap_or_default();
            let terms = commodity::Terms { set, index, with, place, margining: portfolio.margining(), level };
            commodities.push(RangedCommodity::new(&terms, held(index), orders)?);
        }
        let all: Places = (0..orders.len()).collect();
        let nothing = Linear::nothing(&all);
        let mut ranged = Self {
            fills: open,
            other_cash: vec![nothing; currencies.len()],
            all,
            currencies,
            commodities,
            super_spreads,
            inter_spreads,
            scanning,
            set,
            rounding,
            sides,
            level,
            paid: Vec::new(),
        };
        ranged.cap_merged();
        ranged.join_merged(&groups)?;
        for (order, fill) in orders.iter().enumerate() {
            for (currency, amount) in &fill.cash {
                ranged.pay(order, fill, currency, *amount)?;
            }
        }
        Ok(ranged)
    }

    /// The currencies of the amounts, ascending.
    #[must_use]
    pub fn currencies(&self) -> &[Currency] {
        &self.currencies
    }

    /// Which commodities may be scanned as one, and which of them may disappear: these may come under the level of another.
    fn join_merged(&mut self, groups: &[Vec<CommodityIndex>]) -> Result<(), Overflow> {
        for own in &mut self.commodities {
            let legs = self.scanning.iter().flat_map(|spread| &spread.legs);
            own.may_disappear = legs.into_iter().any(|leg| leg.commodity == own.index);
        }
        for place in 0..self.commodities.len() {
            let index = self.commodities[place].index;
            let Some(all) = groups.iter().find(|all| all.contains(&index)) else { continue };
            let places = self.commodities.iter().enumerate().filter(|(_, own)| all.contains(&own.index));
            let places: Vec<usize> = places.map(|(place, _)| place).collect();
            if self.commodities[place].may_disappear {
                let all = places.iter().map(|place| self.commodities[*place].factors);
                let dearest = dearest(all)?;
                self.commodities[place].scale(dearest)?;
            }
            self.commodities[place].scanned_with = places;
        }
        Ok(())
    }

    /// Where long options alone may be capped by their value: of what may be scanned as one only where all of it is long options.
    fn cappable(&self, commodities: &[RangedCommodity<'_>], region: &Region) -> Result<Vec<bool>, Overflow> {
        let has_only_longs = |own: &RangedCommodity<'_>| {
            Ok(own.scanned_with.is_empty() || own.has_only_long_options(self.fills, region)?)
        };
        let only_longs = commodities.iter().map(has_only_longs).collect::<Result<Vec<bool>, Overflow>>()?;
        let of_all = |own: &RangedCommodity<'_>| own.scanned_with.iter().all(|place| only_longs[*place]);
        Ok(commodities.iter().map(of_all).collect())
    }

    /// The option value of a commodity that may disappear in one whose option value is capped may be capped there.
    fn cap_merged(&mut self) {
        let scanning = &self.scanning;
        let mut capped: BTreeSet<CommodityIndex> = BTreeSet::new();
        let is_capped = |target: CommodityIndex| self.set.commodities()[target.index()].cap_option_value();
        loop {
            let legs = scanning.iter().filter(|own| is_capped(own.target) || capped.contains(&own.target));
            let more: BTreeSet<_> = legs.flat_map(|own| own.legs.iter().map(|leg| leg.commodity)).collect();
            if more.is_subset(&capped) {
                break;
            }
            capped.extend(more);
        }
        for own in &mut self.commodities {
            own.is_capped |= capped.contains(&own.index);
        }
    }

    /// What an order pays stands with a commodity of its own, so that both are bounded together.
    fn pay(&mut self, order: usize, fill: &Fill, currency: &Currency, amount: Money) -> Result<(), Overflow> {
        let place = self.currencies.binary_search(currency).unwrap_or_default();
        let own = |known: &RangedCommodity<'_>| {
            known.currency == place && fill.legs.iter().any(|(index, ..)| *index == known.index)
        };
        match self.commodities.iter_mut().enumerate().find(|(_, known)| own(known)) {
            Some((place, own)) => {
                self.paid.push((place, order, amount));
                own.pay(order, amount)
            }
            None => self.other_cash[place].add(Some(order), amount),
        }
    }

    /// What one unit of an order may change: the largest of its losses, and what it pays.
    #[must_use]
    pub fn influence(&self, order: usize) -> Money {
        let sum = |sum: Money, next: Money| sum.plus(next).unwrap_or(Money::MOST);
        self.commodities.iter().map(|own| own.influence(order)).fold(Money::ZERO, sum)
    }

    /// The work of one region: the orders, and a few of them for every commodity.
    #[must_use]
    pub fn weight(&self) -> u64 {
        (self.all.len() + 4 * self.commodities.len()) as u64
    }

    /// At least what is required, option value and what the fills cost taken in, at every outcome of a region.
    ///
    /// # Errors
    /// [`Overflow`] when a number does not fit.
    pub fn at_most(&self, region: &Region) -> Result<Bound, Overflow> {
        let apart = self.sides.map(|sides| self.apart(sides, region)).transpose()?;
        let commodities = apart.as_ref().unwrap_or(&self.commodities);
        let credits = self.credits(region)?;
        let (mut uncapped, mut amounts) = (self.nothing(), self.nothing());
        let mut cash = self.nothing();
        let mut chosen = Linear::nothing(&self.all);
        let cappable = self.cappable(commodities, region)?;
        let scanned = self.scanned(region)?;
        for (place, ((own, credit), is_cappable)) in
            commodities.iter().zip(&credits).zip(cappable).enumerate()
        {
            let rounding = commodity::RoundingOf { profile: self.rounding, is_cappable };
            let root = scanned.as_ref().and_then(|scanned| scanned.root(place));
            if root.is_some_and(|root| root != place) {
                continue;
            }
            let (risk, paid, functional) = match &scanned {
                Some(scanned) if root.is_some() => {
                    let Merged { risk, paid, functional } = self.merged(scanned, place, rounding, region)?;
                    (risk, paid, functional)
                }
                Some(_) | None => {
                    let (risk, functional) = own.at_most(self.fills, region, credit, rounding)?;
                    (risk, own.cash.most(self.fills, region)?, functional)
                }
            };
            for (order, unit) in functional.places().iter().zip(&functional.units) {
                chosen.add(Some(*order), *unit)?;
            }
            if own.is_capped {
                amounts[own.currency] = amounts[own.currency].plus(risk.max(paid))?;
            } else {
                uncapped[own.currency] = uncapped[own.currency].plus(risk)?;
                cash[own.currency] = cash[own.currency].plus(paid)?;
            }
        }
        let units: i64 = region.ranges().iter().map(|range| range.high).fold(1, i64::saturating_add);
        let slack = ROUNDED_UNIT.times_whole(units)?;
        for place in 0..amounts.len() {
            let other = &self.other_cash[place];
            chosen = chosen.plus(other)?;
            let sum = uncapped[place].max(cash[place]).plus(other.most(self.fills, region)?)?;
            let amount = amounts[place].plus(sum)?;
            let part = Money::from_raw(amount.magnitude().raw() / ROUNDED_PART);
            amounts[place] = amount.plus(slack)?.plus(part)?;
        }
        Ok(Bound { amounts, corner: chosen.corner(self.fills, region)? })
    }

    /// The commodities of an account whose longs and shorts stand apart, in a region.
    fn apart(&self, sides: &Sides, region: &Region) -> Result<Vec<RangedCommodity<'a>>, Overflow> {
        let own = |known: &RangedCommodity<'a>| {
            let (set, index, place) = (self.set, known.index, known.currency);
            let terms = commodity::Terms {
                set,
                index,
                with: vec![index],
                place,
                margining: Margining::GrossSides,
                level: self.level,
            };
            RangedCommodity::of_sides(&terms, sides, self.fills, region)
        };
        let mut apart = self.commodities.iter().map(own).collect::<Result<Vec<_>, _>>()?;
        for (place, order, amount) in &self.paid {
            apart[*place].pay(*order, *amount)?;
        }
        Ok(apart)
    }

    fn nothing(&self) -> Amounts {
        std::iter::repeat_n(Money::ZERO, self.currencies.len()).collect()
    }
}

/// Of the multiples that make a level of several commodities the largest.
fn dearest<'a>(mut all: impl Iterator<Item = &'a [Decimal]>) -> Result<&'a [Decimal], Overflow> {
    let one = Money::from_decimal(Decimal::ONE)?;
    let dearest = all.try_fold((Money::ZERO, &[][..]), |known, factors| {
        let amount = commodity::scaled(one, factors)?;
        Ok(if amount > known.0 { (amount, factors) } else { known })
    })?;
    Ok(dearest.1)
}
