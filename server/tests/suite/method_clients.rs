//! A margin account under a method that is gross by client, through a real client.

use plimsoll_proto::v1;
use plimsoll_proto::v1::submit_request::Command;
use tonic::Code;

use super::methods::{Venue, name, perpetual, room, violations};

fn margin_account(account: &str, margining: v1::Margining) -> Command {
    Command::OpenMarginAccount(v1::OpenMarginAccount {
        account: account.to_owned(),
        method: "derive-pm2".to_owned(),
        margining: margining.into(),
        ..Default::default()
    })
}

/// One BTC of perpetuals needs 13,209 (`derive-pm2`), whichever way.
#[tokio::test]
async fn clients_under_a_method_are_not_netted_with_each_other() {
    let mut venue = Venue::with_cash("26418").await;
    let answer = venue.submit(margin_account("OMNIBUS", v1::Margining::GrossByClient)).await;
    assert_eq!(answer.refused, None);
    for account in ["C1", "C2"] {
        let own = v1::OpenPositionAccount {
            account: account.to_owned(),
            margin_account: "OMNIBUS".to_owned(),
            ..Default::default()
        };
        assert_eq!(venue.submit(Command::OpenPositionAccount(own)).await.refused, None);
    }
    venue.trade_in("C1", "T1", perpetual(10), "60050").await;
    venue.trade_in("C2", "T2", perpetual(-10), "60050").await;
    let margin = venue.margin().await;
    assert_eq!(room(margin.initial.clone()), ["26418.000000", "0.000000"]);
    let reports: Vec<(&str, &str)> = margin
        .accounts
        .iter()
        .filter_map(|own| match &own.by {
            Some(v1::account_margin::By::MethodReport(report)) => {
                Some((own.position_account.as_str(), report.market_risk.as_str()))
            }
            _ => None,
        })
        .collect();
    // Both lose 18 % of 60,050.
    assert_eq!(reports, [("", "0.000000000000"), ("C1", "10809.000000000000"), ("C2", "10809.000000000000")]);
    // Closing needs nothing, hedging the other client needs as much again.
    assert_eq!(venue.order_in("C1", "O1", perpetual(-1), 10, "60050").await.refused, None);
    let refused = venue.order_in("C1", "O2", perpetual(-1), 11, "60050").await.refused.unwrap();
    assert_eq!(refused.reason(), v1::RefusalReason::InsufficientMargin);
    assert_eq!(room(venue.margin().await.with_orders), ["26418.000000", "0.000000"]);
}

#[tokio::test]
async fn a_method_has_no_sides() {
    let venue = Venue::with_cash("1").await;
    let command = margin_account("SIDES", v1::Margining::GrossSides);
    let request = v1::SubmitRequest { name: name(), command_id: "X".to_owned(), command: Some(command) };
    let status = venue.book().submit(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(violations(&status)[0].0, "open_margin_account.margining");
}
