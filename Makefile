# Every target works in a fresh clone with Go, gcc and make; see `make help`.
.DEFAULT_GOAL := help

GO ?= go
FUZZTIME ?= 1000000x
BENCHTIME ?= 1000000x
# The go command asks git itself only where it is allowed to.
COMMIT := $(shell git describe --match=none --always --abbrev=40 --dirty 2>/dev/null)
COVERAGE := coverage.html
FUZZ = $(GO) test -run='^$$' -fuzztime=$(FUZZTIME) -fuzzminimizetime=5x
LINT := $(GO) tool -modfile=.ci/tools.mod golangci-lint
LINT_API := $(GO) run -modfile=.ci/tools.mod ./.ci/openapilint .ci/openapilint/lint.yaml

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9.-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Run ledgerd in memory, with the demo user, on 127.0.0.1:8080
	@$(GO) build -o bin/ ./cmd/ledgerd
	@exec bin/ledgerd

.PHONY: development-serve
development-serve: ## Serve with Docker, on PostgreSQL with Prometheus and Grafana; without it, in memory
	@if docker compose version >/dev/null 2>&1; then \
		COMMIT=$(COMMIT) exec docker compose -f deploy/compose.yaml up --build; \
	fi; \
	echo "There is no Docker Compose here, so ledgerd serves in memory: nothing survives a stop."; \
	$(GO) build -o bin/ ./cmd/ledgerd && exec bin/ledgerd --log-level=debug

.PHONY: build
build: ## Build the commands into bin/
	$(GO) build -ldflags='-X main.commit=$(COMMIT)' -o bin/ ./cmd/...

.PHONY: test
test: ## Run all tests but the integration tests, with the race detector
	@.ci/postgres
	@.ci/prometheus
	$(GO) test -race -shuffle=on -timeout=20m ./...

.PHONY: test.integration
test.integration: ## Run the tests that start real processes
	@.ci/postgres
	@.ci/prometheus
	$(GO) test -race -shuffle=on -count=1 -tags=integration -run='^TestBinary' ./cmd/...

.PHONY: test.postgres18
test.postgres18: ## Run the tests on PostgreSQL 18 from npm
	.ci/postgres18 $(GO) test -race -shuffle=on -count=1 ./adapters/postgres/... ./cmd/...

.PHONY: test.coverage
test.coverage: ## Write coverage.html and open it where there is a browser
	@.ci/postgres
	$(GO) test -coverpkg=./... -coverprofile=coverage.out ./...
	$(GO) tool cover -func=coverage.out | tail -n 1
	$(GO) tool cover -html=coverage.out -o $(COVERAGE)
	@echo "The report is in $(COVERAGE)."
	@if command -v open >/dev/null; then open $(COVERAGE); \
	elif command -v xdg-open >/dev/null && [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then xdg-open $(COVERAGE); fi

.PHONY: lint
lint: ## Check format, house rules, layers, module files, the API's description and what deploys it
	$(LINT) run ./...
	$(LINT_API) adapters/http/openapi.yaml
	$(GO) run -modfile=.ci/tools.mod ./.ci/deploycheck deploy
	$(GO) mod tidy -diff
	$(GO) mod verify

.PHONY: vulncheck
vulncheck: ## Look for known vulnerabilities in what is called; needs vuln.go.dev
	@.ci/vulncheck

.PHONY: format
format: ## Format the code
	$(LINT) fmt ./...

.PHONY: generate
generate: ## Make again what is made of the API's description, of ISO 4217 and of ledgerctl's commands
	$(GO) generate ./...

.PHONY: bench
bench: ## Run the benchmarks; BENCHTIME=1000000x deposits each
	@.ci/postgres
	$(GO) test -run='^$$' -bench=. -benchtime=$(BENCHTIME) -tags=integration -timeout=90m ./...

.PHONY: fuzz
fuzz: ## Fuzz each parser with FUZZTIME=1000000x inputs
	$(FUZZ) -fuzz='^FuzzParseAmount$$' ./ledger
	$(FUZZ) -fuzz='^FuzzAddBody$$' ./adapters/http
	$(FUZZ) -fuzz='^FuzzCursor$$' ./adapters/http
	$(FUZZ) -fuzz='^FuzzTransactions$$' ./adapters/http
	$(FUZZ) -fuzz='^FuzzQueries$$' ./adapters/http
	$(FUZZ) -fuzz='^FuzzTransactionBody$$' ./adapters/http/wire
	$(FUZZ) -fuzz='^FuzzAccountBody$$' ./adapters/http/wire
	$(FUZZ) -fuzz='^FuzzStepBody$$' ./adapters/http/wire
	$(FUZZ) -fuzz='^FuzzNameBody$$' ./adapters/http/wire
	$(FUZZ) -fuzz='^FuzzEntryCursor$$' ./adapters/http/wire
	$(FUZZ) -fuzz='^FuzzDecode$$' ./adapters/http/internal/strictjson

.PHONY: test.random
test.random: ## Compare 10,000 random runs of 100 steps in memory, 1,000 on PostgreSQL, with a naive model
	@.ci/postgres
	$(GO) test -run='^TestStore$$/^Random$$' -count=1 -timeout=30m ./adapters/memory -rapid.checks=10000 -rapid.steps=100
	$(GO) test -run='^TestStore$$/^Random$$' -count=1 -timeout=60m ./adapters/postgres -rapid.checks=1000 -rapid.steps=100

.PHONY: clean
clean: ## Remove what the other targets wrote
	rm -rf bin coverage.out $(COVERAGE)
