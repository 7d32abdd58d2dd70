//! A server for one test, and its clients.

use plimsoll_proto::v1;
use plimsoll_proto::v1::load_parameter_set_request::Part;
use plimsoll_proto::v1::margin_service_client::MarginServiceClient;
use plimsoll_proto::v1::parameter_service_client::ParameterServiceClient;
use plimsoll_server::{App, Running, Settings};
use tokio::net::TcpListener;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

/// A server at work with one connection to it.
pub(crate) struct Served {
    pub(crate) running: Running,
    pub(crate) channel: Channel,
}

impl Served {
    /// A server with the default settings.
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// A server with some settings changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        change(&mut settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = App::build(settings).unwrap().spawn(listener).await.unwrap();
        let channel = endpoint(&running).connect().await.unwrap();
        Self { running, channel }
    }

    /// A server with the sample exchange loaded; its id.
    pub(crate) async fn with_sample() -> (Self, String) {
        let served = Self::start().await;
        let id = served.load(&crate::sample::file()).await.id;
        (served, id)
    }

    pub(crate) fn parameters(&self) -> ParameterServiceClient<Channel> {
        ParameterServiceClient::new(self.channel.clone()).max_decoding_message_size(1 << 26)
    }

    pub(crate) fn margin(&self) -> MarginServiceClient<Channel> {
        MarginServiceClient::new(self.channel.clone()).max_decoding_message_size(1 << 26)
    }

    /// Loads a good file.
    pub(crate) async fn load(&self, file: &[u8]) -> v1::ParameterSet {
        let loaded = self.upload(pieces(file, 100_000)).await.unwrap();
        loaded.parameter_set.unwrap()
    }

    /// Uploads these messages.
    pub(crate) async fn upload(
        &self,
        messages: Vec<v1::LoadParameterSetRequest>,
    ) -> Result<v1::LoadParameterSetResponse, Status> {
        let answered = self.parameters().load_parameter_set(tokio_stream::iter(messages)).await;
        answered.map(tonic::Response::into_inner)
    }

    /// The ids of all sets.
    pub(crate) async fn ids(&self) -> Vec<String> {
        let request = v1::ListParameterSetsRequest::default();
        let listed = self.parameters().list_parameter_sets(request).await.unwrap().into_inner();
        listed.parameter_sets.into_iter().map(|set| set.id).collect()
    }
}

/// Where a server is reached.
pub(crate) fn endpoint(running: &Running) -> Endpoint {
    Endpoint::from_shared(format!("http://{}", running.address())).unwrap()
}

pub(crate) fn part(part: Part) -> v1::LoadParameterSetRequest {
    v1::LoadParameterSetRequest { part: Some(part) }
}

pub(crate) fn header(rounding: v1::RoundingProfile) -> v1::LoadParameterSetRequest {
    part(Part::Header(v1::LoadHeader { rounding: rounding.into() }))
}

/// The messages of an upload in chunks of this size.
pub(crate) fn pieces(file: &[u8], size: usize) -> Vec<v1::LoadParameterSetRequest> {
    let chunks = file.chunks(size).map(|bytes| part(Part::Chunk(bytes.to_vec())));
    std::iter::once(header(v1::RoundingProfile::Unspecified)).chain(chunks).collect()
}
