# level: full
# What the ranks of a host have once (parameters, their average, packed weights) changes no bit: on any number of ranks and threads, with ranks on several
# NUMA nodes, with several sets of instructions, where slices differ, and where no memory can be shared.
. "$(dirname "$0")/lib.sh"
# Wide enough for packing; with all phases, and states of networks.
wide="$shapes --cfg=auto --cbase=2048 --cmax=64 --map-layers=2 --z-dim=32 --w-dim=32 --batch=8 --mbstd=8 --slices=8 --seed=3 --cond --steps=3 --grid=2x2"
quietly "$GANTRY" train $wide --threads=1 --run=alone
node_of='GT_NUMA_NODE=$((OMPI_COMM_WORLD_LOCAL_RANK % NODES)) exec "$@"'

case_any_number_of_ranks() {
    for split in 2:2 3:1 8:2; do
        quietly ranks "${split%:*}" "$GANTRY" train $wide --threads="${split#*:}" --run="r$split"
        same "$(last alone)" "$(last "r$split")"
    done
}
case_the_plan_counts_it_once() {
    memory() { sed -nE 's/^memory +([0-9]+) MB per rank, including ([0-9]+) MB for the graphs.*/\1/p' said; }
    job="--cfg=cifar --cmax=128 --data=synth:shapes:size=32 --batch=8 --mbstd=8 --slices=8"
    quietly ranks 2 "$GANTRY" train $job --run=none --dry-run=quick
    two=$(memory)
    grep -qE '^memory .* its part of the memory that the ranks of a host share' said || { cat said; fail 'nothing is said of it'; }
    quietly ranks 8 "$GANTRY" train $job --run=none --dry-run=quick
    [ "$(memory)" -lt "$two" ] || { cat said; fail "8 ranks need $(memory) MB each, 2 need $two"; }
    quietly "$GANTRY" train $job --run=none --dry-run=quick
    ! grep -q 'of a host share' said || { cat said; fail 'one rank shares nothing'; }
}
case_decoded_pictures() { # of an archive and of an HDF5 file, which each rank reads a part of: kept once a host, and counted
    quietly "$GANTRY" dataset synth:shapes:n=3000,size=32 set.zip
    quietly "$GANTRY" dataset synth:shapes:n=3000,size=32 set.h5 # 9.2 MB
    job="--model=mlp --batch=16 --slices=8 --steps=40 --threads=1 --seed=3"
    for set in set.zip set.h5; do
        quietly "$GANTRY" train --data=$set $job --run="alone-$set"
        for n in 2 3; do
            quietly ranks "$n" "$GANTRY" train --data=$set $job --run="r$n-$set"
            same "$(last "alone-$set")" "$(last "r$n-$set")"
        done
        quietly "$GANTRY" train --data=$set $job --run=none --dry-run=quick
        grep -qE '^memory .* 9 MB for decoded pictures' said || { cat said; fail 'one rank keeps 9 MB'; }
        quietly ranks 3 "$GANTRY" train --data=$set $job --run=none --dry-run=quick
        grep -qE '^memory .* 3 MB for decoded pictures' said || { cat said; fail 'three ranks keep 3 MB each'; }
    done
}
case_numa_nodes() {
    for split in 4:2 3:3 5:2; do
        NODES=${split#*:} quietly ranks "${split%:*}" sh -c "$node_of" sh "$GANTRY" train $wide --threads=1 --run="n$split"
        same "$(last alone)" "$(last "n$split")"
    done
}
case_sets_of_instructions() { # each has its own packing
    for isa in avx512 avx2; do grep -qw "${isa/avx512/avx512f}" /proc/cpuinfo || lacks "$isa"; done
    mixed=(env GT_ISA=avx512 "$GANTRY" train $wide --threads=1 --run=mixed : -n 2 env GT_ISA=avx2 "$GANTRY" train $wide --threads=1 --run=mixed)
    expect 0 'instructions: each rank' "$LAUNCH" 3 "${mixed[@]}"
    same "$(last alone)" "$(last mixed)"
}
case_slices_that_differ() { # in size, so that ranks may need other packings; a short last batch; normalisation over the batch
    for job in "--model=dcgan $shapes --cbase=512 --cmax=64 --bn=batch --batch=10 --slices=5 --steps=4 --seed=3 --grid=2x2" \
        "--model=edm $shapes --batch=10 --slices=4 --steps=4 --seed=3 --model-channels=16 --channel-mult=1,2 --num-blocks=1 --sheet-steps=1 --grid=2x2" \
        "--model=resnet18 $shapes --epochs=2 --batch=20 --slices=3 --seed=3 --width=0.25"; do
        rm -rf one three
        quietly "$GANTRY" train $job --threads=1 --run=one
        quietly ranks 3 "$GANTRY" train $job --threads=1 --run=three
        same "$(last one)" "$(last three)"
    done
}
case_goes_on_elsewhere() { # loads into memory in common, and from there to other numbers of ranks
    quietly ranks 3 "$GANTRY" train $wide --steps=1 --threads=1 --run=moved
    quietly ranks 8 "$GANTRY" train $wide --steps=2 --threads=1 --run=moved
    quietly "$GANTRY" train $wide --threads=1 --run=moved
    same "$(last alone)" "$(last moved)"
}
case_without_memory_to_share() {
    printf '#include <errno.h>\nint memfd_create(const char *name, unsigned flags) { errno = 38; return -1; }\n' >none.c
    gcc -shared -fPIC -w -o none.so none.c || fail 'it cannot be compiled'
    quietly ranks 3 env LD_PRELOAD="$PWD/none.so" "$GANTRY" train $wide --threads=1 --run=none
    [ "$(grep -c 'cannot share memory' said)" = 1 ] || { cat said; fail 'not one line that says so'; }
    same "$(last alone)" "$(last none)"
}
run_cases
