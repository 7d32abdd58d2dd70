//! Bytes that are no message are the caller's fault, whatever the call.

use plimsoll_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, Kind, MethodDescriptor};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::raw;
use crate::served::Served;

/// A field of bytes that end too early, and one of a kind that there is not.
const BROKEN: [&[u8]; 2] = [&[0x0a, 0x05, b'a'], &[0x0f]];

/// No message of a call's type: broken ones, and a first field of another type.
fn undecodable(method: &MethodDescriptor) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = BROKEN.iter().map(|own| own.to_vec()).collect();
    let Some(first) = method.input().fields().next() else { return all };
    let number = u8::try_from(first.number()).unwrap();
    match first.kind() {
        // A number where a length is to be, and text that is none.
        Kind::String => all.extend([vec![number << 3, 1], vec![number << 3 | 2, 2, 0xc3, 0x28]]),
        Kind::Message(_) => all.extend([vec![number << 3, 1], vec![number << 3 | 2, 1, 0x0f]]),
        _ => all.push(vec![number << 3 | 2, 1, 0]),
    }
    all
}

#[tokio::test]
async fn bytes_that_are_no_message_are_the_callers_fault() {
    let served = Served::start().await;
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut calls = 0;
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        for message in undecodable(&method) {
            let refused = raw::call(&served.channel, &path, message.clone()).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "{path} {message:?}: {refused}");
            let reason = refused.get_error_details().error_info().unwrap().reason.clone();
            assert_eq!(reason, "UNDECODABLE_REQUEST", "{path}");
            calls += 1;
        }
    }
    assert!(calls > 60, "{calls}");
    for path in ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"] {
        for message in BROKEN {
            let refused = raw::call(&served.channel, path, message.to_vec()).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "{path} {message:?}: {refused}");
        }
    }
}
