#!/bin/bash
# level: long
# slurm/scaling.sbatch on a cluster of four nodes on this machine: the tables that centres ask for, as text, CSV, HDF5 and a plot.
. "$(dirname "$0")/lib.sh"
. "$here/slurm_cluster.sh"
slurm=$(realpath "$here/../../slurm")
cluster_up 60
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

GANTRY_SITE=$slurm/site.env RECIPE=demo BATCH=8 SLICES=2 NODE_CORES=2 STEPS=3 timeout 900 sbatch --wait -N 4 --output="$tmp/log" "$slurm/scaling.sbatch" "$tmp/out" || { cat log; fail 'sbatch'; }
for ext in txt csv h5 svg; do [ -s "out.$ext" ] || { cat log; fail "no out.$ext"; }; done
head -n 1 out.csv | grep -q '^recipe,mode,nodes,ranks,threads,batch,rate,sec_per_kimg,n,median,least,most,speedup,efficiency,independent,of_nodes,computing,packing,sums,reading,node,core_hours,' || { head out.csv; fail 'columns'; }
# One node in three ways; the same batch on two nodes, of one rank with two threads whichever way is the fastest on one; a batch for each node on two and four.
cut -d, -f2,3,4,5,6,9 out.csv | tail -n +2 >rows
printf '%s\n' 'one node,1,1,1,8,3' 'one node,1,1,2,8,3' 'one node,1,2,1,8,3' >wanted
cmp <(head -n 3 rows) wanted && [ "$(wc -l <rows)" = 8 ] || { cat out.csv log; fail 'not one node in three ways, two in strong and three in weak scaling'; }
sed -n 4,8p rows | paste -sd ' ' | grep -qE '^strong,1,(2,1|1,2),8,3 strong,2,2,2,8,3 weak,1,(2,1|1,2),8,3 weak,2,(4,1|2,2),16,3 weak,4,(8,1|4,2),32,3$' || { cat out.csv log; fail 'rows of several nodes'; }
grep -q '^left out: demo: 4 ranks one on each node: a batch of 8 has 2 slices; .* --batch=16 --slices=4 ' out.txt || { cat out.txt; fail 'four nodes are left out without a word'; }
awk -F, 'NR > 1 && !($10 > 0 && $11 <= $10 && $10 <= $12 && $13 > 0 && $17 > 0 && $18 + $19 + $17 < $12 * 1.5 && $20 > 0 && $21 > 0 && $22 > 0) { print; wrong = 1 } END { exit wrong }' out.csv || fail 'numbers'
quietly "$GANTRY" bench report out.h5
has_line '^scaling$' said || fail 'the HDF5 file has no table'

# The kit: one file with everything, which names no host, user or file.
GANTRY_SITE=$slurm/site.env RECIPE=demo BATCH=4 NODE_CORES=1 STEPS=1 timeout 900 sbatch --wait -N 2 --output="$tmp/log" "$slurm/measure.sbatch" "$tmp/kit" || { cat log; fail 'measure.sbatch'; }
quietly "$GANTRY" bench report kit.h5
for words in '^== doctor$' '^== hashes$' '^== peak$' '^== step$' '^== scaling$' '^== reduce$' '^ok *stylegan2 *g1:' '^ok *MPI '; do has_line "$words" said || { cat said log; fail "the kit has no '$words'"; }; done
strings -n 3 kit.h5 | grep -E "$tmp|/(usr|tmp|home|root|dev|opt)/|\b$(hostname -s)\b|\b$(id -un)\b" && fail 'the kit names a host, a user or a file'
expect 0 '^[^ ].* [0-9]+ the same +demo .* 1 x 1 +2 +[0-9.]+ +[0-9.]+ *$' "$GANTRY" bench report kit.h5 --machines=machines.json
expect 0 '^machines$' "$GANTRY" bench report machines.json
expect 0 ' demo .* cifar ' bash -c '"$1" bench report kit.h5 "$2" --machines=both.json | paste -sd " "' bash "$GANTRY" "$here/../../bench/results/step.json"
