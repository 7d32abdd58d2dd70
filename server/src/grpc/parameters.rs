//! The parameter service: load, list, inspect, activate.

mod listing;
mod uploading;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_engine::types::House;
use plimsoll_proto::v1;
use plimsoll_proto::v1::activate_parameter_set_response::Decision;
use plimsoll_proto::v1::parameter_service_server::ParameterService;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::violations::Violations;
use super::{from_proto, status, to_proto};
use crate::book::Book;
use crate::directory::{Directory, FileRefusal, LoadedFile};
use crate::registry::{AccountScope, ActivationRefusal, Registry};
use crate::set_files::SetFiles;
use crate::workers::Workers;

/// What the calls work with.
pub(super) struct ParameterCalls {
    pub(super) registry: Arc<Registry>,
    pub(super) directory: Option<Arc<Directory>>,
    /// Where uploaded files are kept.
    pub(super) files: Option<Arc<SetFiles>>,
    pub(super) readers: Workers,
    /// Where activations are written down.
    pub(super) book: Arc<Book>,
    pub(super) max_upload_bytes: u64,
    pub(super) idle_timeout: Duration,
    pub(super) upload_timeout: Duration,
}

#[tonic::async_trait]
impl ParameterService for ParameterCalls {
    async fn load_parameter_set(
        &self,
        request: Request<Streaming<v1::LoadParameterSetRequest>>,
    ) -> Result<Response<v1::LoadParameterSetResponse>, Status> {
        let (set, warnings) = tokio::time::timeout(self.upload_timeout, self.receive(request.into_inner()))
            .await
            .map_err(|_| status::upload_too_slow(self.upload_timeout))??;
        let inserted = self.registry.insert(set, warnings).map_err(|refusal| {
            tracing::warn!(%refusal, "parameter set not taken");
            status::not_taken(&refusal)
        })?;
        crate::events::loaded(&inserted, "upload");
        Ok(Response::new(v1::LoadParameterSetResponse {
            parameter_set: Some(to_proto::parameter_set(&inserted.loaded, &inserted.snapshot)),
            diagnostics: to_proto::diagnostics(&inserted.loaded.warnings),
            already_loaded: inserted.already_loaded,
        }))
    }

    async fn load_parameter_directory(
        &self,
        request: Request<v1::LoadParameterDirectoryRequest>,
    ) -> Result<Response<v1::LoadParameterDirectoryResponse>, Status> {
        let name = request.into_inner().file_name;
        if !name.is_empty() {
            Directory::check_name(&name)
                .map_err(|error| status::invalid_field("file_name", &error.to_string()))?;
        }
        let directory = self.directory.clone().ok_or_else(status::no_directory)?;
        let registry = Arc::clone(&self.registry);
        // A client that has gone is not loaded for: the work stops after the file that it is at.
        let given_up = CancellationToken::new();
        let _guard = given_up.clone().drop_guard();
        let wanted = name.clone();
        let work = move || load_files(&directory, &registry, &wanted, &given_up);
        let loading = self.readers.start(work).map_err(status::no_reading)?;
        let files = loading.result().await.map_err(status::no_reading)?;
        let files = files.map_err(|error| status::directory_unreadable(&error))?;
        if let [LoadedFile { outcome: Err(FileRefusal::Absent), .. }] = files.as_slice()
            && !name.is_empty()
        {
            return Err(status::unknown_file(&name));
        }
        let files = files.into_iter().map(to_proto::loaded_file).collect();
        Ok(Response::new(v1::LoadParameterDirectoryResponse { files }))
    }

    async fn list_parameter_sets(
        &self,
        request: Request<v1::ListParameterSetsRequest>,
    ) -> Result<Response<v1::ListParameterSetsResponse>, Status> {
        let page = listing::page(&self.registry.snapshot(), &self.book.lost_sets(), request.get_ref());
        page.map(Response::new).map_err(|faults| status::invalid(&faults))
    }

    async fn get_parameter_set(
        &self,
        request: Request<v1::GetParameterSetRequest>,
    ) -> Result<Response<v1::GetParameterSetResponse>, Status> {
        let id = from_proto::set_id(&request.get_ref().id)
            .map_err(|message| status::invalid_field("id", &message))?;
        let snapshot = self.registry.snapshot();
        let loaded = snapshot.get(&id).ok_or_else(|| status::unknown_set(&id))?;
        Ok(Response::new(to_proto::detail(loaded, &snapshot)))
    }

    async fn activate_parameter_set(
        &self,
        request: Request<v1::ActivateParameterSetRequest>,
    ) -> Result<Response<v1::ActivateParameterSetResponse>, Status> {
        let request = request.into_inner();
        let mut faults = Violations::default();
        let id = faults.keep("id", from_proto::set_id(&request.id));
        let scope = faults.keep("account_scope", AccountScope::new(&request.account_scope));
        let (Some(id), Some(scope)) = (id, scope) else { return Err(status::invalid(&faults)) };
        let decision = match self.registry.activate(&id, scope.clone(), request.force) {
            Ok(activated) => {
                crate::events::activated(&activated, &scope, request.force);
                if scope == AccountScope::default() {
                    self.written_down(activated.loaded.set.house().clone()).await?;
                }
                Decision::Activated(v1::Activated {
                    parameter_set: Some(to_proto::parameter_set(&activated.loaded, &activated.snapshot)),
                    replaced_id: activated.replaced.map(|set| set.set.id().to_owned()).unwrap_or_default(),
                })
            }
            Err(refusal) => Decision::Refused(refused(&refusal)?),
        };
        Ok(Response::new(v1::ActivateParameterSetResponse { decision: Some(decision) }))
    }
}

impl ParameterCalls {
    /// Waits until the book of a house durably uses the set that is active, and has booked what waited for it.
    async fn written_down(&self, house: House) -> Result<(), Status> {
        let desk = self.book.known(&house).map_err(|fault| status::of_book(&fault))?;
        let (book, turn) = (Arc::clone(&self.book), desk.turn().await);
        let followed = move || {
            let _turn = turn;
            let followed = book.follow_set(&house)?;
            Ok(followed.max(book.book_pending(&house)?))
        };
        let followed = tokio::task::spawn_blocking(followed).await;
        let followed = followed.map_err(|_| status::internal())?;
        let written = followed.map_err(|fault| status::of_book(&fault))?;
        self.book.chronicle().reached(written).await.map_err(status::journal_stopped)
    }
}

/// The answer to a request for activation that is refused, or the status of one that cannot be served.
fn refused(refusal: &ActivationRefusal) -> Result<v1::ActivationRefused, Status> {
    let message = refusal.to_string();
    tracing::info!(refusal = message, "activation refused");
    let (reason, active_id) = match refusal {
        ActivationRefusal::UnknownSet { .. } => (v1::ActivationRefusalReason::UnknownSet, String::new()),
        ActivationRefusal::OlderThanActive { active, .. } => {
            (v1::ActivationRefusalReason::OlderThanActive, active.set.id().to_owned())
        }
        ActivationRefusal::TooManyScopes => return Err(status::too_many_scopes(&message)),
    };
    Ok(v1::ActivationRefused { reason: reason.into(), message, active_id })
}

/// Loads one file, or all.
fn load_files(
    directory: &Directory,
    registry: &Registry,
    wanted: &str,
    given_up: &CancellationToken,
) -> std::io::Result<Vec<LoadedFile>> {
    let names = if wanted.is_empty() { directory.names()? } else { vec![wanted.to_owned()] };
    let present = names.iter().take_while(|_| !given_up.is_cancelled());
    let mut files: Vec<LoadedFile> = present.map(|name| directory.load(name, registry)).collect();
    Directory::name_equals(&mut files);
    Ok(files)
}
