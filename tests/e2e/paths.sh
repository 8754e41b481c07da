# level: full
# File names: a leading ~ that no shell has expanded, folders that are not runs, pipes in place of files, what is left after a start that fails.
. tests/e2e/lib.sh
unset OPENBLAS_NUM_THREADS # set by tests/run: here the program sets it itself, as it does for users
export HOME=$tmp/home
mkdir "$HOME"
job="$small --kimg=0.024 --tick=0.008 --snap=1 --threads=1"

# ---- ~ ----
# shellcheck disable=SC2088
{
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $job --outdir='~/runs'
    cp -r "$HOME"/runs/00000-* "$HOME/run"
    quietly "$GANTRY" report '~/run' --out '~/report.html'
    quietly "$GANTRY" inspect '~/run'
    quietly "$GANTRY" compare '~/run' --out='~/compare.png'
    quietly "$GANTRY" generate '~/run' --seeds=0 --class=1 --outdir='~/fakes'
    quietly "$GANTRY" dataset synth:shapes:n=8,size=16 '~/set.zip'
    quietly "$GANTRY" dataset --source='~/set.zip' --dest='~/set.h5'
    sed 's,^data *=.*,data = ~/set.zip,; s/^cond *=.*/cond = 0/' "$HOME/run/job.ini" >a.ini
    quietly "$GANTRY" train a.ini --run='~/other'
    quietly "$GANTRY" train --run='~/other'       # by its own job.ini
    quietly "$GANTRY" train run='~/other' a.ini
    expect 0 "run='$HOME/other'" "$GANTRY" submit --data='~/set.zip' a.ini --run='~/other' --cpus-per-task=1 --dry-run
    has_line "data='$HOME/set.zip'" said || fail 'the batch script has a ~ that no shell will expand'
}
for made in report.html compare.png fakes/seed0000-class1.png set.zip set.h5 other/last; do [ -e "$HOME/$made" ] || fail "no ~/$made"; done
[ ! -e '~' ] || fail 'a folder named ~'
grep -q '~' "$HOME/other/job.ini" && fail 'job.ini has a ~'
mkdir './~x' && quietly "$GANTRY" dataset synth:shapes:n=8,size=16 './~x/set.zip'
# shellcheck disable=SC2088
quietly "$GANTRY" inspect '~x/set.zip' # there is no user x
echo 'ok: ~'

# ---- no runs ----
mkdir empty && touch file
for command in report compare inspect; do
    for what in empty missing file; do
        limited "$GANTRY" "$command" "$what" && fail "$command takes '$what' for a run"
        has_line "'$what'" said || fail "$command does not name '$what'"
    done
done
expect 1 "'empty' is not a run's directory" "$GANTRY" report empty
[ -z "$(ls empty)" ] || fail "a report of nothing: $(ls empty)"
expect 1 'not a run' "$GANTRY" report empty --out=here.html
[ ! -e here.html ] || fail 'a report of nothing'
mkdir begun && cp "$HOME/run/job.ini" begun && quietly "$GANTRY" report begun
echo 'ok: no runs'

# ---- pipes ----
# promptly COMMAND...: it ends, whatever it says; an ignored SIGTERM counts as hanging
promptly() {
    timeout -s KILL 180 "$@" >said 2>&1 </dev/null
    [ $? != 137 ] || { cat said; fail "hangs: $*"; }
}
for file in job.ini log.txt stats.jsonl metrics.h5 reals.png last; do
    cp -r "$HOME/run" piped && rm -rf "piped/$file" && mkfifo "piped/$file"
    # shellcheck disable=SC2086
    promptly "$GANTRY" train $job --kimg=0.032 --run=piped
    for command in report inspect compare; do promptly "$GANTRY" "$command" piped; done
    rm -r piped
done
for pipe in p.ini p.h5 p.zip p.npy p.csv p.json; do
    mkfifo "$pipe"
    for words in "train $pipe" "train --data=$pipe --run=p" "inspect $pipe" "hash $pipe" "dataset $pipe p.out.zip" "dataset synth:shapes:n=8 p.out.zip --labels=$pipe" "gmm fit $pipe" \
        "latent $pipe" "generate $pipe --seeds=0 --outdir=p" "generate $HOME/run --class=0 --mixture=$pipe --seeds=0 --outdir=p" "compare $pipe"; do
        # shellcheck disable=SC2086
        promptly "$GANTRY" $words
    done
done
expect 1 'no process reads this pipe' "$GANTRY" report "$HOME/run" --out=p.ini
cat p.ini >page.html &
quietly "$GANTRY" report "$HOME/run" --out=p.ini # one that somebody does
wait
has_line '</html>' page.html || fail 'the report did not go through the pipe'
echo 'ok: pipes'

# ---- a run's folder that is taken away ----
# shellcheck disable=SC2086
background "$GANTRY" train $job --kimg=1000000 --run=going
wait_until 180 test -e going/last
mv going away # all at once: rm -rf and the run would be busy with the same files
wait_until 180 has_line "the directory 'going' was removed or renamed during the run" running
ends 1
has_line 'another process' running && fail 'somebody else is blamed'
echo 'ok: a folder taken away'

# ---- a start that fails leaves nothing ----
cp "$(last "$HOME/run")" bad.h5 && printf x | dd of=bad.h5 bs=1 seek=5000 conv=notrunc status=none
for ranks in 1 2; do
    # shellcheck disable=SC2086
    for wrong in --resume=bad.h5 --resume=missing.h5 --resume=empty; do
        [ "$ranks$wrong" != 2--resume=missing.h5 ] || continue
        limited ranks $ranks "$GANTRY" train $job --outdir=failed $wrong && fail "$wrong works"
        [ ! -e failed ] || fail "$wrong on $ranks ranks leaves: $(ls -R failed)"
        limited ranks $ranks "$GANTRY" train $job --run=failed $wrong && fail "$wrong works"
        [ ! -e failed ] || fail "$wrong on $ranks ranks leaves: $(ls -R failed)"
    done
done
mkdir kept && : >kept/note
# shellcheck disable=SC2086
limited "$GANTRY" train $job --run=kept --resume=bad.h5 && fail 'a damaged checkpoint is taken'
[ "$(ls kept)" = note ] || fail "in a folder that was there: $(ls kept)"
# shellcheck disable=SC2086
limited bash -c "ulimit -v 700000; exec '$GANTRY' train $job --cbase=16384 --cmax=512 --batch=64 --outdir=failed" && fail 'there is enough memory for this'
[ ! -e failed ] || fail "memory short: $(ls -R failed)"
echo 'ok: starts that fail'
