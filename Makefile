# `make` lists what can be done. Every recipe prepares what it needs; nothing is installed outside this folder.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Say `make PYTHON=python3.12 …` for another Python, `PAGES=no` to go without the pages' styles (no Node needed),
# `DEMO_SERVE=no` for a demo that prints and ends, `ARGS="tests/unit -k civil"` for some of the tests.
PYTHON ?= python3
PAGES ?= yes
DEMO_SERVE ?= yes
ARGS ?=

V := .venv
BIN := $(V)/bin
PIP := $(BIN)/python -m pip install -qq --no-input --disable-pip-version-check
HASHED := $(PIP) --require-hashes --requirement
PAGE_SOURCES := $(wildcard src/wholechild/pages/styles/* src/wholechild/pages/scripts/* src/wholechild/pages/images/*)
BUILT := src/wholechild/pages/static/built/wholechild.css
STYLES := $(if $(filter no,$(PAGES)),,$(BUILT))

.PHONY: help
help: ## List what can be done
	@sed -nE 's/^([a-z-]+):.*## (.*)$$/  make \1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 24

# -- preparing --------------------------------------------------------------------------------------------------

.PHONY: setup
setup: $(V)/.run $(STYLES) ## Prepare this folder: Python packages, and the pages' styles

$(V)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed, and '$(PYTHON)' is not one. Say which with: make PYTHON=python3.11 …" >&2; exit 1; }
	@echo "Making $(V) …"
	@$(PYTHON) -m venv $(V)
	@touch $@

# Packages come with their hashes from the locks; our own comes as it stands, with nothing more fetched for it.
$(V)/.run: $(V)/.made requirements/build.txt requirements/run.txt pyproject.toml
	@echo "Installing what Wholechild runs on …"
	@$(HASHED) requirements/build.txt
	@$(HASHED) requirements/run.txt
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

$(V)/.test: $(V)/.run requirements/test.txt
	@echo "Installing what its tests need …"
	@$(HASHED) requirements/test.txt
	@touch $@

$(V)/.check: $(V)/.test requirements/check.txt
	@echo "Installing what its checks need …"
	@$(HASHED) requirements/check.txt
	@touch $@

$(V)/.spark: $(V)/.run requirements/spark.txt
	@echo "Installing Apache Spark …"
	@$(HASHED) requirements/spark.txt
	@touch $@

# Another way of linking, to measure ours against: an environment of its own, as it needs what we do without.
$(V)-linkage-bench/.made: $(V)/.made requirements/linkage-bench.txt
	@echo "Installing what linking is measured against …"
	@$(PYTHON) -m venv $(V)-linkage-bench
	@$(V)-linkage-bench/bin/python -m pip install -qq --no-input --disable-pip-version-check --require-hashes --requirement requirements/linkage-bench.txt
	@touch $@

node_modules/.made: package.json package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Node 20 or later is needed to build the pages' styles. Install it, or go without styles: make PAGES=no …" >&2; exit 1; }
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || { echo "Node 20 or later is needed, and this is $$(node --version). Or go without the pages' styles: make PAGES=no …" >&2; exit 1; }
	@echo "Installing what the pages' styles are built with …"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(BUILT): node_modules/.made build-pages.mjs $(PAGE_SOURCES)
	@echo "Building the pages' styles …"
	@npm run --silent build >/dev/null
	@touch $@

.PHONY: spark
spark: setup $(V)/.spark ## Install Apache Spark, for histories that outgrow one machine (needs Java 17)

# -- using ------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: setup ## See it work: three published cases, an ordinary area, and the pages on 127.0.0.1:8000
	@$(BIN)/wholechild demo $(if $(filter no,$(DEMO_SERVE)),--no-serve) $(ARGS)

.PHONY: bench
bench: setup $(V)/.check ## Measure, as ratios taken side by side in one run
	@$(BIN)/wholechild bench ingest $(ARGS)
	@$(BIN)/wholechild bench replay $(ARGS)
	@$(BIN)/wholechild bench online $(ARGS)
	@$(BIN)/wholechild bench patterns $(ARGS)

.PHONY: bench-linkage
bench-linkage: setup $(V)-linkage-bench/.made ## Measure linking beside other ways of linking, on published sets and on a million identities
	@$(BIN)/wholechild bench linkage $(ARGS)

.PHONY: rates
rates: setup ## Make an ordinary area of 20,000 children, and count anew how often the lessons speak (a quarter of an hour)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && export WHOLECHILD_HOME=$$folder && \
	$(BIN)/wholechild seed-world --children 20000 --seed 1 --now 2026-09-01 && \
	$(BIN)/wholechild match --rates --json --now 2026-09-01 > docs/reference/rates.json
	@$(MAKE) docs

# -- proving ----------------------------------------------------------------------------------------------------

.PHONY: test
test: setup $(V)/.test ## Run the tests
	@$(BIN)/pytest $(ARGS)

.PHONY: test-generative
test-generative: setup $(V)/.test ## Run the generative tests for longer, on new families each time (HYPOTHESIS_PROFILE=long for a night)
	@HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-middle} $(BIN)/pytest tests/generative $(ARGS)

.PHONY: test-spark
test-spark: setup $(V)/.test $(V)/.spark ## Compare Apache Spark with the reference engine on over 1,000 random cases, and in linking with DuckDB (needs Java 17; WHOLECHILD_SEED=… for others)
	@HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-middle} WHOLECHILD_SEED=$${WHOLECHILD_SEED:-20261123} $(BIN)/pytest tests/generative/test_spark_equality.py tests/integration/test_linking_on_spark.py $(ARGS)

.PHONY: test-browser
test-browser: setup $(V)/.test ## Run the journeys in a browser, with accessibility checks and screenshots
	@$(BIN)/pytest tests/functional $(ARGS)

.PHONY: mutants
mutants: setup $(V)/.test $(V)/.spark ## Break the engines in many ways, and see that the tests notice each (needs Java 17)
	@$(BIN)/python scripts/mutants.py $(ARGS)

CHECKS := check-format check-lint check-types check-rooms check-docs check-lessons check-words check-tidy check-locks

.PHONY: check
check: setup $(V)/.check ## Check form, types, rooms, documents, words and locks; change nothing
	@$(MAKE) --keep-going $(CHECKS) && echo "Everything is as it should be."

.PHONY: $(CHECKS)
check-format:
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "Not in our format: run 'make fix'." >&2; exit 1; }
check-lint:
	@$(BIN)/ruff check --quiet --output-format concise .
check-types:
	@DATABASE_URL=postgresql:///types WHOLECHILD_SECRET_KEY=types WHOLECHILD_HOME=$(V)/types $(BIN)/mypy --no-error-summary
check-rooms:
	@said=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$said" >&2; exit 1; }
check-docs:
	@$(BIN)/python scripts/docs.py --check
check-lessons:
	@$(BIN)/wholechild lessons check --files-only
check-words:
	@$(BIN)/wholechild vocabulary check
check-tidy:
	@$(BIN)/python scripts/tidy.py
check-locks:
	@$(BIN)/python scripts/lock.py --check

# -- changing ---------------------------------------------------------------------------------------------------

.PHONY: fix
fix: setup $(V)/.check ## Put right what can be put right by itself: format, order of imports
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

.PHONY: docs
docs: setup $(V)/.check ## Write the generated pages of docs/ anew
	@$(BIN)/python scripts/docs.py

.PHONY: lock
lock: setup $(V)/.check ## Choose the releases we run on anew, and write requirements/ with their hashes
	@$(BIN)/python scripts/lock.py

.PHONY: clean
clean: ## Remove what the recipes made here; the data in .wholechild stays
	rm -rf $(V) $(V)-linkage-bench node_modules src/wholechild/pages/static/built build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
