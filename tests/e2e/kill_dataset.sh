#!/bin/bash
# level: long
# gantry dataset is ended at random moments (kill -9, TERM, INT; all of it, one rank, or mpirun alone) from every kind of
# source to every kind of destination, with one rank and two. Then the same command again: status 0, the bytes of a run
# that was not ended, nothing left over. For MINUTES; DATASET_KILLS says how many there must be at least.
. "$(dirname "$0")/lib.sh"
seed=${KILL_SEED:-$$} least=${DATASET_KILLS:-50} end=$((SECONDS + 60 * ${MINUTES:-10}))
RANDOM=$seed
echo "seed $seed (KILL_SEED=$seed repeats the choices, not the moments)"

begins sources_large_enough_for_kills
# Sources large enough for kills to hit the work, small enough for many of them
quietly "$GANTRY" dataset synth:shapes:n=2000,size=32,classes=4 folder
quietly "$GANTRY" dataset folder set.zip --compress
(cd folder && find . -name '*.png' | sort | awk '{print substr($0, 3) "," NR % 5}' >list.csv)
sources=(folder set.zip folder/list.csv synth:shapes:n=2000,size=32,classes=4)
dests=(out.zip out.h5 out)
sum() { (cd "$(dirname "$1")" && find "$(basename "$1")" -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum); }

alive() { # of these processes, one that is not a zombie
    for p in "$@"; do grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$p/status" && return; done
    return 1
}
gone() { ! alive "$@"; }
ms() { echo $(($(date +%s%N) / 1000000)); }

begins the_undisturbed_results
# The undisturbed results, and how long they take: moments are drawn from that time
declare -A took
for s in "${!sources[@]}"; do
    for dest in "${dests[@]}"; do
        mkdir "want.$s.$dest"
        began=$(ms)
        quietly "$GANTRY" dataset "${sources[s]}" "want.$s.$dest/$dest" --width=128 --height=128 --compress --threads=1
        took[$s.$dest]=$(($(ms) - began))
        sum "want.$s.$dest/$dest" >"want.$s.$dest/sums"
    done
done

began_at=$SECONDS kills=0 early=0 late=0 on=0 stuck=0 over=0
told=()
while [ "$SECONDS" -lt "$end" ] || [ "$kills" -lt "$least" ]; do
    s=$((RANDOM % ${#sources[@]})) dest=${dests[RANDOM % ${#dests[@]}]}
    n=$((1 + RANDOM % 3 / 2)) replaces=$((RANDOM % 4 == 0))
    rm -rf work && mkdir work
    command=("$GANTRY" dataset "${sources[s]}" "work/$dest" --width=128 --height=128 --compress --threads=1)
    [ "$replaces" = 0 ] || { # an older one stands there
        quietly "$GANTRY" dataset synth:shapes:n=20,size=64,seed=5 "work/$dest" --threads=1
        command+=(--overwrite)
        over=$((over + 1))
    }
    [ "$n" = 1 ] || command=("$LAUNCH" "$n" "${command[@]}")
    for ((again = RANDOM % 3; again >= 0; again--)); do # ended once, twice or three times
        # a script without job control has its processes ignore INT
        background env --default-signal=INT "${command[@]}"
        wait_ms=$((RANDOM % (took[$s.$dest] * 11 / 10 + (n > 1 ? 800 : 0) + 30)))
        sleep "$((wait_ms / 1000)).$(printf %03d $((wait_ms % 1000)))"
        children=()
        [ "$n" = 1 ] || mapfile -t children < <(pgrep -P "$pid")
        signals=(KILL KILL TERM INT) signal=${signals[RANDOM % 4]} victim=all
        [ "${#children[@]}" = 0 ] || case $((RANDOM % 3)) in 0) victim=rank ;; 1) victim=launcher ;; esac
        if ! alive "$pid"; then late=$((late + 1)); else
            kills=$((kills + 1))
            told+=("$signal")
            case $victim in
            rank) kill -"$signal" "${children[RANDOM % ${#children[@]}]}" 2>/dev/null ;;
            launcher) kill -"$signal" "$pid" 2>/dev/null ;;
            all) kill -"$signal" "$pid" "${children[@]}" 2>/dev/null ;;
            esac
            wait_until 180 gone "${children[@]}"
            for ((t = 0; t < 200; t++)); do gone "$pid" && break || sleep 0.1; done
            gone "$pid" || { stuck=$((stuck + 1)) && kill -9 "$pid"; }
        fi
        wait "$pid" 2>/dev/null
        [ -z "$(find work -mindepth 1 -print -quit)" ] && early=$((early + 1))
    done
    what="$n ranks, ${command[*]}, $signal of $victim after $wait_ms ms"
    "${command[@]}" >said 2>&1 </dev/null ||
        fail "the same command again ends with $?: $what; $(cat said; ls -laR work | head -40)"
    grep -q 'resuming after' said && on=$((on + 1))
    [ "$(find work -mindepth 1 -maxdepth 1)" = "work/$dest" ] || { ls -la work; fail "something is left over: $what"; }
    sum "work/$dest" | cmp -s - "want.$s.$dest/sums" ||
        fail "other bytes: $what; $(diff -rq "work/$dest" "want.$s.$dest/$dest" | head)"
    # And once more: finished, and the same
    if [ $((RANDOM % 8)) = 0 ]; then
        quietly "$GANTRY" dataset "${sources[s]}" "work/$dest" --width=128 --height=128 --compress --threads=1
        grep -q 'is already finished' said || { cat said; fail "the finished one is not known: $what"; }
    fi
done
[ "$on" -ge $((kills / 20)) ] || fail "of $kills kills only $on left something to go on with: the test tests nothing"
printf '%s\n' "${told[@]}" | sort | uniq -c | tr '\n' ' '
echo "$kills kills in $((SECONDS - began_at)) s; $early before anything was written, $late came too late and do not count;"
echo "$over times an older dataset was to be replaced"
echo "the same command went on $on times, and every result is that of an undisturbed run"
[ "$stuck" = 0 ] || echo "$stuck times mpirun did not end by itself after its ranks had"
