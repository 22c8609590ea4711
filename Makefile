# Two commands do everything on a fresh machine: `make demo` and `make test`.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# npm scripts run on the Node 24 that npm installs, whatever the machine has.
RUN := npm run --silent
# Where the demo and the e2e tests run: embedded (default), kind, or current (the current context).
CLUSTER ?= embedded
export CLUSTER

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

node_modules/.package-lock.json: package.json package-lock.json $(wildcard */package.json demo-services/*/package.json)
	@# Not `npm ci`: it insists on optional packages of platforms that are not this one.
	npm install --no-save --no-audit --no-fund
	@touch $@

.PHONY: install
install: node_modules/.package-lock.json

.PHONY: demo
demo: install ## Scale real consumers on a real lag, live (EXIT=1 ends it, PROFILE=compat|scale280, CLUSTER=kind|current)
	$(RUN) demo

.PHONY: test
test: install ## All tests: verify, unit, end to end; the last line counts them
	$(RUN) test-all

.PHONY: test-unit
test-unit: install ## Unit and property tests only
	$(RUN) test-unit

.PHONY: test-e2e
test-e2e: install ## Tests on real Kafka and a real API server only
	$(RUN) test-e2e

.PHONY: stack-up
stack-up: install ## Start the embedded stack (Kafka, Kubernetes) and keep it running (STACK=name for a second one)
	$(RUN) stack -- up

.PHONY: stack-down
stack-down: install ## End the embedded stack and everything it started
	$(RUN) stack -- down

.PHONY: stack-status
stack-status: install ## Show each part of the embedded stack
	$(RUN) stack -- status

.PHONY: verify
verify: install ## Generated types, lint, types, dead code, manifests
	$(RUN) verify

.PHONY: bench
bench: install ## Measure reaction, idle cost and the demo services, into .bench/
	$(RUN) bench

.PHONY: bench-lag
bench-lag: install ## Measure reading lag: requests, CPU, memory, exactness, beside kafkajs, into .bench/lag.json
	$(RUN) bench-lag
