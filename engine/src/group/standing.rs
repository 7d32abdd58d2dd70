//! What a group has, what it has to have, and what is left.
//!
//! In every currency:
//!
//! ```text
//! equity      = cash + what is due (premiums, fees) + unsettled variation + value of paid contracts + assets after haircuts and limits
//! net         = equity - requirement
//! excess      = sum over currencies of net * rate * (1 - haircut)      where net is positive
//!                                   or net * rate * (1 + haircut)      where it is negative
//! ```
//!
//! The group's own currency has no haircut. Option value stands once: under a parameter set in the requirement (SPAN), under a method
//! that is data in equity. The variation is `(long - short) * price * factor - basis`; a premium counts from the trade on, whenever it
//! is due.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use super::collateral;
pub use super::exposure::Unmargined;
use super::exposure::{self, Trial};
use super::held::Held;
use super::house::{HouseSnapshot, ListedContract};
pub use super::missing::{Missing, MissingKind};
use super::netted::Netted;
use super::outcome::{Refusal, RefusalReason, Room, Work};
use super::position::add_money;
use super::rates::{self, room};
use super::reserved::Shares;
pub use super::reserved::{AccountStanding, Depth, Reserved};
use super::resting::RestsOn;
use super::state::Group;
use super::unpriced;
use crate::types::{AssetCode, Currency, Money, Overflow, Quantity};

/// Why a group has no standing.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum StandingError {
    /// A number leaves the exact range.
    #[error("{0}")]
    TooLarge(String),
    /// An order that is looked at as if it worked cannot be priced.
    #[error("the order cannot be margined: {}", .0.detail)]
    Order(Refusal),
}

impl From<Overflow> for StandingError {
    fn from(overflow: Overflow) -> Self {
        Self::TooLarge(overflow.to_string())
    }
}

impl From<StandingError> for Refusal {
    fn from(error: StandingError) -> Self {
        let reason = match &error {
            StandingError::TooLarge(_) => RefusalReason::TooLarge,
            StandingError::Order(refusal) => return refusal.clone(),
        };
        Self::new(reason, error.to_string())
    }
}

/// A group in one currency.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CurrencyStanding {
    /// Settled cash.
    pub cash: Money,
    /// What is due later.
    pub due: Money,
    /// Gains since the last settlement. Of a contract without a price those up to its last mark, where they are losses.
    pub variation: Money,
    /// What contracts that are paid in full are worth, where that is in no requirement.
    pub position_value: Money,
    /// What counts of assets.
    pub assets: Money,
    /// The same once the working orders have taken out of the collateral pool what they may at most.
    pub assets_with_orders: Money,
    /// To take on risk, without working orders.
    pub initial: Money,
    /// Not to be called, without working orders.
    pub maintenance: Money,
    /// To take on risk, with what the worst of the working orders costs and requires at most.
    pub with_orders: Money,
    /// The same at the worst outcome that was found.
    pub found: Money,
    /// What the requirements have in them for positions that nothing prices or margins.
    pub unpriced: Money,
    /// What positions that await their settlement price are worth: it is in the equity, but pays no withdrawal.
    pub withheld: Money,
}

impl CurrencyStanding {
    /// Adds to every requirement.
    fn require(&mut self, amount: Money) -> Result<(), Overflow> {
        for own in [&mut self.initial, &mut self.maintenance, &mut self.with_orders, &mut self.found] {
            *own = own.plus(amount)?;
        }
        Ok(())
    }

    /// What there is, without what has to be there.
    fn balances(&self) -> Self {
        Self { cash: self.cash, due: self.due, variation: self.variation, ..Self::default() }
    }

    pub(super) fn equity(&self, assets: Money) -> Result<Money, Overflow> {
        self.cash.plus(self.due)?.plus(self.variation)?.plus(self.position_value)?.plus(assets)
    }
}

/// An asset of a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetStanding {
    /// The asset.
    pub asset: AssetCode,
    /// How much.
    pub quantity: Quantity,
    /// The currency of its value.
    pub currency: Currency,
    /// What it is worth.
    pub value: Money,
    /// What counts of it, after haircut and limit.
    pub counted: Money,
}

/// A group's standing.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The currency of the totals.
    pub currency: Currency,
    /// The version of the house's data.
    pub version: u64,
    /// By currency.
    pub currencies: BTreeMap<Currency, CurrencyStanding>,
    /// Its assets.
    pub assets: Vec<AssetStanding>,
    /// Its margin accounts, and clients of those that margin them apart; ascending.
    pub accounts: Vec<Arc<AccountStanding>>,
    /// Against the initial requirement, without working orders.
    pub initial: Room,
    /// Against the maintenance requirement, without working orders.
    pub maintenance: Room,
    /// Against the initial requirement, with the worst of the working orders.
    pub with_orders: Room,
    /// The same at the worst outcome that was found: the true worst lies between the two.
    pub found: Room,
    /// The same without what is withheld: what may be withdrawn.
    pub payable: Room,
    /// Positions that nothing prices or margins: charged at the lowest that can be shown for them, where there is such a number.
    pub unmargined: Vec<Unmargined>,
    /// Everything that a number is lacking of.
    pub missing: Vec<Missing>,
    /// How far the worst of the working orders was looked for.
    pub depth: Depth,
    /// The work of that, over all accounts.
    pub work: Work,
    /// What the numbers rest on.
    pub rests_on: RestsOn,
}

impl Standing {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether the numbers hold in spite of what is missing: the excess is the lowest that can be shown.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.missing.iter().all(|own| own.is_bounded)
    }

    /// Whether the worst of the working orders is the searched one: the search would find nothing else, or it was made.
    #[must_use]
    pub fn is_searched(&self) -> bool {
        match self.depth {
            Depth::Bound => self.accounts.iter().all(|own| own.bound.is_final),
            Depth::Search => self.accounts.iter().all(|own| own.is_searched()),
        }
    }

    /// What is netted as one of them; they are ascending.
    #[must_use]
    pub fn account(&self, netted: &Netted) -> Option<&Arc<AccountStanding>> {
        let place = self.accounts.binary_search_by(|own| own.netted.cmp(netted));
        place.ok().and_then(|place| self.accounts.get(place))
    }

    fn balances(&self) -> BTreeMap<Currency, CurrencyStanding> {
        self.currencies.iter().map(|(currency, own)| (currency.clone(), own.balances())).collect()
    }

    /// The same group by the bound alone, as if nobody had asked for more.
    ///
    /// # Errors
    /// [`StandingError`] as documented there.
    pub fn by_bound(&self, group: &Group, house: &HouseSnapshot) -> Result<Self, StandingError> {
        self.at(group, house, self.accounts.clone(), Depth::Bound)
    }

    fn at(
        &self,
        group: &Group,
        house: &HouseSnapshot,
        accounts: Vec<Arc<AccountStanding>>,
        depth: Depth,
    ) -> Result<Self, StandingError> {
        assembled(group, house, self.balances(), accounts, self.unmargined.clone(), depth)
    }
}

/// What a group has and has to have; with its working orders, by the search: the number that it may be asked, and may pay out.
///
/// # Errors
/// [`StandingError`] as documented there.
pub fn standing(group: &Group, house: &HouseSnapshot) -> Result<Standing, StandingError> {
    searched(group, house, &bounded(group, house)?)
}

/// The same by the bound alone: at least as much is required with the orders, at a fraction of the work.
///
/// # Errors
/// [`StandingError`] as documented there.
pub fn bounded(group: &Group, house: &HouseSnapshot) -> Result<Standing, StandingError> {
    with_trial(group, house, None, None)
}

/// By the search, what is known by the bound of the same group with the same data of its house.
///
/// # Errors
/// [`StandingError`] as documented there.
pub fn searched(group: &Group, house: &HouseSnapshot, known: &Standing) -> Result<Standing, StandingError> {
    searched_with(group, house, None, known)
}

/// The same with an order looked at as if it worked, as it is in what is known.
pub(super) fn searched_with(
    group: &Group,
    house: &HouseSnapshot,
    trial: Option<Trial<'_>>,
    known: &Standing,
) -> Result<Standing, StandingError> {
    let shares = Shares::among(group, trial);
    let mut accounts = Vec::with_capacity(known.accounts.len());
    for own in &known.accounts {
        accounts.push(if own.is_searched() {
            Arc::clone(own)
        } else {
            let trial = trial.filter(|trial| own.netted.has(group, &trial.order.account));
            Arc::new(own.searched(group, house, trial, shares)?)
        });
    }
    known.at(group, house, accounts, Depth::Search)
}

/// By the bound, the standing with an order looked at as if it worked. What is known without it, of the same group and the same data of
/// its house, is not formed again.
pub(super) fn with_trial(
    group: &Group,
    house: &HouseSnapshot,
    trial: Option<Trial<'_>>,
    known: Option<&Standing>,
) -> Result<Standing, StandingError> {
    let currencies = match known {
        Some(known) => known.balances(),
        None => balances(group, house)?,
    };
    let shares = Shares::among(group, trial);
    let mut accounts = Vec::with_capacity(group.margin_accounts.len());
    let mut unmargined = known.map(|known| known.unmargined.clone()).unwrap_or_default();
    for (netted, terms) in Netted::all(group) {
        let trial = trial.filter(|trial| netted.has(group, &trial.order.account));
        let own = known.and_then(|known| known.account(&netted));
        let held = match own {
            Some(own) if trial.is_none() && own.is_of(shares) => {
                accounts.push(Arc::clone(own));
                continue;
            }
            Some(own) => own.held.clone(),
            None => Held::of(group, house, &netted, terms, &mut unmargined)?,
        };
        let orders = exposure::orders(group, house, &netted, trial).map_err(StandingError::Order)?;
        accounts.push(Arc::new(AccountStanding::new(group, house, &netted, held, &orders, shares)?));
    }
    assembled(group, house, currencies, accounts, unmargined, Depth::Bound)
}

/// What positions that nothing margins are worth and have to have, and each of them.
fn charge_unmargined(
    group: &Group,
    house: &HouseSnapshot,
    currencies: &mut BTreeMap<Currency, CurrencyStanding>,
    unmargined: &[Unmargined],
) -> Result<Vec<Missing>, Overflow> {
    for (currency, worth) in unpriced::awaited(group, house)? {
        let sum = currencies.entry(currency).or_default();
        sum.position_value = sum.position_value.plus(worth.paid)?;
        sum.withheld = worth.withheld;
    }
    for (currency, amount) in unmargined.iter().filter_map(|own| own.charged.as_ref()).flatten() {
        let sum = currencies.entry(currency.clone()).or_default();
        sum.unpriced = sum.unpriced.plus(*amount)?;
        sum.require(*amount)?;
    }
    Ok(unmargined.iter().map(Missing::of_position).collect())
}

/// The standing that balances and accounts make.
pub(super) fn assembled(
    group: &Group,
    house: &HouseSnapshot,
    mut currencies: BTreeMap<Currency, CurrencyStanding>,
    accounts: Vec<Arc<AccountStanding>>,
    unmargined: Vec<Unmargined>,
    depth: Depth,
) -> Result<Standing, StandingError> {
    let mut work = Work::default();
    currencies.entry(group.currency.clone()).or_default();
    let mut missing = charge_unmargined(group, house, &mut currencies, &unmargined)?;
    for own in &accounts {
        if let Held::Nothing(lack) = &own.held {
            missing.push((**lack).clone());
        }
        missing.extend(own.unpriced.missing.iter().cloned());
        for (currency, amount) in &own.unpriced.charged {
            let sum = currencies.entry(currency.clone()).or_default();
            sum.with_orders = sum.with_orders.plus(*amount)?;
            sum.found = sum.found.plus(*amount)?;
        }
        if let Some((currency, value)) = own.held.value().filter(|(_, value)| !value.is_zero()) {
            let sum = currencies.entry(currency.clone()).or_default();
            sum.position_value = sum.position_value.plus(value)?;
        }
        for required in own.held.required() {
            let sum = currencies.entry(required.currency.clone()).or_default();
            sum.initial = sum.initial.plus(required.initial)?;
            sum.maintenance = sum.maintenance.plus(required.maintenance)?;
        }
        let reserved = own.reserved(depth);
        work.done = work.done.saturating_add(reserved.work);
        work.limit = work.limit.saturating_add(reserved.limit);
        for (currency, amount) in &reserved.with_orders {
            let sum = currencies.entry(currency.clone()).or_default();
            sum.with_orders = sum.with_orders.plus(*amount)?;
        }
        for (currency, amount) in &reserved.found {
            let sum = currencies.entry(currency.clone()).or_default();
            sum.found = sum.found.plus(*amount)?;
        }
    }
    for own in group.deliveries.values() {
        let account = group.position_accounts.get(&own.account);
        let terms = account.and_then(|account| group.margin_accounts.get(&account.margin_account));
        // What cannot be margined any more is charged with all its money.
        if terms.is_none_or(|terms| !house.margins(own.contract, terms)) {
            let sum = currencies.entry(own.currency.clone()).or_default();
            sum.require(own.amount.magnitude())?;
        }
    }
    let assets = collateral::counted(group, house, &accounts, &mut currencies)?;
    let of_trade = |id: &crate::types::TradeId| Missing::new(MissingKind::Trade, id.to_string(), false);
    missing.extend(group.pending.iter().map(of_trade));
    missing.extend(collateral::without_terms(group, house));
    missing.extend(rates::without_rate(group, house, &currencies)?);
    let payable = payable_room(group, house, &currencies)?;
    let room = |of: fn(&CurrencyStanding) -> [Money; 2]| room(group, house, &currencies, of);
    Ok(Standing {
        initial: room(|own| [own.initial, own.assets])?,
        maintenance: room(|own| [own.maintenance, own.assets])?,
        with_orders: room(|own| [own.with_orders, own.assets_with_orders])?,
        found: room(|own| [own.found, own.assets_with_orders])?,
        payable,
        currency: group.currency.clone(),
        version: house.version(),
        rests_on: RestsOn::of(accounts.iter().map(AsRef::as_ref)),
        currencies,
        assets,
        accounts,
        unmargined,
        missing,
        depth,
        work,
    })
}

/// What may be withdrawn: the excess with the working orders, without what is withheld.
fn payable_room(
    group: &Group,
    house: &HouseSnapshot,
    currencies: &BTreeMap<Currency, CurrencyStanding>,
) -> Result<Room, StandingError> {
    let mut payable = currencies.clone();
    for own in payable.values_mut() {
        own.with_orders = own.with_orders.plus(own.withheld)?;
    }
    room(group, house, &payable, |own| [own.with_orders, own.assets_with_orders])
}

/// Cash, what is due, and unsettled variation.
pub(super) fn balances(
    group: &Group,
    house: &HouseSnapshot,
) -> Result<BTreeMap<Currency, CurrencyStanding>, Overflow> {
    let (mut due, mut variation) = (BTreeMap::new(), BTreeMap::new());
    for own in &group.payables {
        add_money(&mut due, &own.currency, own.amount)?;
    }
    for (contract, holding) in group.position_accounts.values().flat_map(|own| &own.holdings) {
        let Some(own) = house.known(*contract).filter(|own| !own.is_paid) else { continue };
        if let Some(awaiting) = house.awaiting(*contract).filter(|_| holding.net() != 0) {
            let Some(price) = awaiting.price(own.mark, holding.net() > 0) else { continue };
            let gain = own.money_at(price, holding.net())?.minus(holding.basis)?;
            add_money(&mut variation, &own.currency, gain)?;
            continue;
        }
        let is_priced = house.contract(*contract).is_some_and(ListedContract::is_priced);
        // Without lots no price is needed: what is left is what was gained.
        let worth = match own.mark {
            _ if holding.net() == 0 => Money::ZERO,
            Some(mark) => own.money_at(mark, holding.net())?,
            None => continue,
        };
        let gain = worth.minus(holding.basis)?;
        // A gain up to a price of before is none; a loss is one.
        let counts = is_priced || holding.net() == 0 || gain.is_negative();
        add_money(&mut variation, &own.currency, if counts { gain } else { Money::ZERO })?;
    }
    let mut balances: BTreeMap<Currency, CurrencyStanding> = BTreeMap::new();
    for (currency, amount) in &group.cash {
        balances.entry(currency.clone()).or_default().cash = *amount;
    }
    for (currency, amount) in due {
        balances.entry(currency).or_default().due = amount;
    }
    for (currency, amount) in variation {
        balances.entry(currency).or_default().variation = amount;
    }
    Ok(balances)
}
