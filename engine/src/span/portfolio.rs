//! Positions as callers name them, found in a set and grouped by commodity.

use serde::{Deserialize, Serialize};

use super::away::{self, AwayDelta};
use crate::contract::{ContractKey, ContractQuery};
use crate::parameters::{Candidate, Candidates, CommodityIndex, Listing, Match, ParameterSet};
use crate::scenario::{Row, ScenarioSums};
use crate::types::{Delta, Lots, LotsError};

/// A position as a caller names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Position {
    /// The contract.
    pub contract: ContractQuery,
    /// How many, long positive.
    pub lots: Lots,
}

/// The lists of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EntryList {
    /// Positions.
    Positions,
    /// Deltas held elsewhere.
    Away,
}

/// What is wrong with one entry of a list of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryFault {
    /// The list.
    pub list: EntryList,
    /// The place in the list, from 0.
    pub index: usize,
    /// The field, as callers write it; empty for the entry itself.
    pub field: &'static str,
    /// What is wrong, for the caller.
    pub message: String,
}

impl EntryFault {
    const fn position(index: usize, field: &'static str, message: String) -> Self {
        Self { list: EntryList::Positions, index, field, message }
    }

    /// The path from the request, as callers write it: `positions[3].strike`.
    #[must_use]
    pub fn path(&self) -> String {
        let list = match self.list {
            EntryList::Positions => "positions",
            EntryList::Away => "away",
        };
        let dot = if self.field.is_empty() { "" } else { "." };
        format!("{list}[{}]{dot}{}", self.index, self.field)
    }
}

/// Why a contract cannot be margined with a set.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum UnmatchedReason {
    /// The set does not list it.
    UnknownContract,
    /// The set has no risk array for it.
    NoRiskArray,
    /// The set has no price for it, and its option value counts.
    NoPrice,
    /// Its kind of product is not calculated.
    ProductNotCalculated,
}

impl UnmatchedReason {
    /// Every reason, with its name in reports.
    pub const NAMES: [(Self, &'static str); 4] = [
        (Self::UnknownContract, "unknown_contract"),
        (Self::NoRiskArray, "no_risk_array"),
        (Self::NoPrice, "no_price"),
        (Self::ProductNotCalculated, "product_not_calculated"),
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(reason, _)| *reason == self).map_or("", |(_, name)| name)
    }

    /// The reason with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(reason, _)| *reason)
    }
}

/// A position that cannot be margined with a set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unmatched {
    /// The place in the request, from 0.
    pub position: usize,
    /// The contract as the caller named it.
    pub contract: ContractQuery,
    /// How many.
    pub lots: Lots,
    /// Why.
    pub reason: UnmatchedReason,
}

/// How the positions of an account are netted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Margining {
    /// Longs against shorts, with spreads.
    #[default]
    Net,
    /// Every position account of a margin account netted by itself, with its spreads, then summed: what houses and EMIR mean by gross. One
    /// portfolio is one position account: it is netted.
    GrossByClient,
    /// Longs and shorts apart, without spreads: an omnibus account whose clients are not known.
    #[serde(alias = "gross")]
    GrossSides,
}

impl Margining {
    /// Whether longs and shorts of one portfolio stand apart.
    #[must_use]
    pub const fn has_sides(self) -> bool {
        matches!(self, Self::GrossSides)
    }
}

/// The positions in one commodity.
#[derive(Clone, Debug)]
pub struct Holding {
    /// The commodity.
    pub commodity: CommodityIndex,
    /// Rows of its matrix, ascending, each once; in a gross account once long and once short.
    pub positions: Vec<(Row, Lots)>,
    /// The losses of all of them by scenario, where they are kept while positions come and go.
    pub sums: Option<Box<ScenarioSums>>,
}

/// Positions found in a set.
#[derive(Clone, Debug)]
pub struct Portfolio {
    holdings: Vec<Holding>,
    super_spreads: Candidates,
    inter_spreads: Candidates,
    super_clear_spreads: Candidates,
    clear_spreads: Candidates,
    away: Vec<Delta>,
    unmatched: Vec<Unmatched>,
    margining: Margining,
}

impl Portfolio {
    /// The most positions of one portfolio; [`Lots::MAX`] and this bound every sum, and a message of 4 MiB holds so many
    /// with every field at its longest.
    pub const MOST_POSITIONS: usize = 25_000;
    /// The most faults of one portfolio that are described.
    pub const MOST_FAULTS: usize = 1_000;

    /// Finds every position in the set; several in one contract are one.
    ///
    /// # Errors
    /// An [`EntryFault`] for each contract that the query does not name uniquely or of which there are too many lots, the
    /// first [`Self::MOST_FAULTS`] of them, or one for too many positions; and one for each delta held elsewhere that the
    /// set's spreads do not know or that is stated twice.
    pub fn resolve(
        set: &ParameterSet,
        positions: &[Position],
        away: &[AwayDelta],
        margining: Margining,
    ) -> Result<Self, Vec<EntryFault>> {
        if positions.len() > Self::MOST_POSITIONS {
            let message =
                format!("{} positions: at most {} are calculated", positions.len(), Self::MOST_POSITIONS);
            return Err(vec![EntryFault::position(Self::MOST_POSITIONS, "positions", message)]);
        }
        let (mut faults, mut unmatched) = (Vec::new(), Vec::new());
        let mut found = Vec::with_capacity(positions.len());
        for (position, Position { contract, lots }) in positions.iter().enumerate() {
            if faults.len() == Self::MOST_FAULTS {
                break;
            }
            let mut held = |commodity, row| found.push(Found { commodity, row, lots: lots.get(), position });
            let reason = match set.listings().find(contract) {
                Match::One(Listing::Row(commodity, row)) => {
                    held(commodity, row);
                    continue;
                }
                Match::One(Listing::Split(split)) => {
                    set.listings().split(split).iter().for_each(|&(commodity, row)| held(commodity, row));
                    continue;
                }
                Match::Several(keys) => {
                    faults.push(ambiguous(position, contract, &keys));
                    continue;
                }
                Match::None => UnmatchedReason::UnknownContract,
                Match::One(Listing::NoArray) => UnmatchedReason::NoRiskArray,
                Match::One(Listing::NoPrice) => UnmatchedReason::NoPrice,
                Match::One(Listing::NotCalculated) => UnmatchedReason::ProductNotCalculated,
            };
            unmatched.push(Unmatched { position, contract: contract.clone(), lots: *lots, reason });
        }
        let holdings = grouped(found, margining, &mut faults);
        let away = away::resolve(set, away, margining, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self::of(set, holdings, away, unmatched, margining))
    }

    /// Positions by their rows: several of a row are one.
    ///
    /// # Errors
    /// [`LotsError`] where a row has too many.
    pub fn of_rows(
        set: &ParameterSet,
        rows: impl Iterator<Item = (CommodityIndex, Row, i64)>,
        margining: Margining,
    ) -> Result<Self, LotsError> {
        Self::of(set, Vec::new(), Vec::new(), Vec::new(), margining).with(set, rows)
    }

    /// The same account with more lots of some rows, without deltas held elsewhere. Of a net account only the commodities of those rows
    /// are looked at, and their losses by scenario are added up from what is kept.
    ///
    /// # Errors
    /// [`LotsError`] where a row has too many then.
    pub fn with(
        &self,
        set: &ParameterSet,
        more: impl Iterator<Item = (CommodityIndex, Row, i64)>,
    ) -> Result<Self, LotsError> {
        let more = more.map(|(commodity, row, lots)| Found { commodity, row, lots, position: 0 });
        let mut faults = Vec::new();
        let holdings = match self.margining {
            Margining::Net | Margining::GrossByClient => {
                let changes = grouped(more.collect(), Margining::Net, &mut faults);
                let mut holdings = self.holdings.clone();
                changes.into_iter().try_for_each(|change| added(set, &mut holdings, change))?;
                holdings
            }
            Margining::GrossSides => {
                let held = self.holdings.iter().flat_map(|own| {
                    own.positions.iter().map(|(row, lots)| (own.commodity, *row, lots.get()))
                });
                let held = held.map(|(commodity, row, lots)| Found { commodity, row, lots, position: 0 });
                grouped(held.chain(more).collect(), Margining::GrossSides, &mut faults)
            }
        };
        if !faults.is_empty() {
            return Err(LotsError::TooLarge);
        }
        Ok(Self::of(set, holdings, Vec::new(), self.unmatched.clone(), self.margining))
    }

    /// Holdings with the spreads that they may form.
    fn of(
        set: &ParameterSet,
        holdings: Vec<Holding>,
        away: Vec<Delta>,
        unmatched: Vec<Unmatched>,
        margining: Margining,
    ) -> Self {
        let held: Vec<CommodityIndex> = holdings.iter().map(|holding| holding.commodity).collect();
        let super_spreads = set.super_spreads().candidates(&held, &[]);
        let inter_spreads =
            set.inter_spreads().candidates(&held, &[(set.super_spreads(), super_spreads.as_slice())]);
        let (mut super_clear_spreads, mut clear_spreads) = Default::default();
        if !away.is_empty() {
            let mut before = vec![(set.super_spreads(), super_spreads.as_slice())];
            super_clear_spreads = set.super_clear_spreads().candidates(&held, &before);
            before.push((set.inter_spreads(), inter_spreads.as_slice()));
            clear_spreads = set.clear_spreads().candidates(&held, &before);
        }
        Self {
            holdings,
            super_spreads,
            inter_spreads,
            super_clear_spreads,
            clear_spreads,
            away,
            unmatched,
            margining,
        }
    }

    /// How the positions are netted.
    #[must_use]
    pub const fn margining(&self) -> Margining {
        self.margining
    }

    /// The positions by commodity.
    #[must_use]
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// The super-spreads that may form.
    #[must_use]
    pub fn super_spreads(&self) -> &[Candidate] {
        &self.super_spreads
    }

    /// The spreads between commodities that may form.
    #[must_use]
    pub fn inter_spreads(&self) -> &[Candidate] {
        &self.inter_spreads
    }

    /// The spreads with other clearing organisations that may form before the intra-commodity spreads.
    #[must_use]
    pub fn super_clear_spreads(&self) -> &[Candidate] {
        &self.super_clear_spreads
    }

    /// The spreads with other clearing organisations that may form after all others.
    #[must_use]
    pub fn clear_spreads(&self) -> &[Candidate] {
        &self.clear_spreads
    }

    /// Deltas held elsewhere, by the places of the set; none where nothing is stated.
    #[must_use]
    pub fn away(&self) -> &[Delta] {
        &self.away
    }

    /// The positions that cannot be margined with the set, in the order of the request.
    #[must_use]
    pub fn unmatched(&self) -> &[Unmatched] {
        &self.unmatched
    }
}

/// Lots of one row, from the position at this place of the request.
struct Found {
    commodity: CommodityIndex,
    row: Row,
    lots: i64,
    position: usize,
}

fn ambiguous(position: usize, contract: &ContractQuery, keys: &[ContractKey]) -> EntryFault {
    let names: Vec<String> = keys.iter().take(10).map(ToString::to_string).collect();
    let message = format!("{contract} may be any of {}", names.join("; "));
    let exchanges_differ = keys.iter().any(|key| key.exchange != keys[0].exchange);
    let field = if exchanges_differ { "exchange" } else { "underlying_period" };
    EntryFault::position(position, field, message)
}

/// Adds positions of a commodity to holdings by commodity.
fn added(set: &ParameterSet, holdings: &mut Vec<Holding>, change: Holding) -> Result<(), LotsError> {
    let sums = set.commodities()[change.commodity.index()].arrays().scenario_sums(&change.positions);
    let place = match holdings.binary_search_by_key(&change.commodity, |own| own.commodity) {
        Err(place) => {
            holdings.insert(place, Holding { sums: Some(Box::new(sums)), ..change });
            return Ok(());
        }
        Ok(place) => place,
    };
    let own = &mut holdings[place];
    for (row, lots) in change.positions {
        match own.positions.binary_search_by_key(&row, |(row, _)| *row) {
            Err(place) => own.positions.insert(place, (row, lots)),
            Ok(place) => match Lots::new(own.positions[place].1.get() + lots.get()) {
                Ok(lots) => own.positions[place].1 = lots,
                Err(LotsError::Zero) => drop(own.positions.remove(place)),
                Err(error) => return Err(error),
            },
        }
    }
    if let Some(kept) = &mut own.sums {
        **kept = kept.plus(&sums);
    }
    if own.positions.is_empty() {
        holdings.remove(place);
    }
    Ok(())
}

/// Lots of one row are added up, in a gross account of each side; what adds up to nothing is gone.
fn grouped(mut found: Vec<Found>, margining: Margining, faults: &mut Vec<EntryFault>) -> Vec<Holding> {
    let side = |one: &Found| margining.has_sides() && one.lots < 0;
    found.sort_by_key(|one| (one.commodity, one.row, side(one), one.position));
    let mut holdings: Vec<Holding> = Vec::new();
    let same = |a: &Found, b: &Found| (a.commodity, a.row, side(a)) == (b.commodity, b.row, side(b));
    for group in found.chunk_by(same) {
        // At most 25,000 positions of at most a billion lots.
        let lots = match Lots::new(group.iter().map(|one| one.lots).sum()) {
            Ok(lots) => lots,
            Err(LotsError::Zero) => continue,
            Err(error @ LotsError::TooLarge) => {
                let position = group.last().map_or(0, |one| one.position);
                let message = format!("all positions in the contract together: {error}");
                faults.push(EntryFault::position(position, "quantity", message));
                continue;
            }
        };
        let (commodity, row) = (group[0].commodity, group[0].row);
        match holdings.last_mut() {
            Some(last) if last.commodity == commodity => last.positions.push((row, lots)),
            _ => holdings.push(Holding { commodity, positions: vec![(row, lots)], sums: None }),
        }
    }
    holdings
}
