//! The calls of a server, typed.

mod book;
mod stream;
mod upload;

use std::time::Duration;

use plimsoll_engine::parameters::RoundingProfile;
use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_client::BookServiceClient;
use plimsoll_proto::v1::margin_service_client::MarginServiceClient;
use plimsoll_proto::v1::parameter_service_client::ParameterServiceClient;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::answer::{Activation, Calculated, DirectoryFile, Loaded, SetDetail, SetInfo};
use crate::error::{ClientError, MalformedAnswer, chain};
use crate::request::CalculationRequest;
use crate::{from_proto, to_proto};

pub use stream::Answers;

/// Sets on a page of a list.
const PAGE_SIZE: u32 = 500;

/// The most pages of a list; a server that has more is not listing sets.
const MOST_PAGES: usize = 1_000;

/// Where a server is, and what a client bears with.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Its address, such as `http://127.0.0.1:50051`; `http` where it names no scheme.
    pub url: String,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take, once its request has been sent.
    pub call_timeout: Duration,
    /// How long the upload of a file may take, with its answer.
    pub upload_timeout: Duration,
    /// The most bytes of a request.
    pub most_request_bytes: usize,
    /// The most bytes of an answer.
    pub most_answer_bytes: usize,
}

impl ClientSettings {
    /// Settings for a server: 10 seconds to connect, a minute for an answer, ten for an upload, 64 MiB either way:
    /// several times the largest portfolio.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        Self {
            url: if url.contains("://") { url } else { format!("http://{url}") },
            connect_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_mins(1),
            upload_timeout: Duration::from_mins(10),
            most_request_bytes: 64 * 1024 * 1024,
            most_answer_bytes: 64 * 1024 * 1024,
        }
    }
}

/// A connection to a server. Clones share it.
#[derive(Clone, Debug)]
pub struct Client {
    parameters: ParameterServiceClient<Channel>,
    margin: MarginServiceClient<Channel>,
    book: BookServiceClient<Channel>,
    call_timeout: Duration,
    upload_timeout: Duration,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// [`ClientError::Connect`] where there is no server.
    pub async fn connect(settings: &ClientSettings) -> Result<Self, ClientError> {
        let failed = |error: tonic::transport::Error| ClientError::Connect {
            url: settings.url.clone(),
            reason: chain(&error),
        };
        let wrong = |reason| ClientError::Address { url: settings.url.clone(), reason };
        let endpoint = Endpoint::from_shared(settings.url.clone())
            .map_err(|_| wrong("not an address such as http://host:port"))?;
        if endpoint.uri().scheme_str() != Some("http") {
            return Err(wrong("only http is spoken: what is sent would not be encrypted"));
        }
        if !matches!(endpoint.uri().path(), "" | "/") || endpoint.uri().query().is_some() {
            return Err(wrong("an address is scheme, host and port only"));
        }
        let endpoint = endpoint
            .connect_timeout(settings.connect_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(20))
            // A refused file comes with its findings in the trailers.
            .http2_max_header_list_size(64 * 1024);
        let channel = endpoint.connect().await.map_err(failed)?;
        Ok(Self {
            parameters: ParameterServiceClient::new(channel.clone())
                .max_encoding_message_size(settings.most_request_bytes)
                .max_decoding_message_size(settings.most_answer_bytes),
            margin: MarginServiceClient::new(channel.clone())
                .max_encoding_message_size(settings.most_request_bytes)
                .max_decoding_message_size(settings.most_answer_bytes),
            book: BookServiceClient::new(channel)
                .max_encoding_message_size(settings.most_request_bytes)
                .max_decoding_message_size(settings.most_answer_bytes),
            call_timeout: settings.call_timeout,
            upload_timeout: settings.upload_timeout,
        })
    }

    /// Loads a parameter file from its bytes; `progress` is told how many have been read.
    ///
    /// # Errors
    /// [`ClientError::Source`] where the bytes cannot be read: the server then keeps nothing. [`ClientError::Status`]
    /// with the first findings where the server refuses the file.
    pub async fn load_parameter_set(
        &self,
        source: impl std::io::Read + Send + 'static,
        rounding: Option<RoundingProfile>,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<Loaded, ClientError> {
        let answer = upload::load(self, source, rounding, progress).await?;
        Ok(from_proto::loaded(answer)?)
    }

    /// Loads one file of the server's own directory, or all that are there.
    ///
    /// # Errors
    /// [`ClientError`]; findings about files are in the answer.
    pub async fn load_directory(&self, file_name: Option<&str>) -> Result<Vec<DirectoryFile>, ClientError> {
        let file_name = file_name.unwrap_or_default().to_owned();
        let mut request = Request::new(v1::LoadParameterDirectoryRequest { file_name });
        request.set_timeout(self.upload_timeout);
        let answer = answered(self.parameters.clone().load_parameter_directory(request).await)?;
        Ok(from_proto::list("files", answer.files, from_proto::directory_file)?)
    }

    /// Lists the sets of one house or of all, newest first, over all pages.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list(&self, house: Option<&str>) -> Result<Vec<SetInfo>, ClientError> {
        let mut sets = Vec::new();
        let mut page_token = String::new();
        for _ in 0..MOST_PAGES {
            let house = house.unwrap_or_default().to_owned();
            let request = v1::ListParameterSetsRequest { house, page_size: PAGE_SIZE, page_token };
            let answer = answered(self.parameters.clone().list_parameter_sets(self.timed(request)).await)?;
            sets.extend(from_proto::list("parameter_sets", answer.parameter_sets, from_proto::set_info)?);
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(sets);
            }
        }
        Err(MalformedAnswer::new("next_page_token", format!("more than {MOST_PAGES} pages")).into())
    }

    /// One set in detail.
    ///
    /// # Errors
    /// [`ClientError::Status`] with `NotFound` for an unknown id.
    pub async fn get(&self, id: &str) -> Result<SetDetail, ClientError> {
        let request = self.timed(v1::GetParameterSetRequest { id: id.to_owned() });
        let answer = answered(self.parameters.clone().get_parameter_set(request).await)?;
        Ok(from_proto::set_detail(answer)?)
    }

    /// Makes a set the active one for its house and an account scope; a refusal is an answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn activate(
        &self,
        id: &str,
        account_scope: &str,
        force: bool,
    ) -> Result<Activation, ClientError> {
        let (id, account_scope) = (id.to_owned(), account_scope.to_owned());
        let request = self.timed(v1::ActivateParameterSetRequest { id, account_scope, force });
        let answer = answered(self.parameters.clone().activate_parameter_set(request).await)?;
        Ok(from_proto::activation(answer)?)
    }

    /// Calculates one portfolio.
    ///
    /// # Errors
    /// [`ClientError::Status`] with the faulty fields for a malformed request; a refusal is an answer.
    pub async fn calculate(&self, request: CalculationRequest) -> Result<Calculated, ClientError> {
        let account = request.account.clone();
        let request = self.timed(to_proto::calculate(request));
        let answer = answered(self.margin.clone().calculate(request).await)?;
        calculated(&account, answer)
    }

    /// Calculates up to 1,000 portfolios in one message; answers come in order.
    ///
    /// # Errors
    /// [`ClientError`]; what is wrong with single portfolios is in the answers.
    pub async fn calculate_batch(
        &self,
        requests: Vec<CalculationRequest>,
    ) -> Result<Vec<Calculated>, ClientError> {
        let accounts: Vec<String> = requests.iter().map(|request| request.account.clone()).collect();
        let requests = requests.into_iter().map(to_proto::calculate).collect();
        let request = self.timed(v1::CalculateBatchRequest { requests });
        let answer = answered(self.margin.clone().calculate_batch(request).await)?;
        if answer.responses.len() != accounts.len() {
            let message = format!("{} answers to {} requests", answer.responses.len(), accounts.len());
            return Err(MalformedAnswer::new("responses", message).into());
        }
        accounts
            .iter()
            .zip(answer.responses)
            .map(|(account, response)| calculated(account, response))
            .collect()
    }

    /// Calculates any number of portfolios. A bounded number of requests is on its way at a time; answers come in order.
    ///
    /// # Errors
    /// [`ClientError`] where the stream cannot be opened.
    pub async fn calculate_stream<S>(&self, requests: S) -> Result<Answers, ClientError>
    where
        S: tokio_stream::Stream<Item = CalculationRequest> + Send + 'static,
    {
        Answers::open(self, requests).await
    }

    fn timed<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.call_timeout);
        request
    }
}

fn answered<T>(result: Result<tonic::Response<T>, Status>) -> Result<T, ClientError> {
    result.map(tonic::Response::into_inner).map_err(|status| from_proto::status(&status))
}

/// Checks that an answer is the one to this account's request.
fn calculated(account: &str, answer: v1::CalculateResponse) -> Result<Calculated, ClientError> {
    if answer.account != account {
        let message = format!("{:?} in place of {account:?}", answer.account);
        return Err(MalformedAnswer::new("account", message).into());
    }
    Ok(from_proto::calculated(answer)?)
}
