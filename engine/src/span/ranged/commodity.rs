//! What of one commodity grows with every unit filled, and the bound of its risk.

use super::Fill;
use super::inside::OptionRow;
use super::longs::Longs;
use super::spreads::Credit;
use crate::fills::{Linear, LinearDelta, LinearMoney, OpenFills, Places, Region};
use crate::parameters::{Commodity, CommodityIndex, ContractKind, IntraSpread, ParameterSet, PeriodIndex};
use crate::scenario::{Row, ScenarioSums};
use crate::span::rounding::Rounding;
use crate::span::{Holding, Margining};
use crate::types::{Decimal, Delta, Lots, Money, Overflow};

/// What a commodity is built from.
pub(super) struct Terms<'a> {
    pub(super) set: &'a ParameterSet,
    pub(super) index: CommodityIndex,
    /// All that it may be scanned with as one, itself among them: its numbers depend on their orders.
    pub(super) with: Vec<CommodityIndex>,
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
    pub(super) scaled: Vec<Vec<LinearMoney>>,
    pub(super) net_delta: LinearDelta,
    pub(super) months: Vec<Month>,
    /// The spreads between months that may form.
    pub(super) calendar: Vec<&'a IntraSpread>,
    /// Deltas of the spot product and of the others, where basis risk is charged.
    pub(super) spot: [LinearDelta; 2],
    pub(super) options: Vec<OptionRow>,
    /// Of each side, or of all where longs and shorts net: what options alone may lose at most where all of them are long.
    pub(super) longs: [Longs; 2],
    /// What is paid.
    pub(super) cash: LinearMoney,
    /// What is paid less option value.
    pub(super) outlay: LinearMoney,
    pub(super) is_net: bool,
    /// Whether its option value may be worth its own risk at most.
    pub(super) is_capped: bool,
    /// The places of all commodities that it may be scanned with as one, itself among them; empty where there are none.
    pub(super) scanned_with: Vec<usize>,
    /// Whether it may disappear in another: then its gains count at a rate only.
    pub(super) may_disappear: bool,
}

/// How a commodity's numbers are rounded, floored and capped in a region.
#[derive(Clone, Copy)]
pub(super) struct RoundingOf {
    pub(super) profile: Rounding,
    /// Whether all that it may be scanned with are long options.
    pub(super) is_cappable: bool,
}

/// The delta of one period; of a gross account that of its longs or of its shorts.
#[derive(Debug)]
pub(super) struct Month {
    pub(super) period: PeriodIndex,
    pub(super) is_short: bool,
    pub(super) delta: LinearDelta,
    /// Where only two ends are known: the lower one, and `delta` is the upper.
    pub(super) least: Option<LinearDelta>,
}

/// Lots of a row: of what is held, or of one unit of an order.
struct Entry {
    row: Row,
    lots: Lots,
    order: Option<usize>,
}

impl<'a> RangedCommodity<'a> {
    pub(super) fn new(terms: &Terms<'a>, held: Option<&Holding>, orders: &[Fill]) -> Result<Self, Overflow> {
        let positions = held.map_or(&[][..], |held| held.positions.as_slice());
        let trades = |fill: &Fill| fill.legs.iter().any(|(index, ..)| terms.with.contains(index));
        let places = orders.iter().enumerate().filter(|(_, fill)| trades(fill)).map(|(order, _)| order);
        let mut commodity = Self::empty(terms, places.collect());
        let (own, count) = (commodity.own, commodity.parts.len());
        let mut by_part = vec![Vec::new(); count];
        for &(row, lots) in positions {
            by_part[commodity.part(own.contract(row).period, lots)].push((row, lots));
            commodity.add(&Entry { row, lots, order: None })?;
        }
        match held.and_then(|held| held.sums.as_deref()) {
            Some(kept) if count == 1 => commodity.lose(0, None, kept)?,
            _ => {
                for (part, positions) in by_part.iter().enumerate() {
                    commodity.lose(part, None, &own.arrays().scenario_sums(positions))?;
                }
            }
        }
        for (order, fill) in orders.iter().enumerate() {
            for &(_, row, lots) in fill.legs.iter().filter(|(index, ..)| *index == terms.index) {
                let part = commodity.part(own.contract(row).period, lots);
                commodity.lose(part, Some(order), &own.arrays().scenario_sums(&[(row, lots)]))?;
                commodity.add(&Entry { row, lots, order: Some(order) })?;
            }
        }
        commodity.scale(commodity.factors)?;
        commodity.find_calendar();
        Ok(commodity)
    }

    /// Losses at a level.
    pub(super) fn scale(&mut self, factors: &'a [Decimal]) -> Result<(), Overflow> {
        self.factors = factors;
        let scale = |loss: Money| scaled(loss, factors);
        let of_part = |part: &Vec<LinearMoney>| part.iter().map(|losses| losses.map(scale)).collect();
        self.scaled = self.parts.iter().map(of_part).collect::<Result<_, Overflow>>()?;
        Ok(())
    }

    /// A commodity without positions, with orders of these places.
    pub(super) fn empty(terms: &Terms<'a>, places: Places) -> Self {
        let own = &terms.set.commodities()[terms.index.index()];
        let is_net = !terms.margining.has_sides();
        let count = if is_net { 1 } else { 2 } * (own.scan_tiers().len() + 1);
        let scenarios = vec![Linear::nothing(&places); terms.set.points().count()];
        Self {
            own,
            index: terms.index,
            currency: terms.place,
            factors: terms.level.map_or(&[], |level| own.level_factors()[level].as_slice()),
            parts: vec![scenarios; count],
            scaled: Vec::new(),
            net_delta: Linear::nothing(&places),
            months: Vec::new(),
            calendar: Vec::new(),
            spot: [Linear::nothing(&places), Linear::nothing(&places)],
            options: Vec::new(),
            longs: [Longs::nothing(&places), Longs::nothing(&places)],
            cash: Linear::nothing(&places),
            outlay: Linear::nothing(&places),
            is_net,
            is_capped: own.cap_option_value(),
            scanned_with: Vec::new(),
            may_disappear: false,
        }
    }

    pub(super) fn loss_scale(&self) -> Result<i128, Overflow> {
        Money::scale(i32::from(self.own.arrays().places()) - self.own.risk_exponent())
    }

    /// Adds the losses of positions, or of one unit of an order, to a part.
    fn lose(&mut self, part: usize, order: Option<usize>, losses: &ScenarioSums) -> Result<(), Overflow> {
        let scale = self.loss_scale()?;
        for (linear, loss) in self.parts[part].iter_mut().zip(losses.iter()) {
            linear.add(order, Money::from_scale(loss, scale)?)?;
        }
        Ok(())
    }

    fn add(&mut self, entry: &Entry) -> Result<(), Overflow> {
        let contract = self.own.contract(entry.row);
        let delta = Delta::from_scaled(i128::from(contract.delta), i32::from(self.own.delta_places()))?;
        let delta = delta.times_lots(entry.lots)?;
        self.net_delta.add(entry.order, delta)?;
        let is_short = !self.is_net && entry.lots.is_short();
        let same = |own: &Month| own.period == contract.period && own.is_short == is_short;
        let place = self.months.iter().position(same).unwrap_or_else(|| {
            let delta = Linear::nothing(self.cash.places());
            self.months.push(Month { period: contract.period, is_short, delta, least: None });
            self.months.len() - 1
        });
        self.months[place].delta.add(entry.order, delta)?;
        if self.own.basis_rate().is_some() && self.is_net {
            self.spot[usize::from(!contract.is_spot)].add(entry.order, delta)?;
        }
        let value = contract.option_value.times_lots(entry.lots)?;
        self.outlay.add(entry.order, value.negated())?;
        let of_option = (contract.kind != ContractKind::Plain).then_some(value);
        self.longs[usize::from(is_short)].add(entry.row, entry.order, entry.lots, of_option)?;
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
            let count = Linear::nothing(self.cash.places());
            self.options.push(OptionRow { row: entry.row, is_short, kind, period, count });
            self.options.len() - 1
        });
        self.options[place].count.add(entry.order, count.times_lots(entry.lots)?)
    }

    /// The part that is scanned apart to which lots belong.
    pub(super) fn part(&self, period: PeriodIndex, lots: Lots) -> usize {
        let side = usize::from(!self.is_net && lots.is_short());
        side * (self.own.scan_tiers().len() + 1) + self.tier(period)
    }

    /// The place of the tier in which a period is scanned; the last has what is in none.
    pub(super) fn tier(&self, period: PeriodIndex) -> usize {
        let tiers = self.own.scan_tiers();
        tiers.iter().position(|tier| tier.contains(period)).unwrap_or(tiers.len())
    }

    /// Adds what one unit of an order pays.
    pub(super) fn pay(&mut self, order: usize, amount: Money) -> Result<(), Overflow> {
        self.cash.add(Some(order), amount)?;
        self.outlay.add(Some(order), amount)
    }

    pub(super) fn influence(&self, order: usize) -> Money {
        let losses = self.parts.iter().flatten().map(|losses| losses.unit(order).magnitude());
        let largest = losses.fold(Money::ZERO, Money::max);
        largest.plus(self.outlay.unit(order).magnitude()).unwrap_or(Money::MOST)
    }

    /// At least its risk at the level and what is paid, less option value; and what decided, as a linear number.
    pub(super) fn at_most(
        &self,
        fills: &OpenFills,
        region: &Region,
        credit: &Credit,
        rounding: RoundingOf,
    ) -> Result<(Money, LinearMoney), Overflow> {
        let fixed =
            scaled(self.fixed_charges(fills, region)?, self.factors)?.plus(self.slack(rounding.profile)?)?;
        let mixes = self.calendar_charges(fills, region, rounding.profile)?;
        let pieces = credit.pieces(&self.net_delta, self.factors)?;
        let nothing = Linear::nothing(self.cash.places());
        let none = self.has_floor(rounding).then_some(&nothing);
        let mut best = Best::default();
        if self.cash.places().is_empty() {
            best.take((self.untouched(&mixes, &pieces, (fills, region), rounding)?, self.outlay.clone()));
        } else if let [scenarios] = self.scaled.as_slice() {
            let adjusted = self.adjusted(&mixes, &pieces)?;
            let mut decided: Option<(Money, &LinearMoney, &LinearMoney)> = None;
            for losses in scenarios.iter().chain(none) {
                let (most, adjustment) = of_scenario(losses, &adjusted, fills, region)?;
                if decided.is_none_or(|(known, ..)| most > known) {
                    decided = Some((most, losses, adjustment));
                }
            }
            if let Some((most, losses, adjustment)) = decided {
                let functional = losses.plus(adjustment)?;
                let capped = self.capped(0, fills, region, rounding)?;
                let capped = capped.map(|value| of_scenario(&value, &adjusted, fills, region)).transpose()?;
                let most = capped.map_or(most, |(capped, _)| most.min(capped));
                best.take((most, functional));
            }
        } else {
            let (outlays, rest) = self.outlay_by_part();
            let mut sum = (rest.most(fills, region)?, rest);
            for (place, (part, outlay)) in self.scaled.iter().zip(&outlays).enumerate() {
                let mut largest = Best::default();
                for losses in part.iter().chain(none) {
                    largest.take((losses.most_with(outlay, fills, region)?, losses.plus(outlay)?));
                }
                let Some((mut most, functional)) = largest.0 else { continue };
                if let Some(value) = self.capped(place, fills, region, rounding)? {
                    most = most.min(value.most_with(outlay, fills, region)?);
                }
                sum = (sum.0.plus(most)?, sum.1.plus(&functional)?);
            }
            let charge = mixes.iter().map(|mix| mix.most(fills, region)).collect::<Result<Vec<_>, _>>()?;
            best.take((sum.0.plus(charge.into_iter().min().unwrap_or_default())?, sum.1));
        }
        let minimum = scaled(self.option_minimum(fills, region)?, self.factors)?;
        let floor = minimum.plus(self.outlay.most(fills, region)?)?.plus(self.slack(rounding.profile)?)?;
        let (risk, functional) = best.0.unwrap_or_else(|| (Money::ZERO, self.outlay.clone()));
        Ok((risk.plus(fixed)?.max(floor), functional))
    }

    /// Whether a gain in every scenario may count as no loss.
    fn has_floor(&self, rounding: RoundingOf) -> bool {
        rounding.profile.has_floor() || self.may_disappear
    }

    /// The outlay of the orders that lose in one of the parts, with the first of them; and the rest.
    fn outlay_by_part(&self) -> (Vec<LinearMoney>, LinearMoney) {
        let nothing = Linear::nothing(self.cash.places());
        let (mut parts, mut rest) = (vec![nothing; self.scaled.len()], self.outlay.clone());
        for place in 0..rest.units.len() {
            let loses = |part: &Vec<LinearMoney>| part.iter().any(|own| !own.units[place].is_zero());
            if let Some(part) = self.scaled.iter().position(loses) {
                parts[part].units[place] = std::mem::take(&mut rest.units[place]);
            }
        }
        (parts, rest)
    }

    /// The same where no order touches it: nothing in it moves.
    fn untouched(
        &self,
        mixes: &[LinearMoney],
        pieces: &[LinearMoney],
        (fills, region): (&OpenFills, &Region),
        rounding: RoundingOf,
    ) -> Result<Money, Overflow> {
        let mut sum = self.outlay.base;
        for (place, part) in self.scaled.iter().enumerate() {
            let floor = self.has_floor(rounding).then_some(Money::ZERO);
            let largest = part.iter().map(|losses| losses.base).chain(floor).max().unwrap_or_default();
            let capped = self.capped(place, fills, region, rounding)?;
            sum = sum.plus(capped.map_or(largest, |value| largest.min(value.base)))?;
        }
        let least = |numbers: &[LinearMoney]| numbers.iter().map(|own| own.base).min().unwrap_or_default();
        let credit = if self.parts.len() == 1 { least(pieces) } else { Money::ZERO };
        sum.plus(least(mixes))?.minus(credit)
    }

    /// What is added to the losses of every scenario: outlay, each mix of charges, less each piece of the credits.
    fn adjusted(
        &self,
        mixes: &[LinearMoney],
        pieces: &[LinearMoney],
    ) -> Result<Vec<Vec<LinearMoney>>, Overflow> {
        let of_mix = |mix: &LinearMoney| {
            let charged = self.outlay.plus(mix)?;
            pieces.iter().map(|piece| charged.minus(piece)).collect()
        };
        mixes.iter().map(of_mix).collect()
    }

    /// What profiles that round to whole units may add: half a unit at each rounding.
    pub(super) fn slack(&self, rounding: Rounding) -> Result<Money, Overflow> {
        let (charges, levels) = (2 * self.calendar.len() + self.months.len(), self.factors.len());
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

/// The bound of one scenario: the worst piece of the credits, with the mix of charges that bounds it best.
pub(super) fn of_scenario<'m>(
    losses: &LinearMoney,
    adjusted: &'m [Vec<LinearMoney>],
    fills: &OpenFills,
    region: &Region,
) -> Result<(Money, &'m LinearMoney), Overflow> {
    let mut least: Option<(Money, &LinearMoney)> = None;
    for pieces in adjusted {
        let mut worst: Option<(Money, &LinearMoney)> = None;
        for piece in pieces {
            let most = losses.most_with(piece, fills, region)?;
            if worst.is_none_or(|(known, _)| most > known) {
                worst = Some((most, piece));
            }
        }
        if let Some((most, piece)) = worst
            && least.is_none_or(|(known, _)| most < known)
        {
            least = Some((most, piece));
        }
    }
    // There is always a mix and a piece.
    least.ok_or(Overflow)
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
