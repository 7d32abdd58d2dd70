//! Files that arrive in pieces of any size, and uploads that go wrong on the way.

use std::future::pending;

use plimsoll_proto::v1;
use plimsoll_proto::v1::load_parameter_set_request::Part;
use plimsoll_proto::v1::parameter_service_client::ParameterServiceClient;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

use crate::sample;
use crate::served::{Served, endpoint, header, part, pieces};

fn field(status: &tonic::Status) -> String {
    let details = status.get_error_details();
    details.bad_request().expect("BadRequest").field_violations[0].field.clone()
}

#[tokio::test]
async fn chunks_of_any_size_make_the_same_set() {
    let file = sample::file();
    let served = Served::start().await;
    let first = served.load(&file).await;
    assert_eq!((first.house.as_str(), first.base_currency.as_str()), (sample::HOUSE, "USD"));
    assert_eq!(first.rounding(), v1::RoundingProfile::Exact);
    for size in [1, 7, 4093, 1024 * 1024] {
        let again = served.upload(pieces(&file, size)).await.unwrap();
        assert!(again.already_loaded);
        assert_eq!(again.parameter_set.as_ref(), Some(&first), "chunks of {size}");
        let alone = Served::start().await;
        let loaded = alone.upload(pieces(&file, size)).await.unwrap();
        assert!(!loaded.already_loaded);
        assert_eq!(loaded.parameter_set.as_ref(), Some(&first), "chunks of {size}");
    }
    assert_eq!(served.ids().await, [first.id]);
}

#[tokio::test]
async fn another_rounding_profile_does_not_change_a_loaded_set() {
    let served = Served::start().await;
    let mut messages = pieces(&sample::file(), 50_000);
    messages[0] = header(v1::RoundingProfile::Takasbank);
    let loaded = served.upload(messages).await.unwrap().parameter_set.unwrap();
    assert_eq!(loaded.rounding(), v1::RoundingProfile::Takasbank);
    let refused = served.upload(pieces(&sample::file(), 50_000)).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    let details = refused.get_error_details();
    assert_eq!(details.resource_info().unwrap().resource_name, loaded.id);
    assert_eq!(details.error_info().unwrap().reason, "LOADED_WITH_OTHER_ROUNDING");
    assert_eq!(details.error_info().unwrap().domain, "plimsoll");
}

#[tokio::test]
async fn messages_out_of_order_are_named() {
    let served = Served::start().await;
    let chunk = |bytes: &[u8]| part(Part::Chunk(bytes.to_vec()));
    let exact = || header(v1::RoundingProfile::Exact);
    let unknown = part(Part::Header(v1::LoadHeader { rounding: 77 }));
    let nothing = v1::LoadParameterSetRequest { part: None };
    let cases = [
        (vec![], "header"),
        (vec![chunk(b"<spanFile>")], "header"),
        (vec![nothing.clone()], "header"),
        (vec![exact(), exact()], "header"),
        (vec![exact(), chunk(b"<spanFile>"), exact()], "header"),
        (vec![exact(), nothing], "part"),
        (vec![unknown], "header.rounding"),
        (vec![exact(), chunk(&vec![b' '; 1024 * 1024 + 1])], "chunk"),
    ];
    for (messages, expected) in cases {
        let refused = served.upload(messages).await.unwrap_err();
        assert_eq!(
            (refused.code(), field(&refused).as_str()),
            (Code::InvalidArgument, expected),
            "{refused}"
        );
    }
    assert_eq!(served.ids().await, [""; 0]);
    served.load(&sample::file()).await;
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused() {
    let file = sample::file();
    let size = file.len() as u64;
    let served = Served::with(|settings| settings.max_upload_bytes = size - 1).await;
    let refused = served.upload(pieces(&file, 10_000)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "PARAMETER_FILE_TOO_LARGE");
    assert_eq!(served.ids().await, [""; 0]);
    let served = Served::with(|settings| settings.max_upload_bytes = size).await;
    served.load(&file).await;
}

#[tokio::test]
async fn a_full_server_gives_up_the_oldest_set_that_is_not_active() {
    let served = Served::with(|settings| settings.max_parameter_sets = 3).await;
    let first = served.load(&sample::of_day(3)).await.id;
    let activate = async |id: &str| {
        let id = id.to_owned();
        let request = v1::ActivateParameterSetRequest { id, account_scope: "desk".to_owned(), force: false };
        served.parameters().activate_parameter_set(request).await.unwrap();
    };
    activate(&first).await;
    let second = served.load(&sample::of_day(4)).await.id;
    let third = served.load(&sample::of_day(5)).await.id;
    assert_eq!(served.ids().await, [third.as_str(), &second, &first]);

    // What is older than all that is not active is refused, and what is there already is still answered.
    let refused = served.upload(pieces(&sample::of_day(2), 50_000)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "TOO_MANY_PARAMETER_SETS");
    assert!(served.upload(pieces(&sample::of_day(4), 50_000)).await.unwrap().already_loaded);

    // A page that ended with the set that goes is followed by what came after it.
    let list = async |page_token: &str| {
        let page_token = page_token.to_owned();
        let request = v1::ListParameterSetsRequest { page_size: 2, page_token, ..Default::default() };
        served.parameters().list_parameter_sets(request).await.unwrap().into_inner()
    };
    let page = list("").await;
    assert_eq!(page.parameter_sets[1].id, second);
    let fourth = served.load(&sample::of_day(6)).await.id;
    assert_eq!(served.ids().await, [fourth.as_str(), &third, &first]);
    let rest = list(&page.next_page_token).await;
    assert_eq!(rest.parameter_sets.into_iter().map(|set| set.id).collect::<Vec<_>>(), [first.as_str()]);
    let gone = v1::GetParameterSetRequest { id: second };
    assert_eq!(served.parameters().get_parameter_set(gone).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_set_is_refused_when_all_are_active() {
    let served = Served::with(|settings| settings.max_parameter_sets = 1).await;
    let id = served.load(&sample::of_day(1)).await.id;
    let request =
        v1::ActivateParameterSetRequest { id: id.clone(), account_scope: String::new(), force: false };
    served.parameters().activate_parameter_set(request).await.unwrap();
    let refused = served.upload(pieces(&sample::of_day(2), 50_000)).await.unwrap_err();
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "TOO_MANY_PARAMETER_SETS");
    assert_eq!(served.ids().await, [id]);
}

type Call = JoinHandle<Result<Response<v1::LoadParameterSetResponse>, Status>>;

/// Begins an upload on a connection of its own and returns once half of a file is under way.
async fn begun(served: &Served) -> (mpsc::Sender<v1::LoadParameterSetRequest>, Call) {
    let (messages, stream) = mpsc::channel(1);
    let channel = endpoint(&served.running).connect().await.unwrap();
    let mut client = ParameterServiceClient::new(channel);
    let call = tokio::spawn(async move { client.load_parameter_set(ReceiverStream::new(stream)).await });
    let file = sample::file();
    for message in pieces(&file[..file.len() / 2], 1000) {
        messages.send(message).await.unwrap();
    }
    (messages, call)
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_nothing() {
    let served = Served::with(|settings| settings.max_uploads = 3).await;
    for _ in 0..3 {
        // The client gives up the call, and its connection with it.
        let (messages, call) = begun(&served).await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        drop(messages);
    }
    // A reader is free again once it has seen that its upload was given up.
    let loaded = loop {
        match served.upload(pieces(&sample::file(), 50_000)).await {
            Ok(loaded) => break loaded,
            Err(busy) => {
                assert_eq!(busy.get_error_details().error_info().unwrap().reason, "TOO_MANY_UPLOADS")
            }
        }
    };
    assert!(!loaded.already_loaded);
    assert_eq!(served.ids().await, [loaded.parameter_set.unwrap().id]);
}

#[tokio::test]
async fn a_file_that_ends_early_is_refused() {
    let served = Served::start().await;
    let (messages, call) = begun(&served).await;
    // The stream ends in good order, in the middle of the file.
    drop(messages);
    let refused = call.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "PARAMETER_FILE_REFUSED");
    assert_eq!(served.ids().await, [""; 0]);
}

#[tokio::test]
async fn an_upload_that_stalls_is_ended() {
    use std::time::Duration;
    let stall = || {
        let begin = tokio_stream::iter(pieces(&sample::file()[..1000], 100));
        tokio_stream::StreamExt::chain(begin, stalled())
    };
    let idle = Served::with(|settings| settings.idle_timeout = Duration::from_millis(20)).await;
    let ended = idle.parameters().load_parameter_set(stall()).await.unwrap_err();
    assert_eq!(ended.code(), Code::DeadlineExceeded);
    assert_eq!(ended.get_error_details().error_info().unwrap().reason, "IDLE");
    let slow = Served::with(|settings| settings.upload_timeout = Duration::from_millis(20)).await;
    let ended = slow.parameters().load_parameter_set(stall()).await.unwrap_err();
    assert_eq!(ended.code(), Code::DeadlineExceeded);
    assert_eq!(ended.get_error_details().error_info().unwrap().reason, "UPLOAD_TOO_SLOW");
}

/// A stream of messages of which none comes.
pub(crate) fn stalled<T: Send + 'static>() -> ReceiverStream<T> {
    let (never, stream) = mpsc::channel(1);
    tokio::spawn(async move {
        let _never = never;
        pending::<()>().await;
    });
    ReceiverStream::new(stream)
}
