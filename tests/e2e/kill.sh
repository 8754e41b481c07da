# level: full
# kill -9 at random moments, of a random rank, of the launcher or of all, while checkpoints are written all the time: each time the run goes on from a
# good checkpoint, on another number of ranks, and in the end it is what a run without a stop is. KILLS says how often (kill_long.sh: a thousand times).
. "$(dirname "$0")/lib.sh"
kills=${KILLS:-20} seed=${KILL_SEED:-$$}
RANDOM=$seed
echo "seed $seed (KILL_SEED=$seed repeats the choices, not the moments)"
begins a_checkpoint_every_second_step
# A checkpoint every second step; saving is most of the work, so most kills hit it.
alone="$small --slices=8 --batch=16"
job="$alone --checkpoint-kimg=0.032 --keep=3 --tick=0.1 --image-minutes=0"

alive() { # of these processes, one that is not a zombie
    for p in "$@"; do grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$p/status" && return; done
    return 1
}
gone() { ! alive "$@"; }
is_further() { [ "$(readlink run/last)" != "$before" ]; }

victims=() ranks=0 stuck=0
for ((i = 1; i <= kills; i++)); do
    n=$((1 + (RANDOM % 4 + 1) / 2)) # 1, 2, 2 or 3
    if [ "$n" = 1 ]; then background "$GANTRY" train $job --run=run --steps=1000000; else background "$LAUNCH" "$n" "$GANTRY" train $job --run=run --steps=1000000; fi
    # A quarter of the kills hit the beginning: reading the checkpoint, cutting back the logs, taking the lock; the others hit training.
    before=$(readlink run/last)
    [ $((RANDOM % 4)) = 0 ] || wait_until 180 is_further
    sleep "0.$((RANDOM % 4))$((RANDOM % 10))" # at any moment
    children=()
    [ "$n" = 1 ] || mapfile -t children < <(pgrep -P "$pid")
    victim=all
    [ "${#children[@]}" -gt 0 ] && case $((RANDOM % 4)) in 0 | 1) victim=rank ;; 2) victim=launcher ;; esac
    case $victim in
    rank) kill -9 "${children[RANDOM % ${#children[@]}]}" 2>/dev/null ;;
    launcher) kill -9 "$pid" ;;
    all) kill -9 "$pid" "${children[@]}" 2>/dev/null ;;
    esac
    wait_until 180 gone "${children[@]}"
    # Open MPI's mpirun can lock itself up when a rank dies while it connects (in PMIx_server_finalize): not the run's doing, but told below.
    for ((t = 0; t < 100; t++)); do gone "$pid" && break || sleep 0.1; done
    gone "$pid" || { stuck=$((stuck + 1)) && kill -9 "$pid"; }
    wait "$pid" && { cat running; fail "status 0 after kill -9 of $victim"; }
    victims+=("$victim")
    ranks=$((ranks + n))
done
printf '%s\n' "${victims[@]}" | sort | uniq -c | tr '\n' ' '
echo "of $kills kills, $ranks ranks in all"
[ "$stuck" = 0 ] || echo "$stuck times mpirun did not end by itself after its ranks had"

[ -e run/last ] || fail 'no checkpoint after all this: the test tests nothing'
steps=$(($(shown run) / 16 + 2))
quietly ranks 2 "$GANTRY" train $job --run=run --steps=$steps
quietly "$GANTRY" train $alone --run=alone --steps=$steps
same "$(last alone)" "$(last run)"
helper log run '' gaps # a kill may come between stats.jsonl and the other logs
[ "$(find run -name '*.part' -o -name 'lock*' | wc -l)" = 0 ] || { ls run; fail 'half-written files are left over'; }
echo "bit-equal at step $steps"
