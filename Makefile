# Everything one runs by hand, in one place; `make help` lists it.
#
# A virtual environment is made in .venv on the first run and kept; it is brought up to date when a lock file changes.
# VENV names another folder, PYTHON another interpreter (3.11 or newer), NEO4J_HOME where `make neo4j` keeps its server,
# JOBS how many processes share the tests.

VENV ?= .venv
PYTHON ?= python3
WORKSPACE ?= workspace
NEO4J_HOME ?= .neo4j
PYTEST_ARGS ?=
JOBS ?= auto
BENCH_ARGS ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := linkage tests docs benchmarks app.py .ci

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo ui test test-long check lock lock-check format format-check lint types imports dependencies docs docs-check \
	bench peers soak clean browser neo4j

help: ## list these targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## a made-up population from events to explained clusters, in ./workspace
	$(BIN)/linkage --workspace $(WORKSPACE) demo
	@echo "From here that is: make ui"

ui: $(VENV)/.runtime ## the screen, on this machine only
	$(BIN)/linkage --workspace $(WORKSPACE) ui

neo4j: $(VENV)/.runtime ## a Neo4j server with Graph Data Science, on this machine only, without Docker (Java 17, Maven)
	$(BIN)/python -m linkage.stores.neo4j.local $(NEO4J_HOME)

test: $(VENV)/.development browser ## the everyday tests (PYTEST_ARGS="-k name" for some, of all)
	$(BIN)/python -m pytest --numprocesses $(JOBS) $(PYTEST_ARGS)

test-long: $(VENV)/.development browser ## those that take long: browsers, servers, killed processes, whole populations
	$(BIN)/python -m pytest --numprocesses $(JOBS) -m "long and not soak" $(PYTEST_ARGS)

check: lock-check format-check lint types imports dependencies docs-check test test-long ## what a commit must pass

lock: $(VENV)/.development ## resolve the lock files again after a change of dependencies
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python .ci/lock.py write
	$(BIN)/python .ci/neo4j.py write

lock-check: $(VENV)/.development ## lock files in step with pyproject.toml, hashed, without addresses
	$(BIN)/python .ci/lock.py check
	$(BIN)/python .ci/neo4j.py check

format: $(VENV)/.development ## format the code and order its imports
	$(BIN)/ruff check --select I --fix --quiet $(wildcard $(SOURCES))
	$(BIN)/ruff format $(wildcard $(SOURCES))

format-check: $(VENV)/.development
	$(BIN)/ruff format --check $(wildcard $(SOURCES))

lint: $(VENV)/.development ## ruff
	$(BIN)/ruff check $(wildcard $(SOURCES))

types: $(VENV)/.development ## mypy, strict
	$(BIN)/mypy --strict linkage

imports: $(VENV)/.development ## who may import whom (.importlinter)
	$(BIN)/lint-imports

dependencies: $(VENV)/.development ## declared = imported
	$(BIN)/deptry .

docs: $(VENV)/.development ## write the generated pages again
	$(BIN)/python docs/generate.py

docs-check: $(VENV)/.development ## generated pages in step with the code
	$(BIN)/python docs/generate.py --check

bench: $(VENV)/.development ## speed and detection figures, side by side with baselines
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

peers: $(VENV)/.development ## the environment of programs that linkage is measured against, apart from its own
	$(BIN)/python -m benchmarks.peers.environment

soak: $(VENV)/.development ## many more rounds of the reliability tests
	$(BIN)/python -m pytest -m soak $(PYTEST_ARGS)

clean: ## remove what was built here: environment, caches, the demo's workspace
	rm -rf $(VENV) benchmarks/peers/.venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .neo4j workspace
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- environments -------------------------------------------------------------------------------------------------

# One folder serves both lock files: the second adds test tools to the first, at the same versions.
$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "linkage needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes --requirement requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes --requirement requirements-dev.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.runtime

# Tests of the screen drive Chromium. It is installed where this account may install; elsewhere those tests say what
# is missing and are skipped, except where CI=true.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	|| { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
	     && apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends chromium >/dev/null; } \
	|| echo "No Chromium here, and none could be installed: tests of the screen will be skipped." >&2
