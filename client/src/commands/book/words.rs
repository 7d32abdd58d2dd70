//! Messages as JSON: the canonical mapping of protocol buffers, with short words for enumerations.
//!
//! `"type":"FUT"` stands for `PRODUCT_TYPE_FUTURE`, `"right":"C"` for `OPTION_RIGHT_CALL`, `"kind":"limit"` for `ORDER_KIND_LIMIT`, and so
//! on: what is left of a name without its enumeration's, in small letters; the long names are understood too. Answers have the short ones.

use plimsoll_client::json::{self, Fault};
use plimsoll_engine::contract::ProductType;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, EnumDescriptor, Kind, MessageDescriptor,
    SerializeOptions,
};
use serde_json::Value;

use super::stated;

const RIGHTS: [(&str, &str); 2] = [("C", "OPTION_RIGHT_CALL"), ("P", "OPTION_RIGHT_PUT")];

/// The name of a product type on the wire.
const fn product_type_name(own: ProductType) -> &'static str {
    match own {
        ProductType::Physical => "PRODUCT_TYPE_PHYSICAL",
        ProductType::Equity => "PRODUCT_TYPE_EQUITY",
        ProductType::Future => "PRODUCT_TYPE_FUTURE",
        ProductType::Forward => "PRODUCT_TYPE_FORWARD",
        ProductType::OptionOnPhysical => "PRODUCT_TYPE_OPTION_ON_PHYSICAL",
        ProductType::OptionOnFuture => "PRODUCT_TYPE_OPTION_ON_FUTURE",
        ProductType::OptionOnEquity => "PRODUCT_TYPE_OPTION_ON_EQUITY",
        ProductType::Combination => "PRODUCT_TYPE_COMBINATION",
        ProductType::OptionOnCombination => "PRODUCT_TYPE_OPTION_ON_COMBINATION",
    }
}

/// What the number of an enumeration is called that is never stated.
const UNSPECIFIED: &str = "UNSPECIFIED";

/// The long name of a short word of an enumeration; a word that is none of its short ones has none.
pub(super) fn long(words: &EnumDescriptor, word: &str) -> Option<String> {
    let name = match words.name() {
        "ProductType" => product_type_name(ProductType::from_code(word)?).to_owned(),
        "OptionRight" => {
            RIGHTS.iter().find(|(short, _)| *short == word).map(|(_, long)| (*long).to_owned())?
        }
        _ => {
            let is_short =
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            is_short.then(|| format!("{}{}", prefix(words), word.to_uppercase()))?
        }
    };
    words.get_value_by_name(&name).map(|own| own.name().to_owned())
}

/// The short word for a long name of an enumeration.
pub(super) fn short(words: &EnumDescriptor, name: &str) -> Option<String> {
    words.get_value_by_name(name)?;
    match words.name() {
        "ProductType" => {
            let (_, code) = ProductType::CODES.iter().find(|(own, _)| product_type_name(*own) == name)?;
            Some((*code).to_owned())
        }
        "OptionRight" => RIGHTS.iter().find(|(_, long)| *long == name).map(|(short, _)| (*short).to_owned()),
        _ => name.strip_prefix(&prefix(words)).map(str::to_lowercase),
    }
}

/// What every name of an enumeration begins with.
fn prefix(words: &EnumDescriptor) -> String {
    let first = words.default_value();
    first.name().strip_suffix(UNSPECIFIED).unwrap_or_default().to_owned()
}

/// An answer's names of enumerations in short words.
fn shorten(value: &mut Value, message: &MessageDescriptor) {
    let Value::Object(entries) = value else { return };
    for (key, value) in entries {
        let Some(field) = message.get_field_by_name(key) else { continue };
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| shorten_one(value, &field.kind())),
            Value::Object(values) if field.is_map() => {
                let kind = field.kind();
                let Some(kind) = kind.as_message().map(|own| own.map_entry_value_field().kind()) else {
                    continue;
                };
                values.values_mut().for_each(|value| shorten_one(value, &kind));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                shorten_one(value, &field.kind());
            }
        }
    }
}

fn shorten_one(value: &mut Value, kind: &Kind) {
    if let Some(message) = kind.as_message() {
        shorten(value, message);
    } else if let (Value::String(word), Some(words)) = (&mut *value, kind.as_enum())
        && let Some(other) = short(words, word)
    {
        *word = other;
    }
}

fn pool() -> Result<DescriptorPool, String> {
    DescriptorPool::decode(plimsoll_proto::FILE_DESCRIPTOR_SET).map_err(|error| error.to_string())
}

fn descriptor(name: &str) -> Result<MessageDescriptor, String> {
    let pool = pool()?;
    let name = format!("plimsoll.v1.{name}");
    pool.get_message_by_name(&name).ok_or_else(|| format!("no message {name}"))
}

/// Reads and writes messages.
pub(super) struct Words {
    request: MessageDescriptor,
    answer: MessageDescriptor,
}

impl Words {
    /// For a call.
    pub(super) fn of(request: &str, answer: &str) -> Result<Self, String> {
        Ok(Self { request: descriptor(request)?, answer: descriptor(answer)? })
    }

    /// What a text says of the request, in the names of the wire.
    ///
    /// # Errors
    /// All that is wrong with it: keys that are unknown or stand twice, values of another kind, words that are none.
    pub(super) fn stated(&self, text: &[u8]) -> Result<Value, Vec<Fault>> {
        let json::Read { value, faults } = json::read(text).map_err(|fault| vec![fault])?;
        self.checked(value, faults)
    }

    /// As [`Words::stated`], of a value with which something is wrong already, or nothing.
    pub(super) fn checked(&self, value: Value, faults: Vec<Fault>) -> Result<Value, Vec<Fault>> {
        let (value, faults) = self.as_far(value, faults);
        if faults.is_empty() { Ok(value) } else { Err(faults) }
    }

    /// What can be read of a value, and all that is wrong with it.
    pub(super) fn as_far(&self, value: Value, mut faults: Vec<Fault>) -> (Value, Vec<Fault>) {
        (stated::canonical(value, &self.request, &mut faults), faults)
    }

    /// A request from what is stated.
    pub(super) fn read<M: Message + Default>(&self, value: Value) -> Result<M, String> {
        let options = DeserializeOptions::new().deny_unknown_fields(true);
        let message = DynamicMessage::deserialize_with_options(self.request.clone(), value, &options);
        let message = message.map_err(|error| error.to_string())?;
        M::decode(message.encode_to_vec().as_slice()).map_err(|error| error.to_string())
    }

    /// An answer as JSON.
    pub(super) fn write(&self, message: &impl Message) -> Result<Value, String> {
        let message = DynamicMessage::decode(self.answer.clone(), message.encode_to_vec().as_slice());
        let message = message.map_err(|error| error.to_string())?;
        let options = SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
        let value = message.serialize_with_options(serde_json::value::Serializer, &options);
        let mut value = value.map_err(|error| error.to_string())?;
        shorten(&mut value, &self.answer);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_proto::v1;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_word_of_every_enumeration_has_a_short_one_and_back() {
        let pool = pool().unwrap();
        let own = |words: &EnumDescriptor| words.package_name() == "plimsoll.v1";
        for words in pool.all_enums().filter(own) {
            assert!(words.default_value().name().ends_with("_UNSPECIFIED"), "{}", words.name());
            let stated = words.values().filter(|value| value.number() != 0);
            for value in stated {
                let word = short(&words, value.name()).unwrap_or_else(|| panic!("{}", value.name()));
                assert_eq!(long(&words, &word).as_deref(), Some(value.name()));
                assert!(word.len() < value.name().len());
            }
            assert_eq!(long(&words, "cheap"), None, "{}", words.name());
        }
    }

    #[test]
    fn short_words_and_numbers_both_ways() {
        let words = Words::of("CheckOrderRequest", "WorkingOrder").unwrap();
        let order = json!({
            "id": "O1", "account": "A",
            "link": { "name": "L1", "enforced_by": "venue_atomic", "on_fill": "first_hit" },
            "terms": {
                "kind": "limit", "time_in_force": "good_till_cancel", "units": 3,
                "legs": [{ "contract": { "product": "HCLO", "type": "OOF", "right": "C", "strike": "70", "quantity": -2 }, "price": "1.5" }]
            }
        });
        let of = |value: Value| words.checked(value, Vec::new());
        let read: v1::CheckOrderRequest = words.read(of(json!({ "order": order })).unwrap()).unwrap();
        let own = read.order.clone().unwrap();
        let leg = own.terms.as_ref().unwrap().legs[0].contract.clone().unwrap();
        assert_eq!(
            (leg.r#type(), leg.right(), leg.quantity),
            (v1::ProductType::OptionOnFuture, v1::OptionRight::Call, -2)
        );
        let working = v1::WorkingOrder { order: read.order, filled: vec![1], ..Default::default() };
        assert_eq!(words.write(&working).unwrap(), json!({ "order": order, "filled": [1] }));
        let long = json!({ "order": { "terms": { "kind": "ORDER_KIND_STOP" } } });
        let read: v1::CheckOrderRequest = words.read(of(long).unwrap()).unwrap();
        assert_eq!(read.order.unwrap().terms.unwrap().kind(), v1::OrderKind::Stop);
        for (wrong, named) in [
            (json!({ "orders": {} }), "orders"),
            (json!({ "order": { "terms": { "kind": "cheap" } } }), "order.terms.kind"),
            (json!({ "validate_only": "yes" }), "validate_only"),
        ] {
            assert_eq!(of(wrong).unwrap_err()[0].path, named);
        }
    }
}
