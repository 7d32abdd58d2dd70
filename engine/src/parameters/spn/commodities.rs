//! Combined commodities: links, levels, tiers and methods.

use std::io::BufRead;

use super::cursor::{Cursor, Stop};
use super::element::Element;
use super::spreads::spread;
use super::values::{code, delta_by_period, missing, only, period_of, rate, short_text, unused};
use crate::parameters::definition::{
    CombinationMethod, CommodityDefinition, CommodityTerms, Definition, DeliveryRate, FamilyReference,
    LevelAdjustment, LevelRate, OptionMinimumMethod, ProductLink, ScanTiers, TierDefinition,
    WeightedRiskMethod,
};
use crate::types::Decimal;

pub(super) fn commodity<R: BufRead>(x: &mut Cursor<R>, definition: &mut Definition) -> Result<(), Stop> {
    x.list()?;
    let line = x.line();
    let (mut own_code, mut risk_exponent, mut terms) = (None, None, CommodityTerms::default());
    while let Some(element) = x.next_child()? {
        match element {
            Element::Cc => own_code = code(x, element)?,
            Element::Name => terms.name = short_text(x, element)?,
            Element::Currency => terms.currency = code(x, element)?,
            Element::RiskExponent => risk_exponent = x.whole(element)?,
            Element::CapAnov => terms.cap_option_value = x.flag(element)?,
            Element::ProcMeth => only(x, element, &["NORMAL"])?,
            Element::WfprMeth => terms.weighted_risk_method = weighted_risk_method(x)?,
            Element::CmbMeth => terms.combination_method = combination_method(x)?.unwrap_or_default(),
            Element::SpotMeth => only(x, element, &["NORMAL", "NONE"])?,
            Element::MarginMeth => unused(x, element)?,
            Element::SomMeth => terms.option_minimum_method = option_minimum_method(x)?,
            Element::PfLink => terms.links.extend(link(x)?),
            Element::AdjRate => terms.adjustments.extend(adjustment(x)?),
            Element::IntraTiers => terms.intra_tiers = tiers(x)?,
            Element::InterTiers => terms.inter_tiers = tiers(x)?,
            Element::SomTiers => terms.option_minimum_tiers = tiers(x)?,
            Element::ScanTiers => terms.scan_tiers = scan_tiers(x)?,
            Element::SpotRate => terms.delivery.extend(delivery(x)?),
            Element::BasisRates => terms.basis_rates = basis_rates(x)?,
            Element::DSpread => terms.spreads.extend(spread(x, definition.base_level)?),
            other => x.pass(other)?,
        }
    }
    match risk_exponent {
        Some(risk_exponent) => terms.risk_exponent = risk_exponent,
        None => missing(x, Element::CcDef, Element::RiskExponent),
    }
    match own_code {
        Some(code) => definition.commodities.push(CommodityDefinition { line, code, terms }),
        None => missing(x, Element::CcDef, Element::Cc),
    }
    Ok(())
}

fn option_minimum_method<R: BufRead>(x: &mut Cursor<R>) -> Result<OptionMinimumMethod, Stop> {
    let method = x.value_with(Element::SomMeth, |text| match text {
        "GROSS" => Ok(OptionMinimumMethod::Gross),
        "MAX" => Ok(OptionMinimumMethod::Greater),
        _ => Err("expected GROSS or MAX".to_owned()),
    })?;
    Ok(method.unwrap_or_default())
}

fn weighted_risk_method<R: BufRead>(x: &mut Cursor<R>) -> Result<WeightedRiskMethod, Stop> {
    let method = x.value_with(Element::WfprMeth, |text| match text {
        "NORMAL" => Ok(WeightedRiskMethod::Normal),
        "SCANRANGE_CAP" => Ok(WeightedRiskMethod::ScanRangeCap),
        "SCANRANGE" => Ok(WeightedRiskMethod::ScanRange),
        _ => Err("expected NORMAL, SCANRANGE_CAP or SCANRANGE".to_owned()),
    })?;
    Ok(method.unwrap_or_default())
}

fn combination_method<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<CombinationMethod>, Stop> {
    x.value_with(Element::CmbMeth, |text| match text {
        "NONE" => Ok(CombinationMethod::None),
        "SPLIT" => Ok(CombinationMethod::Split),
        "DELTASPLIT" => Ok(CombinationMethod::DeltaSplit),
        "MODSPLIT" => Ok(CombinationMethod::ModifiedSplit),
        _ => Err("expected NONE, SPLIT, DELTASPLIT or MODSPLIT".to_owned()),
    })
}

fn link<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<ProductLink>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut exchange, mut family_id, mut product, mut product_type) = (None, None, None, String::new());
    let (mut scaling, mut option_delta_by_period) = (Decimal::ONE, None);
    let (mut combination_method, mut has_basis_risk) = (None, false);
    while let Some(element) = x.next_child()? {
        match element {
            Element::Exch => exchange = code(x, element)?,
            Element::PfId => family_id = x.whole(element)?,
            Element::PfCode => product = code(x, element)?,
            Element::PfType => product_type = short_text(x, element)?,
            Element::Sc => scaling = x.needed(element)?.unwrap_or(scaling),
            Element::OopDeltaMeth => option_delta_by_period = delta_by_period(x)?,
            Element::CmbMeth => combination_method = self::combination_method(x)?,
            Element::ApplyBasisRisk => has_basis_risk = x.flag(element)?.unwrap_or(false),
            other => x.pass(other)?,
        }
    }
    let (Some(exchange), Some(family_id), Some(product)) = (exchange, family_id, product) else {
        x.error(Element::PfLink, "needs exch, pfId and pfCode");
        return Ok(None);
    };
    let family = FamilyReference { exchange, family_id, product, product_type };
    Ok(Some(ProductLink {
        line,
        family,
        scaling,
        option_delta_by_period,
        combination_method,
        has_basis_risk,
    }))
}

fn adjustment<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<LevelAdjustment>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut level, mut base, mut factor) = (None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::R => level = x.whole(element)?,
            Element::BaseR => base = x.whole(element)?,
            Element::Val => factor = x.value(element)?,
            other => x.pass(other)?,
        }
    }
    let (Some(level), Some(base), Some(factor)) = (level, base, factor) else {
        x.error(Element::AdjRate, "needs r, baseR and val");
        return Ok(None);
    };
    Ok(Some(LevelAdjustment { line, level, base, factor }))
}

fn tiers<R: BufRead>(x: &mut Cursor<R>) -> Result<Vec<TierDefinition>, Stop> {
    let mut tiers = Vec::new();
    while let Some(element) = x.next_child()? {
        match element {
            Element::Tier => tiers.extend(tier(x)?),
            other => x.pass(other)?,
        }
    }
    Ok(tiers)
}

fn scan_tiers<R: BufRead>(x: &mut Cursor<R>) -> Result<ScanTiers, Stop> {
    let tiers = tiers(x)?;
    let whole = tiers.len() < 2 && tiers.iter().all(|tier| tier.first.is_none() && tier.last.is_none());
    Ok(if whole { ScanTiers::Whole } else { ScanTiers::Tiers(tiers) })
}

fn delivery<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<DeliveryRate>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut level, mut period, mut spread, mut outright) = (None, None, None, None);
    while let Some(element) = x.next_child()? {
        match element {
            Element::R => level = x.whole(element)?,
            Element::Pe => period = period_of(x, element)?,
            Element::Sprd => spread = x.value(element)?,
            Element::OutR => outright = x.value(element)?,
            other => x.pass(other)?,
        }
    }
    let (Some(level), Some(period), Some(spread), Some(outright)) = (level, period, spread, outright) else {
        x.error(Element::SpotRate, "needs r, pe, sprd and outr");
        return Ok(None);
    };
    Ok(Some(DeliveryRate { line, level, period, spread, outright }))
}

fn basis_rates<R: BufRead>(x: &mut Cursor<R>) -> Result<Vec<LevelRate>, Stop> {
    let mut rates = Vec::new();
    while let Some(element) = x.next_child()? {
        match element {
            Element::Rate => rates.extend(rate(x)?),
            other => x.pass(other)?,
        }
    }
    Ok(rates)
}

fn tier<R: BufRead>(x: &mut Cursor<R>) -> Result<Option<TierDefinition>, Stop> {
    x.list()?;
    let line = x.line();
    let (mut number, mut first, mut last, mut rates) = (None, None, None, Vec::new());
    while let Some(element) = x.next_child()? {
        match element {
            Element::Tn => number = x.whole(element)?,
            Element::SPe => first = period_of(x, element)?,
            Element::EPe => last = period_of(x, element)?,
            Element::Rate => rates.extend(rate(x)?),
            // Arrays are given: what they were made from changes nothing.
            Element::ScanRate => x.skip()?,
            other => x.pass(other)?,
        }
    }
    match number {
        Some(number) => Ok(Some(TierDefinition { line, number, first, last, rates })),
        None => {
            missing(x, Element::Tier, Element::Tn);
            Ok(None)
        }
    }
}
