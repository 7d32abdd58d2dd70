//! Imports: all trades or none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_engine::group::{Body, Fact, Fill, GroupKey, HouseSnapshot, is_known};
use plimsoll_engine::record::RecordBody;
use plimsoll_engine::types::{Code, CommandId};
use plimsoll_journal::Sequence;
use plimsoll_proto::v1;
use prost::Message as _;

use super::super::violations::Violations;
use super::commands::{Caller, command};
use super::work::known;
use super::{BookCalls, Fault, Told, house_of, read, seen};
use crate::book::{Book, BookFault, Desk, Place, Room, Turn, indivisible, open};
use crate::until::Until;

/// The most trades of one import.
const MOST: usize = 10_000;
/// So many are booked at once, on the runtime's thread.
const FEW: usize = 20;

/// Trades, each with its group.
type Trades = Vec<(GroupKey, Arc<Fill>)>;

/// Groups whose turns the import has.
type Groups = BTreeMap<GroupKey, Turn>;

impl BookCalls {
    /// Checks every trade against its group and books all of them if none is faulty.
    ///
    /// The groups' turns are taken in ascending order before the first check, and kept until the last trade, so that nothing comes between.
    pub(super) async fn imported(
        &self,
        request: Arc<v1::ImportTradesRequest>,
        until: Until,
    ) -> Result<Told<v1::ImportTradesResponse>, Fault> {
        let house = house_of("house", &request.house)?;
        let _room = self.threads.room(request.encoded_len())?;
        if request.trades.len() > MOST {
            return Err(Violations::one("trades", format!("at most {MOST}")).into());
        }
        let own = Arc::clone(&request);
        let of_house = house.clone();
        let read = move |book: &Book, place| {
            let trades = read(book, place, &of_house, |reader| Some(reader.trades(&of_house, &own.trades)));
            match trades {
                Ok(trades) => Ok(Ok(trades)),
                Err(Fault::Invalid(faults)) => Ok(Err(faults)),
                Err(fault) => Err(fault),
            }
        };
        let trades = match self.read(&house, request.encoded_len(), read).await? {
            Ok(trades) => trades,
            Err(faults) => return Ok(seen(&self.book, refused(&faults))),
        };
        let mut faults = Violations::default();
        let mut groups = Groups::new();
        for key in trades.iter().map(|(key, _)| key).collect::<BTreeSet<_>>() {
            match self.book.entry(key) {
                Ok(turns) => match open(turns.next().await?) {
                    Ok(turn) => drop(groups.insert(key.clone(), turn)),
                    Err(fault) => faults.add(|| "trades".to_owned(), fault.to_string()),
                },
                Err(fault) => faults.add(|| "trades".to_owned(), fault.to_string()),
            }
        }
        let is_little = trades.len() <= FEW;
        let book = move |book: &Book, groups: &mut Groups, place| {
            let (desk, snapshot) = known(book, &house, place)?;
            if !until.decides_fact() {
                return Err(BookFault::Late.into());
            }
            booked((book, &desk, place), &trades, &snapshot, (groups, faults.clone()))
        };
        self.with_turns(groups, is_little, book).await
    }
}

/// Books trades if none of them is faulty.
fn booked(
    (book, desk, place): (&Book, &Desk, Place),
    trades: &Trades,
    snapshot: &HouseSnapshot,
    (groups, mut faults): (&mut Groups, Violations),
) -> Result<Told<v1::ImportTradesResponse>, Fault> {
    let room = book.chronicle().room()?;
    let known = checked(trades, snapshot, groups, &mut faults);
    if !faults.is_empty() {
        return Ok(seen(book, refused(&faults)));
    }
    let durable = booked_all((desk, place), trades, snapshot, (groups, room))?;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let booked = number(trades.len() - known);
    let answer = v1::ImportTradesResponse {
        booked,
        known: number(known),
        faults: Vec::new(),
        repeated: booked == 0 && known > 0,
    };
    Ok(Told { answer, durable })
}

/// How many of the trades are known already; what is wrong with the others.
fn checked(trades: &Trades, snapshot: &HouseSnapshot, groups: &Groups, faults: &mut Violations) -> usize {
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
        match is_known(entry.group(), fill) {
            Some(true) => known += 1,
            Some(false) => fault("id", "is known with other content"),
            None => {}
        }
        if fill.legs.iter().any(|leg| snapshot.known(leg.contract).is_none()) {
            fault("legs", "a contract cannot be priced by the active set");
        }
    }
    known
}

/// Books trades in one record: after a crash all of them are there or none. The last record of their groups.
fn booked_all(
    (desk, place): (&Desk, Place),
    trades: &Trades,
    snapshot: &HouseSnapshot,
    (groups, room): (&mut Groups, Room<'_>),
) -> Result<Sequence, Fault> {
    desk.notes_import(place, groups.values().map(|own| own.group()))?;
    let ids = trades.iter().map(|(_, fill)| Code::new(fill.trade.as_str())).collect::<Result<Vec<_>, _>>();
    let ids = ids.map_err(|error| Violations::one("trades", error.to_string()))?;
    // Each trade is decided after those before it, so that memory is ahead of the record in here.
    Ok(indivisible(|| commit_all(trades.iter().zip(ids), snapshot, groups, room)))
}

fn commit_all<'a>(
    trades: impl Iterator<Item = (&'a (GroupKey, Arc<Fill>), CommandId)>,
    snapshot: &HouseSnapshot,
    groups: &mut Groups,
    room: Room<'_>,
) -> Sequence {
    let mut changes = Vec::new();
    for ((key, fill), id) in trades {
        let Some(entry) = groups.get_mut(key) else { continue };
        let fact = Body::Fact(Fact::Fill(Box::new(Fill::clone(fill))));
        let command = command(Caller::Import, id, fact);
        let events = entry.decide(snapshot, &command).events;
        if !events.is_empty() {
            changes.push(entry.told(snapshot, &events, Some(&command)));
            entry.apply(&events, Sequence::NONE);
        }
    }
    if !changes.is_empty() {
        let recorded = |at| groups.values_mut().for_each(|entry| entry.apply(&[], at));
        room.commit(RecordBody::Groups(changes), recorded);
    }
    groups.values().map(|entry| entry.last()).max().unwrap_or(Sequence::NONE)
}

fn refused(faults: &Violations) -> v1::ImportTradesResponse {
    let faults = faults.kept().iter().map(|fault| v1::FieldViolation {
        field: fault.field.clone(),
        description: fault.description.clone(),
    });
    v1::ImportTradesResponse { faults: faults.collect(), ..v1::ImportTradesResponse::default() }
}
