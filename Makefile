# Every target prepares what it needs. From a fresh clone you need git, make and Python 3.11 or newer.
#
#   make book       build the book and serve it on this machine (BOOK_SERVE=0 builds alone)
#   make test       everything that is checked
#   make help       the other targets

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
SITE := _build/html
PEERS := .venv-peers
BENCH := .venv-bench
PORT ?= 8000
# Chapter 4 trains 36 networks in one cell: a slow machine needs minutes for it.
CELL_TIMEOUT ?= 900

# One BLAS thread, no progress bars, claims that raise, and this tree's own nnreg: stored outputs
# must come out the same everywhere. tools/tree.py reads the same file.
include tools/fixed.env
export $(shell sed 's/=.*//' tools/fixed.env)
export PYTHONPATH := $(CURDIR)
# Hundreds of processes import the same packages: they share what was compiled.
unexport PYTHONDONTWRITEBYTECODE

WORKBOOK ?= _build/workbook
PDF ?= _build/nnreg.pdf
NBVAL := $(PY) -m pytest --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg \
	--nbval-cell-timeout=$(CELL_TIMEOUT) -n 2 --dist loadscope notebooks

.DEFAULT_GOAL := help
.PHONY: help python venv build book serve lab notebooks gates test test-unit test-notebooks \
	test-portability test-changes test-cluster test-peers test-classroom test-book test-elsewhere test-live test-live-all test-pdf \
	browser-tools editor assignments workbook pdf bench growth waits bench-grading ablation lint format lock clean

help:
	@echo "make book              build the book, serve it, print its address (BOOK_SERVE=0: build alone)"
	@echo "make build             build the book into $(SITE)"
	@echo "make serve             serve the book that is built already"
	@echo "make lab               open the notebooks in a local JupyterLab"
	@echo "make notebooks         re-execute notebooks in the one fixed way (NOTEBOOKS=notebooks/01_….ipynb for some)"
	@echo "make assignments       write the students' copies of the assignments (nbgrader's generator)"
	@echo "make workbook          write an edition of the chapters without solutions (WORKBOOK=_build/workbook)"
	@echo "make pdf               set the book for paper (needs TeX: it says which packages)"
	@echo "make editor            bundle the page's editor anew (needs npm)"
	@echo "make gates             ask in seconds what a chapter or a new concept still lacks"
	@echo "make test              everything: lint, unit tests, notebooks, book, browser"
	@echo "make test-unit         the quick tests alone"
	@echo "make test-notebooks    re-run every notebook and compare its outputs"
	@echo "make test-portability  the same on a simulated other processor"
	@echo "make test-book         build the book strictly, then test it in a browser"
	@echo "make test-elsewhere    Firefox, JupyterLab, the dragged pictures by themselves"
	@echo "make test-live         run the chapters' quick cells in the page, and compare what they print"
	@echo "make test-live-all     run all of them there (an hour or more)"
	@echo "make test-changes      change each chapter as a reader would, and see that nothing stops"
	@echo "make test-cluster      sweep on a local Dask cluster, and kill workers of it"
	@echo "make test-peers        ask Keras, PyTorch, JAX and others what the book says of them (3 GB)"
	@echo "make test-classroom    grade classes, and notebooks that try to do harm (needs bubblewrap)"
	@echo "make test-pdf          set the book for paper, and read what came out (needs TeX)"
	@echo "make bench             timings beside other implementations (3 GB, forty minutes)"
	@echo "make growth            how time and memory grow with size (some minutes)"
	@echo "make waits             the seconds for which a reader waits (PARTS=imports for some)"
	@echo "make bench-grading     grade a class of 300 (a quarter of an hour)"
	@echo "make ablation          chapter 20's experiment (an hour; stop it when you like, it goes on)"
	@echo "make lint, make format ruff"
	@echo "make lock              refresh requirements.lock from pyproject.toml"
	@echo "make clean             remove the environment and everything built"
	@echo "PYTHON=python3.12      chooses the interpreter (3.11 or newer)"

python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "No interpreter called '$(PYTHON)'. Install Python 3.11 or newer, or run: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "This project needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo not usable)."; \
	  echo "Choose another one with: make PYTHON=python3.12"; exit 1; }

$(READY): requirements.lock | python
	@echo "Creating $(VENV) from requirements.lock (a few minutes, once)"
	$(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	mkdir -p $(VENV)/etc/ipython
	cp tools/ipython_kernel_config.py $(VENV)/etc/ipython/
	@touch $@

venv: $(READY)

build: $(READY)
	@$(PY) tools/build_book.py $(SITE)

book: build
ifneq ($(BOOK_SERVE),0)
	@$(PY) tools/serve.py $(SITE) --port $(PORT)
endif

serve: $(READY)
	@$(PY) tools/serve.py $(SITE) --port $(PORT)

lab: $(READY)
	env -u NNREG_VERIFY -u TQDM_DISABLE $(VENV)/bin/jupyter lab notebooks

notebooks: $(READY)
	$(PY) tools/run_notebooks.py $(NOTEBOOKS)

assignments: $(READY)
	$(PY) -m tools.make_assignments

workbook: $(READY)
	$(PY) -m tools.workbook $(WORKBOOK)

editor: $(READY)
	$(PY) tools/bundle_editor.py

pdf: $(READY)
	@$(PY) tools/build_pdf.py $(PDF)

# Only the messages: each names the place and what to do.
gates: $(READY)
	@$(PY) -m pytest -q --no-header -rN -m "not changes" \
	  tests/test_chapters.py tests/test_changes.py tests/test_places.py tests/test_readme.py

test: lint test-unit test-notebooks test-book

test-unit: $(READY)
	$(PY) -m pytest -m "not book and not browser and not changes and not classroom and not pdf" -n 2

test-notebooks: $(READY)
	$(NBVAL)

test-portability: $(READY)
	@settings=$$($(PY) tools/other_processor.py) && { \
	  if [ -z "$$settings" ]; then echo "test-portability: SKIPPED"; \
	  else echo "Notebooks on a simulated other processor: $$settings"; \
	    env $$settings $(NBVAL); fi; }

# Chapters changed as a reader would, downloaded to a machine without nnreg, and on a broken package.
# Slow, and rarely broken: like the portability and the peers, not part of `make test`.
test-changes: $(READY)
	$(PY) -m pytest -m changes -n 2 -rA tests/test_changes.py tests/test_downloads.py \
	  tests/test_nbval_catches_a_broken_gradient.py tests/test_workbook.py

# A cluster of two Dask workers, and who is killed on the way: a minute, and it needs the machine.
test-cluster: $(READY)
	$(PY) -m pytest -m cluster -rA --show-capture=stdout tests/cluster

# Sheets, classes, gradebooks; and notebooks that hang, kill, fork, pry and forge among honest ones.
test-classroom: $(READY)
	$(PY) -m pytest -m classroom -rA --show-capture=no tests/grading

# 500 pages by TeX: some minutes.
test-pdf: pdf
	NNREG_PDF=$(abspath $(PDF)) $(PY) -m pytest -m pdf -rA tests/test_pdf.py

# What the book says of other libraries, asked of those libraries, in an environment of their own.
test-peers: python
	[ -x $(PEERS)/bin/python ] || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/peers/requirements.txt
	$(PEERS)/bin/python -m pytest -m peers tests/peers

test-book: $(READY) browser-tools build
	NNREG_SITE=$(SITE) $(PY) -m pytest -m "(book or browser) and not changes and not elsewhere and not live" -n 2 --dist loadgroup tests

# The same site in Firefox, a chapter in JupyterLab, the dragged pictures on pages of their own, pages
# that the checks must refuse, and the generated pages of the API.
test-elsewhere: $(READY) browser-tools build
	NNREG_SITE=$(SITE) $(PY) -m pytest -m elsewhere -n 2 --dist loadgroup tests/browser

# What the chapters' cells print when Python runs in the page, beside what is stored.
LIVE := NNREG_SITE=$(SITE) $(PY) -m pytest -m live -n 2 -rP tests/browser/test_live_outputs.py

test-live: $(READY) browser-tools build
	$(LIVE)

test-live-all: $(READY) browser-tools build
	LIVE_SECONDS=100000 $(LIVE)

# Chromium and npm are no Python packages. Without them the browser tests are skipped aloud;
# on a continuous-integration machine (CI=true) their absence is a failure.
browser-tools: $(READY)
	@$(PY) tools/browser_tools.py

# What nnreg is measured against, in an environment of its own (3 GB); the page is made from the result.
bench: python
	[ -x $(BENCH)/bin/python ] || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[bench]"
	$(BENCH)/bin/python -m benchmarks.speed
	$(BENCH)/bin/python -m benchmarks.steps
	$(BENCH)/bin/python -m benchmarks.speed.page

growth: $(READY)
	$(PY) -m benchmarks.growth
	$(PY) -m benchmarks.growth_page

# PARTS: book, browser, jupyterlab, imports, ablation, notebooks, tests.
waits: $(READY)
	$(PY) -m benchmarks.waits $(PARTS)

bench-grading: $(READY)
	$(PY) -m benchmarks.grading

# JOBS=1: fewer processes than cores.
ablation: $(READY)
	env -u TQDM_DISABLE $(PY) -m benchmarks.ablation $(JOBS)

lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: $(READY)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Without UPGRADE=1 only what pyproject.toml forces to change does change.
lock: $(READY)
	$(PY) -m uv pip compile pyproject.toml --extra book --extra test --universal \
	  --python-version 3.11 --fork-strategy fewest --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) --quiet \
	  --output-file requirements.lock

clean:
	rm -rf $(VENV) $(PEERS) $(BENCH) _build dist .pytest_cache .ruff_cache tests/browser/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +
