//! Parameter sets, and what was found in their files.

use plimsoll_engine::parameters as engine;
use plimsoll_proto::v1;

use super::super::status::cut;
use crate::directory::{FileRefusal, LoadedFile};
use crate::registry::{LoadedSet, Snapshot};

/// The most findings about one file in an answer; more are counted.
const MOST_FINDINGS: usize = 200;
/// The most bytes of a finding's texts, which may repeat what stands in the file.
const ELEMENT_BYTES: usize = 96;
const MESSAGE_BYTES: usize = 512;

/// Counts fit: a reader takes fewer things.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A set with the scopes for which it is active.
pub(in crate::grpc) fn parameter_set(loaded: &LoadedSet, snapshot: &Snapshot) -> v1::ParameterSet {
    let set = &loaded.set;
    let summary = set.summary();
    v1::ParameterSet {
        id: set.id().to_owned(),
        house: set.house().to_string(),
        vintage: Some(vintage(set.vintage())),
        digest: set.digest().to_string(),
        rounding: super::rounding(set.rounding()).into(),
        base_currency: set.base_currency().to_string(),
        summary: Some(v1::ParameterSetSummary {
            commodities: number(summary.commodities),
            products: number(summary.products),
            contracts: number(summary.contracts),
            arrays: number(summary.arrays),
            scenarios: number(summary.scenarios),
            intra_spreads: number(summary.intra_spreads),
            inter_spreads: number(summary.inter_spreads),
        }),
        active_scopes: snapshot.active_scopes(set).map(ToString::to_string).collect(),
    }
}

fn vintage(vintage: &engine::Vintage) -> v1::Vintage {
    let stage = match vintage.stage {
        engine::Stage::Intraday => v1::Stage::Intraday,
        engine::Stage::EarlySettlement => v1::Stage::EarlySettlement,
        engine::Stage::FinalSettlement => v1::Stage::FinalSettlement,
        engine::Stage::CompleteSettlement => v1::Stage::CompleteSettlement,
    };
    v1::Vintage {
        business_date: vintage.business_date.to_string(),
        stage: stage.into(),
        run: vintage.run,
        created: vintage.created.clone(),
    }
}

/// A set in detail.
pub(in crate::grpc) fn detail(loaded: &LoadedSet, snapshot: &Snapshot) -> v1::GetParameterSetResponse {
    let set = &loaded.set;
    let points = set.points().as_slice().iter().map(|point| v1::ScanPointInfo {
        number: point.number.into(),
        price_move: point.price.multiplier.to_string(),
        volatility_move: point.volatility.multiplier.to_string(),
        weight: point.weight.to_string(),
        paired: point.paired.into(),
    });
    let levels = set.levels().all().iter().map(|level| v1::LevelInfo {
        level: level.name().to_owned(),
        account_type: level.account_type.clone(),
    });
    let conversions = set.conversions().rates().map(|(from, to, rate)| v1::ConversionRate {
        from: from.to_string(),
        to: to.to_string(),
        rate: rate.to_string(),
    });
    let commodities = set.commodities().iter().map(|commodity| v1::CommodityInfo {
        code: commodity.code().to_string(),
        name: commodity.name().to_owned(),
        currency: commodity.currency().to_string(),
        risk_exponent: commodity.risk_exponent(),
        contracts: number(commodity.contracts().len()),
        periods: number(commodity.periods().len()),
        intra_spreads: number(commodity.intra_spreads().len()),
    });
    v1::GetParameterSetResponse {
        parameter_set: Some(parameter_set(loaded, snapshot)),
        points: points.collect(),
        levels: levels.collect(),
        conversions: conversions.collect(),
        commodities: commodities.collect(),
    }
}

/// The first findings about a file, and how many more there are.
pub(in crate::grpc) fn diagnostics(findings: &engine::Diagnostics) -> Vec<v1::Diagnostic> {
    let all = findings.as_slice();
    let one = |finding: &engine::Diagnostic| v1::Diagnostic {
        severity: severity(finding.severity).into(),
        line: finding.line,
        element: cut(&finding.element, ELEMENT_BYTES),
        message: cut(&finding.message, MESSAGE_BYTES),
    };
    let mut sent: Vec<v1::Diagnostic> = all.iter().take(MOST_FINDINGS).map(one).collect();
    let left_out = all.len() - sent.len() + findings.dropped();
    if left_out > 0 {
        let refuses = findings.refuses();
        let severity = if refuses { v1::Severity::Error } else { v1::Severity::Warning };
        sent.push(about_the_file(severity, format!("and {left_out} more findings")));
    }
    sent
}

const fn severity(severity: engine::Severity) -> v1::Severity {
    match severity {
        engine::Severity::Warning => v1::Severity::Warning,
        engine::Severity::Error => v1::Severity::Error,
    }
}

fn about_the_file(severity: v1::Severity, message: String) -> v1::Diagnostic {
    v1::Diagnostic { severity: severity.into(), line: 1, element: "file".to_owned(), message }
}

/// What became of one file of the directory.
pub(in crate::grpc) fn loaded_file(file: LoadedFile) -> v1::LoadedFile {
    let (parameter_set, mut diagnostics) = match file.outcome {
        Ok(inserted) => {
            let set = parameter_set(&inserted.loaded, &inserted.snapshot);
            (Some(set), diagnostics(&inserted.loaded.warnings))
        }
        Err(FileRefusal::Refused(findings)) => (None, diagnostics(&findings)),
        Err(refusal) => (None, vec![about_the_file(v1::Severity::Error, refusal.to_string())]),
    };
    if !file.beside.is_empty() {
        let message = format!("of one house and business date with {}", file.beside.join(", "));
        diagnostics.push(about_the_file(v1::Severity::Warning, message));
    }
    v1::LoadedFile { file_name: file.name, parameter_set, diagnostics }
}
