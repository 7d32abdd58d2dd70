//! The committed inputs of the fuzz target, through the same checks.

use plimsoll_client::portfolio;

#[path = "../../../fuzz/checks/portfolio.rs"]
mod check;
#[path = "../../../fuzz/checks/corpus.rs"]
mod corpus;

#[test]
fn the_corpus_of_portfolio() {
    corpus::replay("portfolio", check::check);
}
