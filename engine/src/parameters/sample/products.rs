//! Families, contracts and arrays of the sample exchange.

use super::pricing::{self, ONE, Terms};
use super::{code, decimal};
use crate::contract::{OptionRight, OptionTerms, Period, ProductType};
use crate::parameters::definition::{
    ArrayDefinition, ContractDefinition, ContractReference, Definition, FamilyDefinition, FamilyReference,
    OptionDefinition, ScanRange, SeriesDefinition, Valuation,
};
use crate::scenario::ScanFraction;
use crate::types::Decimal;

pub(super) const EXCHANGE: &str = "HBX";

/// A market of the exchange: what its contracts are priced from. Prices are in thousandths.
struct Market {
    currency: &'static str,
    spot: i64,
    /// Added to the price for each month to expiry.
    carry: i64,
    /// Price scan range in price.
    range: i64,
    /// Places after the point of prices and strikes.
    places: u8,
    /// Volatility and its scan range as a fraction of it, in millionths.
    volatility: i128,
    volatility_range: i64,
}

const CRUDE: Market = Market {
    currency: "USD",
    spot: 71_400,
    carry: -180,
    range: 4_300,
    places: 2,
    volatility: 340_000,
    volatility_range: 280_000,
};
const GASOIL: Market = Market {
    currency: "USD",
    spot: 689_250,
    carry: -900,
    range: 39_000,
    places: 2,
    volatility: 310_000,
    volatility_range: 280_000,
};
const GASOLINE: Market = Market {
    currency: "USD",
    spot: 2_080,
    carry: -12,
    range: 130,
    places: 3,
    volatility: 330_000,
    volatility_range: 280_000,
};
const GOLD: Market = Market {
    currency: "USD",
    spot: 2_644_500,
    carry: 9_500,
    range: 92_000,
    places: 1,
    volatility: 160_000,
    volatility_range: 300_000,
};
const INDEX: Market = Market {
    currency: "EUR",
    spot: 4_871_500,
    carry: 6_000,
    range: 310_000,
    places: 1,
    volatility: 180_000,
    volatility_range: 350_000,
};
const BANK: Market = Market {
    currency: "EUR",
    spot: 38_420,
    carry: 40,
    range: 3_600,
    places: 2,
    volatility: 270_000,
    volatility_range: 350_000,
};

/// A family of one market.
struct Family {
    id: u32,
    product: &'static str,
    name: &'static str,
    product_type: ProductType,
    valuation: Valuation,
    settlement: &'static str,
    factor: i64,
    periods: &'static [&'static str],
    underlying: Option<u32>,
    /// Strikes on each side of the money, and the step between them in thousandths.
    strikes: (i64, i64),
}

const NO_STRIKES: (i64, i64) = (0, 0);
const MONTHS: &[&str] =
    &["202611", "202612", "202701", "202702", "202703", "202704", "202706", "202709", "202712"];
const QUARTERS: &[&str] = &["202612", "202703", "202706", "202709"];
const INDEX_QUARTERS: &[&str] = &["202612S0", "202703S0", "202706S0"];
const BANK_QUARTERS: &[&str] = &["202612S0", "202612S1", "202703S0", "202703S1"];
const SPOT: &[&str] = &["000000"];

const FUTURE: Family = Family {
    id: 0,
    product: "",
    name: "",
    product_type: ProductType::Future,
    valuation: Valuation::FuturesStyle,
    settlement: "DELIV",
    factor: 0,
    periods: MONTHS,
    underlying: None,
    strikes: NO_STRIKES,
};
const PREMIUM_OPTION: Family =
    Family { product_type: ProductType::OptionOnFuture, valuation: Valuation::PremiumStyle, ..FUTURE };
const PHYSICAL: Family = Family {
    product_type: ProductType::Physical,
    valuation: Valuation::PremiumStyle,
    settlement: "CASH",
    periods: SPOT,
    ..FUTURE
};

const FAMILIES: &[(&Market, Family)] = &[
    (&CRUDE, Family { id: 11, product: "HCL", name: "Harbour crude futures", factor: 1_000, ..FUTURE }),
    (
        &CRUDE,
        Family {
            id: 12,
            product: "HCLO",
            name: "Harbour crude options",
            factor: 1_000,
            periods: &["202611", "202612", "202701"],
            underlying: Some(11),
            strikes: (4, 2_500),
            ..PREMIUM_OPTION
        },
    ),
    (&GASOIL, Family { id: 21, product: "HGO", name: "Harbour gasoil futures", factor: 100, ..FUTURE }),
    (
        &GASOLINE,
        Family { id: 31, product: "HRB", name: "Harbour gasoline futures", factor: 42_000, ..FUTURE },
    ),
    (
        &GOLD,
        Family {
            id: 41,
            product: "HAU",
            name: "Harbour gold futures",
            factor: 100,
            periods: QUARTERS,
            ..FUTURE
        },
    ),
    (
        &GOLD,
        Family {
            id: 42,
            product: "HAUM",
            name: "Harbour mini gold futures",
            factor: 10,
            periods: QUARTERS,
            settlement: "CASH",
            ..FUTURE
        },
    ),
    (
        &GOLD,
        Family {
            id: 43,
            product: "HAUO",
            name: "Harbour gold options, futures-style",
            factor: 100,
            periods: &["202612", "202703"],
            underlying: Some(41),
            strikes: (3, 50_000),
            valuation: Valuation::FuturesStyle,
            ..PREMIUM_OPTION
        },
    ),
    (&INDEX, Family { id: 51, product: "HX30", name: "Harbour 30 index", factor: 10, ..PHYSICAL }),
    (
        &INDEX,
        Family {
            id: 52,
            product: "HX30",
            name: "Harbour 30 futures",
            factor: 10,
            periods: INDEX_QUARTERS,
            settlement: "CASH",
            underlying: Some(51),
            ..FUTURE
        },
    ),
    (
        &INDEX,
        Family {
            id: 53,
            product: "HX30",
            name: "Harbour 30 options",
            product_type: ProductType::OptionOnPhysical,
            factor: 10,
            periods: INDEX_QUARTERS,
            settlement: "CASH",
            underlying: Some(51),
            strikes: (5, 100_000),
            ..PREMIUM_OPTION
        },
    ),
    (&BANK, Family { id: 61, product: "NBK", name: "Northern Bank", factor: 100, ..PHYSICAL }),
    (
        &BANK,
        Family {
            id: 62,
            product: "NBK",
            name: "Northern Bank futures",
            factor: 100,
            periods: BANK_QUARTERS,
            underlying: Some(61),
            ..FUTURE
        },
    ),
    (
        &BANK,
        Family {
            id: 63,
            product: "NBK",
            name: "Northern Bank options",
            product_type: ProductType::OptionOnPhysical,
            factor: 100,
            periods: &["202612S0", "202703S0"],
            underlying: Some(61),
            strikes: (4, 2_000),
            ..PREMIUM_OPTION
        },
    ),
];

pub(super) fn list(definition: &mut Definition) {
    for (market, family) in FAMILIES {
        let listed = Listing { market, family, definition };
        let listed = listed.family();
        definition.families.push(listed);
    }
}

/// Months from September 2026 to a period; 0 for a spot.
fn months(period: &str) -> i64 {
    let number =
        |range: std::ops::Range<usize>| period.get(range).and_then(|digits| digits.parse::<i64>().ok());
    match (number(0..4), number(4..6)) {
        (Some(year), Some(month)) if year > 0 => (year - 2026) * 12 + month - 9,
        _ => 0,
    }
}

struct Listing<'a> {
    market: &'a Market,
    family: &'a Family,
    definition: &'a mut Definition,
}

impl Listing<'_> {
    fn family(mut self) -> FamilyDefinition {
        let Family { product_type, factor, .. } = *self.family;
        let is_option = product_type.is_option();
        let (mut contracts, mut series) = (Vec::new(), Vec::new());
        for (contract_id, period) in (1..).zip(self.family.periods) {
            if is_option {
                series.push(self.series(contract_id, period));
            } else {
                contracts.push(self.contract(contract_id, period));
            }
        }
        let named = |id: u32| FAMILIES.iter().map(|(_, family)| family).find(|family| family.id == id);
        FamilyDefinition {
            line: 0,
            exchange: code(EXCHANGE),
            product_type,
            family_id: self.family.id,
            product: code(self.family.product),
            name: self.family.name.to_owned(),
            currency: Some(code(self.market.currency)),
            contract_value_factor: Some(Decimal::whole(factor)),
            price_places: Some(i32::from(self.market.places)),
            strike_places: is_option.then_some(i32::from(self.market.places)),
            valuation: self.family.valuation,
            settlement: self.family.settlement.to_owned(),
            exercise: if is_option { "EURO".to_owned() } else { String::new() },
            pricing_model: String::new(),
            underlying: self.family.underlying.and_then(named).map(|family| FamilyReference {
                exchange: code(EXCHANGE),
                family_id: family.id,
                product: code(family.product),
                product_type: family.product_type.code().to_owned(),
            }),
            contracts,
            series,
        }
    }

    fn contract(&mut self, contract_id: u64, period: &str) -> ContractDefinition {
        let is_physical = self.family.product_type == ProductType::Physical;
        let forward = self.forward(period);
        let moves = |listing: &Self, fraction: &ScanFraction| listing.price_move(fraction) * listing.factor();
        let array = self.array(|listing, price, _| -moves(listing, price), |_, _| ONE);
        ContractDefinition {
            line: 0,
            contract_id,
            period: period_of(period),
            price: Some(self.quoted(forward)),
            contract_value_factor: Some(Decimal::whole(self.family.factor)),
            scaling: Decimal::ONE,
            settlement_date: String::new(),
            years: (!is_physical).then(|| years(period)),
            underlying: self.underlying_contract(period),
            legs: Vec::new(),
            scan: Some(self.scan_range()),
            array: Some(array),
        }
    }

    fn series(&mut self, contract_id: u64, period: &str) -> SeriesDefinition {
        let (steps, step) = self.family.strikes;
        let forward = self.forward(period);
        let middle = forward / 1_000 / i128::from(step) * i128::from(step);
        let mut options = Vec::new();
        for offset in -steps..=steps {
            for right in [OptionRight::Call, OptionRight::Put] {
                let strike = (middle + i128::from(offset * step)) * 1_000;
                let terms = Terms { right, strike, years: years_in_millionths(period) };
                let number = contract_id * 1_000 + u64::try_from(options.len()).unwrap_or(0);
                options.push(self.option(number, terms, forward));
            }
        }
        SeriesDefinition {
            line: 0,
            period: period_of(period),
            contract_value_factor: Some(Decimal::whole(self.family.factor)),
            strike_value_factor: Some(Decimal::whole(self.family.factor)),
            scaling: Decimal::ONE,
            settlement_date: String::new(),
            years: Some(years(period)),
            underlying: self.underlying_contract(period),
            scan: Some(self.scan_range()),
            options,
        }
    }

    fn option(&mut self, contract_id: u64, terms: Terms, forward: i128) -> OptionDefinition {
        let volatility = self.market.volatility;
        let value = self.quoted(pricing::price(terms, forward, volatility));
        let now = value.scaled_exact(6).unwrap_or(0);
        let array = self.array(
            |listing, price, volatility_move| {
                let forward = (forward + listing.price_move(price)).max(1);
                let volatility =
                    volatility + volatility * moved(listing.market.volatility_range, volatility_move) / ONE;
                (now - pricing::price(terms, forward, volatility)) * listing.factor()
            },
            |listing, price| pricing::delta(terms, (forward + listing.price_move(price)).max(1), volatility),
        );
        OptionDefinition {
            value: None,
            line: 0,
            contract_id,
            terms: OptionTerms { right: terms.right, strike: self.quoted(terms.strike) },
            price: Some(value),
            volatility: Some(small(volatility, 6)),
            contract_value_factor: None,
            scaling: None,
            array: Some(array),
        }
    }

    /// The array of a loss function and the composite of a delta function, both over the definition's points.
    fn array(
        &mut self,
        loss: impl Fn(&Self, &ScanFraction, &ScanFraction) -> i128,
        delta: impl Fn(&Self, &ScanFraction) -> i128,
    ) -> ArrayDefinition {
        let points = self.definition.points.clone();
        let losses: Vec<i128> = points
            .iter()
            .map(|point| {
                loss(self, &point.price, &point.volatility) * i128::from(point.weight.mantissa()) / ONE
            })
            .collect();
        let points = self.definition.delta_points.iter();
        let weighted = points.map(|point| delta(self, &point.price) * i128::from(point.weight.mantissa()));
        let composite = weighted.sum::<i128>() / ONE;
        let arrays = &mut self.definition.arrays;
        let array = arrays.begin().expect("Invariant: a few hundred arrays fit");
        for loss in losses {
            arrays.push(small(half_away(loss, 10_000), 2)).expect("Invariant: two places fit");
        }
        // Four places, as the positional format holds.
        ArrayDefinition { array, delta: small(half_away(composite, 100), 4) }
    }

    fn factor(&self) -> i128 {
        i128::from(self.family.factor)
    }

    /// Forward price of a period in millionths.
    fn forward(&self, period: &str) -> i128 {
        i128::from(self.market.spot + self.market.carry * months(period)) * 1_000
    }

    fn price_move(&self, fraction: &ScanFraction) -> i128 {
        moved(self.market.range * 1_000, fraction)
    }

    /// A price in millionths as the market quotes it.
    fn quoted(&self, price: i128) -> Decimal {
        let unit = 10_i128.pow(u32::from(6 - self.market.places));
        small(half_away(price, unit), self.market.places)
    }

    fn scan_range(&self) -> ScanRange {
        ScanRange {
            price: small(i128::from(self.market.range * self.family.factor), 3),
            volatility: decimal(self.market.volatility_range, 6),
            volatility_is_relative: true,
        }
    }

    fn underlying_contract(&self, period: &str) -> Option<ContractReference> {
        let family_id = self.family.underlying?;
        let family = self.definition.families.iter().find(|family| family.family_id == family_id)?;
        let own = period_of(period);
        let same = family.contracts.iter().find(|contract| contract.period == own);
        let contract_id = same.or(family.contracts.first())?.contract_id;
        Some(ContractReference { exchange: code(EXCHANGE), family_id, contract_id })
    }
}

/// A fraction of a scan range.
fn moved(range: i64, fraction: &ScanFraction) -> i128 {
    i128::from(range) * i128::from(fraction.numerator.mantissa())
        / i128::from(fraction.denominator.mantissa())
}

fn half_away(value: i128, unit: i128) -> i128 {
    (value + if value < 0 { -unit / 2 } else { unit / 2 }) / unit
}

fn small(mantissa: i128, places: u8) -> Decimal {
    decimal(i64::try_from(mantissa).expect("Invariant: invented amounts are small"), places)
}

fn period_of(text: &str) -> Period {
    Period::new(text).expect("Invariant: invented periods are well formed")
}

fn years_in_millionths(period: &str) -> i128 {
    i128::from(months(period)) * ONE / 12
}

fn years(period: &str) -> Decimal {
    small(years_in_millionths(period), 6)
}
