# Everything a person types. Each target sets up what it needs by itself.
VENV := .venv
PY := $(VENV)/bin/python
# The first on PATH need not work: it may lie in a folder of somebody else, or lack what Debian packs apart.
PYTHONS := python3.11 python3 /usr/bin/python3.11 /usr/bin/python3 python3.12 python3.13
FITS := import ensurepip, venv, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
UV_VERSION := 0.13.9
LOCKS := requirements.lock requirements-dev.lock requirements-sender.lock
LOCK := $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header
export UV_NO_PROGRESS := 1

.PHONY: setup check test up down demo bench chaos lock lock-check compose-check compose-run compose-demo compose-restore upgrade-check pooler-check kubernetes-check clean wipe fmt schema docs-data docs-pictures sender-dist sender-dist-check

setup: $(VENV)/.synced  ## virtual environment with everything, both commands in it

$(VENV)/.synced: requirements-dev.lock pyproject.toml
	@$(PY) -m pip --version >/dev/null 2>&1 || { \
	  for python in $(PYTHONS); do "$$python" -c '$(FITS)' >/dev/null 2>&1 && break; python=; done; \
	  test -n "$$python" || { echo "setup: Python 3.11 to 3.13 with its venv module is needed, and none of $(PYTHONS) is that (Debian: apt install python3-venv)" >&2; exit 1; }; \
	  echo "setup: virtual environment from $$python"; \
	  "$$python" -m venv --clear $(VENV); }
	@test -x $(VENV)/bin/uv || $(PY) -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@echo "setup: installing the locked packages into $(VENV)"
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(VENV)/bin/uv pip sync -q requirements-dev.lock
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(VENV)/bin/uv pip install -q --no-deps -e .
	@-$(PY) -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib >/dev/null 2>&1  # Airflow's processes start in half the time
	@touch $@

lock: ## pin what pyproject.toml asks for (keeps pins that still fit)
	$(LOCK) pyproject.toml --extra pipelines -o requirements.lock
	$(LOCK) pyproject.toml --extra pipelines --extra local --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) pyproject.toml -c requirements.lock -o requirements-sender.lock

schema: setup ## rewrite the golden include/sql/schema.sql from the migrations
	@$(PY) scripts/golden_schema.py

docs-data: setup ## rewrite docs/data-dictionary.md from the database's own comments
	@$(PY) scripts/data_dictionary.py

docs-pictures: setup ## photograph the pages of docs/users in a running Airflow and those of docs/clients (needs Chromium)
	@DOCS_PICTURES="$(CURDIR)/docs/pictures" $(VENV)/bin/pytest -q -n 0 tests/integration/pages/test_guide_pictures.py tests/integration/web/test_monitoring_pictures.py
	@DOCS_PICTURES="$(CURDIR)/docs/pictures" $(VENV)/bin/pytest -q -n 0 tests/e2e/test_monitoring.py -k picture

lock-check: setup
	@mkdir -p var/locks && cp $(LOCKS) var/locks/
	@$(LOCK) pyproject.toml --extra pipelines -o var/locks/requirements.lock
	@$(LOCK) pyproject.toml --extra pipelines --extra local --group dev -c requirements.lock -o var/locks/requirements-dev.lock
	@$(LOCK) pyproject.toml -c requirements.lock -o var/locks/requirements-sender.lock
	@for file in $(LOCKS); do grep -v '^ *#' $$file > var/locks/a; grep -v '^ *#' var/locks/$$file | diff -q var/locks/a - >/dev/null || { echo "$$file does not fit pyproject.toml: run make lock" >&2; exit 1; }; done
	@! grep -nE '^ *--(extra-)?index-url|^ *--find-links|https?://' $(LOCKS)

check: setup lock-check ## everything that can be said without running it
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/sqlfluff lint -q include/sql

fmt: setup
	$(VENV)/bin/ruff check --fix -q . ; $(VENV)/bin/ruff format -q .

bench: setup ## measure; ratios in one run, raw figures in var/bench/ (make bench FIGURES=p9)
	$(PY) -m benchmarks $(FIGURES)

chaos: setup ## kill, cut off, burn; the network's count against the database (make chaos FIGURES=c1 SEED=3 OPTIONS=--short)
	$(PY) -m chaos $(FIGURES) $(if $(SEED),--seed $(SEED)) $(OPTIONS)

test: setup ## every test; the last lines name what was left out and why
	$(VENV)/bin/pytest -q -n 2 --durations=10

sender-dist: setup ## dist/sms-sender-VERSION.tar.gz: installs on a modem host without a network
	@$(PY) scripts/sender_dist.py

sender-dist-check: setup ## install and remove it in a whole Debian 12 (root, mmdebstrap; two to five minutes)
	@SMSSWITCH_DEBIAN_ROOT=1 $(VENV)/bin/pytest -q tests/integration/sender/test_installation.py

compose-check: setup ## docker-compose.yaml by the real parser, with and without its secrets; Dockerfiles by hadolint
	@$(PY) scripts/compose_check.py

compose-run: setup ## the production file brought up for real, looked at, taken away again (root; a Docker engine or docker.io, mmdebstrap)
	@$(PY) -m rehearsal run

compose-demo: setup ## the demo's day on it while a worker, a scheduler, PostgreSQL and a sender die; the same summary as make demo
	@$(PY) -m rehearsal demo

compose-restore: setup ## a day, a backup, everything burnt but the hosts, a restore: what is left, and what hosts say of the time between
	@$(PY) -m rehearsal restore

upgrade-check: setup ## version 0.1.0 with its senders at work, brought to this one (needs the tag v0.1.0 or the commit it names)
	@$(PY) -m rehearsal.upgrade

pooler-check: setup ## senders and pipelines through a PgBouncer in session and in transaction mode (needs pgbouncer)
	@$(PY) -m rehearsal.pooler

kubernetes-check: setup ## kubernetes/ against the schemas of Kubernetes and against docker-compose.yaml
	@$(PY) scripts/kubernetes_check.py

up: setup ## the whole centre in the background on the loopback; addresses and logins in var/run/stack.json
	@$(VENV)/bin/smsswitch stack up

down: ## stop it by process id
	@if test -x $(VENV)/bin/smsswitch; then $(VENV)/bin/smsswitch stack down; fi

demo: setup ## one day of the switch through Airflow on emulated modems, counted twice
	@$(VENV)/bin/smsswitch demo

clean: down ## take away what can be made again; the local database, bucket and reports stay (make wipe)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist var/log var/locks var/bench var/demo
	find . -name __pycache__ -not -path './.venv/*' -type d -exec rm -rf {} +

wipe: clean ## also the local database, bucket, reports and the virtual environment
	rm -rf var $(VENV)
