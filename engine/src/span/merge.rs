//! Scanning-based spreads: several commodities scanned as one.
//!
//! In every scenario a leg's loss counts in full and its gain at the credit rate; they are added to the target's, which is
//! scanned again. The leg's delta left, in units of the target's, is added to the target's net delta, and its charges, credits,
//! option values and short option minimum to the target's. The leg disappears.

use super::commodities::Commodities;
use super::scan::Scan;
use crate::parameters::{CommodityIndex, ScanningSpread};
use crate::types::{Delta, Money, Overflow};

/// A scanning-based spread that was formed.
#[derive(Clone, Debug)]
pub struct ScanningFormed {
    /// The spread's priority.
    pub priority: u32,
    /// Whether it came before the intra-commodity spreads.
    pub is_super: bool,
    /// The commodity that the others were added to.
    pub target: CommodityIndex,
    /// The commodities that disappeared in it.
    pub legs: Vec<ScanningFormedLeg>,
}

/// A commodity that disappeared in another.
#[derive(Clone, Debug)]
pub struct ScanningFormedLeg {
    /// The commodity.
    pub commodity: CommodityIndex,
    /// What it added to the target's net delta, in units of the target's.
    pub delta: Delta,
}

/// Forms a spread if its legs are there; the legs' charges are added to the target's by [`fold`], once they are known.
pub(super) fn form(
    spread: &ScanningSpread,
    is_super: bool,
    own: &mut Commodities<'_>,
) -> Result<Option<ScanningFormed>, Overflow> {
    let present = |own: &Commodities<'_>, commodity| own.place(commodity).is_some();
    let there: Vec<_> = spread.legs.iter().filter(|leg| present(own, leg.commodity)).collect();
    let lacks_required = spread.legs.iter().any(|leg| leg.is_required && !present(own, leg.commodity));
    let lacks_target = spread.is_target_required && !present(own, spread.target);
    let enough = u32::try_from(there.len()).is_ok_and(|count| count >= spread.minimum_legs.max(1));
    if lacks_required || lacks_target || !enough {
        return Ok(None);
    }
    if own.target(spread.target).is_none() {
        return Ok(None);
    }
    let (mut added, mut legs) = (Delta::ZERO, Vec::with_capacity(there.len()));
    let mut losses: Vec<Money> = Vec::new();
    for leg in there {
        let Some(place) = own.place(leg.commodity) else { continue };
        let working = own.working_mut(place);
        let left = working.take_all()?;
        let delta = left.scaled_half_away(spread.target_ratio, leg.ratio)?;
        working.merged_into = Some(spread.target);
        let counted = working
            .margin
            .scan
            .scenario_losses()?
            .into_iter()
            .map(|loss| if loss.is_negative() { loss.times_half_away(leg.rate) } else { Ok(loss) });
        let counted: Vec<Money> = counted.collect::<Result<_, _>>()?;
        losses = if losses.is_empty() { counted } else { sums(&losses, &counted)? };
        added = added.plus(delta)?;
        legs.push(ScanningFormedLeg { commodity: leg.commodity, delta });
    }
    let (points, rounding) = (own.set.points(), own.rounding);
    let Some(place) = own.target(spread.target) else { return Ok(None) };
    let target = own.working_mut(place);
    target.merge(added)?;
    let before = &target.margin.scan;
    let losses = sums(&before.scenario_losses()?, &losses)?;
    let net_delta = before.net_delta.plus(added)?;
    target.margin.scan = Scan::of_losses(points, losses, net_delta, &target.margin.options, rounding)?;
    Ok(Some(ScanningFormed { priority: spread.priority, is_super, target: spread.target, legs }))
}

/// Adds the charges, credits and option values of the legs to their target's.
pub(super) fn fold(formed: &ScanningFormed, own: &mut Commodities<'_>) -> Result<(), Overflow> {
    for leg in &formed.legs {
        let margins = own.iter_mut().find(|working| working.margin.commodity == leg.commodity);
        let Some(margin) = margins.map(|working| working.margin.clone()) else { continue };
        let target = own.iter_mut().find(|working| working.margin.commodity == formed.target);
        let Some(target) = target.map(|working| &mut working.margin) else { continue };
        target.intra_charge = target.intra_charge.plus(margin.intra_charge)?;
        target.delivery_charge = target.delivery_charge.plus(margin.delivery_charge)?;
        target.inter_credit = target.inter_credit.plus(margin.inter_credit)?;
        target.options = target.options.plus(&margin.options)?;
    }
    Ok(())
}

fn sums(some: &[Money], others: &[Money]) -> Result<Vec<Money>, Overflow> {
    some.iter().zip(others).map(|(one, other)| one.plus(*other)).collect()
}
