//! Reports, and why there is none.

use plimsoll_engine::contract::{ContractQuery, ContractText, OptionRight, ProductType};
use plimsoll_engine::parameters::{AwayPlace, ConversionStep};
use plimsoll_engine::report::{
    AwayLegReport, CommodityReport, CurrencyTotals, DeliveryReport, InterSpreadLegReport, InterSpreadReport,
    IntraSpreadReport, LevelAmount, MarginReport, PeriodDelta, ScanPartReport, ScanningLegReport,
    ScanningSpreadReport, SetReference,
};
use plimsoll_engine::span::{Unmatched, UnmatchedReason};
use plimsoll_engine::types::Lots;
use plimsoll_proto::v1;
use plimsoll_proto::v1::calculate_response::Outcome;

use super::{Checked, amount, checked, code, decimal, digest, list, required, rounding, size};
use crate::answer::{Calculated, CalculationFailure, FieldViolation};
use crate::error::MalformedAnswer;

pub(crate) fn calculated(answer: v1::CalculateResponse) -> Checked<Calculated> {
    let outcome = match required("outcome", answer.outcome)? {
        Outcome::Report(found) => Ok(Box::new(report(found).map_err(|error| error.under("report"))?)),
        Outcome::Refused(refused) => Err(refusal(refused).map_err(|error| error.under("refused"))?),
        Outcome::Invalid(invalid) => {
            let violation = |found: v1::FieldViolation| FieldViolation {
                field: found.field,
                description: found.description,
            };
            let violations = invalid.violations.into_iter().map(violation).collect();
            Err(CalculationFailure::Invalid { message: invalid.message, violations })
        }
    };
    Ok(Calculated { account: answer.account, outcome })
}

fn refusal(refused: v1::CalculationRefused) -> Checked<CalculationFailure> {
    match v1::CalculationRefusalReason::try_from(refused.reason) {
        Ok(v1::CalculationRefusalReason::Unmatched) => {
            Ok(CalculationFailure::Unmatched(list("unmatched", refused.unmatched, unmatched)?))
        }
        Ok(v1::CalculationRefusalReason::TooLarge) => {
            Ok(CalculationFailure::TooLarge { message: refused.message })
        }
        Ok(v1::CalculationRefusalReason::Unspecified) | Err(_) => {
            Err(MalformedAnswer::new("reason", "no known reason"))
        }
    }
}

fn report(report: v1::MarginReport) -> Checked<MarginReport> {
    let set = required("parameter_set", report.parameter_set)?;
    Ok(MarginReport {
        parameter_set: SetReference {
            business_date: checked("parameter_set.business_date", set.business_date.parse())?,
            digest: digest("parameter_set.digest", &set.digest)?,
            id: set.id,
        },
        rounding: rounding("rounding", report.rounding)?,
        currency: code("currency", &report.currency)?,
        risk: amount("risk", &report.risk)?,
        net_option_value: amount("net_option_value", &report.net_option_value)?,
        requirement: amount("requirement", &report.requirement)?,
        requirement_levels: report.requirement_levels,
        initial_requirement: amount("initial_requirement", &report.initial_requirement)?,
        maintenance_requirement: amount("maintenance_requirement", &report.maintenance_requirement)?,
        by_currency: list("by_currency", report.by_currency, currency_totals)?,
        conversions: list("conversions", report.conversions, conversion)?,
        levels: list("levels", report.levels, |level| {
            Ok(LevelAmount {
                amount: amount("amount", &level.amount)?,
                requirement: amount("requirement", &level.requirement)?,
                level: level.level,
            })
        })?,
        commodities: list("commodities", report.commodities, commodity)?,
        scanning_spreads: list("scanning_spreads", report.scanning_spreads, scanning_spread)?,
        inter_spreads: list("inter_spreads", report.inter_spreads, inter_spread)?,
        unmatched: list("unmatched", report.unmatched, unmatched)?,
    })
}

fn currency_totals(totals: v1::CurrencyTotals) -> Checked<CurrencyTotals> {
    Ok(CurrencyTotals {
        currency: code("currency", &totals.currency)?,
        risk: amount("risk", &totals.risk)?,
        net_option_value: amount("net_option_value", &totals.net_option_value)?,
        requirement: amount("requirement", &totals.requirement)?,
    })
}

fn conversion(used: v1::ConversionUsed) -> Checked<ConversionStep> {
    Ok(ConversionStep {
        from: code("from", &used.from)?,
        to: code("to", &used.to)?,
        rate: decimal("rate", &used.rate)?,
        divides: used.divides,
    })
}

fn commodity(own: v1::CommodityMargin) -> Checked<CommodityReport> {
    Ok(CommodityReport {
        commodity: code("commodity", &own.commodity)?,
        currency: code("currency", &own.currency)?,
        active_scenario: checked("active_scenario", u8::try_from(own.active_scenario))?,
        scenario_losses: list("scenario_losses", own.scenario_losses, |loss| amount("loss", &loss))?,
        scan_parts: list("scan_parts", own.scan_parts, scan_part)?,
        scan_risk: amount("scan_risk", &own.scan_risk)?,
        time_risk: amount("time_risk", &own.time_risk)?,
        volatility_risk: amount("volatility_risk", &own.volatility_risk)?,
        price_risk: amount("price_risk", &own.price_risk)?,
        weighted_price_risk: amount("weighted_price_risk", &own.weighted_price_risk)?,
        net_delta: amount("net_delta", &own.net_delta)?,
        period_deltas: list("period_deltas", own.period_deltas, |delta| {
            Ok(PeriodDelta { net_delta: amount("net_delta", &delta.net_delta)?, period: delta.period })
        })?,
        intra_spreads: list("intra_spreads", own.intra_spreads, |formed| {
            Ok(IntraSpreadReport {
                priority: formed.priority,
                side_a_long: formed.side_a_long,
                count: amount("count", &formed.count)?,
                charge: amount("charge", &formed.charge)?,
            })
        })?,
        intra_charge: amount("intra_charge", &own.intra_charge)?,
        delivery: list("delivery", own.delivery, delivery)?,
        delivery_charge: amount("delivery_charge", &own.delivery_charge)?,
        inter_credit: amount("inter_credit", &own.inter_credit)?,
        short_option_minimum: amount("short_option_minimum", &own.short_option_minimum)?,
        long_option_value: amount("long_option_value", &own.long_option_value)?,
        short_option_value: amount("short_option_value", &own.short_option_value)?,
        risk: amount("risk", &own.risk)?,
    })
}

fn scan_part(part: v1::ScanPart) -> Checked<ScanPartReport> {
    Ok(ScanPartReport {
        part: part.part,
        active_scenario: checked("active_scenario", u8::try_from(part.active_scenario))?,
        scenario_losses: list("scenario_losses", part.scenario_losses, |loss| amount("loss", &loss))?,
        scan_risk: amount("scan_risk", &part.scan_risk)?,
        time_risk: amount("time_risk", &part.time_risk)?,
        volatility_risk: amount("volatility_risk", &part.volatility_risk)?,
        net_delta: amount("net_delta", &part.net_delta)?,
    })
}

fn delivery(charge: v1::DeliveryCharge) -> Checked<DeliveryReport> {
    Ok(DeliveryReport {
        period: charge.period,
        used_delta: amount("used_delta", &charge.used_delta)?,
        left_delta: amount("left_delta", &charge.left_delta)?,
        charge: amount("charge", &charge.charge)?,
    })
}

fn scanning_spread(formed: v1::ScanningSpread) -> Checked<ScanningSpreadReport> {
    Ok(ScanningSpreadReport {
        priority: formed.priority,
        is_super: formed.is_super,
        target: code("target", &formed.target)?,
        legs: list("legs", formed.legs, |leg| {
            let own = required("own", leg.own)?;
            Ok(ScanningLegReport {
                added_delta: amount("added_delta", &leg.added_delta)?,
                own: commodity(own).map_err(|error| error.under("own"))?,
            })
        })?,
    })
}

fn inter_spread(formed: v1::InterSpread) -> Checked<InterSpreadReport> {
    Ok(InterSpreadReport {
        priority: formed.priority,
        is_super: formed.is_super,
        count: amount("count", &formed.count)?,
        legs: list("legs", formed.legs, |leg| {
            Ok(InterSpreadLegReport {
                commodity: code("commodity", &leg.commodity)?,
                consumed_delta: amount("consumed_delta", &leg.consumed_delta)?,
                credit: amount("credit", &leg.credit)?,
            })
        })?,
        away: list("away", formed.away, |leg| {
            let (house, commodity) = (code("house", &leg.house)?, code("commodity", &leg.commodity)?);
            Ok(AwayLegReport {
                place: AwayPlace { house, commodity, tier: leg.tier },
                consumed_delta: amount("consumed_delta", &leg.consumed_delta)?,
            })
        })?,
    })
}

fn unmatched(unmatched: v1::UnmatchedPosition) -> Checked<Unmatched> {
    let reason = match v1::UnmatchedReason::try_from(unmatched.reason) {
        Ok(v1::UnmatchedReason::UnknownContract) => UnmatchedReason::UnknownContract,
        Ok(v1::UnmatchedReason::NoRiskArray) => UnmatchedReason::NoRiskArray,
        Ok(v1::UnmatchedReason::NoPrice) => UnmatchedReason::NoPrice,
        Ok(v1::UnmatchedReason::ProductNotCalculated) => UnmatchedReason::ProductNotCalculated,
        Ok(v1::UnmatchedReason::Unspecified) | Err(_) => {
            return Err(MalformedAnswer::new("reason", "no known reason"));
        }
    };
    let position = required("position", unmatched.position)?;
    Ok(Unmatched {
        position: size("index", unmatched.index)?,
        contract: contract(&position).map_err(|error| error.under("position"))?,
        lots: checked("position.quantity", Lots::new(position.quantity))?,
        reason,
    })
}

fn contract(position: &v1::Position) -> Checked<ContractQuery> {
    let text = ContractText {
        exchange: &position.exchange,
        product: &position.product,
        product_type: product_type(position.r#type()).map_or("", ProductType::code),
        period: &position.period,
        underlying_period: &position.underlying_period,
        right: right(position.right()).map_or("", OptionRight::code),
        strike: &position.strike,
    };
    ContractQuery::parse(&text).map_err(|faults| {
        let messages: Vec<String> = faults.iter().map(ToString::to_string).collect();
        MalformedAnswer::new("contract", messages.join("; "))
    })
}

const fn right(right: v1::OptionRight) -> Option<OptionRight> {
    match right {
        v1::OptionRight::Call => Some(OptionRight::Call),
        v1::OptionRight::Put => Some(OptionRight::Put),
        v1::OptionRight::Unspecified => None,
    }
}

const fn product_type(kind: v1::ProductType) -> Option<ProductType> {
    match kind {
        v1::ProductType::Unspecified => None,
        v1::ProductType::Physical => Some(ProductType::Physical),
        v1::ProductType::Equity => Some(ProductType::Equity),
        v1::ProductType::Future => Some(ProductType::Future),
        v1::ProductType::Forward => Some(ProductType::Forward),
        v1::ProductType::OptionOnPhysical => Some(ProductType::OptionOnPhysical),
        v1::ProductType::OptionOnFuture => Some(ProductType::OptionOnFuture),
        v1::ProductType::OptionOnEquity => Some(ProductType::OptionOnEquity),
        v1::ProductType::Combination => Some(ProductType::Combination),
        v1::ProductType::OptionOnCombination => Some(ProductType::OptionOnCombination),
    }
}

#[cfg(test)]
#[path = "report/tests.rs"]
mod tests;
