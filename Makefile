# The only command surface. Every command runs `make setup` first (the demo what it needs of it), which costs a second
# where nothing is missing.
.PHONY: help setup assets build demo test test-rust test-js test-python test-long test-sklearn check check-python check-rust \
	check-js bench bench-peers bench-job bench-start bench-all fuzz lite pyodide docs fmt clean
.DEFAULT_GOAL := help
SHELL := /bin/bash

PY := .venv/bin/python
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)
# loadgroup: the browser tests share one JupyterLab, so they stay on one worker while the others use the rest.
# The workers use all cores: a BLAS's own threads would wait for each other, at full speed.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) -m pytest -n $(WORKERS) --dist loadgroup
MANIFEST := --manifest-path engine/Cargo.toml
# Images of containers often forbid Python to keep what it compiled; each of some hundred processes then compiles pandas anew.
export PYTHONDONTWRITEBYTECODE :=

help:
	@sed -n 's/^## //p' Makefile

## make setup        install what is missing (on Debian by itself; elsewhere it says what it needs)
setup:
	@bash tools/setup.sh

assets: setup
	@$(PY) tools/build_engine.py
	@$(PY) tools/build_js.py

## make build        the engine (both variants), the page, and with them dist/*.whl and dist/*.tar.gz
build: assets
	$(PY) -m build --no-isolation --outdir dist .

## make demo         JupyterLab on notebooks/quickstart.ipynb; PORT=8899 OPEN=0 as you like
demo:
	@bash tools/demo.sh $(if $(PORT),--port $(PORT)) $(if $(filter 0,$(OPEN)),--no-open)

## make test         all tests: Rust, TypeScript, Python, a real browser
test: assets test-rust test-js test-python

test-rust: setup
	cargo test $(MANIFEST) --locked --quiet

test-js: assets
	cd js && npm test

test-python: assets
	$(PYTEST) -m "not long" tests

## make test-long    a hundred times more random cases
test-long: assets
	@WCW_LONG=1 bash tools/setup.sh
	WCW_LONG=1 $(PYTEST) --timeout 14400 tests

## make test-sklearn the converter's tests under the oldest and the newest supported scikit-learn; ONLY=oldest
test-sklearn: assets
	$(PY) tools/test_sklearn_versions.py $(ONLY)

## make check        formats, lints, types, and that the versions agree
check: setup check-python check-rust check-js

check-python: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest -q tests/test_versions.py

check-rust: setup
	cargo fmt $(MANIFEST) --check
	cargo clippy $(MANIFEST) --locked --all-targets --quiet -- -D warnings
	cargo clippy $(MANIFEST) --locked --lib --no-default-features --quiet -- -D warnings
	@bash tools/clippy_wasm.sh

check-js: setup
	cd js && npm run check

## make bench        measured ratios to scikit-learn, as one table (5 minutes)
bench: assets
	$(PY) benchmarks/run.py $(ARGS)

## make bench-peers  every system side by side: ONNX Runtime, fastText, Chromium, native Rust (5 minutes)
bench-peers: assets
	.venv/bin/uv pip install --quiet --python $(PY) -r requirements-bench.txt
	$(PY) benchmarks/peers.py $(ARGS)

## make bench-job    ten million rows of parquet through the command line (3 minutes)
bench-job: assets
	$(PY) benchmarks/batch_job.py $(ARGS)

## make bench-start  a page's second visit to its first answer, beside transformers.js (2 minutes)
bench-start: assets
	$(PY) benchmarks/warm_start.py $(ARGS)

## make bench-all    the four above: all records that docs/performance.md is drawn from (under 20 minutes)
bench-all: bench bench-peers bench-job bench-start

## make fuzz         fuzz the file parser and the text path; SECONDS=30 each
fuzz: setup
	@bash tools/fuzz.sh $(or $(SECONDS),30)

## make fmt          format all three languages
fmt: setup
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	cargo fmt $(MANIFEST)

## make lite         dist/lite/: the JupyterLite site, sealed; ARGS="--full-pyodide URL" for one on the open web
lite: assets
	$(PY) tools/lite/make_site.py $(ARGS)

## make pyodide      the wheel in a Pyodide virtual environment made by pyodide-build; needs the network and Python 3.12+
pyodide: build
	@bash tools/lite/pyodide_venv.sh

## make docs         docs/_build/html/: the documentation, with the JupyterLite site at /lite/
docs: assets
	$(PY) tools/docs/build.py $(ARGS)

## make clean        remove what was built (not .venv and node_modules)
clean:
	rm -rf dist js/dist docs/_build docs/_static/wcw .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/shots engine/target engine/fuzz/target
	find src/wasm_clf_widget/static -mindepth 1 ! -name .gitignore -delete 2>/dev/null || true
