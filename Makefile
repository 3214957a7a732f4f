# Needs make and Python 3.11 or newer; everything else is fetched into .venv (and .tools when uv is not installed).

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Without compiled modules each process would compile all of them whenever it starts.
unexport PYTHONDONTWRITEBYTECODE

UV_VERSION := 0.13.9
BIN := .venv/bin
UV := $(or $(shell command -v uv),.tools/bin/uv)
# The newest interpreter that will do; PYTHON=/path/to/python chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$python && break; done)
# The environment knows where it lies, so a clone that was moved or copied gets a new one.
SYNCED := .venv/.synced-$(shell pwd | cksum | cut -d ' ' -f 1)

# Tests wait for sockets and disks half of their time, so there are two of them for each core.
WAITING = $(shell $(BIN)/python -c 'import os; print(2 * (os.cpu_count() or 1))')

##@ Use it
.PHONY: run
run: $(SYNCED) ## Start database, API, worker and sandbox; Ctrl-C stops them
	@$(BIN)/python -m kro.cli run

.PHONY: demo
demo: $(SYNCED) ## Play a whole escrow against what `make run` started
	@$(BIN)/python -m kro.cli demo

.PHONY: doctor
doctor: $(SYNCED) ## Say what would keep `make run` from starting
	@$(BIN)/python -m kro.cli doctor

##@ Work on it
.PHONY: test
test: $(SYNCED) ## Run every test in parallel; ARGS="-k name" narrows it
	@$(BIN)/python -m pytest -n $(or $(WORKERS),$(WAITING)) --dist worksteal $(ARGS)

.PHONY: crash
crash: $(SYNCED) ## Kill API, worker and database under load, CYCLES=20 times; nothing may be lost
	@PYTHONPATH=tests/support $(BIN)/python -m tests.crash --cycles $(or $(CYCLES),20) $(ARGS)

.PHONY: failover
failover: $(SYNCED) ## Lose the primary under load, CYCLES=5 times, and promote its replica; nothing may be lost
	@PYTHONPATH=tests/support $(BIN)/python -m tests.crash --replica --cycles $(or $(CYCLES),5) $(ARGS)

.PHONY: scaled-out
scaled-out: $(SYNCED) ## Play escrows on two hosts with nginx, PgBouncer, Valkey and a replica, and lose one after the other
	@KRO_SCALED_OUT=1 $(BIN)/python -m pytest -rP tests/deployment/test_scaled_out.py $(ARGS)

.PHONY: compose
compose: $(SYNCED) ## Build and start the installation in containers, replace it under load, break it, stop it (needs Docker)
	@KRO_COMPOSE=1 $(BIN)/python -m pytest -rP tests/deployment/test_compose.py $(ARGS)

.PHONY: soak
soak: $(SYNCED) ## Look for lost money in 12,000 random lives, 10,000 payouts, 30,000 webhooks, 1,000 sockets, 20 replacements (an hour)
	@KRO_LIVES=$${KRO_LIVES:-6000} KRO_LIVES_PER_PART=250 KRO_SEED=$${KRO_SEED:-$$(date +%s)} \
		KRO_ORDER_LIVES=$${KRO_ORDER_LIVES:-6000} \
		KRO_SOCKETS=$${KRO_SOCKETS:-1000} \
		KRO_STORM_PAYOUTS=$${KRO_STORM_PAYOUTS:-10000} KRO_DELIVERIES=$${KRO_DELIVERIES:-10000} \
		KRO_REPLACEMENTS=$${KRO_REPLACEMENTS:-20} \
		$(BIN)/python -m pytest -n 2 -rP tests/property tests/integration/payment/test_payout_storm.py \
		tests/integration/payment/test_deliveries.py tests/scenario/test_many_sockets.py tests/deployment/test_replacing.py $(ARGS)

.PHONY: javascript
javascript: ## Install socket.io-client for its tests, which skip without it; needs Node.js and npm
	@npm ci --prefix tests/javascript --ignore-scripts --no-audit --no-fund

.PHONY: generated
generated: $(SYNCED) ## Ask every operation made-up things as each role, in ROUNDS=10 rounds (an hour or two)
	@KRO_GENERATED=$(or $(ROUNDS),10) $(BIN)/python -m pytest -rP tests/scenario/test_generated_requests.py $(ARGS)

.PHONY: check
check: $(SYNCED) ## Lint, formatting, types and import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: docs
docs: $(SYNCED) ## Make the pages that tables of the program tell: lifecycle, notices, events, permissions
	@$(BIN)/python -m kro.cli lifecycle > docs/lifecycle.md
	@$(BIN)/python -m kro.cli notices > docs/notifications.md
	@$(BIN)/python -m kro.cli events > docs/events.md
	@$(BIN)/python -m kro.cli permissions > docs/permissions.md

.PHONY: bench
bench: $(SYNCED) ## Measure the ledger beside pgbench, some 3 minutes; writes benchmarks/results
	@$(BIN)/python -m benchmarks.ledger $(ARGS)

.PHONY: bench-requests
bench-requests: $(SYNCED) ## Measure whole requests beside pgbench doing the same, some 5 minutes
	@$(BIN)/python -m benchmarks.requests $(ARGS)

.PHONY: profile
profile: $(SYNCED) ## Write a flame graph of the API while it answers SCENE="list 20" (create, lifecycle, get …)
	@$(BIN)/python -m benchmarks.requests --no-floor --rounds 1 --seconds 20 --profile $(or $(OUTPUT),profile.svg) \
		--scene "$(or $(SCENE),list 20)" $(ARGS)

.PHONY: bench-webhooks
bench-webhooks: $(SYNCED) ## Measure acknowledgements with the worker running and stopped
	@$(BIN)/python -m benchmarks.webhooks $(ARGS)

.PHONY: bench-idle
bench-idle: $(SYNCED) ## Measure what a worker asks while nothing happens, and how soon it notices something
	@$(BIN)/python -m benchmarks.idle $(ARGS)

.PHONY: bench-predecessor
bench-predecessor: $(SYNCED) ## Measure requests beside a NestJS 10 and TypeORM server doing the same; needs Node.js and npm
	@$(BIN)/python -m benchmarks.predecessor $(ARGS)

.PHONY: bench-scale
bench-scale: $(SYNCED) ## Measure requests on 10,000 and on ORDERS=1000000 orders, filled first, and kept in FOLDER when given
	@$(BIN)/python -m benchmarks.scale --orders $(or $(ORDERS),1000000) $(if $(FOLDER),--folder $(FOLDER)) $(ARGS)

.PHONY: migrations-under-traffic
migrations-under-traffic: $(SYNCED) ## Run the newest migration beside traffic of the program before it, with ORDERS=100000 orders
	@$(BIN)/python -m benchmarks.migrations --orders $(or $(ORDERS),100000) $(ARGS)

.PHONY: format
format: $(SYNCED) ## Fix and format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

##@ Keep house
.PHONY: setup
setup: $(SYNCED) ## Only make the virtual environment

.PHONY: clean
clean: ## Remove environments and caches; the data in .kro stays
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests migrations -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

$(SYNCED): pyproject.toml uv.lock $(if $(wildcard $(BIN)/python),,missing) | python $(if $(filter .tools/%,$(UV)),.tools/bin/uv)
	@echo "Making the virtual environment from uv.lock …"
	@UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 $(UV) sync --frozen --quiet --python "$(PYTHON)"
	@$(BIN)/python -m compileall -q src
	@rm -f .venv/.synced-* && touch $@

.tools/bin/uv: | python
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module: install it (on Debian: apt install python3-venv) or install uv." >&2; exit 1; }
	@echo "Fetching uv $(UV_VERSION) into .tools …"
	@"$(PYTHON)" -m venv .tools && .tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.PHONY: missing python
missing:
python:
	@test -n "$(PYTHON)" || { echo "KRO needs Python 3.11 or newer, and this machine has none on its PATH." >&2; exit 1; }
