//! Scanning-based spreads: several commodities scanned as one.
//!
//! In every scenario a leg's loss counts in full and its gain at the credit rate; they are added to the target's, which is
//! scanned again. The leg's delta left, in units of the target's, is added to the target's net delta, and its charges, credits,
//! option values and short option minimum to the target's. The leg disappears.

use super::commodities::Commodities;
use super::options::OptionTotals;
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
    let mut losses = vec![Money::ZERO; own.set.points().count()];
    let mut held = own.target(spread.target).map_or(OptionTotals::NOTHING, |place| own.held_options(place));
    for leg in there {
        let Some(place) = own.place(leg.commodity) else { continue };
        let left = own.merge_into(place, spread.target)?;
        held = held.plus(&own.held_options(place))?;
        let delta = left.scaled_half_away(spread.target_ratio, leg.ratio)?;
        for (sum, loss) in losses.iter_mut().zip(own.margins[place].scan.scenario_losses()?) {
            *sum = sum.plus(if loss.is_negative() { loss.times_half_away(leg.rate)? } else { loss })?;
        }
        added = added.plus(delta)?;
        legs.push(ScanningFormedLeg { commodity: leg.commodity, delta });
    }
    let (points, rounding) = (own.set.points(), own.rounding);
    let Some(place) = own.target(spread.target) else { return Ok(None) };
    own.add_left(place, added)?;
    let target = &mut own.margins[place];
    let before = &target.scan;
    let losses = before.scenario_losses()?.into_iter().zip(losses).map(|(own, legs)| own.plus(legs));
    let net_delta = before.net_delta.plus(added)?;
    let losses = losses.collect::<Result<_, _>>()?;
    target.scan = Scan::of_losses(points, losses, net_delta, &held, rounding)?;
    own.hold_options(place, held);
    Ok(Some(ScanningFormed { priority: spread.priority, is_super, target: spread.target, legs }))
}

/// Adds the charges, credits and option values of the legs to their target's.
pub(super) fn fold(formed: &ScanningFormed, own: &mut Commodities<'_>) -> Result<(), Overflow> {
    for leg in &formed.legs {
        let (Ok(leg), Ok(target)) = (own.any_place(leg.commodity), own.any_place(formed.target)) else {
            continue;
        };
        let of_leg = &own.margins[leg];
        let charges = [of_leg.intra_charge, of_leg.delivery_charge, of_leg.inter_credit];
        let options = own.margins[target].options.plus(&of_leg.options)?;
        let target = &mut own.margins[target];
        target.options = options;
        let sums = [&mut target.intra_charge, &mut target.delivery_charge, &mut target.inter_credit];
        for (sum, charge) in sums.into_iter().zip(charges) {
            *sum = sum.plus(charge)?;
        }
    }
    Ok(())
}
