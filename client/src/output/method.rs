//! Results of methods that are data, as JSON lines: the keys and their order are a contract.

use std::io::{self, Write};

use plimsoll_engine::account::Place;
use plimsoll_engine::doubt::Doubt;
use plimsoll_engine::grid::{Charge, GridResult, SourceResult};
use plimsoll_engine::market::QuoteUsed;
use plimsoll_engine::report::{MethodResult, PoolResult, Standing};
use plimsoll_engine::rules::{PositionResult, RulesResult};
use plimsoll_engine::types::{FineAmount, Fixed, Moment};
use serde_json::{Map, Value, json};

use super::By;
use super::jsonl::line;

pub(super) fn account(
    out: &mut impl Write,
    name: &str,
    by: By<'_>,
    result: &MethodResult,
    doubts: &[Doubt],
) -> io::Result<()> {
    let mut own = account_line(name, Some(by), result);
    if let Some(object) = own.as_object_mut() {
        warnings(object, doubts);
    }
    line(out, &own)
}

/// What the numbers rest on that is doubted, where there is any.
fn warnings(object: &mut Map<String, Value>, doubts: &[Doubt]) {
    if doubts.is_empty() {
        return;
    }
    let one = |own: &Doubt| json!({"kind": own.kind.name(), "place": own.place, "message": own.message});
    object.insert("warnings".to_owned(), doubts.iter().map(one).collect());
}

pub(super) fn pool(
    out: &mut impl Write,
    name: &str,
    names: &[String],
    by: By<'_>,
    result: &PoolResult,
    doubts: &[Doubt],
) -> io::Result<()> {
    let mut object = Map::new();
    object.insert("pool".to_owned(), name.into());
    head(&mut object, by, result.oldest_quote.clone());
    standing(&mut object, result.standing);
    let accounts = names.iter().zip(&result.accounts).map(|(name, own)| account_line(name, None, own));
    object.insert("accounts".to_owned(), accounts.collect());
    warnings(&mut object, doubts);
    line(out, &object)
}

fn amount<U>(number: Fixed<U>) -> Value {
    FineAmount::exact(number).to_string().into()
}

fn head(object: &mut Map<String, Value>, by: By<'_>, oldest: Option<QuoteUsed>) {
    let method = by.method;
    let named = json!({
        "name": method.name,
        "version": method.version,
        "digest": method.digest.to_string(),
    });
    object.insert("method".to_owned(), named);
    object.insert("currency".to_owned(), method.currency.as_str().into());
    rests_on(object, by.market, oldest);
}

/// What the numbers rest on: the time of the market, and of the quotes used the oldest.
fn rests_on(object: &mut Map<String, Value>, market: Moment, oldest: Option<QuoteUsed>) {
    let oldest = oldest.map(|own| {
        let mut line = Map::new();
        line.insert("kind".to_owned(), own.kind.name().into());
        line.insert("of".to_owned(), own.of.into());
        if let Some(expiry) = own.expiry {
            line.insert("expiry".to_owned(), expiry.to_string().into());
        }
        line.insert("time".to_owned(), own.time.to_string().into());
        line
    });
    let own = json!({"market_time": market.to_string(), "oldest_quote": oldest});
    object.insert("rests_on".to_owned(), own);
}

fn standing(object: &mut Map<String, Value>, own: Standing) {
    let headroom = |own: Result<_, _>| own.map_or(Value::Null, amount);
    for (key, value) in [
        ("equity", amount(own.equity)),
        ("maintenance_requirement", amount(own.maintenance)),
        ("initial_requirement", amount(own.initial)),
        ("maintenance_headroom", headroom(own.maintenance_headroom())),
        ("initial_headroom", headroom(own.initial_headroom())),
    ] {
        object.insert(key.to_owned(), value);
    }
}

fn account_line(name: &str, by: Option<By<'_>>, result: &MethodResult) -> Value {
    let mut object = Map::new();
    object.insert("account".to_owned(), name.into());
    if let Some(by) = by {
        head(&mut object, by, result.oldest_quote());
    }
    standing(&mut object, result.standing());
    match result {
        MethodResult::Grid(own) => grid(&mut object, own),
        MethodResult::Rules(own) => rules(&mut object, own),
        MethodResult::Isolated(positions, _) => {
            let alone = positions.iter().map(|(place, own)| account_line(place, None, own));
            object.insert("isolated".to_owned(), alone.collect());
        }
        MethodResult::ByClient(own) => {
            object.insert("margining".to_owned(), "gross_by_client".into());
            object.insert("assets".to_owned(), assets_line(&own.assets));
            let clients = own.clients.iter().map(|(name, own)| account_line(name, None, own));
            object.insert("position_accounts".to_owned(), clients.collect());
        }
    }
    object.into()
}

/// What a margin account has besides its position accounts.
fn assets_line(own: &MethodResult) -> Value {
    let mut line = account_line("", None, own);
    if let Some(object) = line.as_object_mut() {
        object.remove("account");
    }
    line
}

fn grid(object: &mut Map<String, Value>, own: &GridResult) {
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    // An account on one price source has its numbers here too.
    if let [only] = own.sources.as_slice() {
        put("scenario_pnl", only.results.iter().copied().map(amount).collect());
        put("basis_contingency", amount(only.basis));
        put("worst", amount(only.worst));
        put("worst_index", only.worst_index.into());
    }
    put("market_risk", amount(own.market_risk));
    put("maintenance_contingency", amount(own.requirement.maintenance_contingency));
    put("initial_contingency", amount(own.requirement.initial_contingency));
    put("initial_factor", amount(own.initial_factor));
    let equity = &own.equity;
    put(
        "equity_parts",
        json!({
            "cash": amount(equity.cash),
            "collateral": amount(equity.collateral),
            "unrealised_profit": amount(equity.unrealised_profit),
            "unrealised_funding": amount(equity.unrealised_funding),
            "position_value": amount(equity.position_value),
        }),
    );
    put("contingencies", charges(&own.charges));
    let sources = own.sources.iter().map(|own| (own.source.as_str().to_owned(), source(own)));
    put("sources", Value::Object(sources.collect()));
    let offsets = own.groups.iter().map(|group| {
        let mut line = json!({
            "group": group.name,
            "sum": amount(group.sum),
            "amount": amount(group.amount),
            "diversification_benefit": amount(group.benefit),
        });
        if let Some(distance) = group.repaired {
            line["matrix_repaired_by"] = format!("{distance:.9}").into();
        }
        line
    });
    put("offsets", offsets.collect());
    if !own.shares.is_empty() {
        let shares = own.shares.iter().map(|share| {
            json!({
                "account": share.account,
                "maintenance": amount(share.maintenance),
                "initial": amount(share.initial),
            })
        });
        put("shares", shares.collect());
        let (initial, maintenance) = own.unallocated;
        put("unallocated", json!({"maintenance": amount(maintenance), "initial": amount(initial)}));
    }
}

fn charges(all: &[Charge]) -> Value {
    let own = all.iter().map(|charge| {
        json!({
            "kind": charge.kind.name(),
            "maintenance": amount(charge.maintenance),
            "initial": amount(charge.initial),
        })
    });
    own.collect()
}

fn source(own: &SourceResult) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("scenario_pnl", own.results.iter().copied().map(amount).collect());
    put("basis_contingency", amount(own.basis));
    put("worst", amount(own.worst));
    put("worst_index", own.worst_index.into());
    // A delta that nothing can say is left out: it is not 0.
    if let Some(deltas) = own.deltas {
        put("net_delta", amount(deltas.net));
        put("gross_delta", amount(deltas.gross));
    }
    put("roll", amount(own.roll));
    put("delta_shock", amount(own.delta_shock));
    put("floor", amount(own.floor));
    put("market_risk", amount(own.market_risk));
    put("contingencies", charges(&own.charges));
    object.into()
}

fn rules(object: &mut Map<String, Value>, own: &RulesResult) {
    if let Some(stress) = own.stress {
        object.insert("stress".to_owned(), amount(stress));
    }
    object.insert("positions".to_owned(), own.positions.iter().map(position).collect());
    let spreads = own.spreads.iter().map(|own| {
        json!({
            "source": own.source.as_str(),
            "expiry": own.expiry.to_string(),
            "alone": {"maintenance": amount(own.alone.1), "initial": amount(own.alone.0)},
            "largest_loss": amount(own.largest_loss),
            "required": {"maintenance": amount(own.required.1), "initial": amount(own.required.0)},
        })
    });
    object.insert("spreads".to_owned(), spreads.collect());
    let (initial, maintenance) = own.additional;
    if !(initial.is_zero() && maintenance.is_zero()) {
        let own = json!({"maintenance": amount(maintenance), "initial": amount(initial)});
        object.insert("additional".to_owned(), own);
    }
}

fn position(own: &PositionResult) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("position", Place::to_string(&own.place).into());
    put("source", own.source.as_str().into());
    put("quantity", own.quantity.to_string().into());
    put("notional", amount(own.notional));
    put("maintenance", amount(own.maintenance));
    put("initial", amount(own.initial));
    if let Some(out) = own.out_of_the_money {
        put("out_of_the_money", amount(out));
    }
    if let Some((initial, maintenance)) = own.per_contract {
        put("maintenance_per_contract", amount(maintenance));
        put("initial_per_contract", amount(initial));
    }
    if let Some(fraction) = own.initial_fraction {
        put("initial_fraction", amount(fraction));
    }
    if let Some(weight) = own.weight {
        put("weight", amount(weight));
    }
    if let Some((price, bankruptcy)) = own.liquidation {
        put("fillable_price", amount(price));
        put("bankruptcy_quote", amount(bankruptcy));
    }
    object.into()
}
