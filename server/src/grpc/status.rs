//! Errors as gRPC statuses with `google.rpc` details: the only place where they are made.
//!
//! Statuses travel in headers, for which clients have 16 KiB: everything that comes from a request or a file is cut, and
//! what is left out is counted in the message and in the details.

use std::collections::HashMap;
use std::time::Duration;

use plimsoll_engine::group::StandingError;
use plimsoll_engine::parameters::{Diagnostic, Diagnostics, Severity};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

use super::violations::{Violation, Violations};
use crate::book::{BookFault, PastFault};
use crate::registry::{AccountScope, InsertRefusal};
use crate::workers::WorkLost;

const DOMAIN: &str = "plimsoll";
/// The most bytes of a message.
const MESSAGE_BYTES: usize = 512;
/// The most bytes of a violation's field and of its description.
const FIELD_BYTES: usize = 96;
const DESCRIPTION_BYTES: usize = 256;
/// The most bytes of all violations together; in base64 a third more.
const VIOLATIONS_BYTES: usize = 4096;
/// When a client that was refused for load may try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The beginning of a text, marked where it is cut.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    format!("{}...", &text[..text.floor_char_boundary(bytes.saturating_sub(3))])
}

fn status(
    code: Code,
    reason: &str,
    message: &str,
    mut details: ErrorDetails,
    more: &[(&str, String)],
) -> Status {
    let metadata: HashMap<String, String> =
        more.iter().map(|(key, value)| ((*key).to_owned(), cut(value, DESCRIPTION_BYTES))).collect();
    details.set_error_info(reason, DOMAIN, metadata);
    Status::with_error_details(code, cut(message, MESSAGE_BYTES), details)
}

/// A malformed request with its faulty fields.
pub(super) fn invalid(violations: &Violations) -> Status {
    bad_request("INVALID_REQUEST", &violations.summary(), violations.kept(), violations.total())
}

/// A malformed request with one faulty field.
pub(super) fn invalid_field(field: &str, description: &str) -> Status {
    invalid(&Violations::one(field, description))
}

/// A parameter file that cannot be trusted, with the first findings; errors come before warnings.
pub(super) fn refused_file(diagnostics: &Diagnostics) -> Status {
    let findings = diagnostics.as_slice();
    let of = |severity| findings.iter().filter(move |finding| finding.severity == severity);
    let violation = |finding: &Diagnostic| Violation {
        field: format!("line {}, {}", finding.line, finding.element),
        description: finding.message.clone(),
    };
    let kept: Vec<Violation> =
        of(Severity::Error).chain(of(Severity::Warning)).take(Violations::MOST).map(violation).collect();
    let total = findings.len() + diagnostics.dropped();
    let first =
        kept.first().map(|first| format!("{}: {}", first.field, first.description)).unwrap_or_default();
    bad_request("PARAMETER_FILE_REFUSED", &format!("the file is refused: {first}"), &kept, total)
}

fn bad_request(reason: &str, message: &str, violations: &[Violation], total: usize) -> Status {
    let mut room = VIOLATIONS_BYTES;
    let mut sent = Vec::new();
    for violation in violations {
        let field = cut(&violation.field, FIELD_BYTES);
        let description = cut(&violation.description, DESCRIPTION_BYTES);
        match room.checked_sub(field.len() + description.len()) {
            Some(left) => room = left,
            None => break,
        }
        sent.push(FieldViolation::new(field, description));
    }
    let left_out = total.saturating_sub(sent.len());
    let more = [("violations", total.to_string()), ("left_out", left_out.to_string())];
    status(Code::InvalidArgument, reason, message, ErrorDetails::with_bad_request(sent), &more)
}

/// What the transport says of a request: bytes that are no message of the call's type are the caller's fault, not the server's.
pub(super) fn of_transport(status: Status) -> Status {
    // Everything that is INTERNAL for a fault of the server says so in its details.
    if status.code() != Code::Internal || !status.details().is_empty() {
        return status;
    }
    let details = ErrorDetails::new();
    self::status(Code::InvalidArgument, "UNDECODABLE_REQUEST", status.message(), details, &[])
}

/// No set has this id.
pub(super) fn unknown_set(id: &str) -> Status {
    let id = cut(id, FIELD_BYTES);
    let message = format!("no parameter set has the id {id:?}");
    let details = ErrorDetails::with_resource_info("plimsoll.v1.ParameterSet", id, "", "not loaded");
    status(Code::NotFound, "UNKNOWN_PARAMETER_SET", &message, details, &[])
}

/// No set is active for this house and scope.
pub(super) fn no_active_set(house: &str, scope: &AccountScope) -> Status {
    let message = no_active_set_message(house, scope);
    let details =
        ErrorDetails::with_precondition_failure_violation("ACTIVE_PARAMETER_SET", house, message.clone());
    let more = [("house", house.to_owned()), ("account_scope", scope.as_str().to_owned())];
    status(Code::FailedPrecondition, "NO_ACTIVE_PARAMETER_SET", &message, details, &more)
}

/// What is said when no set is active, in a status and in the place of one.
pub(super) fn no_active_set_message(house: &str, scope: &AccountScope) -> String {
    match scope.as_str() {
        "" => format!("no parameter set is active for house {house:?}"),
        scope => format!("no parameter set is active for house {house:?} and account scope {scope:?}"),
    }
}

/// A set that the registry does not take.
pub(super) fn not_taken(refusal: &InsertRefusal) -> Status {
    let message = refusal.to_string();
    let exists = |id: &str| ErrorDetails::with_resource_info("plimsoll.v1.ParameterSet", id, "", &message);
    match refusal {
        InsertRefusal::OtherRounding { id, .. } => {
            status(Code::AlreadyExists, "LOADED_WITH_OTHER_ROUNDING", &message, exists(id), &[])
        }
        InsertRefusal::OtherFile { id } => {
            status(Code::AlreadyExists, "ID_TAKEN_BY_OTHER_FILE", &message, exists(id), &[])
        }
        InsertRefusal::Full { .. } => exhausted("TOO_MANY_PARAMETER_SETS", "parameter sets", &message),
    }
}

/// What the book does not have, or has already.
pub(super) fn of_book(fault: &BookFault) -> Status {
    let message = fault.to_string();
    let details = |name: &str| ErrorDetails::with_resource_info("plimsoll.v1.Group", name, "", &message);
    match fault {
        BookFault::UnknownGroup { group, .. } => {
            status(Code::NotFound, "UNKNOWN_GROUP", &message, details(group.as_str()), &[])
        }
        BookFault::GroupClosed { group, .. } => {
            status(Code::NotFound, "GROUP_CLOSED", &message, details(group.as_str()), &[])
        }
        BookFault::GroupExists { group, .. } => {
            status(Code::AlreadyExists, "GROUP_EXISTS", &message, details(group.as_str()), &[])
        }
        BookFault::OtherRun { run, .. } => {
            status(Code::AlreadyExists, "OTHER_SETTLEMENT_RUN", &message, details(run.as_str()), &[])
        }
        BookFault::UnknownHouse(house) => {
            let subject = house.as_str();
            let details = ErrorDetails::with_precondition_failure_violation(
                "ACTIVE_PARAMETER_SET",
                subject,
                message.clone(),
            );
            let more = [("house", subject.to_owned())];
            status(Code::FailedPrecondition, "NO_ACTIVE_PARAMETER_SET", &message, details, &more)
        }
        BookFault::LostSet { house, id, .. } => {
            let kind = "ACTIVE_PARAMETER_SET";
            let details =
                ErrorDetails::with_precondition_failure_violation(kind, house.as_str(), message.clone());
            let more = [("house", house.as_str().to_owned()), ("lost", id.clone())];
            status(Code::FailedPrecondition, "NO_ACTIVE_PARAMETER_SET", &message, details, &more)
        }
        BookFault::InUse(uses) => {
            let violations =
                uses.iter().map(|own| PreconditionViolation::new("IN_USE", own, "would be dropped"));
            let details = ErrorDetails::with_precondition_failure(violations.collect::<Vec<_>>());
            status(Code::FailedPrecondition, "IN_USE", &message, details, &[])
        }
        BookFault::TooManyHouses => exhausted("TOO_MANY_HOUSES", "houses", &message),
        BookFault::TooManyContracts => exhausted("TOO_MANY_CONTRACTS", "contracts", &message),
        BookFault::Method { house, method, .. } => {
            let details =
                ErrorDetails::with_precondition_failure_violation("METHOD", method.as_str(), message.clone());
            let more = [("house", house.as_str().to_owned()), ("method", method.as_str().to_owned())];
            status(Code::FailedPrecondition, "METHOD_NOT_FOR_BOOKS", &message, details, &more)
        }
        BookFault::JournalFull => exhausted("JOURNAL_FULL", "records that wait", &message),
        BookFault::TooManyGroups => exhausted("TOO_MANY_GROUPS", "margin groups", &message),
        // What waits has been done on a worker before anybody is told.
        BookFault::Waits => overloaded(),
        BookFault::GroupBusy => busy("GROUP_BUSY", &message),
        BookFault::Late => deadline_exceeded(),
    }
}

/// Why the past is not told.
pub(super) fn of_past(fault: &PastFault) -> Status {
    let message = fault.to_string();
    let precondition =
        |kind: &str| ErrorDetails::with_precondition_failure_violation(kind, "journal", message.clone());
    match fault {
        PastFault::OutOfRange { oldest, newest, .. } => {
            let more = [("oldest", oldest.to_string()), ("newest", newest.to_string())];
            status(Code::OutOfRange, "SEQUENCE_NOT_KEPT", &message, ErrorDetails::new(), &more)
        }
        PastFault::NotKept => {
            status(Code::FailedPrecondition, "NO_JOURNAL", &message, precondition("DATA_DIRECTORY"), &[])
        }
        PastFault::NoSet(_) => {
            status(Code::FailedPrecondition, "SET_NOT_KEPT", &message, precondition("PARAMETER_SET"), &[])
        }
        PastFault::NotOpen(_) => status(Code::NotFound, "UNKNOWN_GROUP", &message, ErrorDetails::new(), &[]),
        PastFault::Journal(_) | PastFault::Unreadable(_) => {
            tracing::error!(%message, "the past cannot be read");
            status(Code::Internal, "JOURNAL_DAMAGED", &message, ErrorDetails::new(), &[])
        }
    }
}

/// Whether the call was written down is known when the server has been started again.
pub(super) fn journal_stopped(stopped: plimsoll_journal::Stopped) -> Status {
    status(Code::Unavailable, "JOURNAL_STOPPED", &stopped.to_string(), ErrorDetails::new(), &[])
}

/// A group whose numbers cannot be formed with the house's data.
pub(super) fn no_standing(error: &StandingError) -> Status {
    let message = error.to_string();
    let details = ErrorDetails::with_precondition_failure_violation("STANDING", "group", message.clone());
    status(Code::FailedPrecondition, "NO_STANDING", &message, details, &[])
}

/// Sets are active for as many scopes as are kept.
pub(super) fn too_many_scopes(message: &str) -> Status {
    exhausted("TOO_MANY_ACCOUNT_SCOPES", "account scopes", message)
}

/// A file beyond the limit.
pub(super) fn file_too_large(max_bytes: u64) -> Status {
    let message = format!("the file is larger than {max_bytes} bytes, which is all that the server takes");
    exhausted("PARAMETER_FILE_TOO_LARGE", "bytes of a parameter file", &message)
}

/// An answer beyond the limit.
pub(super) fn answer_too_large(max_bytes: usize) -> Status {
    let message = format!(
        "the answers need more than {max_bytes} bytes: send fewer portfolios in a batch, or use CalculateStream"
    );
    exhausted("ANSWER_TOO_LARGE", "bytes of an answer", &message)
}

fn exhausted(reason: &str, subject: &str, message: &str) -> Status {
    let details = ErrorDetails::with_quota_failure_violation(subject, message);
    status(Code::ResourceExhausted, reason, message, details, &[])
}

/// A request beyond the limit.
pub(super) fn request_too_large(max_bytes: usize) -> Status {
    let message = format!("the request is larger than {max_bytes} bytes");
    exhausted("REQUEST_TOO_LARGE", "bytes of a request", &message)
}

/// More calls than the server has room for.
pub(super) fn overloaded() -> Status {
    busy("OVERLOADED", "the server has as many calls in progress as it takes")
}

fn busy(reason: &str, message: &str) -> Status {
    let details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    status(Code::ResourceExhausted, reason, message, details, &[])
}

/// A calculation that has no result.
pub(super) fn no_calculation(lost: WorkLost) -> Status {
    match lost {
        WorkLost::Busy => overloaded(),
        WorkLost::Panicked => internal(),
    }
}

/// A file that was not read.
pub(super) fn no_reading(lost: WorkLost) -> Status {
    match lost {
        WorkLost::Busy => {
            busy("TOO_MANY_UPLOADS", "the server reads as many parameter files as it takes at a time")
        }
        WorkLost::Panicked => internal(),
    }
}

pub(super) fn internal() -> Status {
    let message = "the call failed for a fault of the server, which has been logged";
    status(Code::Internal, "INTERNAL", message, ErrorDetails::new(), &[])
}

/// The caller's own time, or the server's for unary calls, is over.
pub(super) fn deadline_exceeded() -> Status {
    status(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", "the call took too long", ErrorDetails::new(), &[])
}

/// A streaming client that sent nothing for too long.
pub(super) fn idle(limit: Duration) -> Status {
    let message = format!("nothing came for {} ms", limit.as_millis());
    status(Code::DeadlineExceeded, "IDLE", &message, ErrorDetails::new(), &[])
}

/// An upload that did not end.
pub(super) fn upload_too_slow(limit: Duration) -> Status {
    let message = format!("the upload took longer than {} ms", limit.as_millis());
    status(Code::DeadlineExceeded, "UPLOAD_TOO_SLOW", &message, ErrorDetails::new(), &[])
}

/// The client stopped sending before it had said that it was done.
pub(super) fn interrupted() -> Status {
    status(Code::Aborted, "UPLOAD_INTERRUPTED", "the upload was given up", ErrorDetails::new(), &[])
}

/// The server has no directory.
pub(super) fn no_directory() -> Status {
    let message = "the server is not configured with a parameter directory";
    let subject = "--parameter-directory";
    let details = ErrorDetails::with_precondition_failure_violation("PARAMETER_DIRECTORY", subject, message);
    status(Code::FailedPrecondition, "NO_PARAMETER_DIRECTORY", message, details, &[])
}

/// The directory has no such file.
pub(super) fn unknown_file(name: &str) -> Status {
    let message = format!("the parameter directory holds no file {name:?}");
    let details =
        ErrorDetails::with_resource_info("file", cut(name, FIELD_BYTES), "", "not in the directory");
    status(Code::NotFound, "UNKNOWN_FILE", &message, details, &[])
}

/// The directory cannot be listed now.
pub(super) fn directory_unreadable(error: &std::io::Error) -> Status {
    tracing::error!(%error, "the parameter directory cannot be listed");
    let message = "the parameter directory cannot be listed";
    status(Code::Unavailable, "DIRECTORY_UNREADABLE", message, ErrorDetails::new(), &[])
}

/// A path that leads to no service.
pub(super) fn unknown_service() -> Status {
    status(Code::Unimplemented, "UNKNOWN_SERVICE", "the server has no such service", ErrorDetails::new(), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_fits_into_headers_whatever_a_request_holds() {
        let mut violations = Violations::default();
        for index in 0..100_000 {
            violations
                .add(|| format!("positions[{index}].{}", "\u{1F980}".repeat(100)), "\u{1F980}".repeat(1000));
        }
        let status = invalid(&violations);
        let headers = status.clone().into_http::<()>();
        let size: usize =
            headers.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size < 12 * 1024, "{size} bytes of headers");
        let details = status.get_error_details();
        let sent = details.bad_request().unwrap().field_violations.len();
        assert!(sent > 10);
        let info = details.error_info().unwrap();
        assert_eq!((info.domain.as_str(), info.metadata["violations"].as_str()), (DOMAIN, "100000"));
        assert_eq!(info.metadata["left_out"], (100_000 - sent).to_string());
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcdefg", 6), "abc...");
        assert_eq!(cut("\u{1F980}\u{1F980}", 7), "\u{1F980}...");
    }
}
