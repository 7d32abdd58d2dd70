//! The reader's way through a file, line by line.

use std::io::BufRead;

use super::arrays::Halves;
use super::assembly;
use super::commodities::Commodities;
use super::notes::{Notes, combination_method_of};
use super::products::{self, CombinationPart, Product, Terms};
use super::record::Record;
use super::source::{LINE_LIMIT, Line, Source};
use super::{columns, header, spreads};
use crate::parameters::definition::{CombinationMethod, Definition};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::reading::{ReadError, Reading};
use crate::types::ProductCode;

/// The most records of a file: an array has two, and a large exchange lists 600,000 contracts.
const RECORDS_LIMIT: u64 = 6_000_000;

/// What the records say, before it is linked.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) definition: Definition,
    pub(super) products: Vec<Product>,
    pub(super) terms: Vec<Terms>,
    pub(super) halves: Halves,
    pub(super) commodities: Commodities,
    pub(super) parts: Vec<CombinationPart>,
    pub(super) methods: Vec<(ProductCode, CombinationMethod)>,
    notes: Notes,
}

/// Reads a risk-parameter file in fixed columns (`.pa2`, expanded and unpacked), in one pass over the bytes.
///
/// # Errors
/// [`ReadError::Io`] when the source fails, [`ReadError::Refused`] with all findings when the file cannot be trusted.
pub fn read(source: impl BufRead) -> Result<Reading, ReadError> {
    let mut source = Source::new(source);
    let mut diagnostics = Diagnostics::default();
    let mut collected = Collected::default();
    let mut has_header = false;
    loop {
        match source.advance()? {
            Line::End => break,
            Line::Here => {}
            Line::TooLong => {
                let message = format!("a line is longer than {LINE_LIMIT} bytes: the rest is not read");
                diagnostics.last_error(source.line(), "line", message);
                return Err(ReadError::Refused(diagnostics));
            }
        }
        if source.line() > RECORDS_LIMIT {
            diagnostics.last_error(source.line(), "line", format!("more than {RECORDS_LIMIT} records"));
            return Err(ReadError::Refused(diagnostics));
        }
        if source.bytes().is_empty() {
            continue;
        }
        let record = Record::new(source.line(), source.bytes());
        let is_header = record.is_some_and(|record| record.id == "0");
        // What is no header at the start is no such file, and behind a header of another layout nothing can be read.
        let goes_on = match record {
            Some(record) if has_header || is_header => {
                let twice = has_header && is_header;
                has_header = true;
                collected.read(&record, twice, &mut diagnostics)
            }
            None if has_header => {
                diagnostics.error(source.line(), "line", "the record id is not printable ASCII");
                true
            }
            _ => {
                let message = "a positional SPAN file starts with its header, record 0";
                diagnostics.last_error(source.line(), "0", message);
                false
            }
        };
        if !goes_on {
            return Err(ReadError::Refused(diagnostics));
        }
    }
    if !has_header {
        diagnostics.error(source.line(), "0", "the file holds no header");
    }
    collected.notes.report(&mut diagnostics);
    let definition = assembly::link(collected, &mut diagnostics);
    if diagnostics.refuses() {
        return Err(ReadError::Refused(diagnostics));
    }
    Ok(Reading { definition, digest: source.into_digest(), diagnostics })
}

impl Collected {
    /// Reads one record; `false` where nothing behind it can be read.
    fn read(&mut self, record: &Record<'_>, is_second_header: bool, diagnostics: &mut Diagnostics) -> bool {
        match record.id {
            "0" if is_second_header => record.fault("a second header: one file is to hold one", diagnostics),
            "0" => return header::header(record, &mut self.definition, diagnostics),
            "T" => header::conversion(record, &mut self.definition, diagnostics),
            "2" | "S" | "3" | "4" | "C" | "E" => self.commodities.read(record, diagnostics),
            "6" => {
                self.notes.group(&record.text(columns::spread::GROUP), record.line);
                spreads::spread(record, &mut self.definition, diagnostics);
            }
            "P" => self.products.extend(products::product(record, diagnostics)),
            "B" => self.terms.extend(products::terms(record, diagnostics)),
            "81" | "83" => self.halves.first(record, diagnostics),
            "82" | "84" => self.halves.second(record, diagnostics),
            "X" => {
                let stated = combination_method_of(record, diagnostics);
                let is_other = |(known, own): &(ProductCode, CombinationMethod)| {
                    stated.as_ref().is_some_and(|(product, method)| known == product && own != method)
                };
                if self.methods.iter().any(is_other) {
                    record.fault("another method than an earlier record of the product states", diagnostics);
                }
                self.methods.extend(stated);
            }
            "Z" => self.parts.extend(products::combination_part(record, diagnostics)),
            _ => self.notes.read(record, diagnostics),
        }
        true
    }
}
