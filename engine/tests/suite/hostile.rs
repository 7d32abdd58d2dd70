//! Files made to break a reader: cut, changed, endless, deep.

use std::io::{self, BufReader, Read};

use plimsoll_engine::parameters::spn::{ReadError, read};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::refused::{errors, load, sample_text};

#[test]
fn hostile_structure_is_refused() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE s [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><spanFile>&b;</spanFile>";
    let deep = format!("<spanFile>{}", "<x>".repeat(100_000));
    let wide = format!("<spanFile><{}>", "x".repeat(1 << 20));
    let long = format!("<spanFile><created>{}", "1".repeat(1 << 20));
    let countless = format!("<spanFile><definitions>{}", "<currencyDef/>".repeat(3_100_000));
    for (name, text, expected) in [
        ("nothing", "", "the file holds no spanFile element"),
        ("blanks", " \r\n ", "the file holds no spanFile element"),
        ("no XML", "account,product\n1,2\n", "the file holds no spanFile element"),
        ("another document", "<html></html>", "expected one spanFile element and nothing else"),
        ("two documents", "<spanFile></spanFile><spanFile></spanFile>", "expected one spanFile element"),
        ("entity bomb", bomb, "document type declarations are not accepted"),
        ("own entity", "<spanFile>&bomb;</spanFile>", "entity &bomb;: only XML's own are accepted"),
        ("wrong end", "<spanFile><created></spanFile>", "malformed XML"),
        ("cut tag", "<spanFile><crea", "malformed XML"),
        ("cut text", "<spanFile><created>2026", "the file ends inside this element"),
        ("deep", &deep, "elements are nested too deeply"),
        ("endless name", &wide, "a tag or text is longer than"),
        ("endless text", &long, "a tag or text is longer than"),
        ("countless", &countless, "the file lists more things than any exchange has"),
        (
            "nested text",
            "<spanFile><created><b>1</b></created></spanFile>",
            "an element stands where only text can",
        ),
    ] {
        let errors = errors(&load(text.as_bytes()).expect_err(name));
        assert!(errors.iter().any(|error| error.contains(expected)), "{name}: {errors:?}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let text = sample_text();
    let end = text.trim_end().len();
    for cut in (0..end).step_by(997).chain(end - 12..end) {
        assert!(load(&text.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
    assert!(load(&text.as_bytes()[..end]).is_ok());
}

#[test]
fn changed_bytes_never_panic() {
    let bytes = sample_text().into_bytes();
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]));
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 1..8);
    let outcome = runner.run(&changes, |changes| {
        let mut bytes = bytes.clone();
        for (place, byte) in changes {
            *place.get_mut(&mut bytes) = byte;
        }
        // Either a whole set or a refusal that says why.
        if let Err(diagnostics) = load(&bytes) {
            prop_assert!(diagnostics.refuses() && !diagnostics.as_slice().is_empty());
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_source_that_fails_is_no_refusal() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::ConnectionReset, "gone"))
        }
    }
    let text = sample_text();
    let source = BufReader::new(text.as_bytes().take(5_000).chain(Broken));
    assert!(
        matches!(read(source), Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::ConnectionReset)
    );
}
