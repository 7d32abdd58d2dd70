//! Contracts that a house does not know: reading what names them writes nothing; what is accepted makes them known.

use plimsoll_proto::v1;
use plimsoll_proto::v1::submit_request::Command;
use tonic::Code;

use crate::durable::{Folder, book, first_day, margin, name, submit, trade};
use crate::sample::{HOUSE, future};
use crate::served::Served;

/// A contract that no set lists, named in full.
fn stranger(lots: i64) -> v1::Position {
    v1::Position { exchange: "X".to_owned(), period: "209912".to_owned(), ..future("202612", lots) }
}

fn order(id: &str) -> v1::Order {
    let leg = v1::OrderLeg { contract: Some(stranger(1)), price: "70".to_owned() };
    let kind = v1::OrderKind::Limit.into();
    let terms = v1::OrderTerms { kind, legs: vec![leg], units: 3, ..Default::default() };
    v1::Order { id: id.to_owned(), account: "A".to_owned(), terms: Some(terms), ..Default::default() }
}

async fn check(served: &Served, validate_only: bool) -> v1::CheckOrderResponse {
    let command_id = if validate_only { String::new() } else { "check".to_owned() };
    let request = v1::CheckOrderRequest { name: name(), command_id, order: Some(order("O7")), validate_only };
    book(served).check_order(request).await.unwrap().into_inner()
}

fn reason(refused: Option<v1::Refused>) -> v1::RefusalReason {
    refused.unwrap().reason()
}

#[tokio::test]
async fn what_is_refused_faulty_or_only_looked_at_writes_nothing() {
    let folder = Folder::new("unknown-refused");
    let served = folder.start(false).await;
    first_day(&served).await;
    let before = margin(&served).await.durable_log_sequence;
    let not_marginable = v1::RefusalReason::ContractNotMarginable;
    assert_eq!(reason(check(&served, true).await.refused), not_marginable);
    assert_eq!(reason(check(&served, false).await.refused), not_marginable);
    // Asked again it is decided anew: the contract may have become known.
    let again = check(&served, false).await;
    assert_eq!((again.repeated, reason(again.refused)), (false, not_marginable));
    let answer = submit(&served, "order", Command::Order(order("O8"))).await;
    assert_eq!(reason(answer.refused), not_marginable);

    let legs = vec![v1::TradeLeg { contract: Some(stranger(1)), price: "many".to_owned() }];
    let faulty = Command::Trade(v1::Trade { legs, ..trade("T7", 1) });
    let request = v1::SubmitRequest { name: name(), command_id: "faulty".to_owned(), command: Some(faulty) };
    assert_eq!(book(&served).submit(request).await.unwrap_err().code(), Code::InvalidArgument);

    let prices = vec![v1::SettlementPrice { contract: Some(stranger(0)), price: "1".to_owned() }];
    let (house, run_id, date) = (HOUSE.to_owned(), "R1".to_owned(), "2026-09-18".to_owned());
    let other = v1::SettleHouseRequest { house, run_id, date, prices, ..Default::default() };
    assert_eq!(book(&served).settle_house(other).await.unwrap_err().code(), Code::AlreadyExists);

    let own = v1::TradeLeg { contract: Some(stranger(1)), price: "70".to_owned() };
    let trade = Some(v1::Trade { legs: vec![own], ..trade("T8", 1) });
    let trades = vec![v1::ImportedTrade { group: "POOL".to_owned(), trade }];
    let import = v1::ImportTradesRequest { house: HOUSE.to_owned(), trades, validate_only: false };
    let refused = book(&served).import_trades(import).await.unwrap().into_inner();
    assert!(refused.faults[0].description.contains("209912"), "{refused:?}");
    assert_eq!(margin(&served).await.durable_log_sequence, before);
}

#[tokio::test]
async fn what_is_accepted_makes_them_known_and_is_the_same_when_told_again() {
    let folder = Folder::new("unknown-accepted");
    let mut served = folder.start(false).await;
    first_day(&served).await;
    let leg = v1::TradeLeg { contract: Some(stranger(2)), price: "70".to_owned() };
    let told = Command::Trade(v1::Trade { legs: vec![leg], ..trade("T9", 2) });
    let band = v1::PriceBand { contract: Some(stranger(0)), low: "60".to_owned(), high: "80".to_owned() };
    let other = v1::PriceBand { contract: Some(future("202612", 0)), ..band.clone() };
    let bands = vec![other, band];
    let terms = v1::SetHouseTermsRequest { house: HOUSE.to_owned(), bands, ..Default::default() };
    let first = submit(&served, "trade", told.clone()).await;
    assert_eq!((first.refused, first.repeated), (None, false));
    book(&served).set_house_terms(terms).await.unwrap();
    for _ in 0..2 {
        let again = submit(&served, "trade", told.clone()).await;
        assert_eq!((again.repeated, again.log_sequence), (true, first.log_sequence));
        let list = v1::ListTradesRequest { name: name(), ..Default::default() };
        let trades = book(&served).list_trades(list).await.unwrap().into_inner().trades;
        let own = trades.iter().find(|own| own.id == "T9").unwrap();
        assert_eq!(own.legs[0].contract.as_ref().unwrap().period, "209912");
        drop(served.channel);
        served.running.drain().await;
        served = folder.start(false).await;
    }
}
