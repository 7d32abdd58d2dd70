//! Everything about one commodity that does not depend on the others, and what it becomes on the way.

use smallvec::SmallVec;

use super::delivery::DeliveryFormed;
use super::intra::IntraFormed;
use super::options::{self, OptionTotals};
use super::rounding::Rounding;
use super::scan::{self, Scan};
use crate::parameters::{Commodity, CommodityIndex, ParameterSet, PeriodRange};
use crate::scenario::{Row, ScenarioSums};
use crate::types::{Delta, Lots, Money, Overflow};

/// Which positions a part of a scan covers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PartKind {
    /// The positions of these periods.
    Periods(PeriodRange),
    /// The positions whose periods are in no tier.
    Rest,
    /// The long positions of a gross account.
    Long,
    /// The short positions of a gross account.
    Short,
}

/// A part of a commodity that is scanned apart from the others.
#[derive(Clone, Debug)]
pub struct ScanPart {
    /// Which positions it covers.
    pub kind: PartKind,
    /// Its scan.
    pub scan: Scan,
}

/// The requirement of one commodity with every number that formed it, in the commodity's currency.
#[derive(Clone, Debug)]
pub struct CommodityMargin {
    /// The commodity.
    pub commodity: CommodityIndex,
    /// Scenario losses, active scenario and the parts of scan risk.
    pub scan: Scan,
    /// The parts that are scanned apart, where there are several.
    pub parts: Vec<ScanPart>,
    /// Net delta of each period, front month first.
    pub period_deltas: Vec<Delta>,
    /// Intra-commodity spreads formed, in order.
    pub intra_spreads: SmallVec<[IntraFormed; 1]>,
    /// Sum of their charges.
    pub intra_charge: Money,
    /// Charges for months in delivery, front month first.
    pub delivery: Vec<DeliveryFormed>,
    /// Sum of the delivery charges and the basis charge.
    pub delivery_charge: Money,
    /// Sum of the credits from inter-commodity spreads; positive.
    pub inter_credit: Money,
    /// Option values and the floor for short options.
    pub options: OptionTotals,
    /// `max(scan risk + intra charge + delivery charge - inter credit, short option minimum)`.
    pub risk: Money,
}

impl CommodityMargin {
    /// Nothing of a commodity, to be filled.
    #[inline]
    pub(super) const fn empty(commodity: CommodityIndex) -> Self {
        Self {
            commodity,
            scan: Scan::empty(),
            parts: Vec::new(),
            period_deltas: Vec::new(),
            intra_spreads: SmallVec::new_const(),
            intra_charge: Money::ZERO,
            delivery: Vec::new(),
            delivery_charge: Money::ZERO,
            inter_credit: Money::ZERO,
            options: OptionTotals::NOTHING,
            risk: Money::ZERO,
        }
    }

    /// A commodity without positions.
    pub(super) fn nothing(set: &ParameterSet, commodity: CommodityIndex) -> Self {
        let periods = set.commodities()[commodity.index()].periods().len();
        Self {
            scan: Scan::nothing(set.points()),
            period_deltas: vec![Delta::ZERO; periods],
            ..Self::empty(commodity)
        }
    }

    /// The risk that the other numbers make; under an asymmetric file at most the value of long options alone.
    pub(super) fn settle(&mut self, set: &ParameterSet) -> Result<(), Overflow> {
        let charges = self.intra_charge.plus(self.delivery_charge)?;
        let spread_risk = self.scan.scan_risk.plus(charges)?.minus(self.inter_credit)?;
        self.risk = spread_risk.max(self.options.short_option_minimum);
        if set.is_asymmetric() && self.options.only_long_options {
            self.risk = self.risk.min(self.options.long_option_value);
        }
        Ok(())
    }
}

/// Scan, net deltas and options of some positions, into an empty margin of their commodity; their losses by scenario may be kept.
pub(super) fn outright(
    set: &ParameterSet,
    positions: &[(Row, Lots)],
    kept: Option<&ScenarioSums>,
    rounding: Rounding,
    margin: &mut CommodityMargin,
) -> Result<(), Overflow> {
    let own = &set.commodities()[margin.commodity.index()];
    margin.period_deltas = scan::period_deltas(own, positions, rounding)?;
    let net_delta = margin.period_deltas.iter().try_fold(Delta::ZERO, |sum, delta| sum.plus(*delta))?;
    options::fill(&mut margin.options, own, positions, rounding)?;
    if own.scan_tiers().is_empty() {
        let (scan, options) = (&mut margin.scan, &margin.options);
        return scan.fill(set.points(), own, (positions, kept), net_delta, options, rounding);
    }
    let tiers = by_tier(own, positions);
    // The value of all long options together caps one scan, not each of several.
    let only_long_options = margin.options.only_long_options && tiers.len() == 1;
    let of_part = OptionTotals { only_long_options, ..margin.options.clone() };
    for (kind, inside) in tiers {
        let delta = net_delta_of(own, &inside, rounding)?;
        let scan = scan::scan(set.points(), own, &inside, delta, &of_part, rounding)?;
        margin.parts.push(ScanPart { kind, scan });
    }
    // Deltas without losses belong to no part.
    margin.scan = Scan::total(margin.parts.iter().map(|part| &part.scan), set.points())?;
    margin.scan.net_delta = net_delta;
    Ok(())
}

/// The positions of each scanning tier that has any; those in no tier come last.
fn by_tier(own: &Commodity, positions: &[(Row, Lots)]) -> Vec<(PartKind, Vec<(Row, Lots)>)> {
    let tiers = own.scan_tiers();
    let mut parts: Vec<Vec<(Row, Lots)>> = vec![Vec::new(); tiers.len() + 1];
    for &position in positions {
        let period = own.contract(position.0).period;
        // Tiers stand front to back and share no periods.
        let behind = tiers.partition_point(|tier| tier.indexes().start <= period.index());
        let tier = behind.checked_sub(1).filter(|tier| tiers[*tier].contains(period)).unwrap_or(tiers.len());
        parts[tier].push(position);
    }
    let kinds = tiers.iter().map(|tier| PartKind::Periods(*tier)).chain([PartKind::Rest]);
    let has_losses = |inside: &[(Row, Lots)]| inside.iter().any(|(row, _)| own.contract(*row).has_losses);
    kinds.zip(parts).filter(|(_, inside)| has_losses(inside)).collect()
}

/// The net delta of some positions, rounded period by period as the profile says.
pub(super) fn net_delta_of(
    own: &Commodity,
    positions: &[(Row, Lots)],
    rounding: Rounding,
) -> Result<Delta, Overflow> {
    let deltas = scan::period_deltas(own, positions, rounding)?;
    deltas.into_iter().try_fold(Delta::ZERO, |sum, delta| sum.plus(delta))
}
