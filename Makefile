# Everything runs from a clean clone on Debian 12 with Python 3.11 or newer.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
DEMO_DATA ?= demo-data
PATIENTS ?= 24000
PORT ?= 8400

.PHONY: setup setup-dev demo grown test test-whole check bench lock clean

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

# A clinic as a large one runs, on this machine: PostgreSQL with a standby, SeaweedFS, two nodes, several desks.
grown: setup-dev
	./tests/prepare
	PYTHONPATH=tests:tests/storage $(BIN)/python tests/storage/grown_clinic.py $(or $(GROWN_PATIENTS),300)

check: setup-dev
	$(BIN)/ruff check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup-dev
	./tests/prepare
	$(BIN)/python tests/run_all.py

# The same with every count in full (pytest --whole): tries, kills, flipped bytes, colours of every look.
test-whole: setup-dev
	./tests/prepare
	$(BIN)/python tests/run_all.py --whole

PEERS := build/peers

$(PEERS)/.setup: requirements-peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-peers.txt
	touch $@

bench: setup-dev $(PEERS)/.setup
	./tests/prepare
	$(BIN)/python -m bench --charts docs/bench

lock:
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header -q --python-version 3.11 pyproject.toml --group build -o requirements.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header -q --python-version 3.11 pyproject.toml --group build --group dev -o requirements-dev.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header -q --python-version 3.11 --group pyproject.toml:peers -o requirements-peers.txt

clean:
	rm -rf $(VENV) $(DEMO_DATA)
