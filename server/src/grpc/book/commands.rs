//! Commands of groups and checks of orders: read, decided in the group's turn, answered.

use plimsoll_engine::group::{
    Body, Checked, Command, Fact, GroupKey, NewOrder, Outcome, Request, Transfer, Transferred,
};
use plimsoll_engine::types::{Code, CommandId, Principal};
use plimsoll_proto::v1;

use super::super::to_proto;
use super::work::known;
use super::{Fault, Told, house_of, read};
use crate::book::{Answer, Asked, Book, BookFault, NewContracts, Place, Turn};
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
) -> Result<Asked<Command>, Fault> {
    read(book, place, &key.house, |reader| {
        let id = reader.code("command_id", &request.command_id);
        let body = reader.body(request.command.as_ref());
        Some(command(Caller::Local, id?, body?))
    })
}

/// How a request is read again, once its contracts are known.
pub(super) type Again<'a, T> = &'a dyn Fn(&Book, Place) -> Result<Asked<T>, Fault>;

/// Decides a command. One that names a contract which the house does not know is decided as it stands first: only where it is accepted the
/// contract becomes known.
fn decided(
    book: &Book,
    held: &mut Turn,
    place: Place,
    (command, new, again): (&Command, &NewContracts, impl Fn() -> Result<Command, Fault>),
    until: &Until,
) -> Result<Answer, Fault> {
    let (desk, house) = known(book, &held.group().key.house.clone(), place)?;
    if new.is_nothing() {
        return Ok(book.submit(held, &desk, &house, command, (place, until))?);
    }
    if place == Place::Runtime {
        return Err(Fault::Waits);
    }
    match &command.body {
        Body::Request(_) => {
            if let Some(refused) = held.refuses(&house, command) {
                return Ok(refused);
            }
            if until.is_over() {
                return Err(BookFault::Late.into());
            }
        }
        // What has happened is booked, however late it is told.
        Body::Fact(_) if !until.decides_fact() => return Err(BookFault::Late.into()),
        Body::Fact(_) => {}
    }
    desk.make_known(new)?;
    Ok(book.submit(held, &desk, &house, &again()?, (place, until))?)
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
    (command, again): (&Asked<Command>, Again<'_, Command>),
    until: &Until,
) -> Result<Told<v1::SubmitResponse>, Fault> {
    let again = || Ok(again(book, place)?.asked);
    let answer = decided(book, &mut held, place, (&command.asked, &command.new, again), until)?;
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
) -> Result<Asked<ToCheck>, Fault> {
    read(book, place, &key.house, |reader| {
        let id = if request.validate_only { None } else { reader.code("command_id", &request.command_id) };
        let order = reader.order("order", request.order.as_ref());
        let order = Box::new(order?);
        Some(match id {
            None => ToCheck::Only(order),
            Some(id) => ToCheck::Reserve(command(Caller::Local, id, Body::Request(Request::Order(order)))),
        })
    })
}

/// Checks an order.
pub(super) fn check_order(
    book: &Book,
    mut held: Turn,
    place: Place,
    (order, again): (&Asked<ToCheck>, Again<'_, ToCheck>),
    until: &Until,
) -> Result<Told<v1::CheckOrderResponse>, Fault> {
    let mut repeated = false;
    let (refused, checked, sequence, durable) = match &order.asked {
        ToCheck::Only(order) => {
            let (_, house) = known(book, &held.group().key.house.clone(), place)?;
            let (checked, sequence, durable) = Book::check(&mut held, place, &house, order)?;
            let (refused, checked) = match checked {
                Ok(checked) => (None, Some(checked)),
                Err(refusal) => (Some(refusal), None),
            };
            (refused, checked, sequence, durable)
        }
        ToCheck::Reserve(command) => {
            let again = || match again(book, place)?.asked {
                ToCheck::Reserve(command) => Ok(command),
                ToCheck::Only(_) => Err(Fault::Waits),
            };
            let Answer { outcome, is_repeated, rests_on: durable } =
                decided(book, &mut held, place, (command, &order.new, again), until)?;
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

/// The groups that a transfer leaves and reaches, and what it moves.
pub(super) type Transferring = ([GroupKey; 2], Transfer);

/// Reads a transfer: what it moves, and the groups that it leaves and reaches.
pub(super) fn transferred(
    book: &Book,
    place: Place,
    request: &v1::TransferRequest,
) -> Result<Asked<Transferring>, Fault> {
    let house = house_of("house", &request.house)?;
    read(book, place, &house, |reader| {
        let from = reader.code("from_group", &request.from_group);
        let to = reader.code("to_group", &request.to_group);
        let transfer = reader.transfer(request);
        if from.is_some() && from == to {
            reader.faults.add(|| "to_group".to_owned(), "is the group that it leaves");
        }
        Some(([from?, to?].map(|name| GroupKey { house: house.clone(), name }), transfer?))
    })
}

/// Moves something from one group to another.
pub(super) fn transfer(
    book: &Book,
    [from, to]: [&mut Turn; 2],
    place: Place,
    (read, again): (&Asked<Transferring>, Again<'_, Transferring>),
    until: &Until,
) -> Result<Told<v1::TransferResponse>, Fault> {
    let (desk, house) = known(book, &from.group().key.house.clone(), place)?;
    let principal = Caller::Transfer.principal();
    let (mut again_read, mut refused) = (None, None);
    if !read.new.is_nothing() {
        if place == Place::Runtime {
            return Err(Fault::Waits);
        }
        refused = Book::refuses_transfer([&**from, &**to], &house, (&principal, &read.asked.1));
        if refused.is_none() {
            if until.is_over() {
                return Err(BookFault::Late.into());
            }
            desk.make_known(&read.new)?;
            again_read = Some(again(book, place)?);
        }
    }
    let (_, transfer) = &again_read.as_ref().unwrap_or(read).asked;
    let (moved, durable) = match refused {
        Some((refusal, durable)) => (Err(refusal), durable),
        None => book.transfer([from, to], (&desk, &house), (&principal, transfer), (place, until))?,
    };
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
