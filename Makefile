# Gantry. `make demo` and `make check` are the two commands to know; `make help` lists the others.
BUILD  ?= build
ifeq ($(origin CC),default)
CC = gcc
endif
OPT    ?= -O3
PREFIX ?= /usr/local
T      ?=
MINUTES ?= 10

VERSION  := $(shell sed -n 's/^\#define GT_VERSION "\(.*\)"/\1/p' include/gantry/version.h)
# Given from outside where the sources come without .git.
GIT_ID   := $(or $(GIT_ID),$(shell git describe --always --dirty --abbrev=10 2>/dev/null || echo unknown))
PACKAGES := ompi openblas hdf5-serial libpng libzip jansson libxxhash zlib libjpeg libdeflate libwebp libwebpdemux libtiff-4 lcms2 libarchive cairo
MISSING  := $(shell for p in $(PACKAGES); do pkg-config --exists $$p 2>/dev/null || echo $$p; done)
CFLAGS_PACKAGES := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LIBS     := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm -pthread

# No contraction outside the kernels that ask for it: a fused multiply-add changes bits (see src/kernels/isa.h).
CFLAGS_ALL = -std=gnu11 $(OPT) -g -Wall -Wextra -Werror -ffp-contract=off -fno-math-errno -fno-trapping-math \
  -pthread -MMD -MP -Iinclude -Isrc $(CFLAGS_PACKAGES) $(CFLAGS) $(INSTRUMENT)
# Instrumentation for searches (tests/e2e/fuzz.sh): of what reads bytes, not of arithmetic.
$(BUILD)/src/kernels/%.o $(BUILD)/src/graph/%.o: override INSTRUMENT =

LIBRARY_OBJ  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out src/cli/%,$(wildcard src/*/*.c src/*/*/*.c)))
CLI_OBJ      := $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/cli/*.c))
GOLDEN_OBJ   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/golden_run/*.c))
TOOLS        := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))
# A file of tests/fuzz that defines a target is a program; the others are what they share.
FUZZ_SOURCES := $(shell grep -ls '^const fuzz_target target' tests/fuzz/*.c)
TESTS        := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c)) $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/tests/test_fuzz_%) $(BUILD)/tests/golden $(BUILD)/tests/gantry_failing $(TOOLS)
BENCH_OBJ    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard bench/common/*.c))
# The comparison with oneDNN only where that is installed (Debian: libdnnl-dev).
NO_ONEDNN    := $(shell $(CC) -E -include dnnl.h -x c /dev/null >/dev/null 2>&1 || echo bench/conv_onednn.c)
BENCHES      := $(patsubst bench/%.c,$(BUILD)/bench/%,$(filter-out $(NO_ONEDNN),$(wildcard bench/*.c)))
LIBRARY      := $(BUILD)/libgantry.a

all: $(BUILD)/gantry tests bench-programs   ## program, library, tests and benchmarks
tests: $(TESTS)
bench-programs: $(BENCHES)

ifneq ($(MISSING),)
ifeq ($(filter help deps clean count format check check-quick check-long demo install,$(MAKECMDGOALS)),)
$(error missing packages (pkg-config names): $(MISSING). `make deps` installs them on Debian, and says elsewhere what is needed)
endif
endif

# V=1 shows the commands.
Q := $(if $(V),,@)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  cc   $<")
	$(Q)$(CC) $(CFLAGS_ALL) -c $< -o $@

$(LIBRARY): $(LIBRARY_OBJ)
	$(if $(Q),@echo "  ar   $@")
	@rm -f $@
	$(Q)ar qcs $@ $^

# What the program carries within itself.
$(BUILD)/src/report/assets.o: src/report/report.css src/report/report.js

$(BUILD)/src/base/version.o: CFLAGS_ALL += -DGT_GIT_ID='"$(GIT_ID)"'
# The program says which commit it is: rebuilt when that changes.
$(BUILD)/git-id: FORCE
	@mkdir -p $(@D)
	@echo '$(GIT_ID)' | cmp -s - $@ || echo '$(GIT_ID)' > $@
$(BUILD)/src/base/version.o: $(BUILD)/git-id

$(BUILD)/gantry: $(CLI_OBJ) $(LIBRARY)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(LIBS)

$(BUILD)/tests/golden: $(GOLDEN_OBJ) $(LIBRARY)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(LIBS)
# Linked into every unit test: chooses the cases that run (T=NAME:CASE).
ONE_CASE := $(BUILD)/tests/unit/one_case.o
.SECONDARY: $(ONE_CASE)
$(BUILD)/tests/%: tests/unit/%.c $(ONE_CASE) $(LIBRARY)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) -Itests -Isrc/cli -Ibench $< -o $@ $(ONE_CASE) $(filter-out %/main.o,$(TEST_EXTRA)) $(LIBRARY) $(LDFLAGS) -lcmocka $(TEST_LIBS) $(LIBS)
$(BUILD)/tests/test_import_foreign: TEST_LIBS = -llmdb
# Results of benchmarks are read by tests, too.
RESULTS_OBJ := $(BUILD)/bench/common/results.o $(BUILD)/bench/common/results_h5.o
$(BUILD)/tests/test_own_hdf5: TEST_EXTRA = $(RESULTS_OBJ)
$(BUILD)/tests/test_own_hdf5: $(RESULTS_OBJ)
FUZZ_SHARED := $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/replay.o $(RESULTS_OBJ)
.SECONDARY: $(FUZZ_SHARED)
$(BUILD)/tests/test_fuzz_%: tests/fuzz/%.c $(FUZZ_SHARED) $(LIBRARY)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) -Itests/fuzz -Ibench $< -o $@ $(FUZZ_SHARED) $(LIBRARY) $(LDFLAGS) $(LIBS)
# Searches: for a build by clang with -fsanitize=fuzzer-no-link (tests/e2e/fuzz.sh).
fuzzers: $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/fuzz_%)
$(BUILD)/fuzz_%: tests/fuzz/%.c $(BUILD)/tests/fuzz/fuzz.o $(RESULTS_OBJ) $(LIBRARY)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) -fsanitize=fuzzer -Itests/fuzz -Ibench $< -o $@ $(BUILD)/tests/fuzz/fuzz.o $(RESULTS_OBJ) $(LIBRARY) $(LDFLAGS) $(LIBS)
# The option table belongs to the program, not to the library: its tests link it.
$(BUILD)/tests/test_options $(BUILD)/tests/test_help: TEST_EXTRA = $(CLI_OBJ)
$(BUILD)/tests/test_options $(BUILD)/tests/test_help: $(CLI_OBJ)
$(BUILD)/tests/golden_dataset: | $(BUILD)/gantry
# Memory that runs short on demand; there each allocation of an arena is one of malloc's.
FAILING := $(BUILD)/tests/failing/memory.o $(BUILD)/tests/failing/main.o
$(BUILD)/tests/failing/memory.o: src/base/memory.c
$(BUILD)/tests/failing/main.o: src/cli/main.c
$(FAILING): CFLAGS_ALL += -DGT_CHUNK_BYTES=16 -Dmain=gantry_main
$(FAILING):
	@mkdir -p $(@D)
	$(if $(Q),@echo "  cc   $< (failing)")
	$(Q)$(CC) $(CFLAGS_ALL) -c $< -o $@
# With AddressSanitizer the linker puts the failing functions before the program's own calls
# (see tests/failing/allocations.h).
FAILING_CALLS := malloc calloc realloc aligned_alloc memalign posix_memalign strdup strndup pthread_create mmap mmap64
ifneq ($(findstring address,$(filter -fsanitize=%,$(CFLAGS))),)
FAILING_FLAGS := -DGT_SHORTAGE_WRAPS $(FAILING_CALLS:%=-Wl,--wrap=%)
endif
$(BUILD)/tests/gantry_failing: tests/failing/gantry.c $(FAILING) $(CLI_OBJ) $(LIBRARY)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) $(FAILING_FLAGS) $< -o $@ \
	  $(FAILING) $(filter-out %/main.o,$(CLI_OBJ)) $(LIBRARY) $(LDFLAGS) $(LIBS)
$(BUILD)/tests/test_short_memory: TEST_EXTRA = $(BUILD)/tests/failing/memory.o
$(BUILD)/tests/test_short_memory: TEST_LIBS = $(FAILING_FLAGS)
$(BUILD)/tests/test_short_memory: $(BUILD)/tests/failing/memory.o
$(BUILD)/tests/classifier: LDFLAGS += -Wl,--wrap=gt_max_pool_with
$(TOOLS): $(BUILD)/tests/%: tests/tools/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) $< -o $@ $(LIBRARY) $(LDFLAGS) $(LIBS)
$(BUILD)/bench/common/%.o: CFLAGS_ALL += -Ibench
.SECONDARY: $(BENCH_OBJ)
$(BUILD)/bench/%: bench/%.c $(BENCH_OBJ) $(LIBRARY)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) -Ibench $< -o $@ $(BENCH_OBJ) $(LIBRARY) $(LDFLAGS) $(BENCH_LIBS) $(LIBS)
$(BUILD)/bench/conv_onednn: BENCH_LIBS = -ldnnl -lgomp

deps:                ## install the missing packages (Debian), or say which they are
	@bash .ci/deps

check: deps          ## build and run the tests; T=NAME runs one, T=NAME:CASE one case, CHECK_STRICT=1 counts skipped as failed
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC=$(CC) all
	@bash tests/run $(BUILD) full $(T)

check-quick: deps    ## the quick part of the tests
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC=$(CC) all
	@bash tests/run $(BUILD) quick $(T)

check-long: deps     ## campaigns of MINUTES=N minutes, which go on where they stopped
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC=$(CC) all
	@MINUTES=$(MINUTES) bash tests/run $(BUILD) long $(T)

demo: deps           ## make a small dataset and train a StyleGAN2-ADA on two ranks for a few minutes
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC=$(CC) $(BUILD)/gantry
	@bash jobs/demo.sh $(BUILD)/gantry

install: $(BUILD)/gantry bench-programs ## program, library, headers, pkg-config file, job files, manual pages and completions to PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include/gantry \
	  $(DESTDIR)$(PREFIX)/share/gantry/jobs $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BUILD)/gantry $(DESTDIR)$(PREFIX)/bin/
	install -d $(DESTDIR)$(PREFIX)/libexec/gantry && install -m 755 $(BENCHES) $(DESTDIR)$(PREFIX)/libexec/gantry/
	install -m 644 $(LIBRARY) $(DESTDIR)$(PREFIX)/lib/
	install -m 644 include/gantry/*.h $(DESTDIR)$(PREFIX)/include/gantry/
	install -m 644 jobs/*.ini jobs/*.list $(DESTDIR)$(PREFIX)/share/gantry/jobs/
	install -m 755 jobs/sweep.sh $(DESTDIR)$(PREFIX)/share/gantry/jobs/
	install -d $(DESTDIR)$(PREFIX)/share/gantry/jobs/course && install -m 644 jobs/course/* $(DESTDIR)$(PREFIX)/share/gantry/jobs/course/
	install -d $(DESTDIR)$(PREFIX)/share/gantry/slurm && install -m 644 $(wildcard slurm/*.*) $(DESTDIR)$(PREFIX)/share/gantry/slurm/
	install -d $(DESTDIR)$(PREFIX)/share/gantry/slurm/container && install -m 644 $(wildcard slurm/container/*) $(DESTDIR)$(PREFIX)/share/gantry/slurm/container/
	$(BUILD)/gantry man > $(DESTDIR)$(PREFIX)/share/man/man1/gantry.1
	for c in $$($(BUILD)/gantry completion words); do $(BUILD)/gantry man $$c > $(DESTDIR)$(PREFIX)/share/man/man1/gantry-$$c.1 || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	$(BUILD)/gantry completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/gantry
	$(BUILD)/gantry completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_gantry
	printf 'prefix=%s\nName: gantry\nDescription: training of image-generating networks on CPU clusters\nVersion: %s\nRequires: %s\nCflags: -I$${prefix}/include\nLibs: -L$${prefix}/lib -lgantry -lm -pthread\n' \
	  '$(PREFIX)' '$(VERSION)' '$(PACKAGES)' > $(DESTDIR)$(PREFIX)/lib/pkgconfig/gantry.pc

bench: all           ## run the benchmarks and print their tables
	@bash bench/all $(BUILD)

bench-results: all   ## the same with all recipes, careful: as for docs/performance.md (copy JSON to bench/results, make docs)
	@bash bench/all $(BUILD) --long

docs: $(BUILD)/gantry ## renew what is generated: tables of results in documents, reference pages
	@$(BUILD)/gantry reference > jobs/reference.ini
	@bench/fill_docs --gantry=$(BUILD)/gantry

count:               ## characters of C in src and include, without comments and white space, for each room
	@tests/tools/count_code .

format:              ## bring the C to the form of .clang-format (clang-format 14)
	@find src include tests bench -name '*.[ch]' | xargs clang-format-14 -i

clean:               ## remove what was built
	rm -rf $(BUILD)

help:                ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

-include $(LIBRARY_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(GOLDEN_OBJ:.o=.d) $(BENCH_OBJ:.o=.d) $(TESTS:=.d) $(FUZZ_SHARED:.o=.d) $(FAILING:.o=.d) $(BENCHES:=.d)
.PHONY: all tests fuzzers bench-programs deps check check-quick check-long demo install bench bench-results docs clean count format help FORCE
