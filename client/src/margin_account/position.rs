//! The positions of an account.

use plimsoll_engine::account::{Counted, HeldPosition, MarginAccount, Stated};
use plimsoll_engine::contract::{
    Exercise, Instrument, OptionModel, OptionRight, Settlement, SpecificationTerms,
};
use plimsoll_engine::types::{Currency, Decimal, PriceSource, Quantity};

use super::Context;
use crate::document::{Node, Range};

/// Whether it may be 0 or below its source says.
const PRICE: Range = (-1e12, 1e12);

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Asset,
    Perpetual,
    Future,
    Option,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Style {
    Premium,
    Futures,
}

pub(super) fn positions(node: &Node<'_>, context: &Context<'_>) -> Vec<HeldPosition> {
    let nodes = node.children("positions", MarginAccount::MOST_ENTRIES);
    nodes
        .into_iter()
        .filter_map(|node| {
            let held = position(&node, context);
            node.finish();
            held
        })
        .collect()
}

fn position(node: &Node<'_>, context: &Context<'_>) -> Option<HeldPosition> {
    let kinds = [
        ("asset", Kind::Asset),
        ("perpetual", Kind::Perpetual),
        ("future", Kind::Future),
        ("option", Kind::Option),
    ];
    node.required_text("type");
    let kind = node.choice("type", &kinds);
    let source = if node.has("source") { node.source("source") } else { context.sole.clone() };
    if source.is_none() && !node.has("source") {
        node.fault("source", "is missing: the market has several price sources");
    }
    let is_inverse = node.flag("inverse").unwrap_or(false);
    let named = node.has("quote").then(|| node.currency("quote"));
    let quote = named.unwrap_or_else(|| context.quote(source.as_ref(), is_inverse));
    if let Some(kind) = kind {
        misplaced(node, kind);
    }
    let (quantity, counted) = size(node);
    let instrument = match kind {
        Some(kind) => instrument(node, kind, context, source.as_ref()),
        // Which keys it has depends on what it is.
        None => node.pass_over(&["expiry", "expiry_seconds", "strike", "right", "model"]),
    };
    let ended = match instrument {
        Some(Instrument::Future { expiry } | Instrument::Option { expiry, .. }) => {
            expiry <= context.snapshot.time()
        }
        Some(Instrument::Asset | Instrument::Perpetual) | None => false,
    };
    let stated = stated(node, kind, ended);
    let market = source.as_ref().and_then(|source| context.snapshot.of(source));
    let may_be = |entry: f64| entry > 0.0 || (!is_inverse && market.is_none_or(|own| own.admits(entry)));
    if stated.entry_price.is_some_and(|entry| !may_be(entry.to_f64())) {
        node.fault("entry_price", "expected a number above 0, as the source does not move normally (model)");
    }
    let multiplier = node.decimal("multiplier", (1e-9, 1e9)).unwrap_or(Decimal::ONE);
    let style = node.choice("style", &[("premium", Style::Premium), ("futures", Style::Futures)]);
    let (unrealised_profit, unrealised_funding) =
        (node.money("unrealised_profit"), node.money("unrealised_funding"));
    if stated.entry_price.is_some() && node.has("unrealised_profit") {
        node.fault("unrealised_profit", "stands beside an entry_price, which says it");
    }
    let collateral = node.money("collateral");
    let instrument = instrument?;
    let settlement = settlement(kind?, style, is_inverse.then_some(&context.method.currency));
    let terms =
        SpecificationTerms { price_source: source?, instrument, multiplier, quote: quote?, settlement };
    let contract = terms.check().map_err(|faults| {
        faults.iter().for_each(|fault| node.fault("", &fault.to_string()));
    });
    Some(HeldPosition {
        contract: contract.ok()?,
        quantity: quantity?,
        counted,
        stated,
        unrealised_profit,
        unrealised_funding,
        collateral,
    })
}

/// What its holder says of its price.
fn stated(node: &Node<'_>, kind: Option<Kind>, has_ended: bool) -> Stated {
    Stated {
        price: node.number("price", PRICE),
        confidence: node.number("confidence", (0.0, 1.0)),
        // That of an option that has expired does not matter, whatever it is.
        volatility: if has_ended {
            node.pass_over(&["volatility"])
        } else {
            node.number("volatility", (0.0, 1e3))
        },
        mark: node.number("mark", if kind == Some(Kind::Option) { (0.0, 1e12) } else { PRICE }),
        order_price: node.number("order_price", (0.0, 1e12)),
        entry_price: node.decimal("entry_price", PRICE),
    }
}

/// How it is settled; an inverse contract in its coin.
fn settlement(kind: Kind, style: Option<Style>, coin: Option<&Currency>) -> Settlement {
    match (kind, style, coin) {
        (_, _, Some(coin)) => Settlement::Inverse { coin: coin.clone() },
        (Kind::Perpetual | Kind::Future, _, None) | (Kind::Option, Some(Style::Futures), None) => {
            Settlement::FuturesStyle
        }
        (Kind::Asset, _, None) | (Kind::Option, Some(Style::Premium) | None, None) => Settlement::Premium,
    }
}

/// How much: in contracts, or by `quantity`, which of inverse futures and perpetuals is in coins.
fn size(node: &Node<'_>) -> (Option<Quantity>, Counted) {
    if !node.has("contracts") {
        return (node.quantity("quantity"), Counted::Coins);
    }
    if node.has("quantity") {
        node.fault("contracts", "stands beside quantity");
    }
    (node.quantity("contracts"), Counted::Contracts)
}

/// Statements that say nothing about a kind of contract.
fn misplaced(node: &Node<'_>, kind: Kind) {
    let wrong: &[(&'static str, &str)] = match kind {
        Kind::Option => &[
            ("entry_price", "only perpetuals and futures have one: the value of an option is its holder's"),
            ("price", "of an option its mark is stated"),
            ("confidence", "only that of a perpetual is stated"),
        ],
        Kind::Perpetual => &[("volatility", "only options have one")],
        Kind::Future => {
            &[("volatility", "only options have one"), ("confidence", "only that of a perpetual is stated")]
        }
        Kind::Asset => &[
            ("entry_price", "only perpetuals and futures have one: the value of an asset is its holder's"),
            ("volatility", "only options have one"),
            ("confidence", "only that of a perpetual is stated"),
        ],
    };
    for (key, message) in wrong.iter().filter(|(key, _)| node.has(key)) {
        node.fault(key, message);
    }
}

fn instrument(
    node: &Node<'_>,
    kind: Kind,
    context: &Context<'_>,
    source: Option<&PriceSource>,
) -> Option<Instrument> {
    match kind {
        Kind::Asset => Some(Instrument::Asset),
        Kind::Perpetual => Some(Instrument::Perpetual),
        Kind::Future => node
            .moment("expiry", "expiry_seconds", context.snapshot.time())
            .map(|expiry| Instrument::Future { expiry }),
        Kind::Option => {
            let expiry = node.moment("expiry", "expiry_seconds", context.snapshot.time());
            let strike = node.required_decimal("strike", (-1e12, 1e12));
            node.required_text("right");
            let right = node.choice("right", &[("C", OptionRight::Call), ("P", OptionRight::Put)]);
            let models = [("lognormal", OptionModel::Lognormal), ("normal", OptionModel::Normal)];
            let model = node.choice("model", &models).unwrap_or_else(|| context.model(source));
            let exercise = Exercise::European;
            Some(Instrument::Option { expiry: expiry?, strike: strike?, right: right?, exercise, model })
        }
    }
}
