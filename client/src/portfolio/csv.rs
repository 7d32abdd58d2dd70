//! Portfolios as CSV: a header, then one position a row.
//!
//! Columns, in any order: `account`, `product`, `type`, `period`, `quantity`; where needed also `right`, `strike`,
//! `exchange`, `underlying_period`, and options that an account states (`account_type`, `margining`, `currency`, `rounding`,
//! `allow_unmatched`), which its rows may leave empty but not state otherwise. Blanks around a field are dropped. The rows of one account form one
//! portfolio; a faulty row makes the whole portfolio a bad one, and a source that fails makes all of them bad. An account
//! that holds nothing cannot be written. Blank rows are passed over.

use std::io::{BufRead, Read};

use csv::ByteRecord;

use super::book::{Book, MOST_ROWS};
use super::position::{Field, PositionText};
use super::stated::OptionField;
use super::{AccountPortfolio, BadPortfolio, Faults, StatedOptions};
use crate::rows::Rows;

/// Reads all portfolios. A header or a source that cannot be read is a bad portfolio without an account.
pub(super) fn portfolios(source: impl BufRead) -> Vec<Result<AccountPortfolio, BadPortfolio>> {
    portfolios_within(MOST_ROWS, source)
}

fn portfolios_within(most_rows: usize, source: impl BufRead) -> Vec<Result<AccountPortfolio, BadPortfolio>> {
    let mut reader = Rows::new(source);
    let mut book = Book::default();
    if let Err(bad) = rows(&mut reader, most_rows, &mut book) {
        book.spoil(bad);
    }
    book.finish()
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
        add(book, line, &columns, &record);
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

fn add(book: &mut Book, line: u64, columns: &[Column], record: &ByteRecord) {
    let mut row = Row::read(line, columns, record);
    let entry = book.entry(row.account, line);
    for (field, message) in entry.state(line, row.options) {
        row.faults.push(line, field.name(), message);
    }
    match row.position.check() {
        Ok(position) if row.faults.is_empty() => {
            if let Err(message) = entry.hold([position]) {
                row.faults.push(line, "", message);
            }
        }
        Ok(_) => {}
        Err(faults) => {
            faults.into_iter().for_each(|fault| row.faults.push(line, fault.field, fault.message));
        }
    }
    entry.faults.append(row.faults);
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
