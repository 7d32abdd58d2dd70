//! JSON whose shape is not known to be right, walked key by key: every fault is noted by its path, and every key that nobody asked
//! for.

use std::cell::RefCell;
use std::collections::BTreeSet;

use plimsoll_engine::types::{Code, Currency, Decimal, Kind, Moment, Money, PriceSource, Quantity, Ratio};
use serde_json::{Map, Value};

use crate::json::{Fault, path_of};

/// The most faults that are kept.
const MOST_FAULTS: usize = 1_000;

/// All that is wrong, each with its path.
#[derive(Debug, Default)]
pub(crate) struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    /// With what has been found already.
    pub(crate) const fn new(found: Vec<Fault>) -> Self {
        Self(RefCell::new(found))
    }

    pub(crate) fn push(&self, path: &str, message: &str) {
        let mut kept = self.0.borrow_mut();
        if kept.len() < MOST_FAULTS {
            kept.push(Fault { path: path.to_owned(), message: message.to_owned() });
        }
    }

    pub(crate) fn finish(self) -> Vec<Fault> {
        self.0.into_inner()
    }
}

/// An object. Whoever is done with it calls [`Node::finish`].
pub(crate) struct Node<'a> {
    path: String,
    object: &'a Map<String, Value>,
    used: RefCell<BTreeSet<&'static str>>,
    faults: &'a Faults,
}

/// Numbers from one to another, both included.
pub(crate) type Range = (f64, f64);

impl<'a> Node<'a> {
    pub(crate) fn root(value: &'a Value, faults: &'a Faults) -> Option<Self> {
        Self::of(String::new(), value, faults)
    }

    fn of(path: String, value: &'a Value, faults: &'a Faults) -> Option<Self> {
        let Some(object) = value.as_object() else {
            faults.push(&path, "expected an object");
            return None;
        };
        Some(Self { path, object, used: RefCell::default(), faults })
    }

    fn path(&self, key: &str) -> String {
        if key.is_empty() { self.path.clone() } else { path_of(&self.path, key) }
    }

    pub(crate) fn fault(&self, key: &str, message: &str) {
        self.faults.push(&self.path(key), message);
    }

    /// Notes what stands in a list a second time, by what tells its entries apart.
    pub(crate) fn once<T: Ord>(&self, key: &'static str, seen: &mut BTreeSet<T>, own: T) {
        if !seen.insert(own) {
            self.fault(key, "stands here a second time");
        }
    }

    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// Takes keys whose values do not matter, whatever they are.
    pub(crate) fn pass_over<T>(&self, keys: &[&'static str]) -> Option<T> {
        self.used.borrow_mut().extend(keys);
        None
    }

    fn get(&self, key: &'static str) -> Option<&'a Value> {
        self.used.borrow_mut().insert(key);
        self.object.get(key).filter(|value| !value.is_null())
    }

    pub(crate) fn required(&self, key: &'static str) -> Option<&'a Value> {
        let found = self.get(key);
        if found.is_none() {
            self.fault(key, "is missing");
        }
        found
    }

    /// A number, or decimal text.
    pub(crate) fn decimal(&self, key: &'static str, range: Range) -> Option<Decimal> {
        let value = self.get(key)?;
        let decimal = match value {
            Value::Number(number) => number.as_f64().and_then(|own| written(own, number.as_i64())),
            Value::String(text) => Decimal::parse(text).ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let within = decimal.filter(|own| range.0 <= own.to_f64() && own.to_f64() <= range.1);
        if within.is_none() {
            self.fault(key, &format!("expected a number from {} to {}", range.0, range.1));
        }
        within
    }

    pub(crate) fn required_decimal(&self, key: &'static str, range: Range) -> Option<Decimal> {
        self.required(key)?;
        self.decimal(key, range)
    }

    pub(crate) fn number(&self, key: &'static str, range: Range) -> Option<f64> {
        // A double as it stands; text by its digits.
        let found = self.get(key).and_then(Value::as_f64).filter(|own| range.0 <= *own && *own <= range.1);
        found.or_else(|| Some(self.decimal(key, range)?.to_f64()))
    }

    pub(crate) fn required_number(&self, key: &'static str, range: Range) -> Option<f64> {
        self.required(key)?;
        self.number(key, range)
    }

    pub(crate) fn money(&self, key: &'static str) -> Money {
        let decimal = self.decimal(key, (-1e15, 1e15)).unwrap_or(Decimal::ZERO);
        Money::from_decimal(decimal).unwrap_or_default()
    }

    pub(crate) fn quantity(&self, key: &'static str) -> Option<Quantity> {
        let most = Quantity::MOST as f64;
        let decimal = self.required_decimal(key, (-most, most))?;
        Quantity::from_decimal_half_away(decimal).ok()
    }

    pub(crate) fn ratio(&self, key: &'static str, range: Range) -> Option<Ratio> {
        self.decimal(key, range).and_then(|own| Ratio::from_decimal(own).ok())
    }

    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        if value.as_bool().is_none() {
            self.fault(key, "expected true or false");
        }
        value.as_bool()
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<&'a str> {
        let value = self.get(key)?;
        if value.as_str().is_none() {
            self.fault(key, "expected text");
        }
        value.as_str()
    }

    /// Whether a word stands there; what else may stand there is no fault here.
    pub(crate) fn says(&self, key: &'static str, word: &str) -> bool {
        self.get(key).and_then(Value::as_str) == Some(word)
    }

    pub(crate) fn required_text(&self, key: &'static str) -> Option<&'a str> {
        self.required(key)?;
        self.text(key)
    }

    pub(crate) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let own = words.iter().find(|(name, _)| *name == text).map(|(_, own)| *own);
        if own.is_none() {
            let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
            self.fault(key, &format!("expected one of {}", names.join(", ")));
        }
        own
    }

    pub(crate) fn source(&self, key: &'static str) -> Option<PriceSource> {
        self.code(key)
    }

    pub(crate) fn currency(&self, key: &'static str) -> Option<Currency> {
        self.code(key)
    }

    fn code<K: Kind>(&self, key: &'static str) -> Option<Code<K>> {
        match Code::new(self.text(key)?) {
            Ok(own) => Some(own),
            Err(error) => {
                self.fault(key, &error.to_string());
                None
            }
        }
    }

    /// A moment: under one key as text, or under another as seconds after a given one.
    pub(crate) fn moment(&self, text: &'static str, seconds: &'static str, from: Moment) -> Option<Moment> {
        if let Some(own) = self.text(text) {
            let moment = own.parse().map_err(|error: plimsoll_engine::types::MomentError| {
                self.fault(text, &error.to_string());
            });
            return moment.ok();
        }
        self.required(seconds)?;
        let own = self.decimal(seconds, (-3e9, 3e9))?.scaled_exact(9);
        let nanos = own.map(|own| own + i128::from(from.nanos()));
        let parts = nanos.map(|own| (own.div_euclid(1_000_000_000), own.rem_euclid(1_000_000_000)));
        let moment = parts.and_then(|(whole, rest)| {
            Moment::from_seconds(i64::try_from(whole).ok()?, u32::try_from(rest).ok()?).ok()
        });
        if moment.is_none() {
            self.fault(seconds, "expected seconds with at most nine places, from 1900 to 2261");
        }
        moment
    }

    pub(crate) fn child(&self, key: &'static str) -> Option<Self> {
        Self::of(self.path(key), self.get(key)?, self.faults)
    }

    /// The objects of a list.
    pub(crate) fn children(&self, key: &'static str, most: usize) -> Vec<Self> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(list) = value.as_array() else {
            self.fault(key, "expected a list");
            return Vec::new();
        };
        if list.len() > most {
            self.fault(key, &format!("{} entries: at most {most} are allowed", list.len()));
        }
        let path = |place: usize| format!("{}[{place}]", self.path(key));
        let node = |(place, value): (usize, &'a Value)| Self::of(path(place), value, self.faults);
        list.iter().take(most).enumerate().filter_map(node).collect()
    }

    /// Notes the keys that nobody asked for.
    pub(crate) fn finish(self) {
        self.keys_end();
    }

    /// As [`Node::finish`], of a node that is borrowed.
    pub(crate) fn keys_end(&self) {
        let used = self.used.borrow();
        for key in self.object.keys().filter(|key| !used.contains(key.as_str())) {
            self.fault(key, "unknown key");
        }
    }
}

/// The digits that a double is written with, or a whole number's; beyond 18 places they are cut.
fn written(own: f64, whole: Option<i64>) -> Option<Decimal> {
    if let Some(whole) = whole {
        return Some(Decimal::whole(whole));
    }
    let text = format!("{own}");
    let cut = match text.split_once('.') {
        Some((whole, fraction)) if fraction.len() > 18 => format!("{whole}.{}", &fraction[..18]),
        _ => text,
    };
    Decimal::parse(&cut).ok()
}
