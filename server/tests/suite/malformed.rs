//! Requests for a calculation that are malformed, refused, or name what is not there.

use plimsoll_engine::span::Portfolio;
use plimsoll_proto::v1;
use plimsoll_proto::v1::calculate_response::Outcome;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::sample::{self, future, option};
use crate::served::Served;

type Change = fn(&mut v1::CalculateRequest);

async fn calculate(served: &Served, request: v1::CalculateRequest) -> Result<v1::CalculateResponse, Status> {
    served.margin().calculate(request).await.map(tonic::Response::into_inner)
}

fn fields(status: &Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let details = status.get_error_details();
    details.bad_request().unwrap().field_violations.iter().map(|violation| violation.field.clone()).collect()
}

fn options(change: impl FnOnce(&mut v1::CalculationOptions)) -> Option<v1::CalculationOptions> {
    let mut options = v1::CalculationOptions::default();
    change(&mut options);
    Some(options)
}

/// Every field with every fault that it can have.
const FAULTS: [(Change, &[&str]); 35] = [
    (|r| r.account = "a".repeat(65), &["account"]),
    (|r| r.account = "a\nb".to_owned(), &["account"]),
    (|r| r.parameter_set = None, &["parameter_set"]),
    (|r| r.parameter_set = Some(v1::ParameterSetSelector { selector: None }), &["parameter_set"]),
    (|r| r.parameter_set = sample::by_id(""), &["parameter_set.id"]),
    (|r| r.parameter_set = sample::by_id(&"i".repeat(97)), &["parameter_set.id"]),
    (|r| r.parameter_set = sample::active("", ""), &["parameter_set.active.house"]),
    (
        |r| r.parameter_set = sample::active("\u{7}", &"s".repeat(65)),
        &["parameter_set.active.house", "parameter_set.active.account_scope"],
    ),
    (|r| r.positions[0].exchange = " ".to_owned(), &["positions[0].exchange"]),
    (|r| r.positions[1].exchange = "x".repeat(33), &["positions[1].exchange"]),
    (|r| r.positions[0].product = String::new(), &["positions[0].product"]),
    (|r| r.positions[0].product = "p".repeat(33), &["positions[0].product"]),
    (|r| r.positions[0].product = "p\u{0}".to_owned(), &["positions[0].product"]),
    (|r| r.positions[2].r#type = 0, &["positions[2].type"]),
    (|r| r.positions[2].r#type = 4711, &["positions[2].type"]),
    (|r| r.positions[2].r#type = -1, &["positions[2].type"]),
    (|r| r.positions[0].period = String::new(), &["positions[0].period"]),
    (|r| r.positions[0].period = "2026-11".to_owned(), &["positions[0].period"]),
    (|r| r.positions[0].period = "2026112345678".to_owned(), &["positions[0].period"]),
    (|r| r.positions[2].underlying_period = "20 26".to_owned(), &["positions[2].underlying_period"]),
    (|r| r.positions[2].right = 0, &["positions[2].right"]),
    (|r| r.positions[2].right = 9, &["positions[2].right"]),
    (|r| r.positions[0].right = 9, &["positions[0].right"]),
    (|r| r.positions[0].right = 1, &["positions[0].right"]),
    (|r| r.positions[2].strike = String::new(), &["positions[2].strike"]),
    (|r| r.positions[2].strike = "7O".to_owned(), &["positions[2].strike"]),
    (|r| r.positions[2].strike = "1e3".to_owned(), &["positions[2].strike"]),
    (|r| r.positions[2].strike = "9".repeat(40), &["positions[2].strike"]),
    (|r| r.positions[0].strike = "70".to_owned(), &["positions[0].strike"]),
    (|r| r.positions[0].quantity = 0, &["positions[0].quantity"]),
    (|r| r.positions[0].quantity = 1_000_000_001, &["positions[0].quantity"]),
    (|r| r.positions[0].quantity = i64::MIN, &["positions[0].quantity"]),
    (
        |r| r.positions.push(v1::Position { quantity: 1_000_000_000, ..r.positions[0].clone() }),
        &["positions[3].quantity"],
    ),
    (|r| r.options = options(|o| o.rounding = 9), &["options.rounding"]),
    (|r| r.options = options(|o| o.margining = 9), &["options.margining"]),
];

/// Options that only the set can tell to be faulty.
const FAULTY_OPTIONS: [(Change, &[&str]); 6] = [
    (|r| r.options = options(|o| o.currency = "TOOLONGCODE".to_owned()), &["options.currency"]),
    (|r| r.options = options(|o| o.currency = "\u{7}".to_owned()), &["options.currency"]),
    (|r| r.options = options(|o| o.currency = "JPY".to_owned()), &["options.currency"]),
    (|r| r.options = options(|o| o.account_type = "X".to_owned()), &["options.account_type"]),
    (|r| r.options = options(|o| o.account_type = "x".repeat(33)), &["options.account_type"]),
    (|r| r.options = options(|o| o.account_type = "h\u{0}".to_owned()), &["options.account_type"]),
];

#[tokio::test]
async fn every_faulty_field_is_named() {
    let (served, id) = Served::with_sample().await;
    let cases = FAULTS.iter().chain(&FAULTY_OPTIONS);
    for (index, (change, expected)) in cases.enumerate() {
        let mut request = sample::request("A", &id);
        change(&mut request);
        let refused = calculate(&served, request).await.unwrap_err();
        assert_eq!(fields(&refused), *expected, "case {index}: {refused}");
    }
    calculate(&served, sample::request("A", &id)).await.unwrap();
}

#[tokio::test]
async fn a_faulty_option_is_named_once() {
    let (served, id) = Served::with_sample().await;
    let cases: [(Change, &str, &str); 2] = [
        (
            |r| r.options = options(|o| o.currency = "JPY".to_owned()),
            "options.currency",
            "no conversion from ",
        ),
        (
            |r| r.options = options(|o| o.account_type = "X".to_owned()),
            "options.account_type",
            "the parameter set has no levels for ",
        ),
    ];
    for (change, field, description) in cases {
        let mut request = sample::request("A", &id);
        change(&mut request);
        let refused = calculate(&served, request).await.unwrap_err();
        let details = refused.get_error_details();
        let violation = &details.bad_request().unwrap().field_violations[0];
        assert_eq!(violation.field, field);
        assert!(violation.description.starts_with(description), "{violation:?}");
        assert!(refused.message().starts_with(&format!("{field}: {description}")), "{refused}");
    }
}

#[tokio::test]
async fn all_faults_are_named_at_once() {
    let (served, id) = Served::with_sample().await;
    let request = v1::CalculateRequest {
        account: "\u{1}".to_owned(),
        parameter_set: None,
        positions: vec![
            v1::Position::default(),
            future("202611", 1),
            v1::Position { right: 8, strike: "x".to_owned(), ..option(v1::OptionRight::Call, "", 0) },
        ],
        options: options(|o| (o.rounding, o.currency, o.account_type) = (9, "\u{1}".into(), "\u{1}".into())),
        away: vec![v1::AwayDelta { tier: 1, delta: "x".to_owned(), ..v1::AwayDelta::default() }],
    };
    let refused = calculate(&served, request).await.unwrap_err();
    let expected = [
        "account",
        "parameter_set",
        "positions[0].type",
        "positions[0].product",
        "positions[0].period",
        "positions[0].quantity",
        "positions[2].right",
        "positions[2].strike",
        "positions[2].quantity",
        "away[0].house",
        "away[0].commodity",
        "away[0].delta",
        "options.currency",
        "options.account_type",
        "options.rounding",
    ];
    assert_eq!(fields(&refused), expected);
    let info = refused.get_error_details().error_info().unwrap().clone();
    assert_eq!((info.reason.as_str(), info.metadata["left_out"].as_str()), ("INVALID_REQUEST", "0"));

    // Far more faults than a status can carry: the first are sent, all are counted.
    let positions = vec![v1::Position::default(); Portfolio::MOST_POSITIONS];
    let request = v1::CalculateRequest { positions, ..sample::request("A", &id) };
    let refused = calculate(&served, request).await.unwrap_err();
    let sent = fields(&refused).len();
    let info = refused.get_error_details().error_info().unwrap().clone();
    assert_eq!(info.metadata["violations"], (4 * Portfolio::MOST_POSITIONS).to_string());
    assert_eq!(info.metadata["left_out"], (4 * Portfolio::MOST_POSITIONS - sent).to_string());

    let positions = vec![v1::Position::default(); Portfolio::MOST_POSITIONS + 1];
    let request = v1::CalculateRequest { positions, ..sample::request("A", &id) };
    assert_eq!(fields(&calculate(&served, request).await.unwrap_err()), ["positions"]);
}

#[tokio::test]
async fn an_unknown_set_is_not_found() {
    let (served, _) = Served::with_sample().await;
    let refused = calculate(&served, sample::request("A", "HARBOR-nope")).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let details = refused.get_error_details();
    let resource = details.resource_info().unwrap();
    let named = (resource.resource_type.as_str(), resource.resource_name.as_str());
    assert_eq!(named, ("plimsoll.v1.ParameterSet", "HARBOR-nope"));
    assert_eq!(details.error_info().unwrap().reason, "UNKNOWN_PARAMETER_SET");
}

#[tokio::test]
async fn what_the_set_cannot_margin_is_a_normal_answer() {
    let (served, id) = Served::with_sample().await;
    let unknown = [future("209901", 7), option(v1::OptionRight::Call, "70.01", -1)];
    let mut request = sample::request("A", &id);
    request.positions.insert(0, unknown[0].clone());
    request.positions.push(unknown[1].clone());
    let answer = calculate(&served, request.clone()).await.unwrap();
    let Some(Outcome::Refused(refused)) = answer.outcome else { panic!("{answer:?}") };
    assert_eq!(refused.reason(), v1::CalculationRefusalReason::Unmatched);
    let named: Vec<_> = refused.unmatched.iter().map(|u| (u.index, u.position.clone(), u.reason())).collect();
    let reason = v1::UnmatchedReason::UnknownContract;
    assert_eq!(named, [(0, Some(unknown[0].clone()), reason), (4, Some(unknown[1].clone()), reason)]);

    request.options = options(|o| o.allow_unmatched = true);
    let allowed = sample::report(calculate(&served, request).await.unwrap());
    assert_eq!(allowed.unmatched, refused.unmatched);
    let alone = sample::report(calculate(&served, sample::request("A", &id)).await.unwrap());
    assert_eq!((&allowed.risk, &allowed.commodities), (&alone.risk, &alone.commodities));
}

#[tokio::test]
async fn options_change_what_they_name_and_nothing_else() {
    let (served, id) = Served::with_sample().await;
    let with = async |options| {
        let request = v1::CalculateRequest { options, ..sample::request("A", &id) };
        sample::report(calculate(&served, request).await.unwrap())
    };
    let plain = with(None).await;
    assert_eq!((plain.currency.as_str(), plain.rounding()), ("USD", v1::RoundingProfile::Exact));
    assert_eq!(plain, with(options(|_| ())).await);
    for (name, code) in [("hedger", "H"), ("member", "M"), ("speculator", "S")] {
        let named = with(options(|o| o.account_type = name.to_owned())).await;
        let coded = with(options(|o| o.account_type = code.to_owned())).await;
        assert_eq!(named, coded);
        assert_eq!(named.risk, plain.risk);
    }
    let rounded = with(options(|o| o.rounding = v1::RoundingProfile::Takasbank.into())).await;
    assert_eq!(rounded.rounding(), v1::RoundingProfile::Takasbank);
    let euro = with(options(|o| o.currency = "EUR".to_owned())).await;
    assert_eq!((euro.currency.as_str(), euro.conversions.len()), ("EUR", 1));
    assert_ne!(euro.risk, plain.risk);
    let empty = v1::CalculateRequest { positions: Vec::new(), ..sample::request("A", &id) };
    let empty = sample::report(calculate(&served, empty).await.unwrap());
    assert_eq!((empty.risk.as_str(), empty.commodities.len()), ("0.000000", 0));
}
