//! Imports: all trades or none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard};

use plimsoll_engine::group::{Body, Fact, Fill, GroupKey, HouseSnapshot};
use plimsoll_engine::record::RecordBody;
use plimsoll_engine::types::Code;
use plimsoll_journal::Sequence;
use plimsoll_proto::v1;

use super::super::violations::Violations;
use super::{Caller, Fault, Told, command, house_of, read, seen};
use crate::book::{Book, Entry, Room, locked};

/// The most trades of one import.
const MOST: usize = 10_000;

/// Checks every trade against its group and books all of them if none is faulty.
///
/// The groups are locked in ascending order from the first check to the last trade, so that nothing comes between.
pub(super) fn trades(
    book: &Book,
    request: &v1::ImportTradesRequest,
) -> Result<Told<v1::ImportTradesResponse>, Fault> {
    let house = house_of("house", &request.house)?;
    if request.trades.len() > MOST {
        return Err(Violations::one("trades", format!("at most {MOST}")).into());
    }
    let trades = match read(book, &house, |reader| Some(reader.trades(&house, &request.trades))) {
        Ok(trades) => trades,
        Err(Fault::Invalid(faults)) => return Ok(seen(book, refused(&faults))),
        Err(fault) => return Err(fault),
    };
    let (_, snapshot) = book.desk(&house)?;
    let room = book.chronicle().room()?;
    let keys: BTreeSet<GroupKey> = trades.iter().map(|(key, _)| key.clone()).collect();
    let mut faults = Violations::default();
    let mut entries = BTreeMap::new();
    for key in keys {
        match book.entry(&key) {
            Ok(entry) => drop(entries.insert(key, entry)),
            Err(fault) => faults.add(|| "trades".to_owned(), fault.to_string()),
        }
    }
    let mut groups: BTreeMap<&GroupKey, _> =
        entries.iter().map(|(key, entry)| (key, locked(entry))).collect();
    let mut known = 0;
    let mut stated = BTreeSet::new();
    for (place, (key, fill)) in trades.iter().enumerate() {
        let Some(entry) = groups.get(key) else { continue };
        let mut fault =
            |field: &str, message: &str| faults.add(|| format!("trades[{place}].trade.{field}"), message);
        if !entry.group().position_accounts.contains_key(&fill.account) {
            fault("account", "is not open in the group");
        }
        if !stated.insert((key, &fill.trade)) {
            fault("id", "stands a second time in the import");
        }
        match entry.group().trades.get(&fill.trade) {
            Some(own) if own.account == fill.account && own.legs == fill.legs && own.date == fill.date => {
                known += 1
            }
            Some(_) => fault("id", "is known with other content"),
            None => {}
        }
        if fill.legs.iter().any(|leg| snapshot.contract(leg.contract).is_none_or(|own| own.money.is_none())) {
            fault("legs", "a contract cannot be priced by the active set");
        }
    }
    if !faults.is_empty() {
        return Ok(seen(book, refused(&faults)));
    }
    let booked = trades.len() - known;
    let durable = booked_all(&trades, request, &snapshot, &mut groups, room)?;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let answer =
        v1::ImportTradesResponse { booked: number(booked), known: number(known), faults: Vec::new() };
    Ok(Told { answer, durable })
}

/// Books trades in one record: after a crash all of them are there or none. The last record of their groups.
fn booked_all(
    trades: &[(GroupKey, Arc<Fill>)],
    request: &v1::ImportTradesRequest,
    snapshot: &HouseSnapshot,
    groups: &mut BTreeMap<&GroupKey, MutexGuard<'_, Entry>>,
    room: Room<'_>,
) -> Result<Sequence, Fault> {
    let mut changes = Vec::with_capacity(trades.len());
    for (place, (key, fill)) in trades.iter().enumerate() {
        let Some(entry) = groups.get_mut(key) else { continue };
        let id = Code::new(fill.trade.as_str());
        let id = id.map_err(|error| Violations::one("trades", error.to_string()))?;
        let fact = Body::Fact(Fact::Fill(Box::new(Fill::clone(fill))));
        let command = command(Caller::Import, id, trade_of(request, place), fact);
        let events = entry.decide(snapshot, &command).events;
        if !events.is_empty() {
            changes.push(entry.told(snapshot, &events, Some(&command)));
            entry.apply(&events, Sequence::NONE);
        }
    }
    let wrote = if changes.is_empty() { Sequence::NONE } else { room.write(RecordBody::Groups(changes)) };
    let mut last = Sequence::NONE;
    for entry in groups.values_mut() {
        entry.apply(&[], wrote);
        last = last.max(entry.last());
    }
    Ok(last)
}

/// The content of the command that books a trade: the trade, whatever else is in the import.
fn trade_of(request: &v1::ImportTradesRequest, place: usize) -> &v1::ImportedTrade {
    &request.trades[place]
}

fn refused(faults: &Violations) -> v1::ImportTradesResponse {
    let faults = faults.kept().iter().map(|fault| v1::FieldViolation {
        field: fault.field.clone(),
        description: fault.description.clone(),
    });
    v1::ImportTradesResponse { booked: 0, known: 0, faults: faults.collect() }
}
