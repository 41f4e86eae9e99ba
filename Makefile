# Everything that a person or CI runs. `make run` and `make test` need Python 3.11 or newer, nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
SOURCES := pyproject.toml constraints.txt

.PHONY: run test test-slow coverage system-packages check docs site format benchmarks clean

run: $(VENV)/.train
	$(BIN)/mlip-compose run quick

# A file of tests is one process's, as its fixtures are; tests/conftest.py puts the long files first.
AT_ONCE := --numprocesses auto --dist loadfile --no-loadscope-reorder
test: system-packages $(VENV)/.test
	$(BIN)/pytest $(AT_ONCE)

# Chromium, and SLURM with munge: tests that need them are skipped where they are not there, and cannot be installed
# without a question.
system-packages:
	@tools/system-packages

test-slow: system-packages $(VENV)/.test
	$(BIN)/pytest -m slow

# Lines and branches that the tests run, in workers and commands that they start, too: build/coverage/html/index.html.
coverage: export COVERAGE_FILE := $(CURDIR)/build/coverage/data
coverage: system-packages $(VENV)/.test
	rm -rf build/coverage && mkdir -p build/coverage
	$(BIN)/coverage run --source=$(CURDIR)/src -m pytest $(AT_ONCE)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage html --quiet --directory build/coverage/html
	$(BIN)/coverage report

check: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/reference.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/docs

# The pages that are made from the code, and the site: build/docs/index.html opens from disk.
docs: $(VENV)/.dev
	$(BIN)/python tools/reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/docs

# The published studies with all submissions, and the site. What is in results/ is not done again.
STUDIES := leaderboard-v1 leaderboard-v1-pbe depth-v1-5 depth-v1-20 depth-v1-80 depth-v1-200 plan-v1
site: $(VENV)/.train
	$(BIN)/mlip-compose run leaderboard-v1 --predictions submissions
	$(BIN)/mlip-compose report $(STUDIES:%=results/%) --site site

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

benchmarks: $(VENV)/.test
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.venv:
	$(PYTHON) -m venv $(VENV)
	touch $@

# torch before the rest: graph-pes would otherwise bring the newest one, which it is not tested with.
$(VENV)/.torch: $(VENV)/.venv constraints.txt
	$(PIP) torch
	touch $@

$(VENV)/.train: $(VENV)/.torch $(SOURCES)
	$(PIP) -e '.[train]'
	touch $@

$(VENV)/.test: $(VENV)/.torch $(SOURCES)
	$(PIP) -e '.[train,foundation,hub,dft,cluster,figures,test]'
	touch $@

$(VENV)/.dev: $(VENV)/.torch $(SOURCES)
	$(PIP) -e '.[train,foundation,hub,dft,cluster,figures,test,dev]'
	touch $@
