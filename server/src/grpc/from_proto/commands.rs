//! A command of a group in the engine's words: a request that may be refused, or a fact.

use plimsoll_engine::account::Netting;
use plimsoll_engine::group::{Body, Exercise, Fact, Group, Keeping, MarginTerms, OrderFilter, Request};
use plimsoll_engine::report::account_type_code;
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::{AccountName, AssetCode, Currency, Money, Quantity};
use plimsoll_proto::v1;
use plimsoll_proto::v1::submit_request::Command;

use super::book::Reader;
use super::margining;

/// The longest text that somebody writes about an item.
const RESOLUTION_BYTES: usize = 1_024;

/// What is paid in or out.
enum Paid {
    Cash(Currency, Money),
    Asset(AssetCode, Quantity),
}

impl Reader<'_> {
    /// What a command asks for, or tells.
    pub(in crate::grpc) fn body(&mut self, wire: Option<&Command>) -> Option<Body> {
        let Some(wire) = wire else { return self.fault("command", "is missing") };
        match wire {
            Command::OpenMarginAccount(own) => self.open_margin_account(own).map(Body::Request),
            Command::CloseMarginAccount(account) => {
                let account = self.code("close_margin_account", account)?;
                Some(Body::Request(Request::CloseMarginAccount(account)))
            }
            Command::OpenPositionAccount(own) => self.open_position_account(own).map(Body::Request),
            Command::ClosePositionAccount(account) => {
                let account = self.code("close_position_account", account)?;
                Some(Body::Request(Request::ClosePositionAccount(account)))
            }
            Command::MovePositionAccount(own) => self.move_position_account(own).map(Body::Request),
            Command::Withdraw(own) => self.withdraw(own).map(Body::Request),
            Command::Order(own) => {
                let order = self.order("order", Some(own))?;
                Some(Body::Request(Request::Order(Box::new(order))))
            }
            Command::ReplaceOrder(own) => self.replace_order(own).map(Body::Request),
            Command::ResetLink(name) => {
                let name = self.code("reset_link", name)?;
                Some(Body::Request(Request::ResetLink(name)))
            }
            Command::ForceClose(own) => self.force_close(own).map(Body::Request),
            Command::ResolveException(own) => self.resolve_exception(own).map(Body::Request),
            Command::Deposit(own) => self.deposit(own).map(Body::Fact),
            Command::Trade(own) => {
                let trade = self.trade("trade", Some(own))?;
                Some(Body::Fact(Fact::Fill(Box::new(trade))))
            }
            Command::Bust(own) => self.bust(own).map(Body::Fact),
            Command::OrderConfirmation(own) => self.order_confirmation(own).map(Body::Fact),
            Command::MassCancel(own) => self.mass_cancel(own).map(Body::Fact),
            Command::EndDay(date) => self.date("end_day", date).map(Fact::DayEnded).map(Body::Fact),
            Command::WorkingOrders(own) => self.working_orders(own).map(Body::Fact),
            Command::Exercise(own) => self.exercise(own).map(Body::Fact),
            Command::Delivered(number) => Some(Body::Fact(Fact::Delivered(*number))),
        }
    }

    fn open_margin_account(&mut self, wire: &v1::OpenMarginAccount) -> Option<Request> {
        let account = self.code("open_margin_account.account", &wire.account);
        if !wire.method.is_empty() {
            return self.account_by_method(account, wire);
        }
        let account_type = match wire.account_type.as_str() {
            "" => Some(None),
            text => self.faults.keep("open_margin_account.account_type", account_type_code(text)).map(Some),
        };
        let margining = self.faults.keep("open_margin_account.margining", margining(wire.margining));
        let terms = MarginTerms::Span { account_type: account_type?, margining: margining? };
        Some(Request::OpenMarginAccount(account?, terms))
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

    fn open_position_account(&mut self, wire: &v1::OpenPositionAccount) -> Option<Request> {
        let account = self.code("open_position_account.account", &wire.account);
        let margin_account = self.code("open_position_account.margin_account", &wire.margin_account);
        let keeping = if wire.keeps_both_sides { Keeping::Gross } else { Keeping::Net };
        Some(Request::OpenPositionAccount(account?, margin_account?, keeping))
    }

    fn move_position_account(&mut self, wire: &v1::MovePositionAccount) -> Option<Request> {
        let account = self.code("move_position_account.account", &wire.account);
        let margin_account = self.code("move_position_account.margin_account", &wire.margin_account);
        Some(Request::MovePositionAccount(account?, margin_account?))
    }

    fn withdraw(&mut self, wire: &v1::Assets) -> Option<Request> {
        Some(match self.cash_or_asset("withdraw", Some(wire))? {
            Paid::Cash(currency, amount) => Request::Withdraw(currency, amount),
            Paid::Asset(asset, quantity) => Request::WithdrawAsset(asset, quantity),
        })
    }

    fn replace_order(&mut self, wire: &v1::ReplaceOrder) -> Option<Request> {
        let id = self.code("replace_order.order_id", &wire.order_id);
        let terms = self.terms("replace_order.terms", wire.terms.as_ref());
        Some(Request::Replace(id?, Box::new(terms?)))
    }

    fn force_close(&mut self, wire: &v1::ForceClose) -> Option<Request> {
        let order = self.order("force_close.order", wire.order.as_ref());
        let reason = self.remark("force_close.reason", &wire.reason);
        Some(Request::ForceClose(Box::new(order?), reason?))
    }

    fn resolve_exception(&mut self, wire: &v1::ResolveException) -> Option<Request> {
        let resolution = self.remark("resolve_exception.resolution", &wire.resolution)?;
        Some(Request::Resolve(wire.number, resolution))
    }

    /// What somebody writes about what was done.
    fn remark(&mut self, path: &str, text: &str) -> Option<String> {
        if text.is_empty() || text.len() > RESOLUTION_BYTES {
            return self.fault(path, &format!("1 to {RESOLUTION_BYTES} bytes"));
        }
        Some(text.to_owned())
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

    fn deposit(&mut self, wire: &v1::Deposit) -> Option<Fact> {
        let reference = self.code("deposit.reference", &wire.reference);
        Some(match self.cash_or_asset("deposit.assets", wire.assets.as_ref())? {
            Paid::Cash(currency, amount) => Fact::Deposit(reference?, currency, amount),
            Paid::Asset(asset, quantity) => Fact::DepositAsset(reference?, asset, quantity),
        })
    }

    fn bust(&mut self, wire: &v1::Bust) -> Option<Fact> {
        let trade = self.code("bust.trade_id", &wire.trade_id);
        let date = self.date("bust.date", &wire.date);
        Some(Fact::Bust(trade?, date?))
    }

    fn order_confirmation(&mut self, wire: &v1::OrderConfirmation) -> Option<Fact> {
        let id = self.code("order_confirmation.order_id", &wire.order_id);
        match v1::OrderChange::try_from(wire.change) {
            Ok(v1::OrderChange::Cancelled) => id.map(Fact::Cancelled),
            Ok(v1::OrderChange::Replaced) => id.map(Fact::Replaced),
            Ok(v1::OrderChange::NotReplaced) => id.map(Fact::NotReplaced),
            Ok(v1::OrderChange::Unspecified) | Err(_) => {
                self.fault("order_confirmation.change", "expected cancelled, replaced or not replaced")
            }
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
            let Some(order) = self.order(&format!("{path}.order"), own.order.as_ref()) else { continue };
            let are_open = own.open.len() == order.terms.parts()
                && own.open.iter().all(|open| (0..=order.terms.units).contains(open));
            if !are_open {
                self.faults.add(|| format!("{path}.open"), "open units of every part, at most the order's");
            }
            orders.push((order, own.open.clone()));
        }
        Some(Fact::WorkingOrders(orders))
    }

    fn exercise(&mut self, wire: &v1::Exercise) -> Option<Fact> {
        let id = self.code("exercise.reference", &wire.reference);
        let date = self.date("exercise.date", &wire.date);
        let account = self.code("exercise.account", &wire.account);
        let contract = self.lots("exercise.contract", wire.contract.as_ref());
        let becomes = self.becomes("exercise.becomes", wire.becomes.as_ref());
        let (contract, lots) = contract?;
        let exercise =
            Exercise { id: id?, date: date?, account: account?, contract, lots, becomes: becomes? };
        Some(Fact::Exercise(Box::new(exercise)))
    }
}
