//! What is added to a scan, and what it is at least, from the document.

use super::super::document::{Range, Section};
use super::{
    CollateralTerms, ConcentrationTier, ConfidenceCharge, Contingency, FloorTerms, OptionNetting, PegCharge,
};
use crate::types::{Money, Ratio};

const PART: Range = (0.0, 1e3);
const MONEY: Range = (0.0, 1e15);
/// The most steps of a charge, and the most assets.
const MOST_ENTRIES: usize = 1_000;

fn zero(section: &Section<'_>, key: &'static str) -> Ratio {
    section.ratio(key, PART, Some(Ratio::ZERO))
}

fn money(section: &Section<'_>, key: &'static str, default: Option<Ratio>) -> Money {
    Money::from_raw(section.ratio(key, MONEY, default).raw())
}

pub(super) fn contingency(root: &Section<'_>) -> Contingency {
    let concentration = concentration(root);
    let Some(section) = root.child("contingency") else {
        return Contingency { concentration, ..Contingency::default() };
    };
    let nettings = [
        ("strike", OptionNetting::Strike),
        ("right", OptionNetting::Right),
        ("nothing", OptionNetting::Nothing),
    ];
    let both = |keys: [&'static str; 2]| {
        keys.iter().any(|key| section.has(key)).then(|| keys.map(|key| section.ratio(key, PART, None)))
    };
    let peg =
        both(["peg_threshold", "peg_factor"]).map(|[threshold, factor]| PegCharge { threshold, factor });
    let confidence =
        ["confidence_threshold", "confidence_factor"].iter().any(|key| section.has(key)).then(|| {
            let threshold = section.number("confidence_threshold", (0.0, 1.0), None);
            ConfidenceCharge { threshold, factor: section.ratio("confidence_factor", PART, None) }
        });
    let delivery = section
        .optional_number("delivery_hours", (0.0, 8_760.0))
        .map(|hours| (hours, zero(&section, "delivery_maintenance"), zero(&section, "delivery_initial")));
    let contingency = Contingency {
        peg,
        confidence,
        perpetual: (zero(&section, "perp_maintenance"), zero(&section, "perp_initial")),
        future: (zero(&section, "future_maintenance"), zero(&section, "future_initial")),
        option: (zero(&section, "option_maintenance"), zero(&section, "option_initial")),
        option_netting: section
            .choice("option_netting", &nettings, Some(OptionNetting::Strike))
            .unwrap_or_default(),
        delivery,
        concentration,
        funding_hours: zero(&section, "funding_hours"),
        fee: zero(&section, "fee"),
    };
    section.finish();
    contingency
}

fn concentration(root: &Section<'_>) -> Vec<ConcentrationTier> {
    let mut tiers: Vec<ConcentrationTier> = Vec::new();
    for section in root.children("concentration", MOST_ENTRIES) {
        let tier = ConcentrationTier {
            above: money(&section, "above", None),
            fraction: section.ratio("fraction", PART, None),
        };
        if tiers.last().is_some_and(|before| before.above >= tier.above) {
            section.fault("above", "expected more than before");
        }
        tiers.push(tier);
        section.finish();
    }
    tiers
}

pub(super) fn floor(root: &Section<'_>) -> FloorTerms {
    let Some(section) = root.child("floor") else { return FloorTerms::default() };
    let floor = FloorTerms {
        net_delta: zero(&section, "net_delta"),
        hedged_delta: zero(&section, "hedged_delta"),
        short_option: zero(&section, "short_option"),
        contract: money(&section, "contract", Some(Ratio::ZERO)),
    };
    section.finish();
    floor
}

pub(super) fn collateral(root: &Section<'_>) -> Vec<CollateralTerms> {
    let mut assets: Vec<CollateralTerms> = Vec::new();
    for section in root.children("collateral", MOST_ENTRIES) {
        let own = CollateralTerms {
            asset: section.text("asset", None),
            cancels_risk: section.flag("cancels_risk", false),
            maintenance_haircut: section.ratio("maintenance_haircut", (0.0, 1.0), None),
            initial_haircut: section.ratio("initial_haircut", (0.0, 1.0), Some(Ratio::ZERO)),
        };
        if assets.iter().any(|before| before.asset == own.asset) {
            section.fault("asset", "stands here a second time");
        }
        assets.push(own);
        section.finish();
    }
    assets
}
