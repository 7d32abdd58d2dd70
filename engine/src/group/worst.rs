//! What the working orders of a margin account may make of its requirement, by what margins it.

use std::collections::BTreeMap;

use super::exposure::Orders;
use super::held::{GridHeld, Held, Pockets, SpanHeld};
use super::house::HouseSnapshot;
use super::outcome::{RiskSource, WorstScenario};
use super::pricing::Unit;
use super::standing::StandingError;
use crate::fills::{Effort, OpenFills, Worst};
use crate::grid::{self, GridFill, GridOrders};
use crate::parameters::CommodityIndex;
use crate::report::{self, AccountOrders};
use crate::scenario::Row;
use crate::span::{self, Pocket, SideLeg, Sides, margin};
use crate::types::{Currency, Lots, Money, Overflow};

fn too_large(error: span::TooLarge) -> StandingError {
    StandingError::TooLarge(error.to_string())
}

impl Held {
    /// The worst initial requirement with what the fills cost, by currency.
    pub(super) fn worst(
        &self,
        house: &HouseSnapshot,
        currency: &Currency,
        orders: &Orders,
        effort: Effort,
    ) -> Result<(Vec<Currency>, Worst), StandingError> {
        match self {
            Self::Span(own) => {
                let (fills, sides) = (own.fills(house, &orders.units), own.sides(house, orders));
                let orders = own.orders(&fills, sides.as_ref(), &orders.open, currency);
                report::worst_required(orders, effort).map_err(too_large)
            }
            Self::Grid(own) => {
                let fills = own.fills(&orders.units);
                let weigh = weigh(house, currency);
                let orders = own.orders(&fills, &orders.open, &weigh);
                Ok(grid::worst_required(orders, effort)?)
            }
            // Its orders are charged one by one, too.
            Self::Nothing(lack) => Err(StandingError::TooLarge(lack.detail.clone())),
        }
    }

    /// One outcome of orders as a number, in a currency.
    pub(super) fn weighed(
        &self,
        house: &HouseSnapshot,
        currency: &Currency,
        orders: &Orders,
        filled: &[i64],
    ) -> Result<Money, StandingError> {
        match self {
            Self::Span(own) => {
                let (fills, sides) = (own.fills(house, &orders.units), own.sides(house, orders));
                let orders = own.orders(&fills, sides.as_ref(), &orders.open, currency);
                report::weighed_outcome(orders, filled).map_err(too_large)
            }
            Self::Grid(own) => {
                let fills = own.fills(&orders.units);
                let weigh = weigh(house, currency);
                let orders = own.orders(&fills, &orders.open, &weigh);
                Ok(grid::weighed_outcome(orders, filled)?)
            }
            Self::Nothing(_) => Ok(Money::ZERO),
        }
    }

    /// What decides, where some units trade, in an outcome of orders.
    pub(super) fn deciding(
        &self,
        (house, currency): (&HouseSnapshot, &Currency),
        orders: &Orders,
        filled: &[i64],
        traded: &[Unit],
    ) -> Result<Vec<WorstScenario>, StandingError> {
        match self {
            Self::Span(own) => own.deciding((house, currency), orders, filled, traded),
            Self::Grid(own) => own.deciding(orders, filled, traded),
            Self::Nothing(_) => Ok(Vec::new()),
        }
    }
}

/// Without a rate a unit of one currency is compared as a unit of the other: it decides where to look only.
fn weigh<'a>(
    house: &'a HouseSnapshot,
    currency: &'a Currency,
) -> impl Fn(&Currency, Money) -> Result<Money, Overflow> + 'a {
    move |from, amount| house.converted(amount, from, currency).unwrap_or(Ok(amount))
}

impl SpanHeld {
    fn fills(&self, house: &HouseSnapshot, units: &[Unit]) -> Vec<span::Fill> {
        let fill = |unit: &Unit| {
            let legs = unit.legs.iter().flat_map(|(contract, lots)| {
                let rows = house.rows(*contract).unwrap_or_default();
                rows.iter().map(|(commodity, row)| (*commodity, *row, *lots))
            });
            span::Fill { legs: legs.collect(), cash: unit.cash.clone() }
        };
        units.iter().map(fill).collect()
    }

    /// What the position accounts hold and the orders do to it, where longs and shorts stand apart.
    fn sides(&self, house: &HouseSnapshot, orders: &Orders) -> Option<Sides> {
        let mut pockets = Pockets::clone(self.pockets.as_ref()?);
        let traded = orders.units.iter().zip(&orders.places);
        let traded: Vec<_> = traded
            .map(|(unit, place)| {
                let rows = |(contract, lots): &(_, Lots)| {
                    let rows = house.rows(*contract).unwrap_or_default();
                    rows.iter().map(|(commodity, row)| (*commodity, *row, lots.get())).collect::<Vec<_>>()
                };
                (unit.legs.iter().flat_map(rows).collect::<Vec<_>>(), place)
            })
            .collect();
        for (legs, place) in &traded {
            for &(commodity, row, _) in legs {
                let nothing = Pocket { commodity, row, long: 0, short: 0, nets: place.nets };
                pockets.entry((place.account.clone(), commodity, row, false)).or_insert(nothing);
            }
        }
        let places: BTreeMap<_, usize> =
            pockets.keys().enumerate().map(|(place, key)| (key, place)).collect();
        let orders = traded.iter().map(|(legs, place)| {
            let leg = |(commodity, row, lots): &(CommodityIndex, Row, i64)| {
                let pocket = places.get(&(place.account.clone(), *commodity, *row, false)).copied()?;
                Some(SideLeg { pocket, lots: *lots, closes: place.closes })
            };
            legs.iter().filter_map(leg).collect()
        });
        let orders = orders.collect();
        drop(places);
        Some(Sides { pockets: pockets.into_values().collect(), orders })
    }

    fn orders<'a>(
        &'a self,
        orders: &'a [span::Fill],
        sides: Option<&'a Sides>,
        open: &'a OpenFills,
        currency: &'a Currency,
    ) -> AccountOrders<'a> {
        AccountOrders {
            set: &self.set,
            portfolio: &self.portfolio,
            orders,
            sides,
            open,
            profile: self.set.rounding(),
            levels: self.levels,
            currency,
        }
    }

    fn deciding(
        &self,
        (house, currency): (&HouseSnapshot, &Currency),
        orders: &Orders,
        filled: &[i64],
        traded: &[Unit],
    ) -> Result<Vec<WorstScenario>, StandingError> {
        let (fills, sides) = (self.fills(house, &orders.units), self.sides(house, orders));
        let own = self.orders(&fills, sides.as_ref(), &orders.open, currency);
        let portfolio =
            own.portfolio_at(filled).map_err(|error| StandingError::TooLarge(error.to_string()))?;
        let margin = margin(&self.set, &portfolio, self.set.rounding()).map_err(too_large)?;
        let traded = self.fills(house, traded);
        let is_traded = |index| traded.iter().any(|unit| unit.legs.iter().any(|(own, ..)| *own == index));
        let own = margin.commodities.iter().filter(|own| is_traded(own.commodity));
        Ok(own
            .map(|own| WorstScenario {
                of: RiskSource::Commodity(self.set.commodities()[own.commodity.index()].code().clone()),
                scenario: u32::from(own.scan.active_scenario.number()),
                risk: own.risk,
            })
            .collect())
    }
}

impl GridHeld {
    fn fills(&self, units: &[Unit]) -> Vec<GridFill> {
        let fill = |unit: &Unit| {
            let legs = unit
                .legs
                .iter()
                .filter_map(|(contract, lots)| Some((self.catalogue.contract(*contract)?.ok()?.row, *lots)));
            GridFill { legs: legs.collect(), cash: unit.cash.clone() }
        };
        units.iter().map(fill).collect()
    }

    fn orders<'a>(
        &'a self,
        orders: &'a [GridFill],
        open: &'a OpenFills,
        weigh: &'a dyn Fn(&Currency, Money) -> Result<Money, Overflow>,
    ) -> GridOrders<'a> {
        GridOrders { catalogue: &self.catalogue, lots: &self.lots, orders, open, weigh }
    }

    fn deciding(
        &self,
        orders: &Orders,
        filled: &[i64],
        traded: &[Unit],
    ) -> Result<Vec<WorstScenario>, StandingError> {
        let mut lots = self.lots.to_vec();
        for (fill, filled) in self.fills(&orders.units).iter().zip(filled) {
            let legs = fill.legs.iter().filter(|_| *filled > 0);
            lots.extend(legs.map(|(row, lots)| (*row, lots.get().saturating_mul(*filled))));
        }
        let result = self.catalogue.margin(&lots)?;
        let traded = self.fills(traded);
        let rows = || traded.iter().flat_map(|unit| &unit.legs);
        let is_traded = |source: &_| rows().any(|(row, _)| self.catalogue.source(*row) == source);
        let own = result.sources.iter().filter(|own| is_traded(&own.source));
        Ok(own
            .map(|own| WorstScenario {
                of: RiskSource::Price(own.source.clone()),
                scenario: u32::try_from(own.worst_index).unwrap_or(u32::MAX),
                risk: own.market_risk,
            })
            .collect())
    }
}
