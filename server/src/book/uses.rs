//! What the groups of a house use of what it states: nothing of that is dropped under them.

use std::collections::BTreeMap;

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{Event, Group, HouseSnapshot, MarginTerms, OrderKind, OrderTerms};
use plimsoll_engine::record::RecordBody;
use plimsoll_engine::types::{House, MethodName};
use plimsoll_journal::Sequence;

use super::{Book, BookFault, Methods, Place, Terms, locked};

/// The most uses that are named.
const MOST_NAMED: usize = 20;

impl Book {
    /// Refuses to drop methods that accounts are margined by, unless they move to others.
    pub(crate) fn drops_no_method(
        &self,
        house: &House,
        methods: &Methods,
        moves: &BTreeMap<MethodName, MethodName>,
    ) -> Result<(), BookFault> {
        let Some((_, snapshot)) = self.current(house) else { return Ok(()) };
        let is_dropped = |own: &MethodName| {
            snapshot.catalogue(own).is_some() && !methods.contains_key(own) && !moves.contains_key(own)
        };
        self.uses_none(house, |group| {
            let by_method = group.margin_accounts.iter().filter_map(|(account, terms)| match terms {
                MarginTerms::Method { method, .. } => Some((account, method)),
                MarginTerms::Span { .. } => None,
            });
            let used = by_method.filter(|(_, method)| is_dropped(method));
            used.map(|(account, method)| format!("method {method} by margin account {account}")).collect()
        })
    }

    /// Refuses to drop bands that working orders are reserved at, assets that are held, and haircuts of currencies that cover others.
    pub(crate) fn drops_no_terms(&self, house: &House, terms: &Terms) -> Result<(), BookFault> {
        let Some((desk, snapshot)) = self.current(house) else { return Ok(()) };
        self.uses_none(house, |group| {
            let bands = group.orders.iter().flat_map(|(id, order)| {
                let all = std::iter::once(&order.terms).chain(&order.replacement);
                all.flat_map(at_bands).map(move |contract| (id, contract))
            });
            let bands = bands.filter(|(_, contract)| {
                snapshot.band(*contract).is_some() && !terms.bands.contains_key(contract)
            });
            let name = |contract: ContractId| {
                let keys = desk.keys(Place::Worker, std::iter::once(contract)).unwrap_or_default();
                keys.into_values().map(|key| key.to_string()).collect::<String>()
            };
            let mut used: Vec<String> =
                bands.map(|(id, contract)| format!("band of {} by order {id}", name(contract))).collect();
            let is_known = |asset| snapshot.schedule().assets.contains_key(asset);
            let assets = group.assets.iter().filter(|(asset, quantity)| {
                !quantity.is_zero() && is_known(*asset) && !terms.schedule.assets.contains_key(*asset)
            });
            used.extend(assets.map(|(asset, quantity)| format!("asset {asset}: {quantity} are held")));
            used.extend(dropped_haircuts(group, &snapshot, terms));
            used
        })
    }

    /// Nothing is used; up to [`MOST_NAMED`] uses are named.
    fn uses_none(&self, house: &House, uses: impl Fn(&Group) -> Vec<String>) -> Result<(), BookFault> {
        let mut named = Vec::new();
        for key in self.keys(Some(house), None, usize::MAX) {
            let entry = self.entry(&key)?;
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

    /// Margins accounts by other methods; how many, and the record that has to be durable before that is said.
    pub(crate) fn move_accounts(
        &self,
        house: &House,
        moves: &BTreeMap<MethodName, MethodName>,
    ) -> Result<(u32, Sequence), BookFault> {
        let (mut moved, mut last) = (0, Sequence::NONE);
        if moves.is_empty() {
            return Ok((moved, last));
        }
        let (_, snapshot) = self.desk(house)?;
        for key in self.keys(Some(house), None, usize::MAX) {
            let entry = self.entry(&key)?;
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
            let sequence = room.write(RecordBody::Groups(vec![told]));
            entry.apply(&events, sequence);
            moved += u32::try_from(events.len()).unwrap_or(u32::MAX);
            last = last.max(sequence);
        }
        Ok((moved, last))
    }
}

/// The contracts whose bands an order is reserved at.
fn at_bands(terms: &OrderTerms) -> impl Iterator<Item = ContractId> + '_ {
    let legs = terms.legs.iter().filter(|leg| {
        let has_limit = match terms.kind {
            OrderKind::Limit | OrderKind::Stop => leg.price.is_some(),
            OrderKind::Market => false,
        };
        terms.net_price.is_none() && !has_limit
    });
    legs.map(|leg| leg.contract)
}

fn dropped_haircuts(group: &Group, snapshot: &HouseSnapshot, terms: &Terms) -> Vec<String> {
    let now = &terms.schedule.currency_haircuts;
    let dropped = snapshot.schedule().currency_haircuts.keys().filter(|own| !now.contains_key(*own));
    let is_used = |own: &&plimsoll_engine::types::Currency| {
        let has_cash = group.cash.get(*own).is_some_and(|amount| !amount.is_zero());
        **own != group.currency && (has_cash || group.payables.iter().any(|due| due.currency == **own))
    };
    dropped.filter(is_used).map(|own| format!("haircut of {own}, which is held")).collect()
}
