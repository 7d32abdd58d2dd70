//! The wire contract of Plimsoll: messages, clients and servers of package `plimsoll.v1`.
//!
//! Everything here is generated from `proto/plimsoll/v1/*.proto`, whose comments are its documentation.

/// Package `plimsoll.v1`.
#[allow(missing_docs, clippy::all, clippy::missing_errors_doc, clippy::too_many_lines)]
pub mod v1 {
    tonic::include_proto!("plimsoll.v1");
}

/// The encoded descriptor set, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/plimsoll.v1.bin"));
