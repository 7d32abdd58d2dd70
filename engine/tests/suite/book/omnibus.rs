//! Three clients in one margin account that is gross by client, or each in a net one of its own.

use plimsoll_engine::group::{Fact, Keeping, MarginTerms, Request};

use super::desk::{Desk, code, reason};

pub(super) const CLIENTS: [&str; 3] = ["C1", "C2", "C3"];

/// How the margin accounts are margined.
pub(super) struct Terms {
    pub(super) by_client: MarginTerms,
    pub(super) net: MarginTerms,
}

/// Opens the clients' accounts; the second client's is kept gross.
pub(super) fn opened(mut desk: Desk, terms: &Terms, is_one: bool) -> Desk {
    let open = |desk: &mut Desk, name: &str, terms: &MarginTerms| {
        assert_eq!(reason(&desk.request(Request::OpenMarginAccount(code(name), terms.clone()))), "granted");
    };
    if is_one {
        open(&mut desk, "OMNIBUS", &terms.by_client);
    }
    for (place, client) in CLIENTS.into_iter().enumerate() {
        let own = format!("OMNIBUS{client}");
        if !is_one {
            open(&mut desk, &own, &terms.net);
        }
        let account = if is_one { "OMNIBUS" } else { &own };
        let keeping = if place == 1 { Keeping::Gross } else { Keeping::Net };
        desk.request(Request::OpenPositionAccount(code(client), code(account), keeping));
    }
    desk
}

pub(super) fn trade(desk: &mut Desk, id: &str, client: &str, lots: i64, name: &str) {
    let mark = desk.mark(name);
    let mut fill = desk.fill(id, lots, name, mark);
    fill.account = code(client);
    assert_eq!(reason(&desk.fact(Fact::Fill(Box::new(fill)))), "granted");
}

pub(super) fn order(desk: &mut Desk, id: &str, client: &str, lots: i64, name: &str) -> &'static str {
    let mark = desk.mark(name);
    let mut order = desk.limit(id, lots, name, mark);
    order.account = code(client);
    reason(&desk.order(order))
}
