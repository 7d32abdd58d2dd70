//! The binary as an operator starts and stops it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_plimsoll-server"))
}

#[test]
fn bad_settings_end_with_the_code_for_wrong_usage() {
    let wrong = [
        vec!["--max-streams=0", "--listen=nowhere", "--log=a=b=c"],
        vec!["--no-such-setting"],
        vec!["--parameter-directory=/nonexistent"],
    ];
    for args in wrong {
        let ended = binary().args(&args).output().unwrap();
        assert_eq!(ended.status.code(), Some(64), "{args:?}");
        let said = String::from_utf8(ended.stderr).unwrap();
        for arg in args {
            let name = arg.split('=').next().unwrap();
            assert!(said.contains(name), "{name} in {said}");
        }
    }
    let ended = binary().env("PLIMSOLL_MAX_CALLS", "none").env("PLIMSOLL_LISTN", "x").output().unwrap();
    assert!(String::from_utf8_lossy(&ended.stderr).contains("PLIMSOLL_LISTN is no setting"));
    assert_eq!(ended.status.code(), Some(64));
    assert_eq!(binary().arg("--help").output().unwrap().status.code(), Some(0));
    assert_eq!(binary().arg("--version").output().unwrap().status.code(), Some(0));
}

// The client is to go on while the test waits for the process.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_stops_it_in_good_order() {
    for name in ["INT", "TERM"] {
        let mut child = binary().args(["--listen=127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let serving = said.find(|line| line.contains("serving")).unwrap();
        let address = serving.split("address=").nth(1).unwrap().split_whitespace().next().unwrap();
        let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap();
        // The shell's own: a small system has no other.
        let kill = format!("kill -s {name} {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert!(said.any(|line| line.contains("draining")));
        assert_eq!(child.wait().unwrap().code(), Some(0), "SIG{name}");
    }
}
