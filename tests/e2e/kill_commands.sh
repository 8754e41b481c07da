# level: long
# A hundred kills of the commands that write results, at random moments, most of them kill -9: once the same command has run again the folder has
# what an undisturbed one has, byte for byte, and nothing else. KILLS and MINUTES say how many; KILL_SEED repeats the choices, not the moments.
. "$(dirname "$0")/lib.sh"
kills=${KILLS:-100} seed=${KILL_SEED:-$$} end=$((SECONDS + 60 * ${MINUTES:-10}))
RANDOM=$seed
echo "seed $seed"
circles="synth:circles:n=600,size=12"
quietly "$GANTRY" train --model=cvae --data=$circles --batch=16 --slices=4 --run=cvae --epochs=1 --threads=1
quietly "$GANTRY" latent cvae $circles --outdir=points --threads=1
# shellcheck disable=SC2086
quietly "$GANTRY" train $small --run=gan --threads=1 --steps=40 --tick=0.008

quietly "$GANTRY" generate gan --class=1 --seeds=0-2 --outdir=targets --threads=1

begins each_writes_into_the_folder
# Each writes into the folder that is the current one.
commands=(
    "generate ../gan --class=1 --seeds=0-399 --outdir=. --npy --threads=1"
    "generate ../gan --class=1 --seeds=0-399 --outdir=. --grid --threads=1"
    "generate ../gan --class=1 --seeds=0-1999 --out=all.h5 --overwrite --threads=1"
    "mix ../gan --class=1 --rows=0-9 --cols=10-19 --outdir=. --threads=1"
    "walk ../gan --class=1 --seeds=0-3 --seconds=20 --out=film.webp --threads=1"
    "gmm fit ../points/latents.h5 --outdir=. --k=12 --restarts=4 --tol=0 --iterations=60 --checkpoint-minutes=0.0001 --threads=1"
    "latent ../cvae $circles --outdir=. --threads=1"
    "likelihood ../cvae $circles --samples=20 --out=likelihood.csv --threads=1"
    "reconstruct ../cvae $circles --items=0-599 --out=pairs.png --threads=1"
    "anomalies ../cvae $circles --outdir=. --worst=64 --threads=1"
    "export ../gan gan.pkl"
    "export ../gan gan.npz --all"
    "report ../gan --out=report.html"
    "project ../gan --class=1 --target=../targets --outdir=. --num-steps=400 --checkpoint-minutes=0.0001 --threads=1"
)
declare -a millis
for ((c = 0; c < ${#commands[@]}; c++)); do
    mkdir "good$c" && cd "good$c" || exit 1
    begin=$(date +%s%N)
    # shellcheck disable=SC2086
    "$GANTRY" ${commands[c]} >../said 2>&1 </dev/null || { cat ../said; fail "${commands[c]}"; }
    millis[c]=$((($(date +%s%N) - begin) / 1000000))
    cd .. || exit 1
done

alive() { grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"; }
whole() { # the folder `disturbed` is as good as good$1
    diff -r "good$1" disturbed >differences 2>&1 || { ls -A disturbed; head -5 differences; fail "after ${2} kills and one more start: gantry ${commands[$1]}"; }
}

done_kills=0 hits=0 halves=0 stops=0
while [ "$done_kills" -lt "$kills" ] && [ "$SECONDS" -lt "$end" ]; do
    c=$((RANDOM % ${#commands[@]})) times=$((1 + RANDOM % 3))
    rm -rf disturbed && mkdir disturbed
    for ((k = 0; k < times; k++)); do
        launch=()
        [[ ${commands[c]} == report* || $((RANDOM % 3)) != 0 ]] || launch=("$LAUNCH" 2)
        cd disturbed || exit 1
        # shellcheck disable=SC2086
        "${launch[@]}" "$GANTRY" ${commands[c]} >../running 2>&1 </dev/null &
        pid=$!
        cd .. || exit 1
        started+=("$pid")
        way=$((RANDOM % 4))
        if [ $way = 0 ]; then # as soon as a half-written file is seen
            while alive "$pid" && ! compgen -G 'disturbed/*.part' >/dev/null; do :; done
        elif [ $way = 1 ]; then # anywhere
            sleep "$(printf '%d.%03d' $((millis[c] / 1000)) $((RANDOM % (millis[c] % 1000 + 1))))"
        else # soon after the first file
            while alive "$pid" && [ -z "$(ls -A disturbed)" ]; do :; done
            sleep "0.$(printf '%03d' $((RANDOM % (millis[c] / 4 + 1) % 1000)))"
        fi
        signal=KILL
        [ $((RANDOM % 8)) != 0 ] || signal=TERM
        mapfile -t children < <([ "${#launch[@]}" = 0 ] || pgrep -P "$pid")
        alive "$pid" && hits=$((hits + 1))
        victims=("$pid" "${children[@]}")
        [ "${#children[@]}" = 0 ] || [ $((RANDOM % 2)) = 0 ] || victims=("${children[RANDOM % ${#children[@]}]}") # or one rank alone
        kill -$signal "${victims[@]}" 2>/dev/null
        [ $signal = KILL ] || stops=$((stops + 1))
        for ((t = 0; t < 150; t++)); do alive "$pid" || break; sleep 0.1; done
        kill -9 "$pid" "${children[@]}" 2>/dev/null
        wait "$pid" 2>/dev/null
        for p in "${children[@]}"; do while alive "$p"; do sleep 0.05; done; done
        [ -z "$(find disturbed -name '*.part')" ] || halves=$((halves + 1))
        done_kills=$((done_kills + 1))
    done
    cd disturbed || exit 1
    # shellcheck disable=SC2086
    timeout -k 5 120 "$GANTRY" ${commands[c]} >../said 2>&1 </dev/null || { cat ../said; fail "after $times kills: ${commands[c]}"; }
    cd .. || exit 1
    whole "$c" "$times"
done
echo "$done_kills kills of $kills ($hits while it ran, $stops of them SIGTERM), half-written files after $halves; every command then ended as undisturbed"
[ "$hits" -gt 0 ] || fail 'every kill came too late: the test tests nothing'
