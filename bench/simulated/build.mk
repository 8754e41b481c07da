# The program and the driver on simulated ranks: SimGrid's SMPI in place of MPI (make simulate). Each simulated rank is a copy of a shared object within
# one process, so all is compiled as such, but for the kernels, which refer to nothing outside. What calls MPI is compiled by smpicc, which puts simulated
# clocks in place of the system's; the rest keeps the real ones, for its helper threads are no ranks.
SIMULATED := $(BUILD)/simulated
SIM_MPI   := $(patsubst %.c,$(SIMULATED)/%.o,$(wildcard src/dist/*.c))
SIM_KERNELS := $(filter $(BUILD)/src/kernels/%,$(LIBRARY_OBJ))
SIM_PLAIN := $(patsubst $(BUILD)/%,$(SIMULATED)/%,$(filter-out $(SIM_KERNELS) $(BUILD)/src/dist/%,$(LIBRARY_OBJ)))
SIM_CLI   := $(CLI_OBJ:$(BUILD)/%=$(SIMULATED)/%)
SIM_BENCH := $(BENCH_OBJ:$(BUILD)/%=$(SIMULATED)/%)
SIM_LIBS   = $(shell $(PKG_CONFIG) --libs $(filter-out ompi,$(PACKAGES))) -lm -pthread
# GT_SIMULATED: a rank that waits sleeps between looks (src/dist/comm.c).
SMPI_FLAGS = $(filter-out $(shell $(PKG_CONFIG) --cflags ompi 2>/dev/null),$(CFLAGS_ALL)) -fPIC -DGT_SIMULATED -DSMPI_NO_OVERRIDE_MALLOC -Ibench
SIM_LINK   = smpicc -shared -Wl,-Bsymbolic -o $@ $^ $(SIM_LIBS)

SIM_DRIVER := $(patsubst %.c,$(SIMULATED)/%.o,$(wildcard bench/simulated/*.c))
SIM_CALLS_MPI := $(SIM_MPI) $(SIM_DRIVER) $(SIMULATED)/bench/reduce.o
$(SIM_CALLS_MPI): $(SIMULATED)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  smpi $<")
	$(Q)smpicc $(SMPI_FLAGS) -c $< -o $@
$(SIMULATED)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  cc   $< (simulated)")
	$(Q)$(CC) $(CFLAGS_ALL) -fPIC -Ibench -c $< -o $@
$(SIMULATED)/src/base/version.o: CFLAGS_ALL += -DGT_GIT_ID='"$(GIT_ID)"'
$(SIMULATED)/src/base/version.o: $(BUILD)/git-id
$(SIMULATED)/src/report/report.o: src/report/report.css src/report/report.js
$(SIMULATED)/src/launch/doctor_hashes.o: src/launch/hashes.ini
$(SIMULATED)/src/base/words.o: CFLAGS_ALL += -DGT_HEADINGS='"$(BUILD)/headings"'
$(SIMULATED)/src/base/words.o: docs/glossary.md $(BUILD)/headings

$(SIMULATED)/gantry: $(SIM_CLI) $(SIM_PLAIN) $(SIM_MPI) $(SIM_KERNELS)
	$(if $(Q),@echo "  link $@")
	$(Q)$(SIM_LINK)
$(SIMULATED)/reduce: $(SIMULATED)/bench/reduce.o $(SIM_BENCH) $(SIM_PLAIN) $(SIM_MPI) $(SIM_KERNELS)
	$(if $(Q),@echo "  link $@")
	$(Q)$(SIM_LINK)
# With memory and sums that only take time, in place of those of src/dist.
$(SIMULATED)/driver: $(SIM_DRIVER) $(SIM_BENCH) $(filter-out %/dist/shared.o %/dist/elements.o,$(SIM_MPI)) $(SIM_PLAIN) $(SIM_KERNELS)
	$(if $(Q),@echo "  link $@")
	$(Q)$(SIM_LINK) -Wl,--wrap=gt_block_alloc -Wl,--wrap=gt_block_free

-include $(SIM_DRIVER:.o=.d) $(SIM_MPI:.o=.d) $(SIM_PLAIN:.o=.d) $(SIM_CLI:.o=.d) $(SIM_BENCH:.o=.d)
