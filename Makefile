# One command a verb. Everything lives in virtual environments inside the checkout;
# all that is needed to begin is python3 (3.10 or newer), pip and make.

PYTHON ?= python3
VENV := .venv
MELTANO := .venv-meltano
POINTS := 1000
DAYS := 1000
SEED := 0
CASES := 1000
KILLS := 300
PEERS := .venv-peers
AUDIT := .venv-audit
DOCS := .venv-docs
DBT := .venv-dbt
ARTEFACTS := .venv-artefacts
AIRFLOW := .venv-airflow
DAGSTER := .venv-dagster
SPARK_VERSION :=
SPARK := .venv-spark$(SPARK_VERSION:%=-%)
# Spark 4.0 itself leaves sockets open.
SPARK_WARNINGS := $(if $(filter 4.0%,$(SPARK_VERSION)),-W default::pytest.PytestUnraisableExceptionWarning)
BIN := $(VENV)/bin
STAMPS := .stamps

# Whatever the machine says, Python keeps what it compiled, as it does for whoever installs a wheel:
# tests start thousands of processes, and each would compile every module anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help docs reference terminal-picture test test-slices test-outside test-browser pictures lint types check demo demo-dlt demo-spark test-spark bench bench-target bench-dlt bench-spark prove-scan churn kill faults faults-report fuzz values-page endpoints-page plugin-files mutants format audit-deps sbom release-files lock test-lowest clean unlucky soak clocks lag entries mirrors fencing hostile served webhook-kills test-dbt test-artefacts release

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Needs nothing but what it looks for; says in one line what is missing.
$(STAMPS)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "python3 is missing: install Python 3.10 or newer, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "$(PYTHON) is $$($(PYTHON) -V 2>&1): install Python 3.10 or newer, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv: install it (on Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@mkdir -p $(STAMPS)
	@touch $@

$(STAMPS)/dev: requirements/dev.txt pyproject.toml | $(STAMPS)/python
	@echo "Installing the development environment into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# An environment of its own, of what the first prerequisite locks.
define environment
$(call packages,$(1))
@touch $@
endef

define packages
@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
@$(1)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
endef

$(STAMPS)/meltano: requirements/meltano.txt | $(STAMPS)/python
	@echo "Installing Meltano into $(MELTANO) ..."
	$(call environment,$(MELTANO))

$(STAMPS)/peers: requirements/peers.txt | $(STAMPS)/python
	@echo "Installing the peers of the benchmark into $(PEERS) ..."
	$(call environment,$(PEERS))

$(STAMPS)/audit: requirements/audit.txt | $(STAMPS)/python
	@echo "Installing pip-audit and CycloneDX into $(AUDIT) ..."
	$(call environment,$(AUDIT))

$(STAMPS)/docs: requirements/docs.txt | $(STAMPS)/python
	@echo "Installing Zensical and twine into $(DOCS) ..."
	$(call environment,$(DOCS))

$(STAMPS)/artefacts: requirements/artefacts.txt | $(STAMPS)/python
	@echo "Installing hadolint, check-jsonschema, kubernetes-validate, CronSim, crossplane and twine into $(ARTEFACTS) ..."
	$(call environment,$(ARTEFACTS))

$(STAMPS)/airflow: requirements/airflow.txt | $(STAMPS)/python
	@echo "Installing Airflow into $(AIRFLOW) ..."
	$(call environment,$(AIRFLOW))

$(STAMPS)/dagster: requirements/dagster.txt pyproject.toml | $(STAMPS)/python
	@echo "Installing Dagster into $(DAGSTER) ..."
	$(call packages,$(DAGSTER))
	@$(DAGSTER)/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/dbt: requirements/dbt.txt | $(STAMPS)/python
	@echo "Installing dbt into $(DBT) ..."
	$(call environment,$(DBT))

# Spark runs on a JVM, which no package of Python brings.
$(STAMPS)/java:
	@command -v java >/dev/null 2>&1 || test -x "$${JAVA_HOME:-/none}/bin/java" || { echo "java is missing: install Java 17 or newer (on Debian and Ubuntu: apt-get install openjdk-17-jre-headless), or set JAVA_HOME" >&2; exit 1; }
	@mkdir -p $(STAMPS)
	@touch $@

$(STAMPS)/spark$(SPARK_VERSION:%=-%): requirements/spark.txt pyproject.toml | $(STAMPS)/python $(STAMPS)/java
	@echo "Installing Spark into $(SPARK) ..."
	@test -x $(SPARK)/bin/python || $(PYTHON) -m venv $(SPARK)
	@$(SPARK)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/spark.txt
	@test -z "$(SPARK_VERSION)" || $(SPARK)/bin/python -m pip install -q --disable-pip-version-check pyspark==$(SPARK_VERSION)
	@$(SPARK)/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/mutants: requirements/mutants.txt $(STAMPS)/dev
	@echo "Installing mutmut into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/mutants.txt
	@touch $@

$(STAMPS)/plugins: meltano.yml pyproject.toml $(STAMPS)/meltano
	@echo "Installing the Meltano plugins ..."
	@$(MELTANO)/bin/meltano --log-level=warning install >/dev/null
	@touch $@

# Lint and types are looked at side by side: each of them keeps one core busy.
test: ## Lint, types and all tests but those that stand beside: slices of campaigns, upgrades, Meltano
	@$(MAKE) --no-print-directory -j 2 $(STAMPS)/dev lint types
	$(BIN)/python -m pytest -n 5 --dist=worksteal --durations=10 $(addprefix tests/,contract house integration promises unit values)

test-slices: $(STAMPS)/dev ## A fixed slice of each fault campaign and of the fuzz, upgrades, and each benchmark over a few rows
	$(BIN)/python -m pytest tests/benchmarks tests/campaigns tests/fuzz tests/upgrades -n 3 --dist=loadfile --durations=10

test-outside: $(STAMPS)/dev $(STAMPS)/plugins $(STAMPS)/docs ## The wheel, a Meltano project and every documented command, from nothing
	$(BIN)/python -m pytest tests/outside -n 2 --dist=worksteal --timeout=900 --durations=10

test-spark: $(STAMPS)/dev $(STAMPS)/spark$(SPARK_VERSION:%=-%) ## Types and tests of chakra_spark, in a real Spark; SPARK_VERSION=4.0.5 for another
	$(SPARK)/bin/mypy -p chakra_spark
	$(SPARK)/bin/python -m pytest tests/spark --durations=10 $(SPARK_WARNINGS)

test-browser: $(STAMPS)/dev ## The pages of reports in a real headless Chromium; exit code 2 where none can be had
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest tests/browser

test-dbt: $(STAMPS)/dev $(STAMPS)/plugins $(STAMPS)/dbt ## The dbt package over what Singer and dlt load, in DuckDB and PostgreSQL
	$(BIN)/python -m pytest tests/dbt

test-artefacts: $(STAMPS)/dev $(STAMPS)/artefacts $(STAMPS)/airflow $(STAMPS)/dagster ## Dockerfile, compose.yml and examples, with the tools that they are for
	$(BIN)/python -m pytest tests/artefacts --timeout=900

pictures: $(STAMPS)/dev ## Write the pictures of documents: pages of real runs
	$(BIN)/python -m tests.browser.pictures

docs: $(STAMPS)/dev $(STAMPS)/docs ## The documentation site, in .site/html: every link and heading checked
	@$(BIN)/python -m website

terminal-picture: $(STAMPS)/dev $(STAMPS)/plugins ## Write docs/pictures/demo.svg: what make demo says
	@$(BIN)/python -m website.terminal_picture

lint: $(STAMPS)/dev ## Ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMPS)/dev ## Mypy, strict
	$(BIN)/mypy

format: $(STAMPS)/dev ## Put the code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

demo: $(STAMPS)/dev $(STAMPS)/plugins ## A sandbox ChakraHQ to DuckDB through Meltano, and scores back again
	@$(BIN)/python -m demo

demo-dlt: $(STAMPS)/dev ## The same through dlt: to DuckDB, a SQL model, and back
	@$(BIN)/python -m demo.dlt_both_ways

demo-spark: $(STAMPS)/spark$(SPARK_VERSION:%=-%) ## The same through Apache Spark: read in four tasks, SQL, and back
	@$(SPARK)/bin/python -m demo.spark_both_ways

bench: $(STAMPS)/dev $(STAMPS)/peers ## The tap beside a bare loop and its peers; PARTS="throughput memory" for some
	$(BIN)/python -m benchmarks $(PARTS)

bench-target: $(STAMPS)/dev ## The target beside a BatchSink, a bare loop and dlt: its own work, bad rows, kills
	$(BIN)/python benchmarks/by_hand/bench_target.py
	$(BIN)/python benchmarks/by_hand/bench_write.py

bench-dlt: $(STAMPS)/dev ## Rows per second through dlt: into DuckDB beside other ways, and back
	$(BIN)/python benchmarks/by_hand/bench_dlt.py
	$(BIN)/python benchmarks/by_hand/bench_dlt_write.py

bench-spark: $(STAMPS)/spark$(SPARK_VERSION:%=-%) ## Rows per second of 1, 2 and 4 tasks of Spark beside one process
	$(SPARK)/bin/python benchmarks/by_hand/bench_spark.py

prove-scan: $(STAMPS)/dev ## A thousand scans of a churning server, in process, and what they missed
	$(BIN)/python -m tests.campaigns.scan_proof

served: $(STAMPS)/dev ## Requests a page where each answer is changed just after it was served, in process
	$(BIN)/python -m tests.campaigns.served

churn: $(STAMPS)/dev ## The oracle's verdict on 20 seeds of churn, 20,000 rows each
	$(BIN)/python -m tests.campaigns.churn

kill: $(STAMPS)/dev ## Signals to the real tap and target at 1,000 points each; POINTS=50 for fewer
	$(BIN)/python -m tests.campaigns.kills tap --points $(POINTS)
	$(BIN)/python -m tests.campaigns.kills target --points $(POINTS)
	$(BIN)/python -m tests.campaigns.kills undo --points $(POINTS)
	$(BIN)/python -m tests.campaigns.kills apply --points 150
	$(BIN)/python -m tests.campaigns.kills message --points 300

webhook-kills: $(STAMPS)/dev ## SIGKILL to the real listener 300 times: is every event that got a 200 there? KILLS=30 for fewer
	$(BIN)/python -m tests.campaigns.webhook_kills --kills $(KILLS)

unlucky: $(STAMPS)/dev ## Full disks at every n-th byte and signals at every answer, 600 cases in process
	$(BIN)/python -m tests.campaigns.unlucky

soak: $(STAMPS)/dev ## Simulated weeks both ways, 1,000 days; DAYS=100 SEED=7 for others
	$(BIN)/python -m tests.campaigns.soak --days $(DAYS) --seed $(SEED)

hostile: $(STAMPS)/dev ## Each endpoint, each malformed answer, against the real tap and target
	$(BIN)/python -m tests.campaigns.hostile

faults: $(STAMPS)/dev ## Every single fault, all pairs, and random ones, on a virtual clock
	$(BIN)/python -m tests.campaigns all

clocks: $(STAMPS)/dev ## Deaths with open jobs while the machine's clock jumps; CASES=100 for fewer
	@$(BIN)/python -m tests.campaigns clocks --cases $(CASES)

lag: $(STAMPS)/dev ## Lists that lag up to 30 s, both ways, under runs that follow at once; CASES=100
	@$(BIN)/python -m tests.campaigns lag --cases $(CASES)

entries: $(STAMPS)/dev ## Entries that say little, in any order; and schedules with unknown rows
	$(BIN)/python -m tests.campaigns entries --cases 400
	$(BIN)/python -m tests.campaigns schedule --cases 400

fencing: $(STAMPS)/dev ## A second run at every step of a first one, its lock lost in every way
	$(BIN)/python -m tests.campaigns.fencing

faults-report: $(STAMPS)/dev ## Write docs/faults.md from what the campaigns found last
	$(BIN)/python -m tests.campaigns report

endpoints-page: $(STAMPS)/dev ## Write docs/endpoints.md and its table in the README: each endpoint, what uses it, its tests
	$(BIN)/python -m tests.house.endpoints_page

values-page: $(STAMPS)/dev ## Write docs/values.md from the table of attribute types
	$(BIN)/python -m tests.house.values_page

reference: $(STAMPS)/dev ## Write what of docs/reference, and of the badges, is made of the code
	@$(BIN)/python -m website.reference

plugin-files: $(STAMPS)/dev ## Write plugins/*.yml from meltano.yml
	$(BIN)/python -m tests.house.plugin_files

mirrors: $(STAMPS)/dev ## Weeks of a mirrored source, with faults and other people: what was deleted, and what was not
	$(BIN)/python -m tests.campaigns.mirrors

fuzz: $(STAMPS)/dev ## Bad input of every kind, 2,000 examples a rule
	$(BIN)/python -m pytest tests/fuzz -n auto --maxprocesses=4 --dist=worksteal --hypothesis-profile=fuzz --timeout=3600

mutants: $(STAMPS)/mutants ## Change what decides, one place at a time: do the tests notice? Writes docs/mutants.md
	$(BIN)/python -m tests.campaigns.mutants

test-lowest: $(STAMPS)/dev ## Unit and dlt tests on the lowest direct versions that pyproject.toml allows
	@test -x .venv-lowest/bin/python || $(PYTHON) -m venv .venv-lowest
	@.venv-lowest/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/lowest.txt
	@.venv-lowest/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	.venv-lowest/bin/python -m pytest -n auto --maxprocesses=4 --dist=loadfile tests/unit tests/promises tests/contract tests/integration/test_dlt_*.py

audit-deps: $(STAMPS)/audit ## Known faults of the locked packages; exit code 2 where that can't be looked up
	@$(AUDIT)/bin/python requirements/audit.py

sbom: $(STAMPS)/audit ## What the release depends on, locked, as a CycloneDX file in dist/
	@mkdir -p dist
	@$(AUDIT)/bin/python -W ignore -m cyclonedx_py requirements requirements/release.txt --pyproject pyproject.toml --mc-type library --short-PURLs --output-reproducible --of JSON -o dist/chakra-connectors.cdx.json
	@echo "wrote dist/chakra-connectors.cdx.json"

release-files: $(STAMPS)/dev sbom ## Wheel, source and SBOM, into dist/
	@$(BIN)/python -m uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist .
	@ls dist

release: $(STAMPS)/dev $(STAMPS)/artefacts ## Sign off the changelog, build, check, and say what to upload; exit code 2 until all is ready
	@$(BIN)/python requirements/release.py sign-off
	@$(MAKE) --no-print-directory release-files
	@$(ARTEFACTS)/bin/python -m twine check --strict dist/*.whl dist/*.tar.gz
	@$(BIN)/python requirements/release.py upload

lock: $(STAMPS)/dev ## Resolve the locked requirements anew
	$(BIN)/python requirements/lock.py

clean: ## Remove environments, stamps and what the demo left
	rm -rf $(VENV) $(MELTANO) $(PEERS) $(AUDIT) $(DBT) $(ARTEFACTS) $(AIRFLOW) $(DAGSTER) $(DOCS) .site .venv-spark* .venv-lowest $(STAMPS) .meltano output mutants
