# Two commands do all the set-up: `make demo` and `make test`.
PY ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
WORKERS ?= auto
SHOTS ?= build/screenshots
INTO ?= de
WORDS := addon/greenroom/panel/translations

# Blenders for `make test-blender`; 5.0 and 4.2 too: make test-blender BLENDERS="5.2 5.1 5.0 4.5 4.2"
BLENDERS ?= 5.2 4.5

.PHONY: demo test test-blender bench-blender test-window test-panel-window screenshots translations lint bench memory soak soak-panel docs help clean

help:
	@echo "make demo    a demo project with takes, a new cut and pictures, in $(DEMO)/"
	@echo "make test    everything that can be tested on a machine without a screen"
	@echo "make test-blender   the add-on in real Blenders without a window, which it installs into your cache (1 GB each)"
	@echo "make bench-blender  the add-on's figures among ten thousand strips, in the same Blenders"
	@echo "make test-window    the add-on in a Blender with a window, and the panel beside it, worked by mouse; Debian's Blender and Xvfb"
	@echo "make test-panel-window   the panel on an X screen of its own, worked by keys and mouse; Debian's Xvfb"
	@echo "make screenshots    the panel's views in three states, dark and light, at 100 and 250 %, in $(SHOTS)/"
	@echo "make translations INTO=de   the panel's texts for Qt Linguist, in $(WORDS)/; what is translated is used at the next start"
	@echo "make lint    ruff and mypy --strict"
	@echo "make bench   the figures of docs/benchmarks.md"
	@echo "make memory  the most memory that takes of ten minutes need, beside takes of one"
	@echo "make soak    100 kill -9 at random moments of a batch, 200 of batches at a paid host, 60 each of a farm's parts and of desks at one ledger; links cut"
	@echo "make soak-panel   an hour of play in the panel: memory, frames left out, drift of the sound, minute by minute"
	@echo "make docs    docs/commands.md, docs/host-protocol.md and docs/preflight.md, made of the code's own words"
	@echo "make clean   remove what the others made"

$(VENV)/.installed: pyproject.toml
	@test -n "$(PY)" || { echo "Greenroom needs Python 3.11, 3.12 or 3.13. On Debian or Ubuntu: apt install python3"; exit 1; }
	@$(PY) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PY) can't make virtual environments. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(PY) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/greenroom demo "$(DEMO)"

test: $(VENV)/.installed
	$(BIN)/python tests/panel/qt_libraries.py
	$(BIN)/python -m pytest -n $(WORKERS)

test-blender: $(VENV)/.installed
	$(BIN)/python tests/hosts/blender/blenders.py $(BLENDERS)
	$(BIN)/python -m pytest -n 2 tests/hosts/blender $(addprefix --blender ,$(BLENDERS))

bench-blender: $(VENV)/.installed
	$(BIN)/python tests/benchmarks/run.py blender

test-window: $(VENV)/.installed
	$(BIN)/python tests/hosts/blender/debian.py
	$(BIN)/python tests/panel/qt_libraries.py window
	$(BIN)/python -m pytest tests/hosts/blender/windowed.py tests/hosts/blender/windowed_panel.py
	$(BIN)/python -m pytest -n 2 tests/hosts/blender --blender 3.4

test-panel-window: $(VENV)/.installed
	$(BIN)/python tests/panel/qt_libraries.py window
	$(BIN)/python -m pytest -n 2 tests/panel/windowed/keyboard.py tests/panel/windowed/mouse.py tests/panel/windowed/screens.py

screenshots: $(VENV)/.installed
	$(BIN)/python tests/panel/qt_libraries.py
	$(BIN)/python tests/panel/screenshots.py "$(SHOTS)"

translations: $(VENV)/.installed
	mkdir -p $(WORDS)
	$(BIN)/pyside6-lupdate -no-obsolete $$(find addon/greenroom/panel -name '*.py' | sort) -ts $(WORDS)/greenroom_$(INTO).ts
	$(BIN)/pyside6-lrelease $(WORDS)/greenroom_$(INTO).ts

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed
	$(BIN)/python tests/benchmarks/run.py --write docs/benchmarks.md

memory: $(VENV)/.installed
	$(BIN)/python tests/benchmarks/run.py memory

soak: $(VENV)/.installed
	$(BIN)/python tests/soak/kill_batch.py
	$(BIN)/python tests/soak/kill_paid.py
	$(BIN)/python tests/soak/kill_farm.py
	$(BIN)/python tests/soak/kill_desks.py
	$(BIN)/python tests/soak/cut_farm.py

soak-panel: $(VENV)/.installed
	$(BIN)/python tests/panel/qt_libraries.py
	$(BIN)/python tests/soak/play_an_hour.py

docs: $(VENV)/.installed
	$(BIN)/python -m greenroom.cli.reference > docs/commands.md
	$(BIN)/python -m greenroom.cli.host_reference > docs/host-protocol.md
	$(BIN)/python -m greenroom.cli.rule_reference > docs/preflight.md

clean:
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
