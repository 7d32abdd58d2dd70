//! Commodities that are scanned as one everywhere in a region.
//!
//! A leg's gains count at a rate only: of its loss `l` in a scenario `max(l, rate * l)` is added to the target's. That is convex in what
//! is filled, so where the sign of `l` is open it lies below the line between the ends. A leg without positions adds nothing: it is the same
//! whether the spread forms without it or does not form. Where it may stay away and then others do not form, nothing is known, and each
//! commodity by itself is the bound.

use super::Ranged;
use super::commodity::{RangedCommodity, RoundingOf, of_scenario, scaled};
use crate::fills::{Linear, LinearMoney, OpenFills, Region};
use crate::parameters::{Candidates, CommodityIndex, InterSpread, ParameterSet, ScanningSpread};
use crate::types::{Decimal, Money, Overflow};

/// Whether a commodity has positions in a region.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Presence {
    Certain,
    Possible,
    Never,
}

/// What of the commodities is scanned as one in a region.
pub(super) struct Scanned {
    there: Vec<Presence>,
    /// The place of the commodity that one disappears in.
    into: Vec<Option<usize>>,
    /// Whether nothing is known of what it is scanned with.
    is_open: Vec<bool>,
    /// Losses by scenario of those that others are added to.
    losses: Vec<Option<Vec<LinearMoney>>>,
}

/// The bound of commodities that are scanned as one.
pub(super) struct Merged {
    pub(super) risk: Money,
    pub(super) paid: Money,
    /// What decided.
    pub(super) functional: LinearMoney,
}

/// The scanning-based spreads that may form, in their order.
pub(super) fn scanning<'a>(
    set: &'a ParameterSet,
    super_spreads: &Candidates,
    inter_spreads: &Candidates,
) -> Vec<&'a ScanningSpread> {
    let books = [(set.super_spreads(), super_spreads), (set.inter_spreads(), inter_spreads)];
    let spreads = books.into_iter().flat_map(|(book, candidates)| {
        candidates.iter().map(|candidate| &book.as_slice()[candidate.spread()])
    });
    spreads
        .filter_map(|spread| match spread {
            InterSpread::Scanning(spread) => Some(spread),
            InterSpread::Delta(_) => None,
        })
        .collect()
}

/// The commodities that spreads may scan as one, ascending, each in one group.
pub(super) fn groups(scanning: &[&ScanningSpread]) -> Vec<Vec<CommodityIndex>> {
    let mut groups: Vec<Vec<CommodityIndex>> = Vec::new();
    for spread in scanning {
        let legs = spread.legs.iter().map(|leg| leg.commodity);
        let mut all: Vec<CommodityIndex> = legs.chain([spread.target]).collect();
        let is_apart = |other: &Vec<CommodityIndex>| !other.iter().any(|own| all.contains(own));
        let (apart, joined): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_apart);
        all.extend(joined.into_iter().flatten());
        all.sort_unstable();
        all.dedup();
        groups = apart;
        groups.push(all);
    }
    groups
}

impl Scanned {
    /// The place of the commodity that one ends up in with others, where that is certain.
    pub(super) fn root(&self, mut place: usize) -> Option<usize> {
        if self.is_open[place] {
            return None;
        }
        while let Some(into) = self.into[place] {
            place = into;
        }
        self.into.contains(&Some(place)).then_some(place)
    }

    /// Whether a spread forms, or makes no difference where it does not.
    fn formed(&self, spread: &ScanningSpread, target: usize, legs: &[Option<usize>]) -> Presence {
        let there = |place: Option<usize>| match place {
            Some(place) if self.into[place].is_none() => self.there[place],
            Some(_) | None => Presence::Never,
        };
        let count = |wanted| legs.iter().filter(|leg| there(**leg) == wanted).count();
        let (certain, possible) = (count(Presence::Certain), count(Presence::Possible));
        let least = spread.minimum_legs.max(1) as usize;
        let target_there = if spread.is_target_required { there(Some(target)) } else { Presence::Certain };
        let required = legs.iter().zip(&spread.legs).filter(|(_, leg)| leg.is_required);
        let lacks = |wanted| required.clone().any(|(leg, _)| there(*leg) == wanted);
        if self.into[target].is_some()
            || certain + possible < least
            || target_there == Presence::Never
            || lacks(Presence::Never)
        {
            return Presence::Never;
        }
        let has_all = required.clone().all(|(leg, _)| there(*leg) == Presence::Certain);
        // The only leg is there or nothing is.
        let is_alone = certain + possible == 1;
        let has_legs = certain >= least || least == 1;
        if target_there == Presence::Certain && has_legs && (has_all || is_alone) {
            Presence::Certain
        } else {
            Presence::Possible
        }
    }
}

impl Ranged<'_> {
    /// Follows the spreads in their order.
    pub(super) fn scanned(&self, region: &Region) -> Result<Option<Scanned>, Overflow> {
        if self.scanning.is_empty() {
            return Ok(None);
        }
        let count = self.commodities.len();
        let there = self.commodities.iter().map(|own| own.presence(self.fills, region));
        let mut scanned = Scanned {
            there: there.collect::<Result<_, _>>()?,
            into: vec![None; count],
            is_open: vec![false; count],
            losses: vec![None; count],
        };
        for spread in &self.scanning {
            let Some(target) = self.place(spread.target) else { continue };
            if scanned.is_open[target] {
                continue;
            }
            let legs: Vec<Option<usize>> = spread.legs.iter().map(|leg| self.place(leg.commodity)).collect();
            match scanned.formed(spread, target, &legs) {
                Presence::Never => {}
                Presence::Certain => self.merge(spread, (target, &legs), &mut scanned, region)?,
                Presence::Possible => {
                    for &place in &self.commodities[target].scanned_with {
                        scanned.is_open[place] = true;
                    }
                }
            }
        }
        Ok(Some(scanned))
    }

    fn merge(
        &self,
        spread: &ScanningSpread,
        (target, legs): (usize, &[Option<usize>]),
        scanned: &mut Scanned,
        region: &Region,
    ) -> Result<(), Overflow> {
        let losses = |scanned: &mut Scanned, place: usize| {
            scanned.losses[place].take().unwrap_or_else(|| self.commodities[place].parts[0].clone())
        };
        let mut sums = losses(scanned, target);
        for (leg, place) in spread.legs.iter().zip(legs) {
            let Some(place) = *place else { continue };
            if scanned.into[place].is_some() || scanned.there[place] == Presence::Never {
                continue;
            }
            for (sum, loss) in sums.iter_mut().zip(losses(scanned, place)) {
                *sum = sum.plus(&at_rate(&loss, leg.rate, self.fills, region)?)?;
            }
            if scanned.there[target] != Presence::Certain {
                scanned.there[target] = scanned.there[place];
            }
            scanned.into[place] = Some(target);
        }
        scanned.losses[target] = Some(sums);
        Ok(())
    }

    /// The bound of all that ends up in one commodity, itself among it.
    pub(super) fn merged(
        &self,
        scanned: &Scanned,
        target: usize,
        rounding: RoundingOf,
        region: &Region,
    ) -> Result<Merged, Overflow> {
        let own = &self.commodities[target];
        let members: Vec<&RangedCommodity<'_>> = (0..self.commodities.len())
            .filter(|place| scanned.root(*place) == Some(target))
            .map(|place| &self.commodities[place])
            .collect();
        let nothing = Linear::nothing(own.cash.places());
        let (mut outlay, mut cash) = (nothing.clone(), nothing.clone());
        let (mut fixed, mut minimum) = (Money::ZERO, Money::ZERO);
        let mut mixes: Vec<LinearMoney> = vec![nothing.clone()];
        for member in &members {
            outlay = outlay.plus(&member.outlay)?;
            cash = cash.plus(&member.cash)?;
            let charges = scaled(member.fixed_charges(self.fills, region)?, member.factors)?;
            // What is rounded where a leg is added is one more scan.
            let slack = member.slack(rounding.profile)?;
            fixed = fixed.plus(charges)?.plus(slack)?.plus(slack)?;
            minimum = minimum.plus(scaled(member.option_minimum(self.fills, region)?, member.factors)?)?;
            mixes = joined(&mixes, &member.calendar_charges(self.fills, region, rounding.profile)?)?;
        }
        let adjusted = mixes.iter().map(|mix| Ok(vec![outlay.plus(mix)?]));
        let adjusted = adjusted.collect::<Result<Vec<_>, Overflow>>()?;
        let floor = rounding.profile.has_floor().then(|| nothing.clone());
        let scale = |loss: Money| scaled(loss, own.factors);
        let losses = scanned.losses[target].as_ref().unwrap_or(&own.parts[0]);
        let mut most: Option<(Money, LinearMoney)> = None;
        for losses in losses.iter().map(|losses| losses.map(scale)).chain(floor.map(Ok)) {
            let losses = losses?;
            let (risk, adjustment) = of_scenario(&losses, &adjusted, self.fills, region)?;
            if most.as_ref().is_none_or(|(known, _)| risk > *known) {
                most = Some((risk, losses.plus(adjustment)?));
            }
        }
        let (risk, functional) = most.ok_or(Overflow)?;
        let least = minimum.plus(outlay.most(self.fills, region)?)?;
        let risk = risk.max(least).plus(fixed)?;
        Ok(Merged { risk, paid: cash.most(self.fills, region)?, functional })
    }
}

/// Sums of charges: each of one with that of the other at its place, or with its only one.
fn joined(one: &[LinearMoney], other: &[LinearMoney]) -> Result<Vec<LinearMoney>, Overflow> {
    let at = |mixes: &[LinearMoney], place: usize| mixes[place.min(mixes.len() - 1)].clone();
    (0..one.len().max(other.len())).map(|place| at(one, place).plus(&at(other, place))).collect()
}

/// At least what of a loss counts where gains count at a rate of at most 1.
fn at_rate(
    loss: &LinearMoney,
    rate: Decimal,
    fills: &OpenFills,
    region: &Region,
) -> Result<LinearMoney, Overflow> {
    let (low, high) = (loss.least(fills, region)?, loss.most(fills, region)?);
    if !low.is_negative() || rate == Decimal::ONE {
        return Ok(loss.clone());
    }
    if !high.is_positive() {
        return loss.map(|amount| amount.times_half_away(rate));
    }
    let (width, rise) = (high.minus(low)?, high.minus(low.times_half_away(rate)?)?);
    let mut above = loss.clone();
    above.base = above.base.minus(low)?;
    let mut line = above.map(|amount| amount.prorated_half_away(rise, width))?;
    line.base = line.base.plus(low.times_half_away(rate)?)?;
    Ok(line)
}
