//! The beginning and the end of margin groups.

use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_client::BookServiceClient;
use plimsoll_proto::v1::submit_request::Command;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::durable::Folder;
use crate::sample::{HOUSE, file};
use crate::served::Served;

fn book(served: &Served) -> BookServiceClient<Channel> {
    BookServiceClient::new(served.channel.clone())
}

fn name(group: &str) -> Option<v1::GroupName> {
    Some(v1::GroupName { house: HOUSE.to_owned(), group: group.to_owned() })
}

fn group(name_of: &str, currency: &str) -> v1::CreateGroupRequest {
    let origin = v1::Origin::Client.into();
    v1::CreateGroupRequest {
        name: name(name_of),
        member: "M".to_owned(),
        origin,
        currency: currency.to_owned(),
    }
}

async fn activate(served: &Served) {
    let id = served.load(&file()).await.id;
    let request = v1::ActivateParameterSetRequest { id, ..Default::default() };
    served.parameters().activate_parameter_set(request).await.unwrap();
}

async fn submit(
    served: &Served,
    group: &str,
    id: &str,
    command: Command,
) -> Result<v1::SubmitResponse, Status> {
    let request = v1::SubmitRequest { name: name(group), command_id: id.to_owned(), command: Some(command) };
    book(served).submit(request).await.map(tonic::Response::into_inner)
}

fn ten_dollars() -> v1::Assets {
    v1::Assets { currency: "USD".to_owned(), amount: "10".to_owned(), ..Default::default() }
}

async fn close(served: &Served, group: &str) -> v1::CloseGroupResponse {
    book(served).close_group(v1::CloseGroupRequest { name: name(group) }).await.unwrap().into_inner()
}

/// The names of all groups, in pages of so many.
async fn listed(served: &Served, page_size: u32) -> Vec<String> {
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListGroupsRequest { house: HOUSE.to_owned(), page_size, page_token };
        let page = book(served).list_groups(request).await.unwrap().into_inner();
        names.extend(page.groups.into_iter().map(|own| own.name.unwrap().group));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return names;
        }
    }
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().unwrap().reason.clone()
}

#[tokio::test]
async fn a_group_is_of_a_house_and_in_a_currency_that_are_known() {
    let served = Served::start().await;
    let unknown = book(&served).create_group(group("POOL", "USD")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::FailedPrecondition);
    activate(&served).await;
    let unknown = book(&served).create_group(group("POOL", "XYZ")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::InvalidArgument);
    let details = unknown.get_error_details();
    assert_eq!(details.bad_request().unwrap().field_violations[0].field, "currency");
    assert_eq!(listed(&served, 10).await, [""; 0]);
    // Of the base currency, and of one that there is a rate to.
    for (name, currency) in [("POOL", "USD"), ("EURO", "EUR")] {
        book(&served).create_group(group(name, currency)).await.unwrap();
    }
}

#[tokio::test]
async fn a_group_that_has_nothing_is_closed_for_ever() {
    let folder = Folder::new("closed");
    let served = folder.start(true).await;
    activate(&served).await;
    for name in ["A", "B", "C", "D"] {
        book(&served).create_group(group(name, "USD")).await.unwrap();
    }
    let deposit = v1::Deposit { reference: "D1".to_owned(), assets: Some(ten_dollars()) };
    submit(&served, "B", "C1", Command::Deposit(deposit.clone())).await.unwrap();
    let refused = close(&served, "B").await.refused.unwrap();
    assert_eq!(refused.reason(), v1::RefusalReason::GroupNotEmpty);
    assert!(refused.message.contains("cash"), "{refused:?}");
    assert_eq!(listed(&served, 10).await, ["A", "B", "C", "D"]);
    submit(&served, "B", "C2", Command::Withdraw(ten_dollars())).await.unwrap();
    for name in ["B", "C"] {
        let closed = close(&served, name).await;
        assert!(closed.refused.is_none() && closed.log_sequence > 0, "{closed:?}");
    }
    let again = close(&served, "B").await;
    assert_eq!(again.refused, None);
    running_without(&served, &deposit).await;
    drop(served.channel);
    served.running.drain().await;

    let served = folder.start(false).await;
    running_without(&served, &deposit).await;
    assert_eq!(close(&served, "B").await, again);
}

/// Nothing reaches the closed groups, and the others go on.
async fn running_without(served: &Served, deposit: &v1::Deposit) {
    for page_size in [1, 2, 10] {
        assert_eq!(listed(served, page_size).await, ["A", "D"]);
    }
    let late = submit(served, "B", "C3", Command::Deposit(deposit.clone())).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::NotFound, "GROUP_CLOSED"));
    let late = book(served).get_margin(v1::GetMarginRequest { name: name("C") }).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::NotFound, "GROUP_CLOSED"));
    let again = book(served).create_group(group("B", "USD")).await.unwrap_err();
    assert_eq!((again.code(), reason(&again).as_str()), (Code::AlreadyExists, "GROUP_EXISTS"));
    let moved = v1::TransferRequest {
        house: HOUSE.to_owned(),
        from_group: "A".to_owned(),
        to_group: "B".to_owned(),
        trade_id: "X".to_owned(),
        date: "2026-09-18".to_owned(),
        body: Some(v1::transfer_request::Body::Account(v1::TransferAccount {
            account: "A".to_owned(),
            to_margin_account: "M".to_owned(),
        })),
    };
    let late = book(served).transfer(moved).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::NotFound, "GROUP_CLOSED"));
    let answer = submit(served, "A", "C1", Command::Deposit(deposit.clone())).await.unwrap();
    assert_eq!(answer.refused, None);
}
