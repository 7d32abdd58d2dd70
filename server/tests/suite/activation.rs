//! Which set is active for whom.

use plimsoll_proto::v1;
use plimsoll_proto::v1::activate_parameter_set_response::Decision;
use tonic::Code;
use tonic_types::StatusExt;

use crate::sample;
use crate::served::Served;

async fn activate(served: &Served, id: &str, scope: &str, force: bool) -> Decision {
    let request =
        v1::ActivateParameterSetRequest { id: id.to_owned(), account_scope: scope.to_owned(), force };
    let decided = served.parameters().activate_parameter_set(request).await.unwrap();
    decided.into_inner().decision.unwrap()
}

async fn activated(served: &Served, id: &str, scope: &str, force: bool) -> v1::Activated {
    match activate(served, id, scope, force).await {
        Decision::Activated(activated) => activated,
        Decision::Refused(refused) => panic!("{refused:?}"),
    }
}

async fn refused(served: &Served, id: &str, scope: &str) -> v1::ActivationRefused {
    match activate(served, id, scope, false).await {
        Decision::Activated(activated) => panic!("{activated:?}"),
        Decision::Refused(refused) => refused,
    }
}

/// The id of the set that the active one of a scope is calculated with.
async fn used(served: &Served, scope: &str) -> String {
    let request = v1::CalculateRequest {
        parameter_set: sample::active(sample::HOUSE, scope),
        ..sample::request("A", "")
    };
    let answer = served.margin().calculate(request).await.unwrap().into_inner();
    sample::report(answer).parameter_set.unwrap().id
}

#[tokio::test]
async fn an_older_set_replaces_a_newer_one_only_by_force() {
    let served = Served::start().await;
    let older = served.load(&sample::of_day(17)).await.id;
    let newer = served.load(&sample::of_day(18)).await.id;

    let first = activated(&served, &newer, "", false).await;
    assert_eq!(
        (first.replaced_id.as_str(), first.parameter_set.unwrap().active_scopes),
        ("", vec![String::new()])
    );
    let refusal = refused(&served, &older, "").await;
    assert_eq!(refusal.reason(), v1::ActivationRefusalReason::OlderThanActive);
    assert_eq!(refusal.active_id, newer);
    assert_eq!(used(&served, "").await, newer);

    // Another scope has its own active set.
    assert_eq!(activated(&served, &older, "desk 7", false).await.replaced_id, "");
    assert_eq!((used(&served, "desk 7").await, used(&served, "").await), (older.clone(), newer.clone()));

    let forced = activated(&served, &older, "", true).await;
    assert_eq!(forced.replaced_id, newer);
    assert_eq!(forced.parameter_set.unwrap().active_scopes, ["", "desk 7"]);
    assert_eq!(used(&served, "").await, older);
    assert_eq!(activated(&served, &newer, "", false).await.replaced_id, older);
    assert_eq!(activated(&served, &newer, "", false).await.replaced_id, newer, "again is no harm");
    assert_eq!(used(&served, "").await, newer);
}

#[tokio::test]
async fn stages_and_creation_order_sets_of_one_day() {
    let served = Served::start().await;
    let early = sample::changed(|definition| definition.settlement_qualifier = "early".to_owned());
    let early = served.load(&early).await;
    let last = served.load(&sample::file()).await;
    let later = sample::changed(|definition| definition.created = "202609182359".to_owned());
    let later = served.load(&later).await;
    assert_eq!(early.vintage.unwrap().stage(), v1::Stage::EarlySettlement);
    activated(&served, &early.id, "", false).await;
    activated(&served, &last.id, "", false).await;
    activated(&served, &later.id, "", false).await;
    assert_eq!(refused(&served, &last.id, "").await.active_id, later.id);
    assert_eq!(refused(&served, &early.id, "").await.active_id, later.id);
    assert_eq!(served.ids().await, [later.id, last.id, early.id], "newest first");
}

#[tokio::test]
async fn what_cannot_be_activated_is_said() {
    let (served, id) = Served::with_sample().await;
    let refusal = refused(&served, "HARBOR-20200101-final-000000000000", "").await;
    assert_eq!(refusal.reason(), v1::ActivationRefusalReason::UnknownSet);
    let request =
        v1::ActivateParameterSetRequest { id: String::new(), account_scope: "s".repeat(65), force: true };
    let wrong = served.parameters().activate_parameter_set(request).await.unwrap_err();
    assert_eq!(wrong.code(), Code::InvalidArgument);
    let details = wrong.get_error_details();
    let fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["id", "account_scope"]);
    for scope in 0..1024 {
        activated(&served, &id, &format!("scope {scope}"), false).await;
    }
    let request =
        v1::ActivateParameterSetRequest { id: id.clone(), account_scope: "one more".to_owned(), force: true };
    let full = served.parameters().activate_parameter_set(request).await.unwrap_err();
    assert_eq!(full.code(), Code::ResourceExhausted);
    activated(&served, &id, "scope 0", false).await;
}

#[tokio::test]
async fn without_an_active_set_there_is_no_calculation() {
    let (served, _) = Served::with_sample().await;
    for (house, scope) in [(sample::HOUSE, ""), (sample::HOUSE, "desk"), ("OTHER", "")] {
        let request =
            v1::CalculateRequest { parameter_set: sample::active(house, scope), ..sample::request("A", "") };
        let refused = served.margin().calculate(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        let details = refused.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(
            (info.reason.as_str(), info.metadata["house"].as_str()),
            ("NO_ACTIVE_PARAMETER_SET", house)
        );
    }
}
