//! What every call passes before its service: room on the server, a deadline, and until its request is whole. The place
//! is kept until the answer is sent, which `sending` sees to.
//!
//! It stands before the services as one layer because tonic's own answers differ from gRPC's: an expired deadline is to
//! be DEADLINE_EXCEEDED, bytes that are no message INVALID_ARGUMENT, and the bound on calls is to count the calls of all connections.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tonic::{Code, Status};
use tower::Service;
use tower::util::BoxCloneSyncService;

use super::deadline::{Deadline, Deadlines};
use super::health::Health;
use super::sending::Sending;
use super::{REQUEST_BYTES, status};

/// Calls whose requests come as a stream of messages.
const STREAMS: [&str; 4] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/plimsoll.v1.MarginService/CalculateStream",
    "/plimsoll.v1.ParameterService/LoadParameterSet",
];
/// What stands before each message.
const FRAME_BYTES: usize = 5;

type Route = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// The services by name.
#[derive(Default)]
pub(super) struct Routes(HashMap<&'static str, Route>);

impl Routes {
    pub(super) fn add<S>(&mut self, service: S)
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.0.insert(S::NAME, BoxCloneSyncService::new(service));
    }
}

/// A call's place among those that the server has room for, free again when this is dropped.
pub(super) struct InProgress {
    _permit: Option<OwnedSemaphorePermit>,
}

impl InProgress {
    /// For calls that are not counted.
    const UNCOUNTED: Self = Self { _permit: None };

    /// One of these places, if one is free.
    pub(super) fn at(places: &Arc<Semaphore>) -> Option<Self> {
        let permit = Arc::clone(places).try_acquire_owned().ok()?;
        Some(Self { _permit: Some(permit) })
    }
}

/// Every call's way to its service.
#[derive(Clone)]
pub(crate) struct Gate {
    routes: Arc<Routes>,
    places: Arc<Semaphore>,
    deadlines: Deadlines,
}

impl Gate {
    pub(super) fn over(routes: Routes, max_calls: usize, request_timeout: Duration) -> Self {
        Self {
            routes: Arc::new(routes),
            places: Arc::new(Semaphore::new(max_calls)),
            deadlines: Deadlines::new(request_timeout),
        }
    }

    /// Checks in order: the service exists, there is room, the deadline is not over.
    fn admit(&self, request: &Request<Body>) -> Result<Admitted, Status> {
        let path = request.uri().path();
        let name = path.strip_prefix('/').and_then(|path| path.split_once('/')).map_or("", |(name, _)| name);
        let route = self.routes.0.get(name).ok_or_else(status::unknown_service)?;
        // An overloaded server is to be seen as overloaded, not as dead.
        let place = if name == Health::NAME {
            InProgress::UNCOUNTED
        } else {
            InProgress::at(&self.places).ok_or_else(status::overloaded)?
        };
        let deadline = self.deadlines.of(path, request.headers());
        if deadline.as_ref().is_some_and(Deadline::is_over) {
            return Err(status::deadline_exceeded());
        }
        let limit = self.deadlines.of_answers(path);
        Ok(Admitted { route: route.clone(), place, deadline, limit })
    }
}

struct Admitted {
    route: Route,
    place: InProgress,
    deadline: Option<Deadline>,
    /// How long the answer may take to be read once it has begun.
    limit: Option<Duration>,
}

/// A unary call's request once all of it has come; a stream's as it is.
///
/// A decoded request can take far more memory than its bytes, so it is not to wait, decoded, for a client that does not end
/// its request.
async fn whole(request: Request<Body>) -> Result<Request<Body>, Status> {
    if STREAMS.contains(&request.uri().path()) {
        return Ok(request);
    }
    let (head, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_BYTES + FRAME_BYTES).collect().await.map_err(|error| {
        let from_client = error.downcast::<Status>().map(|status| *status);
        from_client.unwrap_or_else(|_| status::request_too_large(REQUEST_BYTES))
    })?;
    Ok(Request::from_parts(head, Body::new(Full::new(body.to_bytes()))))
}

/// An answer, if the request was a message at all.
fn decoded(answer: Response<Body>) -> Response<Body> {
    match Status::from_header_map(answer.headers()) {
        Some(status) if status.code() == Code::Internal => status::of_transport(status).into_http(),
        _ => answer,
    }
}

impl Service<Request<Body>> for Gate {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Generated services are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let admitted = self.admit(&request);
        if let Ok(Admitted { deadline: Some(deadline), .. }) = &admitted {
            request.extensions_mut().insert(deadline.until());
        }
        Box::pin(async move {
            let Admitted { mut route, place, deadline, limit } = match admitted {
                Ok(admitted) => admitted,
                Err(status) => return Ok(status.into_http()),
            };
            let answer = async move {
                match whole(request).await {
                    Ok(request) => route.call(request).await.map(decoded),
                    Err(status) => Ok(status.into_http()),
                }
            };
            let answered = match deadline.clone() {
                Some(deadline) => deadline.bound(answer).await,
                None => Some(answer.await),
            };
            let answered = answered.unwrap_or_else(|| Ok(status::deadline_exceeded().into_http()));
            let deadline = Deadline::within(deadline, limit);
            answered.map(|answer| answer.map(|body| Sending::of(body, place, deadline)))
        })
    }
}
