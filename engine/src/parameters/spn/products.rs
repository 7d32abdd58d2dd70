//! Product families, contracts, series, options and their arrays.

use std::io::BufRead;

use super::cursor::{Cursor, Stop};
use super::element::Element;
use super::values::{code, missing, period_of, short_text, side};
use crate::contract::{OptionRight, OptionTerms, ProductType};
use crate::parameters::definition::{
    ArrayDefinition, ArrayTable, CombinationLeg, ContractDefinition, ContractReference, Definition,
    FamilyDefinition, FamilyReference, OptionDefinition, ScanRange, SeriesDefinition, Valuation,
};
use crate::types::{Decimal, ExchangeCode};

/// Where arrays go, and which level they are read for.
struct Arrays<'a> {
    table: &'a mut ArrayTable,
    level: u32,
    count: usize,
    is_asymmetric: &'a mut bool,
}

pub(super) fn exchange<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    let mut exchange = None;
    let mut arrays = Arrays {
        table: &mut definition.arrays,
        level: definition.base_level,
        count: definition.points.len(),
        is_asymmetric: &mut definition.is_asymmetric,
    };
    if arrays.count == 0 {
        x.error(Element::PointDef, "scan points are to stand before the exchanges");
    }
    while let Some(element) = x.next_child()? {
        let product_type = match element {
            Element::Exch => {
                exchange = code(x, element)?;
                continue;
            }
            Element::Name => {
                x.skip()?;
                continue;
            }
            Element::PhyPf => ProductType::Physical,
            Element::EquityPf => ProductType::Equity,
            Element::FutPf => ProductType::Future,
            Element::FwdPf => ProductType::Forward,
            Element::OopPf => ProductType::OptionOnPhysical,
            Element::OofPf => ProductType::OptionOnFuture,
            Element::OoePf => ProductType::OptionOnEquity,
            Element::CmbPf => ProductType::Combination,
            Element::OocPf => ProductType::OptionOnCombination,
            other => {
                x.pass(other)?;
                continue;
            }
        };
        x.list()?;
        let families = &mut definition.families;
        match &exchange {
            Some(exchange) => families.extend(family(x, exchange, product_type, &mut arrays)?),
            None => {
                missing(x, Element::Exchange, Element::Exch);
                x.skip()?;
            }
        }
    }
    Ok(())
}

fn family<R: BufRead>(
    x: &mut Cursor<R>,
    exchange: &ExchangeCode,
    product_type: ProductType,
    arrays: &mut Arrays<'_>,
) -> Result<Option<FamilyDefinition>, Stop> {
    let line = x.line();
    let (mut family_id, mut product, mut name, mut currency) = (None, None, String::new(), None);
    let (mut contract_value_factor, mut price_places, mut strike_places) = (None, None, None);
    let (mut valuation, mut settlement) = (None, String::new());
    let (mut exercise, mut pricing_model, mut underlying) = (String::new(), String::new(), None);
    let (mut contracts, mut series) = (Vec::new(), Vec::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::PfId => family_id = x.whole(element)?,
            Element::PfCode => product = code(x, element)?,
            Element::Name => name = short_text(x, element)?,
            Element::Currency => currency = code(x, element)?,
            Element::Cvf => contract_value_factor = x.value(element)?,
            Element::PriceDl => price_places = x.whole(element)?,
            Element::StrikeDl => strike_places = x.whole(element)?,
            Element::ValueMeth => valuation = valuation_of(x)?,
            Element::SetlMeth => settlement = short_text(x, element)?,
            Element::Exercise => exercise = short_text(x, element)?,
            Element::PriceModel => pricing_model = short_text(x, element)?,
            Element::UndPf => underlying = family_reference(x)?.or(underlying),
            Element::Phy | Element::Equity | Element::Fut | Element::Fwd | Element::Cmb => {
                contracts.extend(contract(x, element, arrays)?);
            }
            Element::Series => series.extend(option_series(x, arrays)?),
            other => x.pass(other)?,
        }
    }
    let (Some(family_id), Some(product)) = (family_id, product) else {
        x.error(Element::PfId, "a product family needs pfId and pfCode");
        return Ok(None);
    };
    if product_type.is_option() && valuation.is_none() {
        x.error(
            Element::ValueMeth,
            format!("options {product}: whether they have a market value is missing or faulty"),
        );
    }
    Ok(Some(FamilyDefinition {
        line,
        exchange: exchange.clone(),
        product_type,
        family_id,
        product,
        name,
        currency,
        contract_value_factor,
        price_places,
        strike_places,
        valuation: valuation.unwrap_or(Valuation::FuturesStyle),
        settlement,
        exercise,
        pricing_model,
        underlying,
        contracts,
        series,
    }))
}

fn valuation_of<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<Valuation>, Stop> {
    x.value_with(Element::ValueMeth, |text| match text {
        "EQTY" => Ok(Valuation::PremiumStyle),
        "FUT" | "FUTDA" | "FWD" => Ok(Valuation::FuturesStyle),
        _ => Err("expected EQTY, FUT, FUTDA or FWD".to_owned()),
    })
}

pub(super) fn family_reference<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<FamilyReference>, Stop> {
    let (mut exchange, mut family_id, mut product, mut product_type) = (None, None, None, String::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::Exch => exchange = code(x, element)?,
            Element::PfId => family_id = x.whole(element)?,
            Element::PfCode => product = code(x, element)?,
            Element::PfType => product_type = short_text(x, element)?,
            Element::S | Element::I => x.skip()?,
            other => x.pass(other)?,
        }
    }
    let (Some(exchange), Some(family_id), Some(product)) = (exchange, family_id, product) else {
        x.error(Element::UndPf, "needs exch, pfId and pfCode");
        return Ok(None);
    };
    Ok(Some(FamilyReference { exchange, family_id, product, product_type }))
}

fn contract<R: BufRead>(
    x: &mut Cursor<R>,
    own: Element,
    arrays: &mut Arrays<'_>,
) -> Result<Option<ContractDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut contract_id, mut period, mut price, mut factor) = (None, None, None, None);
    let (mut scaling, mut settlement_date, mut years) = (Decimal::ONE, String::new(), None);
    let (mut underlying, mut scan, mut array, mut legs) = (None, None, None, Vec::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::CId => contract_id = x.whole(element)?,
            Element::Pe => period = period_of(x, element)?,
            Element::P => price = x.value(element)?,
            Element::Cvf => factor = x.value(element)?,
            Element::Sc => scaling = x.needed(element)?.unwrap_or(scaling),
            Element::SetlDate => settlement_date = short_text(x, element)?,
            Element::T => years = x.value(element)?,
            Element::UndC if own == Element::Cmb => legs.extend(combination_leg(x)?),
            Element::UndC => {
                let reference = contract_reference(x)?;
                x.keep(&mut underlying, reference, element);
            }
            Element::ScanRate => {
                let range = scan_range(x, arrays)?;
                x.keep(&mut scan, range, element);
            }
            Element::Ra => {
                let own = risk_array(x, arrays)?;
                x.keep(&mut array, own, element);
            }
            Element::D | Element::V | Element::Val => x.skip()?,
            other => x.pass(other)?,
        }
    }
    let (Some(contract_id), Some(period)) = (contract_id, period) else {
        x.error(own, "needs cId and pe");
        return Ok(None);
    };
    Ok(Some(ContractDefinition {
        line,
        contract_id,
        period,
        price,
        contract_value_factor: factor,
        scaling,
        settlement_date,
        years,
        underlying,
        legs,
        scan,
        array,
    }))
}

fn option_series<R: BufRead>(
    x: &mut Cursor<R>,
    arrays: &mut Arrays<'_>,
) -> Result<Option<SeriesDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut period, mut contract_value_factor, mut strike_value_factor) = (None, None, None);
    let (mut scaling, mut settlement_date, mut years) = (Decimal::ONE, String::new(), None);
    let (mut underlying, mut scan, mut options) = (None, None, Vec::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::Pe => period = period_of(x, element)?,
            Element::Cvf => contract_value_factor = x.value(element)?,
            Element::Svf => strike_value_factor = x.value(element)?,
            Element::Sc => scaling = x.needed(element)?.unwrap_or(scaling),
            Element::SetlDate => settlement_date = short_text(x, element)?,
            Element::T => years = x.value(element)?,
            Element::UndC => {
                let reference = contract_reference(x)?;
                x.keep(&mut underlying, reference, element);
            }
            Element::ScanRate => {
                let range = scan_range(x, arrays)?;
                x.keep(&mut scan, range, element);
            }
            Element::Opt => options.extend(option(x, arrays)?),
            Element::V => x.skip()?,
            other => x.pass(other)?,
        }
    }
    let Some(period) = period else {
        missing(x, Element::Series, Element::Pe);
        return Ok(None);
    };
    Ok(Some(SeriesDefinition {
        line,
        period,
        contract_value_factor,
        strike_value_factor,
        scaling,
        settlement_date,
        years,
        underlying,
        scan,
        options,
    }))
}

fn option<R: BufRead>(x: &mut Cursor<R>, arrays: &mut Arrays<'_>) -> Result<Option<OptionDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut contract_id, mut right, mut strike, mut price) = (None, None, None, None);
    let (mut value, mut volatility, mut factor, mut scaling, mut array) = (None, None, None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::CId => contract_id = x.whole(element)?,
            Element::O => {
                let read =
                    |text: &str| OptionRight::from_code(text).ok_or_else(|| "expected C or P".to_owned());
                right = x.value_with(element, read)?;
            }
            Element::K => strike = x.value(element)?,
            Element::P => price = x.value(element)?,
            Element::V => volatility = x.value(element)?,
            Element::Cvf => factor = x.value(element)?,
            Element::Sc => scaling = x.value(element)?,
            Element::Ra => {
                let own = risk_array(x, arrays)?;
                x.keep(&mut array, own, element);
            }
            Element::Val => value = x.value(element)?,
            Element::D | Element::Svf => x.skip()?,
            other => x.pass(other)?,
        }
    }
    let (Some(contract_id), Some(right), Some(strike)) = (contract_id, right, strike) else {
        x.error(Element::Opt, "needs cId, o and k");
        return Ok(None);
    };
    let terms = OptionTerms { right, strike };
    let contract_value_factor = factor;
    Ok(Some(OptionDefinition {
        line,
        contract_id,
        terms,
        price,
        value,
        volatility,
        contract_value_factor,
        scaling,
        array,
    }))
}

fn contract_reference<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<ContractReference>, Stop> {
    let (mut exchange, mut family_id, mut contract_id) = (None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::Exch => exchange = code(x, element)?,
            Element::PfId => family_id = x.whole(element)?,
            Element::CId => contract_id = x.whole(element)?,
            Element::S | Element::I | Element::PfCode | Element::PfType => x.skip()?,
            other => x.pass(other)?,
        }
    }
    let (Some(exchange), Some(family_id), Some(contract_id)) = (exchange, family_id, contract_id) else {
        x.error(Element::UndC, "needs exch, pfId and cId");
        return Ok(None);
    };
    Ok(Some(ContractReference { exchange, family_id, contract_id }))
}

/// A leg of a combination: bought with it on side A, sold on side B.
fn combination_leg<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<CombinationLeg>, Stop> {
    let line = x.line();
    let (mut exchange, mut family_id, mut contract_id) = (None, None, None);
    let (mut own_side, mut ratio) = (None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::Exch => exchange = code(x, element)?,
            Element::PfId => family_id = x.whole(element)?,
            Element::CId => contract_id = x.whole(element)?,
            Element::S => own_side = side(x, element)?,
            Element::I => ratio = x.value(element)?,
            Element::PfCode | Element::PfType => x.skip()?,
            other => x.pass(other)?,
        }
    }
    let contract = match (exchange, family_id, contract_id) {
        (Some(exchange), Some(family_id), Some(contract_id)) => {
            Some(ContractReference { exchange, family_id, contract_id })
        }
        _ => None,
    };
    let (Some(contract), Some(side), Some(ratio)) = (contract, own_side, ratio) else {
        x.error(Element::UndC, "a leg of a combination needs exch, pfId, cId, s and i");
        return Ok(None);
    };
    Ok(Some(CombinationLeg { line, contract, side, ratio }))
}

fn scan_range<R: BufRead>(x: &mut Cursor<R>, arrays: &mut Arrays<'_>) -> Result<Option<ScanRange>, Stop> {
    let wanted = arrays.level;
    let (mut level, mut price, mut absolute, mut relative) = (None, None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::R => level = x.whole(element)?,
            Element::PriceScan => price = x.value(element)?,
            Element::VolScan => absolute = x.value(element)?,
            Element::VolScanPct => relative = x.value(element)?,
            Element::PriceScanDown
            | Element::PriceScanDownPct
            | Element::VolScanDown
            | Element::VolScanDownPct => {
                let down: Option<Decimal> = x.value(element)?;
                *arrays.is_asymmetric |= down.is_some_and(Decimal::is_positive);
            }
            other => x.pass(other)?,
        }
    }
    Ok((level == Some(wanted)).then(|| ScanRange {
        price: price.unwrap_or_default(),
        volatility: relative.or(absolute).unwrap_or_default(),
        volatility_is_relative: relative.is_some(),
    }))
}

/// An array of the wanted level: exactly one value for every scan point, then the composite delta.
fn risk_array<R: BufRead>(
    x: &mut Cursor<R>,
    arrays: &mut Arrays<'_>,
) -> Result<Option<ArrayDefinition>, Stop> {
    let (mut level, mut delta, mut count) = (None::<u32>, None, 0);
    let Some(array) = arrays.table.begin() else {
        x.error(Element::Ra, "too many risk arrays");
        return Err(Stop);
    };
    while let Some(element) = x.next_child()? {
        match element {
            Element::R => level = x.whole(element)?,
            Element::A => {
                count += 1;
                if let Some(value) = x.needed(element)?
                    && let Err(message) = arrays.table.push(value)
                {
                    x.error(element, message);
                }
            }
            Element::D => delta = x.value(element)?,
            other => x.pass(other)?,
        }
    }
    let Some(level) = level else {
        missing(x, Element::Ra, Element::R);
        return Ok(None);
    };
    if level != arrays.level {
        return Ok(None);
    }
    if count != arrays.count {
        x.error(Element::Ra, format!("{count} values for {} scan points", arrays.count));
    }
    match delta {
        Some(delta) => Ok(Some(ArrayDefinition { array, delta })),
        None => {
            missing(x, Element::Ra, Element::D);
            Ok(None)
        }
    }
}
