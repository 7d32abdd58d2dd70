//! The committed inputs of the fuzz target, through the same checks.

use plimsoll_client::{margin_account, market, portfolio};

#[path = "../../../fuzz/checks/account.rs"]
mod account;
#[path = "../../../fuzz/checks/portfolio.rs"]
mod check;
#[path = "../../../fuzz/checks/corpus.rs"]
mod corpus;

#[test]
fn the_corpus_of_portfolio() {
    corpus::replay("portfolio", check::check);
}

#[test]
fn the_corpus_of_account() {
    corpus::replay("account", account::check);
}
