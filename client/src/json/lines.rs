//! The lines of a document that faults stand in: the text is walked a second time, as few documents have any.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Fault, path_of};

/// Every fault with its line, in the order of the lines. What is missing stands in the line of what should have it.
#[must_use]
pub fn located(bytes: &[u8], faults: Vec<Fault>) -> Vec<(u64, Fault)> {
    // All are in the document itself.
    let mut wanted = BTreeMap::from([(String::new(), None)]);
    wanted.extend(faults.iter().flat_map(|fault| above(&fault.path)).map(|path| (normal(path), None)));
    let (line, wanted) = (Cell::new(1), RefCell::new(wanted));
    let mut deserializer = serde_json::Deserializer::from_reader(Counted { bytes, line: &line });
    let root = Place { path: String::new(), is_known: false, line: &line, wanted: &wanted };
    // What is not JSON is a fault of its own, and has been told with its line.
    let _ = root.deserialize(&mut deserializer);
    let lines = wanted.into_inner();
    let line_of = |fault: &Fault| above(&fault.path).find_map(|path| *lines.get(&normal(path))?).unwrap_or(1);
    let mut all: Vec<(u64, Fault)> = faults.into_iter().map(|fault| (line_of(&fault), fault)).collect();
    all.sort_by_key(|(line, _)| *line);
    all
}

/// A path and all that it is in, the nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rfind(['.', '[']).map(|end| &path[..end]))
}

/// A path as it is compared: keys of messages have two names, `order_id` and `orderId`.
fn normal(path: &str) -> String {
    path.chars().filter(|own| *own != '_').flat_map(char::to_lowercase).collect()
}

/// Bytes, and the line that has been read up to.
struct Counted<'a> {
    bytes: &'a [u8],
    line: &'a Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte a call, so that no line is counted before it is reached.
        let one = buffer.len().min(1);
        let read = self.bytes.read(&mut buffer[..one])?;
        if read == 1 && buffer[0] == b'\n' {
            self.line.set(self.line.get() + 1);
        }
        Ok(read)
    }
}

/// A value at a path.
struct Place<'a> {
    path: String,
    /// Its key has told its line.
    is_known: bool,
    line: &'a Cell<u64>,
    wanted: &'a RefCell<BTreeMap<String, Option<u64>>>,
}

impl Place<'_> {
    fn child(&self, path: String, is_known: bool) -> Self {
        Self { path, is_known, line: self.line, wanted: self.wanted }
    }

    /// Keeps the line of a path that is asked for. Of what stands twice, the second.
    fn keep(&self, path: &str) -> bool {
        let mut wanted = self.wanted.borrow_mut();
        let slot = wanted.get_mut(&normal(path));
        slot.map(|slot| *slot = Some(self.line.get())).is_some()
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.is_known && !self.keep(&self.path) {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for place in 0_usize.. {
            let path = format!("{}[{place}]", self.path);
            if list.next_element_seed(self.child(path, false))?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<String>()? {
            let path = path_of(&self.path, &key);
            if self.keep(&path) {
                object.next_value_seed(self.child(path, true))?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_the_lines_of_their_keys() {
        let text =
            "{\n \"a\": 1,\n \"list\": [\n  {\"x\": 1},\n  {\n   \"orderId\": 12\n  }\n ],\n \"a\": 2\n}";
        for (path, expected) in [
            ("", 1),
            ("a", 9),
            ("list", 3),
            ("list[0].x", 4),
            ("list[1]", 5),
            ("list[1].price", 5),
            ("list[1].order_id", 6),
            ("list[7]", 3),
            ("none.of.it", 1),
        ] {
            let fault = Fault { path: path.to_owned(), message: String::new() };
            assert_eq!(located(text.as_bytes(), vec![fault])[0].0, expected, "{path}");
        }
        let faults =
            ["list[1].order_id", "list"].map(|path| Fault { path: path.into(), message: String::new() });
        let lines: Vec<u64> = located(text.as_bytes(), faults.into()).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 6]);
    }
}
