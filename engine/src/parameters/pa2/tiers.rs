//! Records `S` and `3`: tiers.

use super::columns::{Columns, intra_tier, intra_tiers, scan_tier, scan_tiers};
use super::commodities::{Commodity, Ratios};
use super::record::Record;
use crate::parameters::definition::{LevelRate, TierDefinition, WeightedRiskMethod};
use crate::parameters::diagnostic::Diagnostics;

/// What the tiers of an `S` record are for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Use {
    Scanning,
    Inter,
    Both,
    OptionMinimum,
}

/// Record `S`: adds to what earlier ones say of the commodity.
pub(super) fn scanning(record: &Record<'_>, own: &mut Commodity, diagnostics: &mut Diagnostics) {
    let stated = match record.letter(scan_tiers::WEIGHTED_RISK) {
        ' ' => None,
        '1' => Some(WeightedRiskMethod::Normal),
        '2' => Some(WeightedRiskMethod::ScanRangeCap),
        '3' => Some(WeightedRiskMethod::ScanRange),
        _ => {
            record.error(scan_tiers::WEIGHTED_RISK, "expected 1, 2 or 3", diagnostics);
            return;
        }
    };
    if own.weighted_risk_method.is_some() && stated.is_some() && own.weighted_risk_method != stated {
        let message = "something else than an earlier record of the commodity states";
        record.error(scan_tiers::WEIGHTED_RISK, message, diagnostics);
    }
    own.weighted_risk_method = own.weighted_risk_method.or(stated);
    let used = match record.key(scan_tiers::METHOD) {
        Some("" | "01") => return,
        Some("02") => {
            own.has_tier_for_each_period = true;
            return;
        }
        Some("10" | "22") => Use::Scanning,
        Some("20" | "23") => Use::Inter,
        Some("21") => Use::Both,
        Some("30") => Use::OptionMinimum,
        _ => {
            let message = "this method is not calculated (only 01, 02, 10, 20, 21, 22, 23, 30)";
            record.error(scan_tiers::METHOD, message, diagnostics);
            return;
        }
    };
    let mut tiers = Vec::new();
    for index in 0..5 {
        let (columns, days) = (14 * index, 4 * index);
        let rate = scan_tier::RATE.moved(7 * index);
        let days = [scan_tier::FIRST_DAY, scan_tier::LAST_DAY].map(|day| day.moved(days));
        let limits = [scan_tier::FIRST, scan_tier::LAST].map(|month| month.moved(columns));
        let Some(mut tier) = tier(record, scan_tier::NUMBER.moved(columns), limits, days, diagnostics) else {
            continue;
        };
        if used == Use::OptionMinimum {
            record.check(&[rate], 0, diagnostics);
            let value = record.number(rate, 0).unwrap_or_default();
            tier.rates = vec![LevelRate { level: super::commodities::BASE_LEVEL, value }];
        }
        tiers.push(tier);
    }
    let stated = record.small(scan_tiers::COUNT).unwrap_or(0);
    own.tiers_stated.push((record.line, used, stated));
    if matches!(used, Use::Scanning | Use::Both) {
        own.scan_tiers.extend(tiers.iter().cloned());
    }
    match used {
        Use::Inter | Use::Both => own.inter_tiers.extend(tiers),
        Use::OptionMinimum => own.option_minimum_tiers.extend(tiers),
        Use::Scanning => {}
    }
}

/// Record `3`: tiers that intra-commodity spreads are formed between, and the ratios of initial to maintenance.
pub(super) fn intra(record: &Record<'_>, own: &mut Commodity, diagnostics: &mut Diagnostics) {
    match record.key(intra_tiers::METHOD) {
        Some("" | "01" | "10") => {}
        _ => {
            record.error(intra_tiers::METHOD, "this method is not calculated (only 01 and 10)", diagnostics);
            return;
        }
    }
    for index in 0..4 {
        let (columns, days) = (14 * index, 4 * index);
        let days = [intra_tier::FIRST_DAY, intra_tier::LAST_DAY].map(|day| day.moved(days));
        let limits = [intra_tier::FIRST, intra_tier::LAST].map(|month| month.moved(columns));
        own.intra_tiers.extend(tier(record, intra_tier::NUMBER.moved(columns), limits, days, diagnostics));
    }
    let ratios = [intra_tiers::HEDGER, intra_tiers::SPECULATOR, intra_tiers::MEMBER];
    own.ratios.fill(Ratios::read(record, ratios, 3));
}

/// One tier; `None` where its columns are blank or faulty.
fn tier(
    record: &Record<'_>,
    number: Columns,
    [first, last]: [Columns; 2],
    [first_day, last_day]: [Columns; 2],
    diagnostics: &mut Diagnostics,
) -> Option<TierDefinition> {
    if !record.check(&[number, first, last, first_day, last_day], 0, diagnostics) {
        return None;
    }
    let is_nothing = record.digits(number).unwrap_or(0) == 0
        && [first, last].iter().all(|limit| record.is_blank(*limit) || record.digits(*limit) == Some(0));
    if is_nothing {
        return None;
    }
    let first_period = record.period(first, first_day, diagnostics)?;
    let last_period = record.period(last, last_day, diagnostics)?;
    let Some(own) = record.small(number).and_then(|number| i32::try_from(number).ok()) else {
        record.error(number, "a tier's number is missing", diagnostics);
        return None;
    };
    for (columns, limit) in [(first, first_period), (last, last_period)] {
        if limit.is_none_or(|period| period.year_month().is_none()) {
            record.error(columns, "a tier's limit is to be a month CCYYMM", diagnostics);
            return None;
        }
    }
    Some(TierDefinition {
        line: record.line,
        number: own,
        first: first_period,
        last: last_period,
        rates: Vec::new(),
    })
}
