//! The wire's words into the engine's; every faulty field of a request is named at once.

pub(super) mod book;
mod commands;
mod house_terms;
pub(super) mod methods;
mod orders;
mod quotes;

use plimsoll_engine::contract::{ContractQuery, ContractText, OptionRight, ProductType};
use plimsoll_engine::parameters::RoundingProfile;
use plimsoll_engine::report::{CalculationOptions, PortfolioRequest, account_type_code};
use plimsoll_engine::span::{AwayDelta, Margining, Portfolio, Position};
use plimsoll_engine::types::{CommodityCode, Currency, Decimal, House, Lots};
use plimsoll_proto::v1;
use plimsoll_proto::v1::parameter_set_selector::Selector as WireSelector;

use super::violations::Violations;
use crate::registry::AccountScope;

/// The longest account name.
pub(super) const ACCOUNT_BYTES: usize = 64;
/// The longest id of a set: house, date, stage and digest need less.
const ID_BYTES: usize = 96;
/// A calculation that is asked for.
#[derive(Debug)]
pub(super) struct Calculation {
    pub(super) selector: Selector,
    pub(super) request: PortfolioRequest,
}

/// Which set to calculate with.
#[derive(Debug)]
pub(super) enum Selector {
    Id(String),
    Active { house: House, scope: AccountScope },
}

/// Checks a whole request.
pub(super) fn calculation(request: &v1::CalculateRequest) -> Result<Calculation, Violations> {
    let mut faults = Violations::default();
    if request.account.len() > ACCOUNT_BYTES || request.account.chars().any(char::is_control) {
        faults.add(|| "account".to_owned(), format!("at most {ACCOUNT_BYTES} bytes, all of them printable"));
    }
    let selector = selector(request.parameter_set.as_ref(), &mut faults);
    let positions = positions(&request.positions, &mut faults);
    let away = away_deltas(&request.away, &mut faults);
    let options =
        request.options.as_ref().map(|options| options_of(options, &mut faults)).unwrap_or_default();
    match selector {
        Some(selector) if faults.is_empty() => {
            Ok(Calculation { selector, request: PortfolioRequest { positions, away, options } })
        }
        _ => Err(faults),
    }
}

fn selector(selector: Option<&v1::ParameterSetSelector>, faults: &mut Violations) -> Option<Selector> {
    match selector.and_then(|selector| selector.selector.as_ref()) {
        None => {
            faults.add(
                || "parameter_set".to_owned(),
                "name a set by its id, or a house whose active set is meant",
            );
            None
        }
        Some(WireSelector::Id(id)) => faults.keep("parameter_set.id", set_id(id)).map(Selector::Id),
        Some(WireSelector::Active(active)) => {
            let house = faults.keep("parameter_set.active.house", House::new(&active.house));
            let scope =
                faults.keep("parameter_set.active.account_scope", AccountScope::new(&active.account_scope));
            Some(Selector::Active { house: house?, scope: scope? })
        }
    }
}

/// The id of a set.
pub(super) fn set_id(id: &str) -> Result<String, String> {
    if id.is_empty() || id.len() > ID_BYTES || id.chars().any(char::is_control) {
        return Err(format!("the id of a parameter set has 1 to {ID_BYTES} bytes, all of them printable"));
    }
    Ok(id.to_owned())
}

fn positions(positions: &[v1::Position], faults: &mut Violations) -> Vec<Position> {
    if positions.len() > Portfolio::MOST_POSITIONS {
        let message = format!("{} positions: at most {}", positions.len(), Portfolio::MOST_POSITIONS);
        faults.add(|| "positions".to_owned(), message);
        return Vec::new();
    }
    let all = positions.iter().enumerate();
    all.filter_map(|(index, wire)| {
        position(wire, &mut |field, message| faults.add(|| format!("positions[{index}].{field}"), message))
    })
    .collect()
}

fn position(wire: &v1::Position, fault: &mut dyn FnMut(&'static str, String)) -> Option<Position> {
    let contract = contract(wire, fault);
    let lots = Lots::new(wire.quantity).map_err(|error| fault("quantity", error.to_string())).ok();
    Some(Position { contract: contract?, lots: lots? })
}

fn contract(wire: &v1::Position, fault: &mut dyn FnMut(&'static str, String)) -> Option<ContractQuery> {
    let product_type = product_type(wire.r#type);
    let right = option_right(wire.right);
    let text = ContractText {
        exchange: &wire.exchange,
        product: &wire.product,
        product_type: product_type.as_ref().map_or("", |kind| kind.code()),
        period: &wire.period,
        underlying_period: &wire.underlying_period,
        right: right.as_ref().map_or("", |right| right.map_or("", OptionRight::code)),
        strike: &wire.strike,
    };
    let contract = ContractQuery::parse(&text);
    // The fields that are enumerations are named in the words of the wire.
    if let Err(message) = &product_type {
        fault("type", message.clone());
    }
    if let Err(message) = &right {
        fault("right", message.clone());
    }
    for found in contract.as_ref().err().into_iter().flatten() {
        match found.field {
            "type" => {}
            "right" if right.is_err() => {}
            "right" if text.right.is_empty() => {
                fault("right", "an option needs OPTION_RIGHT_CALL or OPTION_RIGHT_PUT".to_owned());
            }
            field => fault(field, found.message.clone()),
        }
    }
    match (product_type, right, contract) {
        (Ok(_), Ok(_), Ok(contract)) => Some(contract),
        _ => None,
    }
}

fn away_deltas(away: &[v1::AwayDelta], faults: &mut Violations) -> Vec<AwayDelta> {
    if away.len() > AwayDelta::MOST {
        faults.add(|| "away".to_owned(), format!("{} deltas: at most {}", away.len(), AwayDelta::MOST));
        return Vec::new();
    }
    let mut read = Vec::with_capacity(away.len());
    for (index, wire) in away.iter().enumerate() {
        let mut fault =
            |field: &str, message: String| faults.add(|| format!("away[{index}].{field}"), message);
        let house = House::new(&wire.house).map_err(|error| fault("house", error.to_string()));
        let commodity =
            CommodityCode::new(&wire.commodity).map_err(|error| fault("commodity", error.to_string()));
        let delta = Decimal::parse(&wire.delta).map_err(|error| fault("delta", error.to_string()));
        if let (Ok(house), Ok(commodity), Ok(delta)) = (house, commodity, delta) {
            read.push(AwayDelta { house, commodity, tier: wire.tier, delta });
        }
    }
    read
}

fn product_type(number: i32) -> Result<ProductType, String> {
    match v1::ProductType::try_from(number) {
        Ok(v1::ProductType::Physical) => Ok(ProductType::Physical),
        Ok(v1::ProductType::Equity) => Ok(ProductType::Equity),
        Ok(v1::ProductType::Future) => Ok(ProductType::Future),
        Ok(v1::ProductType::Forward) => Ok(ProductType::Forward),
        Ok(v1::ProductType::OptionOnPhysical) => Ok(ProductType::OptionOnPhysical),
        Ok(v1::ProductType::OptionOnFuture) => Ok(ProductType::OptionOnFuture),
        Ok(v1::ProductType::OptionOnEquity) => Ok(ProductType::OptionOnEquity),
        Ok(v1::ProductType::Combination) => Ok(ProductType::Combination),
        Ok(v1::ProductType::OptionOnCombination) => Ok(ProductType::OptionOnCombination),
        Ok(v1::ProductType::Unspecified) => Err("a product type is missing".to_owned()),
        Err(_) => Err(format!("{number} is no product type")),
    }
}

fn option_right(number: i32) -> Result<Option<OptionRight>, String> {
    match v1::OptionRight::try_from(number) {
        Ok(v1::OptionRight::Unspecified) => Ok(None),
        Ok(v1::OptionRight::Call) => Ok(Some(OptionRight::Call)),
        Ok(v1::OptionRight::Put) => Ok(Some(OptionRight::Put)),
        Err(_) => Err(format!("{number} is no option right")),
    }
}

fn options_of(wire: &v1::CalculationOptions, faults: &mut Violations) -> CalculationOptions {
    let currency = match wire.currency.as_str() {
        "" => None,
        text => faults.keep("options.currency", Currency::new(text)),
    };
    let account_type = match wire.account_type.as_str() {
        "" => None,
        text => faults.keep("options.account_type", account_type_code(text)),
    };
    let rounding = faults.keep("options.rounding", rounding(wire.rounding)).flatten();
    let margining = faults.keep("options.margining", margining(wire.margining)).unwrap_or_default();
    if margining == Margining::GrossByClient {
        let only_of_the_book = "gross by client is of margin accounts: a portfolio is one client's";
        faults.add(|| "options.margining".to_owned(), only_of_the_book);
    }
    CalculationOptions { rounding, currency, account_type, margining, allow_unmatched: wire.allow_unmatched }
}

fn margining(number: i32) -> Result<Margining, String> {
    match v1::Margining::try_from(number) {
        Ok(v1::Margining::Unspecified | v1::Margining::Net) => Ok(Margining::Net),
        Ok(v1::Margining::GrossSides) => Ok(Margining::GrossSides),
        Ok(v1::Margining::GrossByClient) => Ok(Margining::GrossByClient),
        Err(_) => Err(format!("{number} is no way of margining")),
    }
}

/// A rounding profile; `None` for the unspecified one.
pub(super) fn rounding(number: i32) -> Result<Option<RoundingProfile>, String> {
    match v1::RoundingProfile::try_from(number) {
        Ok(v1::RoundingProfile::Unspecified) => Ok(None),
        Ok(v1::RoundingProfile::Exact) => Ok(Some(RoundingProfile::Exact)),
        Ok(v1::RoundingProfile::Takasbank) => Ok(Some(RoundingProfile::Takasbank)),
        Ok(v1::RoundingProfile::Cme) => Ok(Some(RoundingProfile::Cme)),
        Err(_) => Err(format!("{number} is no rounding profile")),
    }
}
