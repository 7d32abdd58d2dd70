//! Tiers become ranges of periods.

use crate::contract::Period;
use crate::parameters::commodity::{InterTier, OptionMinimum, PeriodIndex, PeriodRange};
use crate::parameters::definition::{CommodityDefinition, ScanTiers, TierDefinition, WeightedRiskMethod};
use crate::parameters::diagnostic::Diagnostics;
use crate::types::{Decimal, Delta, Money};

use super::contracts::Contract;
use super::spreads::{money_rate, rate_of};

/// The most periods of a commodity; a metal with daily prompt dates has about 800.
const PERIODS_LIMIT: usize = 4_000;
/// The most tiers of a set; files number them with two digits.
const TIERS_LIMIT: usize = 100;

/// Periods are to be a bounded number, and months that exist: only then is a tier one range of them.
pub(super) fn check_periods(
    own: &CommodityDefinition,
    periods: &mut Vec<Period>,
    diagnostics: &mut Diagnostics,
) {
    if periods.len() > PERIODS_LIMIT {
        diagnostics.error(own.line, "ccDef", format!("more than {PERIODS_LIMIT} periods"));
        periods.truncate(PERIODS_LIMIT);
    }
    let without_month = periods.iter().take_while(|period| period.year_month().is_none()).count();
    for period in periods[without_month..].iter().filter(|period| period.year_month().is_none()) {
        diagnostics.error(
            own.line,
            "ccDef",
            format!("{}: period {period} has no month that exists", own.code),
        );
    }
    let scan_tiers = match &own.terms.scan_tiers {
        ScanTiers::Tiers(tiers) => tiers.as_slice(),
        ScanTiers::Whole | ScanTiers::EachPeriod => &[],
    };
    let terms = &own.terms;
    for tiers in [scan_tiers, &terms.intra_tiers, &terms.inter_tiers, &terms.option_minimum_tiers] {
        let mut numbers: Vec<i32> = tiers.iter().map(|tier| tier.number).collect();
        numbers.sort_unstable();
        if numbers.len() > TIERS_LIMIT {
            diagnostics.error(own.line, "tier", format!("{}: more than {TIERS_LIMIT} tiers", own.code));
        }
        if let Some(twice) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            diagnostics.error(own.line, "tn", format!("{}: a second tier {}", own.code, twice[0]));
        }
    }
}

pub(super) fn period_index(periods: &[Period], period: Period) -> PeriodIndex {
    let index = periods.partition_point(|&other| other < period);
    PeriodIndex(u16::try_from(index).unwrap_or(u16::MAX))
}

/// The periods of a tier. Limits compare year and month; a tier without limits has all periods. Periods are sorted, and
/// those without year and month, such as a physical's, stand before all others, so that a tier is one range.
fn tier_periods(tier: &TierDefinition, periods: &[Period]) -> PeriodRange {
    let month = |limit: Option<Period>| limit.and_then(|limit| limit.year_month());
    let (first, last) = (month(tier.first), month(tier.last));
    let start = match (first, last) {
        (None, None) => 0,
        _ => periods.partition_point(|period| period.year_month().is_none_or(|own| Some(own) < first)),
    };
    let end = last.map_or(periods.len(), |last| {
        periods.partition_point(|period| period.year_month().is_none_or(|own| own <= last))
    });
    period_range(start..end.max(start))
}

/// A commodity has at most [`PERIODS_LIMIT`] periods, which a range holds.
pub(super) fn period_range(range: std::ops::Range<usize>) -> PeriodRange {
    let index = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
    PeriodRange { start: index(range.start), end: index(range.end) }
}

/// The periods of the intra-commodity tier with this number.
pub(super) fn intra_tier(own: &CommodityDefinition, number: i32, periods: &[Period]) -> Option<PeriodRange> {
    numbered(&own.terms.intra_tiers, number).map(|tier| tier_periods(tier, periods))
}

/// The tier with this number.
pub(super) fn numbered(tiers: &[TierDefinition], number: i32) -> Option<&TierDefinition> {
    tiers.iter().take(TIERS_LIMIT).find(|tier| tier.number == number)
}

/// The ranges that are scanned apart, front to back; none for a commodity scanned whole.
pub(super) fn scan_tiers(
    own: &CommodityDefinition,
    periods: &[Period],
    diagnostics: &mut Diagnostics,
) -> Vec<PeriodRange> {
    let tiers = match &own.terms.scan_tiers {
        ScanTiers::Whole => return Vec::new(),
        ScanTiers::EachPeriod => {
            return (0..periods.len()).map(|place| period_range(place..place + 1)).collect();
        }
        ScanTiers::Tiers(tiers) => tiers,
    };
    let mut ranges: Vec<PeriodRange> = Vec::new();
    for tier in tiers.iter().take(TIERS_LIMIT) {
        let covered = tier_periods(tier, periods);
        if ranges.iter().any(|other| other.overlaps(covered)) {
            let message = format!("{}: tier {} shares periods with another", own.code, tier.number);
            diagnostics.error(tier.line, "scanTiers", message);
        }
        ranges.push(covered);
    }
    ranges.retain(|range| !range.indexes().is_empty());
    ranges.sort_by_key(|range| range.start);
    ranges
}

/// The inter-commodity tiers, the whole commodity first, and the buckets that they cut the periods into.
pub(super) fn inter_tiers(
    own: &CommodityDefinition,
    periods: &[Period],
    contracts: &[Contract],
    diagnostics: &mut Diagnostics,
) -> (Vec<InterTier>, Vec<PeriodRange>) {
    let whole = period_range(0..periods.len());
    let dated = own.terms.inter_tiers.iter().take(TIERS_LIMIT).filter(|tier| is_dated(tier));
    let dated: Vec<(i32, PeriodRange)> =
        dated.map(|tier| (tier.number, tier_periods(tier, periods))).collect();
    let mut cuts: Vec<u16> = vec![whole.start, whole.end];
    cuts.extend(dated.iter().flat_map(|(_, range)| [range.start, range.end]));
    cuts.sort_unstable();
    cuts.dedup();
    let buckets: Vec<PeriodRange> =
        cuts.windows(2).map(|pair| PeriodRange { start: pair[0], end: pair[1] }).collect();
    let place = |cut: u16| cuts.partition_point(|other| *other < cut);
    let mut tiers = Vec::with_capacity(dated.len() + 1);
    for (number, range) in std::iter::once((0, whole)).chain(dated) {
        let scan_range = nearest_scan_range(own, range, periods, contracts, diagnostics);
        let buckets = place(range.start)..place(range.end);
        tiers.push(InterTier { number, periods: range, buckets, scan_range });
    }
    (tiers, buckets)
}

/// Whether a tier is less than the whole commodity.
pub(super) const fn is_dated(tier: &TierDefinition) -> bool {
    tier.first.is_some() || tier.last.is_some()
}

/// The price scan range of the nearest month of a tier for one unit of delta, where the commodity's method needs it.
fn nearest_scan_range(
    own: &CommodityDefinition,
    range: PeriodRange,
    periods: &[Period],
    contracts: &[Contract],
    diagnostics: &mut Diagnostics,
) -> Option<Money> {
    if own.terms.weighted_risk_method == WeightedRiskMethod::Normal {
        return None;
    }
    let covered = &periods[range.indexes()];
    let inside = contracts.iter().filter(|contract| covered.binary_search(&contract.period).is_ok());
    // Contracts come in the order of the links: of several in one month the first counts.
    let nearest =
        inside.filter(|contract| contract.scan_range.is_some()).min_by_key(|contract| contract.period);
    let (price, scaling) =
        nearest.and_then(|contract| contract.scan_range).unwrap_or((Decimal::ZERO, Delta::ZERO));
    let per_delta = money_rate(price, own.terms.risk_exponent)
        .and_then(|money| money.per_delta_half_away(scaling).ok())
        .filter(|money| money.is_positive());
    if per_delta.is_none() && !covered.is_empty() {
        if own.terms.weighted_risk_method == WeightedRiskMethod::ScanRange {
            let message = format!("{}: the method needs a price scan range in every tier", own.code);
            diagnostics.error(own.line, "wfprMeth", message);
        } else {
            let message = format!("{}: no price scan range: weighted price risk is not capped", own.code);
            diagnostics.warning(own.line, "wfprMeth", message);
        }
    }
    per_delta
}

pub(super) fn option_minimum(
    own: &CommodityDefinition,
    base_level: u32,
    contracts: &[Contract],
    periods: &[Period],
    diagnostics: &mut Diagnostics,
) -> OptionMinimum {
    let mut tiers: Vec<(Money, PeriodRange)> = Vec::new();
    for tier in own.terms.option_minimum_tiers.iter().take(TIERS_LIMIT) {
        let rate = rate_of(&tier.rates, base_level, tier.line, "somTiers", diagnostics);
        let covered = tier_periods(tier, periods);
        if tiers.iter().any(|(_, other)| other.overlaps(covered)) {
            let message = format!("{}: tier {} shares periods with another", own.code, tier.number);
            diagnostics.error(tier.line, "somTiers", message);
        }
        match money_rate(rate, own.terms.risk_exponent) {
            Some(rate) => tiers.push((rate, covered)),
            None => diagnostics.error(tier.line, "somTiers", "the rate is negative or too large"),
        }
    }
    let in_a_tier = |contract: &&Contract| {
        let period = period_index(periods, contract.period);
        tiers.iter().any(|(_, covered)| covered.contains(period))
    };
    let mut options = contracts.iter().filter(|contract| !contract.option_count_is_nothing());
    if let (Some(contract), false) = (options.find(|contract| !in_a_tier(contract)), tiers.is_empty()) {
        let message =
            format!("{}: options of {} are in no tier and have no minimum", own.code, contract.period);
        diagnostics.warning(own.line, "somTiers", message);
    }
    let is_by_period = tiers.iter().any(|(_, inside)| inside.indexes() != (0..periods.len()));
    OptionMinimum { method: own.terms.option_minimum_method, tiers, is_by_period, by_lots: None }
}
