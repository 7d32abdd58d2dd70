//! Methods by formula: venues' standard margin for options, and parts of the notional.

use super::document::{Range, Section};
use crate::types::{Money, PriceSource, Ratio};

const PART: Range = (0.0, 100.0);
const MONEY: Range = (0.0, 1e15);
const MOST_ENTRIES: usize = 1_000;

/// Margin by formula for each option, the linear rule for everything else.
#[derive(Clone, Debug)]
pub struct StandardMethod {
    /// Short options; long ones need nothing.
    pub option: OptionRule,
    /// Whether an expiry needs no more than its largest loss at settlement.
    pub spread: Option<SpreadRule>,
    /// Futures and perpetuals.
    pub linear: LinearMethod,
}

/// Margin of a short option, of the price `S` of its source and its mark `m`:
///
/// ```text
/// maintenance = max(maintenance_spot S, maintenance_mark m) + m + fee S
/// initial     = max( max(initial_spot S - out_of_the_money, minimum_spot S) + m', over_maintenance maintenance )
/// ```
/// where `m'` is `m`, or the order's price if that is more.
#[derive(Clone, Copy, Debug)]
pub struct OptionRule {
    /// As above.
    pub initial_spot: Ratio,
    /// As above.
    pub minimum_spot: Ratio,
    /// Of calls and of puts.
    pub maintenance_spot: [Ratio; 2],
    /// Of calls and of puts.
    pub maintenance_mark: [Ratio; 2],
    /// As above.
    pub fee: Ratio,
    /// Of calls and of puts.
    pub over_maintenance: [Ratio; 2],
}

/// An expiry needs at most its largest loss at settlement, at nothing or at any strike, and for every call that is short beyond the
/// long ones a multiple of the forward.
#[derive(Clone, Copy, Debug)]
pub struct SpreadRule {
    /// Of the forward, initial.
    pub unpaired_initial: Ratio,
    /// Of the forward, maintenance.
    pub unpaired_maintenance: Ratio,
}

/// Margin as a part of the notional, by price source.
#[derive(Clone, Debug)]
pub struct LinearMethod {
    /// Of sources that are not named.
    pub default: Option<LinearTerms>,
    /// Of those that are.
    pub sources: Vec<(PriceSource, LinearTerms)>,
    /// How requirements are rounded.
    pub rounding: RequirementRounding,
    /// What liquidation prices are made of.
    pub stress: Option<AccountStress>,
}

/// What a position needs.
#[derive(Clone, Debug)]
pub struct LinearTerms {
    /// Steps of notional, each with its fractions of what lies in it.
    pub tiers: Vec<Tier>,
    /// What open interest adds to the initial fraction.
    pub open_interest: Option<OpenInterestScaling>,
    /// What the position's own size adds to it.
    pub skew: Option<SkewScaling>,
    /// Money for each position besides.
    pub flat: Money,
    /// How spot assets and debts are weighed.
    pub size: Option<SizeScaling>,
}

/// A step of notional.
#[derive(Clone, Copy, Debug)]
pub struct Tier {
    /// Notional above this.
    pub above: Money,
    /// The initial fraction.
    pub initial: Ratio,
    /// The maintenance fraction.
    pub maintenance: Ratio,
}

/// `min(base + max((open interest - lower) / (upper - lower), 0) (1 - base), 1)`, rounded down to millionths.
#[derive(Clone, Copy, Debug)]
pub struct OpenInterestScaling {
    /// Where it begins.
    pub lower: Money,
    /// Where the fraction is one.
    pub upper: Money,
}

/// `|quantity| / skew_scale * fraction` is added to the initial fraction; maintenance is a part of initial.
#[derive(Clone, Copy, Debug)]
pub struct SkewScaling {
    /// Units of the source.
    pub skew_scale: Ratio,
    /// As above.
    pub fraction: Ratio,
    /// The part of initial that maintenance is.
    pub maintenance_scalar: Ratio,
}

/// Weights of spot assets and debts, in ten-thousandths rounded down: of an asset `min(asset, 1.1 / (1 + imf sqrt(size)))`, of a debt
/// `max(liability, 0.8 liability + imf sqrt(size))`.
#[derive(Clone, Copy, Debug)]
pub struct SizeScaling {
    /// The weight of a small asset.
    pub asset: Ratio,
    /// The weight of a small debt.
    pub liability: Ratio,
    /// How it grows.
    pub imf: Ratio,
}

/// How requirements of single positions are rounded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RequirementRounding {
    /// Not at all.
    #[default]
    Exact,
    /// Initial requirements up to so many places.
    InitialUp(u8),
}

/// What the price at which a position is taken over is made of: `(n - stress spread m) / quantity`, where `n` is its value, `m` its
/// maintenance and `stress = clip(adjustment (1 - account value / maintenance of all), 0, 1)`.
#[derive(Clone, Copy, Debug)]
pub struct AccountStress {
    /// The adjustment.
    pub bankruptcy_adjustment: Ratio,
    /// The spread.
    pub spread_to_maintenance: Ratio,
}

/// Reads a standard method.
pub(super) fn standard(root: &Section<'_>) -> StandardMethod {
    let option = root.child("option").map(|section| {
        let rule = option(&section);
        section.finish();
        rule
    });
    if option.is_none() {
        root.fault("option", "is missing");
    }
    let spread = root.child("spread").map(|section| {
        let rule = SpreadRule {
            unpaired_initial: section.ratio("unpaired_initial", PART, None),
            unpaired_maintenance: section.ratio("unpaired_maintenance", PART, None),
        };
        section.finish();
        rule
    });
    StandardMethod { option: option.unwrap_or(NO_RULE), spread, linear: linear(root) }
}

const NO_RULE: OptionRule = OptionRule {
    initial_spot: Ratio::ZERO,
    minimum_spot: Ratio::ZERO,
    maintenance_spot: [Ratio::ZERO; 2],
    maintenance_mark: [Ratio::ZERO; 2],
    fee: Ratio::ZERO,
    over_maintenance: [Ratio::ONE; 2],
};

fn option(section: &Section<'_>) -> OptionRule {
    let both = |keys: [&'static str; 2], default| keys.map(|key| section.ratio(key, PART, default));
    OptionRule {
        initial_spot: section.ratio("initial_spot", PART, None),
        minimum_spot: section.ratio("minimum_spot", PART, None),
        maintenance_spot: both(["maintenance_spot_call", "maintenance_spot_put"], None),
        maintenance_mark: both(["maintenance_mark_call", "maintenance_mark_put"], Some(Ratio::ZERO)),
        fee: section.ratio("fee", PART, Some(Ratio::ZERO)),
        over_maintenance: both(["over_maintenance_call", "over_maintenance_put"], Some(Ratio::ONE)),
    }
}

/// Reads the parts of the notional: of all sources, and of single ones.
pub(super) fn linear(root: &Section<'_>) -> LinearMethod {
    let default = root.child("linear").map(|section| {
        let terms = terms(&section);
        section.finish();
        terms
    });
    let mut sources: Vec<(PriceSource, LinearTerms)> = Vec::new();
    for section in root.children("sources", MOST_ENTRIES) {
        let terms = terms(&section);
        match PriceSource::new(&section.text("source", None)) {
            Ok(own) if sources.iter().any(|(before, _)| *before == own) => {
                section.fault("source", "stands here a second time");
            }
            Ok(own) => sources.push((own, terms)),
            Err(error) => section.fault("source", error.to_string()),
        }
        section.finish();
    }
    if default.is_none() && sources.is_empty() {
        root.fault("linear", "is missing, and no source has terms of its own");
    }
    let stress = root.child("liquidation").map(|section| {
        let stress = AccountStress {
            bankruptcy_adjustment: section.ratio("bankruptcy_adjustment", PART, None),
            spread_to_maintenance: section.ratio("spread_to_maintenance", PART, None),
        };
        section.finish();
        stress
    });
    let places = root.optional_number("round_initial_up_to_places", (0.0, 12.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 12")]
    let rounding = places.map_or(RequirementRounding::Exact, |own| RequirementRounding::InitialUp(own as u8));
    LinearMethod { default, sources, rounding, stress }
}

/// A percentage of the notional, the same for every source.
pub(super) fn fixed(root: &Section<'_>) -> LinearMethod {
    let tier = Tier {
        above: Money::ZERO,
        initial: root.ratio("initial", PART, None),
        maintenance: root.ratio("maintenance", PART, None),
    };
    let terms = LinearTerms {
        tiers: vec![tier],
        open_interest: None,
        skew: None,
        flat: money_or_zero(root, "flat"),
        size: None,
    };
    let rounding = RequirementRounding::Exact;
    LinearMethod { default: Some(terms), sources: Vec::new(), rounding, stress: None }
}

fn money_or_zero(section: &Section<'_>, key: &'static str) -> Money {
    Money::from_raw(section.ratio(key, MONEY, Some(Ratio::ZERO)).raw())
}

fn terms(section: &Section<'_>) -> LinearTerms {
    let money = |key, section: &Section<'_>| Money::from_raw(section.ratio(key, MONEY, None).raw());
    let mut tiers: Vec<Tier> = Vec::new();
    if section.has("initial") || section.has("maintenance") || !section.has("tiers") {
        tiers.push(Tier {
            above: Money::ZERO,
            initial: section.ratio("initial", PART, None),
            maintenance: section.ratio("maintenance", PART, None),
        });
    }
    for own in section.children("tiers", MOST_ENTRIES) {
        let tier = Tier {
            above: money("above", &own),
            initial: own.ratio("initial", PART, None),
            maintenance: own.ratio("maintenance", PART, None),
        };
        let is_right = tiers.last().map_or(tier.above.is_zero(), |before| before.above < tier.above);
        if !is_right {
            own.fault("above", "expected 0 in the first step and more than before in the others");
        }
        tiers.push(tier);
        own.finish();
    }
    let open_interest = section.child("open_interest").map(|own| {
        let scaling = OpenInterestScaling { lower: money("lower", &own), upper: money("upper", &own) };
        if scaling.upper <= scaling.lower {
            own.fault("upper", "expected more than lower");
        }
        own.finish();
        scaling
    });
    let skew = section.child("skew").map(|own| {
        let scaling = SkewScaling {
            skew_scale: own.ratio("skew_scale", (1e-9, 1e18), None),
            fraction: own.ratio("fraction", PART, None),
            maintenance_scalar: own.ratio("maintenance_scalar", (0.0, 1.0), None),
        };
        own.finish();
        scaling
    });
    let size = section.child("size").map(|own| {
        let scaling = SizeScaling {
            asset: own.ratio("asset_weight", (0.0, 1.0), None),
            liability: own.ratio("liability_weight", (1.0, 100.0), None),
            imf: own.ratio("imf", PART, None),
        };
        own.finish();
        scaling
    });
    LinearTerms { tiers, open_interest, skew, flat: money_or_zero(section, "flat"), size }
}
