# Everything a person or a machine does with this repository, as verbs.
# Needs python3 (3.11 or newer) with venv, make and git; all else comes from the package registry.

PYTHON ?= python3
RUNTIME := .venv-runtime
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help colorize test check lint types layers tests build clean

help:
	@echo "make colorize PHOTO=examples/harbour.jpg   colour a photo (sets everything up first)"
	@echo "make test                                  set up and run the tests"
	@echo "make check                                 lint, types, layers and tests"
	@echo "make build                                 sdist and wheel in dist/"

$(RUNTIME)/done: pyproject.toml
	$(PYTHON) -m venv $(RUNTIME)
	$(RUNTIME)/bin/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/done: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[train,formats,cluster,dev]'
	@touch $@

colorize: $(RUNTIME)/done
	@test -n "$(PHOTO)" || { echo "name a photo: make colorize PHOTO=examples/harbour.jpg"; exit 2; }
	@$(RUNTIME)/bin/photochrom colorize --overwrite $(OPTIONS) "$(PHOTO)"

test: $(VENV)/done
	$(BIN)/python -m pytest

check: lint types layers test

lint: $(VENV)/done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/done
	$(BIN)/mypy

layers: $(VENV)/done
	$(BIN)/lint-imports

build: $(VENV)/done
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) $(RUNTIME) dist build
