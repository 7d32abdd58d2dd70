//! Answers in the engine's own words, checked field by field.

mod parameters;
mod report;

use std::fmt::Display;

use plimsoll_engine::parameters::{Digest, RoundingProfile};
use plimsoll_engine::types::{Amount, Code, Decimal, Kind};
use plimsoll_proto::v1;
use tonic::{Code as StatusCode, Status};
use tonic_types::StatusExt as _;

use crate::answer::FieldViolation;
use crate::error::{ClientError, MalformedAnswer};

pub(crate) use parameters::{activation, directory_file, loaded, set_detail, set_info};
pub(crate) use report::calculated;

type Checked<T> = Result<T, MalformedAnswer>;

pub(crate) fn status(status: &Status) -> ClientError {
    let details = status.get_error_details();
    // So says the transport on this side when a call's deadline has passed.
    let is_own_deadline = status.code() == StatusCode::Cancelled && status.message() == "Timeout expired";
    let violation = |found: &tonic_types::FieldViolation| FieldViolation {
        field: found.field.clone(),
        description: found.description.clone(),
    };
    ClientError::Status {
        code: if is_own_deadline { StatusCode::DeadlineExceeded } else { status.code() },
        message: status.message().to_owned(),
        violations: details
            .bad_request()
            .map(|bad| bad.field_violations.iter().map(violation).collect())
            .unwrap_or_default(),
    }
}

pub(crate) fn required<T>(field: &str, value: Option<T>) -> Checked<T> {
    value.ok_or_else(|| MalformedAnswer::new(field, "is missing"))
}

fn checked<T, E: Display>(field: &str, result: Result<T, E>) -> Checked<T> {
    result.map_err(|error| MalformedAnswer::new(field, error.to_string()))
}

/// Converts the elements of a list; the place of a malformed one is named.
pub(crate) fn list<T, U>(field: &str, list: Vec<T>, convert: impl Fn(T) -> Checked<U>) -> Checked<Vec<U>> {
    let element = |(index, value)| convert(value).map_err(|error| error.under(&format!("{field}[{index}]")));
    list.into_iter().enumerate().map(element).collect()
}

fn code<K: Kind>(field: &str, text: &str) -> Checked<Code<K>> {
    checked(field, Code::new(text))
}

fn decimal(field: &str, text: &str) -> Checked<Decimal> {
    checked(field, Decimal::parse(text))
}

fn size(field: &str, value: u32) -> Checked<usize> {
    checked(field, usize::try_from(value))
}

fn rounding(field: &str, value: i32) -> Checked<RoundingProfile> {
    match v1::RoundingProfile::try_from(value) {
        Ok(v1::RoundingProfile::Exact) => Ok(RoundingProfile::Exact),
        Ok(v1::RoundingProfile::Takasbank) => Ok(RoundingProfile::Takasbank),
        Ok(v1::RoundingProfile::Cme) => Ok(RoundingProfile::Cme),
        Ok(v1::RoundingProfile::Unspecified) | Err(_) => Err(MalformedAnswer::new(field, "no known profile")),
    }
}

fn digest(field: &str, text: &str) -> Checked<Digest> {
    let malformed = || MalformedAnswer::new(field, "expected 64 hexadecimal digits");
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() {
        return Err(malformed());
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return Err(malformed()) };
        *byte = nibble(*high).ok_or_else(malformed)? << 4 | nibble(*low).ok_or_else(malformed)?;
    }
    Ok(Digest(bytes))
}

fn amount(field: &str, text: &str) -> Checked<Amount> {
    checked(field, text.parse())
}

#[cfg(test)]
mod tests {
    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    #[test]
    fn digests_have_64_hexadecimal_digits() {
        let text = "41f46cbc07acf814f20b6045e5c25fed2c1e3a42257b5bbf4aa8b58761c90ef4";
        assert_eq!(digest("digest", text).unwrap().to_string(), text);
        for wrong in ["", &text[1..], &text.replace('4', "g"), &"\u{e9}".repeat(32)] {
            assert_eq!(digest("digest", wrong).unwrap_err().message, "expected 64 hexadecimal digits");
        }
    }

    #[test]
    fn a_status_keeps_its_field_violations() {
        let details = ErrorDetails::with_bad_request_violation("positions[3].strike", "no digit");
        let error = status(&Status::with_error_details(StatusCode::InvalidArgument, "malformed", details));
        assert_eq!(error.to_string(), "InvalidArgument: malformed; positions[3].strike: no digit");
        let error = status(&Status::cancelled("Timeout expired"));
        assert_eq!(error.to_string(), "DeadlineExceeded: Timeout expired");
        assert_eq!(status(&Status::cancelled("drained")).to_string(), "Cancelled: drained");
    }
}
