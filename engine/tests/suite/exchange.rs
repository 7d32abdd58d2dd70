//! Exchanges of a few lines: a definition with just what a test is about.

use plimsoll_engine::contract::{OptionRight, OptionTerms, Period, ProductType};
use plimsoll_engine::parameters::{
    ArrayDefinition, ChargeMethod, CommodityDefinition, CommodityTerms, ContractDefinition, Definition,
    FamilyDefinition, FamilyReference, LegDefinition, LegPlace, LevelRate, OptionDefinition, ProductLink,
    SeriesDefinition, Side, SpreadDefinition, TierDefinition, Valuation, sample,
};
use plimsoll_engine::types::{Code, Decimal};

/// The sixteen losses of one long future: the price moves of the standard scenarios times a scan range.
pub(crate) fn array_of_range(range: i64) -> Vec<String> {
    let thirds = [0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3];
    let ordinary = thirds.map(|third| format!("{:.6}", -third as f64 * range as f64 / 3.0));
    let extreme = [1.0, -1.0].map(|side| format!("{:.6}", -side * range as f64 * 0.99));
    ordinary.into_iter().chain(extreme).collect()
}

/// Product, period, array and delta of a future.
type FutureText = (String, String, Vec<String>, String);
/// Product, period, terms, array, delta and price of an option.
type OptionText = (String, String, OptionTerms, Vec<String>, String, String);
/// Priority, rate and legs of an inter-commodity spread.
type InterText = (u32, String, Vec<(String, Side, String)>);

#[derive(Default)]
pub(crate) struct Commodity {
    code: String,
    currency: String,
    pub(crate) scaling: &'static str,
    pub(crate) option_minimum: &'static str,
    pub(crate) risk_exponent: i32,
    pub(crate) cap_option_value: bool,
    futures: Vec<FutureText>,
    options: Vec<OptionText>,
    spreads: Vec<(u32, String, [LegPlace; 2])>,
}

#[derive(Default)]
pub(crate) struct Exchange {
    commodities: Vec<Commodity>,
    inter: Vec<InterText>,
}

impl Commodity {
    pub(crate) fn future(&mut self, product: &str, period: &str, array: &[String], delta: &str) -> &mut Self {
        self.futures.push((product.to_owned(), period.to_owned(), array.to_vec(), delta.to_owned()));
        self
    }

    #[allow(clippy::too_many_arguments)]
    pub(crate) fn option(
        &mut self,
        product: &str,
        period: &str,
        right: &str,
        strike: &str,
        array: &[String],
        delta: &str,
        price: &str,
    ) -> &mut Self {
        let terms =
            OptionTerms { right: OptionRight::from_code(right).unwrap(), strike: strike.parse().unwrap() };
        let text = |text: &str| text.to_owned();
        self.options.push((text(product), text(period), terms, array.to_vec(), text(delta), text(price)));
        self
    }

    pub(crate) fn series_spread(&mut self, priority: u32, rate: &str, a: &str, b: &str) {
        let places = [a, b].map(|period| LegPlace::Period(Period::new(period).unwrap()));
        self.spreads.push((priority, rate.to_owned(), places));
    }

    pub(crate) fn tier_spread(&mut self, priority: u32, rate: &str) {
        self.spreads.push((priority, rate.to_owned(), [LegPlace::Tier(0), LegPlace::Tier(0)]));
    }
}

impl Exchange {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn commodity(&mut self, code: &str, currency: &str) -> &mut Commodity {
        self.commodities.push(Commodity {
            code: code.to_owned(),
            currency: currency.to_owned(),
            scaling: "1",
            option_minimum: "0",
            ..Commodity::default()
        });
        self.commodities.last_mut().unwrap()
    }

    /// Adds an option to the newest commodity.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn option(
        &mut self,
        product: &str,
        period: &str,
        right: &str,
        strike: &str,
        array: &[String],
        delta: &str,
        price: &str,
    ) {
        self.commodities.last_mut().unwrap().option(product, period, right, strike, array, delta, price);
    }

    pub(crate) fn inter(&mut self, priority: u32, rate: &str, legs: &[(&str, &str, &str)]) {
        let side = |side: &str| if side == "A" { Side::A } else { Side::B };
        let leg = |&(code, own, ratio): &(&str, &str, &str)| (code.to_owned(), side(own), ratio.to_owned());
        self.inter.push((priority, rate.to_owned(), legs.iter().map(leg).collect()));
    }

    /// Scan points, levels and dates are those of the sample exchange.
    pub(crate) fn definition(&self) -> Definition {
        let sample = sample::definition();
        let mut definition = Definition {
            families: Vec::new(),
            arrays: Default::default(),
            commodities: Vec::new(),
            inter_spreads: Vec::new(),
            conversions: Vec::new(),
            levels: Vec::new(),
            ..sample
        };
        for commodity in &self.commodities {
            commodity.define(&mut definition);
        }
        for (priority, rate, legs) in &self.inter {
            let legs = legs.iter().map(|(code, side, ratio)| leg(code, LegPlace::Tier(0), *side, ratio));
            definition.inter_spreads.push(spread(
                *priority,
                ChargeMethod::WeightedPriceRisk,
                rate,
                legs.collect(),
            ));
        }
        definition
    }
}

impl Commodity {
    fn define(&self, definition: &mut Definition) {
        let mut links = Vec::new();
        for (product, period, array, delta) in &self.futures {
            let array = array_definition(definition, array, delta);
            let index = self.family(definition, &mut links, product, ProductType::Future);
            let family = &mut definition.families[index];
            let contract_id = family.contracts.len() as u64;
            family.contracts.push(ContractDefinition {
                line: 0,
                contract_id,
                period: Period::new(period).unwrap(),
                price: None,
                contract_value_factor: None,
                scaling: Decimal::ONE,
                settlement_date: String::new(),
                years: None,
                underlying: None,
                legs: Vec::new(),
                scan: None,
                array: Some(array),
            });
        }
        for (product, period, terms, array, delta, price) in &self.options {
            let array = array_definition(definition, array, delta);
            let index = self.family(definition, &mut links, product, ProductType::OptionOnPhysical);
            let family = &mut definition.families[index];
            let contract_id = family.series.len() as u64;
            let option = OptionDefinition {
                value: None,
                line: 0,
                contract_id,
                terms: *terms,
                price: Some(price.parse().unwrap()),
                volatility: None,
                contract_value_factor: None,
                scaling: None,
                array: Some(array),
            };
            family.series.push(SeriesDefinition {
                line: 0,
                period: Period::new(period).unwrap(),
                contract_value_factor: Some(Decimal::ONE),
                strike_value_factor: None,
                scaling: Decimal::ONE,
                settlement_date: String::new(),
                years: None,
                underlying: None,
                scan: None,
                options: vec![option],
            });
        }
        definition.commodities.push(CommodityDefinition {
            line: 0,
            code: Code::new(&self.code).unwrap(),
            terms: self.terms(links),
        });
    }

    fn terms(&self, links: Vec<ProductLink>) -> CommodityTerms {
        let tier = |rate: Option<&str>| TierDefinition {
            line: 0,
            number: 0,
            first: None,
            last: None,
            rates: rate
                .map(|rate| LevelRate { level: 1, value: rate.parse().unwrap() })
                .into_iter()
                .collect(),
        };
        let spreads = self.spreads.iter().map(|(priority, rate, [a, b])| {
            let legs =
                vec![leg(&self.code, a.clone(), Side::A, "1"), leg(&self.code, b.clone(), Side::B, "1")];
            spread(*priority, ChargeMethod::Flat, rate, legs)
        });
        CommodityTerms {
            currency: Some(Code::new(&self.currency).unwrap()),
            risk_exponent: self.risk_exponent,
            cap_option_value: Some(self.cap_option_value),
            links,
            intra_tiers: vec![tier(None)],
            inter_tiers: vec![tier(None)],
            option_minimum_tiers: vec![tier(Some(self.option_minimum))],
            spreads: spreads.collect(),
            ..CommodityTerms::default()
        }
    }

    /// The family of a product, made and linked where it is new.
    fn family(
        &self,
        definition: &mut Definition,
        links: &mut Vec<ProductLink>,
        product: &str,
        product_type: ProductType,
    ) -> usize {
        let known = |family: &FamilyDefinition| {
            family.product.as_str() == product && family.product_type == product_type
        };
        if let Some(index) = definition.families.iter().position(known) {
            return index;
        }
        let family_id = u32::try_from(definition.families.len()).unwrap() + 1;
        let exchange = Code::new("X").unwrap();
        let code = Code::new(product).unwrap();
        definition.families.push(FamilyDefinition {
            line: 0,
            exchange: exchange.clone(),
            product_type,
            family_id,
            product: code.clone(),
            name: String::new(),
            currency: Some(Code::new(&self.currency).unwrap()),
            contract_value_factor: None,
            price_places: None,
            strike_places: None,
            valuation: if product_type.is_option() {
                Valuation::PremiumStyle
            } else {
                Valuation::FuturesStyle
            },
            settlement: String::new(),
            exercise: String::new(),
            pricing_model: String::new(),
            underlying: None,
            contracts: Vec::new(),
            series: Vec::new(),
        });
        let family = FamilyReference {
            exchange,
            family_id,
            product: code,
            product_type: product_type.code().to_owned(),
        };
        let scaling = self.scaling.parse().unwrap();
        links.push(ProductLink {
            line: 0,
            family,
            scaling,
            option_delta_by_period: Some(true),
            combination_method: None,
            has_basis_risk: false,
        });
        definition.families.len() - 1
    }
}

fn array_definition(definition: &mut Definition, array: &[String], delta: &str) -> ArrayDefinition {
    let index = definition.arrays.begin().unwrap();
    for value in array {
        definition.arrays.push(value.parse().unwrap()).unwrap();
    }
    ArrayDefinition { array: index, delta: delta.parse().unwrap() }
}

fn spread(priority: u32, charge: ChargeMethod, rate: &str, legs: Vec<LegDefinition>) -> SpreadDefinition {
    let rates = vec![LevelRate { level: 1, value: rate.parse().unwrap() }];
    SpreadDefinition { line: 0, priority, charge, rates, month_rates: Vec::new(), legs }
}

fn leg(code: &str, place: LegPlace, side: Side, ratio: &str) -> LegDefinition {
    LegDefinition {
        line: 0,
        commodity: Code::new(code).unwrap(),
        place,
        side,
        ratio: ratio.parse().unwrap(),
        rates: Vec::new(),
    }
}
