# `make` lists what there is.

SEEDS ?= 10000
COMMANDS ?= 10000000
RUNS ?= 10000000
# Tests at once. Each of many has an engine and a redis-server of its own: all at once starve each other.
WIDTH ?= 12
DATA ?= data
PORT ?= 8080
PREFIX ?= /usr/local
# Of the long campaigns (make faults-kills, faults-stops, faults-durability, faults-matrix).
ENGINE_KILLS ?= 1000
REDIS_KILLS ?= 500
STOPS ?= 200
# Of faults-history.
KILLS ?= 20
CUTS ?= 60
ROUNDS ?= 20
# Of faults-outages: how often each.
TIMES ?= 20
EXTENT ?= whole
ORDERS ?= examples/online-retail-2010-12-01.csv
# The Swift runtime is linked in, and the run-time check for overlapping accesses, which debug builds
# and so all tests have, is left out: docs/adr/0011-release-builds.md.
RELEASE := -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
STOCK := .build/release/stock
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.DEFAULT_GOAL := help
.PHONY: help run build install man monitoring test format lint simulate model faults faults-ledger faults-events faults-outages faults-overload faults-matrix faults-kills faults-stops faults-durability deps-faults fuzz fuzz-quick bench bench-quick bench-floor bench-million bench-micro bench-count bench-check profile clean deps test-page test-page-quick docs contract contract-ci contract-quick clients faults-history sanitize

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' \
	  | awk -F'|' '{ printf "make %-14s %s\n", $$1, $$2 }'

# redis-server to run and test with, hiredis to build with. apt-get only where one is missing.
deps:
	@if ! command -v redis-server >/dev/null || ! [ -e /usr/include/hiredis/hiredis.h ]; then \
	  echo "installing redis-server and libhiredis-dev"; \
	  $(SUDO) apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends \
	    redis-server libhiredis-dev >/dev/null; \
	fi

# libfaketime, for the campaign in which the clock jumps.
deps-faults:
	@if ! ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1; then \
	  echo "installing faketime"; \
	  $(SUDO) apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends \
	    faketime >/dev/null; \
	fi

build: deps ## build the engine (release)
	swift build $(RELEASE) --product stock

# The admin key is made once and kept, so that the lines printed here work as they stand.
$(DATA)/admin.key:
	@mkdir -p $(DATA) && chmod 700 $(DATA)
	@umask 077 && printf 'sk_%s' "$$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')" > $@

run: build $(DATA)/admin.key ## build and start the engine with its own Redis in ./data
	@echo
	@echo "When it says \"listening\", type in another terminal, in this folder:"
	@echo
	@echo "  export STOCK_URL=http://127.0.0.1:$(PORT) STOCK_KEY=\$$(cat $(DATA)/admin.key)"
	@echo "  $(STOCK) import examples/stock.csv"
	@echo "  curl -H \"Authorization: Bearer \$$STOCK_KEY\" \$$STOCK_URL/api/v1/store/inventory"
	@echo "  curl -H \"Authorization: Bearer \$$STOCK_KEY\" -H 'Content-Type: application/json' \\"
	@echo "    -d '{\"product_id\": 1, \"location\": \"WAREHOUSE_MAIN\", \"quantity\": 2}' \\"
	@echo "    \$$STOCK_URL/api/v1/store/inventory/reserve"
	@echo "  $(STOCK) replay examples/online-retail-2010-12-01.csv --opening 1000"
	@echo "  $(STOCK) verify"
	@echo
	@STOCK_ADMIN_KEY="$$(cat $(DATA)/admin.key)" exec $(STOCK) serve --data $(DATA) --port $(PORT)

test: deps deps-faults ## build and run all tests, the heavy ones in a short form
	swift build --build-tests
	swift test --skip-build --disable-xctest --experimental-maximum-parallelization-width $(WIDTH)

test-page: build ## drive the web page in Chromium: every function, accessibility, first view; pictures for docs
	Tests/Browser/run.sh --screenshots docs/images

test-page-quick: build ## the same without accessibility, many entries and pictures
	Tests/Browser/run.sh --quick

format: ## format the sources in place
	swift format -i -r Sources Tests Package.swift benchmarks/micro/Sources benchmarks/micro/Benchmarks

lint: ## check the format, and the statistics of the benchmarks
	swift format lint --strict -r Sources Tests Package.swift benchmarks/micro/Sources benchmarks/micro/Benchmarks
	@if command -v python3 >/dev/null; then python3 -m unittest discover -q -s benchmarks/tests -t benchmarks; \
	  else echo "no python3: the benchmarks' own tests are left out"; fi

simulate: deps ## run engines over a simulated network and Redis (SEEDS=10000)
	swift build $(RELEASE) --product stock-simulate
	.build/release/stock-simulate run --seeds $(SEEDS)
	.build/release/stock-simulate crash --seeds $$(( $(SEEDS) / 100 ))

model: deps ## hold the rules against the reference model (COMMANDS=10000000)
	swift build $(RELEASE) --product stock-simulate
	.build/release/stock-simulate model --commands $(COMMANDS)

faults: build deps-faults ## kill engine and Redis in the middle of load, 50 times each, and more
	swift build $(RELEASE) --product stock-faults
	.build/release/stock-faults all

faults-ledger: build ## rebuild all counters from the ledger after orders and kills (ORDERS="*.csv.gz")
	swift build $(RELEASE) --product stock-faults
	.build/release/stock-faults ledger $(ORDERS) --kills 50

fuzz: deps ## fuzz every reader of foreign bytes (RUNS=10000000 each)
	Tests/Fuzz/fuzz.sh --runs $(RUNS)

sanitize: deps ## the tests under the thread and the address sanitizer
	Tests/sanitize.sh thread
	Tests/sanitize.sh address

fuzz-quick: deps ## the same, 15 seconds each
	Tests/Fuzz/fuzz.sh --seconds 15

faults-events: build ## 5,000 readers of events: what they cost, and how far they lag behind
	swift build $(RELEASE) --product stock-faults
	.build/release/stock-faults events

faults-matrix: build ## all that Redis can say or do to a commit, before and after it (EXTENT=short, whole, long)
	swift build $(RELEASE) --product stock-faults
	.build/release/stock-faults matrix --extent $(EXTENT)

faults-kills: build ## SIGKILL under load (ENGINE_KILLS=1000 REDIS_KILLS=500): about 20 minutes
	swift build $(RELEASE) --product stock-faults
	.build/release/stock-faults kill --engine-kills $(ENGINE_KILLS) --redis-kills $(REDIS_KILLS)

faults-history: build ## kills and cuts under load, then all of it through the reference model (KILLS=20 of each, CUTS=60)
	swift build $(RELEASE) --product stock-faults
	.build/release/stock-faults history --engine-kills $(KILLS) --redis-kills $(KILLS) --cuts $(CUTS)

faults-stops: build ## redis-server stands still, longer than every time-out (STOPS=200)
	swift build $(RELEASE) --product stock-faults
	.build/release/stock-faults stops --stops $(STOPS)

faults-durability: build ## confirmed writes lost, for each mode and fault (ROUNDS=20)
	swift build $(RELEASE) --product stock-faults
	.build/release/stock-faults durability --rounds $(ROUNDS)

faults-outages: build deps-faults ## disk and memory full, FLUSHALL, no replica, and more (TIMES=20 each): about 25 minutes
	swift build $(RELEASE) --product stock-faults
	for campaign in outage lost-replica flush lost-tail two-engines clock limits; do \
	  .build/release/stock-faults $$campaign --rounds $(TIMES) || exit; \
	done

faults-overload: build ## five times the peak, and 10,000 slow clients: what others notice
	swift build $(RELEASE) --product stock-faults
	.build/release/stock-faults overload
	.build/release/stock-faults slow-clients

docs: ## write the page of the contract, after a change of docs/openapi.yaml
	@python3 -c 'import yaml' 2>/dev/null || { $(SUDO) apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq python3-yaml >/dev/null; }
	python3 docs/contract/page.py

contract: build ## ask a running engine 20,000 things: no answer but those of docs/openapi.yaml
	Tests/Contract/contract.sh $(STOCK) --examples 60 --chains 15 --least 20000 \
	  --report docs/contract/last-run.json

contract-quick: deps ## the same in about a minute
	swift build --product stock
	Tests/Contract/contract.sh .build/debug/stock --roles admin,checkout --examples 3 --chains 0 \
	  --phases coverage,fuzzing --least 3000

contract-ci: build ## the shortest form: the same 3,000 requests of an admin each time
	Tests/Contract/contract.sh $(STOCK) --roles admin --examples 1 --chains 0 \
	  --phases coverage --least 1000

clients: deps ## run the checkouts of docs/clients against an engine, with answers lost on the way
	swift build --product stock
	python3 Tests/Clients/run.py --binary .build/debug/stock

bench: build ## everything beside its peers: about 25 minutes (benchmarks/README.md)
	benchmarks/run.py full

bench-quick: build ## the same, short and rough: 3 minutes
	benchmarks/run.py quick

bench-floor: build ## reserves beside nginx answering a constant
	benchmarks/run.py floor

bench-million: build ## a million entries: import, memory, recovery, scans
	benchmarks/run.py million

bench-micro: deps ## times of the hot path's operations, in one process
	benchmarks/micro/micro.sh

bench-count: deps ## instructions and allocations of the same, against the committed baseline
	benchmarks/micro/count.sh

bench-check: ## type-check them against the modules of the last `make build`: seconds
	benchmarks/micro/check.sh

profile: build ## where the time of a reserve goes: flame graphs and tables in docs/profile
	benchmarks/profile/profile.sh

install: build ## install program, manual, backup.sh and completions under PREFIX (/usr/local)
	install -D -m 755 $(STOCK) $(DESTDIR)$(PREFIX)/bin/stock
	install -D -m 644 docs/man/stock.1 $(DESTDIR)$(PREFIX)/share/man/man1/stock.1
	install -D -m 755 docs/deploy/backup.sh $(DESTDIR)$(PREFIX)/share/stock/backup.sh
	@# Debian, Fedora and others look for completions here.
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(STOCK) --generate-completion-script bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/stock
	$(STOCK) --generate-completion-script zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_stock
	$(STOCK) --generate-completion-script fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/stock.fish

man: ## write the manual page anew, from the help texts
	swift build --product stock
	env -u XDG_DATA_HOME HOME='~' .build/debug/stock --experimental-dump-help | docs/man/manual.py > docs/man/stock.1

monitoring: build ## try metrics, alerts and dashboard with a real Prometheus: a minute
	docs/monitoring/try.sh $(STOCK)

clean: ## remove what was built; data stays
	swift package clean
