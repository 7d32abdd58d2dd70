//! Messages as JSON: the canonical mapping of protocol buffers, with short words for enumerations.
//!
//! `"type":"FUT"` stands for `PRODUCT_TYPE_FUTURE`, `"right":"C"` for `OPTION_RIGHT_CALL`, `"kind":"limit"` for `ORDER_KIND_LIMIT`, and so
//! on; the long names are understood too. Answers have the short ones.

use plimsoll_engine::contract::ProductType;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use serde_json::Value;

/// What long names of a key's values begin with.
const PREFIXES: [(&str, &str); 13] = [
    ("kind", "ORDER_KIND_"),
    ("enforced_by", "LINK_ENFORCER_"),
    ("on_fill", "LINK_ON_FILL_"),
    ("time_in_force", "TIME_IN_FORCE_"),
    ("origin", "ORIGIN_"),
    ("change", "ORDER_CHANGE_"),
    ("margining", "MARGINING_"),
    ("rounding", "ROUNDING_PROFILE_"),
    ("instrument", "INSTRUMENT_"),
    ("settlement", "SETTLEMENT_"),
    ("model", "VOLATILITY_MODEL_"),
    ("reason", "REFUSAL_REASON_"),
    ("reason", "UNMATCHED_REASON_"),
];

/// Codes of product types, with their long names.
const TYPES: [(ProductType, &str); 9] = [
    (ProductType::Physical, "PRODUCT_TYPE_PHYSICAL"),
    (ProductType::Equity, "PRODUCT_TYPE_EQUITY"),
    (ProductType::Future, "PRODUCT_TYPE_FUTURE"),
    (ProductType::Forward, "PRODUCT_TYPE_FORWARD"),
    (ProductType::OptionOnPhysical, "PRODUCT_TYPE_OPTION_ON_PHYSICAL"),
    (ProductType::OptionOnFuture, "PRODUCT_TYPE_OPTION_ON_FUTURE"),
    (ProductType::OptionOnEquity, "PRODUCT_TYPE_OPTION_ON_EQUITY"),
    (ProductType::Combination, "PRODUCT_TYPE_COMBINATION"),
    (ProductType::OptionOnCombination, "PRODUCT_TYPE_OPTION_ON_COMBINATION"),
];

const RIGHTS: [(&str, &str); 2] = [("C", "OPTION_RIGHT_CALL"), ("P", "OPTION_RIGHT_PUT")];

fn long(key: &str, word: &str) -> Option<String> {
    match key {
        "type" => TYPES.iter().find(|(kind, _)| kind.code() == word).map(|(_, long)| (*long).to_owned()),
        "right" => RIGHTS.iter().find(|(short, _)| *short == word).map(|(_, long)| (*long).to_owned()),
        _ => {
            let (_, prefix) = PREFIXES.iter().find(|(own, _)| *own == key)?;
            let is_short =
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            is_short.then(|| format!("{prefix}{}", word.to_uppercase()))
        }
    }
}

fn short(key: &str, word: &str) -> Option<String> {
    match key {
        "type" => TYPES.iter().find(|(_, long)| *long == word).map(|(kind, _)| kind.code().to_owned()),
        "right" => RIGHTS.iter().find(|(_, long)| *long == word).map(|(short, _)| (*short).to_owned()),
        _ => {
            let mut prefixes = PREFIXES.iter().filter(|(own, _)| *own == key);
            prefixes.find_map(|(_, prefix)| word.strip_prefix(prefix)).map(str::to_lowercase)
        }
    }
}

fn reworded(value: &mut Value, reword: fn(&str, &str) -> Option<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match value {
                    Value::String(word) => {
                        if let Some(other) = reword(key, word) {
                            *word = other;
                        }
                    }
                    value => reworded(value, reword),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| reworded(value, reword)),
        _ => {}
    }
}

fn descriptor(name: &str) -> Result<MessageDescriptor, String> {
    let pool =
        DescriptorPool::decode(plimsoll_proto::FILE_DESCRIPTOR_SET).map_err(|error| error.to_string())?;
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

    /// A request from JSON; unknown keys are errors.
    pub(super) fn read<M: Message + Default>(&self, mut value: Value) -> Result<M, String> {
        reworded(&mut value, long);
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
        reworded(&mut value, short);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_proto::v1;
    use serde_json::json;

    use super::*;

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
        let read: v1::CheckOrderRequest = words.read(json!({ "order": order })).unwrap();
        let own = read.order.clone().unwrap();
        let leg = own.terms.as_ref().unwrap().legs[0].contract.clone().unwrap();
        assert_eq!(
            (leg.r#type(), leg.right(), leg.quantity),
            (v1::ProductType::OptionOnFuture, v1::OptionRight::Call, -2)
        );
        let working = v1::WorkingOrder { order: read.order, filled: vec![1], ..Default::default() };
        assert_eq!(words.write(&working).unwrap(), json!({ "order": order, "filled": [1] }));
        let long = json!({ "order": { "terms": { "kind": "ORDER_KIND_STOP" } } });
        let read: v1::CheckOrderRequest = words.read(long).unwrap();
        assert_eq!(read.order.unwrap().terms.unwrap().kind(), v1::OrderKind::Stop);
        for (wrong, named) in [
            (json!({ "orders": {} }), "orders"),
            (json!({ "order": { "terms": { "kind": "cheap" } } }), "ORDER_KIND_CHEAP"),
            (json!({ "validate_only": "yes" }), "yes"),
        ] {
            let message = words.read::<v1::CheckOrderRequest>(wrong).unwrap_err();
            assert!(message.contains(named), "{message}");
        }
    }
}
