#!/bin/bash
# level: long
# slurm/scaling.sbatch on a cluster of four nodes on this machine: the tables that centres ask for, as text, CSV, HDF5 and a plot.
. "$(dirname "$0")/lib.sh"
. "$here/slurm_cluster.sh"
slurm=$(realpath "$here/../../slurm")
cluster_up 60
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

GANTRY_SITE=$slurm/site.env RECIPE=demo BATCH=8 SLICES=4 NODE_CORES=2 STEPS=3 timeout 600 sbatch --wait -N 2 --output="$tmp/log" "$slurm/scaling.sbatch" "$tmp/out" || { cat log; fail 'sbatch'; }
for ext in txt csv h5 svg; do [ -s "out.$ext" ] || { cat log; fail "no out.$ext"; }; done
head -n 1 out.csv | grep -q '^recipe,mode,nodes,ranks,threads,batch,rate,sec_per_kimg,n,median,least,most,speedup,efficiency,independent,communication,node,core_hours,' || { head out.csv; fail 'columns'; }
cut -d, -f3,4,5,6,9 out.csv | tail -n +2 >rows
printf '%s\n' 1,1,1,8,3 1,1,2,8,3 1,2,1,8,3 >wanted
cmp <(head -n 3 rows) wanted && [ "$(wc -l <rows)" = 4 ] && grep -qE '^2,(4,1|2,2),8,3$' rows || { cat out.csv log; fail 'not one node in three ways, and two of them'; }
awk -F, 'NR > 1 && !($10 > 0 && $11 <= $10 && $10 <= $12 && $13 > 0 && $17 > 0 && $18 > 0) { print; wrong = 1 } END { exit wrong }' out.csv || fail 'numbers'
quietly "$GANTRY" bench report out.h5
has_line '^scaling$' said || fail 'the HDF5 file has no table'
