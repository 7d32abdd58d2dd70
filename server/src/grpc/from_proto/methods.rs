//! Contracts, methods and quotes of a house in the engine's words; every faulty field is named at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::contract::{
    ContractKey, Exercise, Instrument, OptionModel, Settlement, Specification, SpecificationTerms,
};
use plimsoll_engine::parameters::method::{MOST_METHOD_BYTES, read_method};
use plimsoll_engine::types::{Code, Currency, Decimal, House, Kind, MethodName, Moment, PriceSource};
use plimsoll_proto::v1;

use super::super::violations::Violations;
use super::contract;
use crate::book::{Methods, StatedMethod};

/// The most contracts, or quotes, of a request.
pub(in crate::grpc) const MOST_ENTRIES: usize = 50_000;
/// The most methods of a house.
const MOST_METHODS: usize = 100;

/// What a request is read with.
#[derive(Default)]
pub(in crate::grpc) struct MethodReader {
    pub(super) faults: Violations,
}

impl MethodReader {
    /// Whether nothing was faulty.
    pub(in crate::grpc) fn finished(&mut self) -> Result<(), Violations> {
        let faults = std::mem::take(&mut self.faults);
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    pub(super) fn fault<T>(&mut self, path: &str, message: impl Into<String>) -> Option<T> {
        self.faults.add(|| path.to_owned(), message);
        None
    }

    pub(super) fn code<K: Kind>(&mut self, path: &str, text: &str) -> Option<Code<K>> {
        self.faults.keep(path, Code::new(text))
    }

    pub(super) fn moment(&mut self, path: &str, text: &str) -> Option<Moment> {
        self.faults.keep(path, text.parse::<Moment>())
    }

    /// What contracts are.
    pub(in crate::grpc) fn contracts(
        &mut self,
        house: &House,
        wire: &[v1::ContractSpecification],
    ) -> Vec<(ContractKey, Specification)> {
        if wire.len() > MOST_ENTRIES {
            self.fault::<()>("contracts", format!("at most {MOST_ENTRIES}"));
            return Vec::new();
        }
        let mut contracts = Vec::with_capacity(wire.len());
        for (place, own) in wire.iter().enumerate() {
            let path = format!("contracts[{place}]");
            let key = self.key(&path, house, own.contract.as_ref());
            let specification = self.specification(&path, key.as_ref(), own);
            contracts.extend(key.zip(specification));
        }
        contracts
    }

    fn key(&mut self, path: &str, house: &House, wire: Option<&v1::Position>) -> Option<ContractKey> {
        let Some(wire) = wire else { return self.fault(&format!("{path}.contract"), "is missing") };
        if wire.exchange.is_empty() {
            self.fault::<()>(&format!("{path}.contract.exchange"), "is missing");
        }
        let faults = &mut self.faults;
        let query =
            contract(wire, &mut |field, message| faults.add(|| format!("{path}.contract.{field}"), message))?;
        let exchange = query.exchange?;
        Some(ContractKey {
            house: house.clone(),
            exchange,
            product: query.product,
            product_type: query.product_type,
            period: query.period,
            underlying_period: query.underlying_period,
            option: query.option,
        })
    }

    fn specification(
        &mut self,
        path: &str,
        key: Option<&ContractKey>,
        wire: &v1::ContractSpecification,
    ) -> Option<Specification> {
        let price_source: Option<PriceSource> =
            self.code(&format!("{path}.price_source"), &wire.price_source);
        let quote: Option<Currency> = self.code(&format!("{path}.quote"), &wire.quote);
        let multiplier = match wire.multiplier.as_str() {
            "" => Some(Decimal::ONE),
            text => self.faults.keep(&format!("{path}.multiplier"), Decimal::parse(text)),
        };
        let instrument = self.instrument(path, key, wire);
        let settlement = match v1::Settlement::try_from(wire.settlement) {
            Ok(v1::Settlement::Premium) => Some(Settlement::Premium),
            Ok(v1::Settlement::Futures) => Some(Settlement::FuturesStyle),
            Ok(v1::Settlement::Inverse) => {
                self.code(&format!("{path}.coin"), &wire.coin).map(|coin| Settlement::Inverse { coin })
            }
            _ => self.fault(&format!("{path}.settlement"), "expected premium, futures or inverse"),
        };
        let terms = SpecificationTerms {
            price_source: price_source?,
            instrument: instrument?,
            multiplier: multiplier?,
            quote: quote?,
            settlement: settlement?,
        };
        terms
            .check()
            .map_err(|faults| {
                faults.iter().for_each(|fault| self.faults.add(|| path.to_owned(), fault.to_string()));
            })
            .ok()
    }

    fn instrument(
        &mut self,
        path: &str,
        key: Option<&ContractKey>,
        wire: &v1::ContractSpecification,
    ) -> Option<Instrument> {
        let option = key.and_then(|key| key.option);
        let kind = v1::Instrument::try_from(wire.instrument).unwrap_or_default();
        if key.is_some() && option.is_some() != (kind == v1::Instrument::Option) {
            return self.fault(&format!("{path}.instrument"), "does not fit the contract's type");
        }
        match kind {
            v1::Instrument::Asset => Some(Instrument::Asset),
            v1::Instrument::Perpetual => Some(Instrument::Perpetual),
            v1::Instrument::Future => {
                let expiry = self.moment(&format!("{path}.expiry"), &wire.expiry)?;
                Some(Instrument::Future { expiry })
            }
            v1::Instrument::Option => {
                let expiry = self.moment(&format!("{path}.expiry"), &wire.expiry);
                let model = self.model(&format!("{path}.model"), wire.model);
                let (option, exercise) = (option?, Exercise::European);
                let (strike, right) = (option.strike, option.right);
                Some(Instrument::Option { expiry: expiry?, strike, right, exercise, model: model? })
            }
            v1::Instrument::Unspecified => {
                self.fault(&format!("{path}.instrument"), "expected asset, perpetual, future or option")
            }
        }
    }

    pub(super) fn model(&mut self, path: &str, wire: i32) -> Option<OptionModel> {
        match v1::VolatilityModel::try_from(wire) {
            Ok(v1::VolatilityModel::Unspecified | v1::VolatilityModel::Lognormal) => {
                Some(OptionModel::Lognormal)
            }
            Ok(v1::VolatilityModel::Normal) => Some(OptionModel::Normal),
            Err(_) => self.fault(path, "expected lognormal or normal"),
        }
    }

    /// What accounts of methods move to: one of those that are stated.
    pub(in crate::grpc) fn moves<'a>(
        &mut self,
        wire: impl IntoIterator<Item = (&'a String, &'a String)>,
        methods: &Methods,
    ) -> BTreeMap<MethodName, MethodName> {
        let mut moves = BTreeMap::new();
        for (from, to) in wire {
            let path = format!("move_accounts[{from}]");
            let (from, to) = (self.code(&path, from), self.code::<_>(&path, to));
            let (Some(from), Some(to)) = (from, to) else { continue };
            if methods.contains_key(&to) {
                moves.insert(from, to);
            } else {
                self.fault::<()>(&path, "is none of the methods that are stated");
            }
        }
        moves
    }

    /// Methods by name.
    pub(in crate::grpc) fn methods(&mut self, wire: &[v1::HouseMethod]) -> Methods {
        let mut methods = Methods::new();
        if wire.len() > MOST_METHODS {
            self.fault::<()>("methods", format!("at most {MOST_METHODS}"));
            return methods;
        }
        for (place, own) in wire.iter().enumerate() {
            let path = format!("methods[{place}].text");
            if own.text.len() > MOST_METHOD_BYTES {
                self.fault::<()>(&path, format!("at most {MOST_METHOD_BYTES} bytes"));
                continue;
            }
            let method = match read_method(own.text.as_bytes()) {
                Ok(method) => method,
                Err(diagnostics) => {
                    for own in diagnostics.as_slice() {
                        self.fault::<()>(&path, own.to_string());
                    }
                    continue;
                }
            };
            let name = if own.name.is_empty() { method.name.as_str() } else { own.name.as_str() };
            let name: Option<MethodName> = self.code(&format!("methods[{place}].name"), name);
            let Some(name) = name else { continue };
            let text = own.text.as_str().into();
            if methods.insert(name, StatedMethod { text, method: Arc::new(method) }).is_some() {
                self.fault::<()>(&format!("methods[{place}].name"), "is stated a second time");
            }
        }
        methods
    }
}
