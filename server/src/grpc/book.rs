//! The book service: commands of margin groups, checks of orders, and what the book holds.

mod commands;
mod groups;
mod import;
mod lists;
mod margin;
mod methods;
mod pages;
mod settling;
#[cfg(test)]
mod tests;
mod work;

use std::sync::Arc;

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::Group;
use plimsoll_engine::types::House;
use plimsoll_journal::Sequence;
use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_server::BookService;
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::from_proto::book::{Reader, group_key, new_group};
use super::violations::Violations;
use super::{status, to_proto};
use crate::book::{Asked, Book, BookFault, Desk, Place, Turn, Waits, open};
use crate::set_files::SetFiles;
use crate::until::Until;
pub(super) use work::Threads;
use work::is_small;

/// What the calls work with.
#[derive(Clone)]
pub(super) struct BookCalls {
    book: Arc<Book>,
    threads: Threads,
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
    /// Here: on a worker it has one.
    Waits,
}

impl From<Violations> for Fault {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<BookFault> for Fault {
    fn from(fault: BookFault) -> Self {
        if fault == BookFault::Waits { Self::Waits } else { Self::Book(fault) }
    }
}

impl Fault {
    fn into_status(self) -> Status {
        match self {
            Self::Invalid(violations) => status::invalid(&violations),
            Self::Book(fault) => status::of_book(&fault),
            Self::Status(status) => *status,
            Self::Waits => status::of_book(&BookFault::Waits),
        }
    }
}

/// Reads a request of a house with what its book knows; nothing is written down.
fn read<T>(
    book: &Book,
    place: Place,
    house: &House,
    read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Result<Asked<T>, Fault> {
    let (desk, snapshot) = work::known(book, house, place)?;
    let set = snapshot.set();
    let (faults, new) = Default::default();
    let mut reader = Reader { desk: &desk, set, place, waits: false, faults, new };
    let found = read(&mut reader);
    Ok(reader.finished(found)??)
}

fn house_of(field: &str, text: &str) -> Result<House, Violations> {
    House::new(text).map_err(|error| Violations::one(field, error.to_string()))
}

/// Until when a call's answer is wanted.
fn until_of<T>(request: &Request<T>) -> Until {
    request.extensions().get::<Until>().cloned().unwrap_or(Until::NEVER)
}

/// The names of contracts, from a house's desk.
fn names(
    desk: &Desk,
    place: Place,
    ids: impl Iterator<Item = ContractId>,
) -> Result<to_proto::book::Names, Waits> {
    desk.keys(place, ids)
}

impl BookCalls {
    pub(super) const fn new(book: Arc<Book>, threads: Threads, files: Option<Arc<SetFiles>>) -> Self {
        Self { book, threads, files }
    }

    /// A look at a group in the caller's turn.
    async fn looked<T: Send + 'static>(
        &self,
        name: Option<&v1::GroupName>,
        is_little: fn(&Group) -> bool,
        look: impl Fn(&Book, Turn, Place) -> Result<Told<T>, Fault> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let looked = async {
            let turns = self.book.entry(&group_key(name)?)?;
            self.in_turn(&turns, is_little, look).await
        };
        self.said(looked.await).await
    }
}

#[tonic::async_trait]
impl BookService for BookCalls {
    async fn create_group(
        &self,
        request: Request<v1::CreateGroupRequest>,
    ) -> Result<Response<v1::CreateGroupResponse>, Status> {
        let (until, group) = (until_of(&request), new_group(request.get_ref()));
        let opened = async {
            let group = group?;
            let house = group.key.house.clone();
            let open = move |book: &Book, place| groups::create(book, place, group.clone(), &until);
            self.read(&house, 0, open).await
        };
        self.said(opened.await).await
    }

    async fn close_group(
        &self,
        request: Request<v1::CloseGroupRequest>,
    ) -> Result<Response<v1::CloseGroupResponse>, Status> {
        let (until, request) = (until_of(&request), request.into_inner());
        let closed = async {
            let key = group_key(request.name.as_ref())?;
            // Who has a turn at a group waits for none at a house.
            self.renewed(&key.house).await?;
            let turn = self.book.entry(&key)?.next().await?;
            let close = move |book: &Book, turn: &mut Turn, place| groups::close(book, turn, place, &until);
            self.with_turns(turn, true, close).await
        };
        self.said(closed.await).await
    }

    async fn list_groups(
        &self,
        request: Request<v1::ListGroupsRequest>,
    ) -> Result<Response<v1::ListGroupsResponse>, Status> {
        let listed = lists::groups(&self.book, request.get_ref()).await;
        self.said(listed.map(|own| seen(&self.book, own))).await
    }

    async fn set_house_terms(
        &self,
        request: Request<v1::SetHouseTermsRequest>,
    ) -> Result<Response<v1::SetHouseTermsResponse>, Status> {
        let (until, request) = (until_of(&request), request.into_inner());
        let stated = async {
            let (house, bytes) = (house_of("house", &request.house)?, request.encoded_len());
            self.stated(&house, bytes, move |book| methods::set_terms(book, &request, &until)).await
        };
        self.said(stated.await).await
    }

    async fn set_contracts(
        &self,
        request: Request<v1::SetContractsRequest>,
    ) -> Result<Response<v1::SetContractsResponse>, Status> {
        let (until, request) = (until_of(&request), request.into_inner());
        let stated = async {
            let (house, bytes) = (house_of("house", &request.house)?, request.encoded_len());
            self.stated(&house, bytes, move |book| methods::set_contracts(book, &request, &until)).await
        };
        self.said(stated.await).await
    }

    async fn set_methods(
        &self,
        request: Request<v1::SetMethodsRequest>,
    ) -> Result<Response<v1::SetMethodsResponse>, Status> {
        let (until, request) = (until_of(&request), request.into_inner());
        let stated = async {
            let (house, bytes) = (house_of("house", &request.house)?, request.encoded_len());
            self.stated(&house, bytes, move |book| methods::set(book, &request, &until)).await
        };
        self.said(stated.await).await
    }

    async fn update_market(
        &self,
        request: Request<v1::UpdateMarketRequest>,
    ) -> Result<Response<v1::UpdateMarketResponse>, Status> {
        let (until, request) = (until_of(&request), request.into_inner());
        let stated = async {
            let (house, bytes) = (house_of("house", &request.house)?, request.encoded_len());
            self.stated(&house, bytes, move |book| methods::update_market(book, &request, &until)).await
        };
        self.said(stated.await).await
    }

    async fn submit(
        &self,
        request: Request<v1::SubmitRequest>,
    ) -> Result<Response<v1::SubmitResponse>, Status> {
        let (until, request) = (until_of(&request), request.into_inner());
        let submitted = async {
            let key = group_key(request.name.as_ref())?;
            let (turns, bytes) = (self.book.entry(&key)?, request.encoded_len());
            let _room = self.threads.room(bytes)?;
            let house = key.house.clone();
            let request = Arc::new(request);
            let again = move |book: &Book, place| commands::submitted(book, place, &key, &request);
            let command = self.read(&house, bytes, again.clone()).await?;
            let is_single = commands::is_single_fact(&command.asked);
            let is_little = if is_single { |_: &Group| true } else { is_small };
            let decide = move |book: &Book, held, place| {
                commands::submit(book, held, place, (&command, &again), &until)
            };
            self.in_turn(&turns, is_little, decide).await
        };
        self.said(submitted.await).await
    }

    async fn check_order(
        &self,
        request: Request<v1::CheckOrderRequest>,
    ) -> Result<Response<v1::CheckOrderResponse>, Status> {
        let (until, request) = (until_of(&request), request.into_inner());
        let checked = async {
            let key = group_key(request.name.as_ref())?;
            let (turns, bytes) = (self.book.entry(&key)?, request.encoded_len());
            let house = key.house.clone();
            let request = Arc::new(request);
            let again = move |book: &Book, place| commands::to_check(book, place, &key, &request);
            let order = self.read(&house, bytes, again.clone()).await?;
            let decide = move |book: &Book, held, place| {
                commands::check_order(book, held, place, (&order, &again), &until)
            };
            self.in_turn(&turns, is_small, decide).await
        };
        self.said(checked.await).await
    }

    async fn settle_house(
        &self,
        request: Request<v1::SettleHouseRequest>,
    ) -> Result<Response<v1::SettleHouseResponse>, Status> {
        let (until, request) = (until_of(&request), request.into_inner());
        let settled = async {
            let (house, weight) = (house_of("house", &request.house)?, request.prices.len());
            let _room = self.threads.room(request.encoded_len())?;
            let _turn = self.book.known(&house)?.run_turn().await;
            self.walking(&house, weight, move |book| settling::settle(book, &request, &until)).await
        };
        self.said(settled.await).await
    }

    async fn transfer(
        &self,
        request: Request<v1::TransferRequest>,
    ) -> Result<Response<v1::TransferResponse>, Status> {
        let (until, request) = (until_of(&request), request.into_inner());
        let transferred = async {
            let house = house_of("house", &request.house)?;
            let bytes = request.encoded_len();
            let request = Arc::new(request);
            let again = move |book: &Book, place| commands::transferred(book, place, &request);
            let read = self.read(&house, bytes, again.clone()).await?;
            let [from, to] = read.asked.0.clone();
            let [from_turns, to_turns] = [self.book.entry(&from)?, self.book.entry(&to)?];
            // Whoever needs several turns takes them in ascending order of their groups.
            let (from, to) = if from < to {
                let from = from_turns.next().await?;
                (from, to_turns.next().await?)
            } else {
                let to = to_turns.next().await?;
                (from_turns.next().await?, to)
            };
            let (from, to) = (open(from)?, open(to)?);
            // With working orders it takes a search.
            let has_orders = [&from, &to].iter().any(|own| !own.group().orders.is_empty());
            let is_little = !has_orders && is_small(from.group()) && is_small(to.group());
            let decide = move |book: &Book, [from, to]: &mut [Turn; 2], place| {
                commands::transfer(book, [from, to], place, (&read, &again), &until)
            };
            self.with_turns([from, to], is_little, decide).await
        };
        self.said(transferred.await).await
    }

    async fn import_trades(
        &self,
        request: Request<v1::ImportTradesRequest>,
    ) -> Result<Response<v1::ImportTradesResponse>, Status> {
        let until = until_of(&request);
        let imported = self.imported(Arc::new(request.into_inner()), until).await;
        self.said(imported).await
    }

    async fn get_margin(
        &self,
        request: Request<v1::GetMarginRequest>,
    ) -> Result<Response<v1::GetMarginResponse>, Status> {
        let name = request.get_ref().name.as_ref();
        self.looked(name, is_small, |book, held, place| margin::get(book, held, place).map(told)).await
    }

    async fn explain_margin(
        &self,
        request: Request<v1::ExplainMarginRequest>,
    ) -> Result<Response<v1::ExplainMarginResponse>, Status> {
        let (book, files) = (Arc::clone(&self.book), self.files.clone());
        let explained = move || margin::explain(&book, request.get_ref(), files.as_deref());
        let worked = self.threads.explainers.run(1, explained).await.map_err(status::no_calculation)?;
        self.said(worked.map(told)).await
    }

    async fn list_positions(
        &self,
        request: Request<v1::ListPositionsRequest>,
    ) -> Result<Response<v1::ListPositionsResponse>, Status> {
        let request = request.into_inner();
        let name = request.name.clone();
        let look = move |book: &Book, held, place| {
            lists::positions(book, held, place, &request).map(|own| seen(book, own))
        };
        self.looked(name.as_ref(), is_small, look).await
    }

    async fn list_orders(
        &self,
        request: Request<v1::ListOrdersRequest>,
    ) -> Result<Response<v1::ListOrdersResponse>, Status> {
        let request = request.into_inner();
        let name = request.name.clone();
        let look = move |book: &Book, held, place| {
            lists::orders(book, held, place, &request).map(|own| seen(book, own))
        };
        self.looked(name.as_ref(), is_small, look).await
    }

    async fn list_trades(
        &self,
        request: Request<v1::ListTradesRequest>,
    ) -> Result<Response<v1::ListTradesResponse>, Status> {
        let request = request.into_inner();
        let name = request.name.clone();
        let look = move |book: &Book, held, place| {
            lists::trades(book, held, place, &request).map(|own| seen(book, own))
        };
        self.looked(name.as_ref(), lists::has_few_trades, look).await
    }

    async fn list_deliveries(
        &self,
        request: Request<v1::ListDeliveriesRequest>,
    ) -> Result<Response<v1::ListDeliveriesResponse>, Status> {
        let request = request.into_inner();
        let name = request.name.clone();
        let look = move |book: &Book, held, place| {
            lists::deliveries(book, held, place, &request).map(|own| seen(book, own))
        };
        self.looked(name.as_ref(), is_small, look).await
    }

    async fn list_exceptions(
        &self,
        request: Request<v1::ListExceptionsRequest>,
    ) -> Result<Response<v1::ListExceptionsResponse>, Status> {
        let request = request.into_inner();
        let name = request.name.clone();
        let look = move |book: &Book, held, _| lists::exceptions(held, &request).map(|own| seen(book, own));
        self.looked(name.as_ref(), lists::has_few_exceptions, look).await
    }

    async fn audit_group(
        &self,
        request: Request<v1::AuditGroupRequest>,
    ) -> Result<Response<v1::AuditGroupResponse>, Status> {
        let audit = |book: &Book, mut held: Turn, place| {
            let (_, house) = work::known(book, &held.group().key.house.clone(), place)?;
            let differences = held.audit(&house);
            Ok(seen(book, v1::AuditGroupResponse { differences, sequence: held.group().sequence }))
        };
        self.looked(request.get_ref().name.as_ref(), |_| false, audit).await
    }
}
