//! What calls of the book are read with; groups, runs, transfers and imports in the engine's words. Every faulty field is named at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{Expiry, Fill, Group, GroupKey, Origin, SettlementRun, Transfer, TransferBody};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::types::{
    AccountName, BusinessDate, Code, Currency, Decimal, Fixed, House, Kind, Money, Ratio, TradeId,
};
use plimsoll_proto::v1;

use super::super::violations::Violations;
use super::contract;
use crate::book::{Asked, Desk, NewContracts, Place, Unnamed, Waits};

/// The most orders, prices or bands of a list.
pub(super) const MOST_ENTRIES: usize = 50_000;

/// Nothing may be stated twice.
pub(super) const STATED_TWICE: &str = "is stated a second time";

/// What a request is read with.
pub(in crate::grpc) struct Reader<'a> {
    pub(in crate::grpc) desk: &'a Desk,
    pub(in crate::grpc) set: Option<&'a Arc<ParameterSet>>,
    pub(in crate::grpc) place: Place,
    /// It cannot be read here: something would have to be waited for.
    pub(in crate::grpc) waits: bool,
    pub(in crate::grpc) faults: Violations,
    /// Contracts that the house does not know: reading makes none known.
    pub(in crate::grpc) new: NewContracts,
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
        Ok(v1::Origin::Unspecified) | Err(_) => {
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
    pub(in crate::grpc) fn finished<T>(self, read: Option<T>) -> Result<Result<Asked<T>, Violations>, Waits> {
        match read {
            _ if self.waits => Err(Waits),
            Some(asked) if self.faults.is_empty() => Ok(Ok(Asked { asked, new: self.new })),
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
        match self.desk.contract(self.place, self.set, &query, &mut self.new) {
            Ok(id) => Some(id),
            Err(Unnamed::Fault(message)) => self.fault(path, &format!("{query} {message}")),
            Err(Unnamed::Waits) => {
                self.waits = true;
                None
            }
        }
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
