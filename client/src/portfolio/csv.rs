//! Portfolios as CSV: a header, then one position a row.
//!
//! Columns, in any order: `account`, `product`, `type`, `period`, `quantity`; where needed also `right`, `strike`,
//! `exchange`, `underlying_period`, and options that an account states (`account_type`, `margining`, `currency`, `rounding`,
//! `allow_unmatched`), which its rows may leave empty but not state otherwise. Blanks around a field are dropped. The rows of one account form one
//! portfolio; a faulty row makes the whole portfolio a bad one, and a source that fails makes all of them bad. An account
//! that holds nothing cannot be written. Blank rows are passed over.

use std::collections::HashMap;
use std::io::{BufRead, Read};

use csv::ByteRecord;
use plimsoll_engine::span::{Portfolio, Position};

use super::position::{Field, PositionText};
use super::stated::OptionField;
use super::{AccountPortfolio, BadPortfolio, Faults, StatedOptions};
use crate::rows::Rows;

/// The most rows of an input, which stands in memory whole.
const MOST_ROWS: usize = 2_000_000;

/// Reads all portfolios. A header or a source that cannot be read is a bad portfolio without an account.
pub(super) fn portfolios(source: impl BufRead) -> Vec<Result<AccountPortfolio, BadPortfolio>> {
    portfolios_within(MOST_ROWS, source)
}

fn portfolios_within(most_rows: usize, source: impl BufRead) -> Vec<Result<AccountPortfolio, BadPortfolio>> {
    let mut reader = Rows::new(source);
    let mut book = Book::default();
    if let Err(bad) = rows(&mut reader, most_rows, &mut book) {
        // Any account may have rows in the part that was not read.
        for entry in &mut book.entries {
            entry.faults.append(bad.faults.clone());
        }
        book.entries.push(Entry { account: bad.account, faults: bad.faults, ..Entry::default() });
    }
    book.entries.into_iter().map(Entry::finish).collect()
}

fn rows<R: Read>(reader: &mut Rows<R>, most_rows: usize, book: &mut Book) -> Result<(), BadPortfolio> {
    let mut record = ByteRecord::new();
    if next(reader, &mut record)?.is_none() {
        return Err(BadPortfolio::new(None, 1, "the header is missing"));
    }
    let columns = columns(&record)?;
    let mut count = 0_usize;
    while let Some(line) = next(reader, &mut record)? {
        count += 1;
        if count > most_rows {
            let message = format!("at most {most_rows} rows are read: write JSON lines for more");
            return Err(BadPortfolio::new(None, line, message));
        }
        if record.iter().all(<[u8]>::is_empty) && record.len() == 1 {
            continue;
        }
        book.row(line, &columns, &record);
    }
    Ok(())
}

fn next<R: Read>(rows: &mut Rows<R>, record: &mut ByteRecord) -> Result<Option<u64>, BadPortfolio> {
    rows.next(record).map_err(|fault| BadPortfolio::new(None, fault.line, fault.message))
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Column {
    Account,
    Option(OptionField),
    Position(Field),
}

impl Column {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "account" => Some(Self::Account),
            name => {
                let option = || OptionField::from_name(name).map(Self::Option);
                Field::from_name(name).map(Self::Position).or_else(option)
            }
        }
    }

    const REQUIRED: [(Self, &'static str); 5] = [
        (Self::Account, "account"),
        (Self::Position(Field::Product), "product"),
        (Self::Position(Field::Type), "type"),
        (Self::Position(Field::Period), "period"),
        (Self::Position(Field::Quantity), "quantity"),
    ];
}

fn columns(header: &ByteRecord) -> Result<Vec<Column>, BadPortfolio> {
    let mut columns = Vec::with_capacity(header.len());
    let mut faults = Faults::default();
    for name in header {
        let name = String::from_utf8_lossy(name);
        match Column::from_name(&name) {
            Some(column) if columns.contains(&column) => faults.push(1, name, "a second column of this name"),
            Some(column) => columns.push(column),
            None => {
                faults.push(1, "", format!("unknown column {:?}", name.chars().take(40).collect::<String>()))
            }
        }
    }
    for (column, name) in Column::REQUIRED {
        if !columns.contains(&column) {
            faults.push(1, name, "the column is missing");
        }
    }
    if faults.is_empty() { Ok(columns) } else { Err(BadPortfolio { account: None, faults }) }
}

/// The portfolios so far, in the order in which their accounts first appeared.
#[derive(Default)]
struct Book {
    entries: Vec<Entry>,
    places: HashMap<String, usize>,
}

#[derive(Default)]
struct Entry {
    account: Option<String>,
    options: StatedOptions,
    positions: Vec<Position>,
    faults: Faults,
}

impl Entry {
    fn finish(self) -> Result<AccountPortfolio, BadPortfolio> {
        match self.account {
            Some(account) if self.faults.is_empty() => {
                let (positions, options) = (self.positions, self.options);
                Ok(AccountPortfolio { account, positions, options, away: Vec::new() })
            }
            account => Err(BadPortfolio { account, faults: self.faults }),
        }
    }
}

impl Book {
    fn row(&mut self, line: u64, columns: &[Column], record: &ByteRecord) {
        let mut row = Row::read(line, columns, record);
        let entry = self.entry(row.account);
        if entry.positions.len() == Portfolio::MOST_POSITIONS {
            let message = format!("at most {} positions are calculated", Portfolio::MOST_POSITIONS);
            row.faults.push(line, "", message);
        }
        for (field, message) in entry.options.join(row.options) {
            row.faults.push(line, field.name(), message);
        }
        match row.position.check() {
            Ok(position) if row.faults.is_empty() => entry.positions.push(position),
            Ok(_) => {}
            Err(faults) => {
                faults.into_iter().for_each(|fault| row.faults.push(line, fault.field, fault.message))
            }
        }
        entry.faults.append(row.faults);
    }

    /// The entry of an account; a row without one gets its own.
    fn entry(&mut self, account: Option<String>) -> &mut Entry {
        let next = self.entries.len();
        let place = account.as_ref().map_or(next, |name| *self.places.entry(name.clone()).or_insert(next));
        if place == next {
            self.entries.push(Entry { account, ..Entry::default() });
        }
        &mut self.entries[place]
    }
}

/// One row before its check.
#[derive(Default)]
struct Row {
    account: Option<String>,
    options: StatedOptions,
    position: PositionText,
    faults: Faults,
}

impl Row {
    fn read(line: u64, columns: &[Column], record: &ByteRecord) -> Self {
        let mut row = Self::default();
        if record.len() != columns.len() {
            let message = format!("{} fields, the header has {}", record.len(), columns.len());
            row.faults.push(line, "", message);
        }
        for (&column, field) in columns.iter().zip(record) {
            let Ok(text) = std::str::from_utf8(field) else {
                match column {
                    Column::Position(field) => row.position.fault(field, "not UTF-8"),
                    Column::Account => row.faults.push(line, "account", "not UTF-8"),
                    Column::Option(field) => row.faults.push(line, field.name(), "not UTF-8"),
                }
                continue;
            };
            row.field(line, column, text);
        }
        row
    }

    fn field(&mut self, line: u64, column: Column, text: &str) {
        match column {
            Column::Account => match super::account(text) {
                Ok(name) => self.account = Some(name),
                Err(message) => self.faults.push(line, "account", message),
            },
            Column::Option(field) => {
                if let Err(message) = self.options.take(field, text) {
                    self.faults.push(line, field.name(), message);
                }
            }
            Column::Position(field) => match self.position.text(field) {
                Some(kept) => text.clone_into(kept),
                None if text.is_empty() => {}
                None => match text.parse() {
                    Ok(quantity) => self.position.quantity = Some(quantity),
                    Err(_) => self.position.fault(field, "expected a whole number of lots"),
                },
            },
        }
    }
}

#[cfg(test)]
#[path = "csv/tests.rs"]
mod tests;
