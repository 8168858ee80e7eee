# Everything starts from a bare clone: each target first sets up what it needs, in this folder only.

PYTHON ?= $(firstword $(foreach python,python3.13 python3.12 python3.11 python3,$(shell \
	$(python) -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(python))))
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help python setup setup-dev demo up test check lock clean

help:
	@echo "make demo    three boards in simulated houses, then a month of a mini-grid and its books (make demo ARGS='--seed 2')"
	@echo "make up      broker, headend, console and routine for real use"
	@echo "make test    all tests, on SQLite and on PostgreSQL"
	@echo "make check   style, types and the direction of imports"
	@echo "make setup   only what demo and up need; make setup-dev: what test and check need too"
	@echo "make lock    pin the newest allowed dependencies anew"
	@echo "make clean   remove all that make has made, the downloads too; the data in .bijli stays"

python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }

setup: python
	@$(PYTHON) -m tools.setup

setup-dev: python
	@$(PYTHON) -m tools.setup --dev

demo: setup
	@.venv/bin/bijli demo $(ARGS)

up: setup
	@.venv/bin/bijli up $(ARGS)

test: setup-dev
	@.venv/bin/python -m tools.test $(ARGS)

check: setup-dev
	@.venv/bin/python -m tools.check

lock: setup-dev
	@.venv/bin/python -m tools.lock

clean:
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
