//! A parameter set of our own making: SPAN's arrays from the market's prices and volatilities and a house's scan ranges.
//!
//! Every expiry of a source that has a forward becomes a future, and with volatilities an option series on it. An array holds what
//! one long contract loses in each of the sixteen standard scenarios: the price moves by thirds of the price scan range, the
//! volatility by the volatility scan range; three ranges count with 33 percent. Composite deltas are weighted over the seven
//! standard points.

#![allow(
    clippy::float_arithmetic,
    reason = "prices are models'; a loss is rounded once to the file's places"
)]

use super::customary;
use super::definition::{
    ArrayDefinition, CommodityDefinition, CommodityTerms, ContractDefinition, ContractReference,
    CurrencyDefinition, Definition, FamilyDefinition, FamilyReference, LegDefinition, LegPlace,
    LevelAdjustment, LevelRate, OptionDefinition, ProductLink, ScanRange, SeriesDefinition, Side,
    SpreadDefinition, TierDefinition, Valuation,
};
use super::method::{Method, MethodKind, Span16Method, Span16Product};
use crate::contract::{OptionModel, OptionRight, OptionTerms, Period, ProductType};
use crate::instruction_set::Instructions;
use crate::market::{Snapshot, SourceMarket, years_between};
use crate::pricing::{Columns, RightSign, Surface, discount_factor};
use crate::scenario::{
    OptionInputs, ScanFraction, ScanPoint, Shock, ShockRules, SkewShock, TermStructure, VolatilityMove,
    VolatilityRange, VolatilityShock, shocked_values, whole_units,
};
use crate::types::{BusinessDate, Code, Decimal, ExchangeCode, Kind, Moment};

/// Places that values are calculated with before a loss is rounded to the file's.
const VALUE_PLACES: u8 = 9;

/// What a file of this market would say.
///
/// # Errors
/// Everything that is missing or out of range, for a person.
pub fn from_market(
    method: &Method,
    listing: &Span16Method,
    snapshot: &Snapshot,
) -> Result<Definition, Vec<String>> {
    let days = snapshot.time().nanos().div_euclid(86_400_000_000_000);
    let date = BusinessDate::from_days_since_1970(days).ok();
    let mut definition = Definition {
        created: format!("{}0000", date.map(|date| date.to_string().replace('-', "")).unwrap_or_default()),
        business_date: date,
        is_settlement: true,
        settlement_qualifier: "final".to_owned(),
        house: Some(listing.house.clone()),
        house_name: method.name.clone(),
        base_level: 1,
        currencies: vec![CurrencyDefinition {
            currency: method.currency.clone(),
            symbol: String::new(),
            name: method.currency.as_str().to_owned(),
            places: 2,
        }],
        account_types: customary::account_types(),
        levels: customary::levels(),
        points: customary::scan_points(),
        delta_points: customary::delta_points(),
        ..Definition::default()
    };
    let mut faults = Vec::new();
    for (place, product) in (0_u32..).zip(&listing.products) {
        let market = snapshot.of(&product.source).cloned();
        let price = market.as_ref().and_then(|market| market.price).map(|price| price.value());
        let terms = market.as_ref().and_then(|market| market.terms.as_ref());
        if let Some(message) = method.other_price(&product.source, terms) {
            faults.push(message);
            continue;
        }
        let (Some(market), Some(price)) = (market, price) else {
            faults.push(format!("no price of {} is known", product.source));
            continue;
        };
        if price <= 0.0 {
            let source = &product.source;
            faults.push(format!(
                "the price of {source} is {price}: a scan range that is a part of it needs one above 0"
            ));
            continue;
        }
        let (surface, _) = Surface::of(&market, snapshot.time());
        let own = Making {
            method,
            product,
            snapshot,
            market: &market,
            surface,
            range: price * product.price_scan,
            first_family: place * 10 + 1,
        };
        if let Err(own) = own.list(&mut definition) {
            faults.extend(own.into_iter().map(|fault| format!("{}: {fault}", product.source)));
        }
    }
    if faults.is_empty() { Ok(definition) } else { Err(faults) }
}

struct Making<'a> {
    method: &'a Method,
    product: &'a Span16Product,
    snapshot: &'a Snapshot,
    market: &'a SourceMarket,
    surface: Option<Surface>,
    /// The price scan range, in price.
    range: f64,
    first_family: u32,
}

impl Making<'_> {
    fn list(&self, definition: &mut Definition) -> Result<(), Vec<String>> {
        let (mut contracts, mut series, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        let live = self.market.expiries.iter().filter(|(expiry, _)| **expiry >= self.snapshot.time());
        for (number, (expiry, market)) in (1_u64..).zip(live) {
            let Some(forward) = market.forward.map(|forward| forward.value()) else {
                faults.push(format!("no forward to {expiry} is known"));
                continue;
            };
            let made = self.contract(definition, number, *expiry, forward);
            let options = self.series(definition, number, *expiry, forward);
            match (made, options) {
                (Ok(contract), Ok(options)) => {
                    contracts.push(contract);
                    series.extend(options);
                }
                (contract, options) => {
                    let all = [contract.err(), options.err()].into_iter().flatten();
                    faults.extend(all.map(|fault| format!("{expiry}: {fault}")));
                }
            }
        }
        if contracts.is_empty() && faults.is_empty() {
            faults.push("no expiry is known".to_owned());
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut links = vec![self.link(ProductType::Future, 0).map_err(|fault| vec![fault])?];
        definition
            .families
            .push(self.family(ProductType::Future, contracts, Vec::new()).map_err(|own| vec![own])?);
        if !series.is_empty() {
            let options = self.family(ProductType::OptionOnFuture, Vec::new(), series);
            definition.families.push(options.map_err(|own| vec![own])?);
            links.push(self.link(ProductType::OptionOnFuture, 1).map_err(|fault| vec![fault])?);
        }
        definition.commodities.push(self.commodity(links).map_err(|fault| vec![fault])?);
        Ok(())
    }

    fn code<K: Kind>(&self) -> Result<Code<K>, String> {
        Code::new(self.product.source.as_str()).map_err(|error| error.to_string())
    }

    fn exchange(&self) -> Result<ExchangeCode, String> {
        let text = match &self.method.kind {
            MethodKind::Span16(own) => own.house.as_str(),
            MethodKind::Grid(_) | MethodKind::Standard(_) | MethodKind::Linear(_) => "",
        };
        Code::new(text).map_err(|error| error.to_string())
    }

    fn rounded(&self, value: f64) -> Result<Decimal, String> {
        let units = whole_units(value, self.product.places).ok_or("a number has too many digits")?;
        Decimal::new(units, self.product.places).ok_or_else(|| "a number has too many places".to_owned())
    }

    fn multiplier(&self) -> f64 {
        self.product.multiplier.to_f64()
    }

    fn scan_range(&self) -> Result<ScanRange, String> {
        let volatility = whole_units(self.product.volatility_scan, 6).and_then(|own| Decimal::new(own, 6));
        Ok(ScanRange {
            price: self.rounded(self.range * self.multiplier())?,
            volatility: volatility.unwrap_or(Decimal::ZERO),
            volatility_is_relative: true,
        })
    }

    fn contract(
        &self,
        definition: &mut Definition,
        contract_id: u64,
        expiry: Moment,
        forward: f64,
    ) -> Result<ContractDefinition, String> {
        let multiplier = self.multiplier();
        let losses: Vec<f64> = definition
            .points
            .iter()
            .map(|point| -moved(self.range, &point.price) * multiplier * point.weight.to_f64())
            .collect();
        let array = self.array(definition, &losses, 1.0)?;
        Ok(ContractDefinition {
            line: 0,
            contract_id,
            period: period(expiry)?,
            price: Some(self.rounded(forward)?),
            contract_value_factor: Some(self.product.multiplier),
            scaling: Decimal::ONE,
            settlement_date: String::new(),
            years: self.years(expiry),
            underlying: None,
            legs: Vec::new(),
            scan: Some(self.scan_range()?),
            array: Some(array),
        })
    }

    fn years(&self, expiry: Moment) -> Option<Decimal> {
        whole_units(years_between(self.snapshot.time(), expiry), 6).and_then(|own| Decimal::new(own, 6))
    }

    /// The options of an expiry; none where it has no volatilities or nothing is listed.
    fn series(
        &self,
        definition: &mut Definition,
        number: u64,
        expiry: Moment,
        forward: f64,
    ) -> Result<Option<SeriesDefinition>, String> {
        let has_smile = self.market.expiries.get(&expiry).is_some_and(|own| own.smile.is_some());
        let Some(surface) = self.surface.as_ref().filter(|_| has_smile && !self.product.strikes.is_empty())
        else {
            return Ok(None);
        };
        let known = self.market.expiries.get(&expiry).and_then(|own| own.rate).map(|rate| rate.value());
        let rate = known.or_else(|| self.snapshot.rate(&self.method.currency, expiry));
        let rate = rate.ok_or("no rate is known")?;
        let mut terms = Vec::new();
        for strike in &self.product.strikes {
            let own = strike.to_f64();
            let volatility = surface.volatility(expiry, forward, own).ok_or("no volatility is known")?;
            for right in [OptionRight::Call, OptionRight::Put] {
                let inputs = OptionInputs {
                    forward,
                    strike: own,
                    right: RightSign::from(right),
                    volatility,
                    years: years_between(self.snapshot.time(), expiry),
                    rate,
                    multiplier: 1.0,
                    coin: None,
                };
                terms.push((OptionTerms { right, strike: *strike }, inputs));
            }
        }
        let options = self.options(definition, number, surface.model(), &terms)?;
        Ok(Some(SeriesDefinition {
            line: 0,
            period: period(expiry)?,
            contract_value_factor: Some(self.product.multiplier),
            strike_value_factor: Some(self.product.multiplier),
            scaling: Decimal::ONE,
            settlement_date: String::new(),
            years: self.years(expiry),
            underlying: Some(ContractReference {
                exchange: self.exchange()?,
                family_id: self.first_family,
                contract_id: number,
            }),
            scan: Some(self.scan_range()?),
            options,
        }))
    }

    fn options(
        &self,
        definition: &mut Definition,
        number: u64,
        model: OptionModel,
        terms: &[(OptionTerms, OptionInputs)],
    ) -> Result<Vec<OptionDefinition>, String> {
        let points = definition.points.clone();
        let shock = |price: &ScanFraction, volatility: &ScanFraction| Shock {
            spot_shift: moved(self.range, price),
            volatility: VolatilityMove::Stated {
                relative: moved(self.product.volatility_scan, volatility),
                points: 0.0,
            },
            ..Shock::NOTHING
        };
        let shocks: Vec<Shock> = points.iter().map(|point| shock(&point.price, &point.volatility)).collect();
        let inputs: Vec<OptionInputs> = terms.iter().map(|(_, inputs)| *inputs).collect();
        let best = Instructions::best();
        let values =
            shocked_values(&inputs, model, &shocks, &rules(), best).map_err(|none| none.to_string())?;
        let value = |own: f64| {
            let units = whole_units(own, VALUE_PLACES).ok_or("an option is worth too much")?;
            Ok::<f64, String>(units as f64 / 1e9)
        };
        let mut options = Vec::with_capacity(terms.len());
        for (place, (own, inputs)) in terms.iter().enumerate() {
            let mark = value(values.marks[place])?;
            let lost = |(own, point): (&f64, &ScanPoint)| {
                Ok::<f64, String>((mark - value(*own)?) * self.multiplier() * point.weight.to_f64())
            };
            let row = values.values.row(place);
            let losses: Vec<f64> = row.iter().zip(&points).map(lost).collect::<Result<_, _>>()?;
            let composite = self.composite(definition, inputs, model).ok_or("a delta is out of range")?;
            let array = self.array(definition, &losses, composite)?;
            options.push(OptionDefinition {
                value: None,
                line: 0,
                contract_id: number * 10_000 + place as u64,
                terms: *own,
                price: Some(self.rounded(mark)?),
                volatility: whole_units(inputs.volatility, 6).and_then(|own| Decimal::new(own, 6)),
                contract_value_factor: None,
                scaling: None,
                array: Some(array),
            });
        }
        Ok(options)
    }

    /// The delta, weighted over the delta points.
    fn composite(&self, definition: &Definition, inputs: &OptionInputs, model: OptionModel) -> Option<f64> {
        let mut sum = 0.0;
        for point in &definition.delta_points {
            let columns = Columns {
                forwards: &[inputs.forward + moved(self.range, &point.price)],
                strikes: &[inputs.strike],
                volatilities: &[inputs.volatility],
                times: &[inputs.years],
                discounts: &[discount_factor(inputs.rate, inputs.years)],
                rights: &[inputs.right],
            };
            let greeks = match model {
                OptionModel::Lognormal => columns.black76().ok()?.greeks(Instructions::best()),
                OptionModel::Normal => columns.bachelier().ok()?.greeks(Instructions::best()),
            };
            sum += greeks.deltas[0] * point.weight.to_f64();
        }
        Some(sum)
    }

    fn array(
        &self,
        definition: &mut Definition,
        losses: &[f64],
        delta: f64,
    ) -> Result<ArrayDefinition, String> {
        let array = definition.arrays.begin().ok_or("too many arrays")?;
        for loss in losses {
            definition.arrays.push(self.rounded(*loss)?)?;
        }
        let delta =
            whole_units(delta, 4).and_then(|own| Decimal::new(own, 4)).ok_or("a delta is too large")?;
        Ok(ArrayDefinition { array, delta })
    }

    fn family(
        &self,
        product_type: ProductType,
        contracts: Vec<ContractDefinition>,
        series: Vec<SeriesDefinition>,
    ) -> Result<FamilyDefinition, String> {
        let is_option = product_type.is_option();
        let places = i32::from(self.product.places);
        let strikes = self.product.strikes.iter().map(|strike| strike.normalized().places()).max();
        Ok(FamilyDefinition {
            line: 0,
            exchange: self.exchange()?,
            product_type,
            family_id: self.first_family + u32::from(is_option),
            product: self.code()?,
            name: self.product.source.as_str().to_owned(),
            currency: Some(self.method.currency.clone()),
            contract_value_factor: Some(self.product.multiplier),
            price_places: Some(places),
            strike_places: is_option.then_some(i32::from(strikes.unwrap_or(0))),
            valuation: if is_option { Valuation::PremiumStyle } else { Valuation::FuturesStyle },
            settlement: "CASH".to_owned(),
            exercise: if is_option { "EURO".to_owned() } else { String::new() },
            pricing_model: String::new(),
            underlying: if is_option { Some(self.reference(ProductType::Future, 0)?) } else { None },
            contracts,
            series,
        })
    }

    fn reference(&self, product_type: ProductType, offset: u32) -> Result<FamilyReference, String> {
        Ok(FamilyReference {
            exchange: self.exchange()?,
            family_id: self.first_family + offset,
            product: self.code()?,
            product_type: product_type.code().to_owned(),
        })
    }

    fn link(&self, product_type: ProductType, offset: u32) -> Result<ProductLink, String> {
        Ok(ProductLink {
            line: 0,
            family: self.reference(product_type, offset)?,
            scaling: Decimal::ONE,
            option_delta_by_period: None,
            combination_method: None,
            has_basis_risk: false,
        })
    }

    fn commodity(&self, links: Vec<ProductLink>) -> Result<CommodityDefinition, String> {
        // Tier 0 is all periods.
        let tier = |rates| TierDefinition { line: 0, number: 0, first: None, last: None, rates };
        let rate = |value| vec![LevelRate { level: 1, value }];
        // Even levels are initial ones.
        let adjustment = |(level, base): (u32, u32)| LevelAdjustment {
            line: 0,
            level,
            base,
            factor: if level % 2 == 0 { self.product.initial_factor } else { Decimal::ONE },
        };
        let own = self.code()?;
        let leg = |side| LegDefinition {
            line: 0,
            commodity: own.clone(),
            place: LegPlace::Tier(0),
            side,
            ratio: Decimal::ONE,
            rates: Vec::new(),
        };
        let spread = SpreadDefinition {
            line: 0,
            priority: 1,
            charge: super::ChargeMethod::Flat,
            rates: rate(self.product.spread_charge),
            month_rates: Vec::new(),
            legs: [Side::A, Side::B].map(leg).to_vec(),
        };
        let has_charge = self.product.spread_charge.is_positive();
        Ok(CommodityDefinition {
            line: 0,
            code: self.code()?,
            terms: CommodityTerms {
                name: self.product.source.as_str().to_owned(),
                currency: Some(self.method.currency.clone()),
                links,
                adjustments: [(1, 1), (2, 1), (3, 1), (4, 3), (5, 1), (6, 5)].map(adjustment).to_vec(),
                intra_tiers: vec![tier(Vec::new())],
                inter_tiers: vec![tier(Vec::new())],
                option_minimum_tiers: vec![tier(rate(self.product.short_option_minimum))],
                spreads: if has_charge { vec![spread] } else { Vec::new() },
                ..CommodityTerms::default()
            },
        })
    }
}

/// A part of a range.
fn moved(range: f64, part: &ScanFraction) -> f64 {
    range * part.numerator.mantissa() as f64 / part.denominator.mantissa() as f64
}

/// Scenarios state their moves of volatility themselves.
fn rules() -> ShockRules {
    let volatility = VolatilityShock {
        up: VolatilityRange::default(),
        down: VolatilityRange::default(),
        minimum_up: 0.0,
        terms: TermStructure::Flat,
    };
    ShockRules { volatility, skew: SkewShock::default(), settlement_average_seconds: 0.0 }
}

/// The day of an expiry.
fn period(expiry: Moment) -> Result<Period, String> {
    let days = expiry.nanos().div_euclid(86_400_000_000_000);
    let date = BusinessDate::from_days_since_1970(days).map_err(|error| error.to_string())?;
    Period::new(&date.to_string().replace('-', "")).map_err(|error| error.to_string())
}
