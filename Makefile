# Everything runs from a clean clone on Debian 12 with Python 3.11 or newer.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
DEMO_DATA ?= demo-data
PATIENTS ?= 24000
PORT ?= 8400

.PHONY: setup setup-dev demo test check bench lock clean

setup: $(VENV)/.setup

$(VENV)/.setup: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	    if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; \
	    else echo "install Debian's python3-venv first, or run this as root" >&2; exit 1; fi; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

setup-dev: $(VENV)/.setup-dev

$(VENV)/.setup-dev: $(VENV)/.setup requirements-dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

demo: setup
	$(BIN)/seifas demo --data $(DEMO_DATA) --patients $(PATIENTS) --port $(PORT)

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup-dev
	./tests/prepare
	$(BIN)/pytest

bench: setup-dev
	./tests/prepare
	$(BIN)/python -m bench

lock:
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header -q --python-version 3.11 pyproject.toml --group build -o requirements.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header -q --python-version 3.11 pyproject.toml --group build --group dev -o requirements-dev.txt

clean:
	rm -rf $(VENV) $(DEMO_DATA)
