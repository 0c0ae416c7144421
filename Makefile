# Every target delegates: the checks and the pinned tools are in .ci/run.

.DEFAULT_GOAL := help
.PHONY: help test race lint fmt api conformance conformance-random bench-compare bench-growth soak cover mutants fuzz chaos fleet dashboard compare ci

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## every test that needs only Go
	go test work

race: ## all tests under the race detector, those that need Node included
	bash .ci/run node race

lint: ## formatting, vet and linters for all modules
	bash .ci/run vet fmt lint

fmt: ## format all modules
	bash .ci/run -fmt

api: ## record the exported API in .ci/api after a change of it
	go test ./internal/apidump -run Golden -update

conformance: ## replay the recorded traces of query-core
	bash .ci/run conformance

SEED ?= 1
COUNT ?= 1000
conformance-random: ## play COUNT random programs of SEED, and shrink those that differ
	go run ./internal/conformance/cmd/conformance-random -seed $(SEED) -count $(COUNT)

bench-compare: ## Freshet beside other caches and against its targets, 10 minutes; needs Node
	npm ci --prefix internal/bench/node --no-audit --no-fund --loglevel=error
	go run ./internal/bench -json internal/bench/results.json -md internal/bench/RESULTS.md

bench-growth: ## what operations cost in caches of 1k to 1M entries, 2 minutes
	go run ./internal/bench -mode growth -json internal/bench/growth.json -md internal/bench/GROWTH.md

soak: ## 1M entries and 100k polled keys for 2 minutes: nothing may be left behind
	go run ./internal/bench/soak

cover: ## coverage of the core packages, against its floor
	bash .ci/run cover

mutants: ## break behaviours one by one: a test has to notice each
	bash .ci/run mutants

fuzz: ## each fuzz target for CI_FUZZTIME, 6s
	bash .ci/run fuzz

CUTS ?= 200
chaos: ## cut event streams at CUTS random points each: the cache has to end up as the server; needs Node
	npm ci --prefix query/trpc/testdata/server --no-audit --no-fund --loglevel=error
	FRESHET_REQUIRE_NODE=1 go test ./query/trpc -count=1 -v -run TestChaos_theCache -chaos.cuts $(CUTS) -chaos.seed $(SEED)

N ?= 1000000
fleet: ## N sellers against a model server, by each plan: the figures of query/SCALE.md
	go run ./internal/fleetsim/cmd/fleetsim -n $(N) -md query/SCALE.md -svg query/scale.svg

compare: ## requests and freshness of everything on beside plain polling, 5 minutes; needs Node
	go run ./examples/compare

dashboard: ## the seller's dashboard, live
	go run ./examples/dashboard

ci: ## everything
	bash .ci/run
