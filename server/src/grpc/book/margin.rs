//! What a group has and has to have, with the report of every margin account.

use std::collections::BTreeMap;

use plimsoll_engine::group::{
    Group, GroupKey, Held, HouseSnapshot, MarginTerms, Standing, StandingError, standing,
};
use plimsoll_engine::report::{CalculationOptions, report};
use plimsoll_engine::types::AccountName;
use plimsoll_journal::Sequence;
use plimsoll_proto::v1;

use super::super::from_proto::book::group_key;
use super::super::{status, to_proto};
use super::work::known;
use super::{Fault, names};
use crate::book::{Book, Desk, PastFault, Place, Then, Turn};
use crate::set_files::SetFiles;

pub(super) fn get(book: &Book, mut held: Turn, place: Place) -> Result<v1::GetMarginResponse, Fault> {
    let (desk, house) = known(book, &held.group().key.house.clone(), place)?;
    let standing = held.standing_at(place, &house)?.map_err(no_standing)?;
    let (present, last) = (Present::of(held.group()), held.last());
    // Others have their turn while the answer is made.
    drop(held);
    let durable = book.chronicle().durable();
    let last = if last == Sequence::NONE { last } else { depends_on(last, &house) };
    answer((&desk, place), &house, &standing, &present, [last, durable])
}

/// The same as of a record.
pub(super) fn explain(
    book: &Book,
    request: &v1::ExplainMarginRequest,
    files: Option<&SetFiles>,
) -> Result<v1::ExplainMarginResponse, Fault> {
    let key = group_key(request.name.as_ref())?;
    book.entry(&key)?;
    let at = Sequence(request.log_sequence);
    let version = if request.version == 0 { at } else { Sequence(request.version).min(at) };
    let failed = |fault: PastFault| Fault::Status(Box::new(status::of_past(&fault)));
    let past = book.past(&key, Then { at, version }, files).map_err(failed)?;
    let standing = standing(&past.group, &past.house).map_err(no_standing)?;
    // Numbers of contracts are for ever: today's desk knows their names.
    let desk = book.opened(&key.house)?;
    let present = Present::of(&past.group);
    let last = depends_on(past.last, &past.house);
    let margin = answer((&desk, Place::Worker), &past.house, &standing, &present, [last, at])?;
    Ok(v1::ExplainMarginResponse { margin: Some(margin) })
}

/// The last record that an answer depends on: of the group or of its house, whose version is one.
fn depends_on(last: Sequence, house: &HouseSnapshot) -> Sequence {
    last.max(Sequence(house.version()))
}

fn no_standing(error: StandingError) -> Fault {
    Fault::Status(Box::new(status::no_standing(&error)))
}

/// What an answer needs of a group besides its standing.
struct Present {
    key: GroupKey,
    sequence: u64,
    terms: BTreeMap<AccountName, MarginTerms>,
}

impl Present {
    fn of(group: &Group) -> Self {
        Self { key: group.key.clone(), sequence: group.sequence, terms: group.margin_accounts.clone() }
    }
}

fn answer(
    (desk, place): (&Desk, Place),
    house: &HouseSnapshot,
    standing: &Standing,
    present: &Present,
    [last, durable]: [Sequence; 2],
) -> Result<v1::GetMarginResponse, Fault> {
    let mut accounts = Vec::with_capacity(standing.accounts.len());
    for own in &standing.accounts {
        let terms = present.terms.get(&own.netted.margin_account);
        let by = reported(&own.held, terms, house).map_err(no_standing)?;
        accounts.push(v1::AccountMargin {
            account: own.netted.margin_account.to_string(),
            position_account: own.netted.client.as_ref().map(ToString::to_string).unwrap_or_default(),
            by,
        });
    }
    let names = names(desk, place, standing.unmargined.iter().map(|own| own.contract))?;
    let shown = |room| standing.is_shown().then(|| to_proto::book::room(room));
    Ok(v1::GetMarginResponse {
        name: Some(to_proto::book::group_name(&present.key)),
        currency: standing.currency.to_string(),
        sequence: present.sequence,
        version: standing.version,
        currencies: to_proto::book::currencies(standing),
        assets: to_proto::book::assets(standing),
        accounts,
        initial: shown(standing.initial),
        maintenance: shown(standing.maintenance),
        with_orders: shown(standing.with_orders),
        payable: shown(standing.payable),
        unmargined: standing.unmargined.iter().map(|own| to_proto::book::unmargined(&names, own)).collect(),
        log_sequence: last.0,
        durable_log_sequence: durable.0,
        complete: standing.is_complete(),
        rests_on: Some(to_proto::book::rests_on(&standing.rests_on)),
        missing: standing.missing.iter().map(|own| to_proto::book::missing(&names, own)).collect(),
    })
}

fn reported(
    held: &Held,
    terms: Option<&MarginTerms>,
    house: &HouseSnapshot,
) -> Result<Option<v1::account_margin::By>, StandingError> {
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
            Ok(Some(v1::account_margin::By::Report(to_proto::margin_report(&[], report))))
        }
        Held::Grid(own) => {
            let result = own.catalogue.margin(&own.lots)?;
            let market = house.methods().map(|methods| methods.market());
            let report = to_proto::methods::report(own.catalogue.method(), market, &result);
            Ok(Some(v1::account_margin::By::MethodReport(report)))
        }
        // What is charged instead is told by `missing`.
        Held::Nothing(_) => Ok(None),
    }
}
