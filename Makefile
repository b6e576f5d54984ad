# One command for each thing; `make help` lists them. Everything a target needs is installed when it is missing.

.PHONY: help demo test check build native clean
.PHONY: lint types format unit sim day fuzz coverage
.PHONY: interop peers marathon guesses refusals floods faults soak bench
.PHONY: pitfalls crossings scenarios attacks classes mutants
.PHONY: ipk apk feed deps

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: build deps-lab ## a phone dials home and downloads, in network namespaces (KEEP=1 stays up)
	@sh test/lab/enter.sh node $$(node cross/bundle-tool.mjs test/lab/demo.ts)

test: deps build ## everything that continuous integration runs
	@node test/run/stages.mjs test

check: deps-build build ## the part that needs no root, in under two minutes
	@node test/run/stages.mjs check

bench: build deps-lab deps-bench ## speed, as ratios against peers in the same run (ONLY=tcp,udp ROUNDS=5)
	@sh cross/wireguard-go.sh
	@$(MAKE) -s -C native null bench-tools $$(command -v aarch64-linux-gnu-gcc >/dev/null && echo arm64-trace)
	@sh test/lab/enter.sh node $$(node cross/bundle-tool.mjs test/bench/bench.ts)

build: deps-build native ## build/bin/ikev2d and build/bin/ikectl
	@node cross/bundle.mjs

native: ## the C module, build/native/libikev2esp.so
	@$(MAKE) -s -C native

lint: deps-build ## format and lint
	@npx biome ci --error-on-warnings

format: deps-build ## format what can be formatted
	@npx biome check --write

types: deps-build ## the compiler's opinion
	@npm run -s types

unit: deps-build ## unit tests alone
	@npx vitest run --project unit

sim: deps-build ## random simulations alone, of SEEDS seeds each (1000), ONLY=multi-ke for some
	@node test/run/sim.mjs

day: deps-build ## a virtual day of a gateway with ten phones (SOAK_HOURS=24)
	@SOAK_HOURS=$${SOAK_HOURS:-24} npx vitest run --project unit test/sim/scenarios/soak.test.ts --disable-console-intercept

fuzz: deps-build deps-fuzz ## fuzz targets in turns, for MINUTES in all (60; TARGET=join,wire: those alone; KEEP=1)
	@node test/run/fuzz.mjs

coverage: deps-build ## which lines the inputs of the fuzz targets run, by folder
	@node test/run/coverage.mjs

pitfalls: deps-build ## the rules of docs/pitfalls.md, and the tests that cover them
	@node $$(node cross/bundle-tool.mjs test/run/pitfalls.ts)

crossings: deps-build ## what docs/crossings.md says of exchanges that cross, and the tests that play it
	@node $$(node cross/bundle-tool.mjs test/run/pitfalls.ts) crossing

scenarios: deps-build ## what docs/scenarios.md asks for, and the tests that see it
	@node $$(node cross/bundle-tool.mjs test/run/pitfalls.ts) scenario

attacks: deps-build ## what docs/attacks.md says may be tried on a login, and the tests that try it
	@node $$(node cross/bundle-tool.mjs test/run/pitfalls.ts) attack

classes: deps-build ## what broke other IKE daemons, our guards against it, and the tests of each
	@node $$(node cross/bundle-tool.mjs test/run/pitfalls.ts) class

mutants: deps-build ## takes one guard after the other away, and runs the test that has to notice (ROW=7,9)
	@node $$(node cross/bundle-tool.mjs test/run/mutants.ts)

interop: build deps-lab peers ## tests with real peers alone
	@sh test/lab/enter.sh npx vitest run --project 'interop*'

peers: deps-lab ## peers of other versions, for those tests
	@sh cross/peers.sh

marathon: build deps-lab ## keys renewed again and again under a TCP stream, by us, by strongSwan, by both (RENEWALS=200)
	@RENEWALS=$${RENEWALS:-200} sh test/lab/enter.sh npx vitest run --project interop-alone test/interop/rekey-marathon.test.ts

guesses: build deps-lab ## wrong passwords at a living gateway, from many addresses (GUESSES=10000)
	@GUESSES=$${GUESSES:-10000} sh test/lab/enter.sh npx vitest run --project interop-alone test/interop/guesses.test.ts --disable-console-intercept

floods: build deps-lab ## floods of a living gateway: who gets in, what a tunnel keeps (FLOOD_SECONDS=10 FLOOD=cookies)
	@$(MAKE) -s -C native flood
	@FLOOD_SECONDS=$${FLOOD_SECONDS:-10} sh test/lab/enter.sh npx vitest run --project interop-alone --retry=0 test/interop/floods.test.ts --disable-console-intercept

faults: build deps-lab ## kills, standstills, lines and addresses that go: how long until packets flow again
	@sh test/lab/enter.sh npx vitest run --project interop test/interop/faults.test.ts --disable-console-intercept

soak: build deps-lab ## twenty clients come, go, roam and renew in real time (HOURS=8)
	@SOAK_SECONDS=$$(($${HOURS:-8} * 3600)) sh test/lab/enter.sh npx vitest run --project interop-alone test/interop/soak.test.ts --disable-console-intercept

refusals: build deps-lab ## whether the time until a refusal tells what was wrong (ROUNDS=100)
	@sh test/lab/enter.sh node $$(node cross/bundle-tool.mjs test/bench/refusals.ts)

ipk: deps-build deps-cross ## packages for OpenWrt 24.10, into dist/opkg
	@node $$(node cross/bundle-tool.mjs cross/package/make-packages.ts) ipk

apk: deps-build deps-cross ## packages for OpenWrt 25.12, and a Node for it, into dist/apk
	@node $$(node cross/bundle-tool.mjs cross/package/make-packages.ts) apk

feed: deps-build deps-cross ## both, with signed indexes (FEED_KEYS: where the keys are kept)
	@node $$(node cross/bundle-tool.mjs cross/package/make-packages.ts) feed

deps: ## install whatever is missing
	@sh cross/deps.sh

.PHONY: deps-build deps-lab deps-cross deps-bench deps-fuzz
deps-build:
	@sh cross/deps.sh build
deps-lab:
	@sh cross/deps.sh build lab
deps-bench:
	@sh cross/deps.sh bench arm64
	@sh cross/deps.sh bench
deps-fuzz:
	@sh cross/deps.sh fuzz
deps-cross:
	@sh cross/deps.sh arm64 cross

clean: ## remove what was built
	rm -rf build dist coverage
	@$(MAKE) -s -C native clean
