//! One line: `{"account", "positions": [{...}], "account_type"?, "margining"?, "currency"?, "rounding"?, "allow_unmatched"?, "away"?}`.
//! Keys that begin with `x_` are the caller's own, and so are `kind` and `expected`, with which files of expected results say what a line
//! is; other keys are faults.

use std::collections::BTreeSet;

use plimsoll_engine::span::{AwayDelta, Portfolio, Position};
use serde::de::{DeserializeSeed as _, IgnoredAny, MapAccess, SeqAccess};

use super::away::AwayDeltas;
use super::shape::{AnyScalar, Scalar, Shape, Shaped};
use crate::portfolio::position::{Field, PositionText};
use crate::portfolio::stated::OptionField;
use crate::portfolio::{self, AccountPortfolio, BadPortfolio, Faults, StatedOptions};

/// Unknown keys are quoted in faults up to here.
pub(super) const MOST_QUOTED_CHARACTERS: usize = 40;

/// Reads the portfolio of a line.
pub(super) fn portfolio(line: u64, bytes: &[u8]) -> Result<AccountPortfolio, BadPortfolio> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        BadPortfolio::new(None, line, format!("not UTF-8 after {} bytes", error.valid_up_to()))
    })?;
    let mut reading = Line::new(line);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Shaped::new(&mut reading).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Err(error) = read {
        let column = error.column();
        let message = error.to_string();
        let message =
            message.strip_suffix(&format!(" at line {} column {column}", error.line())).unwrap_or(&message);
        let account = reading.account.flatten();
        return Err(BadPortfolio::new(account, line, format!("not JSON: {message} at column {column}")));
    }
    reading.finish()
}

/// A line while it is read; outer `None`s are keys not met yet, inner ones faulty values.
pub(super) struct Line {
    line: u64,
    is_object: bool,
    account: Option<Option<String>>,
    positions: Option<Vec<Position>>,
    options: StatedOptions,
    /// The options met so far, faulty ones too.
    stated: Vec<OptionField>,
    /// Keys that nobody knows, each named once.
    unknown: BTreeSet<String>,
    pub(super) away: Option<Vec<AwayDelta>>,
    faults: Faults,
}

impl Line {
    fn new(line: u64) -> Self {
        let faults = Faults::default();
        Self {
            line,
            is_object: false,
            account: None,
            positions: None,
            options: StatedOptions::default(),
            stated: Vec::new(),
            unknown: BTreeSet::new(),
            away: None,
            faults,
        }
    }

    pub(super) fn fault(&mut self, place: &str, message: impl Into<String>) {
        self.faults.push(self.line, place, message);
    }

    fn checked<T>(&mut self, place: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.fault(place, message)).ok()
    }

    fn account(&mut self, value: Scalar) {
        let name = if let Scalar::Text(text) = value {
            portfolio::account(&text)
        } else {
            Err(format!("expected text, found {}", value.name()))
        };
        self.account = Some(self.checked("account", name));
    }

    fn option(&mut self, field: OptionField, value: Scalar) {
        self.stated.push(field);
        let taken = match (field, value) {
            (_, Scalar::Null) => Ok(()),
            (OptionField::AllowUnmatched, Scalar::Bool(value)) => {
                self.options.take(field, &value.to_string())
            }
            (OptionField::AllowUnmatched, other) => {
                Err(format!("expected true or false, found {}", other.name()))
            }
            (_, Scalar::Text(text)) => self.options.take(field, &text),
            (_, other) => Err(format!("expected text, found {}", other.name())),
        };
        self.checked(field.name(), taken);
    }

    fn unknown(&mut self, key: &str) {
        if key.starts_with("x_") || matches!(key, "kind" | "expected") {
            return;
        }
        let quoted: String = key.chars().take(MOST_QUOTED_CHARACTERS).collect();
        if self.unknown.insert(quoted.clone()) {
            self.fault("", format!("unknown key {quoted:?}: keys of your own begin with x_"));
        }
    }

    fn finish(mut self) -> Result<AccountPortfolio, BadPortfolio> {
        if self.is_object && self.account.is_none() {
            self.fault("account", "is missing");
        }
        if self.is_object && self.positions.is_none() {
            self.fault("positions", "is missing");
        }
        let account = self.account.flatten();
        match (account, self.positions) {
            (Some(account), Some(positions)) if self.faults.is_empty() => {
                let away = self.away.unwrap_or_default();
                Ok(AccountPortfolio { account, line: self.line, positions, options: self.options, away })
            }
            (account, _) => Err(BadPortfolio { account, faults: self.faults }),
        }
    }
}

impl<'de> Shape<'de> for &mut Line {
    type Out = ();

    fn scalar(self, found: Scalar) {
        self.fault("", format!("expected an object with account and positions, found {}", found.name()));
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        self.is_object = true;
        while let Some(key) = object.next_key::<String>()? {
            let option = OptionField::from_name(&key);
            let seen = match key.as_str() {
                "account" => self.account.is_some(),
                "positions" => self.positions.is_some(),
                "away" => self.away.is_some(),
                _ => option.is_some_and(|field| self.stated.contains(&field)),
            };
            if seen {
                self.fault(&key, "stands here a second time");
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            match (key.as_str(), option) {
                (_, Some(field)) => self.option(field, object.next_value_seed(Shaped::new(AnyScalar))?),
                ("account", None) => self.account(object.next_value_seed(Shaped::new(AnyScalar))?),
                ("positions", None) => {
                    self.positions = Some(Vec::new());
                    object.next_value_seed(Shaped::new(Positions(self)))?;
                }
                ("away", None) => {
                    self.away = Some(Vec::new());
                    object.next_value_seed(Shaped::new(AwayDeltas(self)))?;
                }
                (_, None) => {
                    self.unknown(&key);
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The value of `positions`.
struct Positions<'a>(&'a mut Line);

impl<'de> Shape<'de> for Positions<'_> {
    type Out = ();

    fn scalar(self, found: Scalar) {
        self.0.fault("positions", format!("expected a list, found {}", found.name()));
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut positions = Vec::new();
        let mut index = 0;
        while index < Portfolio::MOST_POSITIONS {
            match list.next_element_seed(Shaped::new(OnePosition { line: self.0, index }))? {
                Some(position) => positions.extend(position),
                None => break,
            }
            index += 1;
        }
        let mut more = 0_usize;
        while index == Portfolio::MOST_POSITIONS && list.next_element::<IgnoredAny>()?.is_some() {
            more += 1;
        }
        if more > 0 {
            let message = format!("{} positions: at most {index} are calculated", index + more);
            self.0.fault("positions", message);
        }
        self.0.positions = Some(positions);
        Ok(())
    }
}

/// An element of `positions`.
struct OnePosition<'a> {
    line: &'a mut Line,
    index: usize,
}

impl<'de> Shape<'de> for OnePosition<'_> {
    type Out = Option<Position>;

    fn scalar(self, found: Scalar) -> Option<Position> {
        let place = format!("positions[{}]", self.index);
        self.line.fault(&place, format!("expected an object, found {}", found.name()));
        None
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Option<Position>, A::Error> {
        let place = format!("positions[{}]", self.index);
        let mut text = PositionText::default();
        let (mut seen, mut unknown) = (Vec::with_capacity(Field::NAMES.len()), BTreeSet::new());
        while let Some(key) = object.next_key::<String>()? {
            match Field::from_name(&key) {
                Some(field) if seen.contains(&field) => {
                    text.fault(field, "stands here a second time");
                    object.next_value::<IgnoredAny>()?;
                }
                Some(field) => {
                    seen.push(field);
                    take(&mut text, field, object.next_value_seed(Shaped::new(AnyScalar))?);
                }
                None => {
                    object.next_value::<IgnoredAny>()?;
                    let quoted: String = key.chars().take(MOST_QUOTED_CHARACTERS).collect();
                    if unknown.insert(quoted.clone()) {
                        self.line.fault(&place, format!("unknown key {quoted:?}"));
                    }
                }
            }
        }
        match text.check() {
            Ok(position) => Ok(Some(position)),
            Err(faults) => {
                for fault in faults {
                    self.line.fault(&format!("{place}.{}", fault.field), fault.message);
                }
                Ok(None)
            }
        }
    }
}

/// Keeps the value of a field, or says what is wrong with its shape.
fn take(text: &mut PositionText, field: Field, value: Scalar) {
    match (text.text(field), value) {
        (Some(kept), Scalar::Text(found)) => *kept = found,
        (None, Scalar::Whole(found)) => text.quantity = Some(found),
        (Some(_), Scalar::Null) => {}
        (Some(_), other) if field == Field::Strike => {
            text.fault(field, format!("expected decimal text such as \"52.5\", found {}", other.name()));
        }
        (Some(_), other) => text.fault(field, format!("expected text, found {}", other.name())),
        (None, Scalar::Number) => text.fault(field, "expected a whole number of lots"),
        (None, other) => text.fault(field, format!("expected a whole number, found {}", other.name())),
    }
}
