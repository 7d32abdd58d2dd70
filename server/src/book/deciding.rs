//! What is decided of groups whose turn the caller has.

use std::sync::Arc;

use plimsoll_engine::group::{
    Checked, Command, HouseSnapshot, NewOrder, Refusal, Transfer, Transferred, close, decide_transfer,
};
use plimsoll_engine::record::RecordBody;
use plimsoll_engine::types::Principal;
use plimsoll_journal::Sequence;

use super::{Answer, Book, BookFault, Desk, Entry, Place, Stands, Turn, Waits};
use crate::until::Until;

impl Book {
    /// Decides a command; its answer, and the record that has to be durable before it is given.
    pub(crate) fn submit(
        &self,
        entry: &mut Entry,
        desk: &Desk,
        house: &Arc<HouseSnapshot>,
        command: &Command,
        (place, until): (Place, &Until),
    ) -> Result<Answer, BookFault> {
        let room = self.chronicle.room()?;
        entry.submit((desk, house), command, room, (place, until))
    }

    /// The numbers of an order that is not reserved.
    pub(crate) fn check(
        entry: &mut Entry,
        place: Place,
        house: &HouseSnapshot,
        order: &NewOrder,
    ) -> Result<(Result<Checked, Refusal>, u64, Sequence), Waits> {
        let checked = entry.check(place, house, order)?;
        Ok((checked, entry.group().sequence, entry.rests_on(house)))
    }

    /// Closes a group that has nothing; the record that has to be durable before that is said.
    pub(crate) fn close(
        &self,
        entry: &mut Entry,
        house: &HouseSnapshot,
        until: &Until,
    ) -> Result<(Result<(), Refusal>, Sequence), BookFault> {
        let room = self.chronicle.room()?;
        let closed = close(entry.group());
        if !until.decides() {
            return Err(BookFault::Late);
        }
        let closed = closed.map(|events| {
            if !events.is_empty() {
                let told = RecordBody::Groups(vec![entry.told(house, &events, None)]);
                room.commit(told, |sequence| entry.apply(&events, sequence));
            }
        });
        Ok((closed, entry.last()))
    }

    /// Why a transfer is refused as it stands, and the last record that this depends on; `None` where it is accepted. Nothing is applied.
    pub(crate) fn refuses_transfer(
        [from, to]: [&Entry; 2],
        house: &HouseSnapshot,
        (principal, transfer): (&Principal, &Transfer),
    ) -> Option<(Refusal, Sequence)> {
        let refused = decide_transfer(from.group(), to.group(), house, principal, transfer).err()?;
        Some((refused, from.rests_on(house).max(to.rests_on(house))))
    }

    /// Moves something from one group to another.
    pub(crate) fn transfer(
        &self,
        [from, to]: [&mut Turn; 2],
        (desk, known): (&Desk, &Arc<HouseSnapshot>),
        (principal, transfer): (&Principal, &Transfer),
        (place, until): (Place, &Until),
    ) -> Result<(Result<Transferred, Refusal>, Sequence), BookFault> {
        let room = self.chronicle.room()?;
        let decided =
            |house: &HouseSnapshot| decide_transfer(from.group(), to.group(), house, principal, transfer);
        let mut house = Arc::clone(known);
        let mut moved = decided(&house);
        while let Ok(Transferred { events, is_repeated: false, .. }) = &moved {
            let noted =
                [desk.notes(place, from.group(), &events[0])?, desk.notes(place, to.group(), &events[1])?];
            if noted == [Stands::Yes; 2] {
                break;
            }
            house = desk.newest().unwrap_or(house);
            moved = decided(&house);
        }
        let house = &*house;
        if !until.decides() {
            return Err(BookFault::Late);
        }
        if let Ok(Transferred { events, is_repeated: false, .. }) = &moved {
            let told = vec![from.told(house, &events[0], None), to.told(house, &events[1], None)];
            room.commit(RecordBody::Groups(told), |sequence| {
                from.apply(&events[0], sequence);
                to.apply(&events[1], sequence);
            });
        }
        Ok((moved, from.rests_on(house).max(to.rests_on(house))))
    }
}
