//! Compiles the protos without `protoc`, into Rust and into the descriptor set that reflection serves.

use std::path::PathBuf;

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "plimsoll/v1/parameters.proto",
        "plimsoll/v1/margin.proto",
        "plimsoll/v1/commands.proto",
        "plimsoll/v1/methods.proto",
        "plimsoll/v1/settlement.proto",
        "plimsoll/v1/transfers.proto",
        "plimsoll/v1/book.proto",
    ];
    let descriptors = protox::compile(files, ["."])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("plimsoll.v1.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=plimsoll");
    Ok(())
}
