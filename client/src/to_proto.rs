//! Requests in the words of the wire.

pub(crate) mod quotes;

use plimsoll_engine::contract::{OptionRight, ProductType};
use plimsoll_engine::parameters::RoundingProfile;
use plimsoll_engine::report::CalculationOptions;
use plimsoll_engine::span::{AwayDelta, Margining, Position};
use plimsoll_proto::v1;

use crate::request::{CalculationRequest, SetSelector};

pub(crate) const fn rounding(profile: Option<RoundingProfile>) -> v1::RoundingProfile {
    match profile {
        None => v1::RoundingProfile::Unspecified,
        Some(RoundingProfile::Exact) => v1::RoundingProfile::Exact,
        Some(RoundingProfile::Takasbank) => v1::RoundingProfile::Takasbank,
        Some(RoundingProfile::Cme) => v1::RoundingProfile::Cme,
    }
}

pub(crate) fn calculate(request: CalculationRequest) -> v1::CalculateRequest {
    let selector = match request.parameter_set {
        SetSelector::Id(id) => v1::parameter_set_selector::Selector::Id(id),
        SetSelector::Active { house, account_scope } => {
            let house = house.to_string();
            v1::parameter_set_selector::Selector::Active(v1::ActiveParameterSet { house, account_scope })
        }
    };
    v1::CalculateRequest {
        account: request.account,
        parameter_set: Some(v1::ParameterSetSelector { selector: Some(selector) }),
        positions: request.portfolio.positions.iter().map(position).collect(),
        options: Some(options(request.portfolio.options)),
        away: request.portfolio.away.iter().map(away_delta).collect(),
    }
}

fn away_delta(away: &AwayDelta) -> v1::AwayDelta {
    v1::AwayDelta {
        house: away.house.to_string(),
        commodity: away.commodity.to_string(),
        tier: away.tier,
        delta: away.delta.to_string(),
    }
}

fn options(options: CalculationOptions) -> v1::CalculationOptions {
    v1::CalculationOptions {
        rounding: rounding(options.rounding).into(),
        currency: options.currency.map(|currency| currency.to_string()).unwrap_or_default(),
        account_type: options.account_type.unwrap_or_default(),
        allow_unmatched: options.allow_unmatched,
        margining: match options.margining {
            Margining::Net => v1::Margining::Net,
            Margining::GrossByClient => v1::Margining::GrossByClient,
            Margining::GrossSides => v1::Margining::GrossSides,
        }
        .into(),
    }
}

fn position(position: &Position) -> v1::Position {
    let contract = &position.contract;
    let (right, strike) = match contract.option {
        Some(terms) => (right(terms.right), terms.strike.to_string()),
        None => (v1::OptionRight::Unspecified, String::new()),
    };
    v1::Position {
        exchange: contract.exchange.as_ref().map(ToString::to_string).unwrap_or_default(),
        product: contract.product.to_string(),
        r#type: product_type(contract.product_type).into(),
        period: contract.period.to_string(),
        underlying_period: contract.underlying_period.map(|period| period.to_string()).unwrap_or_default(),
        right: right.into(),
        strike,
        quantity: position.lots.get(),
    }
}

const fn right(right: OptionRight) -> v1::OptionRight {
    match right {
        OptionRight::Call => v1::OptionRight::Call,
        OptionRight::Put => v1::OptionRight::Put,
    }
}

const fn product_type(kind: ProductType) -> v1::ProductType {
    match kind {
        ProductType::Physical => v1::ProductType::Physical,
        ProductType::Equity => v1::ProductType::Equity,
        ProductType::Future => v1::ProductType::Future,
        ProductType::Forward => v1::ProductType::Forward,
        ProductType::OptionOnPhysical => v1::ProductType::OptionOnPhysical,
        ProductType::OptionOnFuture => v1::ProductType::OptionOnFuture,
        ProductType::OptionOnEquity => v1::ProductType::OptionOnEquity,
        ProductType::Combination => v1::ProductType::Combination,
        ProductType::OptionOnCombination => v1::ProductType::OptionOnCombination,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::contract::{ContractQuery, ContractText};
    use plimsoll_engine::report::PortfolioRequest;
    use plimsoll_engine::types::{CommodityCode, Currency, Decimal, House, Lots};

    use super::*;

    #[test]
    fn a_request_says_everything() {
        let text = ContractText {
            exchange: "XMIN",
            product: "O",
            product_type: "OOF",
            period: "202506",
            underlying_period: "202509",
            right: "P",
            strike: "-52.50",
        };
        let contract = ContractQuery::parse(&text).unwrap();
        let options = CalculationOptions {
            rounding: Some(RoundingProfile::Takasbank),
            currency: Some(Currency::new("EUR").unwrap()),
            account_type: Some("M".to_owned()),
            margining: Margining::GrossSides,
            allow_unmatched: true,
        };
        let house = House::new("MINI").unwrap();
        let wire = calculate(CalculationRequest {
            account: "A1".to_owned(),
            parameter_set: SetSelector::Active { house, account_scope: "desk".to_owned() },
            portfolio: PortfolioRequest {
                positions: vec![Position { contract, lots: Lots::new(-3).unwrap() }],
                away: vec![AwayDelta {
                    house: House::new("AWAY").unwrap(),
                    commodity: CommodityCode::new("OIL").unwrap(),
                    tier: 1,
                    delta: Decimal::parse("-12.50").unwrap(),
                }],
                options,
            },
        });
        let active = v1::ActiveParameterSet { house: "MINI".to_owned(), account_scope: "desk".to_owned() };
        let selector = Some(v1::parameter_set_selector::Selector::Active(active));
        let expected = v1::CalculateRequest {
            account: "A1".to_owned(),
            parameter_set: Some(v1::ParameterSetSelector { selector }),
            positions: vec![v1::Position {
                exchange: "XMIN".to_owned(),
                product: "O".to_owned(),
                r#type: v1::ProductType::OptionOnFuture.into(),
                period: "202506".to_owned(),
                underlying_period: "202509".to_owned(),
                right: v1::OptionRight::Put.into(),
                strike: "-52.50".to_owned(),
                quantity: -3,
            }],
            options: Some(v1::CalculationOptions {
                rounding: v1::RoundingProfile::Takasbank.into(),
                currency: "EUR".to_owned(),
                account_type: "M".to_owned(),
                margining: v1::Margining::GrossSides.into(),
                allow_unmatched: true,
            }),
            away: vec![v1::AwayDelta {
                house: "AWAY".to_owned(),
                commodity: "OIL".to_owned(),
                tier: 1,
                delta: "-12.50".to_owned(),
            }],
        };
        assert_eq!(wire, expected);
    }
}
