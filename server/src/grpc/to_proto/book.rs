//! Answers of the book.

use std::collections::BTreeMap;

use plimsoll_engine::contract::{ContractId, ContractKey, OptionRight, ProductType};
use plimsoll_engine::group::{
    Checked, Composition, Delivery, Enforcement, ExceptionItem, Group, GroupKey, Holding, LinkRule, Missing,
    MissingKind, OnFill, OrderKind, OrderLink, OrderTerms, Origin, Refusal, RefusalReason, RestsOn,
    RiskSource, Room, Suspense, TimeInForce, Trade, TradeLeg, Unmargined, WorkingOrder,
};
use plimsoll_engine::types::{AccountName, Amount, FineAmount, Money, OrderId, TradeId};
use plimsoll_proto::v1;

use super::super::status::cut;
use crate::book::Answer;

/// The most bytes of a message for a person.
const MESSAGE_BYTES: usize = 1_024;

/// The names of the contracts that an answer mentions.
pub(in crate::grpc) type Names = BTreeMap<ContractId, ContractKey>;

fn money(amount: Money) -> String {
    Amount::rounded_half_away(amount).to_string()
}

pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(in crate::grpc) fn group_name(key: &GroupKey) -> v1::GroupName {
    v1::GroupName { house: key.house.to_string(), group: key.name.to_string() }
}

pub(in crate::grpc) fn group(own: &Group) -> v1::Group {
    let open = own.exceptions.values().filter(|item| item.resolution.is_none());
    v1::Group {
        name: Some(group_name(&own.key)),
        member: own.member.to_string(),
        origin: match own.origin {
            Origin::House => v1::Origin::House,
            Origin::Client => v1::Origin::Client,
        }
        .into(),
        currency: own.currency.to_string(),
        sequence: own.sequence,
        margin_accounts: number(own.margin_accounts.len()),
        position_accounts: number(own.position_accounts.len()),
        working_orders: number(own.orders.len()),
        open_exceptions: number(open.count()),
    }
}

pub(in crate::grpc) fn refused(refusal: &Refusal) -> v1::Refused {
    v1::Refused {
        reason: reason(refusal.reason).into(),
        message: cut(&refusal.detail, MESSAGE_BYTES),
        rests_on: refusal.rests_on.as_deref().map(rests_on),
    }
}

pub(in crate::grpc) fn rests_on(own: &RestsOn) -> v1::RestsOn {
    v1::RestsOn {
        business_date: own.business_date.map(|date| date.to_string()).unwrap_or_default(),
        oldest_quote: own.oldest_quote.as_ref().map(super::methods::used_quote),
    }
}

const fn reason(reason: RefusalReason) -> v1::RefusalReason {
    match reason {
        RefusalReason::InsufficientMargin => v1::RefusalReason::InsufficientMargin,
        RefusalReason::DeepensDeficit => v1::RefusalReason::DeepensDeficit,
        RefusalReason::InsufficientBalance => v1::RefusalReason::InsufficientBalance,
        RefusalReason::UnknownAccount => v1::RefusalReason::UnknownAccount,
        RefusalReason::AccountExists => v1::RefusalReason::AccountExists,
        RefusalReason::AccountNotEmpty => v1::RefusalReason::AccountNotEmpty,
        RefusalReason::ContractNotMarginable => v1::RefusalReason::ContractNotMarginable,
        RefusalReason::PositionNotMarginable => v1::RefusalReason::PositionNotMarginable,
        RefusalReason::NoPriceBand => v1::RefusalReason::NoPriceBand,
        RefusalReason::NotReducing => v1::RefusalReason::NotReducing,
        RefusalReason::OrderExists => v1::RefusalReason::OrderExists,
        RefusalReason::UnknownOrder => v1::RefusalReason::UnknownOrder,
        RefusalReason::ReplacementPending => v1::RefusalReason::ReplacementPending,
        RefusalReason::ReplacementUnlike => v1::RefusalReason::ReplacementUnlike,
        RefusalReason::LinkUnlike => v1::RefusalReason::LinkUnlike,
        RefusalReason::NetPriceUnlike => v1::RefusalReason::NetPriceUnlike,
        RefusalReason::TooMany => v1::RefusalReason::TooMany,
        RefusalReason::NoConversion => v1::RefusalReason::NoConversion,
        RefusalReason::TooLarge => v1::RefusalReason::TooLarge,
        RefusalReason::CommandIdReused => v1::RefusalReason::CommandIdReused,
        RefusalReason::IdExpired => v1::RefusalReason::IdExpired,
        RefusalReason::UnknownTrade => v1::RefusalReason::UnknownTrade,
        RefusalReason::TradeExists => v1::RefusalReason::TradeExists,
        RefusalReason::OriginsDiffer => v1::RefusalReason::OriginsDiffer,
        RefusalReason::UnknownException => v1::RefusalReason::UnknownException,
        RefusalReason::InsufficientPosition => v1::RefusalReason::InsufficientPosition,
        RefusalReason::UnknownAsset => v1::RefusalReason::UnknownAsset,
        RefusalReason::UnknownAccountType => v1::RefusalReason::UnknownAccountType,
        RefusalReason::AwaitingSettlement => v1::RefusalReason::AwaitingSettlement,
        RefusalReason::GroupNotEmpty => v1::RefusalReason::GroupNotEmpty,
        RefusalReason::ContractEnded => v1::RefusalReason::ContractEnded,
        RefusalReason::DatePassed => v1::RefusalReason::DatePassed,
        RefusalReason::LinkExhausted => v1::RefusalReason::LinkExhausted,
        RefusalReason::LinkInUse => v1::RefusalReason::LinkInUse,
        RefusalReason::UnknownLink => v1::RefusalReason::UnknownLink,
    }
}

pub(in crate::grpc) fn room(own: Room) -> v1::Room {
    v1::Room { requirement: money(own.requirement), excess: money(own.excess) }
}

pub(in crate::grpc) fn checked(own: &Checked) -> v1::Checked {
    let worst = own.worst.iter().map(|worst| {
        let (commodity, price_source) = match &worst.of {
            RiskSource::Commodity(code) => (code.to_string(), String::new()),
            RiskSource::Price(source) => (String::new(), source.to_string()),
        };
        v1::WorstScenario { commodity, price_source, scenario: worst.scenario, risk: money(worst.risk) }
    });
    let shown = |is_shown: bool, own: Room| is_shown.then(|| room(own));
    let (before, after) = (shown(own.before_is_shown, own.before), shown(own.after_is_shown, own.after));
    let (before, before_at_least) = if own.before_is_searched { (before, None) } else { (None, before) };
    let (after, after_at_least) = if own.after_is_searched { (after, None) } else { (None, after) };
    v1::Checked {
        currency: own.currency.to_string(),
        before,
        after,
        before_at_least,
        after_at_least,
        work: Some(v1::Work { done: own.work.done, limit: own.work.limit }),
        worst: worst.collect(),
        version: own.version,
        complete: own.is_complete,
        rests_on: Some(rests_on(&own.rests_on)),
    }
}

pub(in crate::grpc) fn submitted(answer: &Answer) -> v1::SubmitResponse {
    let outcome = &answer.outcome;
    v1::SubmitResponse {
        refused: outcome.refused.as_ref().map(refused),
        checked: outcome.checked.as_deref().map(checked),
        exceptions: outcome.exceptions.clone(),
        closed_orders: outcome.closed.iter().map(ToString::to_string).collect(),
        sequence: outcome.sequence,
        log_sequence: answer.rests_on.0,
        repeated: answer.is_repeated,
    }
}

/// A contract with lots.
fn contract(names: &Names, id: ContractId, lots: i64) -> v1::Position {
    let Some(key) = names.get(&id) else { return v1::Position::default() };
    v1::Position {
        exchange: key.exchange.to_string(),
        product: key.product.to_string(),
        r#type: product_type(key.product_type).into(),
        period: key.period.to_string(),
        underlying_period: key.underlying_period.map(|period| period.to_string()).unwrap_or_default(),
        right: match key.option.map(|terms| terms.right) {
            None => v1::OptionRight::Unspecified,
            Some(OptionRight::Call) => v1::OptionRight::Call,
            Some(OptionRight::Put) => v1::OptionRight::Put,
        }
        .into(),
        strike: key.option.map(|terms| terms.strike.to_string()).unwrap_or_default(),
        quantity: lots,
    }
}

const fn product_type(own: ProductType) -> v1::ProductType {
    match own {
        ProductType::Physical => v1::ProductType::Physical,
        ProductType::Equity => v1::ProductType::Equity,
        ProductType::Future => v1::ProductType::Future,
        ProductType::Forward => v1::ProductType::Forward,
        ProductType::OptionOnPhysical => v1::ProductType::OptionOnPhysical,
        ProductType::OptionOnFuture => v1::ProductType::OptionOnFuture,
        ProductType::OptionOnEquity => v1::ProductType::OptionOnEquity,
        ProductType::Combination => v1::ProductType::Combination,
        ProductType::OptionOnCombination => v1::ProductType::OptionOnCombination,
    }
}

pub(in crate::grpc) fn position(
    names: &Names,
    account: &AccountName,
    id: ContractId,
    own: &Holding,
) -> v1::HeldPosition {
    v1::HeldPosition {
        account: account.to_string(),
        contract: Some(contract(names, id, own.net())),
        long: own.long,
        short: own.short,
        basis: FineAmount::exact(own.basis).to_string(),
    }
}

pub(in crate::grpc) fn delivery(names: &Names, number: u64, own: &Delivery) -> v1::PendingDelivery {
    v1::PendingDelivery {
        number,
        account: own.account.to_string(),
        contract: Some(contract(names, own.contract, own.lots)),
        currency: own.currency.to_string(),
        amount: money(own.amount),
    }
}

pub(in crate::grpc) fn unmargined(names: &Names, own: &Unmargined) -> v1::UnmarginedPosition {
    v1::UnmarginedPosition {
        account: own.account.to_string(),
        position: Some(contract(names, own.contract, own.lots)),
        reason: super::unmatched_reason(own.reason).into(),
        detail: cut(&own.detail, MESSAGE_BYTES),
    }
}

pub(in crate::grpc) fn missing(names: &Names, own: &Missing) -> v1::Missing {
    let kind = match own.kind {
        MissingKind::Position => v1::MissingKind::Position,
        MissingKind::Order => v1::MissingKind::Order,
        MissingKind::Band => v1::MissingKind::Band,
        MissingKind::Margining => v1::MissingKind::Margining,
        MissingKind::Conversion => v1::MissingKind::Conversion,
        MissingKind::Asset => v1::MissingKind::Asset,
        MissingKind::SettlementPrice => v1::MissingKind::SettlementPrice,
        MissingKind::Trade => v1::MissingKind::Trade,
    };
    v1::Missing {
        kind: kind.into(),
        account: own.account.as_ref().map(ToString::to_string).unwrap_or_default(),
        position: own.contract.map(|(id, lots)| contract(names, id, lots)),
        order_id: own.order.as_ref().map(ToString::to_string).unwrap_or_default(),
        currency: own.currency.as_ref().map(ToString::to_string).unwrap_or_default(),
        asset: own.asset.as_ref().map(ToString::to_string).unwrap_or_default(),
        detail: cut(&own.detail, MESSAGE_BYTES),
        bounded: own.is_bounded,
    }
}

fn fee(own: Option<&(plimsoll_engine::types::Currency, Money)>) -> Option<v1::Fee> {
    own.map(|(currency, amount)| v1::Fee { currency: currency.to_string(), amount: money(*amount) })
}

fn terms(names: &Names, own: &OrderTerms) -> v1::OrderTerms {
    let (time_in_force, last_date) = match own.time_in_force {
        TimeInForce::Day => (v1::TimeInForce::Day, String::new()),
        TimeInForce::GoodTillCancel => (v1::TimeInForce::GoodTillCancel, String::new()),
        TimeInForce::GoodTillDate(date) => (v1::TimeInForce::GoodTillDate, date.to_string()),
        TimeInForce::ImmediateOrCancel => (v1::TimeInForce::ImmediateOrCancel, String::new()),
        TimeInForce::FillOrKill => (v1::TimeInForce::FillOrKill, String::new()),
    };
    let legs = own.legs.iter().map(|leg| v1::OrderLeg {
        contract: Some(contract(names, leg.contract, leg.lots.get())),
        price: leg.price.map(|price| price.to_string()).unwrap_or_default(),
    });
    v1::OrderTerms {
        kind: match own.kind {
            OrderKind::Limit => v1::OrderKind::Limit,
            OrderKind::Market => v1::OrderKind::Market,
            OrderKind::Stop => v1::OrderKind::Stop,
        }
        .into(),
        time_in_force: time_in_force.into(),
        last_date,
        legs: legs.collect(),
        units: own.units,
        legged: own.composition == Composition::Legged,
        net_price: own.net_price.map(|price| price.to_string()).unwrap_or_default(),
        reduce_only: own.reduce_only,
        reduced_by_venue: own.reduced_by_venue,
        closes: own.closes,
        fee: fee(own.fee.as_ref()),
    }
}

fn link(own: &OrderLink) -> v1::OrderLink {
    let (enforced_by, on_fill) = match own.enforcement {
        Enforcement::Client => (v1::LinkEnforcer::Client, v1::LinkOnFill::Unspecified),
        Enforcement::VenueAtomic(on_fill) => {
            let on_fill = match on_fill {
                OnFill::FirstHit => v1::LinkOnFill::FirstHit,
                OnFill::CompleteFill => v1::LinkOnFill::CompleteFill,
                OnFill::Incremental => v1::LinkOnFill::Incremental,
            };
            (v1::LinkEnforcer::VenueAtomic, on_fill)
        }
    };
    v1::OrderLink {
        name: own.name.to_string(),
        most_filled: match own.rule {
            LinkRule::OneCancelsOther => 0,
            LinkRule::MostFilled(most) => most,
        },
        enforced_by: enforced_by.into(),
        on_fill: on_fill.into(),
    }
}

pub(in crate::grpc) fn order(names: &Names, id: &OrderId, own: &WorkingOrder) -> v1::WorkingOrder {
    let order = v1::Order {
        id: id.to_string(),
        account: own.account.to_string(),
        session: own.session.as_ref().map(ToString::to_string).unwrap_or_default(),
        link: own.link.as_ref().map(link),
        terms: Some(terms(names, &own.terms)),
    };
    v1::WorkingOrder {
        order: Some(order),
        filled: own.filled.clone(),
        cut: if own.cut.iter().all(|units| *units == 0) { Vec::new() } else { own.cut.clone() },
        replacement: own.replacement.as_ref().map(|own| terms(names, own)),
        scheduled_fees: scheduled_fees(&own.terms),
        replacement_scheduled_fees: own.replacement.as_ref().map(scheduled_fees).unwrap_or_default(),
    }
}

fn scheduled_fees(own: &OrderTerms) -> Vec<v1::Fee> {
    own.scheduled_fees.iter().map(|own| fee(own.as_ref()).unwrap_or_default()).collect()
}

fn trade_leg(names: &Names, leg: &TradeLeg) -> v1::TradeLeg {
    v1::TradeLeg { contract: Some(contract(names, leg.contract, leg.lots)), price: leg.price.to_string() }
}

pub(in crate::grpc) fn trade(names: &Names, id: &TradeId, own: &Trade) -> v1::Trade {
    let (order_id, order_part, units) = match &own.order {
        None => (String::new(), 0, 0),
        Some((id, part, units)) => (id.to_string(), number(*part), *units),
    };
    v1::Trade {
        id: id.to_string(),
        account: own.account.to_string(),
        order_id,
        order_part,
        units,
        legs: own.legs.iter().map(|leg| trade_leg(names, leg)).collect(),
        closes: own.closes,
        fee: fee(own.fee.as_ref()),
        date: own.clearing.date.to_string(),
        cycle: own.clearing.cycle,
        suspense: own.suspense.map_or("", Suspense::name).to_owned(),
        due: own.due.to_string(),
        busted: own.is_busted,
    }
}

pub(in crate::grpc) fn exception(number: u64, own: &ExceptionItem) -> v1::ExceptionItem {
    let text = |own: Option<String>| own.unwrap_or_default();
    v1::ExceptionItem {
        number,
        kind: own.kind.name().to_owned(),
        explanation: own.kind.explanation().to_owned(),
        order_id: text(own.about.order.as_ref().map(ToString::to_string)),
        trade_id: text(own.about.trade.as_ref().map(ToString::to_string)),
        reference: text(own.about.reference.as_ref().map(ToString::to_string)),
        detail: cut(&own.about.detail, MESSAGE_BYTES),
        resolution: text(own.resolution.clone()),
    }
}

/// The balances of a standing.
pub(in crate::grpc) fn currencies(own: &plimsoll_engine::group::Standing) -> Vec<v1::CurrencyBalance> {
    let balances = own.currencies.iter().map(|(currency, own)| v1::CurrencyBalance {
        currency: currency.to_string(),
        cash: money(own.cash),
        due: money(own.due),
        variation: money(own.variation),
        position_value: money(own.position_value),
        assets: money(own.assets),
        initial: money(own.initial),
        maintenance: money(own.maintenance),
        with_orders: money(own.with_orders),
        unpriced: money(own.unpriced),
        withheld: money(own.withheld),
    });
    balances.collect()
}

/// The assets of a standing.
pub(in crate::grpc) fn assets(own: &plimsoll_engine::group::Standing) -> Vec<v1::AssetBalance> {
    let balances = own.assets.iter().map(|own| v1::AssetBalance {
        asset: own.asset.to_string(),
        quantity: own.quantity.to_string(),
        currency: own.currency.to_string(),
        value: money(own.value),
        counted: money(own.counted),
    });
    balances.collect()
}
