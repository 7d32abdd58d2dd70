//! Which family and which underlying contract a reference means; which families belong to a commodity.

use std::collections::BTreeMap;

use crate::contract::ProductType;
use crate::parameters::definition::{
    ContractDefinition, ContractReference, Definition, FamilyDefinition, FamilyReference,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::listing::{Entry, Family, Source};
use crate::types::ExchangeCode;

/// All families of a definition, indexed; collects the listings of their contracts as commodities claim them.
pub(super) struct Families<'a> {
    all: &'a [FamilyDefinition],
    by_id: BTreeMap<(&'a ExchangeCode, u32), Vec<usize>>,
    /// Contracts that may be underlyings, by reference; a reference does not name the type of its family.
    underlyings: BTreeMap<ContractReference, Vec<(ProductType, usize, &'a ContractDefinition)>>,
    claimed: Vec<Option<Vec<Entry>>>,
}

impl<'a> Families<'a> {
    pub(super) fn index(definition: &'a Definition, diagnostics: &mut Diagnostics) -> Self {
        let all = definition.families.as_slice();
        let mut by_id: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut underlyings: BTreeMap<_, Vec<(ProductType, usize, &ContractDefinition)>> = BTreeMap::new();
        let mut codes = BTreeMap::new();
        for (index, family) in all.iter().enumerate() {
            let same_id = by_id.entry((&family.exchange, family.family_id)).or_default();
            if same_id.iter().any(|&other| all[other].product_type == family.product_type) {
                let message =
                    format!("a second {} family with pfId {}", family.product_type, family.family_id);
                diagnostics.error(family.line, "pfId", message);
            }
            if same_id.iter().all(|&other| all[other].product_type != family.product_type) {
                same_id.push(index);
            }
            let code = (&family.exchange, &family.product, family.product_type);
            if codes.insert(code, index).is_some() {
                let message = format!("a second {} family with code {}", family.product_type, family.product);
                diagnostics.error(family.line, "pfCode", message);
            }
            for contract in &family.contracts {
                let reference = ContractReference {
                    exchange: family.exchange.clone(),
                    family_id: family.family_id,
                    contract_id: contract.contract_id,
                };
                let same = underlyings.entry(reference).or_default();
                if same.iter().any(|(product_type, ..)| *product_type == family.product_type) {
                    let message = format!(
                        "{} {}: a second contract {}",
                        family.product, family.product_type, contract.contract_id
                    );
                    diagnostics.error(contract.line, "cId", message);
                } else {
                    same.push((family.product_type, index, contract));
                }
            }
        }
        Self { all, by_id, underlyings, claimed: vec![None; all.len()] }
    }

    /// The family a link means: by exchange and number, and by type where the link gives one.
    pub(super) fn find(&self, reference: &FamilyReference) -> Option<usize> {
        let candidates = self.by_id.get(&(&reference.exchange, reference.family_id))?;
        let wanted = ProductType::from_code(&reference.product_type);
        let mut fitting = candidates.iter().copied().filter(|&index| {
            let family = &self.all[index];
            family.product == reference.product && wanted.is_none_or(|wanted| wanted == family.product_type)
        });
        fitting.next().filter(|_| fitting.next().is_none())
    }

    pub(super) fn family(&self, index: usize) -> &'a FamilyDefinition {
        &self.all[index]
    }

    pub(super) fn is_claimed(&self, index: usize) -> bool {
        self.claimed[index].is_some()
    }

    /// Gives a family to a commodity, with where its contracts are found.
    pub(super) fn claim(&mut self, index: usize, listings: Vec<Entry>) {
        self.claimed[index] = Some(listings);
    }

    /// The contract that a reference of a family means: the only one with its numbers, or the one whose type the family names as its
    /// underlying.
    pub(super) fn underlying(
        &self,
        family: &FamilyDefinition,
        reference: &ContractReference,
    ) -> Option<Source> {
        let (place, contract) = self.of_family(family, reference)?;
        let own = contract.underlying.as_ref().and_then(|own| self.of_family(self.family(place), own));
        let underlying = own.map(|(_, underlying)| underlying.period);
        Some(Source { family: place, period: contract.period, underlying })
    }

    fn of_family(
        &self,
        family: &FamilyDefinition,
        reference: &ContractReference,
    ) -> Option<(usize, &'a ContractDefinition)> {
        let named = family.underlying.as_ref().and_then(|named| ProductType::from_code(&named.product_type));
        self.contract(reference, named)
    }

    /// The contract that a reference means, with the place of its family: the only one with its numbers, or the one of this
    /// type.
    pub(super) fn contract(
        &self,
        reference: &ContractReference,
        named: Option<ProductType>,
    ) -> Option<(usize, &'a ContractDefinition)> {
        match self.underlyings.get(reference)?.as_slice() {
            [(_, family, contract)] => Some((*family, contract)),
            several => {
                let mut fitting = several.iter().filter(|(product_type, ..)| Some(*product_type) == named);
                fitting.next().map(|(_, family, contract)| (*family, *contract))
            }
        }
    }

    /// Every family with contracts is to belong to a commodity.
    pub(super) fn check_linked(&self, diagnostics: &mut Diagnostics) {
        for (family, claimed) in self.all.iter().zip(&self.claimed) {
            let has_contracts = !family.contracts.is_empty() || !family.series.is_empty();
            if claimed.is_none() && has_contracts {
                let message =
                    format!("{} {} belongs to no combined commodity", family.product, family.product_type);
                diagnostics.error(family.line, "pfCode", message);
            }
        }
    }

    pub(super) fn into_listings(self) -> Vec<Family> {
        let listed = self.all.iter().zip(self.claimed).map(|(family, claimed)| Family {
            exchange: family.exchange.clone(),
            product: family.product.clone(),
            product_type: family.product_type,
            currency: family.currency.clone(),
            valuation: family.valuation,
            contracts: claimed.unwrap_or_default(),
        });
        listed.collect()
    }
}
