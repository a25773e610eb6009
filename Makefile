# Everything here sets up what it needs by itself: a virtual environment in .venv with the pinned packages of
# engine/requirements.txt, by uv where it is installed, else by venv and pip. Needs Python 3.11 or newer, and make.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
UV := $(shell command -v uv 2>/dev/null)
NAME ?= plan

.PHONY: help setup pins demo test coverage lint format schema bench clean
.DEFAULT_GOAL := help

help:  ## show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## set up .venv

$(READY): engine/requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "lineform needs Python 3.11 or newer; none was found (set PYTHON=/path/to/python)"; exit 1; }
ifdef UV
	@test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV)
	uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --require-hashes -r engine/requirements.txt
	uv pip install --quiet --python $(BIN)/python --no-deps -e .
else
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r engine/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
endif
	@# Compiled once here, so that no command of a machine that writes no bytecode compiles everything at each start.
	@$(BIN)/python -m compileall -q engine/lineform
	@touch $@

pins:  ## write engine/requirements.txt anew after a change of dependencies (needs uv); pins that still fit stay
	uv pip compile --quiet pyproject.toml --all-extras --group dev --group bench --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --output-file engine/requirements.txt

demo: $(READY)  ## live through eight days of the reference workspace on the offline LINE account
	$(BIN)/lineform demo

test: $(READY)  ## run the whole test suite
	$(BIN)/python -m pytest -n auto $(ARGS)

coverage: $(READY)  ## run the tests and show what they leave untouched
	$(BIN)/python -m pytest -n auto --cov --cov-report=term $(ARGS)

lint: $(READY)  ## formatting, lint, types, layers and workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config pyproject.toml
	$(BIN)/zizmor --offline --quiet .github/workflows

format: $(READY)  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: $(READY)  ## write the JSON Schema that editors read
	@mkdir -p engine/schemas
	$(BIN)/lineform schema > engine/schemas/lineform.schema.json

bench: $(READY)  ## measure: make bench NAME=plan
	$(BIN)/python engine/benchmarks/$(NAME).py

clean:  ## remove what was set up and made
	rm -rf $(VENV) .lineform .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
