//! Commands of the book in the engine's words; every faulty field is named at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_engine::account::Netting;
use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{
    Body, Exercise, Expiry, Fact, Fill, Group, GroupKey, Keeping, MarginTerms, NewOrder, OrderFilter, Origin,
    Request, SettlementRun, Transfer, TransferBody,
};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::report::account_type_code;
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::{
    AccountName, AssetCode, BusinessDate, Code, Currency, Decimal, Fixed, House, Kind, Money, Quantity,
    Ratio, TradeId,
};
use plimsoll_proto::v1;
use plimsoll_proto::v1::submit_request::Command as Wire;

use super::super::violations::Violations;
use super::{contract, margining};
use crate::book::{Desk, Place, Unnamed, Waits};

/// The longest text that somebody writes about an item.
const RESOLUTION_BYTES: usize = 1_024;
/// The most orders, prices or bands of a list.
pub(super) const MOST_ENTRIES: usize = 50_000;

/// Nothing may be stated twice.
pub(super) const STATED_TWICE: &str = "is stated a second time";

/// What is paid in or out.
enum Paid {
    Cash(Currency, Money),
    Asset(AssetCode, Quantity),
}

/// What a request is read with.
pub(in crate::grpc) struct Reader<'a> {
    pub(in crate::grpc) desk: &'a Desk,
    pub(in crate::grpc) set: Option<&'a Arc<ParameterSet>>,
    pub(in crate::grpc) place: Place,
    /// It cannot be read here: something would have to be waited for.
    pub(in crate::grpc) waits: bool,
    pub(in crate::grpc) faults: Violations,
}

/// The key of a group.
pub(in crate::grpc) fn group_key(wire: Option<&v1::GroupName>) -> Result<GroupKey, Violations> {
    let mut faults = Violations::default();
    let empty = v1::GroupName::default();
    let wire = wire.unwrap_or(&empty);
    let house = faults.keep("name.house", House::new(&wire.house));
    let name = faults.keep("name.group", Code::new(&wire.group));
    match (house, name) {
        (Some(house), Some(name)) => Ok(GroupKey { house, name }),
        _ => Err(faults),
    }
}

/// A group that is to be opened.
pub(in crate::grpc) fn new_group(wire: &v1::CreateGroupRequest) -> Result<Group, Violations> {
    let mut faults = group_key(wire.name.as_ref()).err().unwrap_or_default();
    let member = faults.keep("member", Code::new(&wire.member));
    let currency = faults.keep("currency", Currency::new(&wire.currency));
    let origin = match v1::Origin::try_from(wire.origin) {
        Ok(v1::Origin::House) => Some(Origin::House),
        Ok(v1::Origin::Client) => Some(Origin::Client),
        _ => {
            faults.add(|| "origin".to_owned(), "expected ORIGIN_HOUSE or ORIGIN_CLIENT");
            None
        }
    };
    match (group_key(wire.name.as_ref()), member, currency, origin) {
        (Ok(key), Some(member), Some(currency), Some(origin)) => {
            Ok(Group::new(key, member, origin, currency))
        }
        _ => Err(faults),
    }
}

/// That a contract stands in a list a second time.
pub(super) fn again(wire: Option<&v1::Position>) -> String {
    let query = wire.and_then(|wire| contract(wire, &mut |_, _| {}));
    query.map_or_else(String::new, |query| format!("{query} ")) + STATED_TWICE
}

pub(super) const fn positive(number: i64) -> bool {
    number > 0
}

impl Reader<'_> {
    /// What was read, if nothing was faulty.
    pub(in crate::grpc) fn finished<T>(self, read: Option<T>) -> Result<Result<T, Violations>, Waits> {
        match read {
            _ if self.waits => Err(Waits),
            Some(read) if self.faults.is_empty() => Ok(Ok(read)),
            _ => Ok(Err(self.faults)),
        }
    }

    pub(super) fn fault<T>(&mut self, path: &str, message: &str) -> Option<T> {
        self.faults.add(|| path.to_owned(), message);
        None
    }

    pub(super) fn there<'w, T>(&mut self, path: &str, wire: Option<&'w T>) -> Option<&'w T> {
        if wire.is_none() {
            self.faults.add(|| path.to_owned(), "is missing");
        }
        wire
    }

    pub(in crate::grpc) fn code<K: Kind>(&mut self, path: &str, text: &str) -> Option<Code<K>> {
        self.faults.keep(path, Code::new(text))
    }

    pub(super) fn optional<K: Kind>(&mut self, path: &str, text: &str) -> Option<Option<Code<K>>> {
        if text.is_empty() { Some(None) } else { self.code(path, text).map(Some) }
    }

    pub(super) fn date(&mut self, path: &str, text: &str) -> Option<BusinessDate> {
        let date = text.parse().map_err(|_| "expected a date such as 2026-09-18");
        self.faults.keep(path, date)
    }

    pub(super) fn decimal(&mut self, path: &str, text: &str) -> Option<Decimal> {
        self.faults.keep(path, Decimal::parse(text))
    }

    fn fixed<U>(&mut self, path: &str, text: &str) -> Option<Fixed<U>> {
        let decimal = self.decimal(path, text)?;
        self.faults.keep(path, Fixed::from_decimal(decimal))
    }

    pub(super) fn money(&mut self, path: &str, text: &str) -> Option<Money> {
        self.fixed(path, text)
    }

    pub(super) fn part(&mut self, path: &str, text: &str) -> Option<Ratio> {
        let ratio: Ratio = self.fixed(path, text)?;
        if ratio.is_negative() || ratio > Ratio::ONE {
            return self.fault(path, "from 0 to 1");
        }
        Some(ratio)
    }

    /// The number of a contract.
    pub(super) fn contract(&mut self, path: &str, wire: Option<&v1::Position>) -> Option<ContractId> {
        let wire = self.there(path, wire)?;
        let faults = &mut self.faults;
        let query = contract(wire, &mut |field, message| faults.add(|| format!("{path}.{field}"), message))?;
        match self.desk.contract(self.place, self.set, &query) {
            Ok(id) => Some(id),
            Err(Unnamed::Fault(message)) => self.fault(path, &format!("{query} {message}")),
            Err(Unnamed::Waits) => {
                self.waits = true;
                None
            }
        }
    }

    /// Cash or assets, one of the two, more than nothing.
    fn cash_or_asset(&mut self, path: &str, wire: Option<&v1::Assets>) -> Option<Paid> {
        let wire = self.there(path, wire)?;
        if wire.asset.is_empty() {
            let currency = self.code(&format!("{path}.currency"), &wire.currency);
            let amount = self.money(&format!("{path}.amount"), &wire.amount)?;
            if !amount.is_positive() {
                return self.fault(&format!("{path}.amount"), "more than nothing");
            }
            return Some(Paid::Cash(currency?, amount));
        }
        let asset = self.code(&format!("{path}.asset"), &wire.asset);
        let path = format!("{path}.quantity");
        let quantity = self.decimal(&path, &wire.quantity)?;
        let quantity = self.faults.keep(&path, Quantity::from_decimal_half_away(quantity))?;
        if quantity.is_short() || quantity.is_zero() {
            return self.fault(&path, "more than nothing");
        }
        Some(Paid::Asset(asset?, quantity))
    }

    /// What a command asks for.
    pub(in crate::grpc) fn body(&mut self, wire: Option<&Wire>) -> Option<Body> {
        match wire {
            None => self.fault("command", "is missing"),
            Some(
                wire @ (Wire::OpenMarginAccount(_)
                | Wire::CloseMarginAccount(_)
                | Wire::OpenPositionAccount(_)
                | Wire::ClosePositionAccount(_)
                | Wire::MovePositionAccount(_)
                | Wire::Withdraw(_)
                | Wire::Order(_)
                | Wire::ReplaceOrder(_)
                | Wire::ResolveException(_)
                | Wire::ResetLink(_)
                | Wire::ForceClose(_)),
            ) => self.request(wire).map(Body::Request),
            Some(fact) => self.fact(fact).map(Body::Fact),
        }
    }

    fn request(&mut self, wire: &Wire) -> Option<Request> {
        match wire {
            Wire::OpenMarginAccount(own) => {
                let account = self.code("open_margin_account.account", &own.account);
                if !own.method.is_empty() {
                    return self.account_by_method(account, own);
                }
                let account_type = match own.account_type.as_str() {
                    "" => Some(None),
                    text => self
                        .faults
                        .keep("open_margin_account.account_type", account_type_code(text))
                        .map(Some),
                };
                let margining = self.faults.keep("open_margin_account.margining", margining(own.margining));
                let terms = MarginTerms::Span { account_type: account_type?, margining: margining? };
                Some(Request::OpenMarginAccount(account?, terms))
            }
            Wire::CloseMarginAccount(account) => {
                self.code("close_margin_account", account).map(Request::CloseMarginAccount)
            }
            Wire::OpenPositionAccount(own) => {
                let account = self.code("open_position_account.account", &own.account);
                let margin_account = self.code("open_position_account.margin_account", &own.margin_account);
                let keeping = if own.keeps_both_sides { Keeping::Gross } else { Keeping::Net };
                Some(Request::OpenPositionAccount(account?, margin_account?, keeping))
            }
            Wire::ClosePositionAccount(account) => {
                self.code("close_position_account", account).map(Request::ClosePositionAccount)
            }
            Wire::MovePositionAccount(own) => {
                let account = self.code("move_position_account.account", &own.account);
                let margin_account = self.code("move_position_account.margin_account", &own.margin_account);
                Some(Request::MovePositionAccount(account?, margin_account?))
            }
            Wire::Withdraw(own) => Some(match self.cash_or_asset("withdraw", Some(own))? {
                Paid::Cash(currency, amount) => Request::Withdraw(currency, amount),
                Paid::Asset(asset, quantity) => Request::WithdrawAsset(asset, quantity),
            }),
            Wire::Order(own) => self.new_order("order", Some(own)).map(|own| Request::Order(Box::new(own))),
            Wire::ReplaceOrder(own) => {
                let id = self.code("replace_order.order_id", &own.order_id);
                let terms = self.terms("replace_order.terms", own.terms.as_ref());
                Some(Request::Replace(id?, Box::new(terms?)))
            }
            Wire::ResetLink(name) => self.code("reset_link", name).map(Request::ResetLink),
            Wire::ForceClose(own) => {
                let order = self.new_order("force_close.order", own.order.as_ref());
                if own.reason.is_empty() || own.reason.len() > RESOLUTION_BYTES {
                    let message = format!("1 to {RESOLUTION_BYTES} bytes");
                    return self.fault("force_close.reason", &message);
                }
                order.map(|order| Request::ForceClose(Box::new(order), own.reason.clone()))
            }
            Wire::ResolveException(own) => {
                if own.resolution.is_empty() || own.resolution.len() > RESOLUTION_BYTES {
                    let message = format!("1 to {RESOLUTION_BYTES} bytes");
                    return self.fault("resolve_exception.resolution", &message);
                }
                Some(Request::Resolve(own.number, own.resolution.clone()))
            }
            _ => None,
        }
    }

    /// A margin account under a method.
    fn account_by_method(
        &mut self,
        account: Option<AccountName>,
        wire: &v1::OpenMarginAccount,
    ) -> Option<Request> {
        let method = self.code("open_margin_account.method", &wire.method);
        if !wire.account_type.is_empty() {
            self.fault::<()>("open_margin_account.account_type", "a method has no account types");
        }
        let netting = margining(wire.margining).and_then(|own| match own {
            Margining::Net => Ok(Netting::Net),
            Margining::GrossByClient => Ok(Netting::GrossByClient),
            Margining::GrossSides => {
                Err("a method nets the longs and shorts of a position account".to_owned())
            }
        });
        let netting = self.faults.keep("open_margin_account.margining", netting);
        Some(Request::OpenMarginAccount(account?, MarginTerms::Method { method: method?, netting: netting? }))
    }

    /// An order.
    pub(in crate::grpc) fn new_order(&mut self, path: &str, wire: Option<&v1::Order>) -> Option<NewOrder> {
        self.order(path, wire)
    }

    fn fact(&mut self, wire: &Wire) -> Option<Fact> {
        match wire {
            Wire::Deposit(own) => {
                let reference = self.code("deposit.reference", &own.reference);
                Some(match self.cash_or_asset("deposit.assets", own.assets.as_ref())? {
                    Paid::Cash(currency, amount) => Fact::Deposit(reference?, currency, amount),
                    Paid::Asset(asset, quantity) => Fact::DepositAsset(reference?, asset, quantity),
                })
            }
            Wire::Trade(own) => self.trade("trade", Some(own)).map(|own| Fact::Fill(Box::new(own))),
            Wire::OrderConfirmation(own) => {
                let id = self.code("order_confirmation.order_id", &own.order_id);
                match v1::OrderChange::try_from(own.change) {
                    Ok(v1::OrderChange::Cancelled) => id.map(Fact::Cancelled),
                    Ok(v1::OrderChange::Replaced) => id.map(Fact::Replaced),
                    Ok(v1::OrderChange::NotReplaced) => id.map(Fact::NotReplaced),
                    _ => self
                        .fault("order_confirmation.change", "expected cancelled, replaced or not replaced"),
                }
            }
            Wire::MassCancel(own) => self.mass_cancel(own),
            Wire::EndDay(date) => self.date("end_day", date).map(Fact::DayEnded),
            Wire::WorkingOrders(own) => self.working_orders(own),
            Wire::Bust(own) => {
                let trade = self.code("bust.trade_id", &own.trade_id);
                let date = self.date("bust.date", &own.date);
                Some(Fact::Bust(trade?, date?))
            }
            Wire::Exercise(own) => {
                let id = self.code("exercise.reference", &own.reference);
                let date = self.date("exercise.date", &own.date);
                let account = self.code("exercise.account", &own.account);
                let contract = self.lots("exercise.contract", own.contract.as_ref());
                let becomes = self.becomes("exercise.becomes", own.becomes.as_ref());
                let (contract, lots) = contract?;
                let exercise =
                    Exercise { id: id?, date: date?, account: account?, contract, lots, becomes: becomes? };
                Some(Fact::Exercise(Box::new(exercise)))
            }
            Wire::Delivered(number) => Some(Fact::Delivered(*number)),
            _ => None,
        }
    }

    fn mass_cancel(&mut self, wire: &v1::MassCancel) -> Option<Fact> {
        use v1::mass_cancel::Filter;
        let filter = match &wire.filter {
            None => self.fault("mass_cancel", "an account, the member, or a session"),
            Some(Filter::Account(own)) => self.code("mass_cancel.account", own).map(OrderFilter::Account),
            Some(Filter::Member(own)) => self.code("mass_cancel.member", own).map(OrderFilter::Member),
            Some(Filter::Session(own)) => self.code("mass_cancel.session", own).map(OrderFilter::Session),
        };
        filter.map(Fact::MassCancelled)
    }

    fn working_orders(&mut self, wire: &v1::WorkingOrders) -> Option<Fact> {
        if wire.orders.len() > Group::MOST_ORDERS {
            return self.fault("working_orders.orders", &format!("at most {}", Group::MOST_ORDERS));
        }
        let mut orders = Vec::with_capacity(wire.orders.len());
        for (place, own) in wire.orders.iter().enumerate() {
            let path = format!("working_orders.orders[{place}]");
            let Some(order) = self.new_order(&format!("{path}.order"), own.order.as_ref()) else { continue };
            let are_open = own.open.len() == order.terms.parts()
                && own.open.iter().all(|open| (0..=order.terms.units).contains(open));
            if !are_open {
                self.faults.add(|| format!("{path}.open"), "open units of every part, at most the order's");
            }
            orders.push((order, own.open.clone()));
        }
        Some(Fact::WorkingOrders(orders))
    }

    /// A settlement run.
    pub(in crate::grpc) fn run(&mut self, wire: &v1::SettleHouseRequest) -> Option<SettlementRun> {
        let id = self.code("run_id", &wire.run_id);
        let date = self.date("date", &wire.date);
        if wire.prices.len() > MOST_ENTRIES || wire.expiries.len() > MOST_ENTRIES {
            return self.fault("prices", &format!("at most {MOST_ENTRIES} prices and expiries"));
        }
        let (mut prices, mut priced) = (BTreeMap::new(), BTreeSet::new());
        for (place, own) in wire.prices.iter().enumerate() {
            let contract = self.contract(&format!("prices[{place}].contract"), own.contract.as_ref());
            let price = self.decimal(&format!("prices[{place}].price"), &own.price);
            if contract.is_some_and(|contract| !priced.insert(contract)) {
                let again = again(own.contract.as_ref());
                self.faults.add(|| format!("prices[{place}].contract"), again);
            }
            // A run is told from others by its content: the same number is the same text.
            prices.extend(contract.zip(price.map(Decimal::normalized)));
        }
        let mut expiries = Vec::with_capacity(wire.expiries.len());
        let mut ended = BTreeSet::new();
        for (place, own) in wire.expiries.iter().enumerate() {
            let contract = self.contract(&format!("expiries[{place}].contract"), own.contract.as_ref());
            let becomes = self.becomes(&format!("expiries[{place}].becomes"), own.becomes.as_ref());
            if contract.is_some_and(|contract| !ended.insert(contract)) {
                let again = again(own.contract.as_ref());
                self.faults.add(|| format!("expiries[{place}].contract"), again);
            }
            expiries.extend(contract.zip(becomes).map(|(contract, becomes)| Expiry { contract, becomes }));
        }
        let corrects = match wire.corrects.as_str() {
            "" => Some(None),
            own => self.code("corrects", own).map(Some),
        };
        let (id, date, corrects) = (id?, date?, corrects?);
        Some(SettlementRun { id, date, cycle: wire.cycle, corrects, prices, expiries })
    }

    /// A transfer.
    pub(in crate::grpc) fn transfer(&mut self, wire: &v1::TransferRequest) -> Option<Transfer> {
        use v1::transfer_request::Body as Moved;
        let trade = self.code("trade_id", &wire.trade_id);
        let date = self.date("date", &wire.date);
        let body = match &wire.body {
            None => self.fault("body", "positions, a trade that is given up, or an account"),
            Some(Moved::Positions(own)) => {
                let from = self.code("positions.from_account", &own.from_account);
                let to = self.code("positions.to_account", &own.to_account);
                let legs = self.trade_legs("positions.legs", &own.legs);
                let legs = legs.into_iter().map(|leg| (leg.contract, leg.lots, leg.price)).collect();
                from.zip(to).map(|(from, to)| TransferBody::Positions { from, to, legs })
            }
            Some(Moved::GiveUp(own)) => {
                let trade = self.code("give_up.trade_id", &own.trade_id);
                let to = self.code("give_up.to_account", &own.to_account);
                trade.zip(to).map(|(trade, to)| TransferBody::GiveUp { trade, to })
            }
            Some(Moved::Account(own)) => {
                let account = self.code("account.account", &own.account);
                let to = self.code("account.to_margin_account", &own.to_margin_account);
                account
                    .zip(to)
                    .map(|(account, margin_account)| TransferBody::Account { account, margin_account })
            }
        };
        Some(Transfer { trade: trade?, date: date?, body: body? })
    }

    /// The trades of an import, as far as each can be read.
    pub(in crate::grpc) fn trades(&mut self, house: &House, wire: &[v1::ImportedTrade]) -> Vec<Imported> {
        let mut trades = Vec::with_capacity(wire.len());
        for (place, own) in wire.iter().enumerate() {
            let name = self.code(&format!("trades[{place}].group"), &own.group);
            let fill = self.trade(&format!("trades[{place}].trade"), own.trade.as_ref()).map(Arc::new);
            let stated = own.trade.as_ref();
            trades.push(Imported {
                group: name.map(|name| GroupKey { house: house.clone(), name }),
                trade: stated.and_then(|own| Code::new(&own.id).ok()),
                account: stated.and_then(|own| Code::new(&own.account).ok()),
                fill,
            });
        }
        trades
    }
}

/// A trade of an import: what of it can be read, with faults elsewhere in it or without.
pub(in crate::grpc) struct Imported {
    pub(in crate::grpc) group: Option<GroupKey>,
    pub(in crate::grpc) trade: Option<TradeId>,
    pub(in crate::grpc) account: Option<AccountName>,
    /// The whole of it.
    pub(in crate::grpc) fill: Option<Arc<Fill>>,
}
