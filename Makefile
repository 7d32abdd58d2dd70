# `make demo` and `make test` do all the set-up on a fresh machine that has Rust, gcc, git, make and curl.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TOOLS := $(CURDIR)/.tools
DENY_VERSION := 0.19.4

.PHONY: help
help: ## Lists the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: setup
setup:
	@command -v cargo >/dev/null || { echo "Rust is missing: see https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "A C compiler is missing: apt-get install gcc" >&2; exit 1; }
	@cargo fetch --locked --quiet

.PHONY: build
build: setup ## Builds everything, optimised, into target/release.
	cargo build --locked --release

.PHONY: demo
demo: setup ## Starts a server, loads the sample exchange, margins a book, shows the report.
	cargo build --locked --quiet --bins
	bash deploy/demo.sh target/debug

.PHONY: test
test: setup ## Runs every test.
	cargo test --locked --workspace

.PHONY: lint
lint: setup ## Checks format, lints, documentation and the tree.
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

.PHONY: policy
policy: setup $(TOOLS)/bin/cargo-deny ## Checks licences, sources and duplicates of dependencies, offline.
	$(TOOLS)/bin/cargo-deny --offline --all-features check bans licenses sources

$(TOOLS)/bin/cargo-deny:
	cargo install --locked --quiet --root $(TOOLS) cargo-deny@$(DENY_VERSION)

.PHONY: advisories
advisories: setup $(TOOLS)/bin/cargo-deny ## Checks dependencies against the advisory database (needs the network).
	$(TOOLS)/bin/cargo-deny check advisories
