# Two commands on a fresh machine: make demo, make test. Each sets up what it needs in .venv.
.DELETE_ON_ERROR:
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
JOBS ?= auto
ARTIFACTS ?=

.PHONY: demo test lint coverage property slow bench lock clean
demo: $(STAMP)
	$(BIN)/python examples/demo.py $(if $(ARTIFACTS),--artifacts "$(ARTIFACTS)")

test: $(STAMP)
	$(BIN)/python -m pytest -q -n $(JOBS) -m "not slow"

coverage: $(STAMP)
	$(BIN)/python -m pytest -q -n $(JOBS) -m "not slow" --cov --cov-report=term
	$(BIN)/python -m coverage report --include='supplychain/verify/*,supplychain/policy/*,supplychain/_yaml.py' --fail-under=100
	$(BIN)/python -m coverage report --fail-under=95 >/dev/null

property: $(STAMP)
	$(BIN)/python -m pytest -q -n $(JOBS) -m property

slow: $(STAMP)
	$(BIN)/python -m pytest -q -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

bench: $(STAMP)
	for each in benchmarks/*.py; do $(BIN)/python $$each || exit 1; done

lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --all-extras --group dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .work dist build .coverage* .hypothesis .mypy_cache .ruff_cache

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@
