# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test types tests setup clean

demo: setup
	@if [ -d results/demo ]; then $(BIN)/mtl-search resume results/demo; \
	else $(BIN)/mtl-search run search_spaces/support2.yaml --name demo; fi

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --no-print-directory --jobs=2 types tests    # tests now and then leave a core idle

types: setup
	$(BIN)/mypy

tests: setup
	@$(BIN)/python -m compileall -q mtl_search tests/fixtures    # once, not in each of hundreds of processes
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder    # else the longest file, of six tests, begins last

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
