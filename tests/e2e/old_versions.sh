#!/bin/bash
# level: full
# Runs of version 0.1.0 (commit 75344a6) in tests/golden/old_0.1: a StyleGAN2-ADA and an autoencoder, each stopped after two of four steps. This version
# resumes them, generates from them and transfers from them. early.npy: what 0.1.0 generated from the checkpoint; late.npy: what it generated after four
# steps that nothing had interrupted.
. "$(dirname "$0")/lib.sh"
need_python
old=$here/../golden/old_0.1
export GT_ISA=portable
stylegan2=(--data=synth:shapes:n=32,size=8,classes=2 --cond --cbase=32 --cmax=4 --map-layers=1 --z-dim=4 --w-dim=4 --mbstd=2 --slices=2 --d-arch=orig --ema-kimg=0.002 --ema-ramp=0 --lrate=0.02)
vae=(--model=vae --data=synth:circles:n=32,size=8 --z-dim=2 --widths=0.001 --lrate=0.02)
general=(--batch=4 --seed=3 --threads=1 --grid=2x2 --tick=0.004)
declare -A chosen_class=([stylegan2]=--class=1 [vae]='')

pictures() { # PROGRAM MODEL RUN FILE
    rm -f "$4"
    # shellcheck disable=SC2086
    "$1" generate "$3" --seeds=0-3 ${chosen_class[$2]} --out="$4" --float --threads=1 >said 2>&1 || { cat said; fail "pictures of $3"; }
}
begin() { # how tests/golden/old_0.1 was made, by that version
    local model
    for model in stylegan2 vae; do
        local -n options=$model
        for run in whole $model; do
            "$BEGIN" train "${options[@]}" "${general[@]}" --run=$run --steps="$([ $run = whole ] && echo 4 || echo 2)" || fail 'a run'
        done
        pictures "$BEGIN" $model $model $model/early.npy
        pictures "$BEGIN" $model whole $model/late.npy
        gzip -9 -n $model/metrics.h5
        rm -r whole $model/events.* $model/report.html $model/*.png
        cp -r $model "$old/" || fail "$old"
    done
    exit 0
}
[ -z "${BEGIN-}" ] || begin

close() { # FILE FILE TOLERANCE
    "$python" - "$@" <<'P' || fail "$1 is not what $2 has"
import sys, numpy as np
a, b = np.load(sys.argv[1]), np.load(sys.argv[2])
apart = np.abs(a - b).max()
print(f'{sys.argv[1]}: apart by {apart:.2g}')
sys.exit(a.shape != b.shape or not apart <= float(sys.argv[3]))
P
}
copy() { # a run as 0.1.0 left it
    rm -rf "$1" && cp -r "$old/$1" . && gunzip "$1/metrics.h5.gz" || fail "no $old/$1"
}

for model in stylegan2 vae; do
    copy $model
    # Otherwise the four steps, and what a resume continues from, would not be seen in the pictures.
    (close $model/early.npy $model/late.npy 0.01) >/dev/null && fail 'two more steps change nothing'
done

case_generates() {
    local model isa
    for model in stylegan2 vae; do
        for isa in portable ''; do # other kernel sets: other last bits
            GT_ISA=$isa pictures "$GANTRY" $model $model now.npy
            close now.npy "$old/$model/early.npy" 1e-4
        done
    done
}
case_looks() {
    expect 0 'stylegan2' "$GANTRY" inspect stylegan2/last
    expect 0 'kimg' "$GANTRY" inspect vae
    expect 0 '' "$GANTRY" inspect stylegan2/metrics.h5
    expect 0 '' "$GANTRY" report vae
}
case_transfers() {
    expect 0 'G_ema: ([0-9]+) of \1 tensors' "$GANTRY" train "${stylegan2[@]}" "${general[@]}" --run=transferred --resume=stylegan2 --steps=1
    expect 0 '([0-9]+) of \1 tensors' "$GANTRY" train "${vae[@]}" "${general[@]}" --run=transferred_vae --resume=vae --steps=1
}
case_resumes() {
    local model lines
    for model in stylegan2 vae; do
        copy $model
        lines=$(wc -l <$model/stats.jsonl)
        expect 0 'done: ' "$GANTRY" train --run=$model --steps=4 --threads=1
        pictures "$GANTRY" $model $model now.npy
        close now.npy "$old/$model/late.npy" 1e-4
        head -n "$lines" $model/stats.jsonl | cmp - "$old/$model/stats.jsonl" || fail 'earlier ticks have changed'
        [ "$(readlink $model/last)" = checkpoint-000000016.h5 ] || fail 'the last checkpoint is not that of the end'
        "$python" -c "import h5py; assert [float(r['mean']) for r in h5py.File('$model/metrics.h5')['Progress/step']] == [1, 2, 3, 4]" || fail 'metrics.h5 was not continued'
    done
}
# Its ticks have Fakes/swd, by another formula than Fakes/swd_avg now: what was best by it, and patience, begin anew.
case_best_by_the_older_series() {
    local further=(train --run=stylegan2 --threads=1 --best=Fakes/swd --early-stopping=2 --image-steps=1 --snap=1)
    copy stylegan2
    ln -s checkpoint-000000008.h5 stylegan2/best
    expect 0 'have Fakes/swd, which is not comparable with Fakes/swd_avg: the best and --early-stopping begin again' "$GANTRY" "${further[@]}" --steps=3
    has_line '^best = Fakes/swd' stylegan2/job.ini || fail 'the option is another one'
    [ "$(readlink stylegan2/best)" = checkpoint-000000012.h5 ] || fail 'the best checkpoint is still that of the older series'
    expect 0 'done: ' "$GANTRY" "${further[@]}" --steps=4
    ! has_line 'begin again from here' said || fail 'it begins anew once more'
    "$python" - <<'P' || fail 'the series of the log'
import json
ticks = [json.loads(line) for line in open('stylegan2/stats.jsonl')]
assert [[s in t for s in ('Fakes/swd', 'Fakes/swd_avg')] for t in ticks] == [[True, False]] * 2 + [[False, True]] * 2, ticks
assert ticks[2]['Progress/ticks_since_best']['mean'] == 0
P
    rm -rf older && cp -r "$old/stylegan2" older
    quietly "$GANTRY" compare stylegan2 older
    grep -q 'old swd' said && grep -qE ' swd( |$)' said || { cat said; fail 'the two series are not apart'; }
    quietly "$GANTRY" report stylegan2
    has_line 'Distance by the formula of earlier versions' stylegan2/report.html || fail 'no chart of the older series'
}
case_newer_format() {
    local version
    version=$("$GANTRY" version | sed -n '1s/^gantry \([^ ]*\).*/\1/p')
    cp "$(last "$old/stylegan2")" newer.h5
    "$BUILD/tests/checksum" newer.h5 2 || fail 'no checksum'
    expect 1 "^error: .*newer\.h5' has checkpoint format 2, and gantry $version reads formats up to 1: use a newer gantry$" "$GANTRY" generate newer.h5 --seeds=0 --outdir=no
    [ "$(wc -l <said)" = 1 ] || { cat said; fail 'more than one line'; }
    # A run does not resume from an older checkpoint in its place.
    rm -rf ahead && cp -r "$old/vae" ahead && mv newer.h5 ahead/checkpoint-000000012.h5
    expect 1 'has checkpoint format 2' "$GANTRY" train --run=ahead --steps=4 --threads=1
}
run_cases
