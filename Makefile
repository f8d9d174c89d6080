# On a machine with Python >= 3.11, make and a package index: make demo, make test. Each sets up what it needs in .venv.
.DELETE_ON_ERROR:
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest
JOBS ?= auto
ROUNDS ?= 10
MINUTES ?= 60
ARTIFACTS ?=

.PHONY: demo test lint coverage mutate property slow bench docs lock clean
# the way of a release, on this project's own wheel and sdist or on ARTIFACTS=path
demo: $(STAMP)
	$(BIN)/python examples/demo.py $(if $(ARTIFACTS),--artifacts "$(ARTIFACTS)")

test: $(STAMP)
	$(PYTEST) -q -n $(JOBS) -m "not slow"

# the same tests, and the bars they must reach
coverage: $(STAMP)
	$(PYTEST) -q -n $(JOBS) -m "not slow" --cov --cov-report=
	$(BIN)/python -m coverage report --include='supplychain/verify/*,supplychain/policy/*,supplychain/_yaml.py' --fail-under=100
	$(BIN)/python -m coverage report --fail-under=95

# breaks each check of the verifier and sees a test fail, for MINUTES; goes on where it stopped
mutate: $(STAMP)
	$(BIN)/python -m tests.mutation --minutes $(MINUTES)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST) -q tests/test_architecture.py

# the laws, ROUNDS times, with new input each time
property: $(STAMP)
	for round in $$(seq $(ROUNDS)); do \
	  $(PYTEST) -q -n $(JOBS) -m "property and not slow" --hypothesis-seed=$$(date +%s)$$round || exit 1; \
	done

# what needs other tools, servers or the package index
slow: $(STAMP)
	$(PYTEST) -q -m slow

bench: $(STAMP)
	@failed=; for each in benchmarks/[a-z]*.py; do \
	  echo "== $$each"; $(BIN)/python $$each || failed="$$failed $$each"; \
	done; test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }

# writes docs/reference again: what tests compare with the code
docs: $(STAMP)
	$(BIN)/python -m tests.support.reference
	$(BIN)/python -m tests.support.result_schemas

lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --all-extras --group dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .work dist build .coverage .coverage.* .hypothesis .mypy_cache .ruff_cache

# the lock is complete, so nothing is resolved: older versions of pip ask for a hash of what an extra names again
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip --disable-pip-version-check check
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@
