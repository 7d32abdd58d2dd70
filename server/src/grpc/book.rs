//! The book service: commands of margin groups, checks of orders, and what the book holds.

mod import;
mod lists;
mod margin;
mod methods;
mod pages;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use plimsoll_engine::group::{Body, Command, GroupKey, Outcome};
use plimsoll_engine::types::{Code, CommandId, House, Principal};
use plimsoll_journal::Sequence;
use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_server::BookService;
use prost::Message;
use sha2::{Digest as _, Sha256};
use tonic::{Request, Response, Status};

use super::deadline::Deadline;
use super::from_proto::book::{Reader, group_key, new_group};
use super::violations::Violations;
use super::{status, to_proto};
use crate::book::{Book, BookFault, Desk, locked};
use crate::set_files::SetFiles;
use crate::workers::{Workers, caught};

/// With so many working orders a check takes less than a millisecond.
const FEW_ORDERS: usize = 4;

/// Questions about the past that are answered or wait.
const MOST_EXPLAINED: usize = 8;

/// Who gives commands until callers are told apart; what comes for many groups has ids of its own.
#[derive(Clone, Copy)]
enum Caller {
    Local,
    Settlement,
    Import,
}

impl Caller {
    fn principal(self) -> Principal {
        let name = match self {
            Self::Local => "local",
            Self::Settlement => "local, settlement",
            Self::Import => "local, import",
        };
        Code::new(name).unwrap_or_else(|_| unreachable!("the names are valid"))
    }
}

/// What the calls work with.
#[derive(Clone)]
pub(super) struct BookCalls {
    book: Arc<Book>,
    workers: Workers,
    /// The past has a queue of its own, and one reader.
    explainers: Workers,
    files: Option<Arc<SetFiles>>,
}

/// An answer, and the record that has to be durable before it is given.
struct Told<T> {
    answer: T,
    durable: Sequence,
}

/// An answer that may tell of anything that was written until now.
fn seen<T>(book: &Book, answer: T) -> Told<T> {
    Told { answer, durable: book.chronicle().written() }
}

/// An answer that says itself what of it is durable.
const fn told<T>(answer: T) -> Told<T> {
    Told { answer, durable: Sequence::NONE }
}

/// Why a call has no answer.
enum Fault {
    Invalid(Violations),
    Book(BookFault),
    Status(Box<Status>),
}

impl From<Violations> for Fault {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<BookFault> for Fault {
    fn from(fault: BookFault) -> Self {
        Self::Book(fault)
    }
}

impl Fault {
    fn into_status(self) -> Status {
        match self {
            Self::Invalid(violations) => status::invalid(&violations),
            Self::Book(fault) => status::of_book(&fault),
            Self::Status(status) => *status,
        }
    }
}

/// Reads a request of a house with what its book knows.
fn read<T>(book: &Book, house: &House, read: impl FnOnce(&mut Reader<'_>) -> Option<T>) -> Result<T, Fault> {
    let (desk, snapshot) = book.desk(house)?;
    let mut reader = Reader { desk: &desk, set: snapshot.set(), faults: Violations::default() };
    let found = read(&mut reader);
    Ok(reader.finished(found)?)
}

fn command(caller: Caller, id: CommandId, content: &impl Message, body: Body) -> Command {
    Command {
        principal: caller.principal(),
        id,
        content: Sha256::digest(content.encode_to_vec()).into(),
        body,
    }
}

impl BookCalls {
    pub(super) fn new(book: Arc<Book>, workers: Workers, files: Option<Arc<SetFiles>>) -> Self {
        Self { book, workers, explainers: Workers::new(1, MOST_EXPLAINED), files }
    }

    /// Work of microseconds, here.
    async fn here<T>(
        &self,
        work: impl FnOnce(&Book) -> Result<Told<T>, Fault>,
    ) -> Result<Response<T>, Status> {
        let worked = caught(|| work(&self.book)).map_err(status::no_calculation)?;
        self.said(worked).await
    }

    /// Gives an answer once it is durable.
    async fn said<T>(&self, worked: Result<Told<T>, Fault>) -> Result<Response<T>, Status> {
        if let Err(Fault::Book(BookFault::GroupExists { .. } | BookFault::OtherRun(_))) = &worked {
            // That something is there already is an answer, too.
            let written = self.book.chronicle().written();
            self.book.chronicle().reached(written).await.map_err(status::journal_stopped)?;
        }
        let Told { answer, durable } = worked.map_err(Fault::into_status)?;
        self.book.chronicle().reached(durable).await.map_err(status::journal_stopped)?;
        Ok(Response::new(answer))
    }

    /// Work on one group: on a worker where its orders may take long.
    async fn of_group<T: Send + 'static>(
        &self,
        name: Option<v1::GroupName>,
        work: impl FnOnce(&Book) -> Result<Told<T>, Fault> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let entry = group_key(name.as_ref()).ok().and_then(|key| self.book.entry(&key).ok());
        let orders = entry.map_or(0, |entry| locked(&entry).group().orders.len());
        if orders <= FEW_ORDERS { self.here(work).await } else { self.there(orders, work).await }
    }

    /// Work over many groups or trades, on a worker.
    async fn there<T: Send + 'static>(
        &self,
        weight: usize,
        work: impl FnOnce(&Book) -> Result<Told<T>, Fault> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let book = Arc::clone(&self.book);
        let worked = self.workers.run(weight, move || work(&book)).await.map_err(status::no_calculation)?;
        self.said(worked).await
    }
}

/// When a call's answer is no longer wanted.
fn deadline_of<T>(request: &Request<T>) -> impl Fn() -> bool + Send + 'static + use<T> {
    let deadline = request.extensions().get::<Deadline>().copied();
    move || deadline.is_some_and(Deadline::is_over)
}

fn submit(
    book: &Book,
    request: &v1::SubmitRequest,
    is_late: impl Fn() -> bool,
) -> Result<Told<v1::SubmitResponse>, Fault> {
    let key = group_key(request.name.as_ref())?;
    book.entry(&key)?;
    let (id, body) = read(book, &key.house, |reader| {
        let id = reader.code("command_id", &request.command_id);
        let body = reader.body(request.command.as_ref());
        Some((id?, body?))
    })?;
    let (outcome, durable) = book.submit(&key, &command(Caller::Local, id, request, body), is_late)?;
    noted(&key, &outcome);
    Ok(Told { answer: to_proto::book::submitted(&outcome, durable), durable })
}

fn noted(key: &GroupKey, outcome: &Outcome) {
    let refused = outcome.refused.as_ref().map(|own| own.reason.name());
    let exceptions = outcome.exceptions.len();
    tracing::debug!(house = %key.house, group = %key.name, refused, exceptions, "decided");
}

fn check_order(
    book: &Book,
    request: &v1::CheckOrderRequest,
    is_late: impl Fn() -> bool,
) -> Result<Told<v1::CheckOrderResponse>, Fault> {
    let key = group_key(request.name.as_ref())?;
    book.entry(&key)?;
    let (id, order) = read(book, &key.house, |reader| {
        let id = if request.validate_only { None } else { reader.code("command_id", &request.command_id) };
        let order = reader.new_order("order", request.order.as_ref());
        Some((id, order?))
    })?;
    let durable;
    let (refused, checked, sequence) = match id {
        None => {
            let (checked, sequence, last) = book.check(&key, &order)?;
            durable = last;
            match checked {
                Ok(checked) => (None, Some(checked), sequence),
                Err(refusal) => (Some(refusal), None, sequence),
            }
        }
        Some(id) => {
            let body = Body::Request(plimsoll_engine::group::Request::Order(Box::new(order)));
            let (outcome, last) = book.submit(&key, &command(Caller::Local, id, request, body), is_late)?;
            durable = last;
            (outcome.refused, outcome.checked.map(|checked| *checked), outcome.sequence)
        }
    };
    let answer = v1::CheckOrderResponse {
        accepted: refused.is_none(),
        refused: refused.as_ref().map(to_proto::book::refused),
        checked: checked.as_ref().map(to_proto::book::checked),
        sequence,
        log_sequence: durable.0,
    };
    Ok(Told { answer, durable })
}

fn settle(book: &Book, request: &v1::SettleHouseRequest) -> Result<Told<v1::SettleHouseResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    let run = Arc::new(read(book, &house, |reader| reader.run(request))?);
    let id: CommandId =
        Code::new(run.id.as_str()).map_err(|error| Violations::one("run_id", error.to_string()))?;
    let ((groups, raised), durable) =
        book.settle(&house, &run, |fact| command(Caller::Settlement, id.clone(), request, Body::Fact(fact)))?;
    tracing::info!(%house, run = %run.id, groups, with_exceptions = raised.len(), "settled");
    let answer = v1::SettleHouseResponse {
        groups: u32::try_from(groups).unwrap_or(u32::MAX),
        with_exceptions: raised.iter().take(1_000).map(to_proto::book::group_name).collect(),
    };
    Ok(Told { answer, durable })
}

fn house_of(field: &str, text: &str) -> Result<House, Violations> {
    House::new(text).map_err(|error| Violations::one(field, error.to_string()))
}

fn transfer(book: &Book, request: &v1::TransferRequest) -> Result<Told<v1::TransferResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    let (from, to, transfer) = read(book, &house, |reader| {
        let from = reader.code("from_group", &request.from_group);
        let to = reader.code("to_group", &request.to_group);
        let transfer = reader.transfer(request);
        Some((from?, to?, transfer?))
    })?;
    if from == to {
        return Err(Violations::one("to_group", "is the group that it leaves").into());
    }
    let [from, to] = [from, to].map(|name| GroupKey { house: house.clone(), name });
    let (moved, durable) = book.transfer([&from, &to], &transfer)?;
    let answer = match moved {
        Err(refusal) => {
            v1::TransferResponse { refused: Some(to_proto::book::refused(&refusal)), from: None, to: None }
        }
        Ok([from, to]) => v1::TransferResponse {
            refused: None,
            from: Some(to_proto::book::checked(&from)),
            to: Some(to_proto::book::checked(&to)),
        },
    };
    Ok(Told { answer, durable })
}

fn set_terms(
    book: &Book,
    request: &v1::SetHouseTermsRequest,
) -> Result<Told<v1::SetHouseTermsResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    let terms = read(book, &house, |reader| reader.house_terms(request))?;
    let (desk, _) = book.desk(&house)?;
    let (snapshot, durable) = desk.state_terms(book.active(&house).as_ref(), terms)?;
    tracing::info!(%house, version = snapshot.version(), "terms stated");
    Ok(Told { answer: v1::SetHouseTermsResponse { version: snapshot.version() }, durable })
}

/// The names of contracts, from a house's desk.
fn names(
    desk: &Desk,
    ids: impl Iterator<Item = plimsoll_engine::contract::ContractId>,
) -> to_proto::book::Names {
    desk.keys(ids)
}

#[tonic::async_trait]
impl BookService for BookCalls {
    async fn create_group(
        &self,
        request: Request<v1::CreateGroupRequest>,
    ) -> Result<Response<v1::CreateGroupResponse>, Status> {
        self.here(|book| {
            let durable = book.open(new_group(request.get_ref())?)?;
            Ok(Told { answer: v1::CreateGroupResponse {}, durable })
        })
        .await
    }

    async fn list_groups(
        &self,
        request: Request<v1::ListGroupsRequest>,
    ) -> Result<Response<v1::ListGroupsResponse>, Status> {
        self.there(1, move |book| lists::groups(book, request.get_ref()).map(|own| seen(book, own))).await
    }

    async fn set_house_terms(
        &self,
        request: Request<v1::SetHouseTermsRequest>,
    ) -> Result<Response<v1::SetHouseTermsResponse>, Status> {
        self.there(request.get_ref().bands.len(), move |book| set_terms(book, request.get_ref())).await
    }

    async fn set_contracts(
        &self,
        request: Request<v1::SetContractsRequest>,
    ) -> Result<Response<v1::SetContractsResponse>, Status> {
        let request = request.into_inner();
        self.there(request.contracts.len(), move |book| methods::set_contracts(book, &request)).await
    }

    async fn set_methods(
        &self,
        request: Request<v1::SetMethodsRequest>,
    ) -> Result<Response<v1::SetMethodsResponse>, Status> {
        self.there(methods::HEAVY, move |book| methods::set(book, request.get_ref())).await
    }

    async fn update_market(
        &self,
        request: Request<v1::UpdateMarketRequest>,
    ) -> Result<Response<v1::UpdateMarketResponse>, Status> {
        self.there(methods::HEAVY, move |book| methods::update_market(book, request.get_ref())).await
    }

    async fn submit(
        &self,
        request: Request<v1::SubmitRequest>,
    ) -> Result<Response<v1::SubmitResponse>, Status> {
        let (is_late, request) = (deadline_of(&request), request.into_inner());
        self.of_group(request.name.clone(), move |book| submit(book, &request, is_late)).await
    }

    async fn check_order(
        &self,
        request: Request<v1::CheckOrderRequest>,
    ) -> Result<Response<v1::CheckOrderResponse>, Status> {
        let (is_late, request) = (deadline_of(&request), request.into_inner());
        self.of_group(request.name.clone(), move |book| check_order(book, &request, is_late)).await
    }

    async fn settle_house(
        &self,
        request: Request<v1::SettleHouseRequest>,
    ) -> Result<Response<v1::SettleHouseResponse>, Status> {
        self.there(request.get_ref().prices.len(), move |book| settle(book, request.get_ref())).await
    }

    async fn transfer(
        &self,
        request: Request<v1::TransferRequest>,
    ) -> Result<Response<v1::TransferResponse>, Status> {
        self.here(|book| transfer(book, request.get_ref())).await
    }

    async fn import_trades(
        &self,
        request: Request<v1::ImportTradesRequest>,
    ) -> Result<Response<v1::ImportTradesResponse>, Status> {
        self.there(request.get_ref().trades.len(), move |book| import::trades(book, request.get_ref())).await
    }

    async fn get_margin(
        &self,
        request: Request<v1::GetMarginRequest>,
    ) -> Result<Response<v1::GetMarginResponse>, Status> {
        let request = request.into_inner();
        self.of_group(request.name.clone(), move |book| margin::get(book, &request).map(told)).await
    }

    async fn explain_margin(
        &self,
        request: Request<v1::ExplainMarginRequest>,
    ) -> Result<Response<v1::ExplainMarginResponse>, Status> {
        let (book, files) = (Arc::clone(&self.book), self.files.clone());
        let explained = move || margin::explain(&book, request.get_ref(), files.as_deref());
        let worked = self.explainers.run(1, explained).await.map_err(status::no_calculation)?;
        self.said(worked.map(told)).await
    }

    async fn list_positions(
        &self,
        request: Request<v1::ListPositionsRequest>,
    ) -> Result<Response<v1::ListPositionsResponse>, Status> {
        self.here(|book| lists::positions(book, request.get_ref()).map(|own| seen(book, own))).await
    }

    async fn list_orders(
        &self,
        request: Request<v1::ListOrdersRequest>,
    ) -> Result<Response<v1::ListOrdersResponse>, Status> {
        self.here(|book| lists::orders(book, request.get_ref()).map(|own| seen(book, own))).await
    }

    async fn list_trades(
        &self,
        request: Request<v1::ListTradesRequest>,
    ) -> Result<Response<v1::ListTradesResponse>, Status> {
        self.here(|book| lists::trades(book, request.get_ref()).map(|own| seen(book, own))).await
    }

    async fn list_exceptions(
        &self,
        request: Request<v1::ListExceptionsRequest>,
    ) -> Result<Response<v1::ListExceptionsResponse>, Status> {
        self.here(|book| lists::exceptions(book, request.get_ref()).map(|own| seen(book, own))).await
    }

    async fn audit_group(
        &self,
        request: Request<v1::AuditGroupRequest>,
    ) -> Result<Response<v1::AuditGroupResponse>, Status> {
        self.here(|book| {
            let key = group_key(request.get_ref().name.as_ref())?;
            let entry = book.entry(&key)?;
            let (_, house) = book.desk(&key.house)?;
            let mut entry = locked(&entry);
            let differences = entry.audit(&house);
            Ok(seen(book, v1::AuditGroupResponse { differences, sequence: entry.group().sequence }))
        })
        .await
    }
}
