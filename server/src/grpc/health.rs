//! `grpc.health.v1`: whether the server as a whole ("") and each of its services serve.

use plimsoll_proto::v1::{margin_service_server, parameter_service_server};
use tonic::server::NamedService;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

const SERVICES: [&str; 3] = ["", margin_service_server::SERVICE_NAME, parameter_service_server::SERVICE_NAME];

/// The states that clients may ask for and watch.
#[derive(Clone, Debug)]
pub(crate) struct Health(HealthReporter);

impl Health {
    /// The name of the health service.
    pub(super) const NAME: &'static str = <HealthServer<HealthService> as NamedService>::NAME;

    /// Serves as soon as connections are accepted: everything is built before.
    pub(crate) fn new() -> Self {
        Self(HealthReporter::new())
    }

    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.0.clone()))
    }

    /// Says that the services serve.
    pub(crate) async fn serving(&self) {
        self.all(ServingStatus::Serving).await;
    }

    /// Says that nothing is served any more and ends every watch after that, so that watches do not hold up a stop.
    pub(crate) async fn stopping(&mut self) {
        self.all(ServingStatus::NotServing).await;
        for service in SERVICES {
            self.0.clear_service_status(service).await;
        }
    }

    async fn all(&self, status: ServingStatus) {
        for service in SERVICES {
            self.0.set_service_status(service, status).await;
        }
    }
}
