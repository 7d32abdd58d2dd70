//! A margin group: one collateral pool and everything that it pays for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::clearing::Clearing;
use super::exception::ExceptionItem;
use super::link::LinkState;
use super::order::WorkingOrder;
use super::outcome::Outcome;
use super::position::{Delivery, Holding, PaidOut, Payable, PositionAccount, Trade};
use super::recent::Recent;
use crate::account::Netting;
use crate::contract::ContractId;
use crate::span::Margining;
use crate::types::{
    AccountName, AssetCode, BusinessDate, CommandId, Currency, GroupName, House, LinkName, Member,
    MethodName, Money, OrderId, Principal, Quantity, Reference, TradeId,
};

/// What identifies a group.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct GroupKey {
    /// Its house.
    pub house: House,
    /// Its name there.
    pub name: GroupName,
}

/// Whose money it is; never netted with the other.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The member's own.
    House,
    /// Its clients'.
    Client,
}

/// What a margin account is margined by.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginTerms {
    /// The active parameter set of its house.
    Span {
        /// The account type whose levels apply, as the set codes it; `None`: hedger, else the set's first.
        account_type: Option<String>,
        /// Whether longs and shorts are netted.
        margining: Margining,
    },
    /// A method of its house that is data.
    Method {
        /// The method.
        method: MethodName,
        /// Whether its position accounts are netted with each other.
        netting: Netting,
    },
}

/// What a command got for an answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answered {
    /// What the command said.
    pub content: [u8; 32],
    /// The answer.
    pub outcome: Outcome,
    /// The record of the journal that has it; 0 where nothing is written down.
    #[serde(default)]
    pub record: u64,
}

/// What a reference names: a deposit and a settlement run may have the same.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceOf {
    /// A deposit of cash or of an asset.
    Deposit,
    /// An exercise or an assignment.
    Exercise,
    /// A settlement run.
    Run,
    /// A transfer between two groups.
    Transfer,
}

/// A margin group.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Group {
    /// Its key.
    pub key: GroupKey,
    /// Who is liable.
    pub member: Member,
    /// Whose money it is.
    pub origin: Origin,
    /// The currency of its totals.
    pub currency: Currency,
    /// Whether it has been closed: it takes no commands any more.
    pub is_closed: bool,
    /// Cash, by currency; negative where it owes.
    pub cash: BTreeMap<Currency, Money>,
    /// Money that is due later.
    pub payables: Vec<Payable>,
    /// Assets put up.
    pub assets: BTreeMap<AssetCode, Quantity>,
    /// Margin accounts.
    pub margin_accounts: BTreeMap<AccountName, MarginTerms>,
    /// Position accounts.
    pub position_accounts: BTreeMap<AccountName, PositionAccount>,
    /// Working orders.
    pub orders: BTreeMap<OrderId, WorkingOrder>,
    /// Links that have working orders, or of which something has filled.
    pub links: BTreeMap<LinkName, LinkState>,
    /// Those without working orders, the oldest first.
    pub idle_links: VecDeque<LinkName>,
    /// Orders that work no more, the oldest first: what fills them is an exception.
    pub closed_orders: Recent<OrderId>,
    /// Trades.
    pub trades: BTreeMap<TradeId, Trade>,
    /// Deliveries that are not done, by number.
    pub deliveries: BTreeMap<u64, Delivery>,
    /// The number of the next of them.
    pub next_delivery: u64,
    /// Facts that did not fit, by number.
    pub exceptions: BTreeMap<u64, ExceptionItem>,
    /// The number of the next of them.
    pub next_exception: u64,
    /// What is told once, by what it is and its reference, with the digest of what was said of it: deposits, exercises, settlement runs,
    /// transfers.
    pub references: BTreeMap<(ReferenceOf, Reference), [u8; 32]>,
    /// Trades that are booked once the house knows their contracts.
    pub pending: BTreeSet<TradeId>,
    /// Trades that were cancelled, and on which date, before they were told.
    pub early_busts: BTreeMap<TradeId, BusinessDate>,
    /// What ended in cash: a correction books the difference.
    pub paid_out: BTreeMap<ContractId, PaidOut>,
    /// The last cycle that a settlement run has settled.
    pub settled: Option<Clearing>,
    /// The last day that has ended.
    pub ended: Option<BusinessDate>,
    /// Commands answered within the window, and their order.
    pub answered: BTreeMap<(Principal, CommandId), Answered>,
    /// The order in which they were answered.
    pub answered_order: VecDeque<(Principal, CommandId)>,
    /// Commands answered before those, by half of a digest.
    pub expired: Recent<[u8; 16]>,
    /// How many events it has seen.
    pub sequence: u64,
}

fn short_digest(principal: &Principal, id: &CommandId) -> [u8; 16] {
    let whole = Sha256::new().chain_update(principal.as_str()).chain_update([0]).chain_update(id.as_str());
    let whole: [u8; 32] = whole.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

impl Group {
    /// The most working orders.
    pub const MOST_ORDERS: usize = 10_000;
    /// The most accounts of a kind.
    pub const MOST_ACCOUNTS: usize = 10_000;
    /// So many orders are looked at without a search.
    const FEW_ORDERS: usize = 256;
    /// So many positions are read without one.
    const FEW_POSITIONS: usize = 2_000;
    /// The closed orders that are remembered.
    pub const CLOSED_ORDERS: usize = 10_000;
    /// The links without working orders that are remembered.
    pub const IDLE_LINKS: usize = 10_000;
    /// The commands whose answers are remembered.
    pub const WINDOW: usize = 10_000;
    /// The commands before those of which it is remembered that they were answered.
    pub const EXPIRED_IDS: usize = 50_000;

    /// A group without anything.
    #[must_use]
    pub fn new(key: GroupKey, member: Member, origin: Origin, currency: Currency) -> Self {
        Self {
            key,
            member,
            origin,
            currency,
            is_closed: false,
            cash: BTreeMap::new(),
            payables: Vec::new(),
            assets: BTreeMap::new(),
            margin_accounts: BTreeMap::new(),
            position_accounts: BTreeMap::new(),
            orders: BTreeMap::new(),
            links: BTreeMap::new(),
            idle_links: VecDeque::new(),
            closed_orders: Recent::default(),
            trades: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            next_delivery: 1,
            exceptions: BTreeMap::new(),
            next_exception: 1,
            references: BTreeMap::new(),
            pending: BTreeSet::new(),
            early_busts: BTreeMap::new(),
            paid_out: BTreeMap::new(),
            settled: None,
            ended: None,
            answered: BTreeMap::new(),
            answered_order: VecDeque::new(),
            expired: Recent::default(),
            sequence: 0,
        }
    }

    /// Whether an order worked and works no more, as far as that is remembered.
    #[must_use]
    pub fn has_closed(&self, id: &OrderId) -> bool {
        self.closed_orders.contains(id)
    }

    /// Remembers an order that works no more.
    pub(super) fn remember_closed(&mut self, id: &OrderId) {
        self.closed_orders.push(id.clone(), Self::CLOSED_ORDERS);
    }

    /// Whether a command was answered so long ago that its answer is forgotten.
    #[must_use]
    pub fn has_expired(&self, principal: &Principal, id: &CommandId) -> bool {
        self.expired.contains(&short_digest(principal, id))
    }

    /// Remembers that a command was answered, without its answer.
    pub(super) fn expire(&mut self, principal: &Principal, id: &CommandId) {
        self.expired.push(short_digest(principal, id), Self::EXPIRED_IDS);
    }

    /// Notes the record of the journal that has the answers since the last record.
    pub fn recorded(&mut self, record: u64) {
        for key in self.answered_order.iter().rev() {
            match self.answered.get_mut(key) {
                Some(answer) if answer.record == 0 => answer.record = record,
                _ => break,
            }
        }
    }

    /// Whether a settlement run of this content was applied.
    #[must_use]
    pub fn has_run(&self, id: &Reference, content: &[u8; 32]) -> bool {
        self.references.get(&(ReferenceOf::Run, id.clone())) == Some(content)
    }

    /// Open items about a deposit, exercise or settlement run, by number.
    pub fn open_items(&self, reference: &Reference) -> impl Iterator<Item = (u64, &ExceptionItem)> {
        let open = self.exceptions.iter().filter(|(_, own)| own.resolution.is_none());
        open.filter(move |(_, own)| own.about.reference.as_ref() == Some(reference))
            .map(|(number, own)| (*number, own))
    }

    /// The group without its history: what a standing is formed from, to see what changes would make of it.
    pub(super) fn present(&self) -> Self {
        let Self { key, member, origin, currency, .. } = self;
        Self {
            cash: self.cash.clone(),
            payables: self.payables.clone(),
            assets: self.assets.clone(),
            margin_accounts: self.margin_accounts.clone(),
            position_accounts: self.position_accounts.clone(),
            orders: self.orders.clone(),
            links: self.links.clone(),
            deliveries: self.deliveries.clone(),
            settled: self.settled,
            pending: self.pending.clone(),
            paid_out: self.paid_out.clone(),
            ..Self::new(key.clone(), member.clone(), *origin, currency.clone())
        }
    }

    /// Whether even the bound of its orders, or reading its positions, takes more than a fraction of a millisecond.
    #[must_use]
    pub fn is_large(&self) -> bool {
        let positions = self.position_accounts.values().map(|own| own.holdings.len());
        self.orders.len() > Self::FEW_ORDERS || positions.sum::<usize>() > Self::FEW_POSITIONS
    }

    /// What an account holds of a contract.
    #[must_use]
    pub fn holding(&self, account: &AccountName, contract: ContractId) -> Holding {
        let own = self.position_accounts.get(account).and_then(|own| own.holdings.get(&contract));
        own.cloned().unwrap_or_default()
    }
}
