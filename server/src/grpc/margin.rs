//! The margin service: one portfolio, a batch of them, a stream of them.

mod answer;
mod batch;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_engine::span::Portfolio;
use plimsoll_proto::v1;
use plimsoll_proto::v1::margin_service_server::MarginService;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{ANSWER_BYTES, REQUEST_BYTES, status};
use crate::registry::Registry;
use crate::workers::{Workers, caught};
use answer::{Fault, answer};
use stream::{Answers, Exchange};

/// The most portfolios of a batch.
const MOST_PORTFOLIOS: usize = 1000;
/// The most positions and away deltas of a batch in all. An empty one takes two bytes of a message and a hundred times that in memory, so
/// the size of the message alone is no bound.
const MOST_BATCH_POSITIONS: usize = 50_000;
/// The bytes of a message that weigh as much as a position.
const POSITION_BYTES: usize = size_of::<v1::Position>();
/// The most that the work of one call weighs.
pub(crate) const HEAVIEST_WORK: usize = MOST_BATCH_POSITIONS + REQUEST_BYTES / POSITION_BYTES;
/// Larger portfolios go to a worker, so that they do not hold up the other calls of a thread.
const SMALL_POSITIONS: usize = 500;

/// What a request lists: its positions and away deltas, of which an empty one takes two bytes of a message too.
const fn entries(request: &v1::CalculateRequest) -> usize {
    request.positions.len() + request.away.len()
}

/// What requests weigh while they wait for a worker, in positions: the entries that they have, and the positions that their
/// texts would make.
fn weight<'a>(requests: impl IntoIterator<Item = &'a v1::CalculateRequest>) -> usize {
    let weights = requests.into_iter().map(|request| (entries(request), request.encoded_len()));
    let (positions, bytes) = weights.fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
    positions + bytes / POSITION_BYTES
}

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
        let worked = if is_large {
            let weight = weight([&request]);
            self.calculators.run(weight, move || work(&registry, &request)).await
        } else {
            caught(move || work(&registry, &request))
        };
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
        let positions: usize = requests.iter().map(entries).sum();
        if positions > MOST_BATCH_POSITIONS {
            let message =
                format!("{positions} positions and away deltas in all: at most {MOST_BATCH_POSITIONS}");
            return Err(status::invalid_field("requests", &message));
        }
        let registry = Arc::clone(&self.registry);
        // Nobody waits for a batch after its client has gone or its deadline has passed.
        let given_up = CancellationToken::new();
        let _guard = given_up.clone().drop_guard();
        let weight = weight(&requests);
        let work = move || batch::answers(&registry, &requests, &given_up, ANSWER_BYTES);
        let responses = self.calculators.run(weight, work).await.map_err(status::no_calculation)??;
        Ok(Response::new(v1::CalculateBatchResponse { responses }))
    }

    type CalculateStreamStream = Answers;

    async fn calculate_stream(
        &self,
        request: Request<Streaming<v1::CalculateStreamRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let exchange = Exchange { calls: self.clone(), requests: request.into_inner() };
        Ok(Response::new(Answers::new(exchange)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_weigh_what_they_take_in_memory() {
        let empty =
            v1::CalculateRequest { positions: vec![v1::Position::default(); 700], ..Default::default() };
        let positions = 700 + 1400_usize.div_ceil(POSITION_BYTES);
        assert!((700..=positions).contains(&weight([&empty])));
        let text = v1::CalculateRequest { account: "A".repeat(REQUEST_BYTES - 8), ..Default::default() };
        assert!(weight([&text]) > 20_000);
        assert!(weight([&text]) + MOST_BATCH_POSITIONS <= HEAVIEST_WORK);
        let away = vec![v1::AwayDelta::default(); 700];
        assert!(weight([&v1::CalculateRequest { away, ..Default::default() }]) >= 700);
        assert_eq!(weight([]), 0);
    }
}
