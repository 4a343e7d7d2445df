# The house around the code. `make` or `make help` lists what there is.
#
# Settings, all optional:
#   DEMO_ARGS    arguments of the demo, as in `make demo DEMO_ARGS=--keep`
#   TEST_ARGS    arguments of the test runner, as in `make test TEST_ARGS='-E test(lease)'`
#   BENCH_ARGS   arguments of the benchmarks, as in `make bench BENCH_ARGS='--bench inventory'`
#   CARGO        the cargo to run

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

CARGO ?= cargo
DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?= --bench '*'

TOOLS := $(CURDIR)/.tools
export PATH := $(TOOLS)/bin:$(PATH)

# Where cargo puts what it builds, wherever that is configured.
TARGET_DIR = $$($(CARGO) metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

# The black-box tests start the binaries of all packages; the runner alone builds only those of its own.
# With --tests, so that features are resolved as they are for the tests and nothing is built twice.
BUILD_FOR_TESTS = $(CARGO) build --locked --workspace --bins --tests

.PHONY: help
help: ## Say what there is
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F'\t' '{ printf "  make %-17s %s\n", $$1, $$2 }'

##
## Run
##

.PHONY: demo
demo: check-build ## Build everything and export real TPC-H data with the real binaries
	$(CARGO) build --locked --workspace --bins --profile demo
	@"$(TARGET_DIR)/demo/sandbox" demo --env-file .demo/env $(DEMO_ARGS)

# The benchmarks start the release binaries of worker and Control Plane. With --bench, so that
# features are resolved as they are for the benchmarks and nothing is built twice.
.PHONY: bench
bench: check-build ## Run the benchmarks on release binaries
	$(CARGO) build --locked --workspace --bins --bench '*' --release
	$(CARGO) bench --locked --workspace $(BENCH_ARGS)

# Minutes of a live run under load; nothing else should keep the machine busy.
.PHONY: dashboard-picture
dashboard-picture: check-all tools-ops ## Draw docs/dashboard.png from a live run with a real Prometheus
	$(CARGO) build --locked --workspace --bins --profile demo
	python3 -m venv "$(TOOLS)/picture"
	"$(TOOLS)/picture/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --requirement tools/requirements-picture.txt
	"$(TOOLS)/picture/bin/python" tools/dashboard_picture.py "$(TARGET_DIR)/demo" "$(TOOLS)/bin/prometheus" docs/dashboard.png

##
## Ship
##

IMAGES = $(TARGET_DIR)/image

# This machine's processor, as container engines name it.
ARCHITECTURE = $$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')

.PHONY: image
image: check-build check-python ## Build static binaries and pack them as OCI archives, without a registry
	@tools/ops/image.sh "$(TOOLS)"
	tools/image/compile.sh "$(TOOLS)/bin/zig" "$(ARCHITECTURE)" "$(IMAGES)/binaries" export-worker export-control-plane
	@tools/image/pack.sh "$(TOOLS)" "$(IMAGES)/binaries" "$(ARCHITECTURE)" "$(IMAGES)"

##
## Check
##

.PHONY: test
test: check-all tools-test ## Run the programs' tests, on real sockets and a real PostgreSQL
	$(BUILD_FOR_TESTS)
	$(CARGO) nextest run --locked --workspace $(TEST_ARGS)
	$(CARGO) test --locked --workspace --doc --quiet

# Beside the tests of `make test`: these need the tools that operators use.
.PHONY: ops-test
ops-test: check-all tools-ops image ## Test image, chart, rules, dashboard and scaling with the real tools
	$(BUILD_FOR_TESTS)
	@if [[ -e "$(TOOLS)/previous-release/missing" ]]; then \
		without=(-E 'not test(/^upgrade::/)'); \
		echo "left out: the upgrade drill ($$(cat "$(TOOLS)/previous-release/missing"))"; \
	fi; \
	$(CARGO) nextest run --locked --test ops --ignore-default-filter --no-tests=fail "$${without[@]}" $(TEST_ARGS)

# Not part of `make ci`: the server is large, and each test starts one.
.PHONY: test-trino
test-trino: check-all tools-test ## Test the worker and deploy/starburst against a real Trino (220 MB to fetch; Java 24 or newer)
	@tools/install-trino.sh "$(TOOLS)"
	$(BUILD_FOR_TESTS)
	TRINO_JAVA_HOME="$$(tools/find-java.sh 24)" \
	$(CARGO) nextest run --locked --test trino --ignore-default-filter --no-tests=fail --test-threads 1 $(TEST_ARGS)

# Not in `make ci`: the first time, building the cluster takes 20 to 30 minutes of two cores.
.PHONY: test-k8s
test-k8s: check-all tools-k8s ## Test chart and overlays on a real Kubernetes API server, with KEDA (20 to 30 minutes to build it)
	$(BUILD_FOR_TESTS)
	$(CARGO) nextest run --locked --test k8s --ignore-default-filter --no-tests=fail $(TEST_ARGS)

.PHONY: verify
verify: check-all tools-test ## Check that generated documentation is up to date (its golden tests only)
	$(BUILD_FOR_TESTS)
	$(CARGO) nextest run --locked --workspace --no-tests=fail -E 'test(golden) + binary(cli_docs)'

.PHONY: lint
lint: check-all lint-format lint-clippy lint-dependencies lint-spelling lint-links ## Check format, clippy, dependencies, spelling and links

.PHONY: lint-format
lint-format: check-build
	$(CARGO) fmt --all --check

.PHONY: lint-clippy
lint-clippy: check-build
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# Advisories need a network and change by the day; `make audit` looks at them.
.PHONY: lint-dependencies
lint-dependencies: check-all tools-test
	$(CARGO) fetch --locked --quiet
	$(CARGO) deny --log-level error check bans licenses sources
	$(CARGO) shear --locked

.PHONY: lint-spelling
lint-spelling: tools-test
	typos

.PHONY: lint-links
lint-links: check-python
	python3 -B tools/check_links_test.py
	python3 -B tools/check_links.py

.PHONY: audit
audit: check-all tools-test ## Look for known vulnerabilities in dependencies (needs a network)
	$(CARGO) deny check advisories

.PHONY: ci
ci: check-all lint test ops-test ## What continuous integration runs: lint, test, ops-test

##
## Keep house
##

.PHONY: fmt
fmt: check-build ## Format the code
	$(CARGO) fmt --all

# Nothing happens where the pinned tools are there already.
.PHONY: tools
tools: tools-test tools-ops ## Install the pinned tools of test and ops-test into .tools/

.PHONY: tools-test
tools-test: check-python
	@tools/install.sh "$(TOOLS)"

.PHONY: tools-ops
tools-ops: tools-test check-ops
	@tools/install-ops.sh "$(TOOLS)"

.PHONY: tools-k8s
tools-k8s: tools-ops check-kubernetes ## Build the Kubernetes control plane and KEDA of test-k8s into .tools/
	@tools/install-kubernetes.sh "$(TOOLS)"

# A chart holds what it installs: rules and dashboard in it are copies. ops-test compares all three.
.PHONY: chart
chart: tools-ops ## Bring the chart's copies of rules and dashboard, and its README, up to date
	mkdir -p helm/export-worker/files
	cp deploy/prometheus/rules.yaml deploy/grafana/dashboard.json helm/export-worker/files/
	helm-docs --chart-search-root helm --sort-values-order file --log-level error

.PHONY: clean
clean: ## Remove what was built, and the tools
	$(CARGO) clean
	rm -rf "$(TOOLS)" .demo

# What the machine must have by itself; each says all that is missing at once.
.PHONY: check-build check-python check-ops check-kubernetes check-all
check-build:
	@tools/check-machine.sh build

check-python:
	@tools/check-machine.sh python

check-ops:
	@tools/check-machine.sh ops

check-kubernetes:
	@tools/check-machine.sh ops kubernetes

check-all:
	@tools/check-machine.sh build python
