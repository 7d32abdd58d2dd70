//! What a group has and has to have, with the report of every margin account.

use plimsoll_engine::group::{Held, HouseSnapshot, MarginTerms, StandingError};
use plimsoll_engine::report::{CalculationOptions, report};
use plimsoll_proto::v1;

use super::super::from_proto::book::group_key;
use super::super::{status, to_proto};
use super::{Fault, names};
use crate::book::{Book, locked};

pub(super) fn get(book: &Book, request: &v1::GetMarginRequest) -> Result<v1::GetMarginResponse, Fault> {
    let key = group_key(request.name.as_ref())?;
    let entry = book.entry(&key)?;
    let (desk, house) = book.desk(&key.house)?;
    let no_standing = |error| Fault::Status(Box::new(status::no_standing(&error)));
    let (standing, sequence, terms) = {
        let mut entry = locked(&entry);
        let standing = entry.standing(&house).map_err(no_standing)?;
        (standing, entry.group().sequence, entry.group().margin_accounts.clone())
    };
    let mut accounts = Vec::with_capacity(standing.accounts.len());
    for own in &standing.accounts {
        let by = reported(&own.held, terms.get(&own.name), &house).map_err(no_standing)?;
        accounts.push(v1::AccountMargin { account: own.name.to_string(), by: Some(by) });
    }
    let names = names(&desk, standing.unmargined.iter().map(|own| own.contract));
    Ok(v1::GetMarginResponse {
        name: Some(to_proto::book::group_name(&key)),
        currency: standing.currency.to_string(),
        sequence,
        version: standing.version,
        currencies: to_proto::book::currencies(&standing),
        assets: to_proto::book::assets(&standing),
        accounts,
        initial: Some(to_proto::book::room(standing.initial)),
        maintenance: Some(to_proto::book::room(standing.maintenance)),
        with_orders: Some(to_proto::book::room(standing.with_orders)),
        unmargined: standing.unmargined.iter().map(|own| to_proto::book::unmargined(&names, own)).collect(),
    })
}

fn reported(
    held: &Held,
    terms: Option<&MarginTerms>,
    house: &HouseSnapshot,
) -> Result<v1::account_margin::By, StandingError> {
    match held {
        Held::Span(own) => {
            let account_type = match terms {
                Some(MarginTerms::Span { account_type, .. }) => account_type.clone(),
                _ => None,
            };
            let margining = own.portfolio.margining();
            let options = CalculationOptions { account_type, margining, ..CalculationOptions::default() };
            let report = report(&own.set, &own.portfolio, &options);
            let report = report.map_err(|error| StandingError::TooLarge(error.to_string()))?;
            Ok(v1::account_margin::By::Report(to_proto::margin_report(&[], report)))
        }
        Held::Grid(own) => {
            let result = own.catalogue.margin(&own.lots)?;
            let market = house.methods().map(|methods| methods.market());
            let report = to_proto::methods::report(own.catalogue.method(), market, &result);
            Ok(v1::account_margin::By::MethodReport(report))
        }
    }
}
