//! Portfolios as they come, answered in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plimsoll_proto::v1;
use plimsoll_proto::v1::calculate_response::Outcome;
use tokio_stream::StreamExt;
use tonic::Code;
use tonic_types::StatusExt;

use crate::sample;
use crate::served::Served;
use crate::uploads::stalled;

fn message(request: v1::CalculateRequest) -> v1::CalculateStreamRequest {
    v1::CalculateStreamRequest { request: Some(request) }
}

#[tokio::test]
async fn bad_ones_are_answered_in_their_places_and_the_stream_goes_on() {
    let (served, id) = Served::with_sample().await;
    let mut messages: Vec<_> =
        (0..6).map(|index| message(sample::request(&format!("A{index}"), &id))).collect();
    messages[1].request.as_mut().unwrap().positions[0].strike = "1".to_owned();
    messages[2].request.as_mut().unwrap().parameter_set = sample::by_id("HARBOR-nope");
    messages[3].request = None;
    let answers = served.margin().calculate_stream(tokio_stream::iter(messages)).await.unwrap().into_inner();
    let answers: Vec<_> = answers.map(|answer| answer.unwrap().response.unwrap()).collect().await;
    let outcomes: Vec<_> = answers
        .iter()
        .map(|answer| match answer.outcome.as_ref().unwrap() {
            Outcome::Report(_) => "report",
            Outcome::Refused(_) => "refused",
            Outcome::Invalid(invalid) => invalid.violations[0].field.as_str(),
        })
        .collect();
    let expected = ["report", "positions[0].strike", "parameter_set.id", "request", "report", "report"];
    assert_eq!(outcomes, expected);
    let accounts: Vec<_> = answers.iter().map(|answer| answer.account.as_str()).collect();
    assert_eq!(accounts, ["A0", "A1", "A2", "", "A4", "A5"]);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_not_read_ahead_of() {
    const REQUESTS: usize = 3_000;
    let (served, id) = Served::with_sample().await;
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    // Some ten thousand bytes each way.
    let mut request = sample::request("", &id);
    request.positions = (0..300).map(|index| sample::future(&format!("3{index:05}"), 1)).collect();
    let messages = (0..REQUESTS).map(move |index| {
        counted.fetch_add(1, Ordering::Relaxed);
        message(v1::CalculateRequest { account: format!("A{index}"), ..request.clone() })
    });
    let mut answers =
        served.margin().calculate_stream(tokio_stream::iter(messages)).await.unwrap().into_inner();
    let mut largest_lead = 0;
    for index in 0..REQUESTS {
        // The lead of what the client has sent over what it has read is what others hold for it.
        largest_lead = largest_lead.max(taken.load(Ordering::Relaxed) - index);
        let answer = answers.message().await.unwrap().unwrap().response.unwrap();
        assert_eq!(answer.account, format!("A{index}"));
    }
    assert!(answers.message().await.unwrap().is_none());
    // The windows of both directions, and no queue besides them.
    assert!(largest_lead < REQUESTS / 2, "{largest_lead}");
}

#[tokio::test]
async fn a_large_portfolio_goes_to_a_worker_and_keeps_its_place() {
    let (served, id) = Served::with_sample().await;
    let mut large = sample::request("large", &id);
    large.positions.extend((0..2000).map(|index| sample::future(&format!("3{index:05}"), 1)));
    large.options = Some(v1::CalculationOptions { allow_unmatched: true, ..Default::default() });
    let messages = [sample::request("first", &id), large, sample::request("last", &id)].map(message);
    let answers = served.margin().calculate_stream(tokio_stream::iter(messages)).await.unwrap().into_inner();
    let answers: Vec<_> = answers.map(|answer| answer.unwrap().response.unwrap()).collect().await;
    let accounts: Vec<_> = answers.iter().map(|answer| answer.account.as_str()).collect();
    assert_eq!(accounts, ["first", "large", "last"]);
    let large = sample::report(answers[1].clone());
    assert_eq!(large.unmatched.len(), 2000);
    assert_eq!(large.risk, sample::report(answers[0].clone()).risk);
}

#[tokio::test]
async fn a_silent_client_is_let_go() {
    let served = Served::with(|settings| settings.idle_timeout = Duration::from_millis(20)).await;
    let mut answers = served.margin().calculate_stream(stalled()).await.unwrap().into_inner();
    let ended = answers.message().await.unwrap_err();
    assert_eq!(ended.code(), Code::DeadlineExceeded);
    assert_eq!(ended.get_error_details().error_info().unwrap().reason, "IDLE");
    assert!(answers.message().await.unwrap().is_none());
}

#[tokio::test]
async fn the_limit_of_unary_calls_does_not_end_a_stream() {
    let served = Served::with(|settings| settings.request_timeout = Duration::from_millis(1)).await;
    let id = served.load(&sample::file()).await.id;
    let (messages, stream) = tokio::sync::mpsc::channel(1);
    let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
    let mut answers = served.margin().calculate_stream(stream).await.unwrap().into_inner();
    for _ in 0..50 {
        // A unary call that hangs until its deadline: more than the limit goes by between two requests of the stream.
        assert_eq!(crate::bounds::hanging(&served).await.code(), Code::DeadlineExceeded);
        messages.send(message(sample::request("A", &id))).await.unwrap();
        sample::report(answers.message().await.unwrap().unwrap().response.unwrap());
    }
}
