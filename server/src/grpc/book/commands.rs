//! Commands of groups and checks of orders: read, decided in the group's turn, answered.

use plimsoll_engine::group::{
    Body, Checked, Command, Fact, GroupKey, NewOrder, Outcome, Request, Transfer, Transferred,
};
use plimsoll_engine::types::{Code, CommandId, Principal};
use plimsoll_proto::v1;

use super::super::to_proto;
use super::super::violations::Violations;
use super::work::known;
use super::{Fault, Told, house_of, read};
use crate::book::{Answer, Book, Place, Turn};
use crate::until::Until;

/// Who gives commands until callers are told apart; what comes for many groups has ids of its own.
#[derive(Clone, Copy)]
pub(super) enum Caller {
    Local,
    Import,
    Transfer,
}

impl Caller {
    pub(super) fn principal(self) -> Principal {
        let name = match self {
            Self::Local => "local",
            Self::Import => "local, import",
            Self::Transfer => "local, transfer",
        };
        Code::new(name).unwrap_or_else(|_| unreachable!("the names are valid"))
    }
}

pub(super) fn command(caller: Caller, id: CommandId, body: Body) -> Command {
    Command { principal: caller.principal(), id, body }
}

/// Reads a command.
pub(super) fn submitted(
    book: &Book,
    place: Place,
    key: &GroupKey,
    request: &v1::SubmitRequest,
) -> Result<Command, Fault> {
    let (id, body) = read(book, place, &key.house, |reader| {
        let id = reader.code("command_id", &request.command_id);
        let body = reader.body(request.command.as_ref());
        Some((id?, body?))
    })?;
    Ok(command(Caller::Local, id, body))
}

/// Whether a command is decided without looking at more than the group's part of it: a fact about one order, trade or sum.
pub(super) fn is_single_fact(command: &Command) -> bool {
    match &command.body {
        Body::Fact(
            Fact::Fill(_)
            | Fact::Cancelled(_)
            | Fact::Replaced(_)
            | Fact::NotReplaced(_)
            | Fact::Deposit(..)
            | Fact::DepositAsset(..)
            | Fact::Bust(..)
            | Fact::Exercise(_)
            | Fact::Delivered(_),
        ) => true,
        Body::Fact(Fact::MassCancelled(_) | Fact::DayEnded(_) | Fact::WorkingOrders(_) | Fact::Settle(_))
        | Body::Request(_) => false,
    }
}

/// Decides a command.
pub(super) fn submit(
    book: &Book,
    mut held: Turn,
    place: Place,
    command: &Command,
    until: &Until,
) -> Result<Told<v1::SubmitResponse>, Fault> {
    let (desk, house) = known(book, &held.group().key.house.clone(), place)?;
    let answer = book.submit(&mut held, &desk, &house, command, (place, until))?;
    noted(&held.group().key, &answer.outcome);
    Ok(Told { answer: to_proto::book::submitted(&answer), durable: answer.rests_on })
}

fn noted(key: &GroupKey, outcome: &Outcome) {
    let refused = outcome.refused.as_ref().map(|own| own.reason.name());
    let exceptions = outcome.exceptions.len();
    tracing::debug!(house = %key.house, group = %key.name, refused, exceptions, "decided");
}

/// An order that is to be checked.
pub(super) enum ToCheck {
    /// Only its numbers are wanted.
    Only(Box<NewOrder>),
    /// It is to be reserved.
    Reserve(Command),
}

/// Reads an order that is to be checked.
pub(super) fn to_check(
    book: &Book,
    place: Place,
    key: &GroupKey,
    request: &v1::CheckOrderRequest,
) -> Result<ToCheck, Fault> {
    let (id, order) = read(book, place, &key.house, |reader| {
        let id = if request.validate_only { None } else { reader.code("command_id", &request.command_id) };
        let order = reader.new_order("order", request.order.as_ref());
        Some((id, Box::new(order?)))
    })?;
    Ok(match id {
        None => ToCheck::Only(order),
        Some(id) => ToCheck::Reserve(command(Caller::Local, id, Body::Request(Request::Order(order)))),
    })
}

/// Checks an order.
pub(super) fn check_order(
    book: &Book,
    mut held: Turn,
    place: Place,
    order: &ToCheck,
    until: &Until,
) -> Result<Told<v1::CheckOrderResponse>, Fault> {
    let (desk, house) = known(book, &held.group().key.house.clone(), place)?;
    let mut repeated = false;
    let (refused, checked, sequence, durable) = match order {
        ToCheck::Only(order) => {
            let (checked, sequence, durable) = Book::check(&mut held, place, &house, order)?;
            let (refused, checked) = match checked {
                Ok(checked) => (None, Some(checked)),
                Err(refusal) => (Some(refusal), None),
            };
            (refused, checked, sequence, durable)
        }
        ToCheck::Reserve(command) => {
            let Answer { outcome, is_repeated, rests_on: durable } =
                book.submit(&mut held, &desk, &house, command, (place, until))?;
            repeated = is_repeated;
            (outcome.refused, outcome.checked.map(|checked| *checked), outcome.sequence, durable)
        }
    };
    let answer = v1::CheckOrderResponse {
        accepted: refused.is_none(),
        refused: refused.as_ref().map(to_proto::book::refused),
        checked: checked.as_ref().map(to_proto::book::checked),
        sequence,
        log_sequence: durable.0,
        repeated,
    };
    Ok(Told { answer, durable })
}

/// Reads a transfer: what it moves, and the groups that it leaves and reaches.
pub(super) fn transferred(
    book: &Book,
    place: Place,
    request: &v1::TransferRequest,
) -> Result<([GroupKey; 2], Transfer), Fault> {
    let house = house_of("house", &request.house)?;
    let (from, to, transfer) = read(book, place, &house, |reader| {
        let from = reader.code("from_group", &request.from_group);
        let to = reader.code("to_group", &request.to_group);
        let transfer = reader.transfer(request);
        Some((from?, to?, transfer?))
    })?;
    if from == to {
        return Err(Violations::one("to_group", "is the group that it leaves").into());
    }
    Ok(([from, to].map(|name| GroupKey { house: house.clone(), name }), transfer))
}

/// Moves something from one group to another.
pub(super) fn transfer(
    book: &Book,
    [from, to]: [&mut Turn; 2],
    place: Place,
    transfer: &Transfer,
    until: &Until,
) -> Result<Told<v1::TransferResponse>, Fault> {
    let (desk, house) = known(book, &from.group().key.house.clone(), place)?;
    let principal = Caller::Transfer.principal();
    let (moved, durable) =
        book.transfer([from, to], (&desk, &house), (&principal, transfer), (place, until))?;
    let answer = match moved {
        Err(refusal) => v1::TransferResponse {
            refused: Some(to_proto::book::refused(&refusal)),
            log_sequence: durable.0,
            ..v1::TransferResponse::default()
        },
        Ok(Transferred { checked, is_repeated, record, .. }) => {
            let told = |both: [Checked; 2]| both.map(|own| Some(to_proto::book::checked(&own)));
            let [from, to] = checked.map_or([None, None], told);
            let log_sequence = if is_repeated { record } else { durable.0 };
            v1::TransferResponse { refused: None, from, to, repeated: is_repeated, log_sequence }
        }
    };
    Ok(Told { answer, durable })
}
