//! Combined commodities and spreads of the sample exchange.

use super::products::EXCHANGE;
use super::{code, decimal};
use crate::contract::Period;
use crate::parameters::definition::{
    ChargeMethod, CommodityDefinition, CommodityTerms, Definition, FamilyReference, LegDefinition, LegPlace,
    LevelAdjustment, LevelRate, OptionMinimumMethod, ProductLink, Side, SpreadDefinition, TierDefinition,
};
use crate::types::Decimal;

/// Where a leg is (a tier or period inside a commodity, a commodity between them), its side and its ratio.
type Leg = (&'static str, Side, &'static str);

struct Commodity {
    code: &'static str,
    name: &'static str,
    currency: &'static str,
    /// Families and their delta scaling.
    links: &'static [(u32, &'static str)],
    /// First and last period of intra tiers 1, 2, ...; none: one tier over all periods.
    tiers: &'static [(&'static str, &'static str)],
    /// Rate and legs (tier or period, side, ratio), by priority.
    spreads: &'static [(i64, &'static [Leg])],
    option_minimum: i64,
    option_minimum_method: OptionMinimumMethod,
}

const ENERGY_TIERS: &[(&str, &str)] = &[("202611", "202701"), ("202702", "202704"), ("202705", "202712")];
const QUARTERLY_TIERS: &[(&str, &str)] = &[("202612", "202703"), ("202704", "202712")];

const COMMODITIES: &[Commodity] = &[
    Commodity {
        code: "CRUDE",
        name: "Harbour crude futures",
        currency: "USD",
        links: &[(11, "1"), (12, "1")],
        tiers: ENERGY_TIERS,
        spreads: &[
            (90, &[("202611", Side::A, "1"), ("202612", Side::B, "1")]),
            (150, &[("1", Side::A, "1"), ("2", Side::B, "2"), ("3", Side::A, "1")]),
            (310, &[("1", Side::A, "1"), ("1", Side::B, "1")]),
            (420, &[("1", Side::A, "1"), ("2", Side::B, "1")]),
            (560, &[("1", Side::A, "1"), ("3", Side::B, "1")]),
            (240, &[("2", Side::A, "1"), ("3", Side::B, "1")]),
            (180, &[("3", Side::A, "1"), ("3", Side::B, "1")]),
        ],
        option_minimum: 45,
        option_minimum_method: OptionMinimumMethod::Gross,
    },
    Commodity {
        code: "GASOIL",
        name: "Harbour gasoil futures",
        currency: "USD",
        links: &[(21, "1")],
        tiers: ENERGY_TIERS,
        spreads: &[
            (380, &[("1", Side::A, "1"), ("2", Side::B, "1")]),
            (450, &[("1", Side::A, "1"), ("3", Side::B, "1")]),
        ],
        option_minimum: 0,
        option_minimum_method: OptionMinimumMethod::Gross,
    },
    Commodity {
        code: "GASLN",
        name: "Harbour gasoline futures",
        currency: "USD",
        links: &[(31, "1")],
        tiers: &[],
        spreads: &[(520, &[("0", Side::A, "1"), ("0", Side::B, "1")])],
        option_minimum: 0,
        option_minimum_method: OptionMinimumMethod::Gross,
    },
    Commodity {
        code: "GOLD",
        name: "Harbour gold futures",
        currency: "USD",
        links: &[(41, "1"), (42, "0.1"), (43, "1")],
        tiers: QUARTERLY_TIERS,
        spreads: &[
            (900, &[("1", Side::A, "1"), ("2", Side::B, "1")]),
            (600, &[("1", Side::A, "1"), ("1", Side::B, "1")]),
        ],
        option_minimum: 120,
        option_minimum_method: OptionMinimumMethod::Greater,
    },
    Commodity {
        code: "HX30",
        name: "Harbour 30 index",
        currency: "EUR",
        links: &[(51, "1"), (52, "1"), (53, "1")],
        tiers: &[],
        spreads: &[(270, &[("0", Side::B, "1"), ("0", Side::A, "1")])],
        option_minimum: 35,
        option_minimum_method: OptionMinimumMethod::Gross,
    },
    Commodity {
        code: "NBK",
        name: "Northern Bank",
        currency: "EUR",
        links: &[(61, "1"), (62, "1"), (63, "1")],
        tiers: &[],
        spreads: &[(25, &[("0", Side::B, "1"), ("0", Side::A, "1")])],
        option_minimum: 8,
        option_minimum_method: OptionMinimumMethod::Greater,
    },
];

/// Credit rate in hundredths, and legs (commodity, side, ratio), by priority.
const INTER_SPREADS: &[(i64, &[Leg])] = &[
    (85, &[("CRUDE", Side::A, "3"), ("GASLN", Side::B, "2"), ("GASOIL", Side::B, "1")]),
    (70, &[("CRUDE", Side::A, "1"), ("GASOIL", Side::B, "1")]),
    (60, &[("CRUDE", Side::A, "1"), ("GASLN", Side::B, "1")]),
    (50, &[("HX30", Side::A, "1"), ("NBK", Side::B, "12.75")]),
];

pub(super) fn list(definition: &mut Definition) {
    for commodity in COMMODITIES {
        let links =
            commodity.links.iter().filter_map(|&(id, scaling)| link(definition, id, scaling)).collect();
        definition.commodities.push(define(commodity, links));
    }
    for (priority, (rate, legs)) in (1..).zip(INTER_SPREADS) {
        definition.inter_spreads.push(SpreadDefinition {
            line: 0,
            priority,
            charge: ChargeMethod::WeightedPriceRisk,
            rates: vec![LevelRate { level: 1, value: decimal(*rate, 2) }],
            month_rates: Vec::new(),
            legs: legs
                .iter()
                .map(|&(commodity, side, ratio)| leg(commodity, LegPlace::Tier(0), side, ratio))
                .collect(),
        });
    }
}

fn define(commodity: &Commodity, links: Vec<ProductLink>) -> CommodityDefinition {
    let spreads = (1..).zip(commodity.spreads).map(|(priority, (rate, legs))| SpreadDefinition {
        line: 0,
        priority,
        charge: ChargeMethod::Flat,
        rates: vec![LevelRate { level: 1, value: Decimal::whole(*rate) }],
        month_rates: Vec::new(),
        legs: legs
            .iter()
            .map(|&(place, side, ratio)| leg(commodity.code, place_of(place), side, ratio))
            .collect(),
    });
    let tiers = (1..).zip(commodity.tiers).map(|(number, (first, last))| TierDefinition {
        first: Period::new(first).ok(),
        last: Period::new(last).ok(),
        ..whole_tier(number)
    });
    let intra_tiers = if commodity.tiers.is_empty() { vec![whole_tier(0)] } else { tiers.collect() };
    let option_minimum = LevelRate { level: 1, value: Decimal::whole(commodity.option_minimum) };
    // Maintenance is a multiple of the base level, initial a multiple of the same account type's maintenance.
    let factors =
        [(1, 1, "1.00"), (2, 1, "1.10"), (3, 1, "1.00"), (4, 3, "1.35"), (5, 1, "1.00"), (6, 5, "1.00")];
    let adjustment = |(level, base, factor)| LevelAdjustment { line: 0, level, base, factor: number(factor) };
    CommodityDefinition {
        line: 0,
        code: code(commodity.code),
        terms: CommodityTerms {
            name: commodity.name.to_owned(),
            currency: Some(code(commodity.currency)),
            option_minimum_method: commodity.option_minimum_method,
            links,
            adjustments: factors.map(adjustment).to_vec(),
            intra_tiers,
            inter_tiers: vec![whole_tier(0)],
            option_minimum_tiers: vec![TierDefinition { rates: vec![option_minimum], ..whole_tier(0) }],
            spreads: spreads.collect(),
            ..CommodityTerms::default()
        },
    }
}

fn link(definition: &Definition, family_id: u32, scaling: &str) -> Option<ProductLink> {
    let family = definition.families.iter().find(|family| family.family_id == family_id)?;
    let on_physical = family.product_type == crate::contract::ProductType::OptionOnPhysical;
    Some(ProductLink {
        line: 0,
        family: FamilyReference {
            exchange: code(EXCHANGE),
            family_id,
            product: family.product.clone(),
            product_type: family.product_type.code().to_owned(),
        },
        scaling: number(scaling),
        option_delta_by_period: on_physical.then_some(true),
        combination_method: None,
        has_basis_risk: false,
    })
}

const fn whole_tier(number: i32) -> TierDefinition {
    TierDefinition { line: 0, number, first: None, last: None, rates: Vec::new() }
}

fn leg(commodity: &str, place: LegPlace, side: Side, ratio: &str) -> LegDefinition {
    LegDefinition {
        line: 0,
        commodity: code(commodity),
        place,
        side,
        ratio: number(ratio),
        rates: Vec::new(),
    }
}

/// Six digits are a period, fewer a tier.
fn place_of(text: &str) -> LegPlace {
    let period = Period::new(text).ok().filter(|period| period.year_month().is_some());
    period.map_or_else(|| LegPlace::Tier(text.parse().unwrap_or(0)), LegPlace::Period)
}

fn number(text: &str) -> Decimal {
    Decimal::parse(text).expect("Invariant: invented numbers are well formed")
}
