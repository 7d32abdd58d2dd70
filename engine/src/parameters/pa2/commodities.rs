//! Combined commodities: records `2`, `4`, `C` and `E`, each adding to what others say of the same commodity.

use std::collections::BTreeMap;

use super::columns::{
    Columns, basis_risk, charges, commodity as c2, commodity_product, delivery_count, delivery_month,
    series_leg, series_spread, tier_leg, tier_spread,
};
use super::notes::combination_letter;
use super::products::FamilyName;
use super::record::Record;
use crate::contract::Period;
use crate::parameters::definition::{
    ChargeMethod, CombinationMethod, DeliveryRate, LegDefinition, LegPlace, LevelRate, OptionMinimumMethod,
    SpreadDefinition, TierDefinition, WeightedRiskMethod,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::types::{CommodityCode, Currency, Decimal, ProductCode};

/// The level that rates and arrays are for.
pub(super) const BASE_LEVEL: u32 = 1;

/// Numbers for hedgers, speculators and members; `None` where no record states any.
#[derive(Clone, Copy, Default)]
pub(super) struct Ratios(pub(super) [Option<Decimal>; 3]);

impl Ratios {
    pub(super) fn read(record: &Record<'_>, columns: [Columns; 3], places: u8) -> Self {
        Self(columns.map(|own| record.number(own, places).filter(|ratio| ratio.is_positive())))
    }

    /// Whether another states something else.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(own, other)| own.is_some() && other.is_some() && own != other)
    }

    /// Takes what is not stated yet.
    pub(super) fn fill(&mut self, other: Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own = own.or(other);
        }
    }
}

/// A product of record `2`.
pub(super) struct Link {
    pub(super) line: u64,
    pub(super) family: FamilyName,
    /// Array values are in units of ten to the minus of it.
    pub(super) locator: i32,
}

/// Everything that the records say of one commodity.
#[derive(Default)]
pub(super) struct Commodity {
    /// The line of its record `2`.
    pub(super) line: Option<u64>,
    /// The line of the first record that names it.
    pub(super) named: u64,
    pub(super) currency: Option<Currency>,
    pub(super) risk_exponent: i32,
    pub(super) is_futures_style: bool,
    pub(super) cap_option_value: bool,
    pub(super) combination_method: CombinationMethod,
    pub(super) links: Vec<Link>,
    pub(super) weighted_risk_method: Option<WeightedRiskMethod>,
    pub(super) has_tier_for_each_period: bool,
    /// For each `S` record its line, what it is for, and how many tiers it says there are.
    pub(super) tiers_stated: Vec<(u64, super::tiers::Use, u32)>,
    pub(super) scan_tiers: Vec<TierDefinition>,
    pub(super) inter_tiers: Vec<TierDefinition>,
    pub(super) option_minimum_tiers: Vec<TierDefinition>,
    pub(super) intra_tiers: Vec<TierDefinition>,
    pub(super) ratios: Ratios,
    pub(super) factors: Ratios,
    pub(super) option_minimum: Option<Decimal>,
    pub(super) option_minimum_method: Option<OptionMinimumMethod>,
    pub(super) delivery: Vec<DeliveryRate>,
    pub(super) basis_risk: Option<(u64, ProductCode, Decimal)>,
    pub(super) series_spreads: Vec<SpreadDefinition>,
    pub(super) tier_spreads: Vec<SpreadDefinition>,
}

/// All commodities, and the order in which record `2` names them.
#[derive(Default)]
pub(super) struct Commodities {
    pub(super) by_code: BTreeMap<CommodityCode, Commodity>,
    pub(super) order: Vec<CommodityCode>,
}

impl Commodities {
    /// Reads a record of one commodity.
    pub(super) fn read(&mut self, record: &Record<'_>, diagnostics: &mut Diagnostics) {
        let (fields, code_columns) = match record.id {
            "2" => (c2::ALL, c2::COMMODITY),
            "S" => (super::columns::scan_tiers::ALL, super::columns::scan_tiers::COMMODITY),
            "3" => (super::columns::intra_tiers::ALL, super::columns::intra_tiers::COMMODITY),
            "4" => (charges::ALL, charges::COMMODITY),
            "C" => (tier_spread::ALL, tier_spread::COMMODITY),
            _ => (series_spread::ALL, series_spread::COMMODITY),
        };
        if !record.check(fields, 0, diagnostics) {
            return;
        }
        let code: Option<CommodityCode> = record.code(code_columns, diagnostics);
        let Some(code) = code else { return };
        let own = self
            .by_code
            .entry(code.clone())
            .or_insert_with(|| Commodity { named: record.line, ..Commodity::default() });
        match record.id {
            "2" => {
                if own.line.is_none() {
                    self.order.push(code);
                }
                definition(record, own, diagnostics);
            }
            "S" => super::tiers::scanning(record, own, diagnostics),
            "3" => super::tiers::intra(record, own, diagnostics),
            "4" => charges_of(record, own, diagnostics),
            "C" => own.tier_spreads.extend(spread_of_tiers(record, code, diagnostics)),
            _ => own.series_spreads.extend(spread_of_series(record, code, diagnostics)),
        }
    }
}

/// Record `2`; a second one of a commodity adds products.
fn definition(record: &Record<'_>, own: &mut Commodity, diagnostics: &mut Diagnostics) {
    let currency = record.code(c2::CURRENCY, diagnostics);
    if own.line.is_some() && currency != own.currency {
        record.error(c2::CURRENCY, "another currency than the commodity's first record states", diagnostics);
    }
    let risk_exponent = record.small(c2::RISK_EXPONENT).and_then(|e| i32::try_from(e).ok());
    if own.line.is_some() {
        let is_other = |letter: char, stated: bool| letter != ' ' && !stated;
        let combinations = record.letter(c2::COMBINATIONS);
        let differing = [
            (c2::RISK_EXPONENT, risk_exponent.is_some_and(|stated| stated != own.risk_exponent)),
            (c2::CAP_OPTION_VALUE, {
                let letter = record.letter(c2::CAP_OPTION_VALUE);
                is_other(letter, (letter == 'Y') == own.cap_option_value)
            }),
            (c2::STYLE, {
                let letter = record.letter(c2::STYLE);
                is_other(letter, (letter == 'F') == own.is_futures_style)
            }),
            (
                c2::COMBINATIONS,
                is_other(combinations, combination_letter(combinations) == Some(own.combination_method)),
            ),
        ];
        for (columns, _) in differing.into_iter().filter(|(_, is_other)| *is_other) {
            record.error(columns, "something else than the commodity's first record states", diagnostics);
        }
    }
    if own.line.is_none() {
        own.line = Some(record.line);
        own.currency = currency;
        own.risk_exponent = risk_exponent.unwrap_or(0);
        own.cap_option_value = record.letter(c2::CAP_OPTION_VALUE) == 'Y';
        own.is_futures_style = match record.letter(c2::STYLE) {
            'F' => true,
            'P' | ' ' => false,
            _ => {
                record.error(c2::STYLE, "expected P premium or F futures", diagnostics);
                false
            }
        };
        own.combination_method = match record.letter(c2::COMBINATIONS) {
            ' ' => CombinationMethod::None,
            letter => combination_letter(letter).unwrap_or_else(|| {
                record.error(c2::COMBINATIONS, "expected S, D or M", diagnostics);
                CombinationMethod::None
            }),
        };
    }
    for block in (0..6).map(|index| 16 * index) {
        use commodity_product as p;
        if !record.check(p::ALL, block, diagnostics) || record.is_blank(p::PRODUCT.moved(block)) {
            continue;
        }
        let fields = [c2::EXCHANGE, p::PRODUCT.moved(block), p::KIND.moved(block)];
        let Some(family) = FamilyName::read(record, fields, diagnostics) else { continue };
        let locator = record.small(p::LOCATOR.moved(block)).and_then(|l| i32::try_from(l).ok()).unwrap_or(0);
        let is_minus = record.is_minus(p::LOCATOR_SIGN.moved(block));
        own.links.push(Link {
            line: record.line,
            family,
            locator: if is_minus { -locator } else { locator },
        });
    }
}

/// Record `4`.
fn charges_of(record: &Record<'_>, own: &mut Commodity, diagnostics: &mut Diagnostics) {
    match record.key(charges::METHOD) {
        Some("" | "01") => {}
        Some("10") => delivery(record, own, diagnostics),
        Some("11") => {
            if !record.check(basis_risk::ALL, 0, diagnostics) {
                return;
            }
            let Some(product) = record.code(basis_risk::PRODUCT, diagnostics) else { return };
            let rate = record.number(basis_risk::RATE, 0).unwrap_or_default();
            if own.basis_risk.replace((record.line, product, rate)).is_some() {
                record.fault("a second basis risk of the commodity", diagnostics);
            }
        }
        _ => record.error(
            charges::METHOD,
            "this delivery method is not calculated (only 01, 10 and 11)",
            diagnostics,
        ),
    }
    // Several records of a commodity state what belongs to all of it once, or the same.
    const OTHER: &str = "something else than an earlier record of the commodity states";
    let option_minimum = record.number(charges::OPTION_MINIMUM, 0);
    if own.option_minimum.is_some() && option_minimum.is_some() && own.option_minimum != option_minimum {
        record.error(charges::OPTION_MINIMUM, OTHER, diagnostics);
    }
    own.option_minimum = own.option_minimum.or(option_minimum);
    let factors = Ratios::read(record, [charges::HEDGER, charges::SPECULATOR, charges::MEMBER], 2);
    if own.factors.contradicts(&factors) {
        record.error(charges::HEDGER, OTHER, diagnostics);
    }
    own.factors.fill(factors);
    let method = match record.letter(charges::OPTION_MINIMUM_METHOD) {
        ' ' => None,
        '1' => Some(OptionMinimumMethod::Greater),
        '2' => Some(OptionMinimumMethod::Gross),
        _ => {
            record.error(charges::OPTION_MINIMUM_METHOD, "expected 1 or 2", diagnostics);
            None
        }
    };
    if own.option_minimum_method.is_some() && method.is_some() && own.option_minimum_method != method {
        record.error(charges::OPTION_MINIMUM_METHOD, OTHER, diagnostics);
    }
    own.option_minimum_method = own.option_minimum_method.or(method);
}

fn delivery(record: &Record<'_>, own: &mut Commodity, diagnostics: &mut Diagnostics) {
    use delivery_month as m;
    record.check(delivery_count::ALL, 0, diagnostics);
    for index in 0..2 {
        let (columns, day) = (22 * index, m::DAY.moved(2 * index));
        let fields = [m::NUMBER, m::MONTH, m::SPREAD, m::OUTRIGHT].map(|field| field.moved(columns));
        let [number, month, spread, outright] = fields;
        if !record.check(&fields, 0, diagnostics) || !record.check(&[day], 0, diagnostics) {
            continue;
        }
        let is_nothing = record.digits(number).unwrap_or(0) == 0
            && (record.is_blank(month) || record.digits(month) == Some(0));
        if is_nothing {
            continue;
        }
        let Some(period) = record.period(month, day, diagnostics) else { continue };
        let Some(period) = period.filter(|period| period.year_month().is_some()) else {
            record.error(month, "a delivery month is to be a month CCYYMM", diagnostics);
            continue;
        };
        let rate = |columns| record.number(columns, 0).unwrap_or_default();
        own.delivery.push(DeliveryRate {
            line: record.line,
            level: BASE_LEVEL,
            period,
            spread: rate(spread),
            outright: rate(outright),
        });
    }
}

/// Record `C`.
fn spread_of_tiers(
    record: &Record<'_>,
    code: CommodityCode,
    diagnostics: &mut Diagnostics,
) -> Option<SpreadDefinition> {
    use tier_leg as l;
    if !matches!(record.key(tier_spread::METHOD), Some("" | "01" | "10")) {
        record.error(tier_spread::METHOD, "this method is not calculated (only 10)", diagnostics);
        return None;
    }
    let count = usize::try_from(record.digits(tier_spread::LEGS).unwrap_or(0)).unwrap_or(0);
    let mut legs = Vec::new();
    for columns in (0..count).map(|index| 7 * index) {
        if !record.check(l::ALL, columns, diagnostics) {
            continue;
        }
        let tier = record.small(l::TIER.moved(columns)).and_then(|tier| i32::try_from(tier).ok());
        let Some(tier) = tier else {
            record.error(l::TIER.moved(columns), "the tier of a leg is missing", diagnostics);
            continue;
        };
        let ratio = record.number(l::RATIO.moved(columns), 0).unwrap_or_default();
        let Some(side) = record.side(l::SIDE.moved(columns), diagnostics) else { continue };
        legs.push(leg(record, &code, LegPlace::Tier(tier), side, ratio));
    }
    spread(record, tier_spread::PRIORITY, tier_spread::RATE, legs, diagnostics)
}

/// Record `E`.
fn spread_of_series(
    record: &Record<'_>,
    code: CommodityCode,
    diagnostics: &mut Diagnostics,
) -> Option<SpreadDefinition> {
    use series_leg as l;
    let mut legs = Vec::new();
    for columns in (0..4).map(|index| 14 * index) {
        let (month, day) = (l::MONTH.moved(columns), l::DAY.moved(columns));
        if !record.check(l::ALL, columns, diagnostics) || record.is_blank(month) {
            continue;
        }
        let text = format!("20{}{}", record.text(month), record.text(day));
        let Ok(period) = Period::new(&text) else {
            record.error(day, "expected the rest of a period", diagnostics);
            continue;
        };
        let ratio = record.number(l::RATIO.moved(columns), 4).unwrap_or_default();
        let Some(side) = record.side(l::SIDE.moved(columns), diagnostics) else { continue };
        legs.push(leg(record, &code, LegPlace::Period(period), side, ratio));
    }
    spread(record, series_spread::PRIORITY, series_spread::RATE, legs, diagnostics)
}

fn leg(
    record: &Record<'_>,
    commodity: &CommodityCode,
    place: LegPlace,
    side: crate::parameters::definition::Side,
    ratio: Decimal,
) -> LegDefinition {
    LegDefinition { line: record.line, commodity: commodity.clone(), place, side, ratio, rates: Vec::new() }
}

fn spread(
    record: &Record<'_>,
    priority: Columns,
    rate: Columns,
    legs: Vec<LegDefinition>,
    diagnostics: &mut Diagnostics,
) -> Option<SpreadDefinition> {
    let (own_priority, own_rate) = (record.small(priority), record.number(rate, 0));
    for (columns, is_there) in [(priority, own_priority.is_some()), (rate, own_rate.is_some())] {
        if !is_there {
            record.error(columns, "is missing", diagnostics);
        }
    }
    Some(SpreadDefinition {
        line: record.line,
        priority: own_priority?,
        charge: ChargeMethod::Flat,
        rates: vec![LevelRate { level: BASE_LEVEL, value: own_rate? }],
        month_rates: Vec::new(),
        legs,
    })
}
