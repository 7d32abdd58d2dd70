//! The writer: a definition as XML, file format 4.00, one element a line, the same bytes for the same definition.

mod commodities;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, Write};

use quick_xml::escape::escape;

use crate::contract::ProductType;
use commodities::{clear_spreads, commodity, inter_spreads};

use crate::parameters::definition::{
    ArrayDefinition, CombinationLeg, ContractReference, Definition, FamilyDefinition, FamilyReference,
    ScanRange, Side, Valuation,
};
use crate::scenario::ScanFraction;
use crate::types::Decimal;

/// Writes a definition as a risk-parameter file in UTF-8.
///
/// What the definition does not hold (names of account sub-types, displayed formats) is not in the file.
///
/// # Errors
/// Those of the target.
pub fn write(definition: &Definition, target: impl Write) -> io::Result<()> {
    let mut out = Output { target, definition };
    writeln!(out.target, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    out.element("spanFile", |out| {
        out.leaf("fileFormat", "4.00")?;
        out.leaf("created", &definition.created)?;
        out.element("definitions", definitions)?;
        out.element("pointInTime", point_in_time)
    })?;
    out.target.flush()
}

struct Output<'a, W> {
    target: W,
    definition: &'a Definition,
}

impl<W: Write> Output<'_, W> {
    fn element(&mut self, name: &str, content: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        writeln!(self.target, "<{name}>")?;
        content(self)?;
        writeln!(self.target, "</{name}>")
    }

    fn leaf(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        writeln!(self.target, "<{name}>{}</{name}>", escape(value.to_string()))
    }

    fn optional(&mut self, name: &str, value: Option<impl Display>) -> io::Result<()> {
        value.map_or(Ok(()), |value| self.leaf(name, value))
    }

    fn named(&mut self, name: &str, value: &str) -> io::Result<()> {
        if value.is_empty() { Ok(()) } else { self.leaf(name, value) }
    }
}

fn definitions<W: Write>(out: &mut Output<'_, W>) -> io::Result<()> {
    for currency in &out.definition.currencies {
        out.element("currencyDef", |out| {
            out.leaf("currency", &currency.currency)?;
            out.leaf("symbol", &currency.symbol)?;
            out.leaf("name", &currency.name)?;
            out.leaf("decimalPos", currency.places)
        })?;
    }
    for account_type in &out.definition.account_types {
        out.element("acctTypeDef", |out| {
            out.leaf("isCust", u8::from(account_type.is_customer))?;
            out.leaf("acctType", &account_type.code)?;
            out.leaf("name", &account_type.name)?;
            out.leaf("isNetMargin", u8::from(account_type.is_net))?;
            out.leaf("priority", account_type.priority)
        })?;
    }
    Ok(())
}

fn point_in_time<W: Write>(out: &mut Output<'_, W>) -> io::Result<()> {
    let definition = out.definition;
    out.optional("date", definition.business_date.map(|date| date.compact()))?;
    out.leaf("isSetl", u8::from(definition.is_settlement))?;
    out.named("setlQualifier", &definition.settlement_qualifier)?;
    out.optional("run", (definition.run > 0).then_some(definition.run))?;
    out.element("clearingOrg", clearing_organisation)
}

fn clearing_organisation<W: Write>(out: &mut Output<'_, W>) -> io::Result<()> {
    let definition = out.definition;
    out.optional("ec", definition.house.as_ref())?;
    out.leaf("name", &definition.house_name)?;
    out.optional("oopDeltaMeth", definition.option_delta_by_period.then_some("PERIOD"))?;
    out.leaf("capAnov", u8::from(definition.cap_option_value))?;
    for conversion in &definition.conversions {
        out.element("curConv", |out| {
            out.leaf("fromCur", &conversion.from)?;
            out.leaf("toCur", &conversion.to)?;
            out.leaf("factor", conversion.factor)
        })?;
    }
    for level in &definition.levels {
        out.element("pbRateDef", |out| {
            out.leaf("r", level.level)?;
            out.leaf("isCust", u8::from(level.is_customer))?;
            out.leaf("acctType", &level.account_type)?;
            out.leaf("isM", u8::from(level.is_maintenance))?;
            out.leaf("pbc", &level.class)
        })?;
    }
    out.element("pointDef", points)?;
    // A file may come back to an exchange after others.
    let mut seen = BTreeSet::new();
    let exchanges = definition.families.iter().map(|family| &family.exchange);
    for exchange in exchanges.filter(|exchange| seen.insert(*exchange)) {
        out.element("exchange", |out| {
            out.leaf("exch", exchange)?;
            out.leaf("name", exchange)?;
            let own = definition.families.iter().filter(|family| family.exchange == *exchange);
            own.into_iter().try_for_each(|one| family(out, one))
        })?;
    }
    definition.commodities.iter().try_for_each(|one| out.element("ccDef", |out| commodity(out, one)))?;
    inter_spreads(out, "superSpreads", &definition.super_spreads, true)?;
    clear_spreads(out, "superInterClearSpreads", true)?;
    inter_spreads(out, "interSpreads", &definition.inter_spreads, false)?;
    clear_spreads(out, "interClearSpreads", false)
}

fn points<W: Write>(out: &mut Output<'_, W>) -> io::Result<()> {
    let definition = out.definition;
    out.leaf("r", definition.base_level)?;
    for point in &definition.points {
        out.element("scanPointDef", |out| {
            out.leaf("point", point.number)?;
            fraction(out, "priceScanDef", &point.price)?;
            fraction(out, "volScanDef", &point.volatility)?;
            out.leaf("weight", point.weight)?;
            out.leaf("pairedPoint", point.paired)
        })?;
    }
    for point in &definition.delta_points {
        out.element("deltaPointDef", |out| {
            out.leaf("point", point.number)?;
            fraction(out, "priceScanDef", &point.price)?;
            fraction(out, "volScanDef", &point.volatility)?;
            out.leaf("weight", point.weight)
        })?;
    }
    Ok(())
}

fn fraction<W: Write>(out: &mut Output<'_, W>, name: &str, fraction: &ScanFraction) -> io::Result<()> {
    out.element(name, |out| {
        out.leaf("mult", fraction.multiplier)?;
        out.leaf("numerator", fraction.numerator)?;
        out.leaf("denominator", fraction.denominator)
    })
}

/// Names of the elements of a family and of its contracts.
const fn elements(product_type: ProductType) -> (&'static str, &'static str) {
    match product_type {
        ProductType::Physical => ("phyPf", "phy"),
        ProductType::Equity => ("equityPf", "equity"),
        ProductType::Future => ("futPf", "fut"),
        ProductType::Forward => ("fwdPf", "fwd"),
        ProductType::OptionOnPhysical => ("oopPf", "opt"),
        ProductType::OptionOnFuture => ("oofPf", "opt"),
        ProductType::OptionOnEquity => ("ooePf", "opt"),
        ProductType::Combination => ("cmbPf", "cmb"),
        ProductType::OptionOnCombination => ("oocPf", "opt"),
    }
}

fn family<W: Write>(out: &mut Output<'_, W>, family: &FamilyDefinition) -> io::Result<()> {
    let (own, contract_name) = elements(family.product_type);
    out.element(own, |out| {
        out.leaf("pfId", family.family_id)?;
        out.leaf("pfCode", &family.product)?;
        out.leaf("name", &family.name)?;
        out.named("exercise", &family.exercise)?;
        out.optional("currency", family.currency.as_ref())?;
        out.optional("cvf", family.contract_value_factor)?;
        out.optional("priceDl", family.price_places)?;
        out.optional("strikeDl", family.strike_places)?;
        out.leaf("valueMeth", if family.valuation == Valuation::PremiumStyle { "EQTY" } else { "FUT" })?;
        out.named("setlMeth", &family.settlement)?;
        out.named("priceModel", &family.pricing_model)?;
        if let Some(underlying) = &family.underlying {
            out.element("undPf", |out| family_reference(out, underlying))?;
        }
        for contract in &family.contracts {
            out.element(contract_name, |out| {
                out.leaf("cId", contract.contract_id)?;
                out.leaf("pe", contract.period)?;
                out.optional("p", contract.price)?;
                out.optional("cvf", contract.contract_value_factor)?;
                out.leaf("sc", contract.scaling)?;
                out.named("setlDate", &contract.settlement_date)?;
                out.optional("t", contract.years)?;
                contract_reference(out, contract.underlying.as_ref())?;
                contract.legs.iter().try_for_each(|leg| combination_leg(out, leg))?;
                scan_range(out, contract.scan.as_ref())?;
                risk_array(out, contract.array)
            })?;
        }
        family.series.iter().try_for_each(|one| out.element("series", |out| series(out, one)))
    })
}

fn series<W: Write>(
    out: &mut Output<'_, W>,
    series: &crate::parameters::definition::SeriesDefinition,
) -> io::Result<()> {
    out.leaf("pe", series.period)?;
    out.named("setlDate", &series.settlement_date)?;
    out.optional("t", series.years)?;
    out.optional("cvf", series.contract_value_factor)?;
    out.optional("svf", series.strike_value_factor)?;
    out.leaf("sc", series.scaling)?;
    contract_reference(out, series.underlying.as_ref())?;
    scan_range(out, series.scan.as_ref())?;
    for option in &series.options {
        out.element("opt", |out| {
            out.leaf("cId", option.contract_id)?;
            out.leaf("o", option.terms.right.code())?;
            out.leaf("k", option.terms.strike)?;
            out.optional("p", option.price)?;
            out.optional("v", option.volatility)?;
            out.optional("val", option.value)?;
            out.optional("cvf", option.contract_value_factor)?;
            out.optional("sc", option.scaling)?;
            risk_array(out, option.array)
        })?;
    }
    Ok(())
}

fn family_reference<W: Write>(out: &mut Output<'_, W>, family: &FamilyReference) -> io::Result<()> {
    out.leaf("exch", &family.exchange)?;
    out.leaf("pfId", family.family_id)?;
    out.leaf("pfCode", &family.product)?;
    out.named("pfType", &family.product_type)
}

fn contract_reference<W: Write>(
    out: &mut Output<'_, W>,
    contract: Option<&ContractReference>,
) -> io::Result<()> {
    let Some(contract) = contract else { return Ok(()) };
    out.element("undC", |out| {
        out.leaf("exch", &contract.exchange)?;
        out.leaf("pfId", contract.family_id)?;
        out.leaf("cId", contract.contract_id)
    })
}

fn combination_leg<W: Write>(out: &mut Output<'_, W>, leg: &CombinationLeg) -> io::Result<()> {
    out.element("undC", |out| {
        out.leaf("exch", &leg.contract.exchange)?;
        out.leaf("pfId", leg.contract.family_id)?;
        out.leaf("cId", leg.contract.contract_id)?;
        out.leaf("s", side(leg.side))?;
        out.leaf("i", leg.ratio)
    })
}

fn scan_range<W: Write>(out: &mut Output<'_, W>, scan: Option<&ScanRange>) -> io::Result<()> {
    let Some(scan) = scan else { return Ok(()) };
    let volatility = if scan.volatility_is_relative { "volScanPct" } else { "volScan" };
    out.element("scanRate", |out| {
        out.leaf("r", out.definition.base_level)?;
        out.leaf("priceScan", scan.price)?;
        out.leaf(volatility, scan.volatility)
    })
}

fn risk_array<W: Write>(out: &mut Output<'_, W>, array: Option<ArrayDefinition>) -> io::Result<()> {
    let Some(array) = array else { return Ok(()) };
    let arrays = &out.definition.arrays;
    out.element("ra", |out| {
        out.leaf("r", out.definition.base_level)?;
        for &value in arrays.values(array.array) {
            out.leaf("a", Decimal::new(value, arrays.places()).unwrap_or_default())?;
        }
        out.leaf("d", array.delta)
    })
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::A => "A",
        Side::B => "B",
    }
}
