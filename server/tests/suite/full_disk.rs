//! A server whose disk takes no more bytes ends at once, and has everything that it said when it starts again.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_client::BookServiceClient;
use tonic::transport::{Channel, Endpoint};

use crate::methods::{VENUE, contracts};

/// Blocks of 512 bytes that a file may have: room for the server to start, and for some records of terms.
const BLOCKS: u32 = 16_384;
const SIGABRT: i32 = 6;

struct Server {
    child: Child,
    calls: BookServiceClient<Channel>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program on a directory. The shell sets the limit; a write beyond it is an error, not a signal.
async fn start(directory: &Path, limit: &str) -> Server {
    let script =
        format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" --listen=127.0.0.1:0 --data-directory=\"$1\"");
    let mut child = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_plimsoll-server")])
        .arg(directory)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let serving = said.find(|line| line.contains("serving")).unwrap();
    let address = serving.split("address=").nth(1).unwrap().split_whitespace().next().unwrap();
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    // What it says further is read and forgotten, so that it never waits for a reader.
    std::thread::spawn(move || said.for_each(drop));
    Server { child, calls: BookServiceClient::new(channel) }
}

fn group(number: usize) -> v1::CreateGroupRequest {
    v1::CreateGroupRequest {
        name: Some(v1::GroupName { house: VENUE.to_owned(), group: format!("G{number}") }),
        member: "MEMBER".to_owned(),
        origin: v1::Origin::Client.into(),
        currency: "USDC".to_owned(),
    }
}

/// Some 200 KB in one record.
fn terms() -> v1::SetHouseTermsRequest {
    let asset = |own| v1::AssetTerms {
        asset: format!("ASSET{own}"),
        currency: "USD".to_owned(),
        price: "1".to_owned(),
        haircut: "0.1".to_owned(),
        most_of_pool: String::new(),
    };
    v1::SetHouseTermsRequest {
        house: VENUE.to_owned(),
        assets: (0..5_000).map(asset).collect(),
        ..Default::default()
    }
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_aborts_and_loses_nothing_that_was_said() {
    let folder = std::env::temp_dir().join(format!("plimsoll-full-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let folder = Folder(folder);
    let mut server = start(&folder.0, &BLOCKS.to_string()).await;
    let mut acknowledged = Vec::new();
    server.calls.set_contracts(contracts()).await.unwrap();
    for number in 0.. {
        assert!(number < 1_000, "the limit is never reached");
        if server.calls.create_group(group(number)).await.is_err() {
            break;
        }
        acknowledged.push(format!("G{number}"));
        if server.calls.set_house_terms(terms()).await.is_err() {
            break;
        }
    }
    assert!(acknowledged.len() > 3, "{acknowledged:?}");
    assert_eq!(server.child.wait().unwrap().signal(), Some(SIGABRT));
    drop(server);

    let mut server = start(&folder.0, "unlimited").await;
    let request = v1::ListGroupsRequest { page_size: 1_000, ..Default::default() };
    let groups = server.calls.list_groups(request).await.unwrap().into_inner().groups;
    let mut there: Vec<_> = groups.into_iter().filter_map(|own| Some(own.name?.group)).collect();
    there.sort();
    acknowledged.sort();
    // One more may have been written and not been answered.
    let unanswered = there.len() - acknowledged.len();
    assert!(unanswered <= 1, "{there:?} {acknowledged:?}");
    assert!(acknowledged.iter().all(|own| there.contains(own)), "{there:?} {acknowledged:?}");
    // And it goes on.
    server.calls.create_group(group(1_000)).await.unwrap();
}
