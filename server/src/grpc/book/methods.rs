//! What a house states: its terms, what its contracts are, the methods, and the market.

use std::collections::BTreeSet;

use plimsoll_engine::doubt::{self, Doubt};
use plimsoll_engine::group::HouseSnapshot;
use plimsoll_proto::v1;

use super::super::from_proto::methods::MethodReader;
use super::super::to_proto;
use super::super::violations::Violations;
use super::{Fault, Told, house_of, read};
use crate::book::{Book, BookFault, NotStated, Place, Unfit};
use crate::until::Until;

pub(super) fn set_contracts(
    book: &Book,
    request: &v1::SetContractsRequest,
    until: &Until,
) -> Result<Told<v1::SetContractsResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    let mut reader = MethodReader::default();
    let contracts = reader.contracts(&house, &request.contracts);
    reader.finished()?;
    let desk = book.opened(&house)?;
    let (snapshot, durable) = desk.state_contracts(book.active(&house).as_ref(), contracts, until)?;
    let durable = durable.max(book.book_pending(&house)?);
    let contracts = desk.specified();
    tracing::info!(%house, version = snapshot.version(), contracts, "contracts stated");
    let answer = v1::SetContractsResponse {
        version: snapshot.version(),
        contracts: u32::try_from(contracts).unwrap_or(u32::MAX),
    };
    Ok(Told { answer, durable })
}

pub(super) fn set(
    book: &Book,
    request: &v1::SetMethodsRequest,
    until: &Until,
) -> Result<Told<v1::SetMethodsResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    let mut reader = MethodReader::default();
    let methods = reader.methods(&request.methods);
    let moves = reader.moves(&request.move_accounts, &methods);
    reader.finished()?;
    let ((snapshot, durable), moved_accounts) = book.state_methods(&house, &methods, &moves, until)?;
    tracing::info!(%house, version = snapshot.version(), moved_accounts, "methods stated");
    let stated = snapshot.methods().into_iter().flat_map(|methods| methods.iter());
    let answer = v1::SetMethodsResponse {
        version: snapshot.version(),
        methods: stated.map(|(name, own)| to_proto::methods::stated(name, own)).collect(),
        moved_accounts,
    };
    Ok(Told { answer, durable })
}

pub(super) fn update_market(
    book: &Book,
    request: &v1::UpdateMarketRequest,
    until: &Until,
) -> Result<Told<v1::UpdateMarketResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    let mut reader = MethodReader::default();
    let quotes = reader.quotes(&request.time, &request.quotes);
    reader.finished()?;
    let Some((time, quotes)) = quotes else { return Err(Violations::one("time", "is missing").into()) };
    let updated = book.opened(&house)?.update_market(book.active(&house).as_ref(), time, &quotes, until);
    let ((snapshot, durable), market_version) = updated?;
    tracing::debug!(%house, version = snapshot.version(), market_version, "the market moved");
    let warnings = doubted(&snapshot).into_iter().map(to_proto::methods::warning).collect();
    Ok(Told {
        answer: v1::UpdateMarketResponse { version: snapshot.version(), market_version, warnings },
        durable,
    })
}

/// What of a house's market is doubted, by any of its methods, the first of it.
fn doubted(house: &HouseSnapshot) -> BTreeSet<Doubt> {
    const MOST: usize = 100;
    let Some(methods) = house.methods() else { return BTreeSet::new() };
    let bounds = methods.iter().map(|(_, own)| own.method().plausible);
    let sources = || methods.market().sources().map(|(source, _)| source);
    bounds.flat_map(|own| doubt::of_market(methods.market(), sources(), own)).take(MOST).collect()
}

pub(super) fn set_terms(
    book: &Book,
    request: &v1::SetHouseTermsRequest,
    until: &Until,
) -> Result<Told<v1::SetHouseTermsResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    let terms = read(book, Place::Worker, &house, |reader| reader.house_terms(request))?;
    let (snapshot, durable) = book.state_terms(&house, &terms, until)?;
    tracing::info!(%house, version = snapshot.version(), "terms stated");
    Ok(Told { answer: v1::SetHouseTermsResponse { version: snapshot.version() }, durable })
}

impl From<NotStated> for Fault {
    fn from(fault: NotStated) -> Self {
        let mut violations = Violations::default();
        match fault {
            NotStated::Book(fault) => return fault.into(),
            // They have been looked at again.
            NotStated::Reached(_) => return BookFault::Late.into(),
            NotStated::Contracts(faults) => {
                for fault in faults {
                    violations.add(|| format!("contracts[{}].contract", fault.place), fault.message.clone());
                }
            }
            NotStated::Method(Unfit { method, reason }) => {
                violations.add(|| "methods".to_owned(), format!("{method}: {reason}"))
            }
            NotStated::Market(quotes, faults) => {
                for fault in faults {
                    let is_quote = fault.quote < quotes;
                    let path =
                        || if is_quote { format!("quotes[{}]", fault.quote) } else { "time".to_owned() };
                    violations.add(path, fault.message.clone());
                }
            }
        }
        violations.into()
    }
}
