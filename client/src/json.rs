//! JSON in which nothing stands twice: a key that is repeated in an object is a fault with its path, where the usual reading keeps the last
//! value in silence.

mod lines;

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

pub use lines::located;

/// The most repeated keys that are named.
const MOST_FAULTS: usize = 100;
/// Keys are quoted up to here.
const MOST_QUOTED_CHARACTERS: usize = 40;

/// What is wrong at a place of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The path (`sources[2].price`); empty for the document itself.
    pub path: String,
    /// What is wrong, for a person.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// A value; of a key that stands twice the last, and its path among the faults.
#[derive(Debug, PartialEq)]
pub struct Read {
    /// The value.
    pub value: Value,
    /// Every key that stands a second time.
    pub faults: Vec<Fault>,
}

/// Reads one value.
///
/// # Errors
/// What is wrong with the text.
pub fn read(bytes: &[u8]) -> Result<Read, Fault> {
    let faults = RefCell::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let root = Once { path: String::new(), faults: &faults };
    let read = root.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    let not_json = |error| Fault { path: String::new(), message: format!("not JSON: {error}") };
    let value = read.map_err(not_json)?;
    Ok(Read { value, faults: faults.into_inner() })
}

/// A value at a path.
struct Once<'a> {
    path: String,
    faults: &'a RefCell<Vec<Fault>>,
}

impl Once<'_> {
    fn child(&self, path: String) -> Self {
        Self { path, faults: self.faults }
    }
}

/// The path of a key, quoted so far as a person reads.
#[must_use]
pub fn path_of(above: &str, key: &str) -> String {
    let quoted: String = key.chars().take(MOST_QUOTED_CHARACTERS).collect();
    if above.is_empty() { quoted } else { format!("{above}.{quoted}") }
}

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, values.len());
            match list.next_element_seed(self.child(path))? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let path = path_of(&self.path, &key);
            let value = object.next_value_seed(self.child(path.clone()))?;
            if values.insert(key, value).is_some() && self.faults.borrow().len() < MOST_FAULTS {
                self.faults
                    .borrow_mut()
                    .push(Fault { path, message: "stands here a second time".to_owned() });
            }
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_twice_is_named_by_its_path() {
        let faults = |text: &str| -> Vec<String> {
            read(text.as_bytes()).unwrap().faults.iter().map(ToString::to_string).collect()
        };
        assert_eq!(faults(r#"{"a":1,"a":1}"#), ["a: stands here a second time"]);
        assert_eq!(
            faults(r#"{"l":[{},{"x":{"price":1,"price":2}}],"l":[],"ä":0,"\u00e4":0}"#),
            ["l[1].x.price", "l", "ä"].map(|path| format!("{path}: stands here a second time"))
        );
        for text in [r#"{"a":1} x"#, r#"{"a":1e999}"#, "", "{"] {
            assert!(read(text.as_bytes()).unwrap_err().message.starts_with("not JSON: "), "{text}");
        }
    }

    #[test]
    fn everything_else_is_what_it_was() {
        let text = r#"{"b":[1,-2,18446744073709551615,0.1,1e300,true,null,"x\ny"],"a":{"b":{},"c":[]}}"#;
        let value = serde_json::from_str(text).unwrap();
        assert_eq!(read(text.as_bytes()), Ok(Read { value, faults: Vec::new() }));
    }
}
