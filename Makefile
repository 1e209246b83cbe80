.DEFAULT_GOAL := help
.PHONY: help setup run test test-browser lint bench soak new-plugin

BIN := .venv/bin
TEST_PROCESSES ?= auto

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name says; do printf '  make %-14s %s\n' "$$name" "$$says"; done

setup: ## Install what the other targets need, below this folder (they call it themselves)
	@PYTHON="$(PYTHON)" scripts/setup.sh

run: setup ## Run everything on this machine with a demo MSP, until Ctrl-C
	@DESKHAND_DEMO="$${DESKHAND_DEMO:-1}" exec $(BIN)/deskhand up

test: setup ## Run the tests (TEST_PROCESSES=2 to say how many at a time)
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal --ignore=tests/browser --ignore=tests/soak --ignore=tests/benchmarks

test-browser: setup ## Run the tests in a real browser (needs chromium)
	@$(BIN)/python -m pytest tests/browser

lint: setup ## Check style, types, import contracts and generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deskhand docs --check
	@$(BIN)/deskhand sdk --check

bench: setup ## Measure, print a table and write bench.json
	@$(BIN)/python -m tests.benchmarks

soak: setup ## Run one long test: make soak NAME=...
	@$(BIN)/python -m tests.soak "$(NAME)"

new-plugin: setup ## Make a small plugin that passes the house tests: make new-plugin NAME=...
	@$(BIN)/deskhand new-plugin "$(NAME)"
