//! Settlement runs, which concern all groups of a house.

use std::sync::Arc;

use plimsoll_proto::v1;

use super::super::to_proto;
use super::{Fault, Told, house_of, read};
use crate::book::{Book, BookFault, Place};
use crate::until::Until;

/// Applies a run to every group.
pub(super) fn settle(
    book: &Book,
    request: &v1::SettleHouseRequest,
    until: &Until,
) -> Result<Told<v1::SettleHouseResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    let reads = || read(book, Place::Worker, &house, |reader| reader.run(request));
    let mut run = reads()?;
    // From here on it is told to every group, and answered however late.
    if !until.decides_fact() {
        return Err(BookFault::Late.into());
    }
    if !run.new.is_nothing() {
        book.take_run(&house, &run.asked.id, &run.new)?;
        run = reads()?;
    }
    let run = Arc::new(run.asked);
    let (settled, durable) = book.settle(&house, &run)?;
    let (groups, known, not_applied) = (settled.applied, settled.known, settled.refused.len());
    let with_exceptions = settled.raised.len();
    tracing::info!(%house, run = %run.id, groups, known, with_exceptions, not_applied, "settled");
    Ok(Told { answer: to_proto::runs::settled(&settled), durable })
}
