#!/usr/bin/env bash
# What: prost-reflect 0.16.5 reads a JSON object that says a field twice without a word; the last one wins.
#   * The same key twice, the same field under its two names (camel case and as in the .proto), and a key of a map: the last value wins.
#   * A message said twice is replaced whole, not merged as the binary format merges it.
#   * Only the members of a oneof are noticed: two of them, or one of them twice, is an error.
# Beside it: protobuf 6.33.2 for Python refuses all of these lines but one: a field under its two names is read there, too. A line that one
#   library refuses is an order with another price in the other, so JSON that is read with prost-reflect needs a look for repeated keys of
#   its own, and by the field, not by the key.
# Needs: cargo, python3 with pip. Works in a folder of its own, which it removes. Fails if any of this changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > order.proto <<'PROTO'
syntax = "proto3";
package example;
message Order {
  string limit_price = 1;
  map<string, string> labels = 2;
  Order child = 3;
  oneof size { string lots = 4; string notional = 5; }
}
PROTO

# Line by line: what is read, what prost-reflect makes of it, and whether protobuf for Python reads it.
cat > cases.txt <<'CASES'
{"limitPrice":"1","limitPrice":"2"}|{"limitPrice":"2"}|refused
{"limitPrice":"1","limit_price":"2"}|{"limitPrice":"2"}|read
{"labels":{"k":"1","k":"2"}}|{"labels":{"k":"2"}}|refused
{"child":{"limitPrice":"1"},"child":{"lots":"2"}}|{"child":{"lots":"2"}}|refused
{"lots":"1","notional":"2"}|refused|refused
{"lots":"1","lots":"2"}|refused|refused
CASES

mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "twice"
version = "0.0.0"
edition = "2021"

[dependencies]
prost-reflect = { version = "=0.16.5", features = ["serde"] }
protox = "=0.10.0"
serde_json = "=1.0.154"

[workspace]
TOML
cat > src/main.rs <<'RUST'
use std::io::BufRead;

fn main() {
    let files = protox::compile(["order.proto"], ["."]).unwrap();
    let pool = prost_reflect::DescriptorPool::from_file_descriptor_set(files).unwrap();
    let order = pool.get_message_by_name("example.Order").unwrap();
    for line in std::io::stdin().lock().lines() {
        let mut json = serde_json::Deserializer::from_str(line.as_ref().unwrap());
        match prost_reflect::DynamicMessage::deserialize(order.clone(), &mut json) {
            Ok(message) => println!("{}", serde_json::to_string(&message).unwrap()),
            Err(_) => println!("refused"),
        }
    }
}
RUST
cargo run --quiet < <(cut -d'|' -f1 cases.txt) > rust.txt

python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target python protobuf==6.33.2 grpcio-tools==1.76.0
export PYTHONPATH="$folder/python"
python3 -m grpc_tools.protoc -I. --python_out=. order.proto
cut -d'|' -f1 cases.txt | python3 -c '
import sys
from google.protobuf import json_format
import order_pb2
for line in sys.stdin:
    try:
        json_format.Parse(line, order_pb2.Order())
        print("read")
    except json_format.ParseError:
        print("refused")
' > python.txt

echo "what is read | prost-reflect 0.16.5 | protobuf 6.33.2 (Python)"
paste -d'|' <(cut -d'|' -f1 cases.txt) rust.txt python.txt | sed 's/|/ | /g'
diff <(cut -d'|' -f2 cases.txt) rust.txt
diff <(cut -d'|' -f3 cases.txt) python.txt
echo "as described"
