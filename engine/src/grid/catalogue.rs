//! The contracts of a house, priced once under a method and a market, and what any quantities of them have to have.
//!
//! A row is one contract of a price source with its values in every cell; it is shared by all accounts until the market moves. What
//! an account requires comes out of the same steps as a calculation of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ndarray::Axis;

use super::book::{self, RowKind, SourceBook};
use super::extent::Extent;
use super::sources::Priced;
use super::values::{self, Values};
use super::whole::Scales;
use super::{GridResult, assembled};
use crate::account::{
    AccountError, Counted, HeldPosition, MarginAccount, PositionAccount, PositionFault, Stated,
};
use crate::contract::{ContractId, Specification};
use crate::market::{QuoteUsed, Snapshot};
use crate::parameters::method::{GridMethod, Method, MethodKind};
use crate::types::{Currency, Decimal, Money, Overflow, PriceSource, Quantity, Ratio};

/// The place of a contract in a catalogue.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct GridRow {
    pub(super) source: usize,
    pub(super) row: usize,
}

/// Why a method margins no account of a live book.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotForBooks {
    /// It has no scenarios: it margins by formula, or makes parameter sets.
    NoGrid,
    /// Every position stands alone, with collateral of its own.
    Isolated,
}

impl fmt::Display for NotForBooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoGrid => "the method has no scenario grid: margin accounts of a book need one",
            Self::Isolated => "the method margins every position by itself, with collateral of its own",
        })
    }
}

/// A contract in the market.
#[derive(Clone, Debug)]
pub struct GridContract {
    /// Its row.
    pub row: GridRow,
    /// The currency of its price and of its results.
    pub currency: Currency,
    /// Its price in this market.
    pub price: Decimal,
    /// What one lot is worth to its holder: of what is paid in full its value, else nothing.
    pub value: Money,
    /// The oldest quote that these rest on.
    pub oldest_quote: Option<QuoteUsed>,
}

/// All contracts under a method: immutable, one for every market.
#[derive(Debug)]
pub struct Catalogue {
    method: Arc<Method>,
    grid: GridMethod,
    /// What the settlement currency is worth of what it is pegged to.
    stable: Ratio,
    pub(super) sources: Vec<(SourceBook, Arc<Values>)>,
    contracts: BTreeMap<ContractId, Result<GridContract, String>>,
}

impl Catalogue {
    /// Prices contracts. One that cannot be priced has a reason in place of a row; so has one that has ended by the time of the market: a
    /// forward from before its expiry says nothing any more.
    ///
    /// # Errors
    /// [`NotForBooks`] for a method that margins no accounts of a book.
    pub fn new<'a>(
        method: &Arc<Method>,
        snapshot: &Snapshot,
        contracts: impl IntoIterator<Item = (ContractId, &'a Specification)>,
    ) -> Result<Self, NotForBooks> {
        let MethodKind::Grid(grid) = &method.kind else { return Err(NotForBooks::NoGrid) };
        if method.is_isolated {
            return Err(NotForBooks::Isolated);
        }
        let pricing = Pricing { method, grid, snapshot };
        let mut own = Self {
            method: Arc::clone(method),
            grid: grid.as_ref().clone(),
            stable: Ratio::from_f64_half_away(snapshot.peg(&method.currency)).unwrap_or(Ratio::ONE),
            sources: Vec::new(),
            contracts: BTreeMap::new(),
        };
        let all: Vec<(ContractId, &Specification)> = contracts.into_iter().collect();
        let (ended, mut left): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, contract)| contract.has_ended(snapshot.time()));
        for (id, _) in ended {
            own.contracts.insert(id, Err("it has ended and awaits its settlement price".to_owned()));
        }
        loop {
            match pricing.priced(&left) {
                Ok(sources) => {
                    own.list(sources, &left);
                    return Ok(own);
                }
                // Every fault names a contract, so that fewer are left each time.
                Err(faults) => {
                    let reasons: BTreeMap<usize, String> =
                        faults.into_iter().map(|fault| (fault.place.account(), fault.message)).collect();
                    for (place, (id, contract)) in std::mem::take(&mut left).into_iter().enumerate() {
                        match reasons.get(&place) {
                            Some(reason) => drop(own.contracts.insert(id, Err(reason.clone()))),
                            None => left.push((id, contract)),
                        }
                    }
                }
            }
        }
    }

    fn list(&mut self, sources: Vec<(SourceBook, Arc<Values>)>, contracts: &[(ContractId, &Specification)]) {
        for (source, (book, values)) in sources.iter().enumerate() {
            for (row, own) in book.rows.iter().enumerate() {
                for (account, _) in &own.parts {
                    let (id, contract) = contracts[*account];
                    let listed = values.mark(row).and_then(|mark| listed(own, mark, contract));
                    let listed = listed.map(|(price, value)| {
                        let row = GridRow { source, row };
                        let (currency, oldest_quote) = (contract.settled_in().clone(), own.oldest.clone());
                        GridContract { row, currency, price, value, oldest_quote }
                    });
                    let listed = listed.map_err(|overflow| overflow.to_string());
                    self.contracts.insert(id, listed);
                }
            }
        }
        self.sources = sources;
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    pub(super) const fn grid(&self) -> &GridMethod {
        &self.grid
    }

    pub(super) fn initial_factor(&self) -> Result<Ratio, Overflow> {
        super::initial_factor(&self.grid, self.stable)
    }

    /// How many contracts have values, and how many have none.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let priced = self.contracts.values().filter(|own| own.is_ok()).count();
        (priced, self.contracts.len() - priced)
    }

    /// A contract, or why it has no values; `None` for one that nobody has specified.
    #[must_use]
    pub fn contract(&self, id: ContractId) -> Option<Result<&GridContract, &str>> {
        self.contracts.get(&id).map(|own| own.as_ref().map_err(String::as_str))
    }

    /// The contracts that have values, ascending.
    pub fn priced(&self) -> impl Iterator<Item = ContractId> + '_ {
        self.contracts.iter().filter(|(_, own)| own.is_ok()).map(|(id, _)| *id)
    }

    /// The oldest quote that the numbers of a row rest on.
    pub(crate) fn oldest_quote(&self, row: GridRow) -> Option<&QuoteUsed> {
        self.sources.get(row.source)?.0.rows.get(row.row)?.oldest.as_ref()
    }

    /// The price source of a row.
    #[must_use]
    pub fn source(&self, row: GridRow) -> &PriceSource {
        &self.sources[row.source].0.source
    }

    /// The numbers of lots of contracts; several of one row are added up.
    ///
    /// # Errors
    /// [`Overflow`] when a number does not fit.
    pub fn margin(&self, lots: &[(GridRow, i64)]) -> Result<GridResult, Overflow> {
        let mut held: BTreeMap<GridRow, i64> = BTreeMap::new();
        for (row, lots) in lots {
            let sum = held.entry(*row).or_default();
            *sum = sum.checked_add(*lots).ok_or(Overflow)?;
        }
        let mut extents = Vec::with_capacity(held.len());
        for (row, lots) in held {
            let quantity = Quantity::from_decimal_half_away(Decimal::whole(lots))?;
            extents.push((row, Extent::of(quantity)));
        }
        let priced = Priced { sources: self.chosen(&extents), collateral: Vec::new() };
        match assembled(&self.grid, self.stable, &MarginAccount::default(), &priced) {
            Ok(result) => Ok(result),
            // Everything has been priced.
            Err(AccountError::TooLarge(overflow)) => Err(overflow),
            Err(AccountError::Account(_)) => Err(Overflow),
        }
    }

    /// The price sources with the rows of which there may be some; rows ascend.
    pub(super) fn chosen(&self, rows: &[(GridRow, Extent)]) -> Vec<(SourceBook, Arc<Values>)> {
        let mut chosen = Vec::new();
        let held: Vec<&(GridRow, Extent)> = rows.iter().filter(|(_, held)| !held.is_nothing()).collect();
        for own in held.chunk_by(|a, b| a.0.source == b.0.source) {
            let (book, values) = &self.sources[own[0].0.source];
            let places: Vec<usize> = own.iter().map(|(row, _)| row.row).collect();
            let rows = own.iter().map(|(row, held)| book::Row {
                held: *held,
                gained: Money::ZERO,
                parts: Vec::new(),
                ..book.rows[row.row].clone()
            });
            let values = Values {
                cells: values.cells.select(Axis(0), &places),
                marks: places.iter().map(|place| values.marks[*place]).collect(),
                row_scales: places.iter().map(|place| values.row_scales[*place]).collect(),
                deltas: places.iter().map(|place| values.deltas[*place]).collect(),
                scales: values.scales,
            };
            let book = SourceBook { rows: rows.collect(), ..book.without_rows() };
            chosen.push((book, Arc::new(values)));
        }
        chosen
    }
}

struct Pricing<'a> {
    method: &'a Method,
    grid: &'a GridMethod,
    snapshot: &'a Snapshot,
}

impl Pricing<'_> {
    /// Contracts, each as a position account of its own, of which nothing is held.
    fn priced(
        &self,
        contracts: &[(ContractId, &Specification)],
    ) -> Result<Vec<(SourceBook, Arc<Values>)>, Vec<PositionFault>> {
        let accounts = contracts.iter().map(|(id, contract)| PositionAccount {
            name: id.number().to_string(),
            positions: vec![HeldPosition {
                contract: (*contract).clone(),
                quantity: Quantity::ZERO,
                counted: Counted::Contracts,
                stated: Stated::default(),
                unrealised_profit: Money::ZERO,
                unrealised_funding: Money::ZERO,
                collateral: Money::ZERO,
            }],
        });
        let account = MarginAccount { position_accounts: accounts.collect(), ..MarginAccount::default() };
        let books = book::books(&account, self.snapshot, self.method, &self.grid.valuation);
        let shocks = values::shocks(self.grid);
        let (mut priced, mut faults) = (Vec::new(), Vec::new());
        for book in books? {
            match values::values(&book, self.grid, &shocks, Scales::new(self.method.places)) {
                Ok(values) => priced.push((book, Arc::new(values))),
                Err(own) => faults.extend(own),
            }
        }
        if faults.is_empty() { Ok(priced) } else { Err(faults) }
    }
}

/// The price of a contract, and what a lot of it is worth to its holder.
fn listed(row: &book::Row, mark: Money, contract: &Specification) -> Result<(Decimal, Money), Overflow> {
    let multiplier = contract.terms().multiplier.normalized();
    // The product with the multiplier is exact at eighteen places.
    let places = 18_u8.saturating_sub(multiplier.places());
    let price = match row.kind {
        RowKind::Asset { price } | RowKind::Perpetual { price, .. } | RowKind::Future { price, .. } => {
            // The shortest text that means the double is what somebody quoted.
            let quoted = Decimal::parse(&price.to_string());
            quoted.or_else(|_| Money::from_f64_half_away(price)?.to_decimal_half_away(places))?
        }
        RowKind::Option { .. } => mark.over_half_away(multiplier)?.to_decimal_half_away(places)?,
    };
    Ok((price, if row.is_paid { mark } else { Money::ZERO }))
}
