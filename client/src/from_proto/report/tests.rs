//! Well-formed answers are read whole; malformed ones name the field.

use plimsoll_engine::parameters::RoundingProfile;

use super::*;

fn money() -> String {
    "12.500000".to_owned()
}

fn commodity_margin() -> v1::CommodityMargin {
    v1::CommodityMargin {
        commodity: "CC".to_owned(),
        currency: "EUR".to_owned(),
        active_scenario: 2,
        scenario_losses: vec!["-1.000000".to_owned(), money()],
        scan_risk: money(),
        time_risk: money(),
        volatility_risk: money(),
        price_risk: money(),
        weighted_price_risk: money(),
        net_delta: "-3.000000".to_owned(),
        period_deltas: vec![v1::PeriodDelta {
            period: "202612".to_owned(),
            net_delta: "-3.000000".to_owned(),
        }],
        intra_spreads: vec![v1::IntraSpread {
            priority: 1,
            side_a_long: true,
            count: money(),
            charge: money(),
        }],
        intra_charge: money(),
        delivery_charge: money(),
        inter_credit: money(),
        short_option_minimum: money(),
        long_option_value: money(),
        short_option_value: money(),
        risk: money(),
        scan_parts: vec![v1::ScanPart {
            part: "long".to_owned(),
            active_scenario: 2,
            scenario_losses: vec![money()],
            scan_risk: money(),
            time_risk: money(),
            volatility_risk: money(),
            net_delta: money(),
        }],
        delivery: vec![v1::DeliveryCharge {
            period: "202612".to_owned(),
            used_delta: money(),
            left_delta: money(),
            charge: money(),
        }],
    }
}

fn unmatched_position() -> v1::UnmatchedPosition {
    v1::UnmatchedPosition {
        index: 7,
        position: Some(v1::Position {
            product: "O".to_owned(),
            r#type: v1::ProductType::OptionOnFuture.into(),
            period: "202612".to_owned(),
            right: v1::OptionRight::Put.into(),
            strike: "52.50".to_owned(),
            quantity: -3,
            ..v1::Position::default()
        }),
        reason: v1::UnmatchedReason::NoPrice.into(),
    }
}

fn margin_report() -> v1::MarginReport {
    v1::MarginReport {
        parameter_set: Some(v1::ParameterSetReference {
            id: "MINI-20250613-final-000000000000".to_owned(),
            business_date: "2025-06-13".to_owned(),
            digest: "0".repeat(64),
        }),
        rounding: v1::RoundingProfile::Takasbank.into(),
        currency: "USD".to_owned(),
        risk: money(),
        net_option_value: money(),
        requirement: money(),
        requirement_levels: vec!["initial".to_owned()],
        initial_requirement: money(),
        maintenance_requirement: money(),
        by_currency: vec![v1::CurrencyTotals {
            currency: "EUR".to_owned(),
            risk: money(),
            net_option_value: money(),
            requirement: money(),
        }],
        conversions: vec![v1::ConversionUsed {
            from: "EUR".to_owned(),
            to: "USD".to_owned(),
            rate: "1.0850".to_owned(),
            divides: true,
        }],
        levels: vec![v1::LevelAmount { level: "initial".to_owned(), amount: money(), requirement: money() }],
        commodities: vec![commodity_margin()],
        scanning_spreads: vec![v1::ScanningSpread {
            priority: 1,
            is_super: true,
            target: "CC".to_owned(),
            legs: vec![v1::ScanningSpreadLeg { added_delta: money(), own: Some(commodity_margin()) }],
        }],
        inter_spreads: vec![v1::InterSpread {
            is_super: false,
            priority: 4,
            count: money(),
            legs: vec![v1::InterSpreadLeg {
                commodity: "CC".to_owned(),
                consumed_delta: money(),
                credit: money(),
            }],
            away: vec![v1::AwayLeg {
                house: "AWAY".to_owned(),
                commodity: "OIL".to_owned(),
                tier: 2,
                consumed_delta: money(),
            }],
        }],
        unmatched: vec![unmatched_position()],
    }
}

fn answer(outcome: Option<Outcome>) -> v1::CalculateResponse {
    v1::CalculateResponse { account: "A".to_owned(), outcome }
}

#[test]
fn a_report_is_read_whole() {
    let calculated = calculated(answer(Some(Outcome::Report(margin_report())))).unwrap();
    let report = calculated.outcome.unwrap();
    assert_eq!((calculated.account.as_str(), report.rounding), ("A", RoundingProfile::Takasbank));
    assert_eq!(report.risk.to_string(), money());
    assert_eq!(report.conversions[0].rate.to_string(), "1.0850");
    let own = &report.commodities[0];
    assert_eq!((own.active_scenario, own.scenario_losses[0].to_string().as_str()), (2, "-1.000000"));
    assert_eq!(own.period_deltas[0].net_delta, own.net_delta);
    assert_eq!(report.inter_spreads[0].legs[0].commodity.as_str(), "CC");
    assert_eq!(report.inter_spreads[0].away[0].place.to_string(), "AWAY/OIL tier 2");
    let unmatched = &report.unmatched[0];
    assert_eq!((unmatched.position, unmatched.lots.get()), (7, -3));
    assert_eq!(unmatched.contract.to_string(), "O OOF 202612 P 52.50");
    assert_eq!(unmatched.reason, UnmatchedReason::NoPrice);
}

/// The field that is blamed when a report is changed like this.
fn blamed(change: impl FnOnce(&mut v1::MarginReport)) -> String {
    let mut report = margin_report();
    change(&mut report);
    calculated(answer(Some(Outcome::Report(report)))).unwrap_err().field
}

#[test]
fn a_malformed_report_names_its_field() {
    let wrong = || "many".to_owned();
    assert_eq!(blamed(|report| report.parameter_set = None), "report.parameter_set");
    assert_eq!(blamed(|report| report.rounding = 0), "report.rounding");
    assert_eq!(blamed(|report| report.currency = String::new()), "report.currency");
    assert_eq!(blamed(|report| report.requirement = wrong()), "report.requirement");
    assert_eq!(blamed(|report| report.by_currency[0].risk = wrong()), "report.by_currency[0].risk");
    assert_eq!(blamed(|report| report.conversions[0].rate = wrong()), "report.conversions[0].rate");
    assert_eq!(blamed(|report| report.levels[0].amount = wrong()), "report.levels[0].amount");
    assert_eq!(blamed(|report| report.levels[0].requirement = wrong()), "report.levels[0].requirement");
    assert_eq!(blamed(|report| report.initial_requirement = wrong()), "report.initial_requirement");
    assert_eq!(blamed(|report| report.maintenance_requirement = wrong()), "report.maintenance_requirement");
    assert_eq!(
        blamed(|report| report.inter_spreads[0].legs[0].credit = wrong()),
        "report.inter_spreads[0].legs[0].credit"
    );
    let commodity =
        |change: fn(&mut v1::CommodityMargin)| blamed(|report| change(&mut report.commodities[0]));
    assert_eq!(commodity(|own| own.active_scenario = 256), "report.commodities[0].active_scenario");
    assert_eq!(
        commodity(|own| own.scenario_losses[1] = String::new()),
        "report.commodities[0].scenario_losses[1].loss"
    );
    assert_eq!(
        commodity(|own| own.period_deltas[0].net_delta = "1e3".to_owned()),
        "report.commodities[0].period_deltas[0].net_delta"
    );
    assert_eq!(commodity(|own| own.commodity = "\u{1b}[2J".to_owned()), "report.commodities[0].commodity");
    let unmatched =
        |change: fn(&mut v1::UnmatchedPosition)| blamed(|report| change(&mut report.unmatched[0]));
    assert_eq!(unmatched(|own| own.reason = 99), "report.unmatched[0].reason");
    assert_eq!(unmatched(|own| own.position = None), "report.unmatched[0].position");
    let position = |own: &mut v1::UnmatchedPosition| own.position = Some(v1::Position::default());
    assert_eq!(unmatched(position), "report.unmatched[0].position.contract");
}

#[test]
fn a_refusal_has_a_known_reason() {
    let refused = |reason| {
        let unmatched = vec![unmatched_position()];
        let message = "for a person".to_owned();
        calculated(answer(Some(Outcome::Refused(v1::CalculationRefused { reason, message, unmatched }))))
    };
    let unmatched = refused(v1::CalculationRefusalReason::Unmatched.into()).unwrap().outcome.unwrap_err();
    assert_eq!(unmatched.to_string(), "unmatched: positions[7] O OOF 202612 P 52.50 (no_price)");
    let too_large = refused(v1::CalculationRefusalReason::TooLarge.into()).unwrap().outcome.unwrap_err();
    assert_eq!(too_large.to_string(), "for a person");
    assert_eq!(refused(0).unwrap_err().field, "refused.reason");
    assert_eq!(calculated(answer(None)).unwrap_err().field, "outcome");
}
