//! What is wrong with a portfolio of the input.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The line of the input, from 1.
    pub line: u64,
    /// The place in the line (`positions[3].strike`, or a column's name); empty for the line itself.
    pub place: String,
    /// What is wrong, for a person.
    pub message: String,
}

/// All that is wrong with one portfolio, in the order of the input; at most [`Faults::MOST`] are kept, more are counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Faults {
    kept: Vec<Fault>,
    dropped: usize,
}

impl Faults {
    /// The most faults that are kept.
    pub const MOST: usize = 1_000;

    /// The faults kept.
    #[must_use]
    pub fn as_slice(&self) -> &[Fault] {
        &self.kept
    }

    /// How many faults were not kept.
    #[must_use]
    pub const fn dropped(&self) -> usize {
        self.dropped
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn push(&mut self, line: u64, place: impl Into<String>, message: impl Into<String>) {
        if self.kept.len() < Self::MOST {
            self.kept.push(Fault { line, place: place.into(), message: message.into() });
        } else {
            self.dropped += 1;
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.dropped += other.dropped;
        for fault in other.kept {
            self.push(fault.line, fault.place, fault.message);
        }
    }
}

/// A portfolio that could not be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadPortfolio {
    /// Its account, if that much could be read.
    pub account: Option<String>,
    /// All that is wrong with it.
    pub faults: Faults,
}

impl BadPortfolio {
    /// A portfolio with one fault.
    pub(super) fn new(account: Option<String>, line: u64, message: impl Into<String>) -> Self {
        let mut faults = Faults::default();
        faults.push(line, "", message);
        Self { account, faults }
    }
}

impl fmt::Display for BadPortfolio {
    /// Every fault in one line; the input's line is named where it changes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = None;
        for (index, fault) in self.faults.kept.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            if line != Some(fault.line) {
                write!(f, "line {}: ", fault.line)?;
                line = Some(fault.line);
            }
            if !fault.place.is_empty() {
                write!(f, "{}: ", fault.place)?;
            }
            f.write_str(&fault.message)?;
        }
        if self.faults.dropped > 0 { write!(f, "; and {} more", self.faults.dropped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_named_where_they_change() {
        let mut faults = Faults::default();
        faults.push(2, "strike", "no digit");
        faults.push(2, "period", "is missing");
        faults.push(5, "", "two fields are missing");
        let bad = BadPortfolio { account: None, faults };
        assert_eq!(
            bad.to_string(),
            "line 2: strike: no digit; period: is missing; line 5: two fields are missing"
        );
    }

    #[test]
    fn faults_beyond_the_most_are_counted() {
        let mut faults = Faults::default();
        (0..Faults::MOST + 2).for_each(|_| faults.push(1, "", "x"));
        let mut twice = faults.clone();
        twice.append(faults);
        assert_eq!((twice.as_slice().len(), twice.dropped()), (Faults::MOST, Faults::MOST + 4));
        let bad = BadPortfolio { account: None, faults: twice };
        assert!(bad.to_string().ends_with("; x; and 1004 more"));
    }
}
