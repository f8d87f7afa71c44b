# Everything a newcomer needs. `make` alone prints this list.
HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= python3
DATA ?= none
TACHIAI_HOME ?= $(CURDIR)/home
export TACHIAI_HOME
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
BENCH := $(VENV)/.bench-ready

.DEFAULT_GOAL := help
.PHONY: help setup run demo test lint types gates check torture model bench-seal bench-verify bench-envelopes bench-rows bench-lists budgets tour lock clean

help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with everything the product and its tests need

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## start a demonstration house (HOST, PORT, TACHIAI_HOME; DATA=small|full for three months of contracts)
	$(BIN)/tachiai run --demo --data $(DATA) --host $(HOST) --port $(PORT)

demo: setup ## conclude sample contracts headless and verify them (into ./out)
	$(BIN)/tachiai demo --out out

test: setup ## everything: lint, types, gates, unit tests, walks in Chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto $(PYTEST_ARGS)

torture: setup ## kill, race and starve houses on SQLite and PostgreSQL, MINUTES=20; QUICK=1 for a handful (docs/operations/fsck.md)
	cd tests && ../$(BIN)/python -m torture $(if $(QUICK),--quick) --minutes $(or $(MINUTES),20) $(TORTURE_ARGS)

model: setup ## hold the product against a reference model, STEPS=10000 (docs/operations/fsck.md)
	cd tests && ../$(BIN)/python -m model --steps $(or $(STEPS),10000) $(MODEL_ARGS)

lint: setup ## ruff alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy alone
	$(BIN)/mypy

gates: setup ## the import contracts alone
	$(BIN)/lint-imports

$(BENCH): $(STAMP) requirements/bench.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt && touch $@ \
		|| echo "the peers' libraries cannot be had; whoever is missing is named as absent" >&2

bench-seal: setup $(BENCH) ## sealing beside the limit and other engines, bounded; QUICK=1 for a short run (see docs/performance.md)
	$(BIN)/python -m benchmarks.sealing

bench-verify: setup $(BENCH) ## verifying sealed files beside pyHanko, bounded; QUICK=1 for a short run
	$(BIN)/python -m benchmarks.verifying

bench-envelopes: setup ## whole envelopes a minute through HTTP, bounded (see docs/performance.md)
	$(BIN)/python -m benchmarks.envelopes

bench-rows: setup ## seals a second from row to row, against a timestamp authority 100 ms away
	$(BIN)/python -m benchmarks.rows

bench-lists: setup ## the desk's lists and the operation log with 10,000 envelopes: queries and CPU of each page
	$(BIN)/python -m benchmarks.lists

budgets: setup ## signers' and desk pages in Chromium on a slow phone, against their budgets (OUT, default /tmp/tachiai-tour)
	$(BIN)/python -m benchmarks.budgets $(or $(OUT),/tmp/tachiai-tour)

tour: setup ## pictures of every page in both languages at three widths, with axe, into OUT (default /tmp/tachiai-tour)
	$(BIN)/python -m benchmarks.tour $(or $(OUT),/tmp/tachiai-tour)

lock: ## rewrite the hash-pinned locks from requirements/*.in (needs uv)
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements/base.in -o requirements/base.txt
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements/dev.in -o requirements/dev.txt
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements/bench.in -o requirements/bench.txt

clean: ## remove what setup and runs have made here (never TACHIAI_HOME)
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
