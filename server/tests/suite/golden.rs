//! 600 portfolios on a real exchange's file against an independent calculator, over the wire: every number.

use std::fs;

use plimsoll_engine::types::Amount;
use plimsoll_proto::v1;
use serde_json::Value;
use tokio_stream::StreamExt;

use crate::sample;
use crate::served::Served;
use crate::shared::shared;

struct Golden {
    served: Served,
    id: String,
    lines: Vec<Value>,
}

async fn golden() -> Option<Golden> {
    let (file, lines) = (shared("data/span/takas.spn")?, shared("data/span/golden.jsonl")?);
    let served = Served::start().await;
    let loaded = served.load(&fs::read(file).unwrap()).await;
    assert_eq!(loaded.id, "TAKASBANK-20160517-final-41f46cbc07ac");
    let text = fs::read_to_string(lines).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 600);
    Some(Golden { served, id: loaded.id, lines })
}

fn position(json: &Value) -> v1::Position {
    let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    let (product_type, right) = match (text("type").as_str(), text("right").as_str()) {
        ("FUT", "") => (v1::ProductType::Future, v1::OptionRight::Unspecified),
        ("OOP", "C") => (v1::ProductType::OptionOnPhysical, v1::OptionRight::Call),
        ("OOP", "P") => (v1::ProductType::OptionOnPhysical, v1::OptionRight::Put),
        other => panic!("{other:?}"),
    };
    v1::Position {
        product: text("product"),
        r#type: product_type.into(),
        period: text("period"),
        right: right.into(),
        strike: text("strike"),
        quantity: json["quantity"].as_i64().unwrap(),
        ..v1::Position::default()
    }
}

impl Golden {
    fn requests(&self, rounding: v1::RoundingProfile) -> Vec<v1::CalculateRequest> {
        let request = |line: &Value| v1::CalculateRequest {
            account: line["account"].as_str().unwrap().to_owned(),
            parameter_set: sample::by_id(&self.id),
            positions: line["positions"].as_array().unwrap().iter().map(position).collect(),
            options: Some(v1::CalculationOptions { rounding: rounding.into(), ..Default::default() }),
            away: Vec::new(),
        };
        self.lines.iter().map(request).collect()
    }

    async fn one_by_one(&self, rounding: v1::RoundingProfile) -> Vec<v1::CalculateResponse> {
        let (mut client, mut answers) = (self.served.margin(), Vec::new());
        for request in self.requests(rounding) {
            answers.push(client.calculate(request).await.unwrap().into_inner());
        }
        answers
    }

    async fn in_a_batch(&self, rounding: v1::RoundingProfile) -> Vec<v1::CalculateResponse> {
        let requests = self.requests(rounding);
        let batch = v1::CalculateBatchRequest { requests };
        self.served.margin().calculate_batch(batch).await.unwrap().into_inner().responses
    }

    async fn in_a_stream(&self, rounding: v1::RoundingProfile) -> Vec<v1::CalculateResponse> {
        let requests = self.requests(rounding).into_iter();
        let messages = requests.map(|request| v1::CalculateStreamRequest { request: Some(request) });
        let answers = self.served.margin().calculate_stream(tokio_stream::iter(messages)).await.unwrap();
        answers.into_inner().map(|answer| answer.unwrap().response.unwrap()).collect().await
    }
}

/// Compares at a tolerance in millionths.
fn close(what: &str, actual: &str, expected: &Value, tolerance: i128) {
    let [actual, expected]: [Amount; 2] =
        [actual, expected.as_str().unwrap()].map(|text| text.parse().unwrap());
    let difference = (actual.millionths() - expected.millionths()).abs();
    assert!(difference <= tolerance, "{what}: {actual} instead of {expected}");
}

fn commodity_agrees(account: &str, own: &v1::CommodityMargin, expected: &Value) {
    let what = |key: &str| format!("{account} {} {key}", own.commodity);
    assert_eq!(
        u64::from(own.active_scenario),
        expected["active_scenario"].as_u64().unwrap(),
        "{}",
        what("active")
    );
    for (key, actual) in [
        ("scan_risk", &own.scan_risk),
        ("time_risk", &own.time_risk),
        ("volatility_risk", &own.volatility_risk),
        ("price_risk", &own.price_risk),
        ("weighted_price_risk", &own.weighted_price_risk),
        ("net_delta", &own.net_delta),
        ("intra_charge", &own.intra_charge),
        ("inter_credit", &own.inter_credit),
        ("short_option_minimum", &own.short_option_minimum),
        ("long_option_value", &own.long_option_value),
        ("short_option_value", &own.short_option_value),
        ("risk", &own.risk),
    ] {
        close(&what(key), actual, &expected[key], 2);
    }
}

fn exact_agrees(account: &str, report: &v1::MarginReport, expected: &Value) {
    close(&format!("{account} risk"), &report.risk, &expected["risk"], 2);
    close(&format!("{account} option value"), &report.net_option_value, &expected["net_option_value"], 2);
    let commodities = expected["commodities"].as_object().unwrap();
    assert_eq!(commodities.len(), report.commodities.len(), "{account}");
    for own in &report.commodities {
        commodity_agrees(account, own, &commodities[&own.commodity]);
    }
}

#[tokio::test]
async fn the_golden_portfolios_agree_however_they_are_sent() {
    let Some(golden) = golden().await else { return };
    let exact = v1::RoundingProfile::Exact;
    let streamed = golden.in_a_stream(exact).await;
    for (line, answer) in golden.lines.iter().zip(&streamed) {
        let account = line["account"].as_str().unwrap();
        assert_eq!(answer.account, account);
        exact_agrees(account, &sample::report(answer.clone()), &line["expected"]["exact"]);
    }
    let takasbank = v1::RoundingProfile::Takasbank;
    let rounded = golden.in_a_batch(takasbank).await;
    for (line, answer) in golden.lines.iter().zip(&rounded) {
        let (account, expected) = (answer.account.as_str(), &line["expected"]["takasbank"]);
        let report = sample::report(answer.clone());
        close(&format!("{account} takasbank risk"), &report.risk, &expected["risk"], 1_000);
        let value = format!("{account} takasbank option value");
        close(&value, &report.net_option_value, &expected["net_option_value"], 1_000);
    }
    assert_eq!((streamed.len(), rounded.len()), (600, 600));
    // One number, one path: the three calls answer alike, to the last digit.
    assert!(streamed == golden.in_a_batch(exact).await);
    assert!(streamed == golden.one_by_one(exact).await);
    assert!(rounded == golden.in_a_stream(takasbank).await);
    assert!(rounded == golden.one_by_one(takasbank).await);
}
