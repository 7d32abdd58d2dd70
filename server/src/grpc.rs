//! The calls: how they come in, what bounds them, and the services that answer them.
//!
//! A call passes `gate` (admission, `deadline`) and reaches a service (`parameters`, `margin`, `book`, `health`, reflection); its
//! answer leaves through `sending`.
//! `from_proto` and `to_proto` are the only files that know both the wire's words and the engine's; `status` is the only
//! one that makes error statuses.

mod book;
mod deadline;
mod from_proto;
mod gate;
mod health;
mod margin;
mod parameters;
mod sending;
mod status;
mod to_proto;
mod violations;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_proto::v1::book_service_server::BookServiceServer;
use plimsoll_proto::v1::margin_service_server::MarginServiceServer;
use plimsoll_proto::v1::parameter_service_server::ParameterServiceServer;
use tonic_reflection::server as reflection;

use crate::book::Book;
use crate::directory::Directory;
use crate::registry::Registry;
use crate::set_files::SetFiles;
use crate::workers::Workers;
use book::{BookCalls, Threads};
use gate::Routes;
use margin::MarginCalls;
use parameters::ParameterCalls;

pub(crate) use gate::Gate as Api;
pub(crate) use health::Health;
pub(crate) use margin::HEAVIEST_WORK;

/// The largest request message.
const REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// The largest answer message.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// The largest request of the services that are not Plimsoll's own.
const SMALL_REQUEST_BYTES: usize = 64 * 1024;

/// What the calls work with, and their bounds.
pub(crate) struct Parts {
    pub(crate) registry: Arc<Registry>,
    pub(crate) book: Arc<Book>,
    pub(crate) directory: Option<Arc<Directory>>,
    pub(crate) files: Option<Arc<SetFiles>>,
    /// Of each kind of worker for the book.
    pub(crate) threads: usize,
    pub(crate) calculators: Workers,
    pub(crate) readers: Workers,
    pub(crate) max_upload_bytes: u64,
    pub(crate) max_calls: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) upload_timeout: Duration,
    pub(crate) reflection: bool,
}

impl Api {
    /// Puts the services together.
    pub(crate) fn new(parts: Parts, health: &Health) -> Result<Self, reflection::Error> {
        let mut routes = Routes::default();
        let parameters = ParameterCalls {
            registry: Arc::clone(&parts.registry),
            directory: parts.directory,
            files: parts.files.clone(),
            readers: parts.readers,
            book: Arc::clone(&parts.book),
            max_upload_bytes: parts.max_upload_bytes,
            idle_timeout: parts.idle_timeout,
            upload_timeout: parts.upload_timeout,
        };
        let threads = Threads::new(parts.threads, parts.calculators.clone());
        let book = BookCalls::new(parts.book, threads, parts.files);
        let margin = MarginCalls::new(parts.registry, parts.calculators, parts.idle_timeout);
        routes.add(
            ParameterServiceServer::new(parameters)
                .max_decoding_message_size(REQUEST_BYTES)
                .max_encoding_message_size(ANSWER_BYTES),
        );
        routes.add(
            MarginServiceServer::new(margin)
                .max_decoding_message_size(REQUEST_BYTES)
                .max_encoding_message_size(ANSWER_BYTES),
        );
        routes.add(
            BookServiceServer::new(book)
                .max_decoding_message_size(REQUEST_BYTES)
                .max_encoding_message_size(ANSWER_BYTES),
        );
        routes.add(health.service().max_decoding_message_size(SMALL_REQUEST_BYTES));
        if parts.reflection {
            let builder = || {
                reflection::Builder::configure()
                    .register_encoded_file_descriptor_set(plimsoll_proto::FILE_DESCRIPTOR_SET)
                    .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            };
            routes.add(builder().build_v1()?.max_decoding_message_size(SMALL_REQUEST_BYTES));
            routes.add(builder().build_v1alpha()?.max_decoding_message_size(SMALL_REQUEST_BYTES));
        }
        Ok(Self::over(routes, parts.max_calls, parts.request_timeout))
    }
}
