//! How working orders limit each other in what may fill of them: by their links, where the venue sees to them, and by the position that
//! they may reduce only.

use std::collections::BTreeMap;

use super::link::{Enforcement, LinkRule, LinkState, OnFill};
use super::order::WorkingOrder;
use super::position::Keeping;
use super::shares::Shares;
use super::state::Group;
use crate::contract::ContractId;
use crate::fills::{Link, Weighed};
use crate::types::{AccountName, LinkName};

/// An order and its places among those that may fill, one for each part.
pub(super) struct Placed<'a> {
    pub(super) order: &'a WorkingOrder,
    pub(super) own: Vec<usize>,
    /// Of what is to replace it; empty for nothing.
    pub(super) other: Vec<usize>,
}

impl Placed<'_> {
    fn alternatives(&self) -> impl Iterator<Item = Vec<usize>> + '_ {
        [&self.own, &self.other].into_iter().filter(|own| !own.is_empty()).cloned()
    }

    /// An order or its replacement.
    fn either(&self) -> Option<Link> {
        (!self.other.is_empty()).then(|| Link::OneOf(self.alternatives().collect()))
    }

    /// The place of an order that fills as one and is not to be replaced.
    fn only(&self) -> Option<usize> {
        match (self.own.as_slice(), self.other.as_slice()) {
            ([only], []) => Some(*only),
            _ => None,
        }
    }
}

/// What limits orders; what may be open of them is lowered where a link says so.
pub(super) fn links(group: &Group, placed: &[Placed<'_>], open: &mut [i64]) -> Vec<Link> {
    let mut by_name: BTreeMap<&LinkName, (LinkState, Vec<&Placed<'_>>)> = BTreeMap::new();
    let (mut links, mut unlinked) = (Vec::new(), Vec::new());
    for own in placed {
        let Some(link) = own.order.link.as_ref().filter(|link| link.enforcement != Enforcement::Client)
        else {
            unlinked.push(own);
            continue;
        };
        let state = || {
            let known = group.links.get(&link.name).cloned();
            known.unwrap_or_else(|| LinkState::new(link.rule, link.enforcement))
        };
        let (state, members) = by_name.entry(&link.name).or_insert_with(|| (state(), Vec::new()));
        if (state.rule, state.enforcement) == (link.rule, link.enforcement) {
            members.push(own);
        } else {
            unlinked.push(own);
        }
    }
    for (state, members) in by_name.into_values() {
        links.extend(of_link(&state, &members, open));
    }
    let (replaced, plain): (Vec<&Placed<'_>>, Vec<&Placed<'_>>) =
        unlinked.into_iter().partition(|own| !own.other.is_empty());
    links.extend(replaced.into_iter().filter_map(Placed::either));
    links.extend(reducing(group, placed, &plain));
    links
}

/// What a link that the venue sees to makes of its orders.
fn of_link(state: &LinkState, members: &[&Placed<'_>], open: &mut [i64]) -> Vec<Link> {
    let Enforcement::VenueAtomic(on_fill) = state.enforcement else { return Vec::new() };
    let left = match state.rule {
        LinkRule::OneCancelsOther => i64::MAX,
        LinkRule::MostFilled(most) => most.saturating_sub(state.filled),
    };
    // A link that is used up excludes nothing that works in spite of it.
    if left <= 0 {
        return members.iter().filter_map(|own| own.either()).collect();
    }
    for own in members {
        for (part, place) in own.own.iter().enumerate().chain(own.other.iter().enumerate()) {
            let behind = own.order.begun().saturating_sub(own.order.filled_of(part));
            open[*place] = open[*place].min(left.saturating_add(behind));
        }
    }
    match (state.rule, on_fill) {
        (_, OnFill::FirstHit) => {
            vec![Link::OneOf(members.iter().flat_map(|own| own.alternatives()).collect())]
        }
        (LinkRule::OneCancelsOther, OnFill::CompleteFill) => {
            let whole = |places: &[usize]| vec![Link::OneWhole(places.to_vec())];
            apart(members, |_| true, whole)
        }
        (LinkRule::OneCancelsOther, OnFill::Incremental) => {
            let Some(shares) = Shares::of(state, members.iter().map(|own| own.order)) else {
                return apart(members, |_| false, |_| Vec::new());
            };
            let weight = |own: &Placed<'_>| shares.whole / own.order.share().units;
            let is_open = |own: &Placed<'_>| own.only().is_some_and(|place| open[place] > 0);
            let weighed: Vec<Weighed> = members
                .iter()
                .filter(|own| is_open(own))
                .filter_map(|own| Some(Weighed { place: own.only()?, weight: weight(own) }))
                .collect();
            // The last fill may take what is left of its order, rounded up.
            let over = weighed.iter().map(|own| own.weight - 1).max().unwrap_or_default();
            match shares.left.checked_add(over) {
                Some(most) => apart(members, is_open, |_| vec![Link::AtMost(weighed.clone(), most)]),
                None => apart(members, |_| false, |_| Vec::new()),
            }
        }
        (LinkRule::MostFilled(_), OnFill::CompleteFill | OnFill::Incremental) => {
            let sum = |places: &[usize]| {
                vec![Link::AtMost(places.iter().map(|&place| Weighed { place, weight: 1 }).collect(), left)]
            };
            apart(members, |_| true, sum)
        }
    }
}

/// A link of those orders that fill as one, are not to be replaced and are meant; the others are as if they were not in it.
fn apart(
    members: &[&Placed<'_>],
    is_meant: impl Fn(&Placed<'_>) -> bool,
    link: impl Fn(&[usize]) -> Vec<Link>,
) -> Vec<Link> {
    let (meant, others): (Vec<&Placed<'_>>, Vec<&Placed<'_>>) =
        members.iter().copied().partition(|own| own.only().is_some() && is_meant(own));
    let places: Vec<usize> = meant.iter().filter_map(|own| own.only()).collect();
    let mut links = if places.is_empty() { Vec::new() } else { link(&places) };
    links.extend(others.into_iter().filter_map(Placed::either));
    links
}

/// Orders that the venue lets reduce only fill no more than the position, and what other orders may add to it.
fn reducing(group: &Group, all: &[Placed<'_>], plain: &[&Placed<'_>]) -> Vec<Link> {
    let mut by_position: BTreeMap<(&AccountName, ContractId, bool), Vec<Weighed>> = BTreeMap::new();
    for own in plain.iter().filter(|own| own.order.terms.reduced_by_venue) {
        for (part, place) in own.own.iter().enumerate() {
            if let [leg] = own.order.terms.legs_of(part) {
                let key = (&own.order.account, leg.contract, leg.lots.is_short());
                let weight = leg.lots.get().saturating_abs();
                by_position.entry(key).or_default().push(Weighed { place: *place, weight });
            }
        }
    }
    let most = |(account, contract, is_short): (&AccountName, ContractId, bool)| {
        let added = all.iter().filter(|own| own.order.account == *account);
        let added = added.map(|own| may_add(own.order, contract, !is_short)).fold(0, i64::saturating_add);
        reducible(group, account, contract, is_short).saturating_add(added)
    };
    by_position.into_iter().map(|(key, members)| Link::AtMost(members, most(key))).collect()
}

/// The lots that orders of one direction may take from a position.
pub(super) fn reducible(group: &Group, account: &AccountName, contract: ContractId, is_short: bool) -> i64 {
    let Some(own) = group.position_accounts.get(account) else { return 0 };
    let held = own.holdings.get(&contract).cloned().unwrap_or_default();
    let lots = if is_short { -1 } else { 1 };
    match own.keeping {
        Keeping::Net => (held.net() * -lots).max(0),
        Keeping::Gross => held.other_side(lots),
    }
}

/// The lots of one direction that an order may trade in a contract.
fn may_add(order: &WorkingOrder, contract: ContractId, is_short: bool) -> i64 {
    let of = |terms: &super::order::OrderTerms, open: &dyn Fn(usize) -> i64| {
        let part = |part: usize| {
            let legs = terms.legs_of(part).iter();
            let legs = legs.filter(|leg| leg.contract == contract && leg.lots.is_short() == is_short);
            legs.map(|leg| leg.lots.get().saturating_abs().saturating_mul(open(part)))
                .fold(0, i64::saturating_add)
        };
        (0..terms.parts()).map(part).fold(0, i64::saturating_add)
    };
    let replaced = order.replacement.as_ref();
    let replaced = replaced.map_or(0, |terms| of(terms, &|part| order.open_replaced(part)));
    of(&order.terms, &|part| order.open(part)).max(replaced)
}
