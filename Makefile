# attnviz: `make film` and `make test` do everything on a fresh machine; a second call redoes nothing.
#
#   make film PYTHON=python3.12     build .venv with this interpreter (3.11 or newer)
#   make film TORCH_INDEX=…         take torch from this package index (a CPU build, say)
#   make film CUDA=yes              take torch's CUDA build on Linux without an NVIDIA GPU too
#   make film FILM="SCENE… OPTIONS" what to render (default: self-attention --quality web)

FILM ?= self-attention --quality web
export PYTHON TORCH_INDEX CUDA

VENV := .venv/bin
# Written last, so that an interrupted set-up is taken up again.
FILM_READY := .venv/.film-ready
TEST_READY := .venv/.test-ready
SETUP := scripts/bootstrap.sh scripts/packages.sh scripts/system-libraries.sh scripts/install.py pyproject.toml requirements.txt

.DEFAULT_GOAL := help
.PHONY: help setup setup-test film gallery test browsers clean distclean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

film: $(FILM_READY)  ## set everything up and render the flagship scene
	@$(VENV)/python render.py $(FILM)

test: $(TEST_READY)  ## set everything up, check style and types, run the quick tests
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/pytest -m "not slow" -n 2

browsers: $(TEST_READY)  ## set up what the tests in a real browser need (500 MB), run nothing
	@scripts/browsers.sh $(VENV)/python

gallery: $(FILM_READY)  ## draw the README's looping pictures anew, where a scene has changed
	@$(VENV)/python render.py gallery --readme README.md

setup: $(FILM_READY)  ## set up what the films need, render nothing

setup-test: $(TEST_READY)  ## set up what the tests need, run nothing

clean:  ## remove caches and build products; films and .venv stay
	rm -rf build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean  ## remove .venv too; films stay
	rm -rf .venv

$(FILM_READY): $(SETUP)
	@scripts/bootstrap.sh
	@touch $@

$(TEST_READY): $(SETUP) requirements-dev.txt
	@scripts/bootstrap.sh --dev
	@touch $@ $(FILM_READY)
