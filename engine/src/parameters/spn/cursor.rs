//! A position in the element tree, moved forwards only.
//!
//! Structural faults (malformed or truncated XML, a document type, too much depth or length) stop the reading: they come
//! back as [`Stop`] once the diagnostic is recorded. Faults of content are recorded and reading goes on, so that a person
//! sees all of them at once.
//!
//! Plain leaves are taken from the source directly ([`super::leaf`]), all else from the XML reader; which of the two it was
//! is not to be seen from outside.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::str::FromStr;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

use super::element::Element;
use super::leaf::same;
use super::source::{Source, TOKEN_LIMIT};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::vintage::Digest;
use crate::types::Decimal;

/// The deepest nesting; the format needs ten.
const DEPTH_LIMIT: usize = 32;
/// The most contracts, series, legs, links and other listed things: several times the largest known file.
const LISTED_LIMIT: u32 = 3_000_000;
/// How many unknown names are reported.
const UNKNOWN_LIMIT: usize = 100;

/// What an element holds that may be written in two ways.
pub(super) enum TextOrChild {
    Text(String),
    Child(Element),
}

/// Reading cannot go on; the reason is among the diagnostics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop;

pub(super) struct Cursor<R: BufRead> {
    xml: Reader<Source<R>>,
    buffer: Vec<u8>,
    text: String,
    /// The element that began last, and its name.
    element: Element,
    name: String,
    /// Whether the XML reader stands behind a whole tag, where it holds nothing back and expects text or a tag: not before
    /// the first, and not in an empty-element tag, whose end is still to come. Only there may a leaf be taken from under it.
    behind_tag: bool,
    in_leaf: InLeaf,
    depth: usize,
    /// For each open element, which elements it has held so far, as bits.
    held: [Held; DEPTH_LIMIT + 1],
    listed: u32,
    unknown: BTreeSet<String>,
    pub(super) diagnostics: Diagnostics,
    pub(super) io_error: Option<std::io::Error>,
}

impl<R: BufRead> Cursor<R> {
    pub(super) fn new(source: R) -> Self {
        let mut xml = Reader::from_reader(Source::new(source));
        xml.config_mut().expand_empty_elements = true;
        Self {
            xml,
            buffer: Vec::new(),
            text: String::new(),
            element: Element::Unknown,
            name: String::new(),
            behind_tag: false,
            in_leaf: InLeaf::No,
            depth: 0,
            held: [Held::default(); DEPTH_LIMIT + 1],
            listed: 0,
            unknown: BTreeSet::new(),
            diagnostics: Diagnostics::default(),
            io_error: None,
        }
    }

    /// The line that the cursor stands in.
    pub(super) fn line(&self) -> u64 {
        self.xml.get_ref().line()
    }

    /// Counts one more listed thing.
    pub(super) fn list(&mut self) -> Result<(), Stop> {
        self.listed += 1;
        if self.listed > LISTED_LIMIT {
            Err(self.stop("the file lists more things than any exchange has"))
        } else {
            Ok(())
        }
    }

    pub(super) fn error(&mut self, element: Element, message: impl Into<String>) {
        let line = self.line();
        self.diagnostics.error(line, element.name(), message);
    }

    fn stop(&mut self, message: impl Into<String>) -> Stop {
        let line = self.line();
        let name = std::mem::take(&mut self.name);
        let element = if name.is_empty() { "file" } else { &name };
        self.diagnostics.last_error(line, element, message);
        Stop
    }

    /// Moves to the next child of the current element; `None` once the current element has ended.
    pub(super) fn next_child(&mut self) -> Result<Option<Element>, Stop> {
        if self.enter_leaf() {
            return Ok(Some(self.begun()));
        }
        self.text.clear();
        loop {
            let stray = match self.next_event()? {
                Token::Start => return Ok(Some(self.begun())),
                Token::End => return Ok(None),
                Token::Eof if self.depth == 0 => return Ok(None),
                Token::Eof => return Err(self.stop("the file ends inside this element")),
                Token::Text => !self.text.trim().is_empty(),
            };
            if stray {
                let text: String = self.text.trim().chars().take(40).collect();
                let line = self.line();
                self.diagnostics.warning(line, &self.name, format!("stray text {text:?}"));
            }
            self.text.clear();
        }
    }

    /// Enters a plain leaf if one stands next and the XML reader need not see it.
    fn enter_leaf(&mut self) -> bool {
        let can = self.behind_tag && self.in_leaf == InLeaf::No && self.depth < DEPTH_LIMIT;
        let source = self.xml.get_mut();
        if !can || !source.next_leaf() {
            return false;
        }
        let name = source.leaf_name();
        if !same(name.as_bytes(), self.name.as_bytes()) {
            self.element = Element::of(name);
            self.name.clear();
            self.name.push_str(name);
        }
        self.depth += 1;
        self.in_leaf = InLeaf::BeforeText;
        true
    }

    /// The element that has just begun; a second one is recorded where one may stand only once.
    fn begun(&mut self) -> Element {
        let element = self.element;
        if !element.repeats() && self.held[self.depth - 1].again(element) {
            self.error(element, "stands here a second time");
        }
        element
    }

    /// The text of the current element without blanks around it; moves behind the element.
    pub(super) fn text(&mut self) -> Result<&str, Stop> {
        if self.in_leaf == InLeaf::BeforeText {
            self.leave_leaf();
            return Ok(self.xml.get_ref().leaf_text().trim());
        }
        self.text.clear();
        loop {
            match self.next_event()? {
                Token::Text if self.text.len() > TOKEN_LIMIT => return Err(self.stop("the text is too long")),
                Token::Text => {}
                Token::End => return Ok(self.text.trim()),
                Token::Start => return Err(self.stop("an element stands where only text can")),
                Token::Eof => return Err(self.stop("the file ends inside this element")),
            }
        }
    }

    /// The text of the current element, where it holds nothing else and the cursor has moved behind it, or its first child.
    pub(super) fn text_or_child(&mut self) -> Result<TextOrChild, Stop> {
        if self.in_leaf == InLeaf::BeforeText {
            return Ok(TextOrChild::Text(self.text()?.to_owned()));
        }
        if self.enter_leaf() {
            return Ok(TextOrChild::Child(self.begun()));
        }
        self.text.clear();
        loop {
            match self.next_event()? {
                Token::Text if self.text.len() > TOKEN_LIMIT => return Err(self.stop("the text is too long")),
                Token::Text => {}
                Token::Start => return Ok(TextOrChild::Child(self.begun())),
                Token::End => return Ok(TextOrChild::Text(self.text.trim().to_owned())),
                Token::Eof => return Err(self.stop("the file ends inside this element")),
            }
        }
    }

    /// Moves behind the current element.
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        if self.in_leaf == InLeaf::BeforeText {
            self.leave_leaf();
            return Ok(());
        }
        let outside = self.depth - 1;
        while self.depth > outside {
            if matches!(self.next_event()?, Token::Eof) {
                return Err(self.stop("the file ends inside this element"));
            }
            self.text.clear();
        }
        Ok(())
    }

    /// Passes over an element that is not read here: silently if it is harmless, with a warning if it is not known, and
    /// refusing the file if it changes margins in a way that is not calculated, or is read elsewhere and has no meaning
    /// here.
    pub(super) fn pass(&mut self, element: Element) -> Result<(), Stop> {
        match element {
            Element::Essential => {
                let (line, name) = (self.line(), self.name.clone());
                if self.has_content()? {
                    let message = "changes margins in a way that is not calculated: the file is refused";
                    self.diagnostics.error(line, &name, message);
                }
                Ok(())
            }
            Element::Unknown => {
                if self.unknown.len() < UNKNOWN_LIMIT && self.unknown.insert(self.name.clone()) {
                    let line = self.line();
                    self.diagnostics.warning(line, &self.name, "not an element of the format, skipped");
                }
                self.skip()
            }
            Element::Harmless => self.skip(),
            misplaced => {
                self.error(misplaced, "does not belong here: the file is refused");
                self.skip()
            }
        }
    }

    /// Keeps the value of an element that may be given for several levels, and of this level once.
    pub(super) fn keep<T>(&mut self, slot: &mut Option<T>, value: Option<T>, element: Element) {
        if slot.is_some() && value.is_some() {
            self.error(element, "stands here a second time");
        } else if value.is_some() {
            *slot = value;
        }
    }

    /// Moves behind the current element; whether it holds elements, or a text other than a zero.
    fn has_content(&mut self) -> Result<bool, Stop> {
        let outside = self.depth - 1;
        let mut elements = false;
        self.text.clear();
        while self.depth > outside {
            match self.next_event()? {
                Token::Start => elements = true,
                Token::Eof => return Err(self.stop("the file ends inside this element")),
                Token::Text if self.text.len() > TOKEN_LIMIT => return Err(self.stop("the text is too long")),
                Token::End | Token::Text => {}
            }
        }
        let text = self.text.trim();
        let nothing = text.is_empty() || Decimal::parse(text).is_ok_and(Decimal::is_zero);
        Ok(elements || !nothing)
    }

    /// The value of a text element; `None` for a blank one, and for a faulty one, which is recorded.
    pub(super) fn value<T>(&mut self, element: Element) -> Result<Option<T>, Stop>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        self.value_with(element, |text| text.parse().map_err(|e: T::Err| e.to_string()))
    }

    /// As [`Self::value`], read by `read`.
    pub(super) fn value_with<T>(
        &mut self,
        element: Element,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Stop> {
        let text = self.text()?;
        if text.is_empty() {
            return Ok(None);
        }
        match read(text) {
            Ok(value) => Ok(Some(value)),
            Err(message) => {
                let shown: String = text.chars().take(40).collect();
                self.error(element, format!("{shown:?}: {message}"));
                Ok(None)
            }
        }
    }

    /// As [`Self::value`], where a blank is a fault too.
    pub(super) fn needed<T>(&mut self, element: Element) -> Result<Option<T>, Stop>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let mut empty = true;
        let value = self.value_with(element, |text| {
            empty = false;
            text.parse().map_err(|e: T::Err| e.to_string())
        })?;
        if empty {
            self.error(element, "is empty");
        }
        Ok(value)
    }

    /// A 0/1 flag.
    pub(super) fn flag(&mut self, element: Element) -> Result<Option<bool>, Stop> {
        self.value_with(element, |text| match text {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err("expected 0 or 1".to_owned()),
        })
    }

    /// A whole number, also when written with a point and zeros (`1.000000`).
    pub(super) fn whole<T: TryFrom<i128>>(&mut self, element: Element) -> Result<Option<T>, Stop> {
        self.value_with(element, |text| {
            let value = Decimal::parse(text).map_err(|e| e.to_string())?;
            let whole = value.scaled_exact(0).and_then(|whole| T::try_from(whole).ok());
            whole.ok_or_else(|| "expected a whole number in range".to_owned())
        })
    }

    /// The digest of the whole file, read to its end.
    pub(super) fn into_digest(self) -> (std::io::Result<Digest>, Diagnostics) {
        (self.xml.into_inner().into_digest(), self.diagnostics)
    }

    /// Leaves the leaf that the cursor is in.
    fn leave_leaf(&mut self) {
        self.in_leaf = InLeaf::No;
        self.depth -= 1;
    }

    /// The tokens of a leaf, as they come from the XML reader for all other elements.
    fn next_of_leaf(&mut self) -> Token {
        let text = self.xml.get_ref().leaf_text();
        if self.in_leaf == InLeaf::BeforeText && !text.is_empty() {
            self.text.push_str(text);
            self.in_leaf = InLeaf::BehindText;
            Token::Text
        } else {
            self.leave_leaf();
            Token::End
        }
    }

    fn next_event(&mut self) -> Result<Token, Stop> {
        if self.in_leaf != InLeaf::No {
            return Ok(self.next_of_leaf());
        }
        loop {
            self.buffer.clear();
            self.xml.get_mut().end_token();
            let event = match self.xml.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(quick_xml::Error::Io(error)) => {
                    let message = error.to_string();
                    if error.kind() != std::io::ErrorKind::InvalidData {
                        self.io_error = Some(std::io::Error::new(error.kind(), message.clone()));
                    }
                    return Err(self.stop(message));
                }
                Err(error) => return Err(self.stop(format!("malformed XML: {error}"))),
            };
            match event {
                Event::Start(tag) => {
                    let name = tag.name();
                    self.element = Element::of(name.as_ref());
                    self.name.clear();
                    self.name.push_str(name.as_ref());
                    self.depth += 1;
                    if self.depth > DEPTH_LIMIT {
                        return Err(self.stop("elements are nested too deeply"));
                    }
                    self.held[self.depth] = Held::default();
                    self.behind_tag = !self.buffer.ends_with(b"/>");
                    return Ok(Token::Start);
                }
                Event::End(_) => {
                    self.depth -= 1;
                    self.behind_tag = true;
                    return Ok(Token::End);
                }
                Event::Text(text) => self.text.push_str(&text),
                Event::CData(text) => self.text.push_str(&text),
                Event::GeneralRef(reference) => match resolve(&reference) {
                    Some(resolved) => self.text.push_str(&resolved),
                    None => {
                        let message = format!("entity &{};: only XML's own are accepted", &*reference);
                        return Err(self.stop(message));
                    }
                },
                Event::DocType(_) => return Err(self.stop("document type declarations are not accepted")),
                Event::Eof => return Ok(Token::Eof),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            }
            return Ok(Token::Text);
        }
    }
}

/// A set of elements, by their numbers.
#[derive(Clone, Copy, Default)]
struct Held([u64; 4]);

impl Held {
    /// Adds an element; whether it was in the set before.
    fn again(&mut self, element: Element) -> bool {
        let number = element as usize;
        let (word, bit) = (&mut self.0[number / 64 % 4], 1 << (number % 64));
        let before = *word & bit != 0;
        *word |= bit;
        before
    }
}

/// Where the cursor is in a leaf that the XML reader does not see.
#[derive(Clone, Copy, Eq, PartialEq)]
enum InLeaf {
    No,
    BeforeText,
    BehindText,
}

enum Token {
    Start,
    End,
    Text,
    Eof,
}

/// The text of a character reference or of one of XML's five entities.
fn resolve(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character.to_string()),
        Ok(None) => resolve_predefined_entity(reference).map(str::to_owned),
        Err(_) => None,
    }
}
