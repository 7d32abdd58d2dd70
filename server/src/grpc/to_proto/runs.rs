//! What became of a settlement run.

use plimsoll_proto::v1;

use super::book::{exception, group_name, number, refused};
use crate::book::Settled;

/// The most groups with items that an answer names.
const MOST_NAMED: usize = 1_000;

/// Groups that did not apply the run are named without a bound: an answer that does not fit is an error.
pub(in crate::grpc) fn settled(own: &Settled) -> v1::SettleHouseResponse {
    let not_applied = own.refused.iter().map(|(key, why)| v1::RunNotApplied {
        name: Some(group_name(key)),
        refused: why.refused.as_ref().map(refused),
        items: why.items.iter().map(|(number, item)| exception(*number, item)).collect(),
    });
    v1::SettleHouseResponse {
        groups: number(own.applied),
        with_exceptions: own.raised.iter().take(MOST_NAMED).map(group_name).collect(),
        known: number(own.known),
        not_applied: not_applied.collect(),
        repeated: own.applied == 0 && own.refused.is_empty() && own.known > 0,
    }
}
