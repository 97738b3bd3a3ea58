# The front door: each target calls one tool. `make help` lists them.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
# Seconds for each fuzzer in `make fuzz`.
SECONDS_EACH ?= 30

.DEFAULT_GOAL := build
.PHONY: build demo test test-long bench install check format fuzz clean help

build: ## the program, as build/gopouch
	tools/install-deps.sh build
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target gopouch

demo: build ## build, then show a cold and a warm build of a real module
	tools/demo.sh build/gopouch

test: ## every test but the long ones
	tools/install-deps.sh build test
	tools/test-servers.sh
	cmake --preset release
	cmake --build --preset release -j $(JOBS)
	ctest --test-dir build --output-on-failure -LE long -j $$(($(JOBS) + 1))

test-long: ## the tests that take minutes
	tools/install-deps.sh build test
	tools/test-servers.sh long
	cmake --preset release
	cmake --build --preset release -j $(JOBS)
	ctest --test-dir build --output-on-failure -L long -j $(JOBS)

bench: build ## gopouch beside Go's own cache; N=9 COLD=3 MODULES=… set the size
	tools/install-deps.sh bench
	bench/protocol.sh build/gopouch
	bench/builds.sh build/gopouch

install: build ## into $(DESTDIR)$(PREFIX)/bin
	DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(PREFIX)"

check: ## format, lint and layers
	tools/install-deps.sh build check
	cmake --preset release
	tools/check.sh

format: ## format the C++ and Go sources in place
	tools/install-deps.sh check
	tools/format.sh -i

fuzz: ## each fuzzer for SECONDS_EACH=30 seconds
	tools/install-deps.sh build check
	tools/fuzz.sh $(SECONDS_EACH)

clean: ## remove all build folders
	rm -rf build build-*

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
