//! The beginning and the end of groups.

use plimsoll_engine::group::Group;
use plimsoll_proto::v1;

use super::super::to_proto;
use super::super::violations::Violations;
use super::work::known;
use super::{Fault, Told};
use crate::book::{Book, Place, Turn};
use crate::until::Until;

/// Opens a group of a house that has a set or contracts, in a currency that it knows: else nothing of the group could ever be margined.
pub(super) fn create(
    book: &Book,
    place: Place,
    group: Group,
    until: &Until,
) -> Result<Told<v1::CreateGroupResponse>, Fault> {
    let (_, house) = known(book, &group.key.house, place)?;
    if !house.knows_currency(&group.currency) {
        let message = format!("house {} has no way to or from {}", group.key.house, group.currency);
        return Err(Violations::one("currency", message).into());
    }
    let durable = book.open(group, until)?;
    Ok(Told { answer: v1::CreateGroupResponse {}, durable })
}

/// Closes a group.
pub(super) fn close(
    book: &Book,
    turn: &mut Turn,
    place: Place,
    until: &Until,
) -> Result<Told<v1::CloseGroupResponse>, Fault> {
    let (_, house) = known(book, &turn.group().key.house.clone(), place)?;
    let (closed, durable) = book.close(turn, &house, until)?;
    let refused = closed.err().map(|refusal| to_proto::book::refused(&refusal));
    Ok(Told { answer: v1::CloseGroupResponse { refused, log_sequence: durable.0 }, durable })
}
