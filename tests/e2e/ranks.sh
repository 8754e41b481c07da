# level: full
# Ranks that were not given the same: told once, with what differs and where, and never a mixture or a hang. Ranks that cannot begin: told once, too.
. "$(dirname "$0")/lib.sh"
unset OMPI_MCA_pml HWLOC_COMPONENTS PMIX_MCA_gds OPENBLAS_NUM_THREADS # set by tests/run: here Open MPI chooses the transport itself, and the program sets the number of threads, as for users
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
job="$small --slices=8 --batch=16 --steps=3 --threads=1"
# apart STATUS 'pattern' COMMAND... : COMMAND...: one rank of each
apart() {
    local want=$1 pattern=$2 words=(-n 1) w
    shift 2
    for w; do words+=("$w"); [ "$w" = : ] && words+=(-n "${RANKS:-1}"); done
    expect "$want" "$pattern" mpirun -q "${words[@]}"
}
once() { # what is said once, by whatever rank
    [ "$(grep -cE -- "$1" said)" = 1 ] || { cat said; fail "'$1' should be said once"; }
}
g=$GANTRY

begins options_of_any_kind
# Options of any kind: nothing is trained.
apart 1 "rank 1 \([^)]+\): .*--gamma is '50' here and left open there.*same command line" "$g" train $job --run=mixed : "$g" train $job --gamma=50 --run=mixed
once gamma
[ ! -e mixed ] || fail 'a mixture of jobs was begun'
apart 1 "--steps is '6' here and '3' there" "$g" train $job --run=mixed : "$g" train $job --steps=6 --run=mixed
apart 1 "--dry-run is '1' here and '0' there" "$g" train $job --run=mixed : "$g" train $job --run=mixed --dry-run
apart 1 "--heartbeat-limit is '0.01' here and '60' there" "$g" train $job --run=mixed : "$g" train $job --run=mixed --heartbeat-limit=0.01
apart 1 "--run is 'other' here and 'mixed' there" "$g" train $job --run=mixed : "$g" train $job --run=other
RANKS=2 apart 1 "rank 1 .*--batch is '8' here and '16' there.*\(2 ranks differ from rank 0\)" "$g" train $job --run=mixed : "$g" train $job --batch=8 --run=mixed
begins job_files_of_other_contents_under
# Job files of other contents under whatever name.
printf '[recipe]\ngamma = 3\n' >a.ini
printf '[recipe]\ngamma = 4\n' >b.ini
apart 1 "--gamma is '4' here and '3' there" "$g" train a.ini $job --run=mixed : "$g" train b.ini $job --run=mixed
begins other_programs
# Other programs.
id=$("$g" version | sed -n 's/.*git \([0-9a-f]\{7,\}\).*/\1/p' | head -n 1)
if [ -n "$id" ]; then
    sed "s/$id/$(tr 0-9a-f 1-9a-f0 <<<"$id")/g" "$g" >other
    chmod +x other
    cmp -s "$g" other && fail 'the other program is the same: the test tests nothing'
    apart 1 "this is gantry .*, but rank 0 \([^)]+\) runs gantry .*$id.*the same program" "$g" train $job --run=mixed : ./other train $job --run=mixed
fi
begins what_may_differ
# What may differ: threads, how much is said, the name of the data.
cp a.ini c.ini
"$g" dataset synth:shapes:n=96,size=16,classes=4 d1.zip >said 2>&1 && cp d1.zip d2.zip || { cat said; fail 'a dataset'; }
one="--cond $nets --batch=8 --mbstd=2 --slices=4 --seed=3 --steps=3"
apart 0 'done: own' "$g" train a.ini $one --data=d1.zip --threads=1 --run=own : "$g" train c.ini $one --data="$tmp/d2.zip" --threads=2 --log=warning --progress=0 --run=own
quietly "$g" train a.ini $one --data=d1.zip --run=alone
same "$(last alone)" "$(last own)"

begins the_other_commands_that_ranks_share
# The other commands that ranks share, and other commands on other ranks.
net=$(last alone)
apart 1 "--seeds is '0-9' here and '0-3' there" "$g" generate "$net" --class=0 --seeds=0-3 --outdir=out : "$g" generate "$net" --class=0 --seeds=0-9 --outdir=out
apart 1 "argument 1 is 'alone' here" "$g" generate "$net" --class=0 --seeds=0-3 --outdir=out : "$g" generate alone --class=0 --seeds=0-3 --outdir=out
apart 1 "'gantry generate' here and 'gantry train' there" "$g" train $job --run=mixed : "$g" generate "$net" --class=0 --seeds=0-3 --outdir=out
apart 1 "'gantry train --help' here and 'gantry train' there" "$g" train $job --run=mixed : "$g" train --help
apart 1 "--k is '3' here and '2' there" "$g" gmm fit d1.zip --k=2 --iterations=2 : "$g" gmm fit d1.zip --k=3 --iterations=2
apart 1 "--width is '8' here" "$g" dataset d1.zip d3.zip : "$g" dataset d1.zip d3.zip --width=8 --height=8
apart 1 "the number of arguments is '1' here and '2' there" "$g" likelihood "$net" d1.zip : "$g" likelihood "$net"
apart 1 "--samples is '9' here" "$g" likelihood "$net" d1.zip : "$g" likelihood "$net" d2.zip --samples=9
[ ! -e mixed ] && [ ! -e out ] && [ ! -e d3.zip ] && [ ! -e mixture ] || fail 'something of a mixture was written'

begins a_mistake_of_usage
# A mistake of usage on a rank other than 0 is told with the rank; the same on all of them once.
apart 2 'rank 1 \([^)]+\): unknown option --bogus' "$g" train $job --run=mixed : "$g" train $job --run=mixed --bogus
once bogus
apart 2 'gantry train: unknown option --bogus' "$g" train $job --bogus : "$g" train $job
once bogus
apart 2 'rank 1 .*which images' "$g" generate "$net" --class=0 --seeds=0-3 --outdir=out : "$g" generate "$net" --class=0 --outdir=out
apart 2 "rank 1: unknown command 'trian'" "$g" train $job --run=mixed : "$g" trian $job
for words in "train $job --bogus" "generate $net" "trian" "gmm fit"; do
    expect 2 "^error: gantry" ranks 4 "$g" $words
    once "^error: gantry"
done
[ ! -e mixed ] || fail 'a rank that cannot begin did not keep the others from it'
for words in 'generate --help' 'inspect --help' '--help' 'help' 'help generate'; do
    expect 0 '^usage: gantry' ranks 3 "$g" $words
    once '^usage'
done
expect 0 '^gantry train --gamma' ranks 3 "$g" help gamma
once '^gantry train'

begins variables_of_a_launcher
# Variables of a launcher that is not there: everything works and speaks.
for left in 'PMI_RANK=1 PMI_SIZE=4' PMIX_RANK=3 'OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2'; do
    expect 2 'unknown option --bogus' env $left "$g" train $job --bogus
    expect 0 '^images' env $left "$g" inspect d1.zip
    expect 0 'usage: gantry' env $left "$g" --help
    expect 0 'usage: gantry train' env $left "$g" train --help
    expect 2 'unknown command' env $left "$g" trian
    rm -rf stale
    expect 0 'done: stale' env $left "$g" train $job --run=stale
    expect 0 'report.html' env $left "$g" report stale
done

begins a_launcher_of_another_mpi
# A launcher of another MPI, such as MPICH's mpirun, starts programs that do not know each other: each command says so, and does nothing.
for words in "train $job --run=apart" "generate $net --class=0 --seeds=0-3 --outdir=out" doctor 'train --help'; do
    # shellcheck disable=SC2086
    expect 2 "^error: gantry [a-z]+: PMI_SIZE=2: a launcher of another MPI started 2 separate programs .* Open MPI's mpirun" env PMI_RANK=0 PMI_SIZE=2 PMI_FD=9 "$g" $words
done
# shellcheck disable=SC2086
expect 2 'rank 1: PMI_SIZE=2: ' env PMI_RANK=1 PMI_SIZE=2 PMI_FD=9 "$g" train $job --run=apart
[ ! -e apart ] && [ ! -e out ] || fail 'a program of another launcher has worked'
# A step of one task within a larger job is fine, and so is one rank.
rm -rf stale
# shellcheck disable=SC2086
expect 0 'done: stale' env SLURM_NTASKS=8 SLURM_STEP_NUM_TASKS=1 PMI_RANK=0 PMI_SIZE=1 PMI_FD=9 "$g" train $job --run=stale
echo 'one job, or none'
