//! What prices are the price of, over the wire: prices in other money price nothing, and say so.

use plimsoll_proto::v1;
use plimsoll_proto::v1::market_quote::Value;

use crate::methods::{Venue, market, method, perpetual, violations};

fn quote(terms: v1::PriceTerms) -> v1::MarketQuote {
    v1::MarketQuote {
        price_source: "BTC".to_owned(),
        value: Some(Value::PriceTerms(terms)),
        ..v1::MarketQuote::default()
    }
}

fn terms(currency: &str, base: &str) -> v1::PriceTerms {
    v1::PriceTerms { currency: currency.to_owned(), base: base.to_owned() }
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
