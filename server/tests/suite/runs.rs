//! Settlement runs: each group applies one, has it, or is named; an id names one run for ever.

use plimsoll_proto::v1;
use plimsoll_proto::v1::submit_request::Command;
use tonic::Code;

use crate::durable::{Folder, book, first_day, margin, submit, trade};
use crate::sample::{HOUSE, future};
use crate::served::Served;

/// More than any list of the last ones.
const MANY: usize = 70;

fn run(number: usize, price: &str) -> v1::SettleHouseRequest {
    let prices = vec![v1::SettlementPrice { contract: Some(future("202612", 0)), price: price.to_owned() }];
    let date = format!("2026-{:02}-{:02}", 10 + number / 28, 1 + number % 28);
    let (house, run_id) = (HOUSE.to_owned(), format!("DAY{number}"));
    v1::SettleHouseRequest { house, run_id, date, prices, ..Default::default() }
}

async fn settle(served: &Served, run: v1::SettleHouseRequest) -> v1::SettleHouseResponse {
    book(served).settle_house(run).await.unwrap().into_inner()
}

async fn cash(served: &Served) -> String {
    margin(served).await.currencies[0].cash.clone()
}

async fn restarted(folder: &Folder, served: Served, cuts: bool) -> Served {
    drop(served.channel);
    served.running.drain().await;
    folder.start(cuts).await
}

async fn is_other(served: &Served, run: v1::SettleHouseRequest) {
    let status = book(served).settle_house(run).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists, "{status:?}");
}

async fn an_id_names_one_run_for_ever(cuts: bool) {
    let folder = Folder::new(if cuts { "ids-cuts" } else { "ids-records" });
    let mut served = folder.start(cuts).await;
    first_day(&served).await;
    for number in 0..MANY {
        let settled = settle(&served, run(number, "71.36")).await;
        assert_eq!((settled.groups, settled.known, settled.not_applied.len()), (1, 0, 0), "run {number}");
    }
    let before = cash(&served).await;
    let later = v1::SettleHouseRequest { run_id: "DAY0".to_owned(), ..run(MANY, "75.00") };
    for _ in 0..2 {
        is_other(&served, later.clone()).await;
        is_other(&served, run(0, "75.00")).await;
        is_other(&served, v1::SettleHouseRequest { cycle: 2, ..run(0, "71.36") }).await;
        // The same number in other words is the same run.
        let settled = settle(&served, run(0, "71.3600")).await;
        assert_eq!((settled.groups, settled.known, settled.not_applied.len()), (0, 1, 0));
        assert_eq!(cash(&served).await, before);
        served = restarted(&folder, served, cuts).await;
    }
    let settled = settle(&served, run(MANY, "72.36")).await;
    assert_eq!((settled.groups, settled.not_applied.len()), (1, 0));
    assert_ne!(cash(&served).await, before, "two lots short have lost a point");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_names_one_run_for_ever_in_records() {
    an_id_names_one_run_for_ever(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_names_one_run_for_ever_in_cuts() {
    an_id_names_one_run_for_ever(true).await;
}

/// A trade so large that no settlement of its group is a number.
fn too_large() -> v1::Trade {
    let legs = |price: &str| {
        let contract = Some(future("202612", 1_000_000_000));
        vec![v1::TradeLeg { contract, price: price.to_owned() }]
    };
    v1::Trade { legs: legs("71"), date: "2026-09-30".to_owned(), ..trade("HUGE", 1) }
}

async fn a_group_that_cannot_be_settled_is_named(cuts: bool) {
    let folder = Folder::new(if cuts { "overflow-cuts" } else { "overflow-records" });
    let mut served = folder.start(cuts).await;
    first_day(&served).await;
    let answer = submit(&served, "HUGE", Command::Trade(too_large())).await;
    assert_eq!((answer.refused, answer.exceptions), (None, Vec::new()), "the trade itself is booked");
    for number in 0..MANY {
        let settled = settle(&served, run(number, "1000000000000")).await;
        assert_eq!((settled.groups, settled.known), (0, 0), "run {number}");
        let [own] = settled.not_applied.as_slice() else { panic!("{settled:?}") };
        assert_eq!(own.name.as_ref().unwrap().group, "POOL");
        let [item] = own.items.as_slice() else { panic!("{own:?}") };
        assert_eq!((item.kind.as_str(), item.reference.as_str()), ("too_large", &*format!("DAY{number}")));
        assert_eq!(settled.with_exceptions.len(), 1);
    }
    for _ in 0..2 {
        // Told again it is named again, and no second item is raised.
        let settled = settle(&served, run(MANY - 1, "1000000000000")).await;
        assert_eq!((settled.groups, settled.known, settled.not_applied[0].items.len()), (0, 0, 1));
        served = restarted(&folder, served, cuts).await;
    }
    // Once the trade is cancelled the same run fits.
    let bust = v1::Bust { trade_id: "HUGE".to_owned(), date: "2026-12-31".to_owned() };
    let busted = submit(&served, "BUST", Command::Bust(bust)).await;
    assert_eq!((busted.refused, busted.exceptions), (None, Vec::new()), "the bust is booked");
    let settled = settle(&served, run(MANY - 1, "1000000000000")).await;
    assert_eq!((settled.groups, settled.known, settled.not_applied.len()), (1, 0, 0), "{settled:?}");
    // What was settled at 71.36 on the first day is settled at a trillion.
    assert_eq!(cash(&served).await, "-1999999999758280.000000", "two lots short, a thousand for a point");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_cannot_be_settled_is_named_in_records() {
    a_group_that_cannot_be_settled_is_named(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_cannot_be_settled_is_named_in_cuts() {
    a_group_that_cannot_be_settled_is_named(true).await;
}
