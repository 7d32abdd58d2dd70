//! What is margined together by a scenario method or by formula: cash, collateral and positions of one margin account.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::contract::{Instrument, OptionModel, OptionRight, Settlement, Specification};
use crate::types::{Decimal, Moment, Money, Overflow, PriceSource, Quantity, Ratio};

/// One margin account.
#[derive(Clone, Debug, Default)]
pub struct MarginAccount {
    /// Cash in the settlement currency; negative where it owes.
    pub cash: Money,
    /// What else it has put up.
    pub collateral: Vec<Collateral>,
    /// Its positions.
    pub position_accounts: Vec<PositionAccount>,
    /// What of them is netted.
    pub netting: Netting,
    /// What its venue asks besides (open orders, protection of market makers): initial and maintenance.
    pub additional: (Money, Money),
}

/// Which positions of a margin account a method nets. Longs and shorts of one position account always net under a method.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Netting {
    /// All of them.
    #[default]
    Net,
    /// Those of each position account by itself: each has its own scan, charges, floors and offsets, and the requirements are summed.
    GrossByClient,
}

/// The positions of one book.
#[derive(Clone, Debug, Default)]
pub struct PositionAccount {
    /// Its name; empty for the only one.
    pub name: String,
    /// Its positions, in the order of the caller.
    pub positions: Vec<HeldPosition>,
}

/// A position.
#[derive(Clone, Debug)]
pub struct HeldPosition {
    /// What is held.
    pub contract: Specification,
    /// How much.
    pub quantity: Quantity,
    /// What `quantity` counts.
    pub counted: Counted,
    /// What its holder says of its price.
    pub stated: Stated,
    /// Gains since it was last settled; nothing where they follow from the entry price.
    pub unrealised_profit: Money,
    /// Funding since it was last settled.
    pub unrealised_funding: Money,
    /// Collateral of its own, where positions stand alone.
    pub collateral: Money,
}

/// What the quantity of a position counts; it makes a difference for inverse futures and perpetuals only.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Counted {
    /// Contracts, each of its multiplier: of units of the source, of inverse ones of units of the quote currency.
    #[default]
    Contracts,
    /// Coins that inverse futures and perpetuals are worth at today's price.
    Coins,
}

/// What the holder of a position says of its price, in place of the market.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stated {
    /// The price of anything but an option.
    pub price: Option<f64>,
    /// How far that is to be trusted, from 0 to 1.
    pub confidence: Option<f64>,
    /// The volatility of an option at the mark.
    pub volatility: Option<f64>,
    /// The price of an option at the mark, of one unit of its source; of anything else its price.
    pub mark: Option<f64>,
    /// The price of the order that makes the position.
    pub order_price: Option<f64>,
    /// What a future or perpetual was traded at, or settled at last: its gains since then are equity.
    pub entry_price: Option<Decimal>,
}

impl Stated {
    /// With what another position in the contract states.
    fn with(self, other: Self) -> Result<Self, String> {
        let one = |name: &str, own: Option<f64>, other: Option<f64>| match (own, other) {
            (Some(own), Some(other)) if own != other => {
                Err(format!("{name}: {other} is stated here, and {own}"))
            }
            (own, other) => Ok(own.or(other)),
        };
        Ok(Self {
            price: one("price", self.price, other.price)?,
            confidence: one("confidence", self.confidence, other.confidence)?,
            volatility: self.volatility,
            mark: one("mark", self.mark, other.mark)?,
            order_price: self.order_price,
            // Every position has its own.
            entry_price: None,
        })
    }
}

/// An asset put up as collateral.
#[derive(Clone, Debug)]
pub struct Collateral {
    /// What it is.
    pub asset: String,
    /// What moves its price; `None`: the account's only price source, or none.
    pub source: Option<PriceSource>,
    /// How much.
    pub amount: Quantity,
    /// The price of a unit in what the settlement currency is pegged to; `None`: its price source's.
    pub price: Option<f64>,
    /// How far that is to be trusted, from 0 to 1.
    pub confidence: f64,
    /// Whether its value moves with its price source in the scenarios; `None`: as the method says.
    pub cancels_risk: Option<bool>,
    /// The parts of its value that do not count, for maintenance and initially besides; `None`: as the method says.
    pub haircuts: Option<(Ratio, Ratio)>,
}

/// Why an account has no requirement: the caller's fault, or what the market does not know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountFault {
    /// The place in the account (`positions[3]`, `collateral[0]`).
    pub place: String,
    /// What is wrong, for a person.
    pub message: String,
}

/// The same of a position.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PositionFault {
    /// Where it stands.
    pub place: Place,
    /// What is wrong, for a person.
    pub message: String,
}

impl From<Vec<PositionFault>> for AccountError {
    fn from(faults: Vec<PositionFault>) -> Self {
        Self::Account(faults.into_iter().map(AccountFault::from).collect())
    }
}

impl From<PositionFault> for AccountFault {
    fn from(fault: PositionFault) -> Self {
        Self { place: fault.place.to_string(), message: fault.message }
    }
}

/// Why there is no result.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum AccountError {
    /// Positions or collateral that cannot be margined, all of them.
    #[error("{}", .0.iter().map(|fault| format!("{}: {}", fault.place, fault.message)).collect::<Vec<_>>().join("; "))]
    Account(Vec<AccountFault>),
    /// Numbers beyond the exact range.
    #[error("the account is too large: {0}")]
    TooLarge(#[from] Overflow),
}

impl MarginAccount {
    /// The most positions, and the most assets put up.
    pub const MOST_ENTRIES: usize = 25_000;

    /// Every position with its place.
    pub fn positions(&self) -> impl Iterator<Item = (Place, &HeldPosition)> {
        let is_single = self.position_accounts.len() == 1 && self.position_accounts[0].name.is_empty();
        self.position_accounts.iter().enumerate().flat_map(move |(account, own)| {
            let place = move |position| Place { account: (!is_single).then_some(account), position };
            own.positions.iter().enumerate().map(move |(position, held)| (place(position), held))
        })
    }

    /// The positions, netted by contract; what one of them states of its price holds for all. Orders at several prices, and what is stated with several volatilities, stay apart.
    ///
    /// # Errors
    /// Contracts of which more is held than can be, or of which two positions state different prices or marks.
    pub fn netted(&self) -> Result<Vec<Netted<'_>>, Vec<PositionFault>> {
        let mut by_key: BTreeMap<Key<'_>, Netted<'_>> = BTreeMap::new();
        let mut faults = Vec::new();
        for (place, held) in self.positions() {
            let (total, parts, entries) = (Quantity::ZERO, Vec::new(), Vec::new());
            let empty = || Netted { place, held, stated: held.stated, total, parts, entries };
            let own = by_key.entry(Key::of(held)).or_insert_with(empty);
            own.parts.push((place.account(), held.quantity));
            own.entries.extend(held.stated.entry_price.map(|price| Entry { quantity: held.quantity, price }));
            match own.stated.with(held.stated) {
                Ok(stated) => own.stated = stated,
                Err(fault) => {
                    let message = format!("{fault} by {} of the same contract", own.place);
                    faults.push(PositionFault { place, message });
                }
            }
            match own.total.plus(held.quantity) {
                Ok(total) => own.total = total,
                Err(overflow) => {
                    let message = format!("quantity: {overflow}");
                    faults.push(PositionFault { place, message });
                }
            }
        }
        if faults.is_empty() { Ok(by_key.into_values().collect()) } else { Err(faults) }
    }
}

/// What all position accounts hold of one contract.
#[derive(Clone, Debug)]
pub struct Netted<'a> {
    /// The first position in it.
    pub place: Place,
    /// That position.
    pub held: &'a HeldPosition,
    /// What all of them state.
    pub stated: Stated,
    /// The sum.
    pub total: Quantity,
    /// What each position account holds.
    pub parts: Vec<(usize, Quantity)>,
    /// The positions that state what they were traded at.
    pub entries: Vec<Entry>,
}

/// What was traded at a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// How much.
    pub quantity: Quantity,
    /// The price; not zero.
    pub price: Decimal,
}

impl Entry {
    /// What it has gained at a price: `(price - entry) multiplier` for each unit; of an inverse contract `price / entry - 1` for each coin at
    /// the price, or `multiplier (1 / entry - 1 / price)` for each contract.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn gain(self, contract: &Specification, counted: Counted, price: f64) -> Result<Money, Overflow> {
        // The shortest text that means the double is what somebody quoted.
        let quoted = Decimal::parse(&price.to_string());
        let price = quoted.map_or_else(|_| Money::from_f64_half_away(price), Money::from_decimal)?;
        let terms = contract.terms();
        let one = Money::from_raw(Ratio::ONE.raw());
        let of_unit = match (&terms.settlement, counted) {
            (Settlement::Inverse { .. }, Counted::Coins) => price.over_half_away(self.price)?.minus(one)?,
            (Settlement::Inverse { .. }, Counted::Contracts) => {
                let worth = Money::from_decimal(terms.multiplier)?;
                worth.over_half_away(self.price)?.minus(worth.prorated_half_away(one, price)?)?
            }
            (Settlement::Premium | Settlement::FuturesStyle, Counted::Coins | Counted::Contracts) => {
                price.minus(Money::from_decimal(self.price)?)?.times_half_away(terms.multiplier)?
            }
        };
        of_unit.times_quantity_half_away(self.quantity)
    }
}

impl Netted<'_> {
    /// What the positions with an entry price have gained at a price, each counted as the caller says.
    pub(crate) fn gained(&self, price: f64, counted: impl Fn(Money) -> Money) -> Result<Money, Overflow> {
        let (contract, by) = (&self.held.contract, self.held.counted);
        self.entries
            .iter()
            .try_fold(Money::ZERO, |sum, entry| sum.plus(counted(entry.gain(contract, by, price)?)))
    }
}

/// What tells contracts apart, in the order in which they are margined.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Key<'a> {
    source: &'a PriceSource,
    kind: u8,
    expiry: Option<Moment>,
    strike: Decimal,
    right: Option<OptionRight>,
    multiplier: Decimal,
    counted: Counted,
    /// Normal, inverse, paid in full.
    style: (bool, bool, bool),
    /// Positions that state different volatilities are valued each with its own; so are orders with different prices.
    stated: [Option<u64>; 2],
}

impl<'a> Key<'a> {
    fn of(held: &'a HeldPosition) -> Self {
        let terms = held.contract.terms();
        let (kind, strike, right, is_normal) = match &terms.instrument {
            Instrument::Asset => (0, Decimal::ZERO, None, false),
            Instrument::Perpetual => (1, Decimal::ZERO, None, false),
            Instrument::Future { .. } => (2, Decimal::ZERO, None, false),
            Instrument::Option { strike, right, model, .. } => {
                (3, strike.normalized(), Some(*right), *model == OptionModel::Normal)
            }
        };
        let is_inverse = matches!(terms.settlement, Settlement::Inverse { .. });
        Self {
            source: &terms.price_source,
            kind,
            expiry: held.contract.expiry(),
            strike,
            right,
            multiplier: terms.multiplier.normalized(),
            // Of all others it is the same.
            counted: if is_inverse && kind != 3 { held.counted } else { Counted::Contracts },
            style: (is_normal, is_inverse, terms.settlement == Settlement::Premium),
            stated: [held.stated.volatility, held.stated.order_price].map(|own| own.map(f64::to_bits)),
        }
    }
}

/// Where a position stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    account: Option<usize>,
    position: usize,
}

impl Place {
    /// The position account, from 0.
    #[must_use]
    pub fn account(self) -> usize {
        self.account.unwrap_or_default()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(account) = self.account {
            write!(f, "position_accounts[{account}].")?;
        }
        write!(f, "positions[{}]", self.position)
    }
}
