//! The margin service: one portfolio, a batch of them, a stream of them.

mod answer;
mod batch;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_engine::span::Portfolio;
use plimsoll_proto::v1;
use plimsoll_proto::v1::margin_service_server::MarginService;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::deadline::Deadline;
use super::gate::InProgress;
use super::{ANSWER_BYTES, status};
use crate::registry::Registry;
use crate::workers::{Workers, caught};
use answer::{Fault, answer};
use stream::{Answers, Exchange};

/// The most portfolios of a batch.
const MOST_PORTFOLIOS: usize = 1000;
/// The most positions of a batch in all: more than fit into its message, if they say anything.
const MOST_BATCH_POSITIONS: usize = 250_000;
/// Larger portfolios go to a worker, so that they do not hold up the other calls of a thread.
const SMALL_POSITIONS: usize = 500;

/// What the calls work with.
#[derive(Clone)]
pub(super) struct MarginCalls {
    registry: Arc<Registry>,
    calculators: Workers,
    idle_timeout: Duration,
}

impl MarginCalls {
    pub(super) const fn new(registry: Arc<Registry>, calculators: Workers, idle_timeout: Duration) -> Self {
        Self { registry, calculators, idle_timeout }
    }

    /// Works on one portfolio, here or on a worker.
    async fn work<T: Send + 'static>(
        &self,
        request: v1::CalculateRequest,
        work: fn(&Registry, &v1::CalculateRequest) -> T,
    ) -> Result<T, Status> {
        let registry = Arc::clone(&self.registry);
        // Too many positions are only counted.
        let is_large = (SMALL_POSITIONS + 1..=Portfolio::MOST_POSITIONS).contains(&request.positions.len());
        let work = move || work(&registry, &request);
        let worked = if is_large { self.calculators.run(work).await } else { caught(work) };
        worked.map_err(status::no_calculation)
    }
}

#[tonic::async_trait]
impl MarginService for MarginCalls {
    async fn calculate(
        &self,
        request: Request<v1::CalculateRequest>,
    ) -> Result<Response<v1::CalculateResponse>, Status> {
        let answered = self.work(request.into_inner(), answer).await?;
        answered.map(Response::new).map_err(Fault::into_status)
    }

    async fn calculate_batch(
        &self,
        request: Request<v1::CalculateBatchRequest>,
    ) -> Result<Response<v1::CalculateBatchResponse>, Status> {
        let requests = request.into_inner().requests;
        if requests.len() > MOST_PORTFOLIOS {
            let message = format!("{} portfolios: at most {MOST_PORTFOLIOS}", requests.len());
            return Err(status::invalid_field("requests", &message));
        }
        let positions: usize = requests.iter().map(|request| request.positions.len()).sum();
        if positions > MOST_BATCH_POSITIONS {
            let message = format!("{positions} positions in all: at most {MOST_BATCH_POSITIONS}");
            return Err(status::invalid_field("requests", &message));
        }
        let registry = Arc::clone(&self.registry);
        // Nobody waits for a batch after its client has gone or its deadline has passed.
        let given_up = CancellationToken::new();
        let _guard = given_up.clone().drop_guard();
        let work = move || batch::answers(&registry, &requests, &given_up, ANSWER_BYTES);
        let responses = self.calculators.run(work).await.map_err(status::no_calculation)??;
        Ok(Response::new(v1::CalculateBatchResponse { responses }))
    }

    type CalculateStreamStream = Answers;

    async fn calculate_stream(
        &self,
        request: Request<Streaming<v1::CalculateStreamRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let deadline = request.extensions().get::<Deadline>().copied();
        let in_progress = request.extensions().get::<InProgress>().cloned();
        let calls = self.clone();
        let exchange =
            Exchange { calls, requests: request.into_inner(), deadline, _in_progress: in_progress };
        Ok(Response::new(Answers::new(exchange)))
    }
}
