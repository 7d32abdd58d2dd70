//! The upload of a parameter file: a header, then its bytes in chunks.

use std::io::{self, Read};

use plimsoll_engine::parameters::RoundingProfile;
use plimsoll_proto::v1;
use plimsoll_proto::v1::load_parameter_set_request::Part;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;

use super::{Client, answered};
use crate::error::ClientError;
use crate::to_proto;

const CHUNK_BYTES: usize = 256 * 1024;

/// Chunks read ahead of the connection.
const MOST_CHUNKS_AHEAD: usize = 4;

type Parts = mpsc::Sender<v1::LoadParameterSetRequest>;

pub(super) async fn load(
    client: &Client,
    source: impl Read + Send + 'static,
    rounding: Option<RoundingProfile>,
    progress: impl FnMut(u64) + Send + 'static,
) -> Result<v1::LoadParameterSetResponse, ClientError> {
    let (parts, stream) = mpsc::channel(MOST_CHUNKS_AHEAD);
    let mut request = Request::new(ReceiverStream::new(stream));
    request.set_timeout(client.upload_timeout);
    let mut service = client.parameters.clone();
    let mut call = Box::pin(service.load_parameter_set(request));
    // The stream ends when all of its senders are gone, and the server would take what a failed source gave for the whole
    // file. This one stays until the source has ended well, or the call is off.
    let open = parts.clone();
    let header = v1::LoadHeader { rounding: to_proto::rounding(rounding).into() };
    let mut reading = tokio::task::spawn_blocking(move || send(source, header, &parts, progress));
    tokio::select! {
        biased;
        read = &mut reading => {
            if let Err(error) = read.map_err(io::Error::other).flatten() {
                drop(call);
                return Err(ClientError::Source(error));
            }
            drop(open);
            answered(call.await)
        }
        answer = &mut call => answered(answer),
    }
}

/// Sends header and chunks until the source ends or nobody listens.
fn send(
    mut source: impl Read,
    header: v1::LoadHeader,
    parts: &Parts,
    mut progress: impl FnMut(u64),
) -> io::Result<()> {
    let mut next = Part::Header(header);
    let mut sent = 0;
    while parts.blocking_send(v1::LoadParameterSetRequest { part: Some(next) }).is_ok() {
        progress(sent);
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let read = source.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
        if read == 0 {
            break;
        }
        sent += read as u64;
        next = Part::Chunk(chunk);
    }
    Ok(())
}
