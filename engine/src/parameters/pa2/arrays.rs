//! Risk arrays: the two records of each, joined on the whole key.

use super::columns::{
    Columns, array_first as first, array_key as key, array_second as second, large_value, small_value,
};
use super::price::is_none;
use super::record::Record;
use crate::contract::ProductType;
use crate::parameters::diagnostic::Diagnostics;
use crate::types::Decimal;

/// The columns of the key, with blanks where the line has none.
const KEY_COLUMNS: usize = 52;
const FIRST_VALUES: usize = 9;
const SECOND_VALUES: usize = 7;

/// Columns 3 to 54, which both records of an array share. The sign of the strike is in the second only: of two arrays that
/// differ in nothing else, the records are joined in the order of the file.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key([u8; KEY_COLUMNS]);

impl Key {
    fn new(record: &Record<'_>) -> Self {
        let bytes = record.bytes(Columns { first: 3, last: 54, ..key::STRIKE });
        let mut own = [b' '; KEY_COLUMNS];
        own[..bytes.len()].copy_from_slice(bytes);
        // Between the fields nothing is defined.
        own[38 - 3] = b' ';
        own[47 - 3] = b' ';
        Self(own)
    }

    /// The key as a record of its own, for its fields.
    pub(super) fn with_record<T>(&self, line: u64, read: impl FnOnce(&Record<'_>) -> T) -> Option<T> {
        let mut bytes = *b"81                                                    ";
        bytes[2..].copy_from_slice(&self.0);
        Record::new(line, &bytes).map(|record| read(&record))
    }

    /// The exchange, product and type.
    pub(super) fn family(&self) -> [u8; 16] {
        let mut family = [b' '; 16];
        family[..13].copy_from_slice(&self.0[..13]);
        family[13..].copy_from_slice(&self.0[23..26]);
        family
    }
}

/// A price as digits; `None` where there is none.
type Digits = Option<i64>;

struct First {
    key: Key,
    line: u64,
    id: &'static str,
    values: [i32; FIRST_VALUES],
    /// The price of high precision, where it is the only one.
    price: Option<Digits>,
}

struct Second {
    key: Key,
    line: u64,
    id: &'static str,
    values: [i32; SECOND_VALUES],
    delta: i32,
    volatility: Option<Decimal>,
    price: Digits,
    is_price_negative: bool,
    is_strike_negative: bool,
    factor: Option<Decimal>,
    strike_factor: Option<Decimal>,
}

/// One contract's array and what stands beside it.
pub(super) struct Joined {
    pub(super) key: Key,
    pub(super) line: u64,
    /// Digits of the sixteen values.
    pub(super) values: [i32; FIRST_VALUES + SECOND_VALUES],
    /// Composite delta.
    pub(super) delta: Decimal,
    pub(super) volatility: Option<Decimal>,
    pub(super) price: Option<i64>,
    pub(super) is_strike_negative: bool,
    /// Contract value factor and strike value factor of products with variable ticks.
    pub(super) factor: Option<Decimal>,
    pub(super) strike_factor: Option<Decimal>,
}

/// All halves of arrays.
#[derive(Default)]
pub(super) struct Halves {
    firsts: Vec<First>,
    seconds: Vec<Second>,
}

impl Halves {
    /// Records `81` and `83`.
    pub(super) fn first(&mut self, record: &Record<'_>, diagnostics: &mut Diagnostics) {
        let (id, values, shift) = if record.id == "81" { ("81", 6, 0) } else { ("83", 9, 27) };
        let Some(values) = values_of::<FIRST_VALUES>(record, values, diagnostics) else { return };
        if !(record.check(key::ALL, 0, diagnostics) && record.check(first::ALL, shift, diagnostics)) {
            return;
        }
        let price = (record.letter(first::PRICE_FLAG.moved(shift)) == 'Y').then(|| {
            let digits = first::PRICE.moved(shift);
            record.digits(digits).filter(|_| !is_none(record.bytes(digits)))
        });
        self.firsts.push(First { key: Key::new(record), line: record.line, id, values, price });
    }

    /// Records `82` and `84`.
    pub(super) fn second(&mut self, record: &Record<'_>, diagnostics: &mut Diagnostics) {
        let (id, values, shift) = if record.id == "82" { ("82", 6, 0) } else { ("84", 9, 21) };
        let Some(values) = values_of::<SECOND_VALUES>(record, values, diagnostics) else { return };
        if !(record.check(key::ALL, 0, diagnostics) && record.check(second::ALL, shift, diagnostics)) {
            return;
        }
        let at = |columns: Columns| columns.moved(shift);
        let Some(delta) = record.small(at(second::DELTA)).and_then(|delta| i32::try_from(delta).ok()) else {
            record.error(at(second::DELTA), "the composite delta is missing", diagnostics);
            return;
        };
        let mut raised = |columns, places, exponent, sign| {
            let number = record.number(at(columns), places)?;
            record.raised(number, at(exponent), at(sign), diagnostics)
        };
        let volatility = raised(second::VOLATILITY, 6, second::VOLATILITY_EXPONENT, second::VOLATILITY_SIGN);
        let factor = raised(second::FACTOR, 7, second::FACTOR_EXPONENT, second::FACTOR_SIGN);
        let (exponent, sign) = (second::STRIKE_FACTOR_EXPONENT, second::STRIKE_FACTOR_SIGN);
        let strike_factor = raised(second::STRIKE_FACTOR, 7, exponent, sign);
        let price = record.digits(at(second::PRICE)).filter(|_| !is_none(record.bytes(at(second::PRICE))));
        self.seconds.push(Second {
            key: Key::new(record),
            line: record.line,
            id,
            values,
            delta: if record.is_minus(at(second::DELTA_SIGN)) { -delta } else { delta },
            volatility,
            price,
            is_price_negative: record.is_minus(at(second::PRICE_SIGN)),
            is_strike_negative: record.is_minus(at(second::STRIKE_SIGN)),
            factor: factor.filter(|factor| factor.is_positive()),
            strike_factor: strike_factor.filter(|factor| factor.is_positive()),
        });
    }

    /// Joins the halves, by key; a half without the other is an error.
    pub(super) fn join(mut self, diagnostics: &mut Diagnostics) -> Vec<Joined> {
        // Stable, so that halves of one key keep the order of the file.
        self.firsts.sort_by_key(|half| half.key);
        self.seconds.sort_by_key(|half| half.key);
        let mut joined = Vec::with_capacity(self.firsts.len().min(self.seconds.len()));
        let (mut firsts, mut seconds) =
            (self.firsts.into_iter().peekable(), self.seconds.into_iter().peekable());
        loop {
            match (firsts.peek(), seconds.peek()) {
                (Some(first), Some(second)) if first.key == second.key => {
                    if let (Some(first), Some(second)) = (firsts.next(), seconds.next()) {
                        joined.push(pair(&first, &second));
                    }
                }
                (Some(first), other) if other.is_none_or(|second| first.key < second.key) => {
                    alone(first.line, first.id, &first.key, "82 or 84", diagnostics);
                    firsts.next();
                }
                (_, Some(second)) => {
                    alone(second.line, second.id, &second.key, "81 or 83", diagnostics);
                    seconds.next();
                }
                _ => return joined,
            }
        }
    }
}

fn pair(first: &First, second: &Second) -> Joined {
    let mut values = [0; FIRST_VALUES + SECOND_VALUES];
    values[..FIRST_VALUES].copy_from_slice(&first.values);
    values[FIRST_VALUES..].copy_from_slice(&second.values);
    let price = first.price.unwrap_or(second.price);
    Joined {
        key: first.key,
        line: first.line,
        values,
        delta: Decimal::new(i64::from(second.delta), 4).unwrap_or_default(),
        volatility: second.volatility,
        price: price.map(|digits| if second.is_price_negative { -digits } else { digits }),
        is_strike_negative: second.is_strike_negative,
        factor: second.factor,
        strike_factor: second.strike_factor,
    }
}

fn alone(line: u64, id: &str, key: &Key, other: &str, diagnostics: &mut Diagnostics) {
    let name = key.with_record(line, describe).unwrap_or_default();
    diagnostics.error(line, id, format!("{name}: half an array, without its record {other}"));
}

/// The contract of a key, for people.
pub(super) fn describe(record: &Record<'_>) -> String {
    let fields = [key::EXCHANGE, key::PRODUCT, key::KIND, key::FUTURE_MONTH, key::FUTURE_DAY];
    let option = [key::OPTION_MONTH, key::OPTION_DAY, key::RIGHT, key::STRIKE];
    let is_option =
        record.key(key::KIND).and_then(ProductType::from_code).is_some_and(ProductType::is_option);
    let option: &[Columns] = if is_option { &option } else { &[] };
    let words = fields.iter().chain(option).map(|field| record.text(*field));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The values of a record, of `width` columns each with their trailing signs; all of them are to be there.
fn values_of<const N: usize>(
    record: &Record<'_>,
    width: usize,
    diagnostics: &mut Diagnostics,
) -> Option<[i32; N]> {
    let fields = if width == 6 { small_value::ALL } else { large_value::ALL };
    let mut values = [0; N];
    let mut sound = true;
    for (index, value) in values.iter_mut().enumerate() {
        let shift = index * width;
        if !record.check(fields, shift, diagnostics) {
            sound = false;
            continue;
        }
        match record.small(fields[0].moved(shift)).and_then(|size| i32::try_from(size).ok()) {
            Some(size) if record.is_minus(fields[1].moved(shift)) => *value = -size,
            Some(size) => *value = size,
            None => {
                record.error(fields[0].moved(shift), "a value of the array is missing", diagnostics);
                sound = false;
            }
        }
    }
    sound.then_some(values)
}
