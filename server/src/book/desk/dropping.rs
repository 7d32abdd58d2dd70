//! What a house is about to drop. It goes over its groups, one after the other, to see that nothing uses it; who comes to use it in a
//! group that has been looked at already notes that, and the group is looked at again before anything is dropped.
//!
//! ```text
//! house:  drops -> looks at every group, in its turn -> free, and stated under the same lock, or the groups that were noted again
//! group:  decides -> notes itself, or decides anew by what was stated meanwhile -> written down and applied
//! ```
//!
//! The lock is held for a note, or while what is stated is written down: who has it waits for no group.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{Event, Group, GroupKey, HouseSnapshot, MarginTerms, OrderKind, OrderTerms};
use plimsoll_engine::types::{AssetCode, Currency, MethodName};

use super::super::house::{Methods, Terms};
use super::super::{Place, Waits};
use super::Desk;

/// What would not be there any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dropped {
    pub(crate) methods: BTreeSet<MethodName>,
    pub(crate) bands: BTreeSet<ContractId>,
    pub(crate) assets: BTreeSet<AssetCode>,
    pub(crate) haircuts: BTreeSet<Currency>,
}

impl Dropped {
    /// What terms have no more.
    pub(super) fn by_terms(before: &Terms, after: &Terms) -> Self {
        let bands = before.bands.keys().filter(|own| !after.bands.contains_key(own));
        let (schedule, now) = (&before.schedule, &after.schedule);
        let assets = schedule.assets.keys().filter(|own| !now.assets.contains_key(*own));
        let currencies = schedule.currency_haircuts.keys();
        let haircuts = currencies.filter(|own| !now.currency_haircuts.contains_key(*own));
        Self {
            methods: BTreeSet::new(),
            bands: bands.copied().collect(),
            assets: assets.cloned().collect(),
            haircuts: haircuts.cloned().collect(),
        }
    }

    /// Methods that are not stated any more.
    pub(super) fn by_methods(before: &Methods, after: &Methods) -> Self {
        let methods = before.keys().filter(|own| !after.contains_key(*own));
        Self { methods: methods.cloned().collect(), ..Self::default() }
    }

    /// Whether it is nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        let Self { methods, bands, assets, haircuts } = self;
        methods.is_empty() && bands.is_empty() && assets.is_empty() && haircuts.is_empty()
    }

    /// Whether a currency covers another one in a group at a haircut that is dropped.
    fn covers(&self, group: &Group, currency: &Currency) -> bool {
        *currency != group.currency && self.haircuts.contains(currency)
    }

    /// The same of what a contract is settled in.
    fn covers_by(&self, group: &Group, house: &HouseSnapshot, contract: ContractId) -> bool {
        !self.haircuts.is_empty()
            && house.known(contract).is_some_and(|own| self.covers(group, &own.currency))
    }

    /// The currencies whose dropped haircuts count in a group: of its cash, what is due, assets, positions and working orders.
    pub(crate) fn covering(&self, group: &Group, house: &HouseSnapshot) -> BTreeSet<Currency> {
        if self.haircuts.is_empty() {
            return BTreeSet::new();
        }
        let assets = &house.schedule().assets;
        let held = group.assets.iter().filter(|(_, held)| !held.is_zero());
        let held = held.filter_map(|(asset, _)| assets.get(asset)).map(|own| own.currency.clone());
        let cash = group.cash.iter().filter(|(_, amount)| !amount.is_zero()).map(|(own, _)| own.clone());
        let due = group.payables.iter().map(|own| own.currency.clone());
        let holdings = group.position_accounts.values().flat_map(|own| own.holdings.keys().copied());
        let deliveries = group.deliveries.values().map(|own| own.contract);
        let orders =
            group.orders.values().flat_map(|own| std::iter::once(&own.terms).chain(&own.replacement));
        let legs = orders.clone().flat_map(|own| own.legs.iter().map(|leg| leg.contract));
        let settled = holdings.chain(deliveries).chain(legs).filter_map(|contract| house.known(contract));
        let settled = settled.map(|own| own.currency.clone());
        let fees = orders.flat_map(|own| own.fee.iter().chain(own.scheduled_fees.iter().flatten()));
        let all =
            held.chain(cash).chain(due).chain(settled).chain(fees.map(|(currency, _)| currency.clone()));
        all.filter(|own| self.covers(group, own)).collect()
    }

    /// The contracts that an order is reserved at the bands of, if they are dropped.
    pub(crate) fn bands_of<'a>(&'a self, terms: &'a OrderTerms) -> impl Iterator<Item = ContractId> + 'a {
        at_bands(terms).filter(|contract| self.bands.contains(contract))
    }

    fn has_method(&self, terms: &MarginTerms) -> bool {
        match terms {
            MarginTerms::Method { method, .. } => self.methods.contains(method),
            MarginTerms::Span { .. } => false,
        }
    }

    /// Whether a group may use it after an event.
    fn is_reached(&self, group: &Group, house: &HouseSnapshot, event: &Event) -> bool {
        let has_fee = |terms: &OrderTerms| {
            let fees = terms.fee.iter().chain(terms.scheduled_fees.iter().flatten());
            fees.into_iter().any(|(currency, _)| self.covers(group, currency))
        };
        let uses = |terms: &OrderTerms| {
            self.bands_of(terms).next().is_some()
                || has_fee(terms)
                || terms.legs.iter().any(|leg| self.covers_by(group, house, leg.contract))
        };
        match event {
            Event::MarginAccountOpened(_, terms) | Event::MarginTermsChanged(_, terms) => {
                self.has_method(terms)
            }
            Event::OrderAccepted(_, order) => {
                uses(&order.terms) || order.replacement.as_ref().is_some_and(uses)
            }
            Event::ReplacementAsked(_, terms) => terms.as_deref().is_some_and(uses),
            Event::OrderReplaced(_, terms) => uses(terms),
            Event::AssetMoved(asset, _) => {
                let known = house.schedule().assets.get(asset);
                self.assets.contains(asset) || known.is_some_and(|own| self.covers(group, &own.currency))
            }
            Event::CashMoved(currency, _, _) => self.covers(group, currency),
            Event::PayableAdded(payable) => self.covers(group, &payable.currency),
            Event::HoldingChanged(_, contract, _) => self.covers_by(group, house, *contract),
            Event::DeliveryOpened(own) => self.covers_by(group, house, own.contract),
            Event::PositionAccountOpened(_, own) => {
                own.holdings.keys().any(|contract| self.covers_by(group, house, *contract))
            }
            Event::MarginAccountClosed(_)
            | Event::PositionAccountClosed(_)
            | Event::PositionAccountMoved(..)
            | Event::PayableRemoved(_)
            | Event::OrderFilled(..)
            | Event::OrderCut(..)
            | Event::LinkExhausted(_)
            | Event::LinkReset(_)
            | Event::OrderClosed(_)
            | Event::BustAwaited(..)
            | Event::PaidOutChanged(..)
            | Event::TradeKept(..)
            | Event::DeliveryClosed(_)
            | Event::DayEnded(_)
            | Event::ReferenceKept(..)
            | Event::Settled(..)
            | Event::ExceptionRaised(_)
            | Event::ExceptionResolved(..)
            | Event::GroupClosed
            | Event::Answered(..) => false,
        }
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

/// Groups that may have come to use what is dropped since they were looked at; `None` once it has been dropped.
type Reached = Option<BTreeSet<GroupKey>>;

/// What is being dropped, from before the first group is looked at until it is stated or refused.
#[derive(Debug)]
pub(crate) struct Dropping {
    pub(crate) dropped: Dropped,
    reached: Mutex<Reached>,
}

impl Dropping {
    fn reached(&self) -> MutexGuard<'_, Reached> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reached_at(&self, place: Place) -> Result<MutexGuard<'_, Reached>, Waits> {
        match (place, self.reached.try_lock()) {
            (_, Ok(reached)) => Ok(reached),
            (_, Err(TryLockError::Poisoned(poisoned))) => Ok(poisoned.into_inner()),
            (Place::Runtime, Err(TryLockError::WouldBlock)) => Err(Waits),
            (Place::Worker, Err(TryLockError::WouldBlock)) => Ok(self.reached()),
        }
    }

    /// Who has this may drop it: nobody comes to use it meanwhile. Else the groups that have to be looked at again.
    pub(super) fn freed(&self) -> Result<Freed<'_>, BTreeSet<GroupKey>> {
        let mut reached = self.reached();
        match reached.as_mut().map(std::mem::take).filter(|groups| !groups.is_empty()) {
            Some(groups) => Err(groups),
            None => Ok(Freed(reached)),
        }
    }
}

/// Nobody comes to use what is dropped while this is there.
pub(super) struct Freed<'a>(MutexGuard<'a, Reached>);

impl Freed<'_> {
    /// It is stated: whoever decides from now on decides by that.
    pub(super) fn dropped(mut self) {
        *self.0 = None;
    }
}

/// Ends what it begins.
pub(crate) struct Begun<'a> {
    desk: &'a Desk,
    pub(crate) dropping: Arc<Dropping>,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.desk.dropping.store(None);
    }
}

/// Whether a decision about a group stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Stands {
    /// It does.
    Yes,
    /// The house has dropped what it uses meanwhile: a request is decided again by what is stated now.
    No,
}

impl Desk {
    /// Who states what drops something, on a worker: one at a time.
    pub(crate) fn restates(&self) -> MutexGuard<'_, ()> {
        self.restating.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to drop what terms have no more; the caller `restates`.
    pub(crate) fn drops_terms(&self, after: &Terms) -> Begun<'_> {
        let dropped = Dropped::by_terms(&self.stated().terms, after);
        self.drops(dropped)
    }

    /// The same of methods.
    pub(crate) fn drops_methods(&self, after: &Methods) -> Begun<'_> {
        let dropped = Dropped::by_methods(&self.stated().methods, after);
        self.drops(dropped)
    }

    fn drops(&self, dropped: Dropped) -> Begun<'_> {
        let dropping = Arc::new(Dropping { dropped, reached: Mutex::new(Some(BTreeSet::new())) });
        self.dropping.store(Some(Arc::clone(&dropping)));
        Begun { desk: self, dropping }
    }

    /// Notes that events which are about to be written down may use what is being dropped; the caller has the turn at the group.
    pub(crate) fn notes(&self, place: Place, group: &Group, events: &[Event]) -> Result<Stands, Waits> {
        let Some(dropping) = self.dropping.load_full() else { return Ok(Stands::Yes) };
        let Some(house) = self.newest() else { return Ok(Stands::Yes) };
        if !events.iter().any(|event| dropping.dropped.is_reached(group, &house, event)) {
            return Ok(Stands::Yes);
        }
        let mut reached = dropping.reached_at(place)?;
        match &mut *reached {
            Some(groups) => {
                groups.insert(group.key.clone());
                Ok(Stands::Yes)
            }
            None => Ok(Stands::No),
        }
    }

    /// The same of groups into which trades are about to be imported, whatever they are.
    pub(crate) fn notes_import<'a>(
        &self,
        place: Place,
        groups: impl Iterator<Item = &'a Group>,
    ) -> Result<(), Waits> {
        let Some(dropping) = self.dropping.load_full() else { return Ok(()) };
        if let Some(reached) = &mut *dropping.reached_at(place)? {
            reached.extend(groups.map(|own| own.key.clone()));
        }
        Ok(())
    }

    /// The same of what has happened, which is booked whatever has been dropped; on a worker.
    pub(crate) fn notes_facts(&self, group: &Group, events: &[Event]) {
        if let Err(Waits) = self.notes(Place::Worker, group, events) {
            unreachable!("a worker waits here");
        }
    }
}
