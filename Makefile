# Everything starts here: `make demo` and `make test` need python3.11, make and git, and see to the rest themselves.
#   make test TEST="-k journal -x"     arguments for pytest
#   make demo DEMO=--once              arguments for posd demo

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

BIN   := .venv/bin
STAMP := .venv/.ready
DEMO  ?=
TEST  ?=
BENCH ?=
SOAK  ?=

.PHONY: help venv demo test check audit format bench soak deb deb-test vm-test lock clean

help:  ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 15

venv: $(STAMP)  ## .venv with .venv/bin/posd in it; all others imply it

$(STAMP): requirements-dev.lock pyproject.toml scripts/setup
	@scripts/setup venv
	@touch $@

demo: venv  ## posd, a gateway, a scanner, a camera and a printer on this machine, telling a story (DEMO=--once)
	@scripts/setup font || true  # the story is told in text; pictures of receipts want the font
	@$(BIN)/posd demo $(DEMO)

test: venv  ## all tests (TEST="-k journal -x")
	@scripts/setup font browser usb systemd
	@$(BIN)/python -m pytest -n auto --dist worksteal $(TEST)

check: venv  ## style, types, and the libraries that go to a till
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python scripts/audit.py

audit: venv  ## known faults of the libraries; fails where nobody can be asked
	@$(BIN)/python scripts/audit.py --required

format: venv  ## bring the sources into form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: venv  ## measure, beside what it is measured against
	@scripts/setup font
	@$(BIN)/python -m bench $(BENCH)

soak: venv  ## the long explorations, random faults and crashes (hours, if you like: SOAK=…)
	@scripts/setup font
	@$(BIN)/python -m tests.soak $(SOAK)

deb: venv  ## a Debian package in dist/ that needs no network to be installed
	@scripts/setup deb
	@packaging/build-deb

deb-test: deb  ## install that package in a clean Debian and take a payment there (as root)
	@scripts/setup debootstrap
	@packaging/test-deb "$$(ls -t dist/posd_*.deb | head -n 1)"

vm-test: deb  ## the same on a real kernel and systemd, with USB devices and power cuts (as root, in QEMU)
	@scripts/setup vm
	@$(BIN)/python -m tests.vm "$$(ls -t dist/posd_*.deb | head -n 1)"

lock: venv  ## take newer versions of what we depend on, pinned by hash
	@scripts/setup lock

clean:  ## remove what was made here
	@rm -rf .venv dist build htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
