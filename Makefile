# `make` alone lists what there is. `make run` and `make test` set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HTTPX2 := $(VENV)/httpx2
FLOORS := $(VENV)/floors
CLIENTS := $(VENV)/clients
RELEASE := $(VENV)/release
FUZZING := $(VENV)/fuzz
MUTATION := $(VENV)/mutate
CEILINGS := $(VENV)/ceilings
# Every branch of these is tested: tokens, keys, roles, Management, limits, guards and the ASGI guard.
COVERED := */auth0_sso/tokens/*,*/jwks/*,*/roles/*,*/management/*,*/ratelimit/*,*/web/guards/*,*/web/checks/*,*/asgi/*
# The lock files name everything: with its dependencies resolved again, a package's newer release could break an install.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
VERIFY := $(BIN)/python -m pip --disable-pip-version-check check
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
# Auth0's resource servers for Python are prereleases.
PRERELEASES := --prerelease if-necessary-or-explicit

.DEFAULT_GOAL := help
.PHONY: help run test test-httpx2 test-mcp floors ceilings test-python fuzz mutate check audit sbom release image container bench bench-quick load format lock lock-clients clean

help: ## List these targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

run: $(VENV)/run.stamp ## Serve the API and a development tenant beside it
	$(BIN)/auth0-sso dev

test: $(VENV)/dev.stamp $(VENV)/release.stamp $(if $(shell command -v npm),$(VENV)/clients.stamp) ## Run all tests, and require them to cover the code
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report
	@$(BIN)/coverage report --fail-under=100 --include="$(COVERED)" >$(VENV)/coverage.txt || { cat $(VENV)/coverage.txt; exit 1; }

test-httpx2: $(VENV)/httpx2.stamp ## Run all tests with httpx2 in an environment without httpx
	$(HTTPX2)/bin/python -m pytest

ceilings: $(VENV)/ceilings.stamp ## Run all tests with the newest versions that pyproject.toml allows, whatever is locked
	$(CEILINGS)/bin/python -m pytest

test-mcp: $(VENV)/mcp.stamp ## Run the tests with the SDK of MCP, in an environment of its own
	$(VENV)/mcp/bin/python -m pytest tests/test_mcp.py tests/examples/test_mcp_server.py

test-python: ## Run all tests with another interpreter: make test-python PYTHON=python3.13
	$(MAKE) --no-print-directory VENV=$(VENV)/$(notdir $(PYTHON)) PYTHON=$(PYTHON) $(VENV)/$(notdir $(PYTHON))/dev.stamp
	$(VENV)/$(notdir $(PYTHON))/bin/python -m pytest

# Starlette's TestClient of that time uses what the newest anyio deprecates; test_plugin.py starts a pytest of its own.
# Tracing, and routes that are generators, need a newer FastAPI than the rest.
FLOORS_TEST := $(FLOORS)/bin/python -m pytest -W "ignore:The anyio.abc.BlockingPortal alias"
NEWER_FASTAPI := tests/tracing tests/service/test_tracing.py tests/service/test_start_line.py tests/web/guards/test_values_of_guards.py
floors: $(VENV)/floors.stamp ## Run the library's tests with the lowest versions that pyproject.toml allows
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(FLOORS)/lowest.txt
	$(FLOORS_TEST) $(addprefix tests/,asgi audit calling http inspection jwks management metrics oauth ratelimit replay \
	  resilience revocation roles service settings store testing tokens web) \
	  $(addprefix --ignore ,tests/testing/test_plugin.py $(NEWER_FASTAPI))
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(FLOORS)/lowest-tracing.txt
	$(FLOORS_TEST) $(NEWER_FASTAPI)

# Seconds for all targets together. What is found is in $(FUZZING)/runs; the corpora and docs/fuzzing.md are committed.
FUZZ ?= 600
fuzz: $(VENV)/fuzz.stamp ## Fuzz the parsers for FUZZ=600 seconds in all; TARGETS="jws jwk" names some
	PYTHONPATH=tests nice -n 19 $(FUZZING)/bin/python tests/fuzz/run.py $(FUZZING)/runs $(FUZZ) $(TARGETS)

MUTATE ?= tokens jwks roles web/guards web/checks
mutate: $(VENV)/mutate.stamp ## Measure how many small changes the tests notice; MUTATE="tokens jwks" names packages
	nice -n 19 $(MUTATION)/bin/python tools/mutate.py $(abspath $(MUTATION))/bin/mutmut $(MUTATION)/runs $(MUTATE)

# An unreachable network costs the audit ten seconds and does not fail it. An advisory that does not concern this project
# is accepted here: --ignore-vuln=ID
AUDIT ?=
check: $(VENV)/dev.stamp $(VENV)/release.stamp ## Lint, types, import rules, licenses, deploy/, vulnerabilities, lock files in step
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/kubernetes-validate --strict $(filter-out %/kustomization.yaml,$(wildcard deploy/kubernetes/*.yaml))
	$(BIN)/python tools/licenses.py
	$(BIN)/python tools/audit.py $(RELEASE)/bin/pip-audit locks/*.txt $(AUDIT)
	@cp -R locks $(VENV)/locks.now && trap 'rm -rf $(VENV)/locks.now' EXIT && \
	  $(MAKE) --no-print-directory lock LOCKS=$(VENV)/locks.now && diff -r locks $(VENV)/locks.now && \
	  echo "Lock files are in step."

# Two builds of one commit have the same image id. IMAGE_OPTIONS are for `docker build`, such as --target dev.
IMAGE ?= auth0-sso
# The address of the repository, for the image's label; not git's remote, which may have a password in it.
SOURCE ?=
image: ## Build the image of the service; IMAGE_OPTIONS="--build-arg PYTHON=python:3.13-slim@sha256:..." pins the base
	docker build $(IMAGE_OPTIONS) -t $(IMAGE) --build-arg SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) \
	  --build-arg REVISION=$$(git rev-parse HEAD) --build-arg SOURCE=$(SOURCE) .

container: ## Build the images and run them hardened, scaled and with faults; says why where it cannot
	@tests/container/main.sh

audit: $(VENV)/dev.stamp $(VENV)/release.stamp ## Look up known vulnerabilities of all dependencies; AUDIT=--required fails without network
	$(BIN)/python tools/audit.py $(RELEASE)/bin/pip-audit locks/*.txt $(AUDIT)

sbom: $(VENV)/dev.stamp $(VENV)/release.stamp ## Write dist/*.cdx.json, the CycloneDX SBOM of what the service is locked to
	$(BIN)/python tools/release.py --sbom $(abspath $(RELEASE))/bin/cyclonedx-py dist

release: $(VENV)/dev.stamp $(VENV)/release.stamp ## Build wheels, sdists, SBOM, SHA256SUMS and notes in dist/; run it twice and compare
	$(BIN)/python tools/release.py $(abspath $(RELEASE))/bin/cyclonedx-py dist

MEASURE := PYTHONPATH=tests $(BIN)/python -W ignore
bench: $(VENV)/bench.stamp $(if $(shell command -v npm),$(VENV)/node.stamp) ## Compare with other servers and libraries, and write docs/benchmarks.md
	$(MEASURE) bench/run.py $(BENCH)
	$(MEASURE) bench/callers.py
	@echo
	$(MEASURE) bench/dpop.py
	@echo
	$(MEASURE) bench/tenant_calls.py
	@echo
	$(MEASURE) bench/crowd_without_roles.py

bench-quick: $(VENV)/bench.stamp ## Measure the layers of a request and a verification, in less than a minute
	$(MEASURE) bench/run.py --quick

load: $(VENV)/dev.stamp ## Serve a thousand connections, four times too many requests, and go on while everything fails
	PYTHONPATH=tests $(BIN)/python -W ignore bench/load.py
	@echo
	PYTHONPATH=tests $(BIN)/python -W ignore bench/overload.py
	@echo
	PYTHONPATH=tests $(BIN)/python -W ignore bench/audit_latency.py
	@echo
	PYTHONPATH=tests $(BIN)/python -W ignore bench/memory.py
	@echo
	PYTHONPATH=tests $(BIN)/python -W ignore bench/soak.py 180

format: $(VENV)/dev.stamp ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

LOCKS ?= locks
# The development tenant is a distribution of its own; what it needs is locked with the service.
PROJECTS := pyproject.toml devtenant/pyproject.toml --extra service --extra audit --extra tracing
lock: $(VENV)/dev.stamp ## Bring the lock files in step with pyproject.toml; UPGRADE=--upgrade takes newer versions
	@$(COMPILE) $(UPGRADE) $(PROJECTS) -o $(LOCKS)/runtime.txt
	@$(COMPILE) $(UPGRADE) devtenant/pyproject.toml -c $(LOCKS)/runtime.txt -o $(LOCKS)/devtenant.txt
	@$(COMPILE) $(UPGRADE) $(PROJECTS) --group dev $(PRERELEASES) -c $(LOCKS)/runtime.txt -o $(LOCKS)/dev.txt
	@$(COMPILE) $(UPGRADE) $(PROJECTS) --extra httpx2 --group dev $(PRERELEASES) --no-emit-package httpx --no-emit-package httpcore \
	  -c $(LOCKS)/dev.txt -o $(LOCKS)/httpx2.txt
	@$(COMPILE) $(UPGRADE) --group bench $(PRERELEASES) -c $(LOCKS)/dev.txt -o $(LOCKS)/bench.txt
	@$(COMPILE) $(UPGRADE) --group release -o $(LOCKS)/release.txt
	@$(COMPILE) $(UPGRADE) --group fuzz -c $(LOCKS)/dev.txt -o $(LOCKS)/fuzz.txt
	@$(COMPILE) $(UPGRADE) --group mcp -c $(LOCKS)/dev.txt -o $(LOCKS)/mcp.txt
	@$(COMPILE) $(UPGRADE) --group mutate -c $(LOCKS)/dev.txt -o $(LOCKS)/mutate.txt
	@$(COMPILE) $(UPGRADE) --group build -c $(LOCKS)/dev.txt -o $(LOCKS)/build.txt

# npm leaves out where a package came from (.npmrc), but not where its author takes donations.
lock-clients: $(BIN)/python ## Bring the lock file of tests/clients in step with its package.json
	npm install --prefix tests/clients --package-lock-only --ignore-scripts --loglevel=error --no-fund --no-audit
	@$(BIN)/python -c 'import json, pathlib; path = pathlib.Path("tests/clients/package-lock.json"); \
	  lock = json.loads(path.read_text()); [package.pop("funding", 0) for package in lock["packages"].values()]; \
	  path.write_text(json.dumps(lock, indent=2) + "\n")'

clean: ## Remove the environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: $(BIN)/python pyproject.toml devtenant/pyproject.toml locks/runtime.txt locks/build.txt
	$(INSTALL) --require-hashes -r locks/runtime.txt -r locks/build.txt
	$(INSTALL) --no-build-isolation --editable . --editable devtenant
	@$(VERIFY)
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp locks/dev.txt
	$(INSTALL) --require-hashes -r locks/dev.txt
	@$(VERIFY)
	@touch $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp locks/bench.txt
	$(INSTALL) --require-hashes -r locks/bench.txt
	@$(VERIFY)
	@touch $@

$(VENV)/node.stamp: $(BIN)/python $(wildcard bench/node/*) bench/node/.npmrc
	mkdir -p $(VENV)/node && cp bench/node/.npmrc bench/node/* $(VENV)/node
	npm ci --prefix $(VENV)/node --loglevel=error --no-fund --no-audit
	@touch $@

$(VENV)/clients.stamp: $(BIN)/python tests/clients/package.json tests/clients/package-lock.json tests/clients/.npmrc
	mkdir -p $(CLIENTS) && cp tests/clients/.npmrc tests/clients/package*.json $(CLIENTS)
	npm ci --prefix $(CLIENTS) --ignore-scripts --loglevel=error --no-fund --no-audit
	@touch $@

# The tests and the official SDK import httpx: a package of that name makes it httpx2, as an app would.
HTTPX := import sys\nimport httpx2\nfrom httpx2 import *\nsys.modules.pop("httpx")\nhttpx2.alias_httpx()\n
$(VENV)/httpx2.stamp: $(VENV)/dev.stamp locks/httpx2.txt
	rm -rf $(HTTPX2) && $(PYTHON) -m venv $(HTTPX2)
	$(HTTPX2)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/httpx2.txt
	$(HTTPX2)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --editable . --editable devtenant
	cd $(HTTPX2)/lib/python3*/site-packages && mkdir httpx && touch httpx/py.typed && printf '$(HTTPX)' > httpx/__init__.py
	@touch $@

$(VENV)/release.stamp: $(BIN)/python locks/release.txt
	rm -rf $(RELEASE) && $(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/release.txt
	@$(RELEASE)/bin/python -m pip --disable-pip-version-check check
	@touch $@

# Environments of the tests' packages and one tool more.
$(VENV)/fuzz.stamp $(VENV)/mcp.stamp $(VENV)/mutate.stamp: $(VENV)/%.stamp: $(VENV)/dev.stamp locks/%.txt
	rm -rf $(VENV)/$* && $(PYTHON) -m venv $(VENV)/$*
	$(VENV)/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r locks/dev.txt -r locks/$*.txt
	$(VENV)/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --editable . --editable devtenant
	@$(VENV)/$*/bin/python -m pip --disable-pip-version-check check
	@touch $@

$(VENV)/floors.stamp: $(VENV)/dev.stamp pyproject.toml
	rm -rf $(FLOORS) && $(PYTHON) -m venv $(FLOORS)
	$(COMPILE) --resolution lowest-direct pyproject.toml --extra service --extra audit -o $(FLOORS)/lowest.txt
	$(COMPILE) --resolution lowest-direct pyproject.toml --extra service --extra audit --extra tracing \
	  -o $(FLOORS)/lowest-tracing.txt
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/dev.txt
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --editable . --editable devtenant
	@touch $@

# Resolved anew each time (there is no stamp), without the lock files and without changing them.
$(VENV)/ceilings.stamp: $(VENV)/dev.stamp
	rm -rf $(CEILINGS) && $(PYTHON) -m venv $(CEILINGS)
	$(COMPILE) --upgrade $(PROJECTS) --group dev $(PRERELEASES) -o $(CEILINGS)/newest.txt
	$(CEILINGS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(CEILINGS)/newest.txt
	$(CEILINGS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --editable . --editable devtenant
	@$(CEILINGS)/bin/python -m pip --disable-pip-version-check check
	@grep == $(CEILINGS)/newest.txt | grep -vxFf locks/dev.txt || echo "Nothing is newer than what is locked."
