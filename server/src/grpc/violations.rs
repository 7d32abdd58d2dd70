//! What is wrong with the fields of one request: all of it is counted, as much as a person reads is kept.

/// One fault of one field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Violation {
    /// The path from the request (`positions[3].strike`).
    pub(super) field: String,
    /// What is wrong, for the caller.
    pub(super) description: String,
}

/// The faults of a request, in the order of its fields.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Violations {
    kept: Vec<Violation>,
    total: usize,
}

impl Violations {
    /// The most that are kept; more are counted.
    pub(super) const MOST: usize = 100;

    /// A request with one fault.
    pub(super) fn one(field: impl Into<String>, description: impl Into<String>) -> Self {
        let mut violations = Self::default();
        violations.add(|| field.into(), description);
        violations
    }

    /// Counts a fault and keeps it if there is room.
    pub(super) fn add(&mut self, field: impl FnOnce() -> String, description: impl Into<String>) {
        self.total += 1;
        if self.kept.len() < Self::MOST {
            self.kept.push(Violation { field: field(), description: description.into() });
        }
    }

    /// Keeps the value of a field, or counts its fault.
    pub(super) fn keep<T, E: std::fmt::Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(|| field.to_owned(), error.to_string())).ok()
    }

    /// The faults that were kept.
    pub(super) fn kept(&self) -> &[Violation] {
        &self.kept
    }

    /// How many there are.
    pub(super) const fn total(&self) -> usize {
        self.total
    }

    /// Whether the request is faultless.
    pub(super) const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The first fault and how many more there are, for a person.
    pub(super) fn summary(&self) -> String {
        match (self.kept.first(), self.total.saturating_sub(1)) {
            (Some(first), 0) => format!("{}: {}", first.field, first.description),
            (Some(first), 1) => format!("{}: {}; and 1 more fault", first.field, first.description),
            (Some(first), more) => format!("{}: {}; and {more} more faults", first.field, first.description),
            (None, _) => String::new(),
        }
    }
}
