//! The messages of an upload, checked one by one and passed on to the reader.

use plimsoll_engine::parameters::{Diagnostics, ParameterSet, RoundingProfile};
use plimsoll_proto::v1;
use plimsoll_proto::v1::load_parameter_set_request::Part;
use tonic::{Status, Streaming};

use super::super::{from_proto, status};
use super::ParameterCalls;
use crate::compile::CompileError;
use crate::upload::Upload;

/// The most bytes of one chunk.
const CHUNK_BYTES: usize = 1024 * 1024;

type Messages = Streaming<v1::LoadParameterSetRequest>;

impl ParameterCalls {
    /// Receives a file and compiles it on the way. Nothing is kept when this fails or is given up.
    pub(super) async fn receive(
        &self,
        mut messages: Messages,
    ) -> Result<(ParameterSet, Diagnostics), Status> {
        let rounding = header(self.next(&mut messages).await?)?;
        let upload =
            Upload::start(&self.readers, rounding, self.files.clone()).map_err(status::no_reading)?;
        let mut room = self.max_upload_bytes;
        while let Some(part) = self.next(&mut messages).await? {
            let bytes = chunk(part)?;
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            room = room.checked_sub(size).ok_or_else(|| {
                tracing::warn!(max_bytes = self.max_upload_bytes, "upload refused: the file is too large");
                status::file_too_large(self.max_upload_bytes)
            })?;
            if !upload.push(bytes).await {
                break;
            }
        }
        upload.finish().await.map_err(status::no_reading)?.map_err(|error| {
            tracing::warn!(%error, "upload refused");
            match error {
                CompileError::Refused(diagnostics) => status::refused_file(&diagnostics),
                CompileError::Interrupted(_) => status::interrupted(),
                CompileError::NotTaken(refusal) => status::not_taken(&refusal),
            }
        })
    }

    async fn next(&self, messages: &mut Messages) -> Result<Option<Option<Part>>, Status> {
        let message = tokio::time::timeout(self.idle_timeout, messages.message());
        let message =
            message.await.map_err(|_| status::idle(self.idle_timeout))?.map_err(status::of_transport)?;
        Ok(message.map(|message| message.part))
    }
}

fn header(first: Option<Option<Part>>) -> Result<RoundingProfile, Status> {
    let Some(Some(Part::Header(header))) = first else {
        return Err(status::invalid_field("header", "the first message is to be the header"));
    };
    let rounding = from_proto::rounding(header.rounding);
    let rounding = rounding.map_err(|message| status::invalid_field("header.rounding", &message))?;
    Ok(rounding.unwrap_or_default())
}

fn chunk(part: Option<Part>) -> Result<Vec<u8>, Status> {
    match part {
        Some(Part::Chunk(bytes)) if bytes.len() <= CHUNK_BYTES => Ok(bytes),
        Some(Part::Chunk(bytes)) => {
            let message = format!("{} bytes: at most {CHUNK_BYTES}", bytes.len());
            Err(status::invalid_field("chunk", &message))
        }
        Some(Part::Header(_)) => Err(status::invalid_field("header", "only the first message is the header")),
        None => Err(status::invalid_field("part", "a message is to hold a chunk")),
    }
}
