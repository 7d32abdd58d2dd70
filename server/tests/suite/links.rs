//! Links and reduce-only orders through a real client.

use plimsoll_proto::v1;
use plimsoll_proto::v1::submit_request::Command;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::book::{Desk, MARK, name, order, trade};

const VENUE: v1::LinkEnforcer = v1::LinkEnforcer::VenueAtomic;
const CLIENT: v1::LinkEnforcer = v1::LinkEnforcer::Client;
const UNSAID: v1::LinkOnFill = v1::LinkOnFill::Unspecified;

fn link(most: i64, by: v1::LinkEnforcer, on_fill: v1::LinkOnFill) -> v1::OrderLink {
    v1::OrderLink { name: "L".to_owned(), most_filled: most, enforced_by: by.into(), on_fill: on_fill.into() }
}

fn linked(id: &str, lots: i64, own: v1::OrderLink) -> v1::Order {
    v1::Order { link: Some(own), ..order(id, lots, MARK) }
}

#[tokio::test]
async fn who_enforces_is_stated() {
    let mut desk = Desk::new("100000").await;
    let first = v1::LinkOnFill::FirstHit;
    let mut unreduced = order("O1", 1, MARK);
    unreduced.terms.as_mut().unwrap().reduced_by_venue = true;
    for (order, field) in [
        (linked("O1", 1, link(0, v1::LinkEnforcer::Unspecified, first)), "order.link.enforced_by"),
        (linked("O1", 1, link(0, VENUE, UNSAID)), "order.link.on_fill"),
        (linked("O1", 1, link(0, CLIENT, first)), "order.link.on_fill"),
        (linked("O1", 1, link(-1, CLIENT, UNSAID)), "order.link.most_filled"),
        (unreduced, "order.terms.reduced_by_venue"),
    ] {
        let request = desk.submission("POOL", Command::Order(order));
        let status = desk.book().submit(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let fields: Vec<&str> =
            details.bad_request().unwrap().field_violations.iter().map(|own| own.field.as_str()).collect();
        assert_eq!(fields, [field]);
    }
}

#[tokio::test]
async fn a_link_is_kept_shown_used_up_and_reset() {
    let mut desk = Desk::new("100000").await;
    let own = link(0, VENUE, v1::LinkOnFill::Incremental);
    for id in ["O1", "O2"] {
        desk.granted("POOL", Command::Order(linked(id, 4, own.clone()))).await;
    }
    desk.granted("POOL", Command::Trade(trade("T1", 1, "O1"))).await;
    let request = v1::ListOrdersRequest { name: name("POOL"), ..Default::default() };
    let listed = desk.book().list_orders(request).await.unwrap().into_inner().orders;
    let shown: Vec<_> =
        listed.into_iter().map(|own| (own.order.unwrap().link.unwrap(), own.filled, own.cut)).collect();
    assert_eq!(shown, [(own.clone(), vec![1], vec![]), (own.clone(), vec![0], vec![1])]);
    let reset = || Command::ResetLink("L".to_owned());
    let refused = |answer: v1::SubmitResponse| answer.refused.unwrap().reason();
    let more = || Command::Order(linked("O3", 1, own.clone()));
    assert_eq!(refused(desk.submit("POOL", more()).await), v1::RefusalReason::LinkExhausted);
    assert_eq!(refused(desk.submit("POOL", reset()).await), v1::RefusalReason::LinkInUse);
    let answer = desk.granted("POOL", Command::Trade(trade("T2", 3, "O1"))).await;
    assert_eq!(answer.closed_orders, ["O1", "O2"]);
    desk.granted("POOL", reset()).await;
    assert_eq!(refused(desk.submit("POOL", reset()).await), v1::RefusalReason::UnknownLink);
    desk.granted("POOL", more()).await;
}
