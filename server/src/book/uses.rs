//! What the groups of a house use of what it states: nothing of that is dropped under them.

use std::collections::BTreeMap;

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{Event, Group, GroupKey, MarginTerms};
use plimsoll_engine::record::RecordBody;
use plimsoll_engine::types::{House, MethodName};
use plimsoll_journal::Sequence;

use super::desk::{Dropped, Renewed};
use super::{Asked, Book, BookFault, Desk, Methods, NotStated, Place, Terms, locked};
use crate::until::Until;

/// The most uses that are named.
const MOST_NAMED: usize = 20;

/// By which methods accounts are margined from now on, by those before.
pub(crate) type Moves = BTreeMap<MethodName, MethodName>;

impl Book {
    /// States the terms of a house. Refused while they drop bands that working orders are reserved at, assets that are held, or haircuts
    /// of currencies that cover others.
    pub(crate) fn state_terms(
        &self,
        house: &House,
        terms: &Asked<Terms>,
        until: &Until,
    ) -> Result<Renewed, NotStated> {
        let (desk, _) = self.desk(house)?;
        let _restating = desk.restates();
        let begun = desk.drops_terms(&terms.asked);
        let dropped = &begun.dropping.dropped;
        let mut keys = self.to_look_at(house, dropped);
        loop {
            self.uses_none(&keys, |group| used(&desk, group, dropped))?;
            let set = self.active(house);
            match desk.state_terms(set.as_ref(), terms.clone(), &begun.dropping, until) {
                Err(NotStated::Reached(more)) => keys = again(more, until)?,
                stated => return stated,
            }
        }
    }

    /// States the methods of a house, and how many accounts have moved to others. Refused while they drop methods that accounts are
    /// margined by and do not move from.
    pub(crate) fn state_methods(
        &self,
        house: &House,
        methods: &Methods,
        moves: &Moves,
        until: &Until,
    ) -> Result<(Renewed, u32), NotStated> {
        let desk = self.opened(house)?;
        let _restating = desk.restates();
        let begun = desk.drops_methods(methods);
        let mut left = begun.dropping.dropped.clone();
        left.methods.retain(|own| !moves.contains_key(own));
        let mut keys = self.to_look_at(house, &begun.dropping.dropped);
        let mut moved = Moved::default();
        loop {
            self.uses_none(&keys, |group| used(&desk, group, &left))?;
            if !moves.is_empty() && moved.accounts.is_none() {
                // Both are there while accounts move from one to the other.
                let both = desk.with_stated_methods(methods.clone());
                desk.state_methods(self.active(house).as_ref(), both, None, until)?;
            }
            self.move_accounts(house, &keys, moves, &mut moved)?;
            let set = self.active(house);
            match desk.state_methods(set.as_ref(), methods.clone(), Some(&begun.dropping), until) {
                Err(NotStated::Reached(more)) => keys = again(more, until)?,
                stated => {
                    let (snapshot, durable) = stated?;
                    return Ok(((snapshot, durable.max(moved.last)), moved.accounts.unwrap_or_default()));
                }
            }
        }
    }

    /// The groups that may use what is dropped.
    fn to_look_at(&self, house: &House, dropped: &Dropped) -> Vec<GroupKey> {
        if dropped.is_nothing() { Vec::new() } else { self.keys(Some(house), None, usize::MAX) }
    }

    /// Nothing is used; up to [`MOST_NAMED`] uses are named.
    fn uses_none(&self, keys: &[GroupKey], uses: impl Fn(&Group) -> Vec<String>) -> Result<(), BookFault> {
        let mut named = Vec::new();
        for key in keys {
            let entry = self.entry(key)?;
            let entry = locked(&entry);
            if entry.group().is_closed {
                continue;
            }
            let used = uses(entry.group());
            drop(entry);
            named.extend(used.into_iter().map(|own| format!("{own} of group {}", key.name)));
            if named.len() >= MOST_NAMED {
                named.truncate(MOST_NAMED);
                break;
            }
        }
        if named.is_empty() { Ok(()) } else { Err(BookFault::InUse(named)) }
    }

    /// Margins accounts of groups by other methods.
    fn move_accounts(
        &self,
        house: &House,
        keys: &[GroupKey],
        moves: &Moves,
        moved: &mut Moved,
    ) -> Result<(), BookFault> {
        if moves.is_empty() {
            return Ok(());
        }
        let before = moved.accounts.get_or_insert(0);
        let (_, snapshot) = self.desk(house)?;
        for key in keys {
            let entry = self.entry(key)?;
            let room = self.chronicle.room_waiting()?;
            let mut entry = locked(&entry);
            if entry.group().is_closed {
                continue;
            }
            let accounts = entry.group().margin_accounts.iter().filter_map(|(name, terms)| match terms {
                MarginTerms::Method { method, netting } => Some((name, moves.get(method)?, *netting)),
                MarginTerms::Span { .. } => None,
            });
            let events: Vec<Event> = accounts
                .map(|(name, method, netting)| {
                    let terms = MarginTerms::Method { method: method.clone(), netting };
                    Event::MarginTermsChanged(name.clone(), terms)
                })
                .collect();
            if events.is_empty() {
                continue;
            }
            let told = entry.told(&snapshot, &events, None);
            let told = RecordBody::Groups(vec![told]);
            room.commit(told, |sequence| entry.apply(&events, sequence));
            *before = before.saturating_add(u32::try_from(events.len()).unwrap_or(u32::MAX));
            moved.last = moved.last.max(entry.last());
        }
        Ok(())
    }
}

/// Accounts that have moved to other methods.
#[derive(Debug, Default)]
struct Moved {
    /// How many; `None` while none has been asked to.
    accounts: Option<u32>,
    /// The record that has to be durable before that is said.
    last: Sequence,
}

/// Groups that are looked at again, unless time is over.
fn again(groups: impl IntoIterator<Item = GroupKey>, until: &Until) -> Result<Vec<GroupKey>, BookFault> {
    if until.is_over() { Err(BookFault::Late) } else { Ok(groups.into_iter().collect()) }
}

/// What a group uses of what is dropped, by name.
fn used(desk: &Desk, group: &Group, dropped: &Dropped) -> Vec<String> {
    let methods = group.margin_accounts.iter().filter_map(|(account, terms)| match terms {
        MarginTerms::Method { method, .. } => dropped.methods.get(method).map(|own| (account, own)),
        MarginTerms::Span { .. } => None,
    });
    let mut used: Vec<String> =
        methods.map(|(account, method)| format!("method {method} by margin account {account}")).collect();
    let name = |contract: ContractId| {
        let keys = desk.keys(Place::Worker, std::iter::once(contract)).unwrap_or_default();
        keys.into_values().map(|key| key.to_string()).collect::<String>()
    };
    let bands = group.orders.iter().flat_map(|(id, order)| {
        let all = std::iter::once(&order.terms).chain(&order.replacement);
        all.flat_map(|terms| dropped.bands_of(terms)).map(move |contract| (id, contract))
    });
    used.extend(bands.map(|(id, contract)| format!("band of {} by order {id}", name(contract))));
    let assets =
        group.assets.iter().filter(|(asset, held)| !held.is_zero() && dropped.assets.contains(*asset));
    used.extend(assets.map(|(asset, quantity)| format!("asset {asset}: {quantity} are held")));
    let newest = desk.newest();
    let haircuts = newest.map(|house| dropped.covering(group, &house)).unwrap_or_default();
    used.extend(haircuts.into_iter().map(|own| format!("haircut of {own}, which is held")));
    used
}

#[cfg(test)]
mod tests;
