#!/bin/bash
# level: full
# gantry submit with commands of Slurm that only write down how they were called: what sbatch gets, arrays of runs, a machine without Slurm. Slurm itself: slurm.sh.
. "$(dirname "$0")/lib.sh"
mkdir bin without
program() { cat >"bin/$1" && chmod +x "bin/$1"; }
program sbatch <<'END'
#!/bin/bash
printf '%s\n' "$@" >"$WROTE/sbatch"
echo 'Submitted batch job 17'
END
program squeue <<'END'
#!/bin/bash
case " $* " in *'%o'*) [ ! -e "$WROTE/queue" ] || cat "$WROTE/queue" ;; *) echo RUNNING ;; esac
END
program sinfo <<'END'
#!/bin/bash
case " $* " in *' --partition=big '*) echo 'big 128 2' ;; *) printf '%s\n' 'work* 4 1' 'work* 8 2' 'big 128 2' ;; esac
END
program scontrol <<'END'
#!/bin/bash
printf '%s\n' "$*" >>"$WROTE/scontrol"
END
program srun <<'END'
#!/bin/bash
while [[ $1 == -* ]]; do shift; done
exec "$@"
END
export WROTE=$tmp
for tool in bash sh env dirname realpath; do ln -s "$(command -v $tool)" without/$tool; done
has() { grep -qxF -- "$1" "$2" || { cat "$2"; fail "$2 has no line $1"; }; }
job="$small --steps=2 --threads=1"

case_further_options() {
    # shellcheck disable=SC2086
    expect 0 'Submitted batch job 17' env PATH="$tmp/bin:$PATH" "$GANTRY" submit $job --run=one --cpus-per-task=1 --mem=4G --mail-user=me@there.org --yes \
        -- --exclude=n7 "--comment=two words" --output=x-%j.log
    for line in '#SBATCH --mem="4G"' '#SBATCH --mail-user="me@there.org"' '#SBATCH --mail-type=END,FAIL' '#SBATCH "--exclude=n7"' '#SBATCH "--comment=two words"' \
        '#SBATCH "--output=x-%j.log"'; do has "$line" one/submit.sbatch; done
    grep -q '^#SBATCH --signal=B:USR1@[0-9]' one/submit.sbatch || fail 'the batch shell, which waits for the ranks, is not warned before the end'
    for word in --mem=4G --mail-user=me@there.org --exclude=n7 '--comment=two words' --requeue "$tmp/one/submit.sbatch"; do has "$word" sbatch; done
    [ "$(tail -n 1 sbatch)" = "$tmp/one/submit.sbatch" ] || { cat sbatch; fail 'options behind the script are for the script'; }
    ! grep -q 'exclude\|comment' <(grep '^train_until_done' one/submit.sbatch) || fail 'the training gets options of sbatch'
    # What to do next is about Slurm's job, not about training on this host.
    has "  gantry status $tmp/one   how far it is, once the job has begun" said
    expect 1 "'one': its job has not begun to train" env PATH="$tmp/bin:$PATH" "$GANTRY" status one
    # shellcheck disable=SC2086
    expect 75 'sbatch one/submit.sbatch  *the run resumes' "$GANTRY" train ${job/--steps=2/--steps=100000} --run=one --max-time=0:01
    expect 0 'next  *sbatch one/submit.sbatch  *the run resumes' "$GANTRY" status one
    quietly "$GANTRY" report one && grep -q 'sbatch one/submit.sbatch' one/report.html || fail 'the report does not say how the run resumes'
    expect 2 'it has one of' "$GANTRY" submit --data=synth:shapes --run=none --cpus-per-task=1 --dry-run -- '--comment=a"b'
    if command -v sbatch >/dev/null; then # as sbatch reads the lines, without a controller
        printf 'ClusterName=x\nSlurmctldHost=localhost\nNodeName=n1\nPartitionName=p Nodes=n1\n' >slurm.conf
        SLURM_CONF=$tmp/slurm.conf limited sbatch -v --test-only one/submit.sbatch
        for line in 'mem *: 4G' 'comment *: two words' 'exclude *: n7' 'mail-type *: END,FAIL'; do grep -q "^sbatch: $line" said || { cat said; fail "sbatch does not read $line"; }; done
    fi
}

# A job that has not trained: it waits, it has failed, it is gone; and a second one of a run that is in the queue.
case_in_the_queue() {
    local submit="submit $job --run=again --cpus-per-task=1" before
    export PATH=$tmp/bin:$PATH
    # shellcheck disable=SC2086
    expect 0 'Submitted batch job 17' "$GANTRY" $submit --yes
    printf '%s\n' '16 RUNNING /elsewhere/submit.sbatch' "17 PENDING $tmp/again/submit.sbatch" >queue
    expect 1 "'again': its job has not begun to train: it is job 17 in the queue, PENDING" "$GANTRY" status again
    rm sbatch
    # shellcheck disable=SC2086
    expect 1 "again' is in the queue already, as job 17 \(PENDING\), .*: scancel 17 first, or .* -- --dependency=afterany:17" "$GANTRY" $submit --yes
    [ "$(wc -l <said)" = 1 ] && [ ! -e sbatch ] || { cat said; fail 'a second job was submitted'; }
    # Jobs of the queue see by the time of the folder whether they have begun: it stays as it was.
    before=$(stat -c %y again)
    # shellcheck disable=SC2086
    expect 0 'Submitted batch job 17' "$GANTRY" $submit --time=2:00:00 --yes -- --dependency=afterany:17
    has '#SBATCH --time=2:00:00' again/submit.sbatch
    [ "$before" = "$(stat -c %y again)" ] || fail 'submit.sbatch was replaced under a job of the queue'
    rm queue
    expect 1 "'again': its job has not begun to train, and is no longer in the queue: sbatch again/submit.sbatch submits" "$GANTRY" status again
    echo 'srun: error: no such node' >again/slurm-17.log
    expect 1 "'again': its job failed before it began to train: see again/slurm-17.log" "$GANTRY" status again
    # shellcheck disable=SC2086
    expect 0 'Submitted batch job 17' "$GANTRY" ${submit/run=again/run=many} --array=1-2 --yes
    expect 1 "'many' has a run for each task of its job.*: gantry status many/\*/" "$GANTRY" status many
}

# Each task of an array is a run of its own, as if it had been trained by hand; a task that stops comes back by its own number.
case_array() {
    # shellcheck disable=SC2086
    expect 0 "^  gantry status .*/five/\\*/  *how far" env PATH="$tmp/bin:$PATH" "$GANTRY" submit $job --run=five --array=1-2 --cpus-per-task=1 --yes
    # shellcheck disable=SC2086
    "$GANTRY" submit $job --run=four --array=4,7-8%2 --cpus-per-task=1 --dry-run >four.sbatch || fail 'gantry submit'
    has '#SBATCH --array="4,7-8%2"' four.sbatch
    has "#SBATCH --output=\"$tmp/four/slurm-%A_%a.log\"" four.sbatch
    [ ! -e four ] || fail 'a dry run made a folder'
    export SLURM_JOB_ID=19 SLURM_ARRAY_JOB_ID=17
    export PATH=$tmp/bin:$PATH
    for task in 4 7; do SLURM_ARRAY_TASK_ID=$task quietly bash four.sbatch; done
    differ "$(last four/4)" "$(last four/7)" /networks/G_ema/synthesis.b4.const
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $job --seed=$((3 + 7)) --run=alone # the seed of $small is 3
    same "$(last four/7)" "$(last alone)"
    [ ! -e scontrol ] || fail 'a finished task was requeued'
    sed 's/--steps=[^ ]*/--steps=100000 --max-time=0:01/' four.sbatch >long.sbatch
    SLURM_ARRAY_TASK_ID=8 expect 75 'stopped' bash long.sbatch
    has 'requeue 17_8' scontrol
    SLURM_ARRAY_TASK_ID=8 expect 75 'resum' bash long.sbatch
    [ "$(find four -name job.ini | sort | tr '\n' ' ')" = 'four/4/job.ini four/7/job.ini four/8/job.ini ' ] || { find four; fail 'not one run for each task'; }
    expect 2 "'four/4' is itself a run" "$GANTRY" submit --data=synth:shapes --run=four/4 --array=1-2 --cpus-per-task=1 --dry-run
}

# Slurm may count hyper-threads as CPUs: the job asks for cores, and no more of them than a node has.
case_cores_of_a_node() {
    local submit="submit $job --run=cores --yes --cpus-per-task=1"
    rm -f sbatch
    export PATH=$tmp/bin:$PATH
    # shellcheck disable=SC2086
    expect 1 '--ntasks-per-node=8 --cpus-per-task=1: the job would wait for ever for nodes with 8 cores: no node of the partition has more than 4 ' "$GANTRY" $submit --slices=8 --ntasks-per-node=8
    [ ! -e sbatch ] && [ ! -e cores ] || fail 'a job that no node can run was submitted'
    # shellcheck disable=SC2086
    expect 0 'Submitted batch job 17' "$GANTRY" $submit --slices=8 --ntasks-per-node=8 --partition=big
    has '#SBATCH --threads-per-core=1' cores/submit.sbatch
    # shellcheck disable=SC2086
    expect 0 'Submitted batch job 17' "$GANTRY" $submit --slices=8 --ntasks-per-node=8 -- --hint=multithread
    ! grep -q 'threads-per-core' cores/submit.sbatch || fail 'hyper-threads were asked for'
}

# Ranks that have lost a host start again, so many times in a row; a checkpoint sets the count back. The last line says how it goes on.
case_lost_hosts() {
    export PATH=$tmp/bin:$PATH SLURM_JOB_ID=19
    # shellcheck disable=SC2086
    "$GANTRY" submit $job --run=lost --cpus-per-task=1 --max-restarts=2 --dry-run >lost.sbatch || fail 'gantry submit'
    has GANTRY_MAX_RESTARTS=2 lost.sbatch
    program loses <<'END'
#!/bin/bash
rm "$GANTRY_LAUNCHES" # the ranks have met
touch lost/lock
[ ! -e trains ] || ln -sfn "checkpoint-$SRANDOM.h5" lost/last
[ -e fails ] || echo lost >"$GANTRY_LAUNCHES"
exit 1
END
    export GANTRY=$tmp/bin/loses
    last_line() { [[ $(tail -n 1 said) == $1 ]] || { cat said; fail "the last line is not: $1"; }; }
    for i in 1 2; do
        expect 1 "restart $i of 2 .GANTRY_MAX_RESTARTS" bash lost.sbatch
        last_line 'job 19 goes back into the queue, and resumes'
        echo lost >>lost/launches # by a rank of the launch before that comes late: the count stays
    done
    touch trains
    expect 1 'goes back into the queue' bash lost.sbatch
    rm trains
    for i in 1 2; do expect 1 "restart $i of 2 " bash lost.sbatch; done
    [ "$(grep -c 'requeue 19' scontrol)" = 5 ] || { cat scontrol; fail 'not five requeues'; }
    expect 1 '' bash lost.sbatch
    last_line 'job 19 is not started again: *2 times in a row (GANTRY_MAX_RESTARTS). Submitted again * it resumes'
    touch fails
    expect 1 '' bash lost.sbatch
    last_line 'job 19 is not started again: no checkpoint was written since it started. Submitted again *'
    [ "$(grep -c 'requeue 19' scontrol)" = 5 ] && [ ! -e lost/launches ] || { cat scontrol; fail 'started again for ever'; }
}

# More threads than pay for the network are refused, with tasks that use the same cores, or as many as there is work for.
case_threads_that_pay() {
    local dry="submit $small --run=wide --dry-run" said_so
    # shellcheck disable=SC2086
    expect 0 '^#SBATCH --cpus-per-task=2$' "$GANTRY" $dry --cpus-per-task=2
    # shellcheck disable=SC2086
    expect 2 'would use less than half of the threads .* no work for all these cores; it can use: --ntasks-per-node=4 --cpus-per-task=[0-9]+; to submit it unchanged: --threads=256' "$GANTRY" $dry --cpus-per-task=256
    said_so=$(grep -o -e '--ntasks-per-node=[0-9]* --cpus-per-task=[0-9]*' said)
    # shellcheck disable=SC2086
    expect 0 'train_until_done' "$GANTRY" $dry $said_so
    # shellcheck disable=SC2086
    expect 0 'train_until_done' "$GANTRY" $dry --cpus-per-task=256 --threads=256
    expect 2 'less than half of the threads .* The same cores: --ntasks-per-node=[0-9]+ --cpus-per-task=[0-9]+;' "$GANTRY" submit --data=synth:shapes:n=96,size=32 --batch=64 --slices=64 --mbstd=1 --run=wide --dry-run --cpus-per-task=64
    # shellcheck disable=SC2086
    expect 2 '--ranks is for gantry train alone' "$GANTRY" $dry --cpus-per-task=2 --ranks=2
}

# What would end the job when it starts, perhaps days later: networks that cannot be read.
case_networks() {
    local dry="submit --data=synth:shapes:n=32,size=16 --run=never --cpus-per-task=1 --dry-run" options
    for options in '--metrics=fid40 --inception=gone' '--metrics=fid40 --detector=gone' '--metrics=ppl2_wend --vgg16=gone --lpips=gone' --resume=gone; do
        # shellcheck disable=SC2086
        expect 1 "^error: gantry submit: .*'gone': No such file" "$GANTRY" $dry $options
    done
    # shellcheck disable=SC2086
    expect 2 '^error: gantry submit: fid40 needs the weights of Inception' "$GANTRY" $dry --metrics=fid40
    # shellcheck disable=SC2086
    expect 2 'metrics: --model=lenet makes no pictures' "$GANTRY" $dry --model=lenet --metrics=fid40 --detector=pixels
    # shellcheck disable=SC2086
    expect 0 'train_until_done .*--detector=.pixels' "$GANTRY" $dry --metrics=fid40 --detector=pixels --seed=4
}

# Without Slurm one sentence, before anything is written or asked.
case_without_slurm() {
    # shellcheck disable=SC2086
    expect 1 '^error: gantry submit: there is no sbatch on this host' env PATH="$tmp/without" "$(realpath "$GANTRY")" submit $job --run=none --cpus-per-task=1 --yes
    [ "$(wc -l <said)" = 1 ] || { cat said; fail 'not one sentence'; }
    [ ! -e none ] || fail 'the folder was made'
    # shellcheck disable=SC2086
    expect 0 '^train_until_done' env PATH="$tmp/without" "$(realpath "$GANTRY")" submit $job --run=none --cpus-per-task=1 --dry-run
    # shellcheck disable=SC2016
    printf 'PATH=%q/bin:$PATH\n. %q/../../slurm/site.env\n' "$tmp" "$here" >site.env # a site that says where Slurm is
    # shellcheck disable=SC2086
    expect 0 'Submitted batch job 17' env PATH="$tmp/without:/usr/bin:/bin" GANTRY_SITE="$tmp/site.env" "$GANTRY" submit $job --run=there --cpus-per-task=1 --yes
}
run_cases
