//! Methods and the reports of accounts under them.

use std::sync::Arc;

use plimsoll_engine::doubt::{self, Doubt};
use plimsoll_engine::grid::{Catalogue, Charge, GridResult, SourceResult};
use plimsoll_engine::market::{QuoteUsed, Snapshot};
use plimsoll_engine::parameters::method::Method;
use plimsoll_engine::types::{FineAmount, Fixed, MethodName};
use plimsoll_proto::v1;

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Money may be a coin: six places are too few, and printed parts add up.
fn amount<U>(number: Fixed<U>) -> String {
    FineAmount::exact(number).to_string()
}

pub(in crate::grpc) fn stated(name: &MethodName, own: &Arc<Catalogue>) -> v1::StatedMethod {
    let method = own.method();
    let (priced, unpriced) = own.counts();
    v1::StatedMethod {
        name: name.to_string(),
        version: method.version.clone(),
        currency: method.currency.to_string(),
        digest: method.digest.to_string(),
        priced: number(priced),
        unpriced: number(unpriced),
    }
}

pub(in crate::grpc) fn report(
    method: &Method,
    market: Option<&Snapshot>,
    own: &GridResult,
) -> v1::MethodReport {
    let offsets = own.groups.iter().map(|group| v1::ProductGroupRisk {
        group: group.name.clone(),
        sum: amount(group.sum),
        amount: amount(group.amount),
        diversification_benefit: amount(group.benefit),
        matrix_repaired_by: group.repaired.map(|distance| format!("{distance:.9}")).unwrap_or_default(),
    });
    let sources = own.sources.iter().map(|own| &own.source);
    let doubts = market.map(|market| doubt::of_market(market, sources, method.plausible));
    let doubts = doubts.into_iter().flatten();
    v1::MethodReport {
        method: method.name.clone(),
        version: method.version.clone(),
        digest: method.digest.to_string(),
        currency: method.currency.to_string(),
        market_version: market.map_or(0, Snapshot::version),
        market_time: market.map(|own| own.time().to_string()).unwrap_or_default(),
        market_risk: amount(own.market_risk),
        initial_factor: amount(own.initial_factor),
        maintenance_requirement: amount(own.requirement.maintenance),
        initial_requirement: amount(own.requirement.initial),
        position_value: amount(own.equity.position_value),
        sources: own.sources.iter().map(source).collect(),
        offsets: offsets.collect(),
        contingencies: contingencies(&own.charges),
        warnings: doubts.map(warning).collect(),
        oldest_quote: own.oldest_quote.as_ref().map(used_quote),
    }
}

/// A quote that numbers rest on.
pub(super) fn used_quote(own: &QuoteUsed) -> v1::UsedQuote {
    v1::UsedQuote {
        quote: own.kind.name().to_owned(),
        of: own.of.clone(),
        expiry: own.expiry.map(|expiry| expiry.to_string()).unwrap_or_default(),
        source_time: own.time.to_string(),
    }
}

/// A number that is doubted.
pub(in crate::grpc) fn warning(own: Doubt) -> v1::Warning {
    v1::Warning { kind: own.kind.name().to_owned(), place: own.place, message: own.message }
}

fn source(own: &SourceResult) -> v1::PriceSourceRisk {
    v1::PriceSourceRisk {
        price_source: own.source.to_string(),
        results: own.results.iter().map(|result| amount(*result)).collect(),
        basis_contingency: amount(own.basis),
        worst: amount(own.worst),
        worst_scenario: number(own.worst_index),
        net_delta: own.deltas.map(|deltas| amount(deltas.net)).unwrap_or_default(),
        gross_delta: own.deltas.map(|deltas| amount(deltas.gross)).unwrap_or_default(),
        roll: amount(own.roll),
        delta_shock: amount(own.delta_shock),
        floor: amount(own.floor),
        market_risk: amount(own.market_risk),
        contingencies: contingencies(&own.charges),
    }
}

fn contingencies(charges: &[Charge]) -> Vec<v1::Contingency> {
    let one = |charge: &Charge| v1::Contingency {
        kind: charge.kind.name().to_owned(),
        maintenance: amount(charge.maintenance),
        initial: amount(charge.initial),
    };
    charges.iter().map(one).collect()
}
