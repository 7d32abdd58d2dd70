//! What the auditor knows of the contracts, and how it calculates: by a parameter set, or by a method that is data.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_rational::BigRational;
use plimsoll_engine::account::{Counted, HeldPosition, MarginAccount, Netting, PositionAccount, Stated};
use plimsoll_engine::contract::{ContractId, ContractQuery, Specification};
use plimsoll_engine::group::{CollateralSchedule, HouseSnapshot, MarginTerms, PriceMoney, Settlements};
use plimsoll_engine::market::Snapshot;
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::parameters::method::Method;
use plimsoll_engine::report::{CalculationOptions, PortfolioRequest, by_method, calculate};
use plimsoll_engine::span::{Margining, Position};
use plimsoll_engine::types::{Amount, Decimal, Lots, Money, Quantity};

use super::super::desk::{Desk, code, sample_set};
use super::super::venue;
use super::charges::Charges;
use super::terms::Account;

const OF_THE_SAMPLE: [&str; 7] = [
    "HCL FUT 202612",
    "HCL FUT 202703",
    "HGO FUT 202612",
    "HAU FUT 202612",
    "HAUO OOF 202612 C 2650.0",
    "HCLO OOF 202612 C 70.00",
    "HCLO OOF 202612 P 70.00",
];
const OF_THE_VENUE: [&str; 4] =
    ["BTC FUT PERP", "BTC FUT 202610", "BTC OOP 202610 C 60000", "BTC OOP 202610 P 60000"];

pub(super) struct Known {
    pub(super) id: ContractId,
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
    margining: Margining,
    calculator: Calculator,
    /// What was calculated.
    calculated: RefCell<BTreeMap<Vec<(&'static str, i64)>, BigRational>>,
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
        (*name, Known { id, mark: own.price.unwrap(), factor, is_paid: own.is_paid })
    };
    names.iter().map(one).collect()
}

impl World {
    /// A group under the sample exchange's set.
    pub(super) fn sample(cash: &str, margining: Margining) -> (Desk, Self) {
        let Desk { house, registry, group, .. } = Desk::sample("0");
        let terms = MarginTerms::Span { account_type: None, margining };
        let mut desk = Desk::open(house, registry, group.currency, terms, cash);
        let world = Self::of_sample(&mut desk, margining);
        (desk, world)
    }

    /// A group under a method of a venue.
    pub(super) fn venue(cash: &str, margining: Margining) -> (Desk, Self) {
        let Desk { house, registry, group, .. } = venue::desk("0");
        let netting = match margining {
            Margining::Net => Netting::Net,
            Margining::GrossByClient => Netting::GrossByClient,
            Margining::GrossSides => panic!("a method nets or sums"),
        };
        let terms = MarginTerms::Method { method: code(venue::DERIVE), netting };
        let mut desk = Desk::open(house, registry, group.currency, terms, cash);
        let world = Self::of_venue(&mut desk, margining);
        (desk, world)
    }

    fn of_sample(desk: &mut Desk, margining: Margining) -> Self {
        let names = OF_THE_SAMPLE;
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
        let queries = names.iter().map(query).collect();
        let calculator = Calculator::Set(Box::new(sample_set()), queries);
        let (contracts, calculated) = (known(desk, &names), RefCell::default());
        Self { contracts, counts_value: false, margining, calculator, calculated }
    }

    fn of_venue(desk: &mut Desk, margining: Margining) -> Self {
        let specification = |name: &&'static str| {
            let id = desk.contract(name);
            (*name, desk.registry.get(id).unwrap().specification.clone().unwrap())
        };
        let specifications = OF_THE_VENUE.iter().map(specification).collect();
        let (method, market) = (Box::new(venue::method(venue::DERIVE)), Box::new(venue::market(60_000.0)));
        let calculator = Calculator::Method(method, market, specifications);
        let (contracts, calculated) = (known(desk, &OF_THE_VENUE), RefCell::default());
        Self { contracts, counts_value: true, margining, calculator, calculated }
    }

    /// The house anew, from what it had stated.
    pub(super) fn stated(&self, desk: &Desk, settlements: Settlements, charges: &Charges) -> HouseSnapshot {
        let (version, registry) = (desk.house.version() + 1, &desk.registry);
        let house = match &self.calculator {
            Calculator::Set(..) => {
                let set = Arc::new(sample_set());
                HouseSnapshot::new(version, set, registry, BTreeMap::new(), CollateralSchedule::default())
            }
            Calculator::Method(..) => venue::house(version, 60_000.0, registry),
        };
        let fees = charges.schedule(&desk.group.currency);
        house.with_settlements(version, Arc::new(settlements)).with_fees(&fees, registry)
    }

    /// What options may become: a contract, and its lots for a long lot.
    pub(super) fn becomes(&self, name: &str) -> Option<(&'static str, i64)> {
        let each = if name.contains(" C ") { 1 } else { -1 };
        match name.split(' ').next() {
            Some("HCLO") => Some(("HCL FUT 202612", each)),
            Some("HAUO") => Some(("HAU FUT 202612", each)),
            _ => None,
        }
    }

    pub(super) fn options(&self) -> Vec<&'static str> {
        let names = self.contracts.keys().copied();
        names.filter(|name| name.contains(" OOF ") || name.contains(" OOP ")).collect()
    }

    /// What positions have to have, after what their value does to it: sides that stand apart by themselves.
    pub(super) fn initial(&self, pieces: &[(Account, &'static str, i64)]) -> BigRational {
        match self.margining {
            Margining::Net => self.netted(pieces.iter()),
            Margining::GrossByClient => {
                let accounts: BTreeSet<Account> = pieces.iter().map(|own| own.0).collect();
                let of = |account: Account| self.netted(pieces.iter().filter(move |own| own.0 == account));
                accounts.into_iter().fold(whole(0), |sum, account| sum + of(account))
            }
            Margining::GrossSides => {
                let mut sides: BTreeMap<(&'static str, bool), i64> = BTreeMap::new();
                for (_, name, lots) in pieces {
                    *sides.entry((name, *lots < 0)).or_default() += lots;
                }
                self.known(sides.into_iter().map(|((name, _), lots)| (name, lots)).collect())
            }
        }
    }

    fn netted<'a>(&self, pieces: impl Iterator<Item = &'a (Account, &'static str, i64)>) -> BigRational {
        let mut net: BTreeMap<&'static str, i64> = BTreeMap::new();
        for (_, name, lots) in pieces {
            *net.entry(name).or_default() += lots;
        }
        self.known(net.into_iter().collect())
    }

    /// What is calculated once is known.
    fn known(&self, mut positions: Vec<(&'static str, i64)>) -> BigRational {
        positions.retain(|(_, lots)| *lots != 0);
        if let Some(known) = self.calculated.borrow().get(&positions) {
            return known.clone();
        }
        let own = self.calculate(&positions);
        self.calculated.borrow_mut().insert(positions, own.clone());
        own
    }

    fn calculate(&self, positions: &[(&'static str, i64)]) -> BigRational {
        match &self.calculator {
            Calculator::Set(set, queries) => {
                let position = |(name, lots): &(&'static str, i64)| Position {
                    contract: queries[name].clone(),
                    lots: Lots::new(*lots).unwrap(),
                };
                let positions = positions.iter().map(position).collect();
                let options = CalculationOptions { margining: self.margining, ..Default::default() };
                let request = PortfolioRequest { positions, away: Vec::new(), options };
                let report = calculate(set, &request).unwrap();
                let initial = report.levels.iter().find(|own| own.level == "initial");
                let initial = initial.map_or_else(Amount::default, |own| own.amount);
                let required = of_amount(initial) - of_amount(report.net_option_value);
                required.max(whole(0))
            }
            Calculator::Method(method, market, specifications) => {
                let position = |(name, lots): &(&'static str, i64)| HeldPosition {
                    contract: specifications[name].clone(),
                    quantity: Quantity::from_decimal_half_away(Decimal::whole(*lots)).unwrap(),
                    counted: Counted::Contracts,
                    stated: Stated::default(),
                    unrealised_profit: Money::ZERO,
                    unrealised_funding: Money::ZERO,
                    collateral: Money::ZERO,
                };
                let positions = positions.iter().map(position).collect();
                let account = PositionAccount { name: String::new(), positions };
                let account = MarginAccount { position_accounts: vec![account], ..MarginAccount::default() };
                let initial = by_method(method, market, &account).unwrap().standing().initial;
                of_amount(Amount::rounded_half_away(initial))
            }
        }
    }
}
