//! Imports: all trades or none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_engine::group::{Body, Fact, Fill, GroupKey, HouseSnapshot, is_known};
use plimsoll_engine::record::RecordBody;
use plimsoll_engine::types::{Code, CommandId, House};
use plimsoll_journal::Sequence;
use plimsoll_proto::v1;
use prost::Message as _;

use super::super::from_proto::book::{Imported, Reader};
use super::super::violations::Violations;
use super::commands::{Caller, command};
use super::work::known;
use super::{BookCalls, Fault, Told, house_of, seen};
use crate::book::{Asked, Book, BookFault, Desk, NewContracts, Place, Room, Turn, Waits, indivisible, open};
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
    /// Checks every trade against its group and books all of them if none is faulty. A fault in a field of one hides none elsewhere.
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
        let read = move |book: &Book, place| stated(book, place, &of_house, &own.trades);
        let (Asked { asked: trades, new }, mut faults) =
            self.read(&house, request.encoded_len(), read).await?;
        let mut groups = Groups::new();
        for key in trades.iter().filter_map(|own| own.group.as_ref()).collect::<BTreeSet<_>>() {
            let turn = match self.book.entry(key) {
                Ok(turns) => open(turns.next().await?),
                Err(fault) => Err(fault),
            };
            match turn {
                Ok(turn) => drop(groups.insert(key.clone(), turn)),
                Err(fault) => {
                    let of_group =
                        trades.iter().enumerate().filter(|(_, own)| own.group.as_ref() == Some(key));
                    of_group.for_each(|(place, _)| {
                        faults.add(|| format!("trades[{place}].group"), fault.to_string())
                    });
                }
            }
        }
        let is_little = trades.len() <= FEW;
        let only_checks = request.validate_only;
        let book = move |book: &Book, groups: &mut Groups, place| {
            let (desk, snapshot) = known(book, &house, place)?;
            if !until.decides_fact() {
                return Err(BookFault::Late.into());
            }
            let mut faults = faults.clone();
            let known = checked((&desk, place), (&trades, &new), &snapshot, groups, &mut faults)?;
            if !faults.is_empty() {
                return Ok(seen(book, refused(&faults)));
            }
            if only_checks {
                let known = u32::try_from(known).unwrap_or(u32::MAX);
                return Ok(seen(
                    book,
                    v1::ImportTradesResponse { known, ..v1::ImportTradesResponse::default() },
                ));
            }
            booked((book, &desk, place), &trades, known, (&snapshot, groups))
        };
        self.with_turns(groups, is_little, book).await
    }
}

/// The trades of a request as far as they can be read, and what is wrong with their fields.
fn stated(
    book: &Book,
    place: Place,
    house: &House,
    wire: &[v1::ImportedTrade],
) -> Result<(Asked<Vec<Imported>>, Violations), Fault> {
    let (desk, snapshot) = known(book, house, place)?;
    let (faults, new) = Default::default();
    let mut reader = Reader { desk: &desk, set: snapshot.set(), place, waits: false, faults, new };
    let asked = reader.trades(house, wire);
    if reader.waits {
        return Err(Fault::Waits);
    }
    Ok((Asked { asked, new: reader.new }, reader.faults))
}

/// Books trades of which none is faulty.
fn booked(
    (book, desk, place): (&Book, &Desk, Place),
    trades: &[Imported],
    known: usize,
    (snapshot, groups): (&HouseSnapshot, &mut Groups),
) -> Result<Told<v1::ImportTradesResponse>, Fault> {
    let room = book.chronicle().room()?;
    let whole = trades.iter().filter_map(|own| Some((own.group.clone()?, Arc::clone(own.fill.as_ref()?))));
    let whole: Trades = whole.collect();
    let durable = booked_all((desk, place), &whole, snapshot, (groups, room))?;
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
fn checked(
    (desk, at): (&Desk, Place),
    (trades, new): (&[Imported], &NewContracts),
    snapshot: &HouseSnapshot,
    groups: &Groups,
    faults: &mut Violations,
) -> Result<usize, Waits> {
    let mut known = 0;
    let mut first = BTreeMap::new();
    for (place, own) in trades.iter().enumerate() {
        let mut fault =
            |field: &str, message: String| faults.add(|| format!("trades[{place}].trade.{field}"), message);
        if let (Some(group), Some(trade)) = (&own.group, &own.trade) {
            let before = *first.entry((group, trade)).or_insert(place);
            if before != place {
                fault(
                    "id",
                    format!("{trade} stands in the import a second time: trades[{before}] is it too"),
                );
            }
        }
        let Some(entry) = own.group.as_ref().and_then(|key| groups.get(key)) else { continue };
        if own.account.as_ref().is_some_and(|own| !entry.group().position_accounts.contains_key(own)) {
            fault("account", "is not open in the group".to_owned());
        }
        let Some(fill) = &own.fill else { continue };
        match is_known(entry.group(), fill) {
            Some(true) => known += 1,
            Some(false) => fault("id", "is known with other content".to_owned()),
            None => {}
        }
        for (leg, own) in
            fill.legs.iter().enumerate().filter(|(_, own)| snapshot.known(own.contract).is_none())
        {
            let names = desk.keys(at, std::iter::once(own.contract))?;
            let name = names.get(&own.contract).or_else(|| new.name(own.contract));
            let name = name.map(ToString::to_string).unwrap_or_default();
            fault(&format!("legs[{leg}].contract"), format!("{name} cannot be priced by the active set"));
        }
    }
    Ok(known)
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
    let told = faults.kept().iter().map(|fault| v1::FieldViolation {
        field: fault.field.clone(),
        description: fault.description.clone(),
    });
    let more = faults.total() - faults.kept().len();
    let untold = (more > 0)
        .then(|| v1::FieldViolation { field: String::new(), description: format!("and {more} more faults") });
    v1::ImportTradesResponse { faults: told.chain(untold).collect(), ..v1::ImportTradesResponse::default() }
}
