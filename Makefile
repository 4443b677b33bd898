# SPDX-License-Identifier: GPL-2.0-only
#
# The front door. Everything that is built lies below build/.

ROOT := $(abspath .)
O ?= $(ROOT)/build
VM := selftests/vm

# The kernel to build for: the running one where its headers are installed,
# Debian's own otherwise. Tests and demonstrations run in a guest with the
# latter.
RUNNING := $(shell uname -r)
ifneq ($(wildcard /lib/modules/$(RUNNING)/build/Makefile),)
KERNELRELEASE ?= $(RUNNING)
endif
KERNELRELEASE ?= $(shell $(VM)/kernel --release)
GUEST_RELEASE = $(shell $(VM)/kernel --release)
GUEST_MODULE = $(O)/$(GUEST_RELEASE)/sockdup.ko

# Targets come one after another; what each of them builds uses all processors.
JOBS := -j$(shell nproc)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += $(JOBS)
endif
.NOTPARALLEL:

Q := $(if $(V),,@)
say = @printf '%-8s %s\n' '$(1)' '$(2)'
need = $(Q)selftests/tools/need $(1)

all: modules lib cli samples man ## build the module, the library, the command, the samples and the manual pages

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))
	@echo 'V=1 shows the commands, O= names another build directory.'

need-%:
	$(call need,$*)

# The libraries for 32 bits are of one version with the compiler.
need-check need-style: need-build

modules: need-build ## build sockdup.ko for KERNELRELEASE
	$(Q)$(MAKE) --no-print-directory $(O)/$(KERNELRELEASE)/sockdup.ko

# Type information for BPF needs the kernel's own image, which headers lack.
NO_BTF = $(if $(wildcard /lib/modules/$*/build/vmlinux),,CONFIG_DEBUG_INFO_BTF_MODULES=)

# Built from a copy, so that each kernel has objects of its own. To the kernel's
# make, an O= of our caller's would mean something else.
$(O)/%/sockdup.ko: FORCE
	$(call say,MODULE,$*$(if $(filter $*,$(RUNNING)),, (not the running kernel)))
	$(Q)mkdir -p $(@D)
	$(Q)cp -ru Kbuild kmod uapi $(@D)
	$(Q)unset MAKEFLAGS; make -s $(JOBS) -C /lib/modules/$*/build M=$(@D) W=1 \
		$(NO_BTF) modules

lib: need-build ## build libsockdup, and the Winsock layer on it
	$(call say,LIB,$(O)/lib)
	$(Q)$(MAKE) -s -C lib O=$(O)
	$(Q)$(MAKE) -s -C lib/winsock O=$(O)

cli: lib ## build the sockdup command
	$(call say,CLI,$(O)/cli)
	$(Q)$(MAKE) -s -C lib/cli O=$(O)

python: lib need-python ## build the Python package; `all` leaves it out, as it needs Python's headers
	$(call say,PYTHON,$(O)/python)
	$(Q)$(MAKE) -s -C lib/python O=$(O)

node: lib need-node ## build the Node package; `all` leaves it out, as it needs Node's headers
	$(call say,NODE,$(O)/node)
	$(Q)$(MAKE) -s -C lib/node O=$(O)

samples: lib ## build the samples
	$(call say,SAMPLES,$(O)/samples)
	$(Q)$(MAKE) -s -C lib/samples O=$(O)
	$(Q)$(MAKE) -s -C lib/winsock/samples O=$(O)

examples: lib
	$(call say,EXAMPLES,$(O)/examples)
	$(Q)$(MAKE) -s -C Documentation/examples O=$(O)

man: need-build ## make the manual pages
	$(call say,MAN,$(O)/man)
	$(Q)$(MAKE) -s -C Documentation/man O=$(O)

guest: need-build need-vm
	$(call need,guest)
	$(Q)$(MAKE) --no-print-directory $(GUEST_MODULE)

vm: guest cli ## open a shell in a guest, with the module loaded and sockdup in PATH; CMD='...' runs one command
	$(Q)$(VM)/run --module $(GUEST_MODULE) --path $(O)/cli $(if $(value CMD),-- '$(subst ','\'',$(value CMD))')

demo: guest samples need-demo ## hand over a live download, a listening port, and connections by an inbox
	$(call say,DEMO,in a guest with Linux $(GUEST_RELEASE))
	$(Q)$(VM)/run --module $(GUEST_MODULE) -- lib/samples/demo $(O)

demo-winsock: guest samples ## run programs written for Winsock that share sockets between processes
	$(call say,DEMO,in a guest with Linux $(GUEST_RELEASE))
	$(Q)$(VM)/run --module $(GUEST_MODULE) -- lib/winsock/samples/demo $(O)

demo-node: guest node ## hand a live HTTP connection to another process, in Node
	$(call say,DEMO,in a guest with Linux $(GUEST_RELEASE))
	$(Q)$(VM)/run --module $(GUEST_MODULE) -- lib/node/samples/demo $(O)/node

demo-nginx: guest cli need-demo-nginx ## move a port between two running nginx, then show what a restart costs
	$(call say,DEMO,nginx in a guest with Linux $(GUEST_RELEASE))
	$(Q)lib/samples/nginx $(O)/nginx
	$(Q)$(VM)/run --module $(GUEST_MODULE) -- 'lib/samples/demo-nginx "$(O)" && \
		echo && lib/samples/demo-nginx --restart "$(O)"'

demo-gunicorn: guest cli need-demo-gunicorn ## replace a running gunicorn under load, then show what a restart costs
	$(call say,DEMO,gunicorn in a guest with Linux $(GUEST_RELEASE))
	$(Q)$(VM)/run --module $(GUEST_MODULE) -- 'lib/python/samples/demo-gunicorn "$(O)" && \
		echo && lib/python/samples/demo-gunicorn --restart "$(O)"'

demo-workers: guest python ## kill workers at random while they serve 1 000 clients and lose none, then show what is lost without outcomes
	$(call say,DEMO,in a guest with Linux $(GUEST_RELEASE))
	$(Q)$(VM)/run --module $(GUEST_MODULE) -- 'lib/python/samples/demo-workers "$(O)" && \
		echo && lib/python/samples/demo-workers --forget --connections 300 "$(O)"'

demo-pool: guest samples ## end workers while clients connect without pause and lose none, then show what is lost where workers are killed, and that clients who say nothing stop nobody
	$(call say,DEMO,in a guest with Linux $(GUEST_RELEASE))
	$(Q)$(VM)/run --module $(GUEST_MODULE) -- 'lib/samples/demo-pool "$(O)" && \
		echo && lib/samples/demo-pool --kill --connections 500 "$(O)" && \
		echo && lib/samples/demo-pool --silent "$(O)"'

demo-restart: guest cli python ## kill a server at random moments whose clients notice nothing, then show what is lost where nothing is kept
	$(call say,DEMO,in a guest with Linux $(GUEST_RELEASE))
	$(Q)$(VM)/run --module $(GUEST_MODULE) -- 'lib/python/samples/demo-restart "$(O)" && \
		echo && lib/python/samples/demo-restart --forget --kills 3 "$(O)"'

NAMED_TESTS = $(filter-out -%,$(TESTS))
UNKNOWN_TESTS = $(filter-out $(basename $(notdir $(wildcard selftests/*/*))),$(TESTS:-%=%))
ifneq ($(UNKNOWN_TESTS),)
$(error TESTS: there is no test program $(UNKNOWN_TESTS) in selftests/)
endif

# A test that is a program in C needs the library alone. What scripts run is built only
# where one of theirs is among TESTS.
scripts_in = $(basename $(notdir $(filter-out %.c,$(wildcard $(1:%=selftests/%/*)))))
if_wanted = $(if $(if $(NAMED_TESTS),$(filter $(scripts_in),$(NAMED_TESTS)),all),$(2))
RUN_BY_TESTS = $(call if_wanted,command library netlink node python system,\
	cli samples examples man) $(call if_wanted,node,node) $(call if_wanted,python,python)

selftests: lib $(RUN_BY_TESTS) need-check
	$(call say,TESTS,$(O)/selftests)
	$(Q)$(MAKE) -s -C selftests O=$(O)

# The same sources, for programs of 32 bits on the 64-bit kernel.
O32 = $(O)/m32
CFLAGS32 = $(or $(CFLAGS),-O2 -g) -m32 -idirafter /usr/include/x86_64-linux-gnu

selftests-32: selftests
	$(call say,TESTS,$(O32)/selftests)
	$(Q)$(MAKE) -s -C lib O=$(O32) NETLINK=no CFLAGS='$(CFLAGS32)'
	$(Q)$(MAKE) -s -C lib/winsock O=$(O32) CFLAGS='$(CFLAGS32)'
	$(Q)$(MAKE) -s -C selftests O=$(O32) HARNESS=$(O)/kselftest \
		NETLINK=no CFLAGS='$(CFLAGS32)'

check: guest selftests selftests-32 ## run the tests, as 64-bit and 32-bit programs; TESTS='...' names some, or leaves some out, '-NAME'; SOCKDUP_STRESS=percent (3)
	$(call say,CHECK,in guests with Linux $(GUEST_RELEASE))
	$(Q)selftests/tools/check $(O) $(O32) $(GUEST_MODULE) $(TESTS)

check-long: ## the same as check, with all rounds of the stress tests
	$(Q)SOCKDUP_STRESS=100 $(MAKE) --no-print-directory check

# The module for the kernel with checkers, which the shell then knows as $debug.
build_debug = debug=$$($(VM)/debug/build) && mkdir -p $(O)/debug && \
	cp -ru Kbuild kmod uapi $(O)/debug && \
	(unset MAKEFLAGS; make -s $(JOBS) -C $$debug/build M=$(O)/debug modules)

# Its kernel hangs early on with all that the emulator can do. What waits for locks
# is counted by bench-locks, and takes time.
run_debug = $(VM)/run --kernel $$debug --cpu qemu64 --memory 4G --timeout 9000 \
	--leaks-judged --append 'lockdep.lock_stat=0 $(1)' \
	--module $(O)/debug/sockdup.ko --env SOCKDUP_TEST_TIMEOUT=1800 \
	--env SOCKDUP_STRESS=$(or $(SOCKDUP_STRESS),1) \
	-- $(VM)/debug/verdict selftests/run_tests $(O) $(2)

# The leak detector slows every allocation, so it is on only for the tests of what
# allocates. Where no tests are named, the others alone run without it.
LEAK_TESTS = $(or $(NAMED_TESTS),$(filter-out $(TESTS:-%=%),export import handle \
	revoke deadline death quota faults faults_inbox faults_load registration \
	registration_record netlink netlink_list))
OTHER_TESTS = $(or $(NAMED_TESTS),$(TESTS) $(LEAK_TESTS:%=-%))

check-debug: need-build need-vm need-debug selftests ## run the tests at 1/100 on a kernel with checkers, some of them with a leak scan
	$(call say,CHECK,on a kernel with checkers)
	$(Q)$(build_debug) || exit; checkers=passed leaks=passed; \
	$(call run_debug,kmemleak=off,$(OTHER_TESTS)) || checkers=FAILED; \
	printf '\n%-8s %s\n' CHECK 'for leaks: $(LEAK_TESTS)'; \
	$(call run_debug,,$(LEAK_TESTS)) || leaks=FAILED; \
	printf '\n%-8s %s\n' CHECK "with checkers: $$checkers, for leaks: $$leaks"; \
	[ $$checkers = passed ] && [ $$leaks = passed ]

check-matrix: need-build need-vm need-matrix selftests ## run the tests at 1/10 on each kernel of the matrix; TESTS='...'
	$(call say,CHECK,on each kernel)
	$(Q)$(VM)/matrix/check $(O) \
		$(if $(TESTS),$(ROOT)/selftests/run_tests $(O) $(TESTS))

check-wine: need-wine ## run the Winsock layer's tests as Windows programs under Debian's wine; TESTS='...'
	$(call say,CHECK,under wine)
	$(Q)$(MAKE) -s -C selftests -f wine.mk O=$(O)
	$(Q)selftests/tools/winsock wine $(O) $(TESTS)

# The layer's tests alone, with checkers, and therefore not static.
OA = $(O)/asan
CFLAGS_ASAN = $(or $(CFLAGS),-O1 -g) -fsanitize=address,undefined -fno-omit-frame-pointer
WINSOCK_TESTS = $(basename $(notdir $(wildcard selftests/winsock/*.c)))

check-winsock: need-check ## run the Winsock layer's tests that need no module, here, with ASAN and UBSAN; TESTS='...'
	$(call say,CHECK,on this machine with ASAN and UBSAN)
	$(Q)$(MAKE) -s -C lib O=$(OA) NETLINK=no CFLAGS='$(CFLAGS_ASAN)'
	$(Q)$(MAKE) -s -C lib/winsock O=$(OA) CFLAGS='$(CFLAGS_ASAN)'
	$(Q)$(MAKE) -s -C selftests O=$(OA) HARNESS=$(O)/kselftest NETLINK=no \
		SOCKDUP_LDFLAGS=-pthread CFLAGS='$(CFLAGS_ASAN)' \
		TESTS='$(or $(TESTS),$(WINSOCK_TESTS))'
	$(Q)UBSAN_OPTIONS=halt_on_error=1 selftests/tools/winsock host $(OA) $(TESTS)

check-compile: lib need-compile ## compile the Winsock layer's headers with each compiler, in each language and width
	$(call say,CHECK,what compiles)
	$(Q)selftests/winsock/compile.d/check $(O)

bench-program: lib need-bench
	$(call say,BENCH,$(O)/bench)
	$(Q)$(MAKE) -s -C selftests/bench O=$(O)

REPORT = selftests/bench/report

bench: guest bench-program need-matrix ## measure what a handover costs, on each kernel of the matrix
	$(Q)selftests/bench/run $(O) $(GUEST_MODULE)
	$(Q)$(REPORT) table $(O)/bench/bench.json
	$(Q)$(REPORT) docs $(O)/bench/bench.json $(O)/bench/docs
	$(Q)$(REPORT) plots $(O)/bench/bench.json $(O)/bench/docs

FIGURES = $(O)/bench/$(if $(SHORT),short,bench).json

bench-check: guest bench-program $(if $(SHORT),,need-matrix) ## run bench, and fail where a limit is missed; SHORT=yes: one kernel, 3 minutes
	$(Q)selftests/bench/run $(O) $(GUEST_MODULE) $(if $(SHORT),short)
	$(Q)$(REPORT) table $(FIGURES)
	$(Q)$(REPORT) check $(if $(SHORT),--short) $(FIGURES)

# Who wants figures where there are none yet has them measured first.
$(O)/bench/bench.json:
	$(Q)$(MAKE) --no-print-directory bench

bench-budget: guest bench-program need-matrix $(O)/bench/bench.json ## measure where the instructions of a handover go, and its locked operations; runs bench first if it has not run
	$(call say,BENCH,each instruction on each kernel)
	$(Q)selftests/bench/budgets $(O)
	$(Q)$(REPORT) budget $(O)/bench/docs $(O)/bench/budget/*.json
	$(Q)$(REPORT) bounds $(O)/bench/docs $(O)/bench/bench.json $(O)/bench/budget/*.json

bench-locks: need-build need-vm need-debug bench-program ## measure who waits for sockdup's locks, with 2 and 8 processors
	$(call say,BENCH,pairs of processes on a kernel with checkers)
	$(Q)$(build_debug) && \
		selftests/bench/lock_stat $$debug $(O)/debug/sockdup.ko $(O)/bench/pairs

bench-docs: $(O)/bench/bench.json ## copy the figures of the last `make bench` and `make bench-budget` into the documentation
	$(call say,BENCH,Documentation/performance)
	$(Q)mkdir -p Documentation/performance
	$(Q)find $(O)/bench/docs -name '*.csv' -o -name '*.svg' -o -name '*.png' | \
		xargs cp -t Documentation/performance

model: need-model ## check the formal models of tokens, inboxes and registrations, and find their seeded mistakes; MODELS='token inbox registration'
	$(call say,MODEL,all states by spin)
	$(Q)nice selftests/model/check $(O) $(MODELS)

style: need-style node python ## run checkpatch, sparse, gcc and clang at W=1, the ABI, shellcheck, mypy, tsc, and check generated files and the models' names
	$(call need,guest)
	$(Q)selftests/tools/style $(O) $(GUEST_RELEASE)

netlink: need-netlink ## regenerate files from the netlink specification
	$(call say,NETLINK,by the generator of the kernel)
	$(Q)selftests/tools/netlink_gen $(O)

docs-transcripts: guest cli need-check ## write what the command prints into Documentation/transcripts
	$(call say,DOCS,Documentation/transcripts by a guest with Linux $(GUEST_RELEASE))
	$(Q)selftests/tools/transcripts $(O) $(GUEST_MODULE)

docs: need-docs ## build the documentation as HTML, in build/docs
	$(call say,DOCS,$(O)/docs)
	$(Q)sphinx-build -q -W -b html Documentation $(O)/docs

check-docs: docs need-check-docs ## check the web pages in a browser: links, widths, colours, pictures
	$(Q)selftests/tools/check_docs $(O)/docs $(O)/docs-check

deb: need-deb ## build the Debian packages, in build/deb, and check them with lintian
	$(call say,DEB,$(O)/deb)
	$(Q)selftests/tools/deb $(O)/deb

DEBIANS = bookworm trixie

check-deb: need-vm need-fresh ## test the packages in a bare Debian, for each of DEBIANS, that boots: install, upgrade, purge, DKMS; TWICE=no does not build them a second time to compare
	$(call say,CHECK,the packages on $(DEBIANS))
	$(Q)selftests/packages/check $(if $(filter no,$(TWICE)),,--twice) $(O) $(DEBIANS)

RELEASE = bookworm
TARGETS = demo

fresh: need-fresh ## run each of TARGETS='...' (demo) in a new, bare Debian RELEASE (bookworm)
	$(Q)unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES; for target in $(TARGETS); do \
		printf '%-8s %s\n' FRESH "$$target on a bare $(RELEASE)"; \
		$(VM)/bare $(RELEASE) sh -c 'apt-get -qq update && \
			apt-get -qq install -y make >/dev/null 2>&1 && exec make "$$1"' \
			sh "$$target" </dev/null || { \
			printf '%-8s %s\n' FRESH "$$target FAILED on a bare $(RELEASE)"; \
			exit 1; }; \
	done

install-lib: lib man ## install the libraries and their manual pages, below DESTDIR and PREFIX
	$(Q)$(MAKE) -s -C lib O=$(O) install
	$(Q)$(MAKE) -s -C lib/winsock O=$(O) install
	$(Q)$(MAKE) -s -C Documentation/man O=$(O) SECTIONS=3 install

install-node: node ## install the Node package alone, below DESTDIR and PREFIX
	$(Q)$(MAKE) -s -C lib/node O=$(O) install

install-python: python ## install the Python package alone, below DESTDIR and PREFIX
	$(Q)$(MAKE) -s -C lib/python O=$(O) install

# Distributions keep the key that their kernel's own modules are signed with.
HEADERS = /lib/modules/$(KERNELRELEASE)/build
UNSIGNED = $(if $(wildcard $(HEADERS)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)

# The kernel's make would run depmod with a map that headers lack.
DEPMOD = $(if $(DESTDIR),,depmod $(KERNELRELEASE))
NEED_DEPMOD = $(if $(DESTDIR),,need-install)

install: $(NEED_DEPMOD) all install-lib ## install the libraries, the stripped module, the command and the manual pages
	$(Q)unset MAKEFLAGS; make -s -C $(HEADERS) M=$(O)/$(KERNELRELEASE) \
		INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates INSTALL_MOD_STRIP=1 \
		$(UNSIGNED) cmd_depmod=: modules_install
	$(Q)$(DEPMOD)
	$(Q)$(MAKE) -s -C lib/cli O=$(O) install
	$(Q)$(MAKE) -s -C Documentation/man O=$(O) SECTIONS='1 4 7' install

VERSION := $(shell sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' kmod/main.c)
DKMS_SOURCE = $(DESTDIR)/usr/src/sockdup-$(VERSION)

# With the version itself, as not all that read dkms.conf are shells.
install-dkms: ## install the module's sources for DKMS, below DESTDIR; then: dkms install sockdup/VERSION
	$(Q)install -d $(DKMS_SOURCE)
	$(Q)cp -r Kbuild kmod uapi $(DKMS_SOURCE)
	$(Q)sed 's|^PACKAGE_VERSION=.*|PACKAGE_VERSION="$(VERSION)"|' dkms.conf \
		>$(DKMS_SOURCE)/dkms.conf

# What an installation elsewhere has is what is to go.
STAGED = $(O)/uninstall

uninstall: $(NEED_DEPMOD) ## remove what install, install-python and install-node install, with the same DESTDIR, PREFIX and KERNELRELEASE
	$(Q)rm -rf $(STAGED)
	$(Q)$(MAKE) --no-print-directory install DESTDIR=$(STAGED)
	$(Q)cd $(STAGED) && find . ! -type d -printf '$(DESTDIR)/%P\0' | xargs -0 rm -f
	$(Q)cd $(STAGED) && find . -depth -type d -name '*sockdup*' -printf '$(DESTDIR)/%P\0' | \
		xargs -0r sh -c 'for directory; do [ ! -d "$$directory" ] || \
			rmdir --ignore-fail-on-non-empty "$$directory"; done' sh
	$(Q)$(MAKE) -s -C lib/python uninstall
	$(Q)$(MAKE) -s -C lib/node uninstall
	$(Q)$(DEPMOD)

clean: ## remove what was built
	$(Q)rm -rf $(O)

FORCE:

.PHONY: all help modules lib cli node python samples examples man guest vm demo demo-winsock \
	demo-node demo-nginx demo-gunicorn demo-workers demo-pool demo-restart selftests \
	selftests-32 \
	check check-long check-debug check-matrix check-wine check-winsock check-compile bench-program \
	bench bench-check bench-budget bench-locks bench-docs model style netlink \
	docs-transcripts docs check-docs deb check-deb fresh install install-lib \
	install-node install-python install-dkms uninstall clean FORCE
