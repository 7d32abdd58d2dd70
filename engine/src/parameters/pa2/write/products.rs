//! Families, contracts, arrays and combination legs.

use std::collections::BTreeMap;

use super::line::{Line, Page};
use crate::contract::{Period, ProductType};
use crate::parameters::definition::{
    ArrayDefinition, ContractDefinition, ContractReference, Definition, FamilyDefinition, OptionDefinition,
    ProductLink, ScanRange, SeriesDefinition, Side, Valuation,
};
use crate::parameters::pa2::columns::{
    Columns, array_first as first, array_key as key, array_second as second, combination_leg as z,
    contract as b, large_value, product as p, small_value,
};
use crate::types::Decimal;

/// Where contracts stand that others refer to, and how families are linked.
pub(super) struct Index<'a> {
    contracts: BTreeMap<ContractReference, Vec<(&'a FamilyDefinition, &'a ContractDefinition)>>,
    links: BTreeMap<(&'a str, u32, &'a str), &'a ProductLink>,
}

impl<'a> Index<'a> {
    pub(super) fn new(definition: &'a Definition) -> Self {
        let mut contracts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for family in &definition.families {
            for contract in &family.contracts {
                let reference = ContractReference {
                    exchange: family.exchange.clone(),
                    family_id: family.family_id,
                    contract_id: contract.contract_id,
                };
                contracts.entry(reference).or_default().push((family, contract));
            }
        }
        let all = definition.commodities.iter().flat_map(|commodity| &commodity.terms.links);
        let links = all.map(|link| {
            let family = &link.family;
            ((family.exchange.as_str(), family.family_id, family.product_type.as_str()), link)
        });
        Self { contracts, links: links.collect() }
    }

    fn find(
        &self,
        reference: &ContractReference,
        kind: Option<&str>,
    ) -> Option<(&'a FamilyDefinition, &'a ContractDefinition)> {
        let found = self.contracts.get(reference)?;
        let named = found.iter().find(|(family, _)| kind == Some(family.product_type.code()));
        named.or(found.first()).copied()
    }

    fn link(&self, family: &FamilyDefinition) -> Option<&'a ProductLink> {
        self.links.get(&(family.exchange.as_str(), family.family_id, family.product_type.code())).copied()
    }
}

pub(super) fn family(definition: &Definition, family: &FamilyDefinition, index: &Index<'_>, page: &mut Page) {
    let what = format!("{} {}", family.product, family.product_type);
    if matches!(family.product_type, ProductType::Equity | ProductType::Forward | ProductType::OptionOnEquity)
    {
        page.fault(&what, "a product type of the XML format only");
        return;
    }
    product(family, &what, page);
    let scaling = index.link(family).map_or(Decimal::ONE, |link| link.scaling);
    for contract in &family.contracts {
        let what = format!("{what} {}", contract.period);
        contract_of(definition, family, contract, (index, scaling), &what, page);
    }
    for series in &family.series {
        let what = format!("{what} {}", series.period);
        series_of(definition, family, series, (index, scaling), &what, page);
    }
}

fn name(line: &mut Line<'_>, family: &FamilyDefinition, fields: [Columns; 3]) {
    line.text(fields[0], &family.exchange);
    line.text(fields[1], &family.product);
    line.text(fields[2], family.product_type.code());
}

fn product(family: &FamilyDefinition, what: &str, page: &mut Page) {
    let ticks = family.series.iter().any(|series| {
        series.strike_value_factor.is_some()
            || series.options.iter().any(|option| option.contract_value_factor.is_some())
    });
    page.record("P ", what, |line| {
        name(line, family, [p::EXCHANGE, p::PRODUCT, p::KIND]);
        for (columns, places) in
            [(p::PRICE_LOCATOR, family.price_places), (p::STRIKE_LOCATOR, family.strike_places)]
        {
            line.text(columns, format!("{:03}", places.unwrap_or(0)));
        }
        let factor = family.contract_value_factor.unwrap_or_default();
        line.raised(p::FACTOR, (p::FACTOR_EXPONENT, p::FACTOR_SIGN), factor, 7);
        if let Some(currency) = &family.currency {
            line.text(p::CURRENCY, currency);
        }
        line.text(p::QUOTATION, "STD");
        line.text(p::EXERCISE, &family.exercise);
        line.text(p::NAME, &family.name);
        line.text(p::POSITIONS, 'Y');
        line.text(p::VALUATION, if family.valuation == Valuation::PremiumStyle { "EQTY" } else { "FUT" });
        line.text(p::SETTLEMENT, &family.settlement);
        if ticks {
            line.text(p::VARIABLE_TICK, '1');
        }
    });
}

/// A period as month and day code.
fn period(line: &mut Line<'_>, period: Period, month: Columns, day: Columns) {
    match period.as_str().split_at_checked(6) {
        Some((own, code)) => {
            line.text(month, own);
            line.text(day, code);
        }
        None => line.fault("a period shorter than a month CCYYMM"),
    }
}

/// What records `B` of contracts and of series share.
struct Terms<'a> {
    factor: Option<Decimal>,
    scaling: Decimal,
    date: &'a str,
    years: Option<Decimal>,
    scan: Option<ScanRange>,
}

fn terms(line: &mut Line<'_>, definition: &Definition, own: &Terms<'_>, scaling: Decimal) {
    if let Some(factor) = own.factor {
        line.raised(b::FACTOR, (b::FACTOR_EXPONENT, b::FACTOR_SIGN), factor, 7);
    }
    match i128::from(own.scaling.mantissa()).checked_mul(i128::from(scaling.mantissa())) {
        Some(product) => {
            let places = own.scaling.places() + scaling.places();
            let product = i64::try_from(product).ok().and_then(|product| Decimal::new(product, places));
            line.number(b::SCALING, product.unwrap_or_default(), 4);
        }
        None => line.fault("delta scaling beyond 64 bits"),
    }
    line.text(b::EXPIRATION, own.date);
    if let Some(years) = own.years {
        line.number(b::YEARS, years, 6);
    }
    if let Some(extreme) = definition.points.get(14) {
        line.number(b::EXTREME, extreme.price.multiplier, 3);
        line.number(b::COVER, extreme.weight, 4);
    }
    let Some(scan) = own.scan else { return };
    line.raised(b::PRICE_RANGE, (b::PRICE_RANGE_EXPONENT, b::PRICE_RANGE_SIGN), scan.price, 0);
    let percent = crate::parameters::pa2::record::times_power_of_ten(scan.volatility, 2).unwrap_or_default();
    let volatility = if scan.volatility_is_relative { percent } else { scan.volatility };
    let power = (b::VOLATILITY_RANGE_EXPONENT, b::VOLATILITY_RANGE_SIGN);
    line.raised(b::VOLATILITY_RANGE, power, volatility, 6);
    if scan.volatility_is_relative {
        line.text(b::VOLATILITY_RANGE_KIND, 'P');
    }
}

fn contract_of(
    definition: &Definition,
    family: &FamilyDefinition,
    contract: &ContractDefinition,
    (index, scaling): (&Index<'_>, Decimal),
    what: &str,
    page: &mut Page,
) {
    page.record("B ", what, |line| {
        name(line, family, [b::EXCHANGE, b::PRODUCT, b::KIND]);
        period(line, contract.period, b::FUTURE_MONTH, b::FUTURE_DAY);
        let own = Terms {
            factor: contract.contract_value_factor,
            scaling: contract.scaling,
            date: &contract.settlement_date,
            years: contract.years,
            scan: contract.scan,
        };
        terms(line, definition, &own, scaling);
        if let Some(reference) = &contract.underlying {
            match index.find(reference, Some("PHY")) {
                Some((physical, _))
                    if family.product_type == ProductType::Future
                        && physical.product_type == ProductType::Physical
                        && physical.contracts.len() == 1 =>
                {
                    line.text(b::UNDERLYING, &physical.product);
                }
                _ => line.fault("an underlying contract other than the only one of a physical"),
            }
        }
    });
    if let Some(array) = contract.array {
        let value = Value { price: contract.price, volatility: None, option: None, factors: [None; 2] };
        risk_array(definition, family, array, &value, what, page, |line| {
            period(line, contract.period, key::FUTURE_MONTH, key::FUTURE_DAY);
        });
    }
    for (number, leg) in (1..).zip(&contract.legs) {
        page.record("Z ", what, |line| {
            line.text(z::EXCHANGE, &family.exchange);
            line.text(z::PRODUCT, &family.product);
            period(line, contract.period, z::MONTH, z::DAY);
            line.digits(z::NUMBER, number);
            line.text(z::SIDE, if leg.side == Side::A { 'A' } else { 'B' });
            match leg.ratio.scaled_exact(4) {
                Some(ratio) => {
                    line.digits(z::RATIO, ratio / 10_000);
                    line.digits(z::RATIO_FRACTION, ratio % 10_000);
                }
                None => line.fault("a leg's ratio with more than four places"),
            }
            match index.find(&leg.contract, None) {
                Some((own, contract)) if own.exchange == family.exchange => {
                    line.text(z::LEG_PRODUCT, &own.product);
                    line.text(z::LEG_KIND, own.product_type.code());
                    period(line, contract.period, z::LEG_MONTH, z::LEG_DAY);
                }
                _ => line.fault("a leg that is no contract of the same exchange"),
            }
        });
    }
}

fn series_of(
    definition: &Definition,
    family: &FamilyDefinition,
    series: &SeriesDefinition,
    (index, scaling): (&Index<'_>, Decimal),
    what: &str,
    page: &mut Page,
) {
    let kind = family.underlying.as_ref().map(|underlying| underlying.product_type.as_str());
    let underlying = series.underlying.as_ref().and_then(|reference| index.find(reference, kind));
    let by_period = index.link(family).and_then(|link| link.option_delta_by_period);
    let by_period = by_period.unwrap_or(definition.option_delta_by_period);
    let month = underlying.map(|(_, contract)| contract.period);
    let is_zero = month.is_none_or(|month| month.as_str().bytes().all(|digit| digit == b'0'));
    if family.product_type == ProductType::OptionOnPhysical && by_period != is_zero {
        page.fault(what, "the month of the underlying says where the delta is, and it says otherwise");
    }
    if family.product_type != ProductType::OptionOnPhysical && month.is_none() {
        page.fault(what, "the underlying contract is missing");
    }
    page.record("B ", what, |line| {
        name(line, family, [b::EXCHANGE, b::PRODUCT, b::KIND]);
        month.into_iter().for_each(|month| period(line, month, b::FUTURE_MONTH, b::FUTURE_DAY));
        period(line, series.period, b::OPTION_MONTH, b::OPTION_DAY);
        line.text(b::MODEL, &family.pricing_model);
        let own = Terms {
            factor: series.contract_value_factor,
            scaling: series.scaling,
            date: &series.settlement_date,
            years: series.years,
            scan: series.scan,
        };
        terms(line, definition, &own, scaling);
        if let Some((own, _)) = underlying {
            if own.exchange != family.exchange {
                line.fault("an underlying on another exchange");
            }
            line.text(b::UNDERLYING, &own.product);
        }
    });
    for option in &series.options {
        let what = format!("{what} {} {}", option.terms.right.code(), option.terms.strike);
        let Some(array) = option.array else {
            page.fault(&what, "an option without an array");
            continue;
        };
        if option.scaling.is_some_and(|scaling| scaling != series.scaling) {
            page.fault(&what, "a delta scaling of its own");
        }
        let value = Value {
            price: option.price,
            volatility: option.volatility,
            option: Some(option),
            factors: [option.contract_value_factor, series.strike_value_factor],
        };
        risk_array(definition, family, array, &value, &what, page, |line| {
            underlying.into_iter().for_each(|(own, _)| line.text(key::UNDERLYING, &own.product));
            month.into_iter().for_each(|month| period(line, month, key::FUTURE_MONTH, key::FUTURE_DAY));
            period(line, series.period, key::OPTION_MONTH, key::OPTION_DAY);
        });
    }
}

/// What stands beside an array.
struct Value<'a> {
    price: Option<Decimal>,
    volatility: Option<Decimal>,
    option: Option<&'a OptionDefinition>,
    factors: [Option<Decimal>; 2],
}

/// The two records of an array: of five digits a value where they are enough, else of eight.
fn risk_array(
    definition: &Definition,
    family: &FamilyDefinition,
    array: ArrayDefinition,
    value: &Value<'_>,
    what: &str,
    page: &mut Page,
    contract: impl Fn(&mut Line<'_>),
) {
    let values = definition.arrays.values(array.array);
    let Some((head, tail)) = values.split_at_checked(9).filter(|(_, tail)| tail.len() == 7) else {
        page.fault(what, "an array of other than sixteen values");
        return;
    };
    let is_small = values.iter().all(|value| value.unsigned_abs() <= 99_999);
    let (ids, fields, width) = match is_small {
        true => (["81", "82"], small_value::ALL, 6),
        false => (["83", "84"], large_value::ALL, 9),
    };
    let (first_shift, second_shift) = if is_small { (0, 0) } else { (27, 21) };
    let digits = value.price.map(|price| digits_of(price, family.price_places));
    let is_long = digits.is_some_and(|digits| digits.is_some_and(|digits| digits.abs() >= 9_999_999));
    for (id, values) in ids.into_iter().zip([head, tail]) {
        page.record(id, what, |line| {
            name(line, family, [key::EXCHANGE, key::PRODUCT, key::KIND]);
            contract(line);
            let strike = value.option.map(|option| digits_of(option.terms.strike, family.strike_places));
            if let Some(option) = value.option {
                line.text(key::RIGHT, option.terms.right.code());
            }
            match strike.unwrap_or(Some(0)) {
                Some(strike) => line.digits(key::STRIKE, strike.abs()),
                None => line.fault("a strike with more places than its product"),
            }
            for (shift, number) in (0..).map(|index| index * width).zip(values) {
                line.digits(fields[0].moved(shift), i128::from(number.unsigned_abs()));
                line.text(fields[1].moved(shift), if *number < 0 { '-' } else { '+' });
            }
            if id == ids[0] {
                let price = digits.flatten().filter(|_| is_long);
                if let Some(digits) = price {
                    line.digits(first::PRICE.moved(first_shift), digits.abs());
                }
                line.text(first::PRICE_FLAG.moved(first_shift), if price.is_some() { 'Y' } else { 'N' });
                return;
            }
            let at = |columns: Columns| columns.moved(second_shift);
            line.signed(at(second::DELTA), at(second::DELTA_SIGN), array.delta, 4);
            let is_negative = digits.flatten().is_some_and(|digits| digits < 0);
            match digits {
                Some(Some(digits)) if !is_long => line.digits(at(second::PRICE), digits.abs()),
                Some(None) => line.fault("a price with more places than its product"),
                _ => line.text(at(second::PRICE), "9999999"),
            }
            if is_long && is_negative {
                line.fault("a negative price of more than seven digits");
            }
            line.text(at(second::PRICE_SIGN), if is_negative { '-' } else { '+' });
            let is_below_zero = strike.flatten().is_some_and(|strike| strike < 0);
            line.text(at(second::STRIKE_SIGN), if is_below_zero { '-' } else { '+' });
            beside(line, value, second_shift);
        });
    }
}

/// Volatility, and the factors of products with variable ticks.
fn beside(line: &mut Line<'_>, value: &Value<'_>, shift: usize) {
    let at = |columns: Columns| columns.moved(shift);
    for (number, columns, places, power) in [
        (value.volatility, second::VOLATILITY, 6, [second::VOLATILITY_EXPONENT, second::VOLATILITY_SIGN]),
        (value.factors[0], second::FACTOR, 7, [second::FACTOR_EXPONENT, second::FACTOR_SIGN]),
        (
            value.factors[1],
            second::STRIKE_FACTOR,
            7,
            [second::STRIKE_FACTOR_EXPONENT, second::STRIKE_FACTOR_SIGN],
        ),
    ] {
        if let Some(number) = number {
            line.raised(at(columns), (at(power[0]), at(power[1])), number, places);
        }
    }
}

/// A price or strike as digits at its product's places.
fn digits_of(price: Decimal, places: Option<i32>) -> Option<i128> {
    price.scaled_exact(u8::try_from(places.unwrap_or(0)).ok()?)
}
