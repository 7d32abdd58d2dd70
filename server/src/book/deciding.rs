//! What is decided of groups whose turn the caller has.

use plimsoll_engine::group::{
    Checked, Command, HouseSnapshot, NewOrder, Refusal, Transfer, Transferred, close, decide_transfer,
};
use plimsoll_engine::record::RecordBody;
use plimsoll_engine::types::Principal;
use plimsoll_journal::Sequence;

use super::{Answer, Book, BookFault, Desk, Entry, Place, Turn, Waits};
use crate::until::Until;

impl Book {
    /// Decides a command; its answer, and the record that has to be durable before it is given.
    pub(crate) fn submit(
        &self,
        entry: &mut Entry,
        desk: &Desk,
        house: &HouseSnapshot,
        command: &Command,
        (place, until): (Place, &Until),
    ) -> Result<Answer, BookFault> {
        let room = self.chronicle.room()?;
        // What the house has stated while this command waited for its group.
        let newest = desk.newest();
        let house = newest.as_deref().unwrap_or(house);
        entry.submit(house, command, room, (place, until))
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
                let sequence = room.write(RecordBody::Groups(vec![entry.told(house, &events, None)]));
                entry.apply(&events, sequence);
            }
        });
        Ok((closed, entry.last()))
    }

    /// Moves something from one group to another.
    pub(crate) fn transfer(
        &self,
        [from, to]: [&mut Turn; 2],
        house: &HouseSnapshot,
        (principal, transfer): (&Principal, &Transfer),
        until: &Until,
    ) -> Result<(Result<Transferred, Refusal>, Sequence), BookFault> {
        let room = self.chronicle.room()?;
        let moved = decide_transfer(from.group(), to.group(), house, principal, transfer);
        if !until.decides() {
            return Err(BookFault::Late);
        }
        if let Ok(Transferred { events, is_repeated: false, .. }) = &moved {
            let told = vec![from.told(house, &events[0], None), to.told(house, &events[1], None)];
            let sequence = room.write(RecordBody::Groups(told));
            from.apply(&events[0], sequence);
            to.apply(&events[1], sequence);
        }
        Ok((moved, from.rests_on(house).max(to.rests_on(house))))
    }
}
