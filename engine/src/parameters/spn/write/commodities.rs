//! Combined commodities and spreads as XML.

use std::io::{self, Write};

use super::{Output, family_reference, side};
use crate::parameters::definition::{
    ChargeMethod, CombinationMethod, CommodityDefinition, LegDefinition, LegPlace, LevelRate,
    OptionMinimumMethod, ScanTiers, ScanningSpreadDefinition, SpreadDefinition, TierDefinition,
    WeightedRiskMethod,
};

pub(super) fn commodity<W: Write>(
    out: &mut Output<'_, W>,
    commodity: &CommodityDefinition,
) -> io::Result<()> {
    let terms = &commodity.terms;
    out.leaf("cc", &commodity.code)?;
    out.leaf("name", &terms.name)?;
    out.optional("currency", terms.currency.as_ref())?;
    out.leaf("riskExponent", terms.risk_exponent)?;
    out.optional("capAnov", terms.cap_option_value.map(u8::from))?;
    out.leaf("procMeth", "NORMAL")?;
    let weighted_risk = match terms.weighted_risk_method {
        WeightedRiskMethod::Normal => "NORMAL",
        WeightedRiskMethod::ScanRangeCap => "SCANRANGE_CAP",
        WeightedRiskMethod::ScanRange => "SCANRANGE",
    };
    out.leaf("wfprMeth", weighted_risk)?;
    out.leaf("spotMeth", "NORMAL")?;
    let counts_gross = terms.option_minimum_method == OptionMinimumMethod::Gross;
    out.leaf("somMeth", if counts_gross { "GROSS" } else { "MAX" })?;
    if terms.combination_method != CombinationMethod::None {
        out.leaf("cmbMeth", combination_method(terms.combination_method))?;
    }
    for link in &terms.links {
        out.element("pfLink", |out| {
            family_reference(out, &link.family)?;
            out.leaf("sc", link.scaling)?;
            out.optional(
                "oopDeltaMeth",
                link.option_delta_by_period.map(|own| if own { "PERIOD" } else { "UNDERLYING" }),
            )?;
            out.optional("cmbMeth", link.combination_method.map(combination_method))?;
            out.optional("applyBasisRisk", link.has_basis_risk.then_some(1))
        })?;
    }
    for adjustment in &terms.adjustments {
        out.element("adjRate", |out| {
            out.leaf("r", adjustment.level)?;
            out.leaf("baseR", adjustment.base)?;
            out.leaf("val", adjustment.factor)
        })?;
    }
    for (name, tiers) in [
        ("intraTiers", &terms.intra_tiers),
        ("interTiers", &terms.inter_tiers),
        ("somTiers", &terms.option_minimum_tiers),
    ] {
        out.element(name, |out| tiers.iter().try_for_each(|one| tier(out, one)))?;
    }
    scan_tiers(out, &terms.scan_tiers)?;
    for rate in &terms.delivery {
        out.element("spotRate", |out| {
            out.leaf("r", rate.level)?;
            out.leaf("pe", rate.period)?;
            out.leaf("sprd", rate.spread)?;
            out.leaf("outr", rate.outright)
        })?;
    }
    if !terms.basis_rates.is_empty() {
        out.element("basisRates", |out| rates(out, &terms.basis_rates))?;
    }
    terms.spreads.iter().try_for_each(|one| spread(out, one))
}

const fn combination_method(method: CombinationMethod) -> &'static str {
    match method {
        CombinationMethod::None => "NONE",
        CombinationMethod::Split => "SPLIT",
        CombinationMethod::DeltaSplit => "DELTASPLIT",
        CombinationMethod::ModifiedSplit => "MODSPLIT",
    }
}

fn scan_tiers<W: Write>(out: &mut Output<'_, W>, tiers: &ScanTiers) -> io::Result<()> {
    match tiers {
        ScanTiers::Whole => Ok(()),
        ScanTiers::EachPeriod => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the XML format has no scanning tiers for each period",
        )),
        ScanTiers::Tiers(tiers) => {
            out.element("scanTiers", |out| tiers.iter().try_for_each(|one| tier(out, one)))
        }
    }
}

fn tier<W: Write>(out: &mut Output<'_, W>, tier: &TierDefinition) -> io::Result<()> {
    out.element("tier", |out| {
        out.leaf("tn", tier.number)?;
        out.optional("sPe", tier.first)?;
        out.optional("ePe", tier.last)?;
        rates(out, &tier.rates)
    })
}

fn rates<W: Write>(out: &mut Output<'_, W>, rates: &[LevelRate]) -> io::Result<()> {
    rates.iter().try_for_each(|rate| {
        out.element("rate", |out| {
            out.leaf("r", rate.level)?;
            out.leaf("val", rate.value)
        })
    })
}

fn spread<W: Write>(out: &mut Output<'_, W>, spread: &SpreadDefinition) -> io::Result<()> {
    out.element("dSpread", |out| {
        out.leaf("spread", spread.priority)?;
        let charge = match spread.charge {
            ChargeMethod::Flat => "F",
            ChargeMethod::WeightedPriceRisk => "W",
            ChargeMethod::PerMonth => "P",
        };
        out.leaf("chargeMeth", charge)?;
        rates(out, &spread.rates)?;
        for rate in &spread.month_rates {
            out.element("pmpsRate", |out| {
                out.leaf("r", rate.level)?;
                out.leaf("pmRate", rate.month)?;
                out.leaf("psRate", rate.spread)
            })?;
        }
        for leg in &spread.legs {
            let name = if matches!(leg.place, LegPlace::Tier(_)) { "tLeg" } else { "pLeg" };
            out.element(name, |out| {
                leg_terms(out, leg)?;
                rates(out, &leg.rates)
            })?;
        }
        Ok(())
    })
}

fn leg_terms<W: Write>(out: &mut Output<'_, W>, leg: &LegDefinition) -> io::Result<()> {
    out.leaf("cc", &leg.commodity)?;
    match leg.place {
        LegPlace::Tier(number) => out.leaf("tn", number)?,
        LegPlace::Period(period) => out.leaf("pe", period)?,
    }
    out.leaf("rs", side(leg.side))?;
    out.leaf("i", leg.ratio)
}

fn scanning_spread<W: Write>(out: &mut Output<'_, W>, spread: &ScanningSpreadDefinition) -> io::Result<()> {
    out.element("sSpread", |out| {
        out.leaf("spread", spread.priority)?;
        out.leaf("isTargetReq", u8::from(spread.is_target_required))?;
        out.leaf("numLegsReq", spread.minimum_legs)?;
        rates(out, &spread.rates)?;
        for leg in &spread.legs {
            out.element("sLeg", |out| {
                out.leaf("cc", &leg.commodity)?;
                out.leaf("isTarget", u8::from(leg.is_target))?;
                out.leaf("isRequired", u8::from(leg.is_required))?;
                out.leaf("i", leg.ratio)?;
                rates(out, &leg.rates)
            })?;
        }
        Ok(())
    })
}

pub(super) fn inter_spreads<W: Write>(
    out: &mut Output<'_, W>,
    name: &str,
    delta_based: &[SpreadDefinition],
    is_super: bool,
) -> io::Result<()> {
    let scanning = &out.definition.scanning_spreads;
    let mut scanning = scanning.iter().filter(|one| one.is_super == is_super).peekable();
    if is_super && delta_based.is_empty() && scanning.peek().is_none() {
        return Ok(());
    }
    out.element(name, |out| {
        delta_based.iter().try_for_each(|one| spread(out, one))?;
        scanning.try_for_each(|one| scanning_spread(out, one))
    })
}

pub(super) fn clear_spreads<W: Write>(out: &mut Output<'_, W>, name: &str, is_super: bool) -> io::Result<()> {
    let (all, base_level) = (&out.definition.clear_spreads, out.definition.base_level);
    if !all.iter().any(|spread| spread.is_super == is_super) {
        return Ok(());
    }
    out.element(name, |out| {
        for spread in all.iter().filter(|spread| spread.is_super == is_super) {
            out.element("clearSpread", |out| {
                out.leaf("spread", spread.home.priority)?;
                for own in &spread.home.legs {
                    out.element("homeLeg", |out| {
                        leg_terms(out, own)?;
                        match own.rates.as_slice() {
                            [rate] if rate.level == base_level => out.leaf("rate", rate.value),
                            several => rates(out, several),
                        }
                    })?;
                }
                spread.away.iter().try_for_each(|leg| {
                    out.element("awayLeg", |out| {
                        out.leaf("ec", &leg.house)?;
                        out.leaf("cc", &leg.commodity)?;
                        out.leaf("tn", leg.tier)?;
                        out.leaf("rs", side(leg.side))?;
                        out.leaf("i", leg.ratio)
                    })
                })
            })?;
        }
        Ok(())
    })
}
