//! Reports, refusals and faults of one portfolio.

use plimsoll_engine::parameters::ConversionStep;
use plimsoll_engine::report::{
    AwayLegReport, CommodityReport, CurrencyTotals, DeliveryReport, InterSpreadReport, IntraSpreadReport,
    LevelAmount, MarginReport, PeriodDelta, ScanPartReport, ScanningSpreadReport,
};
use plimsoll_engine::span::{Unmatched, UnmatchedReason};
use plimsoll_engine::types::Amount;
use plimsoll_proto::v1;
use plimsoll_proto::v1::calculate_response::Outcome;

use super::super::from_proto::ACCOUNT_BYTES;
use super::super::status::cut;
use super::super::violations::Violations;

/// Counts fit: a set has fewer commodities, and a request fewer positions.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The answer to a portfolio that was calculated.
pub(in crate::grpc) fn reported(
    request: &v1::CalculateRequest,
    report: MarginReport,
) -> v1::CalculateResponse {
    answer(request, Outcome::Report(margin_report(&request.positions, report)))
}

/// A report on positions, to which the places of what is unmatched refer.
pub(in crate::grpc) fn margin_report(positions: &[v1::Position], report: MarginReport) -> v1::MarginReport {
    v1::MarginReport {
        parameter_set: Some(v1::ParameterSetReference {
            id: report.parameter_set.id,
            business_date: report.parameter_set.business_date.to_string(),
            digest: report.parameter_set.digest.to_string(),
        }),
        rounding: super::rounding(report.rounding).into(),
        currency: report.currency.to_string(),
        risk: report.risk.to_string(),
        net_option_value: report.net_option_value.to_string(),
        requirement: report.requirement.to_string(),
        requirement_levels: report.requirement_levels,
        initial_requirement: report.initial_requirement.to_string(),
        maintenance_requirement: report.maintenance_requirement.to_string(),
        by_currency: report.by_currency.into_iter().map(currency_totals).collect(),
        conversions: report.conversions.into_iter().map(conversion).collect(),
        levels: report.levels.into_iter().map(level).collect(),
        commodities: report.commodities.into_iter().map(commodity).collect(),
        inter_spreads: report.inter_spreads.into_iter().map(inter_spread).collect(),
        scanning_spreads: report.scanning_spreads.into_iter().map(scanning_spread).collect(),
        unmatched: unmatched(positions, &report.unmatched),
    }
}

/// The answer to a portfolio that is refused.
pub(in crate::grpc) fn refused(
    request: &v1::CalculateRequest,
    reason: v1::CalculationRefusalReason,
    message: &str,
    positions: &[Unmatched],
) -> v1::CalculateResponse {
    let unmatched = unmatched(&request.positions, positions);
    let refused =
        v1::CalculationRefused { reason: reason.into(), message: cut(message, MESSAGE_BYTES), unmatched };
    answer(request, Outcome::Refused(refused))
}

/// The answer, in its place among others, to a portfolio that is malformed.
pub(in crate::grpc) fn invalid(request: &v1::CalculateRequest, faults: &Violations) -> v1::CalculateResponse {
    let violations = faults.kept().iter().map(|fault| v1::FieldViolation {
        field: fault.field.clone(),
        description: cut(&fault.description, MESSAGE_BYTES),
    });
    let invalid = v1::InvalidPortfolio {
        message: cut(&faults.summary(), MESSAGE_BYTES),
        violations: violations.collect(),
    };
    answer(request, Outcome::Invalid(invalid))
}

/// The longest message in an answer.
const MESSAGE_BYTES: usize = 1024;

fn answer(request: &v1::CalculateRequest, outcome: Outcome) -> v1::CalculateResponse {
    v1::CalculateResponse { account: cut(&request.account, ACCOUNT_BYTES), outcome: Some(outcome) }
}

fn unmatched(positions: &[v1::Position], unmatched: &[Unmatched]) -> Vec<v1::UnmatchedPosition> {
    let one = |unmatched: &Unmatched| v1::UnmatchedPosition {
        index: number(unmatched.position),
        position: positions.get(unmatched.position).cloned(),
        reason: unmatched_reason(unmatched.reason).into(),
    };
    unmatched.iter().map(one).collect()
}

/// Why the set cannot margin a position.
pub(super) const fn unmatched_reason(reason: UnmatchedReason) -> v1::UnmatchedReason {
    match reason {
        UnmatchedReason::UnknownContract => v1::UnmatchedReason::UnknownContract,
        UnmatchedReason::NoRiskArray => v1::UnmatchedReason::NoRiskArray,
        UnmatchedReason::NoPrice => v1::UnmatchedReason::NoPrice,
        UnmatchedReason::ProductNotCalculated => v1::UnmatchedReason::ProductNotCalculated,
    }
}

fn currency_totals(totals: CurrencyTotals) -> v1::CurrencyTotals {
    v1::CurrencyTotals {
        currency: totals.currency.to_string(),
        risk: totals.risk.to_string(),
        net_option_value: totals.net_option_value.to_string(),
        requirement: totals.requirement.to_string(),
    }
}

fn conversion(step: ConversionStep) -> v1::ConversionUsed {
    v1::ConversionUsed {
        from: step.from.to_string(),
        to: step.to.to_string(),
        rate: step.rate.to_string(),
        divides: step.divides,
    }
}

fn level(level: LevelAmount) -> v1::LevelAmount {
    v1::LevelAmount {
        amount: level.amount.to_string(),
        requirement: level.requirement.to_string(),
        level: level.level,
    }
}

fn commodity(own: CommodityReport) -> v1::CommodityMargin {
    v1::CommodityMargin {
        commodity: own.commodity.to_string(),
        currency: own.currency.to_string(),
        active_scenario: own.active_scenario.into(),
        scenario_losses: own.scenario_losses.iter().map(Amount::to_string).collect(),
        scan_risk: own.scan_risk.to_string(),
        time_risk: own.time_risk.to_string(),
        volatility_risk: own.volatility_risk.to_string(),
        price_risk: own.price_risk.to_string(),
        weighted_price_risk: own.weighted_price_risk.to_string(),
        net_delta: own.net_delta.to_string(),
        period_deltas: own.period_deltas.into_iter().map(period_delta).collect(),
        intra_spreads: own.intra_spreads.into_iter().map(intra_spread).collect(),
        intra_charge: own.intra_charge.to_string(),
        delivery_charge: own.delivery_charge.to_string(),
        inter_credit: own.inter_credit.to_string(),
        short_option_minimum: own.short_option_minimum.to_string(),
        long_option_value: own.long_option_value.to_string(),
        short_option_value: own.short_option_value.to_string(),
        risk: own.risk.to_string(),
        scan_parts: own.scan_parts.into_iter().map(scan_part).collect(),
        delivery: own.delivery.into_iter().map(delivery).collect(),
    }
}

fn scan_part(part: ScanPartReport) -> v1::ScanPart {
    v1::ScanPart {
        part: part.part,
        active_scenario: part.active_scenario.into(),
        scenario_losses: part.scenario_losses.iter().map(Amount::to_string).collect(),
        scan_risk: part.scan_risk.to_string(),
        time_risk: part.time_risk.to_string(),
        volatility_risk: part.volatility_risk.to_string(),
        net_delta: part.net_delta.to_string(),
    }
}

fn delivery(charge: DeliveryReport) -> v1::DeliveryCharge {
    v1::DeliveryCharge {
        period: charge.period,
        used_delta: charge.used_delta.to_string(),
        left_delta: charge.left_delta.to_string(),
        charge: charge.charge.to_string(),
    }
}

fn scanning_spread(spread: ScanningSpreadReport) -> v1::ScanningSpread {
    let legs = spread.legs.into_iter().map(|leg| v1::ScanningSpreadLeg {
        added_delta: leg.added_delta.to_string(),
        own: Some(commodity(leg.own)),
    });
    v1::ScanningSpread {
        priority: spread.priority,
        is_super: spread.is_super,
        target: spread.target.to_string(),
        legs: legs.collect(),
    }
}

fn period_delta(delta: PeriodDelta) -> v1::PeriodDelta {
    v1::PeriodDelta { period: delta.period, net_delta: delta.net_delta.to_string() }
}

fn intra_spread(spread: IntraSpreadReport) -> v1::IntraSpread {
    v1::IntraSpread {
        priority: spread.priority,
        side_a_long: spread.side_a_long,
        count: spread.count.to_string(),
        charge: spread.charge.to_string(),
    }
}

fn inter_spread(spread: InterSpreadReport) -> v1::InterSpread {
    let legs = spread.legs.into_iter().map(|leg| v1::InterSpreadLeg {
        commodity: leg.commodity.to_string(),
        consumed_delta: leg.consumed_delta.to_string(),
        credit: leg.credit.to_string(),
    });
    v1::InterSpread {
        priority: spread.priority,
        count: spread.count.to_string(),
        legs: legs.collect(),
        is_super: spread.is_super,
        away: spread.away.into_iter().map(away_leg).collect(),
    }
}

fn away_leg(leg: AwayLegReport) -> v1::AwayLeg {
    v1::AwayLeg {
        house: leg.place.house.to_string(),
        commodity: leg.place.commodity.to_string(),
        tier: leg.place.tier,
        consumed_delta: leg.consumed_delta.to_string(),
    }
}
