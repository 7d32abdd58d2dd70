//! Settlement runs, which concern all groups of a house.

use std::sync::Arc;

use plimsoll_engine::group::Body;
use plimsoll_engine::types::{Code, CommandId};
use plimsoll_proto::v1;

use super::super::to_proto;
use super::super::violations::Violations;
use super::commands::{Caller, command};
use super::{Fault, Told, house_of, read};
use crate::book::{Book, Place};

/// Applies a run to every group.
pub(super) fn settle(
    book: &Book,
    request: &v1::SettleHouseRequest,
) -> Result<Told<v1::SettleHouseResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    let run = Arc::new(read(book, Place::Worker, &house, |reader| reader.run(request))?);
    let id: CommandId =
        Code::new(run.id.as_str()).map_err(|error| Violations::one("run_id", error.to_string()))?;
    let ((groups, raised), durable) =
        book.settle(&house, &run, |fact| command(Caller::Settlement, id.clone(), request, Body::Fact(fact)))?;
    tracing::info!(%house, run = %run.id, groups, with_exceptions = raised.len(), "settled");
    let answer = v1::SettleHouseResponse {
        groups: u32::try_from(groups).unwrap_or(u32::MAX),
        with_exceptions: raised.iter().take(1_000).map(to_proto::book::group_name).collect(),
    };
    Ok(Told { answer, durable })
}
