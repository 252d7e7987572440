.DEFAULT_GOAL := help
.PHONY: help run test test-full test-deploy arch approve bench chaos fmt clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

run: ## start Modular here, with a database of its own under .data/
	@scripts/run

test: ## build once and run every test (needs nothing: it starts its own PostgreSQL and S3)
	@scripts/test

test-full: ## the same tests at full size, and the deployment stories on the Docker engine that DOCKER_HOST names
	@MODULAR_TEST_FULL=1 scripts/test Architecture Unit Integration Deploy

test-deploy: ## the deployment stories only: image, compose file, production test, rollback and restore, load, platforms, guides
	@scripts/test-deploy

arch: ## the architecture rules only
	@scripts/test Architecture

approve: ## accept the texts of the Contracts, the OpenAPI document and docs/configuration.md as they are now; their diff is the review
	@MODULAR_APPROVE=1 scripts/test Architecture

bench: ## measure (docs/performance.md); PEERS=1 also runs other job systems on the same server; ARGS="drain --jobs 5000"
	@dotnet run --project tests/Benchmarks --configuration Release -- $(ARGS)

chaos: ## break things under load (kill -9, SIGSTOP, crashes, full disks) and count what was lost
	@scripts/chaos

fmt: ## bring the code into the repository's format
	@dotnet format Modular.sln

clean: ## remove what was built (not .data/, which holds your jobs and objects)
	@rm -rf artifacts TestResults
