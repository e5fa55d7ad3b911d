# Each target does its own set-up and is harmless twice. `make demo` and `make test` are all one needs.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
LOCKED := .venv/installed-$(shell cat requirements-dev.txt | cksum | cut -d' ' -f1)
PRODUCTION := DJANGO_SETTINGS_MODULE=portal.settings.production SECRET_KEY=$$(printf '%064d' 0 | sha256sum) \
	DATABASE_URL=postgres://u:p@db/x REDIS_URL=redis://broker/0 EMAIL_URL=smtp://mail SITE_URL=https://example.org \
	REPLY_DOMAIN=example.org REGISTER_URL=https://example.org

.DEFAULT_GOAL := help
.PHONY: help install demo test lint lock browser clean

help:
	@echo "make demo   le portail, son registre et ses serveurs, sur cette machine"
	@echo "make test   tous les tests, navigateur compris"
	@echo "make lint   style, types, frontières entre les pièces, tailles"
	@echo "make install, make lock, make clean : l'environnement, ses versions, le ménage"

install: $(LOCKED)

$(LOCKED): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 ou plus récent est nécessaire." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@rm -f .venv/installed-*
	@touch $@

demo: install
	@exec $(BIN)/python manage.py demo

test: install browser
	$(BIN)/pytest -n auto

browser:
	@scripts/install_browser

lint: install
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/python scripts/sizes.py
	$(BIN)/lint-imports --no-timing 2>/dev/null || $(BIN)/lint-imports
	$(BIN)/djlint --quiet --check --lint templates
	$(BIN)/python manage.py services start >/dev/null
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/mypy .

lock: install
	@scripts/lock

clean:
	@[ ! -x $(BIN)/python ] || $(BIN)/python manage.py services stop
	rm -rf .venv .services staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-results
