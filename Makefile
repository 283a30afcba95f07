# Install, try, test. The first command on a fresh machine may be any of them: each installs what it needs.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

# Tests start hundreds of processes: each would compile all sources again where the environment forbids to keep the result.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format types unit integration lock docs locale picture chaos bench bench-quick clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## install everything into .venv
	@echo "installed in .venv; try: make demo"

demo: $(INSTALLED) ## send some PEC through a sandbox on this machine, and watch their receipts come
	@$(BIN)/pec demo

# Tests mostly wait, so more of them run than there are cores: each process has a server of its own. tests/conftest.py deals them.
SIDE_BY_SIDE := --numprocesses 7 --dist worksteal

test: lint types ## every check that CI makes
	@echo "── pytest: tests"
	@$(BIN)/pytest $(SIDE_BY_SIDE) --durations 20

lint: $(INSTALLED) ## check format and style
	@echo "── ruff: format"
	@$(BIN)/ruff format --check .
	@echo "── ruff: style"
	@$(BIN)/ruff check .

types: $(INSTALLED) ## check types
	@echo "── mypy: types"
	@$(BIN)/mypy

unit: $(INSTALLED) ## run the tests that need no server: a few seconds
	@$(BIN)/pytest tests/unit

integration: $(INSTALLED) ## run the tests that need a server of their own, but no other process: 2 minutes
	@$(BIN)/pytest $(SIDE_BY_SIDE) tests/integration

.PHONY: fuzz fuzz-gateway audit
fuzz: $(INSTALLED) ## 100,000 bad jobs, 20,000 bad answers and mailboxes, 100,000 traces: about 25 minutes; SEED=7 for others
	@$(BIN)/python -m tests.fuzz.intake --seed $(or $(SEED),1) --jobs 100000
	@$(BIN)/python -m tests.fuzz.answers --seed $(or $(SEED),1) --answers 20000
	@$(BIN)/python -m tests.fuzz.receipts --seed $(or $(SEED),1) --looks 20000
	@$(BIN)/python -m tests.fuzz.bounds --messages 100000

fuzz-gateway: $(INSTALLED) ## what the two descriptions of the HTTP gateway allow, and more, by Schemathesis: 10 minutes; SEED=7 for others
	@$(BIN)/python -m tests.fuzz.gateway --seed $(or $(SEED),1) --seconds 300

audit: $(INSTALLED) ## ask the internet for known vulnerabilities of what servers run; fails where it can't
	@$(BIN)/python -m pip check --disable-pip-version-check
	@$(BIN)/uv tool run pip-audit --strict --disable-pip --require-hashes --requirement requirements-run.lock

format: $(INSTALLED) ## put the code in form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(INSTALLED) ## write the generated pages of docs/ and the TypeScript types again
	@$(BIN)/python -m tools.settings_page > docs/settings.md
	@$(BIN)/python -m tools.schemas docs
	@$(BIN)/python -m tools.typescript > examples/node/pec.d.ts

# `messages` is the domain that click asks for its own words; ours is extracted.
CATALOGUE := cli/locale/it/LC_MESSAGES/pec.po
TEMPLATE := build/pec.pot
CONSOLE_CATALOGUE := console/locale/it/LC_MESSAGES/console.po
CONSOLE_TEMPLATE := build/console.pot
locale: $(INSTALLED) ## extract what people read, keep its translations, and compile them
	@mkdir -p $(dir $(TEMPLATE))
	@$(BIN)/python -m babel.messages.frontend --quiet extract --mapping-file pyproject.toml --add-location file --sort-by-file --width 110 \
		--ignore-dirs 'tests bench build console .*' --output-file $(TEMPLATE) .
	@$(BIN)/python -m babel.messages.frontend --quiet update --domain pec --locale it --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 110 \
		--input-file $(TEMPLATE) --output-file $(CATALOGUE)
	@$(BIN)/python -m babel.messages.frontend --quiet extract --mapping-file pyproject.toml --add-location file --sort-by-file --width 110 \
		--output-file $(CONSOLE_TEMPLATE) console
	@$(BIN)/python -m babel.messages.frontend --quiet update --domain console --locale it --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
		--width 110 --input-file $(CONSOLE_TEMPLATE) --output-file $(CONSOLE_CATALOGUE)
	@$(BIN)/pybabel --quiet compile --domain pec --directory cli/locale
	@$(BIN)/pybabel --quiet compile --domain console --directory console/locale
	@$(BIN)/pybabel --quiet compile --directory cli/locale

.PHONY: console-pictures
console-pictures: $(INSTALLED) ## draw the pictures of docs/console.md again, in a real browser
	@$(BIN)/python -m tools.console_pictures

picture: $(INSTALLED) ## draw the README's picture again, from what the demo prints
	@$(BIN)/python tools/demo_picture.py

# The second one is for the image and for servers: the same versions, without the tools of development.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header
lock: $(INSTALLED) ## choose the newest allowed versions of everything, for both lock files
	@$(LOCK) --upgrade --all-extras --output-file requirements.lock pyproject.toml
	@$(LOCK) --constraint requirements.lock --output-file requirements-run.lock pyproject.toml

# What European names, amounts and our own sentences are written with; hints and kerning are of no use on paper.
LETTERS := U+0020-007E,U+00A0-017F,U+018F,U+0192,U+01CD-01DC,U+01E6-01E7,U+0218-021B,U+0259,U+0386-03CE,U+0400-045F,$(strip \
	)U+0490-0491,U+1E80-1E85,U+1E9E,U+1EA0-1EF9,U+2010-2015,U+2018-2022,U+2026,U+2030,U+2039-203A,U+20AC,U+2116,U+2122,U+FFFD
DEJAVU ?= /usr/share/fonts/truetype/dejavu
.PHONY: fonts
fonts: $(INSTALLED) ## cut the fonts of PDF reports out of DejaVu again (Debian's fonts-dejavu)
	@for font in DejaVuSansCondensed DejaVuSansCondensed-Bold; do \
		$(BIN)/uv tool run --quiet --from fonttools pyftsubset $(DEJAVU)/$$font.ttf --unicodes=$(LETTERS) --no-hinting --layout-features= \
			--notdef-outline --drop-tables+=FFTM,GDEF,GPOS,GSUB,MATH,gasp,kern --output-file=archive/report/fonts/$$font.ttf || exit 1; done

SEED ?=
RUNS ?= $(if $(SEED),1,50)
chaos: $(INSTALLED) ## attack the promises with faults, 50 runs, each fault alone, 40 deaths, 4 outages: about 80 minutes; SEED=7 runs that one again
	@$(BIN)/python -m tests.chaos --runs $(RUNS) $(if $(SEED),--seed $(SEED)) --json chaos.json
	$(if $(SEED),,@$(BIN)/python -m tests.chaos alone --json chaos-alone.json)
	$(if $(SEED),,@$(BIN)/python -m tests.chaos deaths)
	$(if $(SEED),,@$(BIN)/python -m tests.chaos outage)

.PHONY: compose-test
compose-test: $(INSTALLED) ## the Dockerfile and the compose file on a Docker engine of their own: about 15 minutes, as root, with docker.io and debootstrap
	@$(BIN)/python -m tests.compose

.PHONY: hosts
hosts: $(INSTALLED) ## cut the links of hosts in network namespaces, 100 cuts in a campaign of 3,000: about 20 minutes, as root on Linux; SEED=7 for others
	@$(BIN)/python -m tests.hosts --seed $(or $(SEED),1) --json hosts.json

BENCH := .venv-bench/installed
bench: $(BENCH) ## measure ours and its peers, and write docs/benchmarks.md: about 40 minutes, on an idle machine
	@$(BIN)/python -m bench --json bench/result.json --page docs/benchmarks.md --note "$(NOTE)"

bench-quick: $(BENCH) ## whether every benchmark runs, in under 2 minutes of an idle machine: its figures compare nothing
	@$(BIN)/python -m bench --quick --json bench-quick.json

$(BENCH): bench/requirements.txt $(INSTALLED)
	@echo "── installing the peers into .venv-bench"
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/requirements.txt
	@touch $@

clean: ## remove .venv and everything made here
	@rm -rf .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info

# The lock names each package by its hash, so what is installed is what was tested. The project itself is
# linked, not copied, and built by the locked setuptools.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "── installing into .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
