//! The committed inputs of the fuzz targets, through the same checks.

#[path = "../../../fuzz/checks/accepted.rs"]
mod accepted;
#[path = "../../../fuzz/checks/command.rs"]
mod command;
#[path = "../../../fuzz/checks/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/checks/method.rs"]
mod method;
#[path = "../../../fuzz/checks/pa2.rs"]
mod pa2;
#[path = "../../../fuzz/checks/record.rs"]
mod record;
#[path = "../../../fuzz/checks/spn.rs"]
mod spn;

#[test]
fn the_corpus_of_spn() {
    corpus::replay("spn", spn::check);
}

#[test]
fn the_corpus_of_pa2() {
    corpus::replay("pa2", pa2::check);
}

#[test]
fn the_corpus_of_command() {
    corpus::replay("command", command::check);
}

#[test]
fn the_corpus_of_record() {
    corpus::replay("record", record::check);
}

#[test]
fn the_corpus_of_method() {
    corpus::replay("method", method::check);
}
