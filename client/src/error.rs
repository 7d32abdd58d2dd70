//! What can go wrong with a call.

use std::error::Error as StdError;
use std::io;

use thiserror::Error;
use tonic::Code;

use crate::answer::FieldViolation;

/// Why a call has no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// There is no server at the address.
    #[error("could not connect to {url}: {reason}")]
    Connect {
        /// The address.
        url: String,
        /// What the transport says, cause by cause.
        reason: String,
    },
    /// The address is none that this client can call.
    #[error("{url}: {reason}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The server refused or failed the call.
    #[error("{}", status(*.code, message, violations))]
    Status {
        /// The status.
        code: Code,
        /// For a person.
        message: String,
        /// Every faulty field of the request, where the server named them.
        violations: Vec<FieldViolation>,
    },
    /// The server's answer makes no sense.
    #[error(transparent)]
    Malformed(#[from] MalformedAnswer),
    /// What was to be sent could not be read.
    #[error("could not be read: {0}")]
    Source(#[source] io::Error),
}

/// An answer that does not say what it has to.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("malformed answer: {field}: {message}")]
pub struct MalformedAnswer {
    /// The path in the answer.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl MalformedAnswer {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The same, seen from one level further out.
    pub(crate) fn under(self, outer: &str) -> Self {
        Self { field: format!("{outer}.{}", self.field), message: self.message }
    }
}

fn status(code: Code, message: &str, violations: &[FieldViolation]) -> String {
    let mut text = format!("{code:?}: {message}");
    for violation in violations {
        text.push_str("; ");
        text.push_str(&violation.to_string());
    }
    text
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        next = cause.source();
    }
    text
}
