//! The number of every contract, given once and kept for ever.

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

use serde::{Deserialize, Serialize};

use super::key::ContractKey;
use super::specification::Specification;

/// The permanent number of a contract: never given to another, whatever parameter sets come and go.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ContractId(u32);

impl ContractId {
    /// With a number that a registry has given.
    pub(crate) const fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// Stands for a contract that no registry knows, while it is looked at: the first, second and so on of a request. No state has it.
    ///
    /// # Panics
    /// From [`Registry::MOST`] contracts of a request on.
    #[must_use]
    pub fn provisional(place: usize) -> Self {
        assert!(place < Registry::MOST, "Invariant: a request names fewer contracts than a registry has");
        Self(u32::try_from(Registry::MOST + place).expect("Invariant: twice the most contracts are 32 bits"))
    }

    /// The number, from 0, in the order in which contracts became known.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// As it stands behind the word `contract`.
impl fmt::Display for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = self;
        if (*number as usize) < Registry::MOST {
            write!(f, "{number}")
        } else {
            f.write_str("that the house does not know")
        }
    }
}

/// A contract that is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contract {
    /// What identifies it.
    pub key: ContractKey,
    /// What it is, where it is priced by a model.
    pub specification: Option<Specification>,
}

/// A contract is known with another specification.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{key} is known with another specification: a contract's terms do not change")]
pub struct OtherSpecification {
    /// The contract.
    pub key: Box<ContractKey>,
}

/// All contracts that ever became known. It only grows.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    contracts: Vec<Contract>,
    by_key: BTreeMap<ContractKey, ContractId>,
}

impl Registry {
    /// The most contracts: half of what the width of their numbers counts, so that there are numbers of none.
    pub const MOST: usize = 1 << 31;

    /// The number of a contract: the one it has, or the next. A contract that was known without a specification takes one.
    ///
    /// # Errors
    /// [`OtherSpecification`] if it is known with another.
    ///
    /// # Panics
    /// After [`Registry::MOST`] contracts.
    pub fn intern(
        &mut self,
        key: ContractKey,
        specification: Option<Specification>,
    ) -> Result<ContractId, OtherSpecification> {
        if let Some(&id) = self.by_key.get(&key) {
            let known = &mut self.contracts[id.0 as usize].specification;
            match (&known, specification) {
                (_, None) => {}
                (None, new) => *known = new,
                (Some(own), Some(new)) if *own == new => {}
                (Some(_), Some(_)) => return Err(OtherSpecification { key: Box::new(key) }),
            }
            return Ok(id);
        }
        assert!(self.contracts.len() < Self::MOST, "Invariant: fewer contracts than there are numbers for");
        let next = u32::try_from(self.contracts.len()).expect("Invariant: the most contracts are 32 bits");
        let id = ContractId(next);
        self.contracts.push(Contract { key: key.clone(), specification });
        self.by_key.insert(key, id);
        Ok(id)
    }

    /// The number of a contract that is known.
    #[must_use]
    pub fn id(&self, key: &ContractKey) -> Option<ContractId> {
        self.by_key.get(key).copied()
    }

    /// The contract with a number of this registry.
    #[must_use]
    pub fn get(&self, id: ContractId) -> Option<&Contract> {
        self.contracts.get(id.0 as usize)
    }

    /// All contracts with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (ContractId, &Contract)> + Clone {
        (0..=u32::MAX).map(ContractId).zip(&self.contracts)
    }

    /// The contracts that have a specification.
    pub fn specified(&self) -> impl Iterator<Item = (ContractId, &Specification)> + Clone {
        self.numbered().filter_map(|(id, own)| Some((id, own.specification.as_ref()?)))
    }

    /// All contracts, by number.
    #[must_use]
    pub fn contracts(&self) -> &[Contract] {
        &self.contracts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Instrument, Period, ProductType, Settlement, SpecificationTerms};
    use crate::types::Code;

    fn key(period: &str) -> ContractKey {
        ContractKey {
            house: Code::new("H").unwrap(),
            exchange: Code::new("X").unwrap(),
            product: Code::new("F").unwrap(),
            product_type: ProductType::Future,
            period: Period::new(period).unwrap(),
            underlying_period: None,
            option: None,
        }
    }

    fn future(multiplier: &str) -> Specification {
        let terms = SpecificationTerms {
            price_source: Code::new("OIL").unwrap(),
            instrument: Instrument::Future { expiry: "2026-12-01T12:00:00Z".parse().unwrap() },
            multiplier: multiplier.parse().unwrap(),
            quote: Code::new("USD").unwrap(),
            settlement: Settlement::FuturesStyle,
        };
        terms.check().unwrap()
    }

    #[test]
    fn numbers_are_kept_and_terms_do_not_change() {
        let mut registry = Registry::default();
        let first = registry.intern(key("202612"), None).unwrap();
        let second = registry.intern(key("202703"), Some(future("1000"))).unwrap();
        assert_eq!((first.number(), second.number()), (0, 1));
        assert_eq!(registry.intern(key("202612"), Some(future("100"))), Ok(first));
        assert_eq!(registry.intern(key("202612"), None), Ok(first));
        assert_eq!(registry.get(first).unwrap().specification, Some(future("100")));
        assert_eq!(registry.intern(key("202703"), Some(future("1000.0"))), Ok(second));
        let refused = registry.intern(key("202703"), Some(future("10"))).unwrap_err().to_string();
        assert!(refused.starts_with("X/F FUT 202703 is known with another specification"), "{refused}");
        assert_eq!((registry.id(&key("202703")), registry.id(&key("202706"))), (Some(second), None));
        assert_eq!(registry.contracts().len(), 2);
        let stranger = ContractId::provisional(1);
        assert_eq!((registry.get(stranger), first.to_string()), (None, "0".to_owned()));
        assert_eq!(format!("contract {stranger}"), "contract that the house does not know");
    }
}
