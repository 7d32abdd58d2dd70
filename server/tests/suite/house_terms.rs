//! What a house states over the wire: faults by path; of its schedule of fees what orders keep of it, and that a restart knows it.

use plimsoll_proto::v1;
use plimsoll_proto::v1::submit_request::Command;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::durable::{Folder, book, first_day, margin, name, submit, trade};
use crate::sample::{HOUSE, future};
use crate::served::Served;

fn fee(product: &str, currency: &str, per_lot: &str) -> v1::HouseFee {
    let [product, currency, per_lot] = [product, currency, per_lot].map(ToOwned::to_owned);
    v1::HouseFee { product, currency, per_lot }
}

fn terms(fees: Vec<v1::HouseFee>) -> v1::SetHouseTermsRequest {
    v1::SetHouseTermsRequest { house: HOUSE.to_owned(), fees, ..Default::default() }
}

fn order(id: &str) -> v1::Order {
    let leg = v1::OrderLeg { contract: Some(future("202612", -1)), price: "70.86".to_owned() };
    let kind = v1::OrderKind::Limit.into();
    let terms = v1::OrderTerms { kind, legs: vec![leg], units: 3, ..Default::default() };
    v1::Order { id: id.to_owned(), account: "A".to_owned(), terms: Some(terms), ..Default::default() }
}

/// The scheduled fees of an order.
async fn scheduled(served: &Served, id: &str) -> Vec<(String, String)> {
    let request = v1::ListOrdersRequest { name: name(), ..Default::default() };
    let orders = book(served).list_orders(request).await.unwrap().into_inner().orders;
    let is_own = |own: &v1::WorkingOrder| own.order.as_ref().is_some_and(|order| order.id == id);
    let own = orders.into_iter().find(is_own).unwrap();
    own.scheduled_fees.into_iter().map(|own| (own.currency, own.amount)).collect()
}

#[tokio::test]
async fn faults_of_fees_are_named_by_their_paths() {
    let folder = Folder::new("fees-faults");
    let served = folder.start(false).await;
    first_day(&served).await;
    let faulty = terms(vec![
        fee("HCL", "USD", "-1"),
        fee("HCL", "EUR", "1"),
        fee("", "USD", "1"),
        fee("", "USD", "2"),
        fee("", "dollars and cents, more than a code has room for", "x"),
    ]);
    let status = book(&served).set_house_terms(faulty).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let named = status.get_details_bad_request().unwrap().field_violations;
    let named: Vec<&str> = named.iter().map(|own| own.field.as_str()).collect();
    assert_eq!(
        named,
        ["fees[0].per_lot", "fees[1].product", "fees[3].currency", "fees[4].currency", "fees[4].per_lot"]
    );
    let many = terms(vec![fee("", "USD", "1"); 50_001]);
    assert_eq!(book(&served).set_house_terms(many).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn nothing_of_a_house_is_stated_twice() {
    let folder = Folder::new("terms-twice");
    let served = folder.start(false).await;
    first_day(&served).await;
    let band = |low: &str| v1::PriceBand {
        contract: Some(future("202612", 0)),
        low: low.to_owned(),
        high: "80".to_owned(),
    };
    let asset = |haircut: &str| v1::AssetTerms {
        asset: "BOND".to_owned(),
        currency: "USD".to_owned(),
        price: "100".to_owned(),
        haircut: haircut.to_owned(),
        most_of_pool: String::new(),
    };
    let haircut =
        |haircut: &str| v1::CurrencyHaircut { currency: "EUR".to_owned(), haircut: haircut.to_owned() };
    let stated = |count: usize| v1::SetHouseTermsRequest {
        house: HOUSE.to_owned(),
        bands: [band("60"), band("61")][..count].to_vec(),
        assets: [asset("0.1"), asset("0.2")][..count].to_vec(),
        currency_haircuts: [haircut("0.1"), haircut("0.9")][..count].to_vec(),
        ..Default::default()
    };
    let status = book(&served).set_house_terms(stated(2)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let named = status.get_details_bad_request().unwrap().field_violations;
    let named: Vec<(&str, &str)> =
        named.iter().map(|own| (own.field.as_str(), own.description.as_str())).collect();
    let paths = ["bands[1].contract", "assets[1].asset", "currency_haircuts[1].currency"];
    let texts =
        ["HCL FUT 202612 is stated a second time", "is stated a second time", "is stated a second time"];
    assert_eq!(named, paths.into_iter().zip(texts).collect::<Vec<_>>());
    // Nor does a number that is faulty hide that it is there again.
    let mut faulty = stated(2);
    (faulty.bands[1].low, faulty.assets[1].haircut) = ("x".to_owned(), "2".to_owned());
    let status = book(&served).set_house_terms(faulty).await.unwrap_err();
    let named = status.get_details_bad_request().unwrap().field_violations;
    let mut named: Vec<&str> = named.iter().map(|own| own.field.as_str()).collect();
    named.sort_unstable();
    let expected = [
        "assets[1].asset",
        "assets[1].haircut",
        "bands[1].contract",
        "bands[1].low",
        "currency_haircuts[1].currency",
    ];
    assert_eq!(named, expected);
    book(&served).set_house_terms(stated(1)).await.unwrap();
    let many = v1::SetHouseTermsRequest { currency_haircuts: vec![haircut("0.1"); 50_001], ..stated(1) };
    assert_eq!(book(&served).set_house_terms(many).await.unwrap_err().code(), Code::InvalidArgument);
}

async fn fees_outlive_a_restart(cuts: bool) {
    let folder = Folder::new(if cuts { "fees-cuts" } else { "fees-records" });
    let served = folder.start(cuts).await;
    first_day(&served).await;
    let bare = margin(&served).await;
    book(&served).set_house_terms(terms(vec![fee("HCL", "USD", "2.5")])).await.unwrap();
    assert_eq!(submit(&served, "F1", Command::Order(order("F1"))).await.refused, None);
    drop(served.channel);
    served.running.drain().await;
    let served = folder.start(cuts).await;
    let two_and_a_half = || vec![("USD".to_owned(), "2.500000".to_owned())];
    assert_eq!(scheduled(&served, "F1").await, two_and_a_half());
    assert_eq!(scheduled(&served, "O1").await, [], "it was accepted before there was a schedule");
    // The schedule itself is known too, and a later one changes nothing of what was accepted.
    assert_eq!(submit(&served, "F2", Command::Order(order("F2"))).await.refused, None);
    assert_eq!(scheduled(&served, "F2").await, two_and_a_half());
    book(&served).set_house_terms(terms(vec![fee("", "USD", "9")])).await.unwrap();
    let paid = |amount: &str| Some(v1::Fee { currency: "USD".to_owned(), amount: amount.to_owned() });
    for (id, fee, items) in [("T8", "5", 0), ("T9", "2.51", 1)] {
        let units = if id == "T8" { 2 } else { 1 };
        let own = v1::Trade { order_id: "F1".to_owned(), units, fee: paid(fee), ..trade(id, -units) };
        let answer = submit(&served, id, Command::Trade(own)).await;
        assert_eq!((answer.refused, answer.exceptions.len()), (None, items), "{id}");
    }
    assert_ne!(margin(&served).await.with_orders, bare.with_orders);
}

#[tokio::test]
async fn fees_outlive_a_restart_from_records() {
    fees_outlive_a_restart(false).await;
}

#[tokio::test]
async fn fees_outlive_a_restart_from_cuts() {
    fees_outlive_a_restart(true).await;
}

fn band() -> v1::PriceBand {
    let [low, high] = ["60", "80"].map(ToOwned::to_owned);
    v1::PriceBand { contract: Some(future("202612", 0)), low, high }
}

fn bond(asset: &str, currency: &str) -> v1::AssetTerms {
    let [asset, currency, price, haircut] = [asset, currency, "100", "0.1"].map(ToOwned::to_owned);
    v1::AssetTerms { asset, currency, price, haircut, ..Default::default() }
}

fn euros() -> v1::CurrencyHaircut {
    v1::CurrencyHaircut { currency: "EUR".to_owned(), haircut: "0.1".to_owned() }
}

/// An order that has no limit when it is reserved: a market order, or a stop.
fn without_limit(id: &str, kind: v1::OrderKind) -> v1::Order {
    let leg = v1::OrderLeg { contract: Some(future("202612", 1)), price: String::new() };
    let terms = v1::OrderTerms { kind: kind.into(), legs: vec![leg], units: 1, ..Default::default() };
    v1::Order { id: id.to_owned(), account: "A".to_owned(), terms: Some(terms), ..Default::default() }
}

fn replace(id: &str) -> Command {
    let terms = without_limit(id, v1::OrderKind::Market).terms;
    Command::ReplaceOrder(v1::ReplaceOrder { order_id: id.to_owned(), terms })
}

fn confirmed(id: &str, change: v1::OrderChange) -> Command {
    Command::OrderConfirmation(v1::OrderConfirmation { order_id: id.to_owned(), change: change.into() })
}

fn assets(asset: &str, currency: &str, number: &str) -> Option<v1::Assets> {
    let [asset, currency, number] = [asset, currency, number].map(ToOwned::to_owned);
    let (amount, quantity) = if asset.is_empty() { (number, String::new()) } else { (String::new(), number) };
    Some(v1::Assets { asset, currency, amount, quantity })
}

/// What a house states is not dropped while a group uses it, whatever it is; the fault names it.
#[tokio::test]
async fn what_is_in_use_is_named_and_not_dropped() {
    let folder = Folder::new("terms-in-use");
    let served = folder.start(false).await;
    first_day(&served).await;
    let whole = v1::SetHouseTermsRequest {
        house: HOUSE.to_owned(),
        bands: vec![band()],
        assets: vec![bond("BOND", "USD"), bond("BUND", "EUR")],
        currency_haircuts: vec![euros()],
        ..Default::default()
    };
    let without_band = v1::SetHouseTermsRequest { bands: Vec::new(), ..whole.clone() };
    let without_asset = v1::SetHouseTermsRequest { assets: vec![bond("BUND", "EUR")], ..whole.clone() };
    let without_haircut = v1::SetHouseTermsRequest { currency_haircuts: Vec::new(), ..whole.clone() };
    let deposit = |id: &str, own| Command::Deposit(v1::Deposit { reference: id.to_owned(), assets: own });
    let withdraw = |own: Option<v1::Assets>| Command::Withdraw(own.unwrap());
    let market = Command::Order(without_limit("U1", v1::OrderKind::Market));
    let stop = Command::Order(without_limit("U2", v1::OrderKind::Stop));
    let cancelled = |id| confirmed(id, v1::OrderChange::Cancelled);
    let not_replaced = confirmed("O1", v1::OrderChange::NotReplaced);
    let band_of = |id: &str| format!("by order {id} of group POOL");
    let cases = [
        (&without_band, market, cancelled("U1"), band_of("U1")),
        (&without_band, stop, cancelled("U2"), band_of("U2")),
        (&without_band, replace("O1"), not_replaced, band_of("O1")),
        (
            &without_asset,
            deposit("D2", assets("BOND", "", "3")),
            withdraw(assets("BOND", "", "3")),
            "asset BOND: 3 are held of group POOL".to_owned(),
        ),
        (
            &without_haircut,
            deposit("D3", assets("", "EUR", "7")),
            withdraw(assets("", "EUR", "7")),
            "haircut of EUR, which is held of group POOL".to_owned(),
        ),
        (
            &without_haircut,
            deposit("D4", assets("BUND", "", "3")),
            withdraw(assets("BUND", "", "3")),
            "haircut of EUR, which is held of group POOL".to_owned(),
        ),
    ];
    for (place, (less, used, freed, named)) in cases.into_iter().enumerate() {
        let state =
            async |terms: &v1::SetHouseTermsRequest| book(&served).set_house_terms(terms.clone()).await;
        state(&whole).await.unwrap();
        assert_eq!(submit(&served, &format!("use {place}"), used).await.refused, None, "{named}");
        let version = margin(&served).await.version;
        let status = state(less).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition, "{named}");
        let violations = status.get_details_precondition_failure().unwrap().violations;
        assert!(violations.len() == 1 && violations[0].subject.ends_with(&named), "{violations:?}");
        assert_eq!(margin(&served).await.version, version, "nothing has changed");
        // What is stated otherwise is not dropped.
        let mut other = whole.clone();
        other.bands[0].high = "90".to_owned();
        other.assets[0].price = "99".to_owned();
        other.currency_haircuts[0].haircut = "0.2".to_owned();
        state(&other).await.unwrap();
        assert_eq!(submit(&served, &format!("free {place}"), freed).await.refused, None, "{named}");
        state(less).await.unwrap();
    }
}
