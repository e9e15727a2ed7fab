# Affluence. `make help` lists what can be made; `make run` and `make test` set everything up by themselves.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
# The first Python that answers and is 3.11 or later; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && { echo $$p; break; }; done)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
CODE := src tests benchmarks docs deploy notebooks

# What a run works on: DATA=name or DATA=path CONTRACT=name-or-path; PROMOTE=1 makes its model the champion; MODE=fast
# is quicker; CHAMPION=key says whose ranking becomes the list; REVIEW= and DO_NOT_TRAIN= name sheets,
# TUNED= a file of tuned settings; ENGINE=spark does the wide steps on Spark.
$(if $(filter-out spark,$(ENGINE)),$(error There is no engine $(ENGINE). Give ENGINE=spark, or leave it out))
RUN_OPTIONS := $(if $(DATA),--data $(DATA)) $(if $(CONTRACT),--contract $(CONTRACT)) $(if $(PROMOTE),--promote) \
	$(if $(MODE),--mode $(MODE)) $(if $(CHAMPION),--champion $(CHAMPION)) $(if $(REVIEW),--review $(REVIEW)) \
	$(if $(DO_NOT_TRAIN),--do-not-train $(DO_NOT_TRAIN)) $(if $(TUNED),--tuned $(TUNED)) $(if $(ENGINE),--env $(ENGINE))

##@ Use
.PHONY: run
run: $(VENV)/$(or $(ENGINE),main) ## Read, train, evaluate, score, rank and report (DATA=, CONTRACT=, MODE=fast, CHAMPION=, PROMOTE=1, ENGINE=spark)
	@$(BIN)/affluence run $(RUN_OPTIONS)

.PHONY: serve
serve: $(VENV)/main ## Run the service here: pages, API, workers, MLflow; one command, Ctrl-C stops it (SERVE="--port 9000")
	@$(BIN)/affluence-service serve $(SERVE)

.PHONY: demo
demo: $(VENV)/main ## The same with people of every role and a made bank in it, SIMULATED (SERVE="--customers 10000")
	@$(BIN)/affluence-service demo $(SERVE)

.PHONY: observe
observe: $(VENV)/main ## As demo, with traces in MLflow's pages, metrics for Prometheus and logs as JSON (SERVE="--customers 10000")
	@$(BIN)/affluence-service demo --observe $(SERVE)

.PHONY: notebooks
notebooks: $(VENV)/notebooks ## Open the notebooks in a browser (JupyterLab)
	@$(BIN)/jupyter lab --notebook-dir notebooks --LabApp.news_url=None \
		--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

.PHONY: viz
viz: $(VENV)/viz ## Show the pipelines in a browser (Kedro-Viz)
	@$(BIN)/kedro viz run

##@ Prove
.PHONY: test
test: $(VENV)/dev ## The fast tests (TESTS=path runs some)
	@$(BIN)/python -m pytest -m "not slow" $(TESTS)

.PHONY: test-slow
test-slow: $(VENV)/dev ## The slow tests; one whose program is absent says so
	@$(BIN)/python -m pytest -m slow $(TESTS)

.PHONY: test-postgres
test-postgres: $(VENV)/dev ## The service's fast tests on a PostgreSQL of their own
	@AFFLUENCE_TEST_POSTGRES=1 $(BIN)/python -m pytest -m "not slow" $(or $(TESTS),tests/affluence_service)

.PHONY: chaos
chaos: $(VENV)/dev ## Kill workers while they score, and see that nothing is lost or different (RUNS=20, KILLS=20, DATABASE=postgres)
	@$(BIN)/python -m benchmarks.chaos --runs $(or $(RUNS),20) --kills $(or $(KILLS),20) --database $(or $(DATABASE),sqlite)

.PHONY: lint
lint: $(VENV)/dev ## Format, ruff, flake8, strict types, import contracts
	@PATH="$(abspath $(BIN)):$$PATH" ./lint.sh

.PHONY: load
load: $(VENV)/dev ## Fifty people at the service for a minute, its own counts held to theirs (LOAD="--users 8 --seconds 10")
	@$(BIN)/python -m benchmarks.load $(LOAD)

.PHONY: bench-published
bench-published: $(VENV)/main ## The published models and ours on one made bank (three minutes)
	@$(BIN)/python -m benchmarks.published_ways

.PHONY: bench-finder
bench-finder: $(VENV)/main ## The finder beside other ways, as a share of what could be found (hours; goes on where it stopped; SHORT=1: two minutes)
	@$(BIN)/python -m benchmarks.finder $(if $(SHORT),--short)

.PHONY: bench-scale
bench-scale: $(VENV)/main ## Time and memory of scoring by stream, by pandas and at the limit (ROWS="10000 1000000", LISTED=10000)
	@$(BIN)/python -m benchmarks.scale $(foreach rows,$(ROWS),--rows $(rows)) $(if $(LISTED),--listed $(LISTED))

.PHONY: check
check: lint test ## Lint and the fast tests

.PHONY: check-all
check-all: lint test test-slow ## Lint and all tests

##@ Write
.PHONY: docs
docs: $(VENV)/dev ## The documentation, into docs/_build/html; a warning is an error
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "The documentation stands in docs/_build/html/index.html"

.PHONY: format
format: $(VENV)/dev ## Format the code and sort its imports
	@$(BIN)/ruff format $(CODE) && $(BIN)/ruff check --fix-only -q $(CODE)

##@ Ship
# DRY=1 says what would be run. An image is deployed by its digest, as the push wrote it down.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
IMAGE ?= affluence:$(VERSION)
IMAGE_REFERENCE ?= $(shell cat build/image.reference 2>/dev/null)
ENVIRONMENT ?= dev
SCANNER ?= trivy image --exit-code 1 --severity HIGH,CRITICAL --ignore-unfixed

.PHONY: image
image: ## Build the image with podman, docker or buildah (IMAGE=, BASE=, BUILDER=, BUILD_OPTIONS=, DRY=1)
	@DRY=$(DRY) BASE="$(BASE)" BUILDER="$(BUILDER)" BUILD_OPTIONS="$(BUILD_OPTIONS)" deploy/image.sh "$(IMAGE)" "$(VERSION)"

.PHONY: push
push: ## Push the image and write its digest down (IMAGE=, REGISTRY=host/name, VERSION=, DRY=1)
	@DRY=$(DRY) deploy/push.sh "$(IMAGE)" "$(REGISTRY)" "$(VERSION)"

.PHONY: deploy
deploy: ## Migrate and roll out the pushed image (ENVIRONMENT=dev, IMAGE_REFERENCE=name@digest, DRY=1)
	@DRY=$(DRY) deploy/openshift/rollout.sh deploy "$(ENVIRONMENT)" "$(IMAGE_REFERENCE)"

.PHONY: rollback
rollback: ## Go back to what stood before the last deploy (ENVIRONMENT=dev, DRY=1)
	@DRY=$(DRY) deploy/openshift/rollout.sh back "$(ENVIRONMENT)"

.PHONY: smoke
smoke: $(VENV)/python ## Ask a running service, from outside, whether it answers as it should (SERVICE_URL=https://host, DRY=1)
	@$(if $(DRY),echo would run:) $(BIN)/python deploy/smoke.py "$(SERVICE_URL)"

.PHONY: scan
scan: ## Look for known vulnerabilities in the image with the scanner of your house (IMAGE=, SCANNER=, DRY=1)
	@$(if $(DRY),echo would run:) $(SCANNER) "$(IMAGE)"

.PHONY: audit
audit: $(VENV)/audit ## Ask of every locked version what is known against it (ADVISORIES=osv, pypi, an address or a file)
	@$(BIN)/python deploy/supply_chain/audit.py requirements/*.txt --advisories "$(or $(ADVISORIES),osv)"

.PHONY: licences
licences: $(VENV)/audit ## List the licences of what ships, and hold them to those that are allowed
	@$(BIN)/python deploy/supply_chain/licences.py

.PHONY: sbom
sbom: $(VENV)/audit ## The bill of materials of what ships (CycloneDX), into build/sbom.json
	@mkdir -p build && sed '/^\[dependency-groups\]/,$$d' pyproject.toml > build/project.toml
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements requirements/main.txt --pyproject build/project.toml \
		--output-reproducible -o build/sbom.json
	@echo "The bill of materials stands in build/sbom.json"

.PHONY: release
release: ## Tag a release, if version, changelog and files agree (VERSION=1.2.0, DRY=1)
	@$(PYTHON) deploy/supply_chain/release.py "$(VERSION)" $(if $(DRY),--dry-run)

##@ Keep
.PHONY: lock
lock: ## Lock the dependencies again and export them with hashes (needs Poetry with its export plugin)
	poetry lock
	poetry export -q --with build -o requirements/main.txt
	poetry export -q --with build,test,lint,docs -o requirements/dev.txt
	poetry export -q --with build,test,lint,docs,viz -o requirements/viz.txt
	poetry export -q --with build,spark -o requirements/spark.txt
	poetry export -q --with build,notebooks -o requirements/notebooks.txt
	poetry export -q --with build,audit -o requirements/audit.txt

.PHONY: hooks
hooks: $(VENV)/dev ## Have git run the lint before a commit and before a push (pre-commit)
	@$(BIN)/pre-commit install --hook-type pre-commit --hook-type pre-push

.PHONY: clean
clean: ## Remove what was made: the environment, caches, documentation, results (contracts and raw data stay)
	rm -rf $(VENV) docs/_build build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .viz mlruns
	rm -rf data/02_intermediate data/04_feature data/06_models data/07_model_output data/08_reporting
	find src tests -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# One environment, grown as needed: each mark below says that its requirements are in it.
$(VENV)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and none was found (PYTHON=path names one)." >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version), once." >&2
	@$(PYTHON) -m venv $(VENV) && touch $@

$(VENV)/main $(VENV)/dev $(VENV)/viz $(VENV)/spark $(VENV)/notebooks $(VENV)/audit: $(VENV)/%: requirements/%.txt pyproject.toml $(VENV)/python
	@echo "Installing requirements/$*.txt (a minute or two, once)." >&2
	@$(PIP_INSTALL) --require-hashes -r requirements/$*.txt
	@$(PIP_INSTALL) --no-build-isolation -e .
	@touch $@
