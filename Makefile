# Gantry: make, make check, make demo. `make help` lists everything.
BUILD ?= build
CC ?= gcc
OPT ?= -O3
PACKAGES := ompi openblas hdf5-serial libpng libzip jansson inih libdeflate libxxhash zlib
CFLAGS_ALL = -std=gnu11 $(OPT) -g -Wall -Wextra -Werror -ffp-contract=off -fno-math-errno -fno-trapping-math -pthread -MMD -MP \
  -Iinclude -Isrc $(CFLAGS_PKG) $(CFLAGS)
CFLAGS_PKG := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lhdf5_hl -lm -pthread

SOURCES := $(wildcard src/base/*.c src/kernels/*.c src/graph/*.c src/graph/*/*.c src/nets/*.c src/codec/*.c src/data/*.c src/files/*.c src/dist/*.c src/train/*.c src/metrics/*.c)
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libgantry.a
CLI := $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/cli/*.c))
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*.c))

all: $(BUILD)/gantry tests
tests: $(UNIT)
lib: $(LIBRARY)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c $< -o $@

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/gantry: $(CLI) $(LIBRARY)
	$(CC) -o $@ $(CLI) $(LIBRARY) $(LDFLAGS) $(LIBS)

$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Itests $< -o $@ $(LIBRARY) $(LDFLAGS) -lcmocka $(LIBS)

clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(CLI:.o=.d)
.PHONY: all tests lib clean
