# Two commands do everything: `make run` and `make test`. Each sets up what it needs from the hash-locked lists.
PYTHON ?= python3
VENV   := .venv
PEERS  := .venv-peers
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
export PYTHONUTF8 := 1

.PHONY: run chat check test slow flaky bench million mutate lint house understanding schemas settings findings lock clean help

run: $(VENV)/.run  ## talk to Afterword (in Telegram when a token is set, else here in the terminal)
	@$(BIN)/afterword run

check: $(VENV)/.run  ## check the flows, rules and messages
	@$(BIN)/afterword check

# Some machines forbid Python to keep what it compiled; the tests start it some hundred times.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.test lint  ## the whole fast suite: style, types, floors, tests
	@$(BIN)/python -m pytest -n 3 --dist worksteal

lint: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

slow: export PYTHONDONTWRITEBYTECODE :=
slow: $(VENV)/.test  ## the tests that take minutes, in parts of half an hour at most (one of them: PART=kills-polling)
	@$(BIN)/python -m tools.slow_tests $(PART)

flaky: export PYTHONDONTWRITEBYTECODE :=
flaky: $(VENV)/.test  ## the fast suite five times, in random order, with two busy loops beside
	@$(BIN)/python -m tools.flaky_tests

bench: $(VENV)/.test $(PEERS)/.made  ## what things cost, as ratios in one run
	@$(BIN)/python -m benchmarks.program
	@$(BIN)/python -m benchmarks.delivery
	@$(BIN)/python -m benchmarks.due

million: $(VENV)/.test  ## what an update costs with a million conversations stored (minutes, some 1.5 GB of disk)
	@$(BIN)/python -m benchmarks.delivery.million

mutate: $(VENV)/.run  ## small faults made in copies of the content: would anything notice? (minutes)
	@$(BIN)/python -m tools.content_mutation

understanding: $(VENV)/.run  ## what is understood of the kept corpus, by question
	@$(BIN)/python -m tools.understanding

house: $(VENV)/.test  ## the measures of the code in bot/, each beside what it should be
	@$(BIN)/python -m tools.house

schemas: $(VENV)/.test  ## write schemas/*.json anew from the models
	@$(BIN)/python -m bot.content.json_schema schemas

settings: $(VENV)/.run  ## write docs/operators/settings.md anew from .env.example
	@$(BIN)/python tools/settings_page.py

findings: $(VENV)/.run  ## write docs/reference/findings.md anew from the table of findings
	@$(BIN)/python -m tools.findings_page

lock:  ## resolve requirements/*.txt anew (needs uv; the lists name no host)
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --extra build --extra diagrams --extra postgres --extra socks pyproject.toml -o requirements/run.txt
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --extra build --extra postgres --extra socks -c requirements/run.txt pyproject.toml -o requirements/serve.txt
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --extra build --extra diagrams --extra postgres --extra socks --extra test -c requirements/run.txt pyproject.toml -o requirements/test.txt
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  requirements/peers.in -o requirements/peers.txt

clean:  ## remove what the targets above made
	@rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

help:  ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST)

# A stamp per list: installing happens again only when the list changed.
$(VENV)/.run: requirements/run.txt pyproject.toml
	@test -x $(BIN)/python || { echo "Setting up (once, about half a minute) ..." >&2; $(PYTHON) -m venv $(VENV); }
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt pyproject.toml
	@test -x $(BIN)/python || { echo "Setting up (once, about half a minute) ..." >&2; $(PYTHON) -m venv $(VENV); }
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/test.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run

# aiogram does not go with our pydantic, so what is measured beside us has a venv of its own.
$(PEERS)/.made: requirements/peers.txt
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --quiet --disable-pip-version-check --no-input install --require-hashes --only-binary :all: -r requirements/peers.txt
	@touch $@
