//! Lists of sets in pages, and one set in detail.

use plimsoll_proto::v1;
use tonic::Code;
use tonic_types::StatusExt;

use crate::sample;
use crate::served::Served;

fn pages(house: &str, page_size: u32, page_token: &str) -> v1::ListParameterSetsRequest {
    v1::ListParameterSetsRequest { house: house.to_owned(), page_size, page_token: page_token.to_owned() }
}

#[tokio::test]
async fn pages_follow_each_other_newest_first() {
    let served = Served::start().await;
    let mut expected = Vec::new();
    for day in [3, 1, 5, 2, 4] {
        expected.push(served.load(&sample::of_day(day)).await);
    }
    expected.sort_by(|a, b| {
        b.vintage.as_ref().unwrap().business_date.cmp(&a.vintage.as_ref().unwrap().business_date)
    });
    for size in 1..=6 {
        let (mut listed, mut token) = (Vec::new(), String::new());
        loop {
            let page = served.parameters().list_parameter_sets(pages(sample::HOUSE, size, &token)).await;
            let page = page.unwrap().into_inner();
            assert!(page.parameter_sets.len() <= size as usize);
            listed.extend(page.parameter_sets);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
            // A set that is new, and so belongs before this page, does not shift the pages that follow.
            served.load(&sample::of_day(u8::try_from(20 + size).unwrap())).await;
        }
        let days: Vec<_> =
            listed.into_iter().filter(|set| expected.contains(set)).map(|set| set.id).collect();
        let wanted: Vec<_> = expected.iter().map(|set| set.id.clone()).collect();
        assert_eq!(days, wanted, "pages of {size}");
    }
    let other = served.parameters().list_parameter_sets(pages("OTHER", 0, "")).await.unwrap().into_inner();
    assert_eq!(other, v1::ListParameterSetsResponse::default());
}

#[tokio::test]
async fn faulty_pages_are_named() {
    let served = Served::start().await;
    for day in [1, 2] {
        served.load(&sample::of_day(day)).await;
    }
    let first = served.parameters().list_parameter_sets(pages("", 1, "")).await.unwrap().into_inner();
    let token = first.next_page_token;
    assert!(!token.is_empty());
    let cases = [
        (pages("", 501, ""), vec!["page_size"]),
        (pages("", 1, "nonsense"), vec!["page_token"]),
        (pages("", 1, &token[2..]), vec!["page_token"]),
        (pages(sample::HOUSE, 1, &token), vec!["page_token"]),
        (pages(&"H".repeat(33), 501, "00"), vec!["house", "page_size", "page_token"]),
    ];
    for (request, expected) in cases {
        let refused = served.parameters().list_parameter_sets(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let details = refused.get_error_details();
        let violations = &details.bad_request().unwrap().field_violations;
        assert_eq!(violations.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_set_in_detail() {
    let served = Served::start().await;
    let loaded = served.load(&sample::file()).await;
    let request = v1::GetParameterSetRequest { id: loaded.id.clone() };
    let detail = served.parameters().get_parameter_set(request).await.unwrap().into_inner();
    let summary = loaded.summary.unwrap();
    assert_eq!(detail.parameter_set.as_ref(), Some(&loaded));
    assert_eq!(detail.points.len(), summary.scenarios as usize);
    assert_eq!((detail.points[1].number, detail.points[1].paired), (2, 1));
    assert_eq!(detail.points[15].weight, "0.330000");
    assert_eq!(detail.commodities.len(), summary.commodities as usize);
    assert_eq!(detail.commodities.iter().map(|own| own.contracts).sum::<u32>(), summary.arrays);
    assert!(detail.levels.iter().any(|level| level.level == "maintenance" && level.account_type == "H"));
    let rate = &detail.conversions[0];
    assert_eq!((rate.from.as_str(), rate.to.as_str(), rate.rate.as_str()), ("EUR", "USD", "1.085000"));
    for (id, code) in [("", Code::InvalidArgument), ("HARBOR-none", Code::NotFound)] {
        let request = v1::GetParameterSetRequest { id: id.to_owned() };
        let refused = served.parameters().get_parameter_set(request).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
}
