# level: full
# --restart: the run in a directory is set aside, not gone on with and not deleted; a requeued job that was started with it goes on. A run that has lost
# its checkpoints is refused without it.
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2086
job="$small --threads=1 --tick=0.008 --checkpoint-kimg=0.016 --grid=2x2"
train 1 good --steps=6
train 1 other --steps=6 --seed=4
train 1 run --steps=4 --seed=4

begins all_checkpoints_gone
# All checkpoints gone: refused, and nothing is changed.
mkdir saved && mv run/checkpoint-*.h5 saved
cp -a run before
for n in 1 2; do expect 1 'checkpoints of run are missing.*--restart' ranks $n "$GANTRY" train $job --run=run --steps=6 --seed=4; done
diff -r --no-dereference before run || fail 'a refused start changes the run'
expect 1 'train: the checkpoints of run are missing' "$GANTRY" train $job --run=run --steps=6 --seed=4 --resume=other
# ... also where a copy made files of the links.
rm before/last && cp saved/"$(readlink run/last)" before/last && cp -a before copied
expect 1 'checkpoints of copied are missing.*--restart' "$GANTRY" train $job --run=copied --steps=6 --seed=4
diff -r before copied || fail 'a refused start changes the copy'
mv saved/* run
train 1 run --steps=6 --seed=4 # put back, it goes on
same "$(last other)" "$(last run)"

begins another_job_in_the_same_place
# Another job in the same place; what is not a run's stays.
echo mine >run/notes.txt && mkdir run/checkpoint-folder
expect 2 'another job' "$GANTRY" train $job --run=run --steps=6 --seed=0
cp -a run before2
quietly ranks 2 "$GANTRY" train $job --run=run --steps=6 --restart
has_line 'run/before-1' said || fail 'where the run before is kept is not said'
same "$(last good)" "$(last run)"
same "$(last other)" "$(last run/before-1)"
head -n 1 run/starts.jsonl | grep -q '"event":"restart".*"head":"[0-9a-f]\{64\}","folder":"before-1"' || fail 'the ledger does not say what was set aside'
for f in before2/*; do
    case ${f##*/} in notes.txt | checkpoint-folder) where=run ;; *) where=run/before-1 ;; esac
    [ -e "$where/${f##*/}" ] || [ -L "$where/${f##*/}" ] || fail "${f##*/} is not in $where"
done
[ "$(wc -l <run/stats.jsonl)" = 6 ] || fail "$(wc -l <run/stats.jsonl) ticks in the log of the new run"
! grep -q restart run/job.ini || fail 'job.ini says restart'
train 1 run --steps=8 # without it, the new run goes on
[ ! -e run/before-2 ] || fail 'set aside without --restart'
quietly "$GANTRY" train --run=run --restart # by its own job.ini
same "$(last run/before-2)" "$(last run)"
quietly "$GANTRY" train $job --run=run --steps=2 --restart --resume=run # from its own networks
has_line 'resume = "*run' run/job.ini || fail 'nothing was transferred'

begins the_same_command_would_begin_anew
# The same command would begin anew once more.
expect 75 'stopped .*: stopped resumes with the same command but without --restart$' \
    "$GANTRY" train $job --run=stopped --steps=1000000 --restart --max-time=0:01
expect 75 'stopped resumes with the same command$' "$GANTRY" train $job --run=stopped --steps=1000000 --max-time=0:01

begins a_start_that_fails_sets_nothing
# A start that fails sets nothing aside.
cp -a run before3
limited "$GANTRY" train $job --run=run --restart --resume=missing.h5 && fail 'a missing checkpoint is taken'
diff -r --no-dereference before3 run || fail 'a failed start changes the run'
train 1 fresh --steps=2 --restart
[ ! -e fresh/before-1 ] || fail 'something set aside where there was nothing'

begins a_job_of_slurm
# A job of Slurm that was put back into the queue.
rm -rf run && cp -a other run
quietly env SLURM_JOB_ID=77 "$GANTRY" train $job --run=run --steps=4 --restart
quietly env SLURM_JOB_ID=77 SLURM_RESTART_COUNT=1 "$GANTRY" train $job --run=run --steps=6 --restart
same "$(last good)" "$(last run)"
[ "$(wc -l <run/stats.jsonl)" = 6 ] && [ ! -e run/before-2 ] || fail 'a requeued job began anew once more'
quietly env SLURM_JOB_ID=78 SLURM_RESTART_COUNT=1 "$GANTRY" train $job --run=run --steps=4 --restart # requeued before it could begin
[ -e run/before-2 ] || fail 'another job went on with it'

expect 2 'give --run' "$GANTRY" train $job --restart
sed 's/^\[output\]/[output]\nrestart = 1/' run/job.ini >a.ini
expect 2 'on the command line' "$GANTRY" train a.ini --run=run
expect 2 '--restart would start over' "$GANTRY" submit $job --run=run --restart --cpus-per-task=1 --dry-run
expect 0 'train_until_done' "$GANTRY" submit $job --run=run --cpus-per-task=1 --dry-run
echo 'ok'

begins all_that_a_run_writes_is_in_the_table
# What runs of all families leave is in the table of names, and --restart sets it aside.
mapfile -t known < <("$GANTRY" reference --files | sed -n 's/^| `\([^`]*\)`.*/\1/p')
is_known() {
    local p
    # shellcheck disable=SC2053
    for p in "${known[@]}"; do [[ $1 == $p ]] && return; done
    return 1
}
families() { sed -n '/define FAMILIES/,/^\//p' "$here/../../src/features/list.h" | grep -o ' X(' | wc -l; }
data="--data=synth:shapes:n=48,size=16,classes=3 --batch=8 --threads=1"
n=0
check() { # RUN WORDS
    local f
    for f in "$1"/*; do is_known "${f##*/}" || fail "a run writes '${f##*/}', which the table of files does not know: $2"; done
    [ -z "$(find "$1" -name '*.part')" ] || fail "a half is left: $(ls "$1")"
}
while read -r words; do
    n=$((n + 1))
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $words $data --run=known$n
    check known$n "$words"
    [[ $words == *lenet* ]] || continue
    ls known$n >first
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $words $data --run=known$n --restart
    check known$n "$words --restart"
    has_line confusion.png first || fail 'no confusion.png: this tests less than it should'
    while read -r f; do [ -e "known$n/before-1/$f" ] || [ -L "known$n/before-1/$f" ] || fail "--restart does not set $f aside"; done <first
done <<END
--model=stylegan2 --cond $nets --mbstd=2 --steps=2 --checkpoint-kimg=0.008 --best=min:Fakes/swd_avg --export=npz --metrics=swd8
--model=dcgan --cbase=64 --cmax=8 --steps=2
--model=vae --steps=2
--model=lenet --validation=0.25 --epochs=1
--model=edm --model-channels=8 --steps=2
END
[ $n = "$(families)" ] || fail "$n families of $(families)"

begins a_kill_between_checkpoint_and_link
# A kill between a checkpoint and its link `last`: a run that is done, or goes on, lets the link point to what it resumed from.
train 1 linked --steps=4
newest=$(readlink linked/last)
for steps in 4 5; do
    ln -sfn "$(cd linked && ls checkpoint-*.h5 | head -n 1)" linked/last
    train 1 linked --steps=$steps
    [[ ! $(readlink linked/last) < $newest ]] || fail "with $steps steps the link points to $(readlink linked/last), not $newest"
done
