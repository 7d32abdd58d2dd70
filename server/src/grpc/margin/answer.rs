//! The one way from a request for a calculation to its answer.

use std::sync::Arc;
use std::time::Instant;

use plimsoll_engine::report::{CalculationError, calculate};
use plimsoll_proto::v1;
use plimsoll_proto::v1::CalculationRefusalReason as Reason;
use tonic::Status;

use super::super::from_proto::{Calculation, Selector};
use super::super::violations::Violations;
use super::super::{from_proto, status, to_proto};
use crate::registry::{AccountScope, LoadedSet, Registry, Snapshot};

/// Why a request is not answered: the caller's fault.
#[derive(Debug)]
pub(super) enum Fault {
    /// Fields are faulty.
    Invalid(Violations),
    /// The set is not loaded.
    UnknownSet { id: String },
    /// No set is active.
    NoActiveSet { house: String, scope: AccountScope },
}

impl Fault {
    /// As the end of a call.
    pub(super) fn into_status(self) -> Status {
        match self {
            Self::Invalid(violations) => status::invalid(&violations),
            Self::UnknownSet { id } => status::unknown_set(&id),
            Self::NoActiveSet { house, scope } => status::no_active_set(&house, &scope),
        }
    }

    /// As an answer in its place among others.
    fn into_answer(self, request: &v1::CalculateRequest) -> v1::CalculateResponse {
        let violations = match self {
            Self::Invalid(violations) => violations,
            Self::UnknownSet { id } => {
                Violations::one("parameter_set.id", format!("no parameter set has the id {id:?}"))
            }
            Self::NoActiveSet { house, scope } => {
                Violations::one("parameter_set.active", status::no_active_set_message(&house, &scope))
            }
        };
        to_proto::invalid(request, &violations)
    }
}

/// Checks a request, finds its set, calculates, and answers.
pub(super) fn answer(
    registry: &Registry,
    request: &v1::CalculateRequest,
) -> Result<v1::CalculateResponse, Fault> {
    let Calculation { selector, request: portfolio } =
        from_proto::calculation(request).map_err(Fault::Invalid)?;
    let snapshot = registry.snapshot();
    let loaded = select(&snapshot, selector)?;
    let start = Instant::now();
    let result = calculate(&loaded.set, &portfolio);
    tracing::debug!(
        account = request.account,
        set = loaded.set.id(),
        positions = portfolio.positions.len(),
        micros = start.elapsed().as_micros(),
        error = result.as_ref().err().map(tracing::field::display),
        "calculated"
    );
    match result {
        Ok(report) => Ok(to_proto::reported(request, report)),
        Err(CalculationError::Unmatched(positions)) => {
            let message = format!("the parameter set cannot margin {} of the positions", positions.len());
            Ok(to_proto::refused(request, Reason::Unmatched, &message, &positions))
        }
        Err(CalculationError::TooLarge(error)) => {
            Ok(to_proto::refused(request, Reason::TooLarge, &error.to_string(), &[]))
        }
        Err(CalculationError::Entries(faults)) => {
            let mut violations = Violations::default();
            for fault in faults {
                violations.add(|| fault.path(), fault.message.clone());
            }
            Err(Fault::Invalid(violations))
        }
        Err(error @ CalculationError::NoConversion { .. }) => Err(faulty_option("currency", &error)),
        Err(error @ CalculationError::AccountType { .. }) => Err(faulty_option("account_type", &error)),
    }
}

/// The fault of one option. The engine's text begins with the field, which a violation names by itself.
fn faulty_option(field: &str, error: &CalculationError) -> Fault {
    let text = error.to_string();
    let description = text.strip_prefix(field).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text);
    Fault::Invalid(Violations::one(format!("options.{field}"), description))
}

/// As [`answer`], with a fault as an answer in its place among others.
pub(super) fn answer_in_place(registry: &Registry, request: &v1::CalculateRequest) -> v1::CalculateResponse {
    answer(registry, request).unwrap_or_else(|fault| fault.into_answer(request))
}

fn select(snapshot: &Snapshot, selector: Selector) -> Result<Arc<LoadedSet>, Fault> {
    match selector {
        Selector::Id(id) => snapshot.get(&id).cloned().ok_or(Fault::UnknownSet { id }),
        Selector::Active { house, scope } => snapshot
            .active(&house, &scope)
            .cloned()
            .ok_or_else(|| Fault::NoActiveSet { house: house.to_string(), scope }),
    }
}
