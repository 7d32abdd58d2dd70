//! What every call passes before its service: room on the server, a deadline, and until its request is whole.
//!
//! It stands before the services as one layer because tonic's own answers differ from gRPC's: an expired deadline is to
//! be DEADLINE_EXCEEDED, and the bound on calls is to count the calls of all connections.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tower::Service;
use tower::util::BoxCloneSyncService;

use super::deadline::{Deadline, Deadlines};
use super::health::Health;
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

/// A call's place among those that the server has room for; the place is free when the last clone is dropped. A call
/// that goes on after its answer has begun keeps a clone.
#[derive(Clone)]
pub(super) struct InProgress {
    _permit: Option<Arc<OwnedSemaphorePermit>>,
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
    fn admit(&self, request: &mut Request<Body>) -> Result<Admitted, Status> {
        let path = request.uri().path();
        let name = path.strip_prefix('/').and_then(|path| path.split_once('/')).map_or("", |(name, _)| name);
        let route = self.routes.0.get(name).ok_or_else(status::unknown_service)?;
        // An overloaded server is to be seen as overloaded, not as dead.
        let place = if name == Health::NAME {
            InProgress { _permit: None }
        } else {
            let permit = Arc::clone(&self.places).try_acquire_owned().map_err(|_| status::overloaded())?;
            InProgress { _permit: Some(Arc::new(permit)) }
        };
        let deadline = self.deadlines.of(path, request.headers());
        if deadline.is_some_and(|deadline| deadline.is_over()) {
            return Err(status::deadline_exceeded());
        }
        request.extensions_mut().insert(place.clone());
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(deadline);
        }
        Ok(Admitted { route: route.clone(), place, deadline })
    }
}

struct Admitted {
    route: Route,
    place: InProgress,
    deadline: Option<Deadline>,
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

impl Service<Request<Body>> for Gate {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Generated services are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let admitted = self.admit(&mut request);
        Box::pin(async move {
            let Admitted { mut route, place, deadline } = match admitted {
                Ok(admitted) => admitted,
                Err(status) => return Ok(status.into_http()),
            };
            let answer = async move {
                match whole(request).await {
                    Ok(request) => route.call(request).await,
                    Err(status) => Ok(status.into_http()),
                }
            };
            let answered = match deadline {
                Some(deadline) => deadline.bound(answer).await,
                None => Some(answer.await),
            };
            drop(place);
            answered.unwrap_or_else(|| Ok(status::deadline_exceeded().into_http()))
        })
    }
}
