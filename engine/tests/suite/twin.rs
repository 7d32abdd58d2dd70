//! SPAN as the textbook has it, in exact rational arithmetic, written to be obvious rather than fast.
//!
//! It reads what the file says (the definition), not the compiled set, and shares no step with the engine.

mod buckets;
mod charges;
mod merge;
mod places;
mod positions;
mod scan;
mod spreads;

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use plimsoll_engine::contract::Period;
use plimsoll_engine::parameters::{CommodityDefinition, Definition, LevelRate, RoundingProfile};
use plimsoll_engine::span::{AwayDelta, Position};
use plimsoll_engine::types::{Amount, Decimal};

use buckets::Bucket;
use places::Places;
use positions::Held;
use spreads::Elsewhere;

pub(crate) type Exact = BigRational;

/// The numbers of one commodity.
#[derive(Debug, Default)]
pub(crate) struct Twin {
    pub(crate) losses: Vec<Exact>,
    pub(crate) active: usize,
    pub(crate) scan: Exact,
    pub(crate) time: Exact,
    pub(crate) volatility: Exact,
    pub(crate) price: Exact,
    pub(crate) weighted: Exact,
    pub(crate) net_delta: Exact,
    pub(crate) intra: Exact,
    pub(crate) delivery: Exact,
    pub(crate) inter: Exact,
    pub(crate) minimum: Exact,
    pub(crate) long_value: Exact,
    pub(crate) short_value: Exact,
    pub(crate) risk: Exact,
    /// Which steps of the method have changed a number, so that a test can tell that its portfolios reach all of them.
    pub(crate) steps: BTreeSet<&'static str>,
}

/// One commodity on its way to its numbers.
struct Account<'a> {
    commodity: &'a CommodityDefinition,
    held: Vec<Held>,
    numbers: Twin,
    /// Net delta of every month, before any spread.
    at_start: BTreeMap<Period, Exact>,
    /// What super-spreads and intra-commodity spreads have left of it.
    left: BTreeMap<Period, Exact>,
    buckets: Vec<Bucket>,
    /// The commodities that scanning-based spreads have added to this one.
    added: Vec<usize>,
    is_merged: bool,
}

/// What every step needs to know.
struct Method<'a> {
    definition: &'a Definition,
    places: Places,
}

pub(crate) fn exact(value: Decimal) -> Exact {
    Exact::new(BigInt::from(value.mantissa()), BigInt::from(10).pow(u32::from(value.places())))
}

fn whole(value: i64) -> Exact {
    Exact::from_integer(BigInt::from(value))
}

fn power_of_ten(exponent: i32) -> Exact {
    whole(10).pow(exponent)
}

/// Six places, half away from zero.
pub(crate) fn amount(value: &Exact) -> Amount {
    let millionths = (value * whole(1_000_000)).round().to_integer().to_i128().expect("fits");
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000).parse().expect("an amount")
}

/// Numbers of one net account, by commodity.
pub(crate) fn calculate(
    definition: &Definition,
    positions: &[Position],
    away: &[AwayDelta],
    rounding: RoundingProfile,
) -> BTreeMap<String, Twin> {
    let method = Method { definition, places: Places { profile: rounding } };
    let mut by_commodity: BTreeMap<usize, Vec<Held>> = BTreeMap::new();
    for held in positions::net(definition, positions) {
        by_commodity.entry(held.commodity).or_default().push(held);
    }
    let mut accounts: BTreeMap<usize, Account<'_>> = by_commodity
        .into_iter()
        .map(|(index, held)| (index, method.account(&definition.commodities[index], held)))
        .collect();
    let mut elsewhere: Elsewhere = away
        .iter()
        .map(|own| {
            (
                (own.house.to_string(), own.commodity.to_string(), own.tier),
                method.places.delta(exact(own.delta)),
            )
        })
        .collect();
    method.evaluate(true, &mut accounts);
    method.evaluate_clear(true, &mut accounts, &mut elsewhere);
    for account in accounts.values_mut() {
        method.charge(account);
    }
    method.evaluate(false, &mut accounts);
    method.evaluate_clear(false, &mut accounts, &mut elsewhere);
    method.finish(accounts)
}

/// Numbers of one gross account: longs and shorts are scanned apart, and nothing is spread.
pub(crate) fn calculate_gross(
    definition: &Definition,
    positions: &[Position],
    rounding: RoundingProfile,
) -> BTreeMap<String, Twin> {
    let method = Method { definition, places: Places { profile: rounding } };
    let mut by_commodity: BTreeMap<usize, Vec<Held>> = BTreeMap::new();
    for held in positions::gross(definition, positions) {
        by_commodity.entry(held.commodity).or_default().push(held);
    }
    let gross = |(index, held): (usize, Vec<Held>)| {
        let commodity = &definition.commodities[index];
        (commodity.code.to_string(), method.gross(commodity, held))
    };
    by_commodity.into_iter().map(gross).collect()
}

impl<'a> Method<'a> {
    /// The rate of the level that the file's arrays are for.
    fn rate(&self, rates: &[LevelRate]) -> Exact {
        let own = rates.iter().find(|rate| rate.level == self.definition.base_level);
        own.map_or_else(Exact::zero, |rate| exact(rate.value))
    }

    /// Net deltas by month.
    fn months(&self, held: &[&Held]) -> BTreeMap<Period, Exact> {
        let mut months: BTreeMap<Period, Exact> = BTreeMap::new();
        for position in held {
            for (month, delta) in &position.deltas {
                *months.entry(*month).or_default() += &position.lots * delta;
            }
        }
        months.into_iter().map(|(month, delta)| (month, self.places.delta(delta))).collect()
    }

    fn account(&self, commodity: &'a CommodityDefinition, held: Vec<Held>) -> Account<'a> {
        let all: Vec<&Held> = held.iter().collect();
        let mut numbers = self.option_numbers(commodity, &all);
        let cap = long_only(&all).then(|| numbers.long_value.clone());
        self.scan(commodity, &all, cap, &mut numbers);
        let at_start = self.months(&all);
        numbers.net_delta = at_start.values().sum();
        numbers.weighted =
            self.weighted(commodity, &numbers.price, &numbers.net_delta, None, &mut numbers.steps);
        if held.iter().any(|position| position.is_leg) {
            numbers.steps.insert("combination split into its legs");
        }
        Account {
            commodity,
            numbers,
            buckets: buckets::cut(commodity, &at_start),
            left: at_start.clone(),
            at_start,
            held,
            added: Vec::new(),
            is_merged: false,
        }
    }

    fn gross(&self, commodity: &CommodityDefinition, held: Vec<Held>) -> Twin {
        let (longs, shorts): (Vec<&Held>, Vec<&Held>) = held.iter().partition(|position| position.is_long);
        let all: Vec<&Held> = held.iter().collect();
        let mut twin = self.option_numbers(commodity, &all);
        twin.losses = vec![Exact::zero(); self.definition.points.len()];
        for side in [longs, shorts] {
            if side.is_empty() {
                continue;
            }
            let mut own = Twin::default();
            let cap = long_only(&side).then(|| twin.long_value.clone());
            self.scan(commodity, &side, cap, &mut own);
            for (sum, loss) in twin.losses.iter_mut().zip(&own.losses) {
                *sum += loss;
            }
            twin.scan += own.scan;
            twin.time += own.time;
            twin.volatility += own.volatility;
            twin.price += own.price;
            let months = self.months(&side);
            twin.net_delta += months.values().sum::<Exact>();
            twin.delivery += self.delivery(commodity, &months, &months);
        }
        twin.active = scan::active(&twin.losses);
        twin.weighted = self.weighted(commodity, &twin.price, &twin.net_delta, None, &mut twin.steps);
        twin.risk = (&twin.scan + &twin.delivery).max(twin.minimum.clone());
        self.cap_at_option_value(&all, &mut twin);
        twin
    }

    /// Adds merged commodities to their targets and forms the risk.
    fn finish(&self, accounts: BTreeMap<usize, Account<'_>>) -> BTreeMap<String, Twin> {
        let mut finished = BTreeMap::new();
        for account in accounts.values().filter(|account| !account.is_merged) {
            let mut members = vec![account];
            let mut next = 0;
            while next < members.len() {
                members.extend(members[next].added.iter().map(|index| &accounts[index]));
                next += 1;
            }
            let sum = |own: &dyn Fn(&Twin) -> Exact| -> Exact {
                members.iter().map(|member| own(&member.numbers)).sum()
            };
            let numbers = &account.numbers;
            let mut twin = Twin {
                losses: numbers.losses.clone(),
                active: numbers.active,
                scan: numbers.scan.clone(),
                time: numbers.time.clone(),
                volatility: numbers.volatility.clone(),
                price: numbers.price.clone(),
                weighted: numbers.weighted.clone(),
                net_delta: numbers.net_delta.clone(),
                intra: sum(&|own| own.intra.clone()),
                delivery: sum(&|own| own.delivery.clone()),
                inter: self.places.money(sum(&|own| own.inter.clone())),
                minimum: sum(&|own| own.minimum.clone()),
                long_value: sum(&|own| own.long_value.clone()),
                short_value: sum(&|own| own.short_value.clone()),
                risk: Exact::zero(),
                steps: members.iter().flat_map(|member| member.numbers.steps.clone()).collect(),
            };
            let spread_risk = &twin.scan + &twin.intra + &twin.delivery - &twin.inter;
            if twin.minimum > spread_risk {
                twin.steps.insert("short option minimum above the rest");
            }
            twin.risk = spread_risk.max(twin.minimum.clone());
            let all: Vec<&Held> = members.iter().flat_map(|member| &member.held).collect();
            self.cap_at_option_value(&all, &mut twin);
            finished.insert(account.commodity.code.to_string(), twin);
        }
        finished
    }

    /// Where scan ranges down differ from those up, long options never risk more than they are worth.
    fn cap_at_option_value(&self, held: &[&Held], twin: &mut Twin) {
        if self.definition.is_asymmetric && long_only(held) && twin.risk > twin.long_value {
            twin.risk = twin.long_value.clone();
            twin.steps.insert("risk of long options capped at their value");
        }
    }
}

/// Whether there is nothing but long options.
fn long_only(held: &[&Held]) -> bool {
    held.iter().all(|position| position.right.is_some() && position.lots.is_positive())
}
