//! Deadlines, places, connections: what is bounded and how that is said.

use std::time::Duration;

use h2::client;
use plimsoll_proto::v1;
use plimsoll_server::Running;
use prost::Message;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::http::{Request, uri::PathAndQuery};
use tonic::{Code, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_types::StatusExt;

use crate::sample;
use crate::served::{Served, endpoint};
use crate::uploads::stalled;

/// The end of a unary call whose client never ends its request.
pub(crate) async fn hanging(served: &Served) -> Status {
    let mut grpc = tonic::client::Grpc::new(served.channel.clone());
    grpc.ready().await.unwrap();
    let codec: ProstCodec<v1::CalculateRequest, v1::CalculateResponse> = ProstCodec::default();
    let path = PathAndQuery::from_static("/plimsoll.v1.MarginService/Calculate");
    grpc.client_streaming(tonic::Request::new(stalled()), path, codec).await.unwrap_err()
}

#[tokio::test]
async fn the_servers_limit_for_unary_calls_is_a_deadline() {
    let served = Served::with(|settings| settings.request_timeout = Duration::from_millis(20)).await;
    let ended = hanging(&served).await;
    assert_eq!(ended.code(), Code::DeadlineExceeded);
    assert_eq!(ended.get_error_details().error_info().unwrap().reason, "DEADLINE_EXCEEDED");
}

/// Sends the headers of calls, whose requests end with them or never, as no library does, and returns the `grpc-status` of each.
async fn raw(served: &Served, path: &str, timeout: &str, ends: bool, calls: usize) -> Vec<String> {
    let stream = TcpStream::connect(served.running.address()).await.unwrap();
    let (mut sender, connection) = client::handshake(stream).await.unwrap();
    let driving = tokio::spawn(connection);
    let (mut answers, mut bodies, mut statuses) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..calls {
        let request = Request::post(format!("http://localhost{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("grpc-timeout", timeout);
        sender = sender.ready().await.unwrap();
        let (answer, body) = sender.send_request(request.body(()).unwrap(), ends).unwrap();
        answers.push(answer);
        bodies.push(body);
    }
    for answer in answers {
        let headers = answer.await.unwrap();
        statuses.push(headers.headers()["grpc-status"].to_str().unwrap().to_owned());
    }
    driving.abort();
    statuses
}

#[tokio::test]
async fn the_clients_deadline_is_answered_as_one() {
    let served = Served::start().await;
    let deadline_exceeded = (Code::DeadlineExceeded as i32).to_string();
    for timeout in ["1n", "1m", "2m", "15m"] {
        for path in ["/plimsoll.v1.MarginService/Calculate", "/plimsoll.v1.ParameterService/LoadParameterSet"]
        {
            let statuses = raw(&served, path, timeout, false, 50).await;
            assert_eq!(statuses, vec![deadline_exceeded.clone(); 50], "{path} {timeout}");
        }
    }
    let unimplemented = (Code::Unimplemented as i32).to_string();
    for path in ["/plimsoll.v1.NoService/Calculate", "/plimsoll.v1.MarginService/NoMethod", "/", "//"] {
        assert_eq!(raw(&served, path, "10S", true, 1).await, std::slice::from_ref(&unimplemented), "{path}");
    }
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let served = Served::start().await;
    let stream = TcpStream::connect(served.running.address()).await.unwrap();
    let (sender, connection) = client::handshake(stream).await.unwrap();
    let driving = tokio::spawn(connection);
    let request = Request::post("http://localhost/plimsoll.v1.MarginService/Calculate")
        .header("content-type", "application/grpc")
        .header("x-long", "x".repeat(17 * 1024));
    let (answer, _) = sender.ready().await.unwrap().send_request(request.body(()).unwrap(), true).unwrap();
    // 431: Request Header Fields Too Large.
    assert_eq!(answer.await.unwrap().status().as_u16(), 431);
    driving.abort();
    assert_eq!(served.ids().await, [""; 0]);
}

#[tokio::test]
async fn calls_beyond_the_places_are_shed_but_health_is_answered() {
    let served = Served::with(|settings| settings.max_calls = 1).await;
    let (messages, stream) = mpsc::channel(1);
    let mut answers =
        served.margin().calculate_stream(ReceiverStream::new(stream)).await.unwrap().into_inner();
    let shed = served.margin().calculate(sample::request("A", "x")).await.unwrap_err();
    assert_eq!(shed.code(), Code::ResourceExhausted);
    let details = shed.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "OVERLOADED");
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    let health =
        HealthClient::new(served.channel.clone()).check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(health.into_inner().status(), ServingStatus::Serving);
    // The place is free again once the stream has ended.
    drop(messages);
    assert!(answers.message().await.unwrap().is_none());
    while let Err(status) = served.margin().calculate(sample::request("A", "x")).await {
        if status.code() == Code::NotFound {
            break;
        }
        assert_eq!(status.code(), Code::ResourceExhausted);
    }
}

/// A batch whose answer, far larger than a client's window, has begun.
struct Unread {
    body: h2::RecvStream,
    driving: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

impl Unread {
    async fn begun(served: &Served, set: &str) -> Self {
        let empty = v1::CalculateRequest { positions: Vec::new(), ..sample::request("A", set) };
        let batch = v1::CalculateBatchRequest { requests: vec![empty; 1000] }.encode_to_vec();
        let mut message = vec![0];
        message.extend(u32::try_from(batch.len()).unwrap().to_be_bytes());
        message.extend(batch);
        let stream = TcpStream::connect(served.running.address()).await.unwrap();
        let (sender, connection) = client::handshake(stream).await.unwrap();
        let driving = tokio::spawn(connection);
        let request = Request::post("http://localhost/plimsoll.v1.MarginService/CalculateBatch")
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        let request = request.body(()).unwrap();
        let (answer, mut sending) = sender.ready().await.unwrap().send_request(request, false).unwrap();
        sending.send_data(message.into(), true).unwrap();
        let answer = answer.await.unwrap();
        assert!(!answer.headers().contains_key("grpc-status"));
        Self { body: answer.into_body(), driving }
    }

    /// Reads the rest: how many bytes, and the `grpc-status`.
    async fn read(mut self) -> (usize, String) {
        let mut bytes = 0;
        while let Some(data) = self.body.data().await {
            let data = data.unwrap();
            bytes += data.len();
            self.body.flow_control().release_capacity(data.len()).unwrap();
        }
        let trailers = self.body.trailers().await.unwrap().unwrap();
        self.driving.abort();
        (bytes, trailers["grpc-status"].to_str().unwrap().to_owned())
    }
}

#[tokio::test]
async fn an_answer_keeps_its_place_until_it_is_read() {
    let served = Served::with(|settings| settings.max_calls = 3).await;
    let id = served.load(&sample::file()).await.id;
    let mut unread = Vec::new();
    for _ in 0..3 {
        unread.push(Unread::begun(&served, &id).await);
    }
    for left in [2, 1, 0] {
        let shed = served.margin().calculate(sample::request("A", &id)).await.unwrap_err();
        assert_eq!(shed.get_error_details().error_info().unwrap().reason, "OVERLOADED");
        let (bytes, status) = unread.remove(0).read().await;
        assert!(bytes > 200_000, "{bytes} bytes are no more than a window");
        assert_eq!(status, "0");
        served.margin().calculate(sample::request("A", &id)).await.unwrap();
        if left > 0 {
            unread.push(Unread::begun(&served, &id).await);
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_not_read_in_time_is_given_up() {
    let served = Served::with(|settings| {
        settings.max_calls = 1;
        settings.request_timeout = Duration::from_secs(5);
    })
    .await;
    let id = served.load(&sample::file()).await.id;
    let unread = Unread::begun(&served, &id).await;
    while let Err(status) = served.margin().calculate(sample::request("A", &id)).await {
        assert_eq!(status.get_error_details().error_info().unwrap().reason, "OVERLOADED");
    }
    let (bytes, status) = unread.read().await;
    assert!(bytes < 200_000, "{bytes} bytes are still there");
    assert_eq!(status, (Code::DeadlineExceeded as i32).to_string());
}

#[tokio::test]
async fn reflection_has_a_place_and_an_end() {
    let served = Served::with(|settings| {
        settings.max_calls = 1;
        settings.request_timeout = Duration::from_secs(3);
    })
    .await;
    let mut reflection = ServerReflectionClient::new(served.channel.clone());
    let mut answers = reflection.server_reflection_info(stalled()).await.unwrap().into_inner();
    let shed = served.margin().calculate(sample::request("A", "x")).await.unwrap_err();
    assert_eq!(shed.code(), Code::ResourceExhausted);
    assert_eq!(answers.message().await.unwrap_err().code(), Code::DeadlineExceeded);
    let free = served.margin().calculate(sample::request("A", "x")).await.unwrap_err();
    assert_eq!(free.code(), Code::NotFound);
}

#[tokio::test]
async fn connections_beyond_the_bound_are_closed() {
    let served = Served::with(|settings| settings.max_connections = 1).await;
    let id = served.load(&sample::file()).await.id;
    let request = || v1::GetParameterSetRequest { id: id.clone() };
    let one_more = async |running: &Running| {
        let channel = endpoint(running).connect().await.map_err(|error| error.to_string())?;
        let mut client = v1::parameter_service_client::ParameterServiceClient::new(channel);
        client.get_parameter_set(request()).await.map_err(|status| status.to_string())
    };
    assert!(one_more(&served.running).await.is_err());
    served.parameters().get_parameter_set(request()).await.unwrap();
    // The place of a connection that has gone is free again.
    let Served { running, channel } = served;
    drop(channel);
    while one_more(&running).await.is_err() {}
}
