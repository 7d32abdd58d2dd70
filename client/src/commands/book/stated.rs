//! What a file says of a message: every key is known and stated once, by one of its names, and every value is of its kind. All that is wrong
//! is told at once, by path; contracts by their keys.

use plimsoll_client::json::{Fault, path_of};
use prost_reflect::{
    DeserializeOptions, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
};
use serde_json::{Map, Value, json};

use super::words::{long, short};

/// The most faults that are kept of one document.
const MOST_FAULTS: usize = 1_000;
/// What a contract's key is made of, in the order of its text.
const KEY: [&str; 7] = ["exchange", "product", "type", "period", "underlying_period", "right", "strike"];

/// An object in the names of the wire with enumerations in long words, without what is faulty, and what is wrong with it.
pub(super) fn canonical(value: Value, message: &MessageDescriptor, faults: &mut Vec<Fault>) -> Value {
    let mut reading = Reading { faults };
    let place = Place { path: String::new(), contract: String::new() };
    reading.message(value, message, &place)
}

/// Where a value stands.
struct Place {
    path: String,
    /// The contract that it is about, if it is about one.
    contract: String,
}

impl Place {
    fn at(&self, path: String) -> Self {
        Self { path, contract: self.contract.clone() }
    }
}

struct Reading<'a> {
    faults: &'a mut Vec<Fault>,
}

impl Reading<'_> {
    fn fault(&mut self, place: &Place, message: &str) {
        if self.faults.len() < MOST_FAULTS {
            let Place { path, contract } = place;
            let message =
                if contract.is_empty() { message.to_owned() } else { format!("{contract}: {message}") };
            self.faults.push(Fault { path: path.clone(), message });
        }
    }

    fn message(&mut self, value: Value, message: &MessageDescriptor, above: &Place) -> Value {
        let Value::Object(entries) = value else {
            self.fault(above, "expected an object");
            return json!({});
        };
        let contract = contract_of(&entries, message).unwrap_or_else(|| above.contract.clone());
        let above = Place { path: above.path.clone(), contract };
        let mut kept = Map::new();
        for (key, value) in entries {
            let place = above.at(path_of(&above.path, &key));
            let field = message.get_field_by_name(&key).or_else(|| message.get_field_by_json_name(&key));
            let Some(field) = field else {
                self.fault(&place, "unknown key");
                continue;
            };
            // A value that is null is absent.
            if value.is_null() {
                continue;
            }
            if kept.contains_key(field.name()) {
                self.fault(&place, &format!("stands here a second time, as {}", field.name()));
            } else if let Some(other) = beside(&kept, &field) {
                self.fault(&place, &format!("stands beside {other}: one of them is meant"));
            }
            if let Some(value) = self.field(value, &field, &place) {
                kept.insert(field.name().to_owned(), value);
            }
        }
        Value::Object(kept)
    }

    fn field(&mut self, value: Value, field: &FieldDescriptor, place: &Place) -> Option<Value> {
        if field.is_list() {
            let Value::Array(values) = value else {
                self.fault(place, "expected a list");
                return None;
            };
            let each = values.into_iter().enumerate();
            let read = each.filter_map(|(number, value)| {
                let place = place.at(format!("{}[{number}]", place.path));
                self.single(value, field, &field.kind(), &place)
            });
            return Some(Value::Array(read.collect()));
        }
        if !field.is_map() {
            return self.single(value, field, &field.kind(), place);
        }
        let Value::Object(entries) = value else {
            self.fault(place, "expected an object");
            return None;
        };
        let kind = field.kind();
        let values = kind.as_message()?.map_entry_value_field();
        let read = entries.into_iter().filter_map(|(key, value)| {
            let place = place.at(path_of(&place.path, &key));
            Some((key, self.single(value, &values, &values.kind(), &place)?))
        });
        Some(Value::Object(read.collect()))
    }

    fn single(&mut self, value: Value, field: &FieldDescriptor, kind: &Kind, place: &Place) -> Option<Value> {
        if let Some(own) = kind.as_message() {
            Some(self.message(value, own, place))
        } else if let Some(own) = kind.as_enum() {
            self.word(value, own, place)
        } else {
            self.scalar(value, field, kind, place)
        }
    }

    /// A word of an enumeration, or its number.
    fn word(&mut self, value: Value, words: &EnumDescriptor, place: &Place) -> Option<Value> {
        let is_known = match &value {
            Value::String(word) => {
                let name = long(words, word).unwrap_or_else(|| word.clone());
                if words.get_value_by_name(&name).is_some() {
                    return Some(Value::String(name));
                }
                false
            }
            Value::Number(number) => number
                .as_i64()
                .and_then(|number| i32::try_from(number).ok())
                .is_some_and(|number| words.get_value(number).is_some()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        };
        if is_known {
            return Some(value);
        }
        let stated = words.values().filter(|own| own.number() != 0);
        let names: Vec<String> =
            stated.map(|own| short(words, own.name()).unwrap_or_else(|| own.name().to_owned())).collect();
        self.fault(place, &format!("expected one of {}", names.join(", ")));
        None
    }

    /// A text, a number or a flag, as the mapping of messages reads it.
    fn scalar(&mut self, value: Value, field: &FieldDescriptor, kind: &Kind, place: &Place) -> Option<Value> {
        let list = if field.is_list() { json!([value]) } else { value.clone() };
        let alone = json!({ field.name(): list });
        let options = DeserializeOptions::new().deny_unknown_fields(true);
        let parent = field.parent_message();
        if DynamicMessage::deserialize_with_options(parent.clone(), alone, &options).is_ok() {
            return Some(value);
        }
        let expected = match kind {
            Kind::String | Kind::Bytes => "expected text",
            Kind::Bool => "expected true or false",
            Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64 => "expected a whole number from 0",
            Kind::Int32 | Kind::Int64 | Kind::Sint32 | Kind::Sint64 | Kind::Sfixed32 | Kind::Sfixed64 => {
                "expected a whole number"
            }
            Kind::Double | Kind::Float => "expected a number",
            Kind::Message(_) => "expected an object",
            Kind::Enum(_) => "expected a word",
        };
        self.fault(place, expected);
        None
    }
}

/// The member of the same choice that is stated already.
fn beside<'k>(kept: &'k Map<String, Value>, field: &FieldDescriptor) -> Option<&'k str> {
    let choice = field.containing_oneof()?;
    choice.fields().find_map(|own| kept.get_key_value(own.name()).map(|(key, _)| key.as_str()))
}

/// The key of the contract that an object is, or is about.
fn contract_of(entries: &Map<String, Value>, message: &MessageDescriptor) -> Option<String> {
    if message.name() == "Position" {
        return key(entries, message);
    }
    let kind = message.get_field_by_name("contract")?.kind();
    let contract = kind.as_message().filter(|own| own.name() == "Position")?;
    entries.get("contract").and_then(Value::as_object).and_then(|entries| key(entries, contract))
}

fn key(entries: &Map<String, Value>, contract: &MessageDescriptor) -> Option<String> {
    let text = |name: &str| entries.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    // Without a product it is no key of a contract.
    text("product")?;
    let mut key = String::new();
    for name in KEY {
        let Some(word) = text(name) else { continue };
        if !key.is_empty() {
            key.push(if key.len() == text("exchange").map_or(0, str::len) { '/' } else { ' ' });
        }
        if name == "underlying_period" {
            key.push_str("on ");
        }
        let kind = contract.get_field_by_name(name)?.kind();
        let short = kind.as_enum().and_then(|words| short(words, word));
        key.push_str(&short.unwrap_or_else(|| word.to_owned()));
    }
    Some(key.chars().filter(|own| !own.is_control()).take(120).collect())
}

#[cfg(test)]
mod tests {
    use super::super::words::Words;
    use super::*;

    fn faults(request: &str, text: &str) -> Vec<String> {
        let words = Words::of(request, "SubmitResponse").unwrap();
        words
            .stated(text.as_bytes())
            .map_err(|faults| faults.iter().map(ToString::to_string).collect())
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn everything_is_told_at_once() {
        let text = r#"{"name":{"house":"H","house":"H"},"commandId":"1","command_id":"2","deposit":{"reference":5},
            "ordr":{},"end_day":"2026-09-18","order":{"id":"O","terms":{"kind":"cheap","units":"many","reduce_only":"yes","legs":[
            {"contract":{"exchange":"X","product":"BTC","type":"OOF","period":"202612","right":"CALL","strike":"5","quantity":1.5},"price":"1"},7,
            {"contract":{"product":"BTC","type":"future","period":"202612","side":"B"}}]}}}"#;
        let expected = [
            "name.house: stands here a second time",
            "command_id: stands here a second time, as command_id",
            "deposit.reference: expected text",
            "ordr: unknown key",
            "end_day: stands beside deposit: one of them is meant",
            "order: stands beside deposit: one of them is meant",
            "order.terms.kind: expected one of limit, market, stop",
            "order.terms.units: expected a whole number",
            "order.terms.reduce_only: expected true or false",
            "order.terms.legs[0].contract.right: X/BTC OOF 202612 CALL 5: expected one of C, P",
            "order.terms.legs[0].contract.quantity: X/BTC OOF 202612 CALL 5: expected a whole number",
            "order.terms.legs[1]: expected an object",
            "order.terms.legs[2].contract.type: BTC future 202612: expected one of PHY, EQTY, FUT, FWD, OOP, OOF, OOE, CMB, OOC",
            "order.terms.legs[2].contract.side: BTC future 202612: unknown key",
        ];
        assert_eq!(faults("SubmitRequest", text), expected);
    }

    #[test]
    fn either_name_of_a_key_is_read_and_nothing_is_absent() {
        let words = Words::of("SubmitRequest", "SubmitResponse").unwrap();
        let text =
            r#"{"commandId":"1","name":null,"order":{"id":"O","terms":{"timeInForce":"day","units":"5"}}}"#;
        let expected = json!({ "command_id": "1",
            "order": { "id": "O", "terms": { "time_in_force": "TIME_IN_FORCE_DAY", "units": "5" } } });
        assert_eq!(words.stated(text.as_bytes()), Ok(expected));
        assert_eq!(faults("SubmitRequest", "[]"), ["expected an object"]);
        assert!(faults("SubmitRequest", "{]")[0].starts_with("not JSON: "));
    }
}
