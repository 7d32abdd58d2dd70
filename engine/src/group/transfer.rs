//! What concerns two groups of a house: positions that move, and trades that are given up.

use serde::{Deserialize, Serialize};

use super::clearing::Clearing;
use super::content::content_of;
use super::covering::covered;
use super::event::Event;
use super::house::HouseSnapshot;
use super::outcome::{Checked, Outcome, Refusal, RefusalReason};
use super::position::{Trade, TradeLeg};
use super::reducing;
use super::requests::{is_quiet, known_position_account};
use super::standing::Depth;
use super::state::{Group, ReferenceOf};
use super::suspense::{has_changed, suspended};
use super::trading::{Books, Terms, reference_of};
use crate::contract::ContractId;
use crate::types::{AccountName, BusinessDate, Decimal, Principal, TradeId};

/// What moves.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferBody {
    /// Lots of contracts (long positive), each at a price: the variation up to it stays where it arose.
    Positions {
        /// From this account.
        from: AccountName,
        /// To this account.
        to: AccountName,
        /// What moves.
        legs: Vec<(ContractId, i64, Decimal)>,
    },
    /// A trade, with its date and price: it is as if it had been the other's from the beginning.
    GiveUp {
        /// The trade.
        trade: TradeId,
        /// To this account.
        to: AccountName,
    },
    /// A position account with all that it holds, into a margin account.
    Account {
        /// The account.
        account: AccountName,
        /// The other group's margin account.
        margin_account: AccountName,
    },
}

/// A transfer between two groups.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Transfer {
    /// Its id, unique in both groups.
    pub trade: TradeId,
    /// The business date: positions move in its first cycle.
    pub date: BusinessDate,
    /// What moves.
    pub body: TransferBody,
}

/// What a transfer does to the group that it leaves, and to the one that it reaches.
#[derive(Clone, Debug, Default)]
pub struct Transferred {
    /// What happens in each, in order; nothing where the same transfer has been done before.
    pub events: [Vec<Event>; 2],
    /// The numbers of both, as they were answered first; `None` where it was done so long ago that they are forgotten.
    pub checked: Option<[Checked; 2]>,
    /// Whether it has been done before, and nothing is done again.
    pub is_repeated: bool,
    /// The record of the journal that has the answer of then; 0 where nothing is written down, or it is forgotten.
    pub record: u64,
}

/// Decides a transfer: neither group may be left with a deficit. The same transfer again is answered as it was first.
///
/// # Errors
/// The [`Refusal`].
pub fn decide_transfer(
    from: &Group,
    to: &Group,
    house: &HouseSnapshot,
    principal: &Principal,
    transfer: &Transfer,
) -> Result<Transferred, Refusal> {
    if from.key.house != to.key.house || from.origin != to.origin {
        let detail = "money of the member and of its clients, or of two houses, never mixes";
        return Err(Refusal::new(RefusalReason::OriginsDiffer, detail));
    }
    let content = content_between([from, to], transfer);
    if is_known([from, to], transfer, &content)? {
        return Ok(repeated([from, to], principal, transfer));
    }
    let mut events = match &transfer.body {
        TransferBody::Positions { from: source, to: target, legs } => {
            positions(from, to, house, transfer, (source, target), legs)?
        }
        TransferBody::GiveUp { trade, to: target } => give_up(from, to, house, transfer, trade, target)?,
        TransferBody::Account { account, margin_account } => {
            if from.member != to.member {
                let detail = "an account stays with its member";
                return Err(Refusal::new(RefusalReason::OriginsDiffer, detail));
            }
            whole_account(from, to, account, margin_account)?
        }
    };
    for (group, events) in [from, to].into_iter().zip(&mut events) {
        events.extend(reducing::cuts(group, events)?);
        events.push(Event::ReferenceKept(ReferenceOf::Transfer, reference_of(&transfer.trade), content));
    }
    let checked = [(from, &events[0]), (to, &events[1])].map(|(group, events)| {
        let checked = covered(group, house, events, None, Depth::Search)?;
        Ok::<_, Refusal>(checked.unwrap_or_else(|| unreachable!("a search tells")))
    });
    let [first, second] = checked;
    let checked = [first?, second?];
    for ((group, own), checked) in [from, to].into_iter().zip(&mut events).zip(&checked) {
        let sequence = group.sequence + own.len() as u64 + 1;
        let outcome = Outcome { checked: Some(Box::new(checked.clone())), sequence, ..Outcome::default() };
        let id = transfer.trade.renamed();
        own.push(Event::Answered(principal.clone(), id, content, Box::new(outcome)));
    }
    Ok(Transferred { events, checked: Some(checked), ..Transferred::default() })
}

/// The answer to a transfer that has been done.
fn repeated(groups: [&Group; 2], principal: &Principal, transfer: &Transfer) -> Transferred {
    let key = (principal.clone(), transfer.trade.renamed());
    let answers = groups.map(|group| group.answered.get(&key));
    let checked = answers.map(|own| own.and_then(|own| own.outcome.checked.as_deref().cloned()));
    let checked = match checked {
        [Some(first), Some(second)] => Some([first, second]),
        _ => None,
    };
    let record = answers.into_iter().flatten().map(|own| own.record).max().unwrap_or_default();
    Transferred { checked, is_repeated: true, record, ..Transferred::default() }
}

/// The content of a transfer: what moves, and from which group to which.
fn content_between(groups: [&Group; 2], transfer: &Transfer) -> [u8; 32] {
    content_of(&(groups.map(|group| &group.key), transfer))
}

/// Whether the same transfer has been done; its id may not have been used for another one.
fn is_known(groups: [&Group; 2], transfer: &Transfer, content: &[u8; 32]) -> Result<bool, Refusal> {
    let key = (ReferenceOf::Transfer, reference_of(&transfer.trade));
    match groups.map(|group| group.references.get(&key)) {
        [None, None] => Ok(false),
        [Some(here), Some(there)] if here == content && there == content => Ok(true),
        _ => {
            let detail = format!("transfer {} has other content", transfer.trade);
            Err(Refusal::new(RefusalReason::TradeExists, detail))
        }
    }
}

/// Books the same legs in both groups with opposite signs.
fn both(
    groups: [&Group; 2],
    house: &HouseSnapshot,
    transfer: &Transfer,
    accounts: [&AccountName; 2],
    legs: &[TradeLeg],
    clearing: Clearing,
    due: BusinessDate,
) -> Result<[Vec<Event>; 2], Refusal> {
    let reference = reference_of(&transfer.trade);
    let side = |place: usize| -> Result<Vec<Event>, Refusal> {
        let is_source = place == 0;
        let mut books = Books::new(groups[place], house);
        let own: Vec<TradeLeg> = legs
            .iter()
            .map(|leg| TradeLeg { lots: if is_source { -leg.lots } else { leg.lots }, ..*leg })
            .collect();
        let terms =
            Terms { account: accounts[place], closes: is_source, clearing, due, reference: &reference };
        for leg in &own {
            books.book(&terms, leg)?;
        }
        let mut events = books.finished();
        let trade = Trade {
            account: accounts[place].clone(),
            legs: own,
            clearing,
            due,
            closes: is_source,
            opened: Vec::new(),
            fee: None,
            order: None,
            is_busted: false,
            given_up: None,
            suspense: None,
        };
        events.push(Event::TradeKept(transfer.trade.clone(), Box::new(trade)));
        Ok(events)
    };
    if suspended(house, legs).is_some() || legs.iter().any(|leg| has_changed(house, leg.contract)) {
        let detail = "a contract of the transfer has become something else, or was never known";
        return Err(Refusal::new(RefusalReason::ContractEnded, detail));
    }
    if groups.iter().any(|group| group.trades.contains_key(&transfer.trade)) {
        let detail = format!("trade {} has other content", transfer.trade);
        return Err(Refusal::new(RefusalReason::TradeExists, detail));
    }
    Ok([side(0)?, side(1)?])
}

fn positions(
    from: &Group,
    to: &Group,
    house: &HouseSnapshot,
    transfer: &Transfer,
    accounts: (&AccountName, &AccountName),
    legs: &[(ContractId, i64, Decimal)],
) -> Result<[Vec<Event>; 2], Refusal> {
    known_position_account(from, accounts.0)?;
    known_position_account(to, accounts.1)?;
    for (contract, lots, _) in legs {
        let held = from.holding(accounts.0, *contract);
        let side = if *lots > 0 { held.long } else { held.short };
        if lots.saturating_abs() > side {
            let detail = format!("{side} lots of contract {contract} are held");
            return Err(Refusal::new(RefusalReason::InsufficientPosition, detail));
        }
    }
    let legs: Vec<TradeLeg> = legs
        .iter()
        .map(|(contract, lots, price)| TradeLeg { contract: *contract, lots: *lots, price: *price })
        .collect();
    let clearing = Clearing { date: transfer.date, cycle: 0 };
    both([from, to], house, transfer, [accounts.0, accounts.1], &legs, clearing, transfer.date)
}

fn give_up(
    from: &Group,
    to: &Group,
    house: &HouseSnapshot,
    transfer: &Transfer,
    id: &TradeId,
    target: &AccountName,
) -> Result<[Vec<Event>; 2], Refusal> {
    let is_own = |own: &&Trade| !own.is_busted && own.suspense.is_none() && own.given_up.is_none();
    let trade = from.trades.get(id).filter(is_own);
    let Some(trade) = trade else {
        return Err(Refusal::new(RefusalReason::UnknownTrade, format!("no trade {id}")));
    };
    known_position_account(to, target)?;
    let accounts = [&trade.account, target];
    let mut events = both([from, to], house, transfer, accounts, &trade.legs, trade.clearing, trade.due)?;
    let given_up = Trade { given_up: Some(transfer.trade.clone()), ..trade.clone() };
    events[0].push(Event::TradeKept(id.clone(), Box::new(given_up)));
    Ok(events)
}

fn whole_account(
    from: &Group,
    to: &Group,
    account: &AccountName,
    margin_account: &AccountName,
) -> Result<[Vec<Event>; 2], Refusal> {
    let own = known_position_account(from, account)?;
    if !is_quiet(from, account) {
        let detail = format!("{account} has orders or deliveries");
        return Err(Refusal::new(RefusalReason::AccountNotEmpty, detail));
    }
    if to.position_accounts.contains_key(account) {
        return Err(Refusal::new(
            RefusalReason::AccountExists,
            format!("position account {account} is open"),
        ));
    }
    if !to.margin_accounts.contains_key(margin_account) {
        return Err(Refusal::new(
            RefusalReason::UnknownAccount,
            format!("no margin account {margin_account}"),
        ));
    }
    let moved = super::position::PositionAccount { margin_account: margin_account.clone(), ..own.clone() };
    Ok([
        vec![Event::PositionAccountClosed(account.clone())],
        vec![Event::PositionAccountOpened(account.clone(), moved)],
    ])
}
