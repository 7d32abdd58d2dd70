//! Files that are damaged or made to do damage: refused with findings, nothing kept, the server goes on.

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::sample;
use crate::served::{Served, pieces};

async fn refused(served: &Served, file: &[u8]) -> Status {
    let refused = served.upload(pieces(file, 10_007)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let details = refused.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "PARAMETER_FILE_REFUSED");
    assert!(!details.bad_request().unwrap().field_violations.is_empty());
    refused
}

#[tokio::test]
async fn damaged_files_are_refused_and_nothing_is_kept() {
    let served = Served::start().await;
    let good = sample::file();
    let text = String::from_utf8(good.clone()).unwrap();
    let head = "<?xml version=\"1.0\"?>";
    let bomb = format!(
        "{head}<!DOCTYPE spanFile [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\
         <spanFile><fileFormat>&b;</fileFormat></spanFile>"
    );
    let outside = format!(
        "{head}<!DOCTYPE spanFile [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><spanFile><created>&x;</created></spanFile>"
    );
    let entity = format!("{head}<spanFile><created>&x;</created></spanFile>");
    let deep = format!("{head}<spanFile>{}", "<pointInTime>".repeat(100_000));
    let long_name = format!("{head}<spanFile><{}></spanFile>", "n".repeat(1_000_000));
    let long_text = format!("{head}<spanFile><created>{}</created></spanFile>", "1".repeat(1_000_000));
    let attributes = format!("{head}<spanFile {}></spanFile>", "a=\"1\" ".repeat(100_000));
    let files: [(&str, Vec<u8>); 14] = [
        ("nothing", Vec::new()),
        ("one byte", b"<".to_vec()),
        ("no XML", vec![0; 100_000]),
        ("not text", (0..=255).cycle().take(100_000).collect()),
        ("bad UTF-8", [b"<spanFile>".as_slice(), &[0xC3, 0x28, 0xFF], b"</spanFile>"].concat()),
        ("half", good[..good.len() / 2].to_vec()),
        ("all but the end", good[..good.len() - 12].to_vec()),
        ("entity bomb", bomb.into_bytes()),
        ("outside entity", outside.into_bytes()),
        ("unknown entity", entity.into_bytes()),
        ("deep", deep.into_bytes()),
        ("long name", long_name.into_bytes()),
        ("long text", long_text.into_bytes()),
        ("attributes", attributes.into_bytes()),
    ];
    for (name, file) in files {
        println!("{name}");
        refused(&served, &file).await;
    }
    let twice = text.replace("</spanFile>", "</spanFile><spanFile></spanFile>");
    refused(&served, twice.as_bytes()).await;
    assert_eq!(served.ids().await, [""; 0]);
    served.load(&good).await;
}

#[tokio::test]
async fn all_findings_are_counted_and_the_first_are_sent() {
    let served = Served::start().await;
    // Every number of every array is faulty.
    let text = String::from_utf8(sample::file()).unwrap().replace("<a>", "<a>\u{1F980}");
    let refused = refused(&served, text.as_bytes()).await;
    let details = refused.get_error_details();
    let sent = &details.bad_request().unwrap().field_violations;
    assert!(sent.len() >= 10, "{}", sent.len());
    assert!(sent[0].field.starts_with("line "), "{:?}", sent[0]);
    let info = details.error_info().unwrap();
    let total: usize = info.metadata["violations"].parse().unwrap();
    let left_out: usize = info.metadata["left_out"].parse().unwrap();
    assert!(total > 1000);
    assert_eq!(total - left_out, sent.len());
}
