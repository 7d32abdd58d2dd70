//! What of one commodity grows with every unit filled, and the bound of its risk.

use super::Fill;
use super::inside::OptionRow;
use super::spreads::Credit;
use crate::fills::{Linear, LinearDelta, LinearMoney, OpenFills, Region};
use crate::parameters::{Commodity, CommodityIndex, ContractKind, ParameterSet, PeriodIndex};
use crate::scenario::Row;
use crate::span::Margining;
use crate::span::rounding::Rounding;
use crate::types::{Decimal, Delta, Fixed, Lots, Money, Overflow};

/// What a commodity is built from.
pub(super) struct Terms<'a> {
    pub(super) set: &'a ParameterSet,
    pub(super) index: CommodityIndex,
    /// The place of its currency.
    pub(super) place: usize,
    pub(super) margining: Margining,
    pub(super) level: Option<usize>,
}

/// One commodity.
#[derive(Debug)]
pub(super) struct RangedCommodity<'a> {
    pub(super) own: &'a Commodity,
    pub(super) index: CommodityIndex,
    pub(super) currency: usize,
    /// The multiples of risk that make the level.
    pub(super) factors: &'a [Decimal],
    /// Losses by scenario, of each part that is scanned apart.
    pub(super) parts: Vec<Vec<LinearMoney>>,
    /// The same times the level's factors.
    scaled: Vec<Vec<LinearMoney>>,
    pub(super) net_delta: LinearDelta,
    pub(super) months: Vec<Month>,
    /// Deltas of the spot product and of the others, where basis risk is charged.
    pub(super) spot: [LinearDelta; 2],
    pub(super) options: Vec<OptionRow>,
    /// What is paid.
    pub(super) cash: LinearMoney,
    /// What is paid less option value.
    pub(super) outlay: LinearMoney,
    pub(super) is_net: bool,
    /// Whether its option value may be worth its own risk at most.
    pub(super) is_capped: bool,
}

/// The delta of one period; of a gross account that of its longs or of its shorts.
#[derive(Debug)]
pub(super) struct Month {
    pub(super) period: PeriodIndex,
    is_short: bool,
    pub(super) delta: LinearDelta,
}

/// Lots of a row: of what is held, or of one unit of an order.
struct Entry {
    row: Row,
    lots: Lots,
    order: Option<usize>,
}

impl<'a> RangedCommodity<'a> {
    pub(super) fn new(
        terms: &Terms<'a>,
        positions: &[(Row, Lots)],
        orders: &[Fill],
    ) -> Result<Self, Overflow> {
        let own = &terms.set.commodities()[terms.index.index()];
        let is_net = terms.margining == Margining::Net;
        let sides = if is_net { 1 } else { 2 };
        let count = sides * (own.scan_tiers().len() + 1);
        let scenarios = vec![Linear::nothing(orders.len()); terms.set.points().count()];
        let mut commodity = Self {
            own,
            index: terms.index,
            currency: terms.place,
            factors: terms.level.map_or(&[], |level| own.level_factors()[level].as_slice()),
            parts: vec![scenarios; count],
            scaled: Vec::new(),
            net_delta: Linear::nothing(orders.len()),
            months: Vec::new(),
            spot: [Linear::nothing(orders.len()), Linear::nothing(orders.len())],
            options: Vec::new(),
            cash: Linear::nothing(orders.len()),
            outlay: Linear::nothing(orders.len()),
            is_net,
            is_capped: own.cap_option_value(),
        };
        for &(row, lots) in positions {
            commodity.add(&Entry { row, lots, order: None })?;
        }
        for (order, fill) in orders.iter().enumerate() {
            for &(_, row, lots) in fill.legs.iter().filter(|(index, ..)| *index == terms.index) {
                commodity.add(&Entry { row, lots, order: Some(order) })?;
            }
        }
        let scale = |loss: Money| scaled(loss, commodity.factors);
        let of_part = |part: &Vec<LinearMoney>| part.iter().map(|losses| losses.map(scale)).collect();
        commodity.scaled = commodity.parts.iter().map(of_part).collect::<Result<_, Overflow>>()?;
        Ok(commodity)
    }

    fn add(&mut self, entry: &Entry) -> Result<(), Overflow> {
        let (contract, orders) = (self.own.contract(entry.row), self.cash.units.len());
        let scale = Money::scale(i32::from(self.own.arrays().places()) - self.own.risk_exponent())?;
        let part = self.part(contract.period, entry.lots);
        let losses = self.own.arrays().scenario_sums(&[(entry.row, entry.lots)]);
        for (linear, loss) in self.parts[part].iter_mut().zip(losses.iter()) {
            add(linear, entry.order, Money::from_scale(loss, scale)?)?;
        }
        let delta = Delta::from_scaled(i128::from(contract.delta), i32::from(self.own.delta_places()))?;
        let delta = delta.times_lots(entry.lots)?;
        add(&mut self.net_delta, entry.order, delta)?;
        let is_short = !self.is_net && entry.lots.is_short();
        let same = |own: &Month| own.period == contract.period && own.is_short == is_short;
        let place = self.months.iter().position(same).unwrap_or_else(|| {
            let delta = Linear::nothing(orders);
            self.months.push(Month { period: contract.period, is_short, delta });
            self.months.len() - 1
        });
        add(&mut self.months[place].delta, entry.order, delta)?;
        if self.own.basis_rate().is_some() && self.is_net {
            add(&mut self.spot[usize::from(!contract.is_spot)], entry.order, delta)?;
        }
        let value = contract.option_value.times_lots(entry.lots)?;
        add(&mut self.outlay, entry.order, value.negated())?;
        if contract.kind != ContractKind::Plain && contract.option_count != 0 {
            let count = self.own.option_counts()[usize::from(contract.option_count)];
            self.count_option(entry, count, contract.kind, contract.period)?;
        }
        Ok(())
    }

    fn count_option(
        &mut self,
        entry: &Entry,
        count: Delta,
        kind: ContractKind,
        period: PeriodIndex,
    ) -> Result<(), Overflow> {
        let is_short = entry.lots.is_short();
        let same = |own: &OptionRow| own.row == entry.row && (self.is_net || own.is_short == is_short);
        let place = self.options.iter().position(same).unwrap_or_else(|| {
            let count = Linear::nothing(self.cash.units.len());
            self.options.push(OptionRow { row: entry.row, is_short, kind, period, count });
            self.options.len() - 1
        });
        add(&mut self.options[place].count, entry.order, count.times_lots(entry.lots)?)
    }

    /// The part that is scanned apart to which lots belong.
    fn part(&self, period: PeriodIndex, lots: Lots) -> usize {
        let tiers = self.own.scan_tiers();
        let tier = tiers.iter().position(|tier| tier.contains(period)).unwrap_or(tiers.len());
        let side = usize::from(!self.is_net && lots.is_short());
        side * (tiers.len() + 1) + tier
    }

    /// Adds what one unit of an order pays.
    pub(super) fn pay(&mut self, order: usize, amount: Money) -> Result<(), Overflow> {
        add(&mut self.cash, Some(order), amount)?;
        add(&mut self.outlay, Some(order), amount)
    }

    pub(super) fn influence(&self, order: usize) -> Money {
        let losses = self.parts.iter().flatten().map(|losses| losses.units[order].magnitude());
        let largest = losses.fold(Money::ZERO, Money::max);
        largest.plus(self.outlay.units[order].magnitude()).unwrap_or(Money::MOST)
    }

    /// At least its risk at the level and what is paid, less option value; and what decided, as a linear number.
    pub(super) fn at_most(
        &self,
        fills: &OpenFills,
        region: &Region,
        credit: &Credit,
        rounding: Rounding,
    ) -> Result<(Money, LinearMoney), Overflow> {
        let fixed = scaled(self.fixed_charges(fills, region)?, self.factors)?.plus(self.slack(rounding)?)?;
        let mixes = self.charge_mixes(fills, region)?;
        let pieces = credit.pieces(&self.net_delta, self.factors)?;
        let mut best = Best::default();
        if let [scenarios] = self.scaled.as_slice() {
            let nothing = Linear::nothing(self.cash.units.len());
            let none = rounding.has_floor().then_some(&nothing);
            for losses in scenarios.iter().chain(none) {
                best.take(self.of_scenario(losses, &mixes, &pieces, fills, region)?);
            }
        } else {
            let mut sum = (self.outlay.most(fills, region)?, self.outlay.clone());
            for part in &self.scaled {
                let most = |losses: &LinearMoney| Ok((losses.most(fills, region)?, losses.clone()));
                let mut largest = Best::default();
                if rounding.has_floor() {
                    largest.take((Money::ZERO, Linear::nothing(self.cash.units.len())));
                }
                part.iter()
                    .map(most)
                    .try_for_each(|own: Result<_, Overflow>| own.map(|own| largest.take(own)))?;
                if let Some((most, losses)) = largest.0 {
                    sum = (sum.0.plus(most)?, sum.1.plus(&losses)?);
                }
            }
            let charge = mixes.iter().map(|mix| mix.most(fills, region)).collect::<Result<Vec<_>, _>>()?;
            best.take((sum.0.plus(charge.into_iter().min().unwrap_or_default())?, sum.1));
        }
        let minimum = scaled(self.option_minimum(fills, region)?, self.factors)?;
        let floor = minimum.plus(self.outlay.most(fills, region)?)?.plus(self.slack(rounding)?)?;
        let (risk, functional) = best.0.unwrap_or_else(|| (Money::ZERO, self.outlay.clone()));
        Ok((risk.plus(fixed)?.max(floor), functional))
    }

    /// One scenario with every piece of the credits, and the mix of charges that bounds it best.
    fn of_scenario(
        &self,
        losses: &LinearMoney,
        mixes: &[LinearMoney],
        pieces: &[LinearMoney],
        fills: &OpenFills,
        region: &Region,
    ) -> Result<(Money, LinearMoney), Overflow> {
        let losses = losses.plus(&self.outlay)?;
        let mut least: Option<(Money, LinearMoney)> = None;
        for mix in mixes {
            let charged = losses.plus(mix)?;
            let mut best = Best::default();
            for piece in pieces {
                let credited = charged.minus(piece)?;
                best.take((credited.most(fills, region)?, credited));
            }
            if let Some(own) = best.0
                && least.as_ref().is_none_or(|(most, _)| own.0 < *most)
            {
                least = Some(own);
            }
        }
        Ok(least.unwrap_or((Money::MOST, losses)))
    }

    /// What profiles that round to whole units may add: half a unit at each rounding.
    fn slack(&self, rounding: Rounding) -> Result<Money, Overflow> {
        let (charges, levels) = (2 * self.own.intra_spreads().len() + self.months.len(), self.factors.len());
        // Scans, charges, the credit, the floor, both option values, the level.
        let roundings = self.parts.len() + if rounding.is_whole() { charges + levels + 4 } else { 0 };
        if rounding.rounds_scan() {
            let halves = Money::from_decimal(Decimal::ONE)?.half_away();
            let whole = halves.times_whole(i64::try_from(roundings).map_err(|_| Overflow)?)?;
            return whole.max(scaled(whole, self.factors)?).plus(halves);
        }
        Ok(Money::ZERO)
    }
}

/// The largest so far.
#[derive(Default)]
struct Best(Option<(Money, LinearMoney)>);

impl Best {
    fn take(&mut self, own: (Money, LinearMoney)) {
        if self.0.as_ref().is_none_or(|(most, _)| own.0 > *most) {
            self.0 = Some(own);
        }
    }
}

/// An amount times the multiples of a level.
pub(super) fn scaled(amount: Money, factors: &[Decimal]) -> Result<Money, Overflow> {
    factors.iter().try_fold(amount, |amount, factor| amount.times_half_away(*factor))
}

fn add<U>(linear: &mut Linear<U>, order: Option<usize>, amount: Fixed<U>) -> Result<(), Overflow> {
    let place = match order {
        None => &mut linear.base,
        Some(order) => &mut linear.units[order],
    };
    *place = place.plus(amount)?;
    Ok(())
}
