//! Charges inside a commodity: intra-commodity spreads, months in delivery, basis risk.

use std::collections::BTreeMap;

use num_traits::{Signed, Zero};
use plimsoll_engine::contract::Period;
use plimsoll_engine::parameters::{
    ChargeMethod, CommodityDefinition, LegDefinition, LegPlace, Side, SpreadDefinition,
};

use super::buckets::{have_one_sign, take_up_to};
use super::positions::Held;
use super::scan::covers;
use super::{Account, Exact, Method, exact, power_of_ten, whole};

/// Legs of one side with the same months, which count as one.
struct Leg {
    months: Vec<Period>,
    side: Side,
    ratio: Exact,
}

impl Method<'_> {
    /// Everything that a commodity is charged for its own months.
    pub(super) fn charge(&self, account: &mut Account<'_>) {
        let mut spreads: Vec<_> = account.commodity.terms.spreads.iter().collect();
        spreads.sort_by_key(|spread| spread.priority);
        for spread in spreads {
            let legs = legs(account.commodity, spread, &account.left);
            for a_is_long in [true, false] {
                self.intra(account, spread, &legs, a_is_long);
            }
        }
        let delivery = self.delivery(account.commodity, &account.at_start, &account.left);
        if !delivery.is_zero() {
            account.numbers.steps.insert("delivery charge");
        }
        let basis = self.basis(account.commodity, &account.held);
        if !basis.is_zero() {
            account.numbers.steps.insert("charge for basis risk");
        }
        account.numbers.delivery = delivery + basis;
    }

    fn intra(&self, account: &mut Account<'_>, spread: &SpreadDefinition, legs: &[Leg], a_is_long: bool) {
        let sign = |leg: &Leg| whole(if (leg.side == Side::A) == a_is_long { 1 } else { -1 });
        let available = |leg: &Leg| -> Exact {
            let months = leg.months.iter().map(|month| &account.left[month]);
            months.filter(|delta| have_one_sign(delta, &sign(leg))).map(Exact::abs).sum()
        };
        let counts = legs.iter().map(|leg| available(leg) / &leg.ratio);
        let count = self.places.count(counts.min().expect("has legs"));
        // What each leg takes of every month, front to back.
        let mut taken: Vec<Vec<(Period, Exact)>> = Vec::new();
        for leg in legs {
            let mut wanted = self.places.delta(&count * &leg.ratio).min(available(leg));
            let mut own = Vec::new();
            for month in &leg.months {
                if have_one_sign(&account.left[month], &sign(leg)) {
                    let from_month = take_up_to(&mut account.left[month].clone(), &wanted);
                    wanted -= &from_month;
                    own.push((*month, from_month));
                }
            }
            taken.push(own);
        }
        let exponent = power_of_ten(account.commodity.terms.risk_exponent);
        let charge = match spread.charge {
            ChargeMethod::PerMonth => self.per_month(spread, legs, &taken, &count),
            _ => &count * self.rate(&spread.rates),
        };
        for (month, from_month) in taken.iter().flatten() {
            take_up_to(account.left.get_mut(month).expect("a month"), from_month);
        }
        if !count.is_zero() {
            let steps = &mut account.numbers.steps;
            steps.insert(match spread.charge {
                ChargeMethod::PerMonth => "intra-commodity spread charged by months",
                _ => "flat intra-commodity spread",
            });
            if spread.charge == ChargeMethod::PerMonth
                && charge > &count * exact(spread.month_rates[0].spread)
            {
                steps.insert("months between the legs of a spread");
            }
            if legs.len() > 2 {
                steps.insert("intra-commodity spread of three legs");
            }
            if spread.legs.len() > legs.len() {
                steps.insert("legs of one side and the same months");
            }
        }
        account.numbers.intra += self.places.money(charge * exponent);
    }

    /// All legs walk front to back together; while each stands in one month, a stretch is charged for the months
    /// between the earliest and the latest of these.
    fn per_month(
        &self,
        spread: &SpreadDefinition,
        legs: &[Leg],
        taken: &[Vec<(Period, Exact)>],
        count: &Exact,
    ) -> Exact {
        let level = self.definition.base_level;
        let rate = spread.month_rates.iter().find(|rate| rate.level == level).expect("a rate");
        // How many spreads lie before the end of each month of each leg.
        let ends: Vec<Vec<(Period, Exact)>> = legs
            .iter()
            .zip(taken)
            .map(|(leg, own)| {
                let mut before = Exact::zero();
                let end = |(month, from_month): &(Period, Exact)| {
                    before += from_month / &leg.ratio;
                    (*month, before.clone())
                };
                own.iter().map(end).collect()
            })
            .collect();
        let mut limits: Vec<Exact> = ends.iter().flatten().map(|(_, end)| end.clone()).collect();
        limits.push(count.clone());
        limits.sort();
        let (mut start, mut charge) = (Exact::zero(), Exact::zero());
        for limit in limits.into_iter().filter(|limit| limit <= count) {
            if limit <= start {
                continue;
            }
            let standing = |own: &Vec<(Period, Exact)>| {
                // Rounded deltas may end a little before the number of spreads does: the last month holds the rest.
                own.iter().find(|(_, end)| *end > start).or(own.last()).map(|(month, _)| *month)
            };
            let months: Vec<Period> = ends.iter().filter_map(standing).collect();
            charge +=
                (&limit - &start) * (exact(rate.spread) + exact(rate.month) * whole(months_apart(&months)));
            start = limit;
        }
        charge
    }

    /// Charges for months in delivery: for what spreads have used and for what is left.
    pub(super) fn delivery(
        &self,
        commodity: &CommodityDefinition,
        at_start: &BTreeMap<Period, Exact>,
        left: &BTreeMap<Period, Exact>,
    ) -> Exact {
        let level = self.definition.base_level;
        let exponent = power_of_ten(commodity.terms.risk_exponent);
        let mut charge = Exact::zero();
        for rate in commodity.terms.delivery.iter().filter(|rate| rate.level == level) {
            for (month, delta) in at_start {
                if month.year_month().is_some() && month.year_month() == rate.period.year_month() {
                    let left = left[month].abs();
                    let used = delta.abs() - &left;
                    let own = used * exact(rate.spread) + left * exact(rate.outright);
                    charge += self.places.money(own * &exponent);
                }
            }
        }
        charge
    }

    /// The charge for spot products that stand against the others.
    fn basis(&self, commodity: &CommodityDefinition, held: &[Held]) -> Exact {
        let of = |spot: bool| -> Exact {
            let own: Vec<&Held> = held.iter().filter(|position| position.has_basis_risk == spot).collect();
            self.months(&own).values().sum()
        };
        let (spot, rest) = (of(true), of(false));
        if !have_one_sign(&spot, &-&rest) {
            return Exact::zero();
        }
        let exponent = power_of_ten(commodity.terms.risk_exponent);
        self.places.money(self.rate(&commodity.terms.basis_rates) * spot.abs().min(rest.abs()) * exponent)
    }
}

/// Months from the earliest to the latest; periods without a month are no months apart from anything.
fn months_apart(periods: &[Period]) -> i64 {
    let numbers = periods.iter().filter_map(Period::year_month);
    let numbers: Vec<i64> =
        numbers.map(|month| i64::from(month.year) * 12 + i64::from(month.month)).collect();
    match (numbers.iter().min(), numbers.iter().max()) {
        (Some(first), Some(last)) => last - first,
        _ => 0,
    }
}

/// The legs of a spread with the months that they draw on, front to back.
fn legs(
    commodity: &CommodityDefinition,
    spread: &SpreadDefinition,
    left: &BTreeMap<Period, Exact>,
) -> Vec<Leg> {
    let inside = |leg: &LegDefinition, month: &Period| match leg.place {
        LegPlace::Period(period) => period == *month,
        LegPlace::Tier(number) => {
            let tier = commodity.terms.intra_tiers.iter().find(|tier| tier.number == number);
            covers(tier.expect("a known tier"), *month)
        }
    };
    let mut legs: Vec<Leg> = Vec::new();
    for leg in &spread.legs {
        let months: Vec<Period> = left.keys().copied().filter(|month| inside(leg, month)).collect();
        match legs.iter_mut().find(|other| other.side == leg.side && other.months == months) {
            Some(same) => same.ratio += exact(leg.ratio),
            None => legs.push(Leg { months, side: leg.side, ratio: exact(leg.ratio) }),
        }
    }
    legs
}
