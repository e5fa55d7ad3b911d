# Each target does its own set-up and is harmless twice. `make demo` and `make test` are all one needs.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
LOCKED := .venv/installed-$(shell cksum < requirements-dev.txt | cut -d' ' -f1)
unexport DJANGO_SETTINGS_MODULE  # each target has its own
.DEFAULT_GOAL := help
.PHONY: help install demo test quick faults backup restore lint lock browser pgbouncer nginx caddy bench clean

help:
	@echo "make demo   le portail, son registre et ses serveurs, sur cette machine"
	@echo "make test   tous les tests, navigateur compris"
	@echo "make quick  les tests rapides, en trois minutes au plus (tests/slow.py dit lesquels attendent)"
	@echo "make faults les pannes, provoquées longuement : 10 000 demandes, une demi-heure"
	@echo "make backup FILE=…, make restore FILE=… : la base dans un fichier, et retour (docs/backup.md)"
	@echo "make lint   style, types, frontières entre les pièces, tailles"
	@echo "make bench  ce que coûte chaque chose à l'échelle du pays, dans bench/RESULTS.md"
	@echo "make install, make lock, make clean : l'environnement, ses versions, le ménage"

install: $(LOCKED)

$(LOCKED):
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 ou plus récent est nécessaire." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@rm -f .venv/installed-*
	@touch $@

demo: install
	@exec $(BIN)/python manage.py demo

test: install browser pgbouncer nginx caddy
	$(BIN)/pytest -n auto

quick: install
	$(BIN)/pytest -n logical -m "not slow"

faults: install pgbouncer nginx caddy
	FAULTS=long $(BIN)/pytest tests/faults

backup restore: install
	@$(BIN)/python manage.py $@ $(if $(FILE),"$(FILE)")

bench: install
	@exec $(BIN)/python -m bench

browser:
	@scripts/install_browser

pgbouncer:
	@scripts/install_server pgbouncer pgbouncer

nginx:
	@scripts/install_server nginx nginx-light

caddy:  # its tests are skipped where it cannot be had
	@scripts/install_server caddy caddy || true

lint: install
	@scripts/lint

lock: install
	@scripts/lock

clean:
	@[ ! -x $(BIN)/python ] || $(BIN)/python manage.py services stop
	rm -rf .venv .services staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-results
