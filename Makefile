# `make demo` and `make test` do all the set-up on a fresh machine that has Rust, gcc, git, make and curl.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TOOLS := $(CURDIR)/.tools
DENY_VERSION := 0.20.2
FUZZ_VERSION := 0.13.2

FUZZ_TARGETS := spn pa2 portfolio method account command record
# Seconds for each target; `make fuzz FUZZ_SECONDS=600` for a longer look.
FUZZ_SECONDS := 60

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

# How often the server is killed; `make crash KILLS=200` for a longer look, with another SEED for other moments.
KILLS := 20
SEED := 1

.PHONY: crash
crash: setup ## Kills a server under load KILLS times (20) and compares what it has with what it had said.
	@cargo build --locked --quiet --bins
	@target/debug/crash $(KILLS) $(SEED)

.PHONY: test-linalg
test-linalg: setup ## Runs the tests of what needs LAPACK (installs libopenblas-dev).
	@[ -e /usr/include/openblas ] || ls /usr/include/*/openblas_config.h >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] \
	  && command -v apt-get >/dev/null && apt-get update -qq \
	  && apt-get install -y -qq --no-install-recommends libopenblas-dev pkg-config >/dev/null; } \
	  || { echo "OpenBLAS is missing: apt-get install libopenblas-dev" >&2; exit 1; }
	OPENBLAS_NUM_THREADS=1 cargo test --locked -p plimsoll-engine --features linalg --lib -- offset method

.PHONY: goals
goals: setup peers ## Measures every stated goal, optimised; one line each.
	cargo run --locked --release --quiet -p plimsoll-benches --features stores --bin goals

# What the peers of the goals are made of. A peer that cannot be had is not measured, and says so.
.PHONY: peers
peers: cxx
	@[ -e /usr/include/ql/quantlib.hpp ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq --no-install-recommends libquantlib0-dev >/dev/null; } \
	  || echo "QuantLib is missing: apt-get install libquantlib0-dev" >&2
	@ls /usr/lib/postgresql/*/bin/pgbench >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql >/dev/null 2>&1; } \
	  || echo "PostgreSQL is missing: apt-get install postgresql" >&2
	@[ -e $(TOOLS)/python/fast_vollib ] || python3 -m pip install --quiet --target $(TOOLS)/python numpy scipy numba \
	  fast-vollib==0.2.4 2>/dev/null || echo "numpy, scipy and fast-vollib are missing: they are not shown" >&2

.PHONY: lint
lint: setup components tidy ## Checks format, lints, documentation and the tree.
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

.PHONY: components
components:
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy

.PHONY: tidy
tidy:
	@long=$$(git ls-files '*.rs' '*.proto' | xargs wc -l | awk '$$2 != "total" && $$1 > 500'); \
	  [ -z "$$long" ] || { echo "rooms over 500 lines:" "$$long" >&2; exit 1; }
	@impure=$$(cargo tree --locked -p plimsoll-engine -e normal --prefix none | grep -E '^(tokio|tonic|prost|dashmap|rayon|openblas|lapack)' || true); \
	  [ -z "$$impure" ] || { echo "the engine is to be pure, yet depends on:" "$$impure" >&2; exit 1; }

.PHONY: policy
policy: setup $(TOOLS)/bin/cargo-deny ## Checks licences, sources and duplicates of dependencies, offline.
	$(TOOLS)/bin/cargo-deny --offline --all-features check bans licenses sources

$(TOOLS)/bin/cargo-deny:
	cargo install --locked --quiet --no-default-features --root $(TOOLS) cargo-deny@$(DENY_VERSION)

.PHONY: advisories
advisories: setup $(TOOLS)/bin/cargo-deny ## Checks dependencies against the advisory database (needs the network).
	$(TOOLS)/bin/cargo-deny check advisories

.PHONY: fuzz
fuzz: setup cxx $(TOOLS)/bin/cargo-fuzz ## Feeds every reader with damaged input, FUZZ_SECONDS each (60).
	@mkdir -p $(addprefix fuzz/finds/,$(FUZZ_TARGETS))
	cd fuzz && cargo fetch --locked --quiet
	$(TOOLS)/bin/cargo-fuzz build --sanitizer none
	@# The first folder takes what is new, so that the committed corpus stays as it is.
	for target in $(FUZZ_TARGETS); do \
	  $(TOOLS)/bin/cargo-fuzz run --sanitizer none $$target fuzz/finds/$$target fuzz/corpus/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 -seed=1 -verbosity=0 -print_final_stats=1 \
	    $$([ ! -f fuzz/dictionaries/$$target.dict ] || echo -dict=fuzz/dictionaries/$$target.dict); \
	done

# libFuzzer, which comes as source with its crate, is the only C++ here.
.PHONY: cxx
cxx:
	@command -v c++ >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq --no-install-recommends g++ >/dev/null; } \
	  || { echo "A C++ compiler is missing: apt-get install g++" >&2; exit 1; }

$(TOOLS)/bin/cargo-fuzz:
	cargo install --locked --quiet --root $(TOOLS) cargo-fuzz@$(FUZZ_VERSION)
