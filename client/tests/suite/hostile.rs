//! Servers that answer wrongly: every such answer is an error of its own kind, and none is taken for a result.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use plimsoll_client::client::{Client, ClientSettings};
use plimsoll_client::error::ClientError;
use plimsoll_client::request::{CalculationRequest, SetSelector};
use plimsoll_engine::report::PortfolioRequest;
use plimsoll_proto::v1;
use plimsoll_proto::v1::calculate_response::Outcome;
use plimsoll_proto::v1::margin_service_server::{MarginService, MarginServiceServer};
use plimsoll_proto::v1::parameter_service_server::{ParameterService, ParameterServiceServer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::book::{portfolios, sample_set};
use crate::program::{file, run, sample_file};

/// What is wrong with a server.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// It answers with another account's name.
    Account,
    /// It answers without an outcome.
    Empty,
    /// It answers twice.
    Twice,
    /// It ends the stream at the first request.
    Ends,
    /// It breaks off the stream at the first request.
    Breaks,
    /// It answers before it is asked.
    Unasked,
    /// It never answers.
    Silent,
}

struct Fake(Wrong);

fn refused(account: &str) -> v1::CalculateResponse {
    let reason = v1::CalculationRefusalReason::TooLarge.into();
    let refused = v1::CalculationRefused { reason, ..v1::CalculationRefused::default() };
    v1::CalculateResponse { account: account.to_owned(), outcome: Some(Outcome::Refused(refused)) }
}

impl Fake {
    fn answers(&self, account: &str) -> Result<Vec<v1::CalculateResponse>, Status> {
        match self.0 {
            Wrong::Account => Ok(vec![refused("somebody else")]),
            Wrong::Empty => Ok(vec![v1::CalculateResponse { account: account.to_owned(), outcome: None }]),
            Wrong::Twice => Ok(vec![refused(account), refused(account)]),
            Wrong::Ends | Wrong::Silent => Ok(Vec::new()),
            Wrong::Breaks => Err(Status::internal("broken")),
            Wrong::Unasked => Ok(vec![refused(account)]),
        }
    }
}

type Answers = mpsc::Sender<Result<v1::CalculateStreamResponse, Status>>;

async fn send(answers: &Answers, list: Result<Vec<v1::CalculateResponse>, Status>) {
    match list {
        Ok(list) => {
            for response in list {
                let _ = answers.send(Ok(v1::CalculateStreamResponse { response: Some(response) })).await;
            }
        }
        Err(status) => {
            let _ = answers.send(Err(status)).await;
        }
    }
}

#[tonic::async_trait]
impl MarginService for Fake {
    type CalculateStreamStream = ReceiverStream<Result<v1::CalculateStreamResponse, Status>>;

    async fn calculate(
        &self,
        request: Request<v1::CalculateRequest>,
    ) -> Result<Response<v1::CalculateResponse>, Status> {
        if matches!(self.0, Wrong::Silent) {
            std::future::pending::<()>().await;
        }
        let answer = self.answers(&request.into_inner().account)?.into_iter().next();
        Ok(Response::new(answer.unwrap_or_default()))
    }

    async fn calculate_batch(
        &self,
        request: Request<v1::CalculateBatchRequest>,
    ) -> Result<Response<v1::CalculateBatchResponse>, Status> {
        let mut responses = Vec::new();
        for request in request.into_inner().requests {
            responses.extend(self.answers(&request.account)?);
        }
        Ok(Response::new(v1::CalculateBatchResponse { responses }))
    }

    async fn calculate_stream(
        &self,
        request: Request<Streaming<v1::CalculateStreamRequest>>,
    ) -> Result<Response<Self::CalculateStreamStream>, Status> {
        let (answers, stream) = mpsc::channel(4);
        let (fake, mut requests) = (Self(self.0), request.into_inner());
        tokio::spawn(async move {
            if matches!(fake.0, Wrong::Unasked) {
                send(&answers, Ok(vec![refused("nobody")])).await;
            }
            while let Ok(Some(request)) = requests.message().await {
                match fake.0 {
                    Wrong::Ends => return,
                    Wrong::Silent => std::future::pending().await,
                    _ => send(&answers, fake.answers(&request.request.unwrap_or_default().account)).await,
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

#[tonic::async_trait]
impl ParameterService for Fake {
    async fn load_parameter_set(
        &self,
        _: Request<Streaming<v1::LoadParameterSetRequest>>,
    ) -> Result<Response<v1::LoadParameterSetResponse>, Status> {
        // The file is not read: the answer comes while it is still being sent.
        Err(Status::resource_exhausted("no room"))
    }

    async fn load_parameter_directory(
        &self,
        _: Request<v1::LoadParameterDirectoryRequest>,
    ) -> Result<Response<v1::LoadParameterDirectoryResponse>, Status> {
        Ok(Response::new(v1::LoadParameterDirectoryResponse { files: vec![v1::LoadedFile::default()] }))
    }

    async fn list_parameter_sets(
        &self,
        _: Request<v1::ListParameterSetsRequest>,
    ) -> Result<Response<v1::ListParameterSetsResponse>, Status> {
        let next_page_token = "again".to_owned();
        Ok(Response::new(v1::ListParameterSetsResponse {
            parameter_sets: Vec::new(),
            next_page_token,
            lost: Vec::new(),
        }))
    }

    /// The wanted id, of another file.
    async fn get_parameter_set(
        &self,
        request: Request<v1::GetParameterSetRequest>,
    ) -> Result<Response<v1::GetParameterSetResponse>, Status> {
        let parameter_set = v1::ParameterSet {
            id: request.into_inner().id,
            house: "HARBOR".to_owned(),
            vintage: Some(v1::Vintage {
                business_date: "2026-09-18".to_owned(),
                stage: v1::Stage::FinalSettlement.into(),
                ..v1::Vintage::default()
            }),
            digest: "ab".repeat(32),
            rounding: v1::RoundingProfile::Exact.into(),
            base_currency: "USD".to_owned(),
            summary: Some(v1::ParameterSetSummary::default()),
            active_scopes: Vec::new(),
        };
        let parameter_set = Some(parameter_set);
        Ok(Response::new(v1::GetParameterSetResponse {
            parameter_set,
            ..v1::GetParameterSetResponse::default()
        }))
    }

    async fn activate_parameter_set(
        &self,
        _: Request<v1::ActivateParameterSetRequest>,
    ) -> Result<Response<v1::ActivateParameterSetResponse>, Status> {
        Ok(Response::new(v1::ActivateParameterSetResponse::default()))
    }
}

/// Both services behind one address.
#[derive(Clone)]
struct Services {
    margin: MarginServiceServer<Fake>,
    parameters: ParameterServiceServer<Fake>,
}

impl Service<http::Request<Body>> for Services {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path().starts_with("/plimsoll.v1.MarginService/") {
            self.margin.call(request)
        } else {
            self.parameters.call(request)
        }
    }
}

/// Starts a server that is wrong in this way; it ends with the runtime.
fn start(runtime: &Runtime, wrong: Wrong) -> String {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let services = Services {
        margin: MarginServiceServer::new(Fake(wrong)),
        parameters: ParameterServiceServer::new(Fake(wrong)),
    };
    runtime.spawn(Server::builder().serve_with_incoming(services, TcpListenerStream::new(listener)));
    url
}

fn request(account: &str) -> CalculationRequest {
    CalculationRequest {
        account: account.to_owned(),
        parameter_set: SetSelector::Id("ID".to_owned()),
        portfolio: PortfolioRequest::default(),
    }
}

/// Three portfolios on a stream, until it ends or fails.
async fn stream(client: &Client) -> Result<usize, ClientError> {
    let requests = tokio_stream::iter(["A", "B", "C"].map(request));
    let mut answers = client.calculate_stream(requests).await?;
    let mut count = 0;
    while let Some(answer) = answers.next().await {
        count += usize::from(answer?.account.len() == 1);
    }
    Ok(count)
}

fn client(runtime: &Runtime, wrong: Wrong) -> Client {
    let mut settings = ClientSettings::new(start(runtime, wrong));
    if matches!(wrong, Wrong::Silent) {
        settings.call_timeout = Duration::from_millis(20);
    }
    runtime.block_on(Client::connect(&settings)).unwrap()
}

fn malformed(error: &ClientError) -> &str {
    match error {
        ClientError::Malformed(malformed) => &malformed.field,
        other => panic!("{other}"),
    }
}

#[test]
fn wrong_answers_are_malformed_wherever_they_stand() {
    let runtime = Runtime::new().unwrap();
    for (wrong, unary, batch, streamed) in [
        (Wrong::Account, Some("account"), "account", "account"),
        (Wrong::Empty, Some("outcome"), "outcome", "outcome"),
        (Wrong::Twice, None, "responses", "account"),
        (Wrong::Ends, Some("account"), "responses", "responses"),
        (Wrong::Unasked, None, "", "account"),
    ] {
        let client = client(&runtime, wrong);
        let answer = runtime.block_on(client.calculate(request("A")));
        assert_eq!(answer.as_ref().err().map(malformed), unary, "{wrong:?}");
        let answers = runtime.block_on(client.calculate_batch(["A", "B"].map(request).to_vec()));
        assert_eq!(answers.as_ref().err().map_or("", malformed), batch, "{wrong:?}");
        let error = runtime.block_on(stream(&client)).unwrap_err();
        assert_eq!(malformed(&error), streamed, "{wrong:?}");
    }
}

#[test]
fn an_answer_after_the_last_is_noticed() {
    let runtime = Runtime::new().unwrap();
    let client = client(&runtime, Wrong::Twice);
    let answers = runtime.block_on(async {
        let mut answers = client.calculate_stream(tokio_stream::iter([request("A")])).await.unwrap();
        assert_eq!(answers.next().await.unwrap().unwrap().account, "A");
        (answers.next().await.unwrap().unwrap_err(), answers.next().await.is_none())
    });
    assert_eq!(answers.0.to_string(), "malformed answer: responses: an answer to no request");
    assert!(answers.1);
}

#[test]
fn a_stream_that_breaks_says_why_and_silence_is_bounded() {
    let runtime = Runtime::new().unwrap();
    let broken = runtime.block_on(stream(&client(&runtime, Wrong::Breaks))).unwrap_err();
    assert_eq!(broken.to_string(), "Internal: broken");
    let silent = client(&runtime, Wrong::Silent);
    let late = runtime.block_on(stream(&silent)).unwrap_err();
    assert!(matches!(late, ClientError::Status { code: Code::DeadlineExceeded, .. }), "{late}");
    let late = runtime.block_on(silent.calculate(request("A"))).unwrap_err();
    assert!(matches!(late, ClientError::Status { code: Code::DeadlineExceeded, .. }), "{late}");
}

#[test]
fn lists_end_and_decisions_are_made() {
    let runtime = Runtime::new().unwrap();
    let client = client(&runtime, Wrong::Empty);
    let endless = runtime.block_on(client.list(None)).unwrap_err();
    assert_eq!(malformed(&endless), "next_page_token");
    let undecided = runtime.block_on(client.activate("ID", "", false)).unwrap_err();
    assert_eq!(malformed(&undecided), "decision");
    let files = runtime.block_on(client.load_directory(None)).unwrap();
    assert_eq!((files.len(), files[0].set.is_none()), (1, true));
    let full = runtime.block_on(client.load_parameter_set(std::io::repeat(b'x'), None, |_| {})).unwrap_err();
    assert!(matches!(full, ClientError::Status { code: Code::ResourceExhausted, .. }), "{full}");
}

#[test]
fn the_command_line_does_not_trust_an_id_alone() {
    let runtime = Runtime::new().unwrap();
    let url = start(&runtime, Wrong::Breaks);
    let portfolios = file("hostile.jsonl", portfolios(2));
    let arguments = ["calc", "--params", sample_file(), "--portfolios", &portfolios, "--server", &url];
    let other = run(&arguments);
    assert_eq!((other.status, other.out.as_str()), (4, ""));
    let expected = format!("the server's set {} is of another file", sample_set().id());
    assert!(other.errors.contains(&expected), "{}", other.errors);
    let arguments = ["calc", "--set", "ID", "--portfolios", &portfolios, "--server", &url];
    let broken = run(&arguments);
    assert_eq!(
        (broken.status, broken.out.as_str(), broken.errors.as_str()),
        (4, "", "error: Internal: broken\n")
    );
}
