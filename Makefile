# Gantry. `make demo` and `make check` are the two commands to know; `make help` lists the others.
BUILD  ?= build
# For another architecture: make CROSS=aarch64-linux-gnu- SYSROOT=DIR BUILD=build/arm64. CROSS is what the compiler's name begins with, DIR a tree of a
# Debian of that architecture with the packages of .ci/packages (docs/install.md makes one).
CROSS  ?=
ifeq ($(origin CC),default)
CC = $(CROSS)gcc $(SYSROOT:%=--sysroot=%)
endif
PKG_CONFIG := pkg-config
ifneq ($(SYSROOT),)
SYSTEM_LIB := $(SYSROOT)/usr/lib/$(CROSS:-=)
PKG_CONFIG := PKG_CONFIG_SYSROOT_DIR=$(SYSROOT) \
  PKG_CONFIG_LIBDIR=$(SYSTEM_LIB)/pkgconfig:$(SYSTEM_LIB)/openblas-pthread/pkgconfig:$(SYSROOT)/usr/share/pkgconfig pkg-config
endif
OPT    ?= -O3
# What checks is optimised less than what is checked: it takes half the time to compile.
TEST_OPT ?= $(OPT:-O3=-O1)
# And it is linked by gold, where that is, in half of the time: the same library goes into more than a hundred programs.
TEST_LDFLAGS ?= $(shell command -v $(CROSS)ld.gold >/dev/null && echo -fuse-ld=gold)
PREFIX ?= /usr/local
# Where Gantry is published: for the package of pkg-config and the wheel; README's first block names it (none yet: ADDRESS).
HOMEPAGE ?=
# The program finds its own files from where it is: bin, libexec and share stay together under PREFIX.
LIBDIR ?= $(PREFIX)/lib
PYTHONDIR ?= $(PREFIX)/lib/python3/dist-packages
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/gantry
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
T      ?=
MINUTES ?= 10

VERSION  := $(shell sed -n 's/^\#define GT_VERSION "\(.*\)"/\1/p' include/gantry/version.h)
# The commit: given from outside where the sources come without .git, or written into .ci/commit by git archive (make dist). That one comes before git's
# own word, for a release may be unpacked within another repository.
ARCHIVED := $(shell sed -n 's/^\([0-9a-f]\{10\}\)[0-9a-f]*$$/\1/p' .ci/commit 2>/dev/null)
GIT_ID   := $(or $(GIT_ID),$(ARCHIVED),$(shell git describe --always --dirty --abbrev=10 --exclude='*' 2>/dev/null || echo unknown))
# A release is built by compilers that did not exist when it was made: there a new warning ends nothing.
WERROR   ?= $(if $(ARCHIVED),,-Werror)
# HDF5 without MPI: its name in Debian, and elsewhere.
HDF5     := $(shell { $(PKG_CONFIG) --exists hdf5-serial || ! $(PKG_CONFIG) --exists hdf5; } 2>/dev/null && echo hdf5-serial || echo hdf5)
PACKAGES := ompi openblas $(HDF5) libpng libzip jansson libxxhash libcrypto zlib libjpeg libdeflate libwebp libwebpdemux libtiff-4 lcms2 libarchive cairo
# Those that the program opens where it first uses them (.ci/late). `make LATE=` links all of them, as it is done for tests, for programs of others, for
# processors without jumps for it (src/core/base/late.h), and for sanitizers.
LATE     ?= $(filter ompi openblas $(HDF5) libzip libcrypto libwebp libwebpdemux libtiff-4 lcms2 libarchive cairo,$(PACKAGES))
ifeq ($(filter x86_64 aarch64,$(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))),)
override LATE =
endif
ifneq ($(findstring -fsanitize,$(CC) $(CFLAGS) $(INSTRUMENT)),)
override LATE =
endif
MISSING  := $(shell for p in $(PACKAGES); do $(PKG_CONFIG) --exists $$p 2>/dev/null || echo $$p; done)
CFLAGS_PACKAGES := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LIBS     := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lm -ldl -pthread

# OPT=-g builds for a debugger. No contraction outside the kernels that ask for it: a fused multiply-add changes bits (see src/core/kernels/micro.h).
# The same objects serve programs and shared objects; a name means what it means here, so that functions still become parts of others.
CFLAGS_ALL = -std=gnu11 -g1 $(OPT) -fPIC -fno-semantic-interposition -Wall -Wextra $(WERROR) -ffp-contract=off -fno-math-errno -fno-trapping-math \
  -pthread -MMD -MP -Iinclude -Isrc/core -Isrc $(CFLAGS_PACKAGES) $(CPPFLAGS) $(CFLAGS) $(INSTRUMENT)
# Instrumentation for searches (tests/e2e/fuzz.sh): of what reads bytes, not of arithmetic.
$(BUILD)/src/core/kernels/%.o $(BUILD)/src/core/graph/%.o: override INSTRUMENT =
# Where products are fused with sums (src/core/kernels/micro.h), checks of UndefinedBehaviorSanitizer (tests/e2e/sanitizers.sh) would stand between some of them:
# one path of a kernel would round where another does not, and equal results would differ in bits. And clang takes half an hour for these checks.
FUSING := $(foreach set,portable avx2 avx512 neon,$(BUILD)/src/core/kernels/gemm_$(set).o $(BUILD)/src/core/kernels/mixture_$(set).o)
$(FUSING): CFLAGS_ALL += $(if $(findstring undefined,$(CFLAGS)),-fno-sanitize=undefined)

# The program: the frame of commands, and of each feature the files command*.c. All else is the library.
CLI_SOURCES  := $(wildcard src/core/command/*.c src/features/*/command*.c)
SOURCES      := $(wildcard src/*/*.c src/*/*/*.c src/*/*/*/*.c src/*/*/*/*/*.c)
LIBRARY_OBJ  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(CLI_SOURCES) src/core/files/checker/%,$(SOURCES)))
CLI_OBJ      := $(CLI_SOURCES:%.c=$(BUILD)/%.o)
GOLDEN_OBJ   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/golden_run/*.c))
TOOLS        := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))
# A file of tests/fuzz that defines a target is a program; the others are what they share.
FUZZ_SOURCES := $(shell grep -ls '^const fuzz_target target' tests/fuzz/*.c)
TESTS        := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c)) $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/tests/test_fuzz_%) $(BUILD)/tests/golden $(BUILD)/tests/gantry_failing $(BUILD)/tests/check_failing $(TOOLS)
BENCH_OBJ    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard bench/common/*.c))
# The comparison with oneDNN only where that is installed (Debian: libdnnl-dev).
NO_ONEDNN    := $(shell $(CC) -E -include dnnl.h -x c /dev/null >/dev/null 2>&1 || echo bench/conv_onednn.c)
BENCHES      := $(patsubst bench/%.c,$(BUILD)/bench/%,$(filter-out $(NO_ONEDNN),$(wildcard bench/*.c)))
LIBRARY      := $(BUILD)/libgantry.a
# The whole of the library as one shared object: tests, which look inside, are linked with it in no time, and run with another build of it, too
# (tests/e2e/sanitizers.sh). Nothing of it is replaced by a program; what is replaced needs the archive.
WHOLE        := $(BUILD)/tests/libgantry-whole.so
WITH_WHOLE   := $(WHOLE) -Wl,--enable-new-dtags,-rpath,'$$ORIGIN'
SHARED       := $(BUILD)/libgantry.so.$(basename $(VERSION))
# Programs that were linked with 1.x run with each later 1.y: what they were promised (the stable public headers) goes no sooner than with the next name.
SONAME       := libgantry.so.$(firstword $(subst ., ,$(VERSION)))
CHECKER      := $(BUILD)/libexec/gantry/check-hdf5
CHECKER_OBJ  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/core/files/checker/*.c))

all: $(BUILD)/gantry $(SHARED) tests bench-programs   ## program, library, tests and benchmarks
tests: $(TESTS)
bench-programs: $(BENCHES)
shared: $(SHARED)

ifneq ($(MISSING),)
ifeq ($(filter help deps deps-build missing clean count format check check-quick check-long simulate demo install install-program install-library uninstall dist deb,$(MAKECMDGOALS)),)
$(error missing packages (pkg-config names): $(MISSING). `make deps` installs them on Debian, and says elsewhere what is needed)
endif
endif

# V=1 shows the commands.
Q := $(if $(V),,@)

# "[12/700] " for what goes into the program and was not there when make began: how far a first build is.
NEW := $(filter-out $(wildcard $(LIBRARY_OBJ) $(CLI_OBJ) $(CHECKER_OBJ)),$(LIBRARY_OBJ) $(CLI_OBJ) $(CHECKER_OBJ))
progress = $(if $(filter $@,$(NEW)),$(eval MADE += x)[$(words $(MADE))/$(words $(NEW))] )

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  cc   $(progress)$<")
	$(Q)$(CC) $(CFLAGS_ALL) -c $< -o $@

$(LIBRARY): $(LIBRARY_OBJ)
	$(if $(Q),@echo "  ar   $@")
	@rm -f $@
	$(Q)ar qcs $@ $^

$(WHOLE): $(LIBRARY_OBJ)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-Bsymbolic,-soname,$(@F) -o $@ $^ $(LDFLAGS) $(TEST_LDFLAGS) $(LIBS)

# For programs of others. Visible are the names that the public headers have.
$(BUILD)/libgantry.map: $(wildcard include/gantry/*.h)
	@mkdir -p $(@D)
	@{ echo '{ global:'; grep -oh 'gt_[a-z0-9_]*' $^ | sort -u | sed 's/$$/;/'; echo 'local: *; };'; } > $@
$(SHARED): $(LIBRARY_OBJ) $(BUILD)/libgantry.map
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(BUILD)/libgantry.map -o $@ $(LIBRARY_OBJ) $(LDFLAGS) $(LIBS)

# What the program carries within itself.
$(BUILD)/src/features/report/report.o: src/features/report/report.css src/features/report/report.js
$(BUILD)/src/features/doctor/doctor_hashes.o: src/features/doctor/hashes.ini
$(BUILD)/src/core/base/words.o: docs/glossary.md src/core/base/words.list $(BUILD)/headings
$(BUILD)/src/core/base/words.o: CFLAGS_ALL += -DGT_HEADINGS='"$(BUILD)/headings"'
# "PAGE: HEADING" for each heading of the documents, but for those of the generated pages.
PAGES := $(filter-out docs/commands.md docs/options.md,$(wildcard README.md docs/*.md docs/models/*.md))
$(BUILD)/headings: $(PAGES)
	@mkdir -p $(@D)
	$(Q)awk '/^```/ { code = !code } FNR == 1 { code = 0 } !code && sub(/^##* /, "") { print FILENAME ": " $$0 }' $(PAGES) > $@

# Where `make install` puts programs for its own use, for programs that have the library within them.
%/src/core/base/program.o: CFLAGS_ALL += -DGT_LIBEXEC='"$(PREFIX)/libexec/gantry"'

$(BUILD)/src/core/base/version.o: CFLAGS_ALL += -DGT_GIT_ID='"$(GIT_ID)"'
# The program says which commit it is: rebuilt when that changes.
$(BUILD)/git-id: FORCE
	@mkdir -p $(@D)
	@echo '$(GIT_ID)' | cmp -s - $@ || echo '$(GIT_ID)' > $@
$(BUILD)/src/core/base/version.o: $(BUILD)/git-id

ifneq ($(LATE),)
LATE_OBJ := $(BUILD)/late.o
LATE_FLAGS := -Wl,--dynamic-list=$(BUILD)/late.list
# With the folders in which the loader looks for libraries, where pkg-config names some.
COMMA := ,
PROGRAM_LIBS = $(shell $(PKG_CONFIG) --libs $(filter-out $(LATE),$(PACKAGES))) $(filter -Wl$(COMMA)%,$(LIBS)) -lm -ldl -pthread
else
PROGRAM_LIBS = $(LIBS)
endif
$(BUILD)/late.o: $(CLI_OBJ) $(LIBRARY) .ci/late src/core/base/late.h
	$(if $(Q),@echo "  late $(LATE)")
	$(Q)CC="$(CC)" PKG_CONFIG="$(PKG_CONFIG)" NM=$(CROSS)nm READELF=$(CROSS)readelf LATE="$(LATE)" .ci/late $(BUILD)/late.c $(BUILD)/late.list $(CLI_OBJ) $(LIBRARY)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS_ALL)) -fno-lto -c $(BUILD)/late.c -o $@
$(BUILD)/gantry $(BUILD)/carried/gantry: $(CLI_OBJ) $(LIBRARY) $(LATE_OBJ)
	$(if $(Q),@echo "  link $@")
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $(CLI_OBJ) $(LATE_OBJ) $(LIBRARY) $(LATE_FLAGS) $(LDFLAGS) $(CARRIED) $(PROGRAM_LIBS)
# For `make tarball`: the libraries lie beside it. Of the two kinds of paths this one holds for what these libraries need, too, and for those opened late.
$(BUILD)/carried/gantry: CARRIED = -Wl,--disable-new-dtags,-rpath,'$$ORIGIN/../lib/gantry'
$(BUILD)/carried/check-hdf5: CARRIED = -Wl,--disable-new-dtags,-rpath,'$$ORIGIN/../../lib/gantry'

# With a static libhdf5, where Debian has put one, the checker starts in half of the time.
HDF5_STATIC := $(if $(filter hdf5-serial,$(HDF5)),$(wildcard $(shell $(CC) -print-file-name=libhdf5_serial.a 2>/dev/null)))
CHECKER_LINK = $(CC) $(CFLAGS) -o $@ $(LDFLAGS) $(CARRIED) -Wl,--as-needed
$(CHECKER) $(BUILD)/carried/check-hdf5: $(CHECKER_OBJ) $(LIBRARY)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  link $@")
	$(Q)$(if $(HDF5_STATIC),$(CHECKER_LINK) $^ $(HDF5_STATIC) -l:libsz.a -l:libaec.a $(LIBS) 2>/dev/null ||) $(CHECKER_LINK) $(filter-out %/unused.o,$^) $(LIBS)
$(BUILD)/gantry $(TESTS) $(BENCHES): | $(CHECKER)

$(BUILD)/tests/golden: $(GOLDEN_OBJ) | $(WHOLE)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(WITH_WHOLE) $(LDFLAGS) $(TEST_LDFLAGS) $(LIBS)
# Linked into every unit test: chooses the cases that run (T=NAME:CASE).
ONE_CASE := $(BUILD)/tests/unit/one_case.o
.SECONDARY: $(ONE_CASE)
# Functions that a test has in place of libc's (interpose.h) stay libc's to the compiler.
$(BUILD)/tests/%: tests/unit/%.c $(ONE_CASE) | $(WHOLE)
	$(if $(Q),@echo "  link $@")
	$(if $(and $(findstring --wrap,$(TEST_LIBS)),$(if $(TEST_LIBRARY),,shared)),$(error $@ puts functions in the place of the library's: add it to OF_ARCHIVE))
	$(Q)$(CC) $(CFLAGS_ALL) $(TEST_OPT) -fsemantic-interposition -Itests -Ibench $< -o $@ $(ONE_CASE) $(filter-out %/main.o,$(TEST_EXTRA)) $(or $(TEST_LIBRARY),$(WITH_WHOLE)) $(LDFLAGS) $(TEST_LDFLAGS) -lcmocka $(TEST_LIBS) $(LIBS)
$(BUILD)/tests/test_import_foreign: TEST_LIBS = -llmdb
# What other ranks and threads bring to a tick, the test tells.
TOLD_TO_TICKS := gt_comm_gather_all gt_comm_max_all gt_comm_sum_all gt_loader_wait_seconds gt_reducer_traffic gt_saver_outcome
$(BUILD)/tests/test_ticks: TEST_LIBS = $(TOLD_TO_TICKS:%=-Wl,--wrap=%)
# And what a network makes of its inputs.
$(BUILD)/tests/test_projection: TEST_LIBS = -Wl,--wrap=gt_runner_input -Wl,--wrap=gt_runner_output -Wl,--wrap=gt_runner_run
TOLD_TO_CLASSIFY := gt_runner_dataset_all gt_runner_output gt_runner_model gt_dataset_get_info gt_dataset_class gt_comm_agree_all
$(BUILD)/tests/test_classify: TEST_LIBS = $(TOLD_TO_CLASSIFY:%=-Wl,--wrap=%)
TOLD_TO_ROLLBACK := gt_comm_agree_all gt_saver_wait gt_checkpoint_set_aside gt_checkpoint_newest gt_checkpoint_path gt_checkpoint_close \
  gt_engine_load_all gt_chain_line gt_chain_roll_back_all gt_engine_start_loader_all gt_journal_open_logs gt_journal_take_past_all gt_save_all
$(BUILD)/tests/test_rollback: TEST_LIBS = $(TOLD_TO_ROLLBACK:%=-Wl,--wrap=%)
$(BUILD)/tests/test_in_order: TEST_LIBS = -Wl,--wrap=gt_comm_agree_all
# What a figure shows, the test looks at.
$(BUILD)/tests/test_views: TEST_LIBS = -Wl,--wrap=gt_figure_write
# Results of benchmarks are read by tests, too.
RESULTS_OBJ := $(BUILD)/bench/common/results.o $(BUILD)/bench/common/results_h5.o
$(BUILD)/tests/test_own_hdf5: TEST_EXTRA = $(RESULTS_OBJ)
$(BUILD)/tests/test_own_hdf5: $(RESULTS_OBJ)
$(BUILD)/tests/test_cost_model: TEST_EXTRA = $(RESULTS_OBJ) $(BUILD)/bench/common/cost_model.o
$(BUILD)/tests/test_cost_model: $(RESULTS_OBJ) $(BUILD)/bench/common/cost_model.o
FUZZ_SHARED := $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/replay.o $(RESULTS_OBJ)
.SECONDARY: $(FUZZ_SHARED)
$(BUILD)/tests/test_fuzz_%: tests/fuzz/%.c $(FUZZ_SHARED) | $(WHOLE)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) $(TEST_OPT) -Itests/fuzz -Ibench $< -o $@ $(FUZZ_SHARED) $(WITH_WHOLE) $(LDFLAGS) $(TEST_LDFLAGS) $(LIBS)
# Searches: for a build by clang with -fsanitize=fuzzer-no-link (tests/e2e/fuzz.sh).
fuzzers: $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/fuzz_%)
$(BUILD)/fuzz_%: tests/fuzz/%.c $(BUILD)/tests/fuzz/fuzz.o $(RESULTS_OBJ) $(LIBRARY)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) -fsanitize=fuzzer -Itests/fuzz -Ibench $< -o $@ $(BUILD)/tests/fuzz/fuzz.o $(RESULTS_OBJ) $(LIBRARY) $(LDFLAGS) $(LIBS)
# What another compiler (CC=clang) warns of in tests and benchmarks, and in what tests/e2e/sanitizers.sh does not compile: no code is made.
# A process of clang itself (-cc1) reads many files: one for each would take longer to start than to read its file.
look_at = itself=$$($(CC) $(filter-out -MMD -MP,$(CFLAGS_ALL)) -fsyntax-only $(2) -\#\#\# $(firstword $(1)) 2>&1 | sed -n '$$s/ "-main-file-name" "[^"]*"\(.*\) "[^"]*"$$/\1/p') && \
  printf '%s\n' $(1) | xargs -n 50 -P $$(nproc) sh -c "exec $$itself \"\$$@\"" sh
warnings:
	@$(call look_at,$(wildcard tests/unit/*.c tests/fuzz/*.c tests/tools/*.c tests/failing/*.c tests/golden_run/*.c src/core/kernels/gemm_*.c),-Itests -Itests/fuzz -Ibench)
	@$(call look_at,$(filter-out $(NO_ONEDNN),$(wildcard bench/*.c bench/common/*.c)),-Ibench)
# The option table belongs to the program, not to the library: its tests link it.
OF_PROGRAM := $(addprefix $(BUILD)/tests/test_,options help outfile status)
$(OF_PROGRAM): TEST_EXTRA = $(CLI_OBJ)
$(OF_PROGRAM): $(CLI_OBJ)
$(BUILD)/tests/golden_dataset $(BUILD)/tests/test_launch: | $(BUILD)/gantry
# Memory that runs short on demand; there each allocation of an arena is one of malloc's.
FAILING := $(addprefix $(BUILD)/tests/failing/,memory.o main.o checker.o)
$(BUILD)/tests/failing/memory.o: src/core/base/memory.c
$(BUILD)/tests/failing/main.o: src/core/command/main.c
$(BUILD)/tests/failing/checker.o: src/core/files/checker/main.c
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
	  $(filter-out %/checker.o,$(FAILING)) $(filter-out %/main.o,$(CLI_OBJ)) $(LIBRARY) $(LDFLAGS) $(TEST_LDFLAGS) $(LIBS)
$(BUILD)/tests/check_failing: tests/failing/gantry.c $(FAILING) $(LIBRARY)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) $(FAILING_FLAGS) $< -o $@ $(filter-out %/main.o,$(FAILING)) $(LIBRARY) $(LDFLAGS) $(TEST_LDFLAGS) $(LIBS)
$(BUILD)/tests/test_short_memory: TEST_EXTRA = $(BUILD)/tests/failing/memory.o
$(BUILD)/tests/test_short_memory: TEST_LIBS = $(FAILING_FLAGS)
$(BUILD)/tests/test_short_memory: $(BUILD)/tests/failing/memory.o
# Not for what is linked on the way to it.
$(BUILD)/tests/classifier: private LDFLAGS += -Wl,--wrap=gt_max_pool_with
# These put something of their own in the place of functions of the library, or look at what it hides.
OF_ARCHIVE := $(addprefix $(BUILD)/tests/,test_short_memory test_ticks test_projection test_views test_classify test_rollback test_in_order test_library classifier)
$(OF_ARCHIVE): TEST_LIBRARY = $(LIBRARY)
$(OF_ARCHIVE): $(LIBRARY)
$(TOOLS): $(BUILD)/tests/%: tests/tools/%.c | $(WHOLE)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) $< -o $@ $(or $(TEST_LIBRARY),$(WITH_WHOLE)) $(LDFLAGS) $(TEST_LDFLAGS) $(LIBS)
$(BUILD)/bench/common/%.o: CFLAGS_ALL += -Ibench
.SECONDARY: $(BENCH_OBJ)
$(BUILD)/bench/%: bench/%.c $(BENCH_OBJ) $(LIBRARY)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  link $@")
	$(Q)$(CC) $(CFLAGS_ALL) -Ibench $< -o $@ $(BENCH_OBJ) $(LIBRARY) $(LDFLAGS) $(TEST_LDFLAGS) $(BENCH_LIBS) $(LIBS)
$(BUILD)/bench/conv_onednn: BENCH_LIBS = -ldnnl -lgomp

-include bench/simulated/build.mk

deps:                ## install the missing packages (Debian), or say which they are
	@bash .ci/deps
deps-build:          ## the same without what only the tests need
	@bash .ci/deps build
# For .ci/deps, where there is no Debian.
missing:
	@echo $(MISSING)

# TIMES=1: what the build cost as well
TIMED = $(if $(TIMES),mkdir -p $(BUILD) && tests/timed $(BUILD)/build.cost)
check: deps          ## build and run the tests; T=NAME runs one, T=NAME:CASE one case, CHECK_STRICT=1 counts skipped as failed, but for what the processor lacks; TIMES=1 prints what each cost
	@$(TIMED) $(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC="$(CC)" all
	@bash tests/run $(BUILD) full $(T)

check-quick: deps    ## the quick part of the tests
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC="$(CC)" all
	@bash tests/run $(BUILD) quick $(T)

check-long: deps     ## campaigns of MINUTES=N minutes, which go on where they stopped
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC="$(CC)" all
	@MINUTES=$(MINUTES) bash tests/run $(BUILD) long $(T)

simulate:            ## the program on 2 to 64 simulated ranks, which must write what one real rank writes (SimGrid; Debian: installed if missing)
	@bash .ci/deps simulate
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC="$(CC)" $(BUILD)/gantry $(BUILD)/bench/reduce $(SIMULATED)/gantry $(SIMULATED)/reduce $(SIMULATED)/driver
	@bash bench/simulated/check $(BUILD) $(RANKS)

demo: deps-build     ## train a small StyleGAN2-ADA on coloured shapes, for at most five minutes
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC="$(CC)" $(BUILD)/gantry
	@bash jobs/demo.sh $(BUILD)/gantry

INSTALLED := $(DESTDIR)$(PREFIX)/share/gantry
install: install-program install-library ## program, library, headers, pkg-config file, job files, networks, documents, manual pages and completions to PREFIX (DESTDIR: below that folder)
	@echo 'gantry is in $(DESTDIR)$(PREFIX)/bin.'
	@case :$$PATH: in *:$(PREFIX)/bin:*) ;; *) echo 'That folder is not in PATH: add it in this shell, and in ~/.profile or ~/.bashrc, by'; echo '  export PATH=$(PREFIX)/bin:$$PATH' ;; esac

install-program: $(BUILD)/gantry $(CHECKER) ## of that what the program needs
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/gantry \
	  $(INSTALLED)/jobs/course $(INSTALLED)/networks $(INSTALLED)/slurm/container $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(DOCDIR) $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR)
	$(Q)install -m 755 $(BUILD)/gantry $(DESTDIR)$(PREFIX)/bin/
	$(Q)install -m 755 $(CHECKER) $(DESTDIR)$(PREFIX)/libexec/gantry/
	$(Q)install -m 644 jobs/*.ini jobs/*.list $(INSTALLED)/jobs/
	$(Q)install -m 755 jobs/sweep.sh jobs/demo.sh $(INSTALLED)/jobs/
	$(Q)install -m 644 jobs/course/* $(INSTALLED)/jobs/course/
	$(Q)install -m 644 $(wildcard networks/*) $(INSTALLED)/networks/
	$(Q)install -m 644 $(wildcard slurm/*.*) $(INSTALLED)/slurm/
	$(Q)install -m 644 $(wildcard slurm/container/*) $(INSTALLED)/slurm/container/
	$(Q)chmod 755 $(INSTALLED)/slurm/*.sbatch $(INSTALLED)/slurm/*.pbs $(INSTALLED)/slurm/container/install.sh
	$(Q)$(BUILD)/gantry man > $(DESTDIR)$(MANDIR)/man1/gantry.1
	$(Q)for c in $$($(BUILD)/gantry completion words); do $(BUILD)/gantry man $$c > $(DESTDIR)$(MANDIR)/man1/gantry-$$c.1 || exit 1; done
	$(Q)$(BUILD)/gantry completion bash > $(DESTDIR)$(BASHDIR)/gantry
	$(Q)$(BUILD)/gantry completion zsh > $(DESTDIR)$(ZSHDIR)/_gantry
	@# With their folders, so that the links between them lead somewhere.
	$(Q)for f in $(wildcard README.md CHANGELOG.md CITATION.cff LICENSE) $$(find $(wildcard docs) /dev/null -type f); do install -D -m 644 $$f $(DESTDIR)$(DOCDIR)/$$f || exit 1; done

install-bench: bench-programs ## and the programs of gantry bench
	$(Q)install -d $(DESTDIR)$(PREFIX)/libexec/gantry
	$(if $(BENCHES),$(Q)install -m 755 $(BENCHES) $(DESTDIR)$(PREFIX)/libexec/gantry/)

install-library: $(LIBRARY) $(SHARED) $(CHECKER) ## of that the libraries, the program that checks HDF5 files, headers, the pkg-config file and the Python package
	$(Q)install -d $(DESTDIR)$(PREFIX)/libexec/gantry $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include/gantry $(DESTDIR)$(PYTHONDIR)/gantry
	$(Q)install -m 755 $(CHECKER) $(DESTDIR)$(PREFIX)/libexec/gantry/
	$(Q)install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)/
	$(Q)ln -sf $(notdir $(SHARED)) $(DESTDIR)$(LIBDIR)/$(SONAME)
	$(Q)ln -sf $(notdir $(SHARED)) $(DESTDIR)$(LIBDIR)/libgantry.so
	$(Q)install -m 644 $(LIBRARY) $(DESTDIR)$(LIBDIR)/
	$(Q)install -m 644 include/gantry/*.h $(DESTDIR)$(PREFIX)/include/gantry/
	$(Q)install -m 644 src/python/gantry/*.py $(DESTDIR)$(PYTHONDIR)/gantry/
	@# A program with the static library looks for libexec where this installation has it.
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS_ALL)) -DGT_LIBEXEC='"$(PREFIX)/libexec/gantry"' -c src/core/base/program.c -o $(DESTDIR)$(LIBDIR)/program.o
	$(Q)cd $(DESTDIR)$(LIBDIR) && ar r libgantry.a program.o && rm program.o
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$${prefix}/include' '' 'Name: gantry' \
	  'Description: training of image-generating networks on CPUs' 'Version: $(VERSION)' $(if $(HOMEPAGE),'URL: $(HOMEPAGE)') \
	  'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lgantry' 'Libs.private: $(LIBS)' > $(DESTDIR)$(LIBDIR)/pkgconfig/gantry.pc

uninstall:           ## remove what `make install` with the same PREFIX and DESTDIR has put there
	rm -f $(DESTDIR)$(PREFIX)/bin/gantry $(addprefix $(DESTDIR)$(LIBDIR)/,libgantry.a libgantry.so $(SONAME) $(notdir $(SHARED)) pkgconfig/gantry.pc) \
	  $(DESTDIR)$(MANDIR)/man1/gantry.1 $(DESTDIR)$(MANDIR)/man1/gantry-*.1 $(DESTDIR)$(BASHDIR)/gantry $(DESTDIR)$(ZSHDIR)/_gantry
	rm -rf $(DESTDIR)$(PREFIX)/libexec/gantry $(DESTDIR)$(PREFIX)/include/gantry $(INSTALLED) $(DESTDIR)$(DOCDIR) $(DESTDIR)$(PYTHONDIR)/gantry

wheel: $(BUILD)/gantry $(SHARED) $(CHECKER) ## BUILD/gantry-VERSION-py3-none-PLATFORM.whl for pip: the Python package with the library and the program
	@HOMEPAGE='$(HOMEPAGE)' /usr/bin/env python3 packaging/make-wheel $(BUILD) $(VERSION) $(BUILD)

deb:                 ## packages for Debian of what is committed, in BUILD/debian (needs debhelper)
	@bash packaging/make-deb $(BUILD)/debian

tarball: $(BUILD)/gantry $(BUILD)/carried/gantry $(BUILD)/carried/check-hdf5 ## BUILD/gantry-VERSION-linux-ARCHITECTURE.tar.gz: the program with its libraries, to unpack and use (needs Debian)
	@MAKE="$(MAKE)" packaging/make-tarball $(BUILD) $(BUILD)

dist:                ## BUILD/gantry-VERSION.tar.gz of what is committed: equal commits give equal bytes; with pandoc also gantry-VERSION-site.tar.gz
	@bash .ci/dist $(BUILD)
	@if command -v pandoc >/dev/null; then \
	  $(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD) CC="$(CC)" $(BUILD)/gantry && rm -rf $(BUILD)/committed && mkdir $(BUILD)/committed && \
	  tar xf $(BUILD)/gantry-$(VERSION).tar.gz -C $(BUILD)/committed && $(BUILD)/committed/*/packaging/make-site $(BUILD)/gantry $(BUILD)/gantry-$(VERSION)-site.tar.gz && rm -rf $(BUILD)/committed; \
	else echo 'note: no site of the documents beside it: that needs pandoc (make site)'; fi

site: $(BUILD)/gantry ## README, documents and manual pages as HTML with a search, in BUILD/site (needs pandoc)
	@packaging/make-site $(BUILD)/gantry $(BUILD)/site

bench: all           ## run the benchmarks and print their tables
	@bash bench/all $(BUILD)

bench-results: all   ## the same with all recipes, careful: as for docs/performance.md (copy JSON to bench/results, make docs)
	@bash bench/all $(BUILD) --long

docs: $(BUILD)/gantry ## renew what is generated: tables of results in documents, reference pages
	@$(BUILD)/gantry reference > jobs/reference.ini
	@$(BUILD)/gantry reference --markdown > docs/options.md
	@$(BUILD)/gantry reference --commands > docs/commands.md
	@bench/fill_docs --gantry=$(BUILD)/gantry
	@tests/tools/draw_rooms . > docs/images/rooms.svg

print-LIBS:
	@echo $(LIBS)

count:               ## lines of C in src and include, for each room of the core and each feature
	@tests/tools/count_code .

format:              ## bring the C to the form of .clang-format (clang-format 14)
	@find src include tests bench docs/examples -name '*.[ch]' | xargs clang-format-14 -i

clean:               ## remove what was built
	rm -rf $(BUILD)

help:                ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

-include $(LIBRARY_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(CHECKER_OBJ:.o=.d) $(GOLDEN_OBJ:.o=.d) $(BENCH_OBJ:.o=.d) $(TESTS:=.d) $(FUZZ_SHARED:.o=.d) $(FAILING:.o=.d) $(BENCHES:=.d)
.PHONY: all tests shared warnings fuzzers bench-programs deps deps-build missing check check-quick check-long simulate demo install install-program install-library install-bench uninstall wheel deb tarball dist site bench bench-results docs clean count format help FORCE
