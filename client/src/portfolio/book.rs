//! The portfolios of an input that is read whole: what several rows or lines say of one account is added up.

use std::collections::HashMap;

use plimsoll_engine::span::{AwayDelta, Portfolio, Position};

use super::stated::{OptionField, StatedBy};
use super::{AccountPortfolio, BadPortfolio, Faults, StatedOptions};

/// The most rows, and lines with positions, of an input that stands in memory whole.
pub(super) const MOST_ROWS: usize = 2_000_000;

/// The portfolios so far, in the order in which their accounts first appeared.
#[derive(Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
    places: HashMap<String, usize>,
}

/// What is known of an account.
#[derive(Default)]
pub(super) struct Entry {
    account: Option<String>,
    line: u64,
    stated: StatedBy,
    positions: Vec<Position>,
    away: Vec<AwayDelta>,
    pub(super) faults: Faults,
}

impl Entry {
    /// Adds the options of a row or line; those that differ from what stands above, with the line that states them there.
    pub(super) fn state(&mut self, line: u64, options: StatedOptions) -> Vec<(OptionField, String)> {
        self.stated.join(line, options)
    }

    /// Adds positions; whether there is room for them.
    pub(super) fn hold(
        &mut self,
        positions: impl IntoIterator<Item = Position, IntoIter: ExactSizeIterator>,
    ) -> Result<(), String> {
        let positions = positions.into_iter();
        if self.positions.len() + positions.len() > Portfolio::MOST_POSITIONS {
            return Err(format!("at most {} positions are calculated", Portfolio::MOST_POSITIONS));
        }
        self.positions.extend(positions);
        Ok(())
    }

    /// Adds deltas held elsewhere.
    pub(super) fn hold_away(&mut self, away: Vec<AwayDelta>) {
        self.away.extend(away);
    }

    fn finish(self) -> Result<AccountPortfolio, BadPortfolio> {
        match self.account {
            Some(account) if self.faults.is_empty() => {
                let (line, positions, options) = (self.line, self.positions, self.stated.options);
                Ok(AccountPortfolio { account, line, positions, options, away: self.away })
            }
            account => Err(BadPortfolio { account, faults: self.faults }),
        }
    }
}

impl Book {
    /// The entry of an account; a row without one gets its own.
    pub(super) fn entry(&mut self, account: Option<String>, line: u64) -> &mut Entry {
        let next = self.entries.len();
        let place = account.as_ref().map_or(next, |name| *self.places.entry(name.clone()).or_insert(next));
        if place == next {
            self.entries.push(Entry { account, line, ..Entry::default() });
        }
        &mut self.entries[place]
    }

    /// Of an input that was not read to its end any account may have more: none is margined.
    pub(super) fn spoil(&mut self, bad: BadPortfolio) {
        for entry in &mut self.entries {
            entry.faults.append(bad.faults.clone());
        }
        self.entries.push(Entry { account: bad.account, faults: bad.faults, ..Entry::default() });
    }

    /// All portfolios.
    pub(super) fn finish(self) -> Vec<Result<AccountPortfolio, BadPortfolio>> {
        self.entries.into_iter().map(Entry::finish).collect()
    }
}
