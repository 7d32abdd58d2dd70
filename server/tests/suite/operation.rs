//! What operators rely on: health, reflection, and a stop that loses nothing.

use std::time::Duration;

use plimsoll_server::Drained;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::{v1, v1alpha};

use crate::sample;
use crate::served::{Served, endpoint};

const SERVICES: [&str; 3] = ["", "plimsoll.v1.MarginService", "plimsoll.v1.ParameterService"];

fn asking(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[tokio::test]
async fn every_service_is_healthy() {
    let served = Served::start().await;
    let mut health = HealthClient::new(served.channel.clone());
    for service in SERVICES {
        let state = health.check(asking(service)).await.unwrap().into_inner();
        assert_eq!(state.status(), ServingStatus::Serving, "{service:?}");
    }
    assert_eq!(health.check(asking("plimsoll.v1.Nothing")).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn reflection_lists_the_services() {
    let served = Served::start().await;
    let expected = ["grpc.health.v1.Health", "plimsoll.v1.MarginService", "plimsoll.v1.ParameterService"];
    let asked = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(served.channel.clone());
    let answers = client.server_reflection_info(tokio_stream::once(asked.clone())).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(listed)) = answer.message_response else { panic!() };
    let names: Vec<_> = listed.service.into_iter().map(|service| service.name).collect();
    assert!(expected.iter().all(|name| names.iter().any(|found| found == name)), "{names:?}");

    // Older tools ask in the older version.
    let mut older = v1alpha::server_reflection_client::ServerReflectionClient::new(served.channel.clone());
    let symbol = "plimsoll.v1.MarginReport".to_owned();
    let request = v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(symbol);
    let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(request) };
    let answers = older.server_reflection_info(tokio_stream::once(request)).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    assert!(matches!(
        answer.message_response,
        Some(v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(_))
    ));

    let silent = Served::with(|settings| settings.reflection = false).await;
    let mut client = ServerReflectionClient::new(silent.channel.clone());
    let refused = client.server_reflection_info(tokio_stream::once(asked)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
}

fn message(id: &str) -> plimsoll_proto::v1::CalculateStreamRequest {
    plimsoll_proto::v1::CalculateStreamRequest { request: Some(sample::request("A", id)) }
}

#[tokio::test]
async fn a_stop_lets_a_stream_finish() {
    let (served, id) = Served::with_sample().await;
    let watched = HealthClient::new(served.channel.clone()).watch(asking("")).await.unwrap().into_inner();
    let (messages, stream) = mpsc::channel(1);
    let answers = served.margin().calculate_stream(ReceiverStream::new(stream)).await.unwrap();
    let mut answers = answers.into_inner();
    messages.send(message(&id)).await.unwrap();
    sample::report(answers.message().await.unwrap().unwrap().response.unwrap());

    let late = endpoint(&served.running);
    let draining = tokio::spawn(served.running.drain());
    // The watch says that the server no longer serves, and ends.
    let states: Vec<_> = watched.map(|state| state.unwrap().status()).collect().await;
    assert_eq!(states.last(), Some(&ServingStatus::NotServing));
    // Once the listener is closed nobody else gets in.
    while late.connect().await.is_ok() {}
    assert!(!draining.is_finished());
    for _ in 0..100 {
        messages.send(message(&id)).await.unwrap();
        sample::report(answers.message().await.unwrap().unwrap().response.unwrap());
    }
    drop(messages);
    assert!(answers.message().await.unwrap().is_none());
    assert_eq!(draining.await.unwrap(), Drained::Whole);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let served = Served::with(|settings| settings.drain_timeout = Duration::ZERO).await;
    let stream = crate::uploads::stalled();
    let mut answers = served.margin().calculate_stream(stream).await.unwrap().into_inner();
    assert_eq!(served.running.drain().await, Drained::Cut);
    assert!(answers.message().await.is_err());
}
