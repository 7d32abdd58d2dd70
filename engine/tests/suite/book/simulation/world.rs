//! What the auditor knows of the contracts, and how it calculates: by a parameter set, or by a method that is data.

use std::collections::BTreeMap;

use num_rational::BigRational;
use plimsoll_engine::account::{Counted, HeldPosition, MarginAccount, PositionAccount, Stated};
use plimsoll_engine::contract::{ContractQuery, Specification};
use plimsoll_engine::group::PriceMoney;
use plimsoll_engine::market::Snapshot;
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::parameters::method::Method;
use plimsoll_engine::report::{CalculationOptions, PortfolioRequest, by_method, calculate};
use plimsoll_engine::span::Position;
use plimsoll_engine::types::{Amount, Decimal, Lots, Money, Quantity};

use super::super::desk::{Desk, sample_set};
use super::super::venue;

const OF_THE_SAMPLE: [&str; 5] = [
    "HCL FUT 202612",
    "HCL FUT 202703",
    "HGO FUT 202612",
    "HCLO OOF 202612 C 70.00",
    "HCLO OOF 202612 P 70.00",
];
const OF_THE_VENUE: [&str; 4] =
    ["BTC FUT PERP", "BTC FUT 202610", "BTC OOP 202610 C 60000", "BTC OOP 202610 P 60000"];

pub(super) struct Known {
    pub(super) mark: Decimal,
    pub(super) factor: Decimal,
    pub(super) is_paid: bool,
}

enum Calculator {
    Set(Box<ParameterSet>, BTreeMap<&'static str, ContractQuery>),
    Method(Box<Method>, Box<Snapshot>, BTreeMap<&'static str, Specification>),
}

pub(super) struct World {
    pub(super) contracts: BTreeMap<&'static str, Known>,
    /// Whether the value of paid contracts is equity.
    pub(super) counts_value: bool,
    calculator: Calculator,
}

pub(super) fn exact(value: Decimal) -> BigRational {
    BigRational::new(value.mantissa().into(), num_bigint::BigInt::from(10).pow(u32::from(value.places())))
}

pub(super) fn whole(value: i64) -> BigRational {
    BigRational::from_integer(value.into())
}

fn of_amount(amount: Amount) -> BigRational {
    BigRational::new(amount.millionths().into(), 1_000_000.into())
}

fn known(desk: &mut Desk, names: &[&'static str]) -> BTreeMap<&'static str, Known> {
    let one = |name: &&'static str| {
        let id = desk.contract(name);
        let own = desk.house.contract(id).unwrap();
        let Some(PriceMoney::Point(factor)) = own.money else { panic!("{name} has no factor") };
        (*name, Known { mark: own.price.unwrap(), factor, is_paid: own.is_paid })
    };
    names.iter().map(one).collect()
}

impl World {
    pub(super) fn sample(desk: &mut Desk) -> Self {
        let query = |name: &&'static str| {
            let id = desk.contract(name);
            let key = desk.registry.get(id).unwrap().key.clone();
            let query = ContractQuery {
                exchange: Some(key.exchange),
                product: key.product,
                product_type: key.product_type,
                period: key.period,
                underlying_period: key.underlying_period,
                option: key.option,
            };
            (*name, query)
        };
        let queries = OF_THE_SAMPLE.iter().map(query).collect();
        let calculator = Calculator::Set(Box::new(sample_set()), queries);
        Self { contracts: known(desk, &OF_THE_SAMPLE), counts_value: false, calculator }
    }

    pub(super) fn venue(desk: &mut Desk) -> Self {
        let specification = |name: &&'static str| {
            let id = desk.contract(name);
            (*name, desk.registry.get(id).unwrap().specification.clone().unwrap())
        };
        let specifications = OF_THE_VENUE.iter().map(specification).collect();
        let (method, market) = (Box::new(venue::method(venue::DERIVE)), Box::new(venue::market(60_000.0)));
        let calculator = Calculator::Method(method, market, specifications);
        Self { contracts: known(desk, &OF_THE_VENUE), counts_value: true, calculator }
    }

    /// What positions have to have, after what their value does to it.
    pub(super) fn initial(&self, net: &BTreeMap<&'static str, i64>) -> BigRational {
        let held = net.iter().filter(|(_, lots)| **lots != 0);
        match &self.calculator {
            Calculator::Set(set, queries) => {
                let position = |(name, lots): (&&'static str, &i64)| Position {
                    contract: queries[name].clone(),
                    lots: Lots::new(*lots).unwrap(),
                };
                let positions = held.map(position).collect();
                let options = CalculationOptions::default();
                let request = PortfolioRequest { positions, away: Vec::new(), options };
                let report = calculate(set, &request).unwrap();
                let initial = report.levels.iter().find(|own| own.level == "initial");
                let initial = initial.map_or_else(Amount::default, |own| own.amount);
                let required = of_amount(initial) - of_amount(report.net_option_value);
                required.max(whole(0))
            }
            Calculator::Method(method, market, specifications) => {
                let position = |(name, lots): (&&'static str, &i64)| HeldPosition {
                    contract: specifications[name].clone(),
                    quantity: Quantity::from_decimal_half_away(Decimal::whole(*lots)).unwrap(),
                    counted: Counted::Contracts,
                    stated: Stated::default(),
                    unrealised_profit: Money::ZERO,
                    unrealised_funding: Money::ZERO,
                    collateral: Money::ZERO,
                };
                let positions = held.map(position).collect();
                let account = PositionAccount { name: String::new(), positions };
                let account = MarginAccount { position_accounts: vec![account], ..MarginAccount::default() };
                let initial = by_method(method, market, &account).unwrap().standing().initial;
                of_amount(Amount::rounded_half_away(initial))
            }
        }
    }
}
