//! Which revision of a house's parameters a set is.

use std::fmt;

use crate::types::BusinessDate;

/// The SHA-256 of a file's bytes; prints as 64 hexadecimal digits.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The stage of a business day that a file belongs to, in the order in which they are published.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// An intraday run.
    Intraday,
    /// Early settlement.
    EarlySettlement,
    /// Final settlement, or a settlement without a qualifier.
    FinalSettlement,
    /// Complete settlement.
    CompleteSettlement,
}

impl Stage {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intraday => "intraday",
            Self::EarlySettlement => "early",
            Self::FinalSettlement => "final",
            Self::CompleteSettlement => "complete",
        }
    }
}

/// The revision of a set: sets of one house and scope are ordered by business date, stage, run and creation time.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Vintage {
    /// The day whose positions it margins.
    pub business_date: BusinessDate,
    /// The stage of that day.
    pub stage: Stage,
    /// The number of the run within the stage, 0 where the file gives none.
    pub run: u32,
    /// Creation time as the file writes it (`201605171830`): effective from then.
    pub created: String,
}

impl fmt::Display for Vintage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.business_date, self.stage.name())?;
        if self.run > 0 {
            write!(f, " run {}", self.run)?;
        }
        if self.created.is_empty() { Ok(()) } else { write!(f, " created {}", self.created) }
    }
}
