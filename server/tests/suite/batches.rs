//! Portfolios of one message.

use plimsoll_proto::v1;
use plimsoll_proto::v1::calculate_response::Outcome;
use tonic::Code;
use tonic_types::StatusExt;

use crate::sample;
use crate::served::Served;

fn batch(requests: Vec<v1::CalculateRequest>) -> v1::CalculateBatchRequest {
    v1::CalculateBatchRequest { requests }
}

fn invalid(answer: &v1::CalculateResponse) -> &v1::InvalidPortfolio {
    match &answer.outcome {
        Some(Outcome::Invalid(invalid)) => invalid,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn bad_ones_are_answered_in_their_places() {
    let (served, id) = Served::with_sample().await;
    let mut requests: Vec<_> = (0..9).map(|index| sample::request(&format!("A{index}"), &id)).collect();
    requests[2].positions[1].quantity = 0;
    requests[4].parameter_set = sample::by_id("HARBOR-nope");
    requests[6].parameter_set = sample::active(sample::HOUSE, "");
    requests[7] = v1::CalculateRequest::default();
    requests[8].account = "\u{e9}".repeat(100);
    let answered = served.margin().calculate_batch(batch(requests)).await.unwrap().into_inner().responses;
    let alone = served.margin().calculate(sample::request("A0", &id)).await.unwrap().into_inner();
    let report = sample::report(alone.clone());
    for (index, answer) in answered.iter().enumerate().take(8) {
        let account = if index == 7 { String::new() } else { format!("A{index}") };
        assert_eq!(answer.account, account);
        if [0, 1, 3, 5].contains(&index) {
            assert_eq!(sample::report(answer.clone()), report);
        }
    }
    assert_eq!(answered.len(), 9);
    let field = |index: usize| invalid(&answered[index]).violations[0].field.as_str();
    assert_eq!(field(2), "positions[1].quantity");
    assert_eq!(field(4), "parameter_set.id");
    assert_eq!(field(6), "parameter_set.active");
    assert_eq!(field(7), "parameter_set");
    assert_eq!(field(8), "account");
    assert!(answered[8].account.len() <= 64, "an account is not repeated at any length");
    assert!(invalid(&answered[4]).message.contains("HARBOR-nope"));
}

#[tokio::test]
async fn a_thousand_and_no_more() {
    let (served, id) = Served::with_sample().await;
    let empty = v1::CalculateRequest { positions: Vec::new(), ..sample::request("A", &id) };
    let answered =
        served.margin().calculate_batch(batch(vec![empty.clone(); 1000])).await.unwrap().into_inner();
    assert_eq!(answered.responses.len(), 1000);
    let refused = served.margin().calculate_batch(batch(vec![empty; 1001])).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.get_error_details().bad_request().unwrap().field_violations[0].field, "requests");
    let none = served.margin().calculate_batch(batch(Vec::new())).await.unwrap().into_inner();
    assert_eq!(none, v1::CalculateBatchResponse::default());
}

#[tokio::test]
async fn faults_without_end_are_counted_not_repeated() {
    let (served, id) = Served::with_sample().await;
    let positions = vec![v1::Position::default(); 500];
    let hostile = v1::CalculateRequest { positions, ..sample::request("A", &id) };
    let refused = served.margin().calculate_batch(batch(vec![hostile.clone(); 101])).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "more positions than are taken up");
    assert!(refused.message().contains("50500 positions and away deltas in all: at most 50000"), "{refused}");
    let answered = served.margin().calculate_batch(batch(vec![hostile; 100])).await.unwrap().into_inner();
    for answer in &answered.responses {
        let invalid = invalid(answer);
        assert_eq!(invalid.violations.len(), 100);
        assert!(invalid.message.ends_with("and 1999 more faults"), "{}", invalid.message);
    }
}

#[tokio::test]
async fn deltas_held_elsewhere_count_among_the_entries_of_a_batch() {
    let (served, id) = Served::with_sample().await;
    let away = vec![v1::AwayDelta::default(); 1_000];
    let request = v1::CalculateRequest { positions: Vec::new(), away, ..sample::request("A", &id) };
    let refused = served.margin().calculate_batch(batch(vec![request.clone(); 51])).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "more entries than are taken up");
    assert!(refused.message().contains("51000 positions and away deltas in all: at most 50000"), "{refused}");
    let answered = served.margin().calculate_batch(batch(vec![request; 50])).await.unwrap().into_inner();
    assert!(invalid(&answered.responses[0]).violations[0].field.starts_with("away[0]."));
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused() {
    let (served, id) = Served::with_sample().await;
    let account = "A".repeat(5 * 1024 * 1024);
    let refused = served.margin().calculate(sample::request(&account, &id)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "REQUEST_TOO_LARGE");
    served.margin().calculate(sample::request("A", &id)).await.unwrap();
}
