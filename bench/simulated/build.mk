# The program and the driver on simulated ranks: SimGrid's SMPI in place of MPI (make simulate). Each simulated rank is a copy of a shared object within
# one process. What calls MPI is compiled by smpicc, which puts simulated clocks in place of the system's; the rest keeps the real ones, for its helper
# threads are no ranks, and is what the ordinary program has.
SIMULATED := $(BUILD)/simulated
SIM_MPI   := $(patsubst %.c,$(SIMULATED)/%.o,$(wildcard src/core/dist/*.c))
SIM_PLAIN := $(filter-out $(BUILD)/src/core/dist/%,$(LIBRARY_OBJ))
SIM_LIBS   = $(shell $(PKG_CONFIG) --libs $(filter-out ompi,$(PACKAGES))) -lm -ldl -pthread
# GT_SIMULATED: a rank that waits sleeps between looks (src/core/dist/comm.c).
SMPI_FLAGS = $(filter-out $(shell $(PKG_CONFIG) --cflags ompi 2>/dev/null),$(CFLAGS_ALL)) -DGT_SIMULATED -DSMPI_NO_OVERRIDE_MALLOC -Ibench
SIM_LINK   = smpicc -shared -Wl,-Bsymbolic -o $@ $^ $(SIM_LIBS)

SIM_DRIVER := $(patsubst %.c,$(SIMULATED)/%.o,$(wildcard bench/simulated/*.c))
SIM_CALLS_MPI := $(SIM_MPI) $(SIM_DRIVER) $(SIMULATED)/bench/reduce.o
$(SIM_CALLS_MPI): $(SIMULATED)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  smpi $<")
	$(Q)smpicc $(SMPI_FLAGS) -c $< -o $@

$(SIMULATED)/gantry: $(CLI_OBJ) $(SIM_PLAIN) $(SIM_MPI)
	$(if $(Q),@echo "  link $@")
	$(Q)$(SIM_LINK)
$(SIMULATED)/reduce: $(SIMULATED)/bench/reduce.o $(BENCH_OBJ) $(SIM_PLAIN) $(SIM_MPI)
	$(if $(Q),@echo "  link $@")
	$(Q)$(SIM_LINK)
# With memory and sums that only take time, in place of those of src/core/dist.
$(SIMULATED)/driver: $(SIM_DRIVER) $(BENCH_OBJ) $(filter-out %/dist/shared.o %/dist/elements.o,$(SIM_MPI)) $(SIM_PLAIN)
	$(if $(Q),@echo "  link $@")
	$(Q)$(SIM_LINK) -Wl,--wrap=gt_block_alloc -Wl,--wrap=gt_block_free

-include $(SIM_CALLS_MPI:.o=.d)
