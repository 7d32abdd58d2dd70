//! Parameter sets and what was done with them.

use plimsoll_engine::parameters::{Diagnostic, Severity, Stage, Summary, Vintage};
use plimsoll_proto::v1;
use plimsoll_proto::v1::activate_parameter_set_response::Decision;

use super::{Checked, checked, code, decimal, digest, list, required, rounding, size};
use crate::answer::{
    Activation, ActivationRefusal, CommodityInfo, ConversionRate, DirectoryFile, LevelInfo, Loaded,
    PointInfo, SetDetail, SetInfo,
};
use crate::error::MalformedAnswer;

pub(crate) fn set_info(set: v1::ParameterSet) -> Checked<SetInfo> {
    if set.id.is_empty() {
        return Err(MalformedAnswer::new("id", "is missing"));
    }
    let summary = required("summary", set.summary)?;
    Ok(SetInfo {
        house: code("house", &set.house)?,
        vintage: vintage(required("vintage", set.vintage)?).map_err(|error| error.under("vintage"))?,
        digest: digest("digest", &set.digest)?,
        rounding: rounding("rounding", set.rounding)?,
        base_currency: code("base_currency", &set.base_currency)?,
        summary: Summary {
            commodities: size("summary.commodities", summary.commodities)?,
            products: size("summary.products", summary.products)?,
            contracts: size("summary.contracts", summary.contracts)?,
            arrays: size("summary.arrays", summary.arrays)?,
            scenarios: size("summary.scenarios", summary.scenarios)?,
            intra_spreads: size("summary.intra_spreads", summary.intra_spreads)?,
            inter_spreads: size("summary.inter_spreads", summary.inter_spreads)?,
        },
        active_scopes: set.active_scopes,
        id: set.id,
    })
}

fn vintage(vintage: v1::Vintage) -> Checked<Vintage> {
    let stage = match v1::Stage::try_from(vintage.stage) {
        Ok(v1::Stage::Intraday) => Stage::Intraday,
        Ok(v1::Stage::EarlySettlement) => Stage::EarlySettlement,
        Ok(v1::Stage::FinalSettlement) => Stage::FinalSettlement,
        Ok(v1::Stage::CompleteSettlement) => Stage::CompleteSettlement,
        Ok(v1::Stage::Unspecified) | Err(_) => return Err(MalformedAnswer::new("stage", "no known stage")),
    };
    let business_date = checked("business_date", vintage.business_date.parse())?;
    Ok(Vintage { business_date, stage, run: vintage.run, created: vintage.created })
}

fn diagnostic(diagnostic: v1::Diagnostic) -> Checked<Diagnostic> {
    let severity = match v1::Severity::try_from(diagnostic.severity) {
        Ok(v1::Severity::Warning) => Severity::Warning,
        Ok(v1::Severity::Error) => Severity::Error,
        Ok(v1::Severity::Unspecified) | Err(_) => {
            return Err(MalformedAnswer::new("severity", "no known severity"));
        }
    };
    let v1::Diagnostic { line, element, message, .. } = diagnostic;
    Ok(Diagnostic { severity, line, element, message })
}

pub(crate) fn loaded(answer: v1::LoadParameterSetResponse) -> Checked<Loaded> {
    let set = required("parameter_set", answer.parameter_set)?;
    Ok(Loaded {
        set: set_info(set).map_err(|error| error.under("parameter_set"))?,
        diagnostics: list("diagnostics", answer.diagnostics, diagnostic)?,
        already_loaded: answer.already_loaded,
    })
}

pub(crate) fn directory_file(file: v1::LoadedFile) -> Checked<DirectoryFile> {
    Ok(DirectoryFile {
        file_name: file.file_name,
        set: file.parameter_set.map(set_info).transpose().map_err(|error| error.under("parameter_set"))?,
        diagnostics: list("diagnostics", file.diagnostics, diagnostic)?,
    })
}

pub(crate) fn set_detail(answer: v1::GetParameterSetResponse) -> Checked<SetDetail> {
    let set = required("parameter_set", answer.parameter_set)?;
    Ok(SetDetail {
        set: set_info(set).map_err(|error| error.under("parameter_set"))?,
        points: list("points", answer.points, point)?,
        levels: list("levels", answer.levels, |level| {
            Ok(LevelInfo { level: level.level, account_type: level.account_type })
        })?,
        conversions: list("conversions", answer.conversions, conversion)?,
        commodities: list("commodities", answer.commodities, commodity)?,
    })
}

fn point(point: v1::ScanPointInfo) -> Checked<PointInfo> {
    Ok(PointInfo {
        number: checked("number", u8::try_from(point.number))?,
        price_move: decimal("price_move", &point.price_move)?,
        volatility_move: decimal("volatility_move", &point.volatility_move)?,
        weight: decimal("weight", &point.weight)?,
        paired: checked("paired", u8::try_from(point.paired))?,
    })
}

fn conversion(conversion: v1::ConversionRate) -> Checked<ConversionRate> {
    Ok(ConversionRate {
        from: code("from", &conversion.from)?,
        to: code("to", &conversion.to)?,
        rate: decimal("rate", &conversion.rate)?,
    })
}

fn commodity(commodity: v1::CommodityInfo) -> Checked<CommodityInfo> {
    Ok(CommodityInfo {
        code: code("code", &commodity.code)?,
        name: commodity.name,
        currency: code("currency", &commodity.currency)?,
        risk_exponent: commodity.risk_exponent,
        contracts: size("contracts", commodity.contracts)?,
        periods: size("periods", commodity.periods)?,
        intra_spreads: size("intra_spreads", commodity.intra_spreads)?,
    })
}

pub(crate) fn activation(answer: v1::ActivateParameterSetResponse) -> Checked<Activation> {
    let id = |text: String| (!text.is_empty()).then_some(text);
    match required("decision", answer.decision)? {
        Decision::Activated(activated) => {
            let set = required("activated.parameter_set", activated.parameter_set)?;
            let set = set_info(set).map_err(|error| error.under("activated.parameter_set"))?;
            Ok(Activation::Activated { set, replaced_id: id(activated.replaced_id) })
        }
        Decision::Refused(refused) => {
            let reason = match v1::ActivationRefusalReason::try_from(refused.reason) {
                Ok(v1::ActivationRefusalReason::UnknownSet) => ActivationRefusal::UnknownSet,
                Ok(v1::ActivationRefusalReason::OlderThanActive) => ActivationRefusal::OlderThanActive,
                Ok(v1::ActivationRefusalReason::Unspecified) | Err(_) => {
                    return Err(MalformedAnswer::new("refused.reason", "no known reason"));
                }
            };
            Ok(Activation::Refused { reason, message: refused.message, active_id: id(refused.active_id) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> v1::ParameterSet {
        v1::ParameterSet {
            id: "MINI-20250613-final-000000000000".to_owned(),
            house: "MINI".to_owned(),
            vintage: Some(v1::Vintage {
                business_date: "2025-06-13".to_owned(),
                stage: v1::Stage::FinalSettlement.into(),
                run: 2,
                created: "202506131830".to_owned(),
            }),
            digest: "0".repeat(64),
            rounding: v1::RoundingProfile::Exact.into(),
            base_currency: "EUR".to_owned(),
            summary: Some(v1::ParameterSetSummary { commodities: 3, ..v1::ParameterSetSummary::default() }),
            active_scopes: vec![String::new()],
        }
    }

    #[test]
    fn a_set_is_read_whole() {
        let set = set_info(wire()).unwrap();
        assert_eq!(set.vintage.to_string(), "2025-06-13 final run 2 created 202506131830");
        assert_eq!((set.summary.commodities, set.active_scopes), (3, vec![String::new()]));
    }

    #[test]
    fn a_malformed_set_names_its_field() {
        let vintage = |change: fn(&mut v1::Vintage)| {
            let mut vintage = wire().vintage.unwrap();
            change(&mut vintage);
            v1::ParameterSet { vintage: Some(vintage), ..wire() }
        };
        for (set, field) in [
            (v1::ParameterSet { id: String::new(), ..wire() }, "id"),
            (v1::ParameterSet { house: String::new(), ..wire() }, "house"),
            (v1::ParameterSet { vintage: None, ..wire() }, "vintage"),
            (vintage(|vintage| vintage.business_date = "2025-02-30".to_owned()), "vintage.business_date"),
            (vintage(|vintage| vintage.stage = 9), "vintage.stage"),
            (v1::ParameterSet { digest: "00".to_owned(), ..wire() }, "digest"),
            (v1::ParameterSet { rounding: 0, ..wire() }, "rounding"),
            (v1::ParameterSet { base_currency: "TOO LONG IT IS".to_owned(), ..wire() }, "base_currency"),
            (v1::ParameterSet { summary: None, ..wire() }, "summary"),
        ] {
            let answer = v1::LoadParameterSetResponse { parameter_set: Some(set), ..Default::default() };
            assert_eq!(loaded(answer).unwrap_err().field, format!("parameter_set.{field}"));
        }
    }

    #[test]
    fn decisions_and_findings_are_closed_lists() {
        let refused = |reason| v1::ActivateParameterSetResponse {
            decision: Some(Decision::Refused(v1::ActivationRefused { reason, ..Default::default() })),
        };
        let answer = activation(refused(v1::ActivationRefusalReason::OlderThanActive.into())).unwrap();
        let reason = ActivationRefusal::OlderThanActive;
        assert_eq!(answer, Activation::Refused { reason, message: String::new(), active_id: None });
        assert_eq!(activation(refused(7)).unwrap_err().field, "refused.reason");
        assert_eq!(activation(v1::ActivateParameterSetResponse::default()).unwrap_err().field, "decision");
        let file = v1::LoadedFile { diagnostics: vec![v1::Diagnostic::default()], ..Default::default() };
        assert_eq!(directory_file(file).unwrap_err().field, "diagnostics[0].severity");
    }
}
