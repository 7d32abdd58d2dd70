//! The project's own exchange as files and as portfolios.

use plimsoll_engine::parameters::{Definition, sample, spn};
use plimsoll_engine::types::BusinessDate;
use plimsoll_proto::v1;
use plimsoll_proto::v1::parameter_set_selector::Selector;

/// The house of the sample.
pub(crate) const HOUSE: &str = "HARBOR";

/// The sample's file.
pub(crate) fn file() -> Vec<u8> {
    changed(|_| ())
}

/// The sample's file of another day of September 2026.
pub(crate) fn of_day(day: u8) -> Vec<u8> {
    changed(|definition| definition.business_date = BusinessDate::new(2026, 9, day).ok())
}

/// The sample's file with something changed.
pub(crate) fn changed(change: impl FnOnce(&mut Definition)) -> Vec<u8> {
    let mut definition = sample::definition();
    change(&mut definition);
    let mut bytes = Vec::new();
    spn::write(&definition, &mut bytes).unwrap();
    bytes
}

/// A position in crude futures.
pub(crate) fn future(period: &str, quantity: i64) -> v1::Position {
    v1::Position {
        product: "HCL".to_owned(),
        r#type: v1::ProductType::Future.into(),
        period: period.to_owned(),
        quantity,
        ..v1::Position::default()
    }
}

/// A position in crude options of December 2026.
pub(crate) fn option(right: v1::OptionRight, strike: &str, quantity: i64) -> v1::Position {
    v1::Position {
        product: "HCLO".to_owned(),
        r#type: v1::ProductType::OptionOnFuture.into(),
        period: "202612".to_owned(),
        right: right.into(),
        strike: strike.to_owned(),
        quantity,
        ..v1::Position::default()
    }
}

/// Futures of two months and an option.
pub(crate) fn positions() -> Vec<v1::Position> {
    vec![future("202611", 5), future("202612", -3), option(v1::OptionRight::Put, "70.00", -2)]
}

pub(crate) fn by_id(id: &str) -> Option<v1::ParameterSetSelector> {
    Some(v1::ParameterSetSelector { selector: Some(Selector::Id(id.to_owned())) })
}

pub(crate) fn active(house: &str, scope: &str) -> Option<v1::ParameterSetSelector> {
    let active = v1::ActiveParameterSet { house: house.to_owned(), account_scope: scope.to_owned() };
    Some(v1::ParameterSetSelector { selector: Some(Selector::Active(active)) })
}

/// A request that is right.
pub(crate) fn request(account: &str, set: &str) -> v1::CalculateRequest {
    v1::CalculateRequest {
        account: account.to_owned(),
        parameter_set: by_id(set),
        positions: positions(),
        options: None,
        away: Vec::new(),
    }
}

/// The report of an answer.
pub(crate) fn report(answer: v1::CalculateResponse) -> v1::MarginReport {
    match answer.outcome {
        Some(v1::calculate_response::Outcome::Report(report)) => report,
        other => panic!("no report but {other:?}"),
    }
}
