# level: full
# gantry train by itself: which ranks and threads it tries and starts, where it does not, and that it stays one program: input, signals, exit status.
# shellcheck disable=SC2086
# Runs of other tests lock cores in /dev/shm: this one has a /dev/shm of its own.
if [ -z "${OWN_SHM-}" ]; then
    map=()
    [ "$(id -u)" = 0 ] || map=(--map-root-user)
    OWN_SHM=1 unshare --mount "${map[@]}" true 2>/dev/null && OWN_SHM=1 exec unshare --mount "${map[@]}" bash "$0"
fi
. "$(dirname "$0")/lib.sh"
[ -n "${OWN_SHM-}" ] && mount -t tmpfs own_ranks /dev/shm 2>/dev/null || lacks 'mounts of its own'
unset GANTRY_RANKS # set by tests/run: there is no choice
export GT_CACHE=$tmp/cache
[ "$(nproc)" -ge 2 ] || lacks 'two cores'
# Also on machines with more cores: what is chosen from is 1 x 2 and 2 x 1.
pair=$(taskset -cp $$ | sed 's/.*: *//' | tr , '\n' | sed 's/\([0-9]*\)-\([0-9]*\)/seq \1 \2/;t;s/^/echo /' | sh | awk 'NR == 1 {a = $1} NR == 2 {print a "," $1}')
taskset -cp "$pair" $$ >/dev/null || lacks 'two cores to choose'
job="$shapes --cfg=cpu --cbase=128 --cmax=8 --map-layers=1 --z-dim=16 --w-dim=16 --batch=8 --mbstd=2 --slices=4 --seed=3 --progress=0 --grid=2x2"
long="$job --steps=10000000 --kimg=1e6 --checkpoint-kimg=1e6"
# An mpirun whose trials are as fast as the test wants.
real=$(command -v mpirun)
mkdir planted
cat >planted/mpirun <<END
#!/bin/bash
case "\$*" in *--dry-run=speed*) [ "\${PLANTED-1e9}" != late ] || exec sleep 300; echo "\${PLANTED-1e9}"; exit ;; esac
exec $real "\$@"
END
chmod +x planted/mpirun
plant=$tmp/planted:$PATH
processes() { pgrep -f -- "--run=$1( |\$)"; } # of a run, by the whole path of its folder
nobody() { ! processes "$1" >/dev/null; }
begun() { has_line Progress/tick "$1/stats.jsonl"; }
# a_moment RUN COMMAND...: until the run has begun; then it is asked to stop, and does
a_moment() {
    local run=$1
    shift
    background "$@" --run="$run"
    wait_until 120 begun "$run"
    kill -INT $pid
    ends 75
}

case_planted_fast() {
    # Ranks that are faster are started; logs, status and report say why, and no bit and no job depends on it.
    a_moment $tmp/fast env PATH="$plant" "$GANTRY" train $long
    has_line '^searching the fastest numbers of ranks and threads' running && has_line '^2 ranks on .*, 1 thread each' running || { cat running; fail 'two ranks were not started'; }
    local choice='2 ranks with 1 thread: 1e[+]09 images/s; 1 x 2: [0-9.]*'
    has_line "^choice: $choice" running && has_line "choice: $choice" fast/log.txt && has_line "\"choice\":\"$choice" fast/starts.jsonl &&
        has_line "$choice" fast/report.html || { cat running; fail 'the choice is not told'; }
    expect 0 "^  choice  *$choice" "$GANTRY" status fast
    ! grep -q 'ranks\|threads\|choice' fast/job.ini || fail 'the job depends on the choice'
    ! grep -q 'Forwarding' running || fail "a line of mpirun about a signal"
    quietly "$GANTRY" train $job --threads=1 --steps=$(($(shown fast) / 8)) --run=alone
    same "$(last alone)" "$(last fast)"
    [ -z "$(processes $tmp/fast)" ] || fail 'something stays'
}
case_kept() {
    # The choice is kept for this machine, network and batch; what is damaged counts for nothing.
    local file
    file=$(ls cache/ranks/* 2>/dev/null) || fail 'no choice is kept'
    a_moment kept env PATH="$plant" PLANTED=late "$GANTRY" train $long
    ! grep -q '^searching' running && has_line '^choice: 2 ranks with 1 thread.*tried on 20' running || { cat running; fail 'the choice was not kept'; }
    cp $file whole
    for damage in 's/^2 1 /1 2 /' '$d'; do
        sed "$damage" whole >$file
        background env PATH="$plant" PLANTED=late "$GANTRY" train $long --run=damaged
        wait_until 60 has_line 'searching the fastest' running
        kill -TERM $pid
        ends 75
    done
    cp whole $file
}
case_planted_slow() {
    # Ranks that are slower are not started.
    a_moment slow env GT_CACHE=$tmp/slow_cache PATH="$plant" PLANTED=0.01 "$GANTRY" train $long
    has_line '^choice: 1 rank with 2 threads: [0-9.]* images/s; 2 x 1: 0.01' running && has_line '^1 rank on .*, 2 threads' running || { cat running; fail 'slow ranks were started'; }
}
case_no_launcher() {
    # Without mpirun, and without room for what it writes, one line says why there are no ranks; the same with a choice that is kept.
    a_moment none env GT_CACHE=$tmp/none_cache PATH=/nowhere "$GANTRY" train $long
    [ "$(grep -c 'mpirun' running)" = 1 ] && has_line '^choice: 1 rank with 2 threads.*2 x 1: no number (mpirun is not in PATH)' running || { cat running; fail 'without mpirun'; }
    [ -z "$(ls none_cache 2>/dev/null)" ] || fail 'a choice without a number is kept'
    mkdir full
    if mount -t tmpfs -o size=4k tmpfs full 2>/dev/null; then mounted=$tmp/full; dd if=/dev/zero of=full/zeros bs=4k count=2 2>/dev/null; else chmod 0 full; fi
    for place in "PATH=/nowhere" "TMPDIR=$tmp/full"; do
        a_moment nowhere env "$place" "$GANTRY" train $long
        has_line '^choice: 1 rank with 2 threads, because ranks cannot be started: .*\(mpirun\|Open MPI puts\)' running && ! grep -q '^searching' running || { cat running; fail "kept, with $place"; }
        rm -r nowhere
    done
}
case_short_runs() {
    # No trials for runs of less than five minutes, with --ranks or --threads, in a search, on one core.
    quietly env PATH="$plant" "$GANTRY" train $long --steps=30 --run=short
    ! grep -q 'searching\|choice' said || { cat said; fail 'a trial for 30 steps'; }
    for words in --max-time=5 --threads=2 --ranks=1 GANTRY_RANKS=1; do
        rm -rf short
        case $words in --*) a_moment short env PATH="$plant" "$GANTRY" train $long $words ;; *) a_moment short env PATH="$plant" $words "$GANTRY" train $long ;; esac
        ! grep -q 'searching\|choice' running && has_line '^1 rank on' running || { cat running; fail "a trial with $words"; }
    done
    expect 2 'GANTRY_RANKS=.some' env GANTRY_RANKS=some "$GANTRY" train $long --run=short
    a_moment core taskset -c "${pair%,*}" env PATH="$plant" "$GANTRY" train $long
    ! grep -q 'searching\|choice' running && has_line '^1 rank on .*, 1 thread' running || { cat running; fail 'a trial on one core'; }
}
case_control_group() {
    # A control group that grants one core of two.
    local group=/sys/fs/cgroup/cpu/gantry-$$
    [ -d /sys/fs/cgroup/cpu ] || group=/sys/fs/cgroup/gantry-$$
    mkdir $group 2>/dev/null || lacks 'control groups that may be made'
    if echo 100000 >$group/cpu.cfs_quota_us 2>/dev/null || echo '100000 100000' >$group/cpu.max 2>/dev/null; then
        a_moment group bash -c 'echo $$ >"$0"/cgroup.procs && exec "$@"' $group env PATH="$plant" "$GANTRY" train $long
        rmdir $group
        ! grep -q 'searching\|choice' running && has_line '^1 rank on .*, 1 thread' running || { cat running; fail 'a trial on one core of a group'; }
    else
        rmdir $group
        lacks 'control groups with a quota'
    fi
}
# hold CPUS COMMAND...: while another run has locked these processors; `let_go` ends that
hold() {
    "$python" - "$1" <<'END' &
import fcntl, os, struct, sys, time
f = os.open('/dev/shm/gantry-cores', os.O_RDWR | os.O_CREAT, 0o666)
for cpu in sys.argv[1].split(','): fcntl.fcntl(f, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, int(cpu), 1, 0)) # F_OFD_SETLK
open('holds', 'w')
time.sleep(600)
END
    holder=$!
    started+=("$holder")
    wait_until 60 test -e holds
}
let_go() { kill -9 $holder; wait $holder 2>/dev/null; rm holds; }
case_held_cores() {
    # Another run has one core of two, or both: that is said, also in status and report; a tick says when they are free; what is kept is used.
    need_python
    export GT_CACHE=$tmp/held_cache
    local row of choice bound
    for row in "${pair%,*}|1 rank with 1 thread: another run has 1 of 2 cores|bound to 1 core" "$pair|1 rank with 2 threads: another run has 2 of 2 cores|not bound: another run uses some of the cores"; do
        IFS='|' read -r of choice bound <<<"$row"
        rm -rf held
        hold $of
        background env PATH="$plant" "$GANTRY" train $long --run=$tmp/held --tick=0.008
        wait_until 120 begun held
        has_line "^choice: $choice\$" running && has_line "choice: $choice\$" held/log.txt && has_line "\"choice\":\"$choice\"" held/starts.jsonl && has_line "^1 rank on .*, $bound" running && ! grep -q 'searching\|are free' running || { cat running; fail "cores that are held ($of)"; }
        expect 0 "^  choice  *$choice" "$GANTRY" status held
        let_go
        wait_until 60 has_line "cores that another run had are free: the run would be faster if it were stopped and started again" held/log.txt
        kill -INT $pid
        ends 75
        [ "$(grep -c 'are free' held/log.txt)" = 1 ] && has_line "$choice" held/report.html || fail 'it is said again, or not in the report'
    done
    [ -z "$(ls held_cache 2>/dev/null)" ] || fail 'a choice without trials is kept'
    rm -r held
    a_moment held env PATH="$plant" "$GANTRY" train $long
    for of in ${pair%,*} $pair; do
        hold $of
        background env PATH="$plant" PLANTED=late "$GANTRY" train $long --run=$tmp/held --tick=0.008
        wait_until 120 has_line '^choice: ' running
        has_line '^choice: 2 ranks with 1 thread.*tried on 20.*; another run has [12] of 2 cores$' running && has_line '^2 ranks on .*, not bound' running && ! grep -q '^searching' running || { cat running; fail "kept, with cores that are held ($of)"; }
        let_go
        wait_until 60 has_line 'are free' running
        kill -INT $pid
        ends 75
    done
    export GT_CACHE=$tmp/cache
}
case_in_an_allocation() {
    # Ranks of an allocation are its launcher's.
    for row in SLURM_JOB_ID:srun PBS_JOBID:mpirun LSB_JOBID:mpirun; do
        rm -rf allocated
        a_moment allocated env ${row%:*}=17 PATH="$plant" "$GANTRY" train $long
        has_line "^one rank with 2 threads: in an allocation of .*, start ranks with ${row#*:} or with gantry run" running &&
            has_line '^1 rank on .*, 2 threads' running && ! grep -q 'searching\|choice' running || { cat running; fail "in an allocation (${row%:*})"; }
    done
    expect 0 '^2 ranks on' ranks 2 "$GANTRY" train $job --steps=2 --run=given
    expect 2 '--ranks=3, but 2 ranks were started' ranks 2 "$GANTRY" train $job --steps=2 --ranks=3 --run=given
}
case_dry_run() {
    # A dry run measures ranks in place of threads, for runs of more than five minutes, and keeps to its time.
    PLANTED=50000 expect 0 '^faster +2 ranks with 1 thread: 50000.00 images/s, [0-9.]+ .*; gantry train starts them by itself' env PATH="$plant" "$GANTRY" train $long -n --dry-run-seconds=12
    PLANTED=0.5 expect 0 '^ranks +not faster: 2 ranks with 1 thread make 0.50 images/s' env PATH="$plant" "$GANTRY" train $long -n --dry-run-seconds=12
    local began=$SECONDS words
    PLANTED=late expect 0 '^time ' env PATH="$plant" "$GANTRY" train $long -n --dry-run-seconds=4
    [ $((SECONDS - began)) -lt 100 ] && ! grep -q '2 ranks with' said || { cat said; fail 'ranks that never work'; }
    for words in --threads=2 --steps=30; do
        PLANTED=50000 expect 0 '^time ' env PATH="$plant" "$GANTRY" train $long $words -n --dry-run-seconds=4
        ! grep -q '2 ranks with' said || { cat said; fail "ranks are measured with $words"; }
    done
}
case_list_on_input() {
    # A loop that reads a list.
    printf 'a\nb\nc\n' >list
    while read -r name; do "$GANTRY" train $job --steps=2 --ranks=2 --run=list-$name >>listed 2>&1 || fail "in a loop: $(cat listed)"; done <list
    [ -d list-c ] || { cat listed; fail 'the ranks have read the list'; }
    grep -q '^2 ranks on' listed || fail 'no ranks in a loop'
    printf 'a\nb\n' | while read -r name; do "$GANTRY" run -n 2 train $job --steps=2 --run=run-$name >>listed 2>&1 || fail 'gantry run in a loop'; done
    [ -d run-b ] || fail 'gantry run has read the list'
}
case_signals() {
    # Each lets all ranks stop in order; a checkpoint in between, standing still, and going on.
    for s in TERM USR1 HUP; do
        background "$GANTRY" train $long --ranks=2 --run=$tmp/signal
        wait_until 120 has_line 'tick' running
        kill -$s $pid
        ends 75
        has_line 'stopped at a step boundary' running || { cat running; fail "on $s"; }
        rm -r signal
    done
    background "$GANTRY" train $long --ranks=2 --run=$tmp/signal
    wait_until 120 begun signal
    kill -USR2 $pid
    wait_until 60 test -e signal/last
    kill -TSTP $pid
    wait_until 30 bash -c '[ "$(ps -o stat= '"$(echo $(processes $tmp/signal))"' | grep -c "^T")" -ge 4 ]' # this one, mpirun, two ranks
    kill -CONT $pid
    wait_until 30 bash -c '! ps -o stat= '"$(echo $(processes $tmp/signal))"' | grep -q "^T"'
    kill -INT $pid
    ends 75
}
taken() { [ $((0x$(sed -n 's/^ShdPnd:\t//p' /proc/$pid/status) & 0x800)) = 0 ]; } # SIGUSR2
case_early_wish() {
    # SIGUSR2 before mpirun, a rank or the command itself listens: a checkpoint as soon as there is a run, and on it goes.
    printf '#!/bin/bash\nif [[ $* != *--version* ]]; then : >there; until [ -e go ]; do sleep 0.05; done; fi\nexec %s "$@"\n' $real >mpirun
    chmod +x mpirun
    background env PATH=$tmp:$PATH "$GANTRY" train $long --ranks=2 --run=$tmp/early
    wait_until 60 test -e there
    kill -USR2 $pid
    wait_until 60 taken
    : >go
    wait_until 120 test -e early/last
    kill -INT $pid
    ends 75
    printf '#include <signal.h>\n#include <stddef.h>\nint gethostname(char *n, size_t b) { static int told; if (!told++) raise(SIGUSR2); *n = 0; return b == 0; }\n' >wish.c
    gcc -shared -fPIC -o wish.so wish.c || fail 'wish.c cannot be compiled'
    quietly env LD_PRELOAD=$tmp/wish.so "$GANTRY" train $job --keep=9 --steps=2 --ranks=1 --run=wished
    [ -e wished/checkpoint-000000008.h5 ] || { cat said; fail 'no checkpoint is made on SIGUSR2'; }
}
case_killed() {
    # When the process that has started the ranks is killed they stop; also when they were not there yet.
    background "$GANTRY" train $long --ranks=2 --run=$tmp/killed
    wait_until 120 begun killed
    kill -9 $pid
    wait_until 120 nobody $tmp/killed
    has_line 'stopped at a step boundary' killed/log.txt && [ -e killed/last ] || fail 'no checkpoint after the kill'
    for seconds in 0.1 0.3 0.6; do
        background "$GANTRY" train $long --ranks=2 --run=$tmp/killed
        sleep $seconds
        kill -9 $pid
        wait_until 120 nobody $tmp/killed
    done
    # Nor does an mpirun stay that has lost its ranks and waits for them for ever: Open MPI's does, where a signal ends a rank that it has just forked.
    printf '#!/bin/bash\nif [[ $* = *--version* ]]; then exec %s "$@"; fi\ntrap "" USR1 TERM\n: >waits\nwhile :; do sleep 1; done\n' $real >mpirun
    chmod +x mpirun
    background env PATH=$tmp:$PATH "$GANTRY" train $long --ranks=2 --run=$tmp/waiting
    wait_until 60 test -e waits
    kill -9 $pid
    wait_until 60 nobody $tmp/waiting
    rm mpirun
    # Nothing can remove mpirun's folder then: the next start does, when all of its processes are gone; other folders stay.
    mkdir -p folders/gantry-ranks-AAAAAA folders/gantry-ranks-BBBBBB elsewhere
    export TMPDIR=$tmp/folders
    background "$GANTRY" train $long --ranks=2 --run=$tmp/killed
    wait_until 120 has_line 'resuming' running
    wait_until 120 begun killed
    local first=$(ls folders | grep -v 'AAAAAA\|BBBBBB')
    [ -d folders/$first/ompi* ] || fail "mpirun has nothing in its folder '$first'"
    kill -STOP $(pgrep -P $pid mpirun)
    kill -9 $pid
    "$GANTRY" train $job --steps=2 --ranks=2 --run=while >said 2>&1 || { cat said; fail 'a start beside a launcher that is left'; }
    [ -d folders/$first/ompi* ] || fail 'a folder was removed whose mpirun is there'
    kill -CONT $(pgrep -f "mpirun .*--run=$tmp/killed")
    wait_until 120 nobody $tmp/killed
    ls folders/$first >/dev/null || fail 'nothing is left: the test looks at another place'
    ln -s $tmp/elsewhere folders/$first/link
    : >elsewhere/file
    cp -r folders/$first/. folders/gantry-ranks-BBBBBB # of another boot
    printf '%064d' 0 >folders/gantry-ranks-BBBBBB/launch
    ln -s $first folders/gantry-ranks-CCCCCC
    "$GANTRY" train $job --steps=2 --ranks=2 --run=next >said 2>&1 || { cat said; fail 'the next start'; }
    [ "$(ls folders | tr '\n' ' ')" = 'gantry-ranks-AAAAAA gantry-ranks-BBBBBB gantry-ranks-CCCCCC ' ] && [ -e elsewhere/file ] || { ls folders; fail 'the next start removes too much or too little'; }
    unset TMPDIR
}
case_statuses() {
    # The exit status is that of the run; a trial that is asked to stop ends at once, and leaves nothing.
    expect 0 'done: status' "$GANTRY" train $job --steps=2 --ranks=2 --run=status
    expect 0 'is finished' "$GANTRY" train $job --steps=2 --ranks=2 --run=status
    expect 2 'was begun with another job' "$GANTRY" train $job --gamma=77 --steps=4 --ranks=2 --run=status
    expect 2 'unknown option' "$GANTRY" train $job --bogus --ranks=2
    expect 1 '^error: gantry train: mpirun is not in PATH: .*, give --ranks=1$' env PATH=/nowhere "$GANTRY" train $job --steps=2 --ranks=2 --run=refused
    expect 1 '^error: gantry train: PATH is not set: .*, give --ranks=1$' env -u PATH "$GANTRY" train $job --steps=2 --ranks=2 --run=refused
    expect 1 '^error: gantry run: PATH is not set: .*, give the same command without `run`$' env -u PATH "$GANTRY" run -n 2 train $job --steps=2 --run=refused
    [ "$(wc -l <said)" = 1 ] || { cat said; fail 'more than a sentence on PATH'; }
    mkdir only && ln -s "$real" only/mpirun # no ssh
    expect 0 'done: only_mpirun' env PATH=$tmp/only "$GANTRY" train $job --steps=2 --ranks=2 --run=only_mpirun
    background env GT_CACHE=$tmp/late_cache PATH="$plant" PLANTED=late "$GANTRY" train $long --run=$tmp/late
    wait_until 120 bash -c 'pgrep -f "sleep 300" -P $(pgrep -P '$pid' | tail -n 1) >/dev/null || pgrep -P '$pid' -f "sleep 300" >/dev/null'
    kill -TERM $pid
    ends 75
    has_line 'stopped before the first step' running || { cat running; fail 'stopped while trying'; }
    [ ! -e late ] && nobody $tmp/late || fail 'a trial leaves something behind'
}
run_cases
