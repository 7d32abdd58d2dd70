//! What a reader has to say about a file.

use std::fmt;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The file is used; somebody should know.
    Warning,
    /// The file cannot be trusted and is refused.
    Error,
}

/// One finding about a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// Whether the file is refused for it.
    pub severity: Severity,
    /// The line, from 1.
    pub line: u64,
    /// The element or record (`ccDef/dSpread`).
    pub element: String,
    /// What is wrong, for a person.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}: line {}: {}: {}", self.line, self.element, self.message)
    }
}

/// All findings about a file, in the order in which they were made; at most [`Diagnostics::MOST`] are kept.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    errors: usize,
    dropped: usize,
}

impl Diagnostics {
    /// The most findings that are kept; more are counted.
    pub const MOST: usize = 1_000;

    pub(crate) fn error(&mut self, line: u64, element: &str, message: impl Into<String>) {
        if self.errors == 0 && self.kept.len() == Self::MOST {
            // Whoever sends a file is told why it is refused, even after too many warnings.
            self.kept.pop();
            self.dropped += 1;
        }
        self.errors += 1;
        self.push(Severity::Error, line, element, message.into());
    }

    /// An error that ends the reading: kept even when there are too many others, as it says why nothing follows.
    pub(crate) fn last_error(&mut self, line: u64, element: &str, message: impl Into<String>) {
        self.kept.truncate(Self::MOST - 1);
        self.error(line, element, message);
    }

    pub(crate) fn warning(&mut self, line: u64, element: &str, message: impl Into<String>) {
        self.push(Severity::Warning, line, element, message.into());
    }

    fn push(&mut self, severity: Severity, line: u64, element: &str, message: String) {
        if self.kept.len() < Self::MOST {
            self.kept.push(Diagnostic { severity, line, element: element.to_owned(), message });
        } else {
            self.dropped += 1;
        }
    }

    pub(crate) const fn add_dropped(&mut self, dropped: usize) {
        self.dropped += dropped;
    }

    /// The findings kept.
    #[must_use]
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.kept
    }

    /// Whether the file is refused.
    #[must_use]
    pub const fn refuses(&self) -> bool {
        self.errors > 0
    }

    /// How many findings were not kept.
    #[must_use]
    pub const fn dropped(&self) -> usize {
        self.dropped
    }
}
