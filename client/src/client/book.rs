//! The calls of the book, in the words of the wire.

use std::future::Future;

use plimsoll_engine::market::Quote;
use plimsoll_engine::types::Moment;
use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_client::BookServiceClient;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use super::{Client, answered};
use crate::error::ClientError;
use crate::to_proto;

/// The calls: name, method, request, answer.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident($request:ident) -> $answer:ident;)*) => {
        impl Client {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// [`ClientError`]; a refusal is an answer.
            pub async fn $name(&self, request: v1::$request) -> Result<v1::$answer, ClientError> {
                self.of_book(request, |mut book, request| async move { book.$name(request).await }).await
            }
        )*}
    };
}

calls! {
    /// Opens a margin group.
    create_group(CreateGroupRequest) -> CreateGroupResponse;
    /// Closes a margin group that has nothing.
    close_group(CloseGroupRequest) -> CloseGroupResponse;
    /// Lists margin groups.
    list_groups(ListGroupsRequest) -> ListGroupsResponse;
    /// States what a house fixes.
    set_house_terms(SetHouseTermsRequest) -> SetHouseTermsResponse;
    /// States what contracts are.
    set_contracts(SetContractsRequest) -> SetContractsResponse;
    /// States the methods of a house.
    set_methods(SetMethodsRequest) -> SetMethodsResponse;
    /// Applies quotes to the market of a house.
    update_market(UpdateMarketRequest) -> UpdateMarketResponse;
    /// Submits a command.
    submit(SubmitRequest) -> SubmitResponse;
    /// Checks an order.
    check_order(CheckOrderRequest) -> CheckOrderResponse;
    /// Applies a settlement run to a house.
    settle_house(SettleHouseRequest) -> SettleHouseResponse;
    /// Moves something between groups.
    transfer(TransferRequest) -> TransferResponse;
    /// Books trades, all or none.
    import_trades(ImportTradesRequest) -> ImportTradesResponse;
    /// A group's margin.
    get_margin(GetMarginRequest) -> GetMarginResponse;
    /// A group's margin as of a record of the journal.
    explain_margin(ExplainMarginRequest) -> ExplainMarginResponse;
    /// A page of positions.
    list_positions(ListPositionsRequest) -> ListPositionsResponse;
    /// A page of working orders.
    list_orders(ListOrdersRequest) -> ListOrdersResponse;
    /// A page of trades.
    list_trades(ListTradesRequest) -> ListTradesResponse;
    list_deliveries(ListDeliveriesRequest) -> ListDeliveriesResponse;
    /// A page of facts that did not fit.
    list_exceptions(ListExceptionsRequest) -> ListExceptionsResponse;
    /// An audit of a group.
    audit_group(AuditGroupRequest) -> AuditGroupResponse;
}

impl Client {
    /// Gives the methods of a house quotes.
    ///
    /// # Errors
    /// [`ClientError`]; quotes that do not fit are named by their places.
    pub async fn send_market(
        &self,
        house: &str,
        time: Moment,
        quotes: &[Quote],
    ) -> Result<v1::UpdateMarketResponse, ClientError> {
        let quotes = quotes.iter().map(to_proto::quotes::quote).collect();
        let request = v1::UpdateMarketRequest { house: house.to_owned(), time: time.to_string(), quotes };
        self.update_market(request).await
    }

    async fn of_book<Q, A, F>(
        &self,
        request: Q,
        call: impl FnOnce(BookServiceClient<Channel>, Request<Q>) -> F,
    ) -> Result<A, ClientError>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        answered(call(self.book.clone(), self.timed(request)).await)
    }
}
