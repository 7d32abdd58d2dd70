//! What a house remembers of contracts that a set has no more, whenever that set came.

use std::time::Duration;

use plimsoll_engine::parameters::Definition;
use plimsoll_engine::types::BusinessDate;
use plimsoll_proto::v1;

use crate::durable::{Folder, first_day, margin};
use crate::sample::changed;
use crate::served::Served;

/// The exchange of the next day, which does not list crude oil any more.
fn without_crude(definition: &mut Definition) {
    definition.business_date = BusinessDate::new(2026, 9, 21).ok();
    for family in &mut definition.families {
        if ["HCL", "HCLO"].contains(&family.product.as_str()) {
            family.contracts.clear();
            family.series.clear();
        }
    }
}

fn missing(margin: &v1::GetMarginResponse) -> Vec<v1::MissingKind> {
    margin.missing.iter().map(v1::Missing::kind).collect()
}

async fn a_set_that_came_while_nothing_ran(cuts: bool) {
    let folder = Folder::new(if cuts { "remembered-cuts" } else { "remembered-records" });
    let served = folder.start(cuts).await;
    first_day(&served).await;
    let before = margin(&served).await;
    drop(served.channel);
    served.running.drain().await;
    let files = Folder::new(if cuts { "remembered-files-cuts" } else { "remembered-files-records" });
    std::fs::create_dir_all(&files.0).unwrap();
    std::fs::write(files.0.join("next.spn"), changed(without_crude)).unwrap();
    let start = async || {
        Served::with(|settings| {
            settings.data_directory = Some(folder.0.clone());
            settings.parameter_directory = Some(files.0.clone());
            settings.snapshot_interval = Duration::from_millis(if cuts { 10 } else { 86_400_000 });
        })
        .await
    };
    let served = start().await;
    let after = margin(&served).await;
    assert_eq!(missing(&after), [v1::MissingKind::Position, v1::MissingKind::Order]);
    assert!(!after.complete && after.version > before.version);
    let (room, was) = (after.with_orders.clone().unwrap(), before.with_orders.unwrap());
    let number = |text: &str| text.parse::<f64>().unwrap();
    assert!(number(&room.excess) < number(&was.excess), "{room:?} {was:?}");
    drop(served.channel);
    served.running.drain().await;
    // It was written down.
    let served = start().await;
    let again = margin(&served).await;
    assert_eq!((again.with_orders, again.missing, again.version), (Some(room), after.missing, after.version));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_came_while_nothing_ran_from_records() {
    a_set_that_came_while_nothing_ran(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_came_while_nothing_ran_from_cuts() {
    a_set_that_came_while_nothing_ran(true).await;
}
