//! The positions of a margin account as what margins them has them, and what they require.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::exposure::{Position, Unmargined, positions};
use super::house::HouseSnapshot;
use super::missing::{Missing, MissingKind};
use super::netted::Netted;
use super::standing::StandingError;
use super::state::{Group, MarginTerms};
use crate::contract::ContractId;
use crate::grid::{Catalogue, GridRow};
use crate::parameters::{CommodityIndex, ParameterSet};
use crate::report::{AccountLevels, CurrencyRequirement, required};
use crate::scenario::Row;
use crate::span::{Margining, Pocket, Portfolio, UnmatchedReason};
use crate::types::{AccountName, Currency, Money, Overflow};

/// The positions of a margin account.
#[derive(Clone, Debug)]
pub enum Held {
    /// Under a parameter set.
    Span(SpanHeld),
    /// Under a method.
    Grid(GridHeld),
    /// Under nothing: the house lacks what margins the account, and its positions are charged one by one.
    Nothing(Box<Missing>),
}

/// What each position account holds of each row, and apart from that what is to be delivered (`true`).
pub(super) type Pockets = BTreeMap<(AccountName, CommodityIndex, Row, bool), Pocket>;

/// Positions by the rows of a parameter set.
#[derive(Clone, Debug)]
pub struct SpanHeld {
    /// The set.
    pub set: Arc<ParameterSet>,
    /// The positions.
    pub portfolio: Arc<Portfolio>,
    /// Where longs and shorts stand apart: what each position account holds of each row.
    pub(super) pockets: Option<Arc<Pockets>>,
    /// The account's levels.
    pub levels: AccountLevels,
    /// What it has to have for them.
    pub required: Vec<CurrencyRequirement>,
}

/// Positions by the rows of a house's contracts under a method.
#[derive(Clone, Debug)]
pub struct GridHeld {
    /// The contracts.
    pub catalogue: Arc<Catalogue>,
    /// Lots of every row, ascending.
    pub lots: Arc<[(GridRow, i64)]>,
    /// What it has to have for them.
    pub required: Vec<CurrencyRequirement>,
    /// What contracts that are paid in full are worth: equity, in the method's currency.
    pub value: Money,
}

impl Held {
    /// The positions of a margin account; those that cannot be margined are listed apart.
    pub(super) fn of(
        group: &Group,
        house: &HouseSnapshot,
        netted: &Netted,
        terms: &MarginTerms,
        unmargined: &mut Vec<Unmargined>,
    ) -> Result<Self, StandingError> {
        let nothing = |unmargined: &mut Vec<Unmargined>| {
            let lack = house.lacks(terms);
            let mut lack = lack.unwrap_or_else(|| Missing::new(MissingKind::Margining, "", true));
            lack.account = Some(netted.margin_account.clone());
            for own in positions(group, house, netted, terms, terms.margining()) {
                unmargined.push(own.unmargined(
                    house,
                    UnmatchedReason::UnknownContract,
                    lack.detail.clone(),
                )?);
            }
            Ok(Self::Nothing(Box::new(lack)))
        };
        match terms {
            MarginTerms::Span { account_type, .. } => {
                let Some(set) = house.set() else { return nothing(unmargined) };
                let Ok(levels) = AccountLevels::of(set, account_type.as_deref()) else {
                    return nothing(unmargined);
                };
                let (mut rows, mut pockets) = (Vec::new(), Pockets::new());
                let margining = terms.margining();
                for own in positions(group, house, netted, terms, margining) {
                    match house.rows(own.contract) {
                        Ok(listed) => {
                            rows.extend(span_rows(listed, &own.sides));
                            if margining.has_sides() {
                                own.keep(listed, &mut pockets);
                            }
                        }
                        Err(reason) => unmargined.push(own.unmargined(house, reason, String::new())?),
                    }
                }
                let portfolio = Portfolio::of_rows(set, rows.into_iter(), margining)
                    .map_err(|error| StandingError::TooLarge(error.to_string()))?;
                let pockets = margining.has_sides().then(|| Arc::new(pockets));
                let held = SpanHeld::new(Arc::clone(set), portfolio, levels)?;
                Ok(Self::Span(SpanHeld { pockets, ..held }))
            }
            MarginTerms::Method { method, .. } => {
                let Some(catalogue) = house.catalogue(method) else { return nothing(unmargined) };
                let mut lots = Vec::new();
                for own in positions(group, house, netted, terms, Margining::Net) {
                    match catalogue.contract(own.contract) {
                        Some(Ok(contract)) => lots.push((contract.row, own.sides.iter().sum())),
                        Some(Err(reason)) => {
                            let reason = (UnmatchedReason::NoPrice, reason.to_owned());
                            unmargined.push(own.unmargined(house, reason.0, reason.1)?);
                        }
                        None => {
                            let reason = UnmatchedReason::UnknownContract;
                            unmargined.push(own.unmargined(house, reason, String::new())?);
                        }
                    }
                }
                Ok(Self::Grid(GridHeld::new(Arc::clone(catalogue), lots.into_iter())?))
            }
        }
    }

    /// What they require, by currency, ascending.
    #[must_use]
    pub fn required(&self) -> &[CurrencyRequirement] {
        match self {
            Self::Span(own) => &own.required,
            Self::Grid(own) => &own.required,
            Self::Nothing(_) => &[],
        }
    }

    /// What of them is equity: under a set their value is in the requirement.
    #[must_use]
    pub fn value(&self) -> Option<(&Currency, Money)> {
        match self {
            Self::Span(_) | Self::Nothing(_) => None,
            Self::Grid(own) => Some((&own.catalogue.method().currency, own.value)),
        }
    }

    /// With lots of contracts added; `None` where positions have to be read again.
    pub(super) fn moved(
        &self,
        house: &HouseSnapshot,
        moved: &[(ContractId, i64)],
    ) -> Result<Option<Self>, StandingError> {
        match self {
            Self::Span(own) => {
                if own.portfolio.margining() == Margining::GrossSides {
                    return Ok(None);
                }
                let mut rows = Vec::new();
                for (contract, lots) in moved {
                    let Ok(listed) = house.rows(*contract) else { return Ok(None) };
                    rows.extend(span_rows(listed, &[*lots]));
                }
                let portfolio = own.portfolio.with(&own.set, rows.into_iter());
                let portfolio = portfolio.map_err(|error| StandingError::TooLarge(error.to_string()))?;
                SpanHeld::new(Arc::clone(&own.set), portfolio, own.levels).map(|own| Some(Self::Span(own)))
            }
            Self::Grid(own) => {
                let mut lots = own.lots.to_vec();
                for (contract, more) in moved {
                    let Some(Ok(contract)) = own.catalogue.contract(*contract) else { return Ok(None) };
                    lots.push((contract.row, *more));
                }
                Ok(Some(Self::Grid(GridHeld::new(Arc::clone(&own.catalogue), lots.into_iter())?)))
            }
            Self::Nothing(_) => Ok(None),
        }
    }
}

impl Position<'_> {
    /// Adds it to what its account holds of its rows.
    fn keep(&self, listed: &[(CommodityIndex, Row)], pockets: &mut Pockets) {
        let lots = self.sides.iter();
        let (long, short): (i64, i64) = (
            lots.clone().map(|lots| (*lots).max(0)).sum(),
            lots.map(|lots| lots.saturating_neg().max(0)).sum(),
        );
        for &(commodity, row) in listed {
            let nothing = Pocket { commodity, row, long: 0, short: 0, nets: self.nets };
            let own =
                pockets.entry((self.account.clone(), commodity, row, self.is_delivery)).or_insert(nothing);
            (own.long, own.short) = (own.long.saturating_add(long), own.short.saturating_add(short));
        }
    }
}

fn span_rows(listed: &[(CommodityIndex, Row)], sides: &[i64]) -> Vec<(CommodityIndex, Row, i64)> {
    let of_row = |(commodity, row): &(CommodityIndex, Row)| {
        let (commodity, row) = (*commodity, *row);
        sides.iter().filter(|lots| **lots != 0).map(move |lots| (commodity, row, *lots))
    };
    listed.iter().flat_map(of_row).collect()
}

impl SpanHeld {
    fn new(
        set: Arc<ParameterSet>,
        portfolio: Portfolio,
        levels: AccountLevels,
    ) -> Result<Self, StandingError> {
        let required = required(&set, &portfolio, set.rounding(), levels)
            .map_err(|error| StandingError::TooLarge(error.to_string()))?;
        Ok(Self { set, portfolio: Arc::new(portfolio), pockets: None, levels, required })
    }
}

impl GridHeld {
    fn new(catalogue: Arc<Catalogue>, lots: impl Iterator<Item = (GridRow, i64)>) -> Result<Self, Overflow> {
        let mut by_row: BTreeMap<GridRow, i64> = BTreeMap::new();
        for (row, lots) in lots {
            let sum = by_row.entry(row).or_default();
            *sum = sum.checked_add(lots).ok_or(Overflow)?;
        }
        by_row.retain(|_, lots| *lots != 0);
        let lots: Arc<[(GridRow, i64)]> = by_row.into_iter().collect();
        let result = catalogue.margin(&lots)?;
        let required = CurrencyRequirement {
            currency: catalogue.method().currency.clone(),
            risk: result.market_risk,
            net_option_value: Money::ZERO,
            initial: result.requirement.initial,
            maintenance: result.requirement.maintenance,
        };
        let required = if lots.is_empty() { Vec::new() } else { vec![required] };
        Ok(Self { catalogue, lots, required, value: result.equity.position_value })
    }
}
