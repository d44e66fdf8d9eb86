# `make demo` and `make test` are all that a fresh Debian 12 machine with Swift 6.3 needs; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SWIFT ?= swift
JOBS ?= $(shell nproc)
PYTHON ?= python3
SWEEPD := .build/release/sweepd
VENV := .venv-test

# What building needs, what the tests need beside it, and what the network tests need (they run as root only).
BUILD_PACKAGES := libzmq3-dev libsqlite3-dev zlib1g-dev libsodium-dev libpng-dev libjpeg-dev
TEST_PACKAGES := git python3 protobuf-compiler binutils qemu-user
# The page's tests are skipped without a browser.
BROWSER_PACKAGES := chromium chromium-driver fonts-liberation
NETWORK_PACKAGES := iproute2 nftables ethtool
# The tests of `sweepd up` start an ssh server of their own and are skipped without the program. Apart from the rest, because Debian
# starts one for the machine when it installs it.
NODE_PACKAGES := openssh-server openssh-client

# Tests that are about speed, long arithmetic (searchers that fit models too) or whole processes: without optimisation they would
# say nothing, or take ten times as long.
OPTIMISED_ONLY := ^(SweepKernelsTests|SweepTrainingTests|SweepExportTests|SweepWorkerTests|TrainedSweepTests|FaultBenchmarkTests|ProcessTests|NetworkTests)\.|^SweepSearchTests\.(ImportanceTests|ExplanationTests|GPSearcherTests|CMAESSearcherTests|TPESearcherTests|SearcherConformanceTests|SequenceTests)|^SimulationTests\.SameAnswerTests
# Functions of BoringSSL, which AsyncHTTPClient brings: they ask the processor before they use its instructions.
SELF_SELECTING := CNIOBoringSSL|^<(__bn_|__ecp_nistz256_|mulx4x_internal|_aesni_ctr32_|_ZL11keccak)
# Tests with sockets and clocks: they run apart from those that compute, which would keep the threads from them.
REAL_TIME := ^(SweepMessagingTests|SweepCoordinatorTests|SweepWorkerTests|SweepDashboardTests|ProcessTests|NetworkTests)\.

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install the system packages that building needs, when absent
	@scripts/install-packages $(BUILD_PACKAGES)

.PHONY: setup-test
setup-test: setup ## install what the tests need: network tools and a Python environment in .venv-test
	@scripts/install-packages $(TEST_PACKAGES)
	@scripts/install-packages --wanted $(NETWORK_PACKAGES)
	@scripts/install-packages --wanted $(BROWSER_PACKAGES)
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || scripts/install-packages python3-venv
	@$(MAKE) --no-print-directory $(VENV)/.installed

.PHONY: setup-nodes
setup-nodes: ## install sshd, which the tests of sweepd up need; Debian starts it where systemd runs
	@scripts/install-packages $(NODE_PACKAGES)

$(VENV)/.installed: Tests/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps 'axe-playwright-python>=0.1.8,<0.2'
	touch $@

.PHONY: build
build: setup ## build the release program, .build/release/sweepd
	$(SWIFT) build -c release -j $(JOBS) --product sweepd

# A program that holds Swift's libraries, libzmq, libsodium, SQLite and the C library: built apart, with flags of its own.
STATIC := .build-static
EMPTY_ROOT_PACKAGES := binutils util-linux

.PHONY: static
static: setup ## build dist/sweepd and, for nodes alone, dist/sweepd-worker: files that need nothing but a Linux kernel
	for product in sweepd sweepd-worker; do \
		SWEEPD_STATIC=1 $(SWIFT) build -c release -j $(JOBS) --product $$product --scratch-path $(STATIC) \
			-Xswiftc -static-executable -Xswiftc -static-stdlib; \
	done
	@scripts/install-packages binutils
	@mkdir -p dist
	for product in sweepd sweepd-worker; do strip -o dist/$$product $(STATIC)/release/$$product; done
	@ls -l dist/sweepd dist/sweepd-worker

.PHONY: check-static
check-static: static build ## run both in an empty root and compare their tables with the usual program's
	@scripts/install-packages $(EMPTY_ROOT_PACKAGES)
	@scripts/run-tests static -- scripts/check-static dist/sweepd $(SWEEPD) dist/sweepd-worker

.PHONY: deb
deb: static ## build a Debian package of dist/sweepd: units, manual pages, completions
	scripts/make-deb dist/sweepd dist

.PHONY: check-deb
check-deb: deb ## install the package into a root of its own, upgrade, remove and purge it
	@scripts/run-tests deb -- scripts/check-deb "$$(ls -t dist/sweepd_*.deb | head -n 1)"

.PHONY: demo
demo: build ## train the digits sweep on this machine and print the ranked table
	@directory=$$(mktemp -d -t digits-XXXXXX.sweepd); \
	echo "+ sweepd run sweeps/digits.yaml --directory $$directory --http 127.0.0.1:0" >&2; \
	$(SWEEPD) run sweeps/digits.yaml --directory "$$directory" --http 127.0.0.1:0

.PHONY: test
test: setup-test ## everything that must hold: style, documentation, all tests
	@rm -f .build/test-summary
	@$(MAKE) --no-print-directory lint
	@scripts/run-tests scripts -- $(VENV)/bin/python scripts/test-scripts
	$(SWIFT) build -c release -j $(JOBS) --build-tests
	@scripts/check-docs
	@scripts/make-commands-doc --check
	@scripts/run-tests cluster -- $(VENV)/bin/python scripts/check-cluster
	@scripts/check-objects .build/release $(SWEEPD) '$(SELF_SELECTING)'
	@scripts/run-tests emulated -- scripts/check-emulated .build/release
	@scripts/run-tests arm64 -- scripts/check-arm64 .build/release
	@scripts/run-tests allocations -- Benchmarks/count-allocations
	@$(SWIFT) test list -c release --skip-build | scripts/make-coverage-doc --check --tests -
	$(PROGRAM) scripts/run-tests optimised -- $(SWIFT) test -c release --skip-build --disable-xctest --skip '$(REAL_TIME)'
	$(PROGRAM) scripts/run-tests real-time -- $(SWIFT) test -c release --skip-build --disable-xctest --filter '$(REAL_TIME)'

.PHONY: check-arm64
check-arm64: setup ## compile the kernels for arm64, run them under emulation and compare their bits with this machine's
	@scripts/install-packages qemu-user
	$(SWIFT) build -c release -j $(JOBS) --product core-bench
	@scripts/run-tests arm64 -- scripts/check-arm64 .build/release

# What the real processes of a test need.
PROGRAM := SWEEPD_BINARY=$(CURDIR)/$(SWEEPD) SWEEPD_PYTHON=$(CURDIR)/$(VENV)/bin/python
PROCESSES := $(SWIFT) test -c release --skip-build --disable-xctest --no-parallel --filter

# The same logic without optimisation: the bounds of unsafe buffers are checked there. A second build of everything, so apart.
.PHONY: test-debug
test-debug: setup-test build ## the tests of logic again in a debug build, where the bounds of unsafe buffers are checked
	$(SWIFT) build -j $(JOBS) --build-tests
	$(PROGRAM) scripts/run-tests debug -- $(SWIFT) test --skip-build --disable-xctest --skip '$(OPTIMISED_ONLY)' --skip '$(REAL_TIME)'
	$(PROGRAM) scripts/run-tests debug-real-time -- $(SWIFT) test --skip-build --disable-xctest \
		--filter '^(SweepMessagingTests|SweepCoordinatorTests|SweepDashboardTests)\.'

.PHONY: test-mlflow
test-mlflow: setup-test ## bring a sweep to a real MLflow server (0.9 GB of Python packages in .venv-mlflow)
	@[ -x .venv-mlflow/bin/mlflow ] || { $(PYTHON) -m venv .venv-mlflow && .venv-mlflow/bin/pip install --quiet 'mlflow>=3,<4'; }
	$(SWIFT) build -c release -j $(JOBS) --build-tests
	$(PROGRAM) SWEEPD_MLFLOW_PYTHON=$(CURDIR)/.venv-mlflow/bin/python $(PROCESSES) HistoryExportTests

.PHONY: digests-long
digests-long: setup-test ## train a thousand steps with every kernel table and with the reference: the recorded bits
	$(SWIFT) build -c release -j $(JOBS) --build-tests
	SWEEPD_LONG_DIGESTS=1 scripts/run-tests digests-long -- $(SWIFT) test -c release --skip-build --disable-xctest \
		--filter 'SweepTrainingTests.DeterminismTests/.*thousand steps'

.PHONY: check-emulated-long
check-emulated-long: setup-test ## train ten steps of every kind on emulated older processors: the same bits (minutes)
	$(SWIFT) build -c release -j $(JOBS) --product core-bench
	scripts/run-tests --minutes 60 emulated-long -- scripts/check-emulated --steps 10 .build/release

.PHONY: kill-matrix
kill-matrix: setup-test ## kill, suspend and end each process at each moment of a trial: all 42 cells
	$(SWIFT) build -c release -j $(JOBS) --build-tests
	$(PROGRAM) SWEEPD_KILL_MATRIX=all scripts/run-tests --minutes 40 kill-matrix -- $(PROCESSES) KillMatrixTests

.PHONY: random-kills
random-kills: setup-test ## kill processes at random moments of one digits sweep; KILLS=100 SEED=…
	$(SWIFT) build -c release -j $(JOBS) --build-tests
	$(PROGRAM) SWEEPD_KILLS=$(or $(KILLS),100) SWEEPD_SEED=$(or $(SEED),$(shell date +%s)) \
		scripts/run-tests --minutes 60 random-kills -- $(PROCESSES) RandomKillTests

.PHONY: network-lab
network-lab: setup-test ## the network tests with default heartbeats and faults of 30 s (as root)
	$(SWIFT) build -c release -j $(JOBS) --build-tests
	$(PROGRAM) SWEEPD_NETWORK_LAB=full scripts/run-tests --minutes 40 network-lab -- $(PROCESSES) HostTests

# A sweep over what teams run it on, made here for the purpose. Each needs root, and is skipped with the reason where that or a
# program is missing.
SLURM_PACKAGES := slurm-wlm munge

.PHONY: check-nodes
check-nodes: build ## sweep over five hosts with workers started over ssh, one cut off and healed (as root)
	@scripts/install-packages --wanted $(NETWORK_PACKAGES) $(NODE_PACKAGES)
	@scripts/run-tests --minutes 40 nodes -- scripts/check-nodes --program $(SWEEPD)

.PHONY: check-slurm
check-slurm: build ## sweep through a real Slurm, one allocation cancelled on the way (as root)
	@scripts/install-packages --wanted $(SLURM_PACKAGES)
	@scripts/run-tests --minutes 40 slurm -- scripts/check-slurm --program $(SWEEPD)

.PHONY: check-machine
check-machine: deb ## try the package's units and programs' control groups in an emulated machine with a systemd and groups of its own (as root)
	@scripts/install-packages qemu-system-x86 mmdebstrap cpio
	@scripts/run-tests --minutes 60 machine -- scripts/check-machine --package "$$(ls -t dist/sweepd_*.deb | head -n 1)"

.PHONY: check-upgrade
check-upgrade: build ## sweep with this build and the one before it together, and upgrade on the way; OLD=COMMIT or OLD_BINARY=FILE
	@scripts/run-tests --minutes 90 upgrade -- scripts/check-upgrade --program $(SWEEPD) \
		$(if $(OLD_BINARY),--old-binary '$(OLD_BINARY)',$(if $(OLD),--old '$(OLD)'))

.PHONY: bench-idle
bench-idle: build setup-test ## measure what 10,000 idle workers cost a coordinator; BENCH_IDLE='--workers 10000 --minutes 20'
	$(VENV)/bin/python Benchmarks/idle-workers $(BENCH_IDLE)

# Targets whose tests run under the sanitizers: the protocol, messaging, coordination and the store, where threads and memory meet.
SANITIZED := ^(SweepWireTests|SweepMessagingTests|SweepCoordinationTests|SweepCoordinatorTests|SweepStoreTests)\.

.PHONY: sanitize
sanitize: setup ## run the tests of messaging, coordination and the store under the thread, address and leak sanitizers (two builds)
	@status=0; for sanitizer in thread address; do \
		$(SWIFT) build --sanitize=$$sanitizer --scratch-path .build/sanitize-$$sanitizer -j $(JOBS) --build-tests \
		&& ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$(CURDIR)/scripts/leak-suppressions TSAN_OPTIONS=halt_on_error=0:suppressions=$(CURDIR)/scripts/thread-suppressions \
			scripts/run-tests --minutes 60 sanitize-$$sanitizer -- $(SWIFT) test --sanitize=$$sanitizer \
			--scratch-path .build/sanitize-$$sanitizer --skip-build --disable-xctest --filter '$(SANITIZED)' \
		|| status=1; \
	done; exit $$status

# Seconds for each decoder.
SECONDS ?= 60

.PHONY: fuzz
fuzz: ## give every decoder changed inputs for SECONDS=60 each, with overflow checks on
	$(SWIFT) build -j $(JOBS) --build-tests
	SWEEPD_FUZZ_SECONDS=$(SECONDS) $(SWIFT) test --skip-build --disable-xctest --no-parallel --filter FuzzTests

.PHONY: lint
lint: ## check the format of the sources and their imports
	@status=0; \
	$(SWIFT) format lint --strict --parallel --recursive --configuration .swift-format Package.swift Sources Tests \
		|| status=1; \
	scripts/check-imports || status=1; \
	scripts/generate-page --check || status=1; \
	scripts/generate-python-module --check || status=1; \
	scripts/make-coverage-doc --check || status=1; \
	scripts/make-why-doc --check || status=1; \
	exit $$status

.PHONY: format
format: ## bring the sources into the house's format
	$(SWIFT) format --in-place --parallel --recursive --configuration .swift-format Package.swift Sources Tests

.PHONY: simulate
simulate: ## run sweeps among faults on a virtual clock; SEEDS=1000 FIRST=1 KIND=drawn|steered|infested|arrival|crowded|cleared|populated|branched|experimented|all
	$(SWIFT) build -c release -j $(JOBS) --product simulate-faults
	.build/release/simulate-faults --seeds $(or $(SEEDS),1000) --first $(or $(FIRST),1) --kind $(or $(KIND),drawn)

.PHONY: bench
bench: build ## measure this machine: matrix products and whole training steps
	$(SWIFT) build -c release -j $(JOBS) --product kernel-bench
	.build/release/kernel-bench

.PHONY: bench-events
bench-events: ## measure what an event costs the coordinator's core at 100 to 10,000 workers (minutes, some GiB)
	$(SWIFT) build -c release -j $(JOBS) --product simulate-faults
	.build/release/simulate-faults cost

.PHONY: bench-core
bench-core: build ## measure the training core against its peers (makes .build/peers; tens of minutes)
	$(SWIFT) build -c release -j $(JOBS) --product core-bench
	$(SWIFT) build -c release -j $(JOBS) --product kernel-bench
	Benchmarks/peers/set-up
	Benchmarks/bench-core $(BENCH_CORE)

.PHONY: bench-diagnosis
bench-diagnosis: setup ## put faults of known kinds into sound runs and count what the diagnosis makes of them (minutes)
	$(SWIFT) build -c release -j $(JOBS) --product diagnosis-bench
	.build/release/diagnosis-bench $(BENCH_DIAGNOSIS)

.PHONY: claims
claims: setup ## try what is said of loss curves, and write docs/claims.md (minutes)
	$(SWIFT) build -c release -j $(JOBS) --product diagnosis-bench
	.build/release/diagnosis-bench claims > docs/claims.md.new
	mv docs/claims.md.new docs/claims.md
	scripts/make-coverage-doc

.PHONY: why-doc
why-doc: build ## let `sweepd why` explain the examples, and write docs/why.md (a minute or two)
	scripts/make-why-doc

.PHONY: bench-page
bench-page: build setup-test ## measure the page: 2,000 trials of 50 epochs, and what fifty watchers cost
	$(VENV)/bin/python Benchmarks/bench-page $(BENCH_PAGE)

.PHONY: pictures
pictures: build setup-test ## make the README's pictures of the page and the terminal from a real sweep
	$(VENV)/bin/python scripts/make-pictures

.PHONY: bench-dispatch
bench-dispatch: build ## measure the coordinator against other orchestrators (makes .build/peers)
	Benchmarks/peers/set-up --orchestrators
	Benchmarks/bench-dispatch $(BENCH_DISPATCH)

.PHONY: bench-sweeps
bench-sweeps: ## sweep a network on MNIST by sweepd, Optuna and Ray Tune; DATA=folder (makes .build/peers; tens of minutes)
	@export DATA="$(or $(DATA),.)"; \
	if [ -e "$$DATA/mnist10k-images-idx3-ubyte.gz" ] && [ -e "$$DATA/mnist10k-labels-idx1-ubyte.gz" ]; then \
		$(MAKE) --no-print-directory build && Benchmarks/peers/set-up --orchestrators || exit; \
	fi; \
	Benchmarks/bench-sweeps $(BENCH_SWEEPS)

.PHONY: clean
clean: ## remove what was built
	rm -rf .build $(STATIC) $(VENV) .venv-mlflow dist
