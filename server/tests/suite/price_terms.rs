//! What prices are the price of, over the wire: prices in other money price nothing, and say so.

use plimsoll_proto::v1;
use plimsoll_proto::v1::market_quote::Value;

use crate::methods::{VENUE, Venue, market, method, perpetual, violations};

fn quote(terms: v1::PriceTerms) -> v1::MarketQuote {
    v1::MarketQuote {
        price_source: "BTC".to_owned(),
        value: Some(Value::PriceTerms(terms)),
        ..v1::MarketQuote::default()
    }
}

fn terms(currency: &str, base: &str) -> v1::PriceTerms {
    v1::PriceTerms { currency: currency.to_owned(), base: base.to_owned(), ..v1::PriceTerms::default() }
}

#[tokio::test]
async fn contracts_are_priced_by_prices_in_their_own_money_only() {
    let mut venue = Venue::with_cash("20000").await;
    venue.trade("T1", perpetual(10), "60050").await;
    // The same numbers, first said to be euros: what a lot required before is charged, and no new order is taken.
    for (currency, priced) in [("USDC", 3), ("USD", 3), ("EUR", 0), ("USDC", 3)] {
        let mut update = market("60000", "60050", "60600");
        update.quotes.insert(0, quote(terms(currency, "")));
        venue.book().update_market(update).await.unwrap();
        let stated = venue.book().set_methods(method("derive-pm2")).await.unwrap().into_inner();
        assert_eq!(
            (stated.methods[0].priced, stated.methods[0].unpriced),
            (priced, 3 - priced),
            "{currency}"
        );
        let margin = venue.margin().await;
        assert_eq!(margin.complete, priced == 3, "{currency}");
        let details: Vec<&str> = margin.missing.iter().map(|own| own.detail.as_str()).collect();
        let is_told =
            details.iter().any(|own| own.contains("the price of BTC is in EUR, the method in USDC"));
        assert_eq!(is_told, priced == 0, "{currency}: {details:?}");
    }
    // Stated anew without any price: those in the former money are forgotten.
    let only = v1::UpdateMarketRequest { quotes: vec![quote(terms("USD", ""))], ..market("1", "1", "1") };
    venue.book().update_market(only).await.unwrap();
    assert!(!venue.margin().await.complete);
}

#[tokio::test]
async fn faulty_terms_are_the_callers_and_change_nothing() {
    let venue = Venue::with_cash("20000").await;
    let mut update = market("60000", "60050", "60600");
    update.quotes = vec![quote(terms("", "")), quote(terms("USD", "A COIN TOO LONG"))];
    let status = venue.book().update_market(update).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    let paths: Vec<String> = violations(&status).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["quotes[0].price_terms.currency", "quotes[1].price_terms.base"]);
    let same = v1::UpdateMarketRequest { quotes: vec![quote(terms("USD", "USD"))], ..market("1", "1", "1") };
    let status = venue.book().update_market(same).await.unwrap_err();
    assert_eq!(violations(&status)[0].0, "quotes[0]");
    assert!(venue.margin().await.complete);
}

const OIL: &str = "CL";

fn oil(quantity: i64) -> v1::Position {
    v1::Position { product: OIL.to_owned(), ..perpetual(quantity) }
}

/// A thousand barrels a lot, settled in USDC.
async fn state_oil(venue: &Venue) {
    let specification = v1::ContractSpecification {
        contract: Some(oil(0)),
        price_source: OIL.to_owned(),
        instrument: v1::Instrument::Perpetual.into(),
        multiplier: "1000".to_owned(),
        quote: "USDC".to_owned(),
        settlement: v1::Settlement::Futures.into(),
        ..v1::ContractSpecification::default()
    };
    let request = v1::SetContractsRequest { house: VENUE.to_owned(), contracts: vec![specification] };
    venue.book().set_contracts(request).await.unwrap();
}

async fn quote_oil(venue: &Venue, price: &str, model: v1::VolatilityModel) -> Result<(), tonic::Status> {
    let terms = v1::PriceTerms { model: model.into(), ..terms("USDC", "") };
    let of =
        |value| v1::MarketQuote { price_source: OIL.to_owned(), value: Some(value), ..quote(terms.clone()) };
    let quotes = vec![of(Value::PriceTerms(terms.clone())), of(Value::Price(price.to_owned()))];
    let update = v1::UpdateMarketRequest { quotes, ..market("1", "1", "1") };
    venue.book().update_market(update).await.map(|_| ())
}

/// Crude oil on 20 April 2020: a lot of a thousand barrels bought at -37.63 has gained 7,630 at -30, and is settled there.
#[tokio::test]
async fn the_book_trades_margins_and_settles_below_zero() {
    let mut venue = Venue::with_cash("50000").await;
    state_oil(&venue).await;
    quote_oil(&venue, "-37.63", v1::VolatilityModel::Normal).await.unwrap();
    let answer = venue.order_in("A", "O1", oil(1), 1, "-37.63").await;
    assert_eq!(answer.refused, None);
    venue.trade("T1", oil(1), "-37.63").await;
    // 18 % down and 4 % of 37,630, whatever its sign.
    let before = venue.margin().await;
    assert!(before.complete, "{:?}", before.missing);
    quote_oil(&venue, "-30", v1::VolatilityModel::Normal).await.unwrap();
    let margin = venue.margin().await;
    assert_eq!(margin.currencies[0].variation, "7630.000000");
    let prices = vec![v1::SettlementPrice { contract: Some(oil(0)), price: "-30".to_owned() }];
    let (house, run_id, date) = (VENUE.to_owned(), "DAY1".to_owned(), "2026-11-25".to_owned());
    let run = v1::SettleHouseRequest { house, run_id, date, prices, ..Default::default() };
    assert_eq!(venue.book().settle_house(run).await.unwrap().into_inner().groups, 1);
    let settled = venue.margin().await;
    let own = &settled.currencies[0];
    assert_eq!((own.cash.as_str(), own.variation.as_str()), ("57630.000000", "0.000000"));
}

#[tokio::test]
async fn a_source_that_does_not_move_normally_has_prices_above_zero() {
    let venue = Venue::with_cash("50000").await;
    state_oil(&venue).await;
    for (price, model) in [
        ("-37.63", v1::VolatilityModel::Lognormal),
        ("0", v1::VolatilityModel::Lognormal),
        ("-37.63", v1::VolatilityModel::Unspecified),
    ] {
        let status = quote_oil(&venue, price, model).await.unwrap_err();
        let (path, message) = violations(&status).remove(0);
        assert_eq!(path, "quotes[1]", "{message}");
        assert!(
            message.contains("of CL, which does not move normally: expected a number above 0"),
            "{message}"
        );
    }
    quote_oil(&venue, "-37.63", v1::VolatilityModel::Normal).await.unwrap();
}
