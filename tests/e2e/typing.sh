# Sourced by tests that type what documents say (readme.sh, pages.sh, pages_long.sh): a gantry in PATH that shortens (small networks, few steps, no queue),
# the data and runs that documents speak of, and the blocks of a document.
# shellcheck shell=bash
top=$(realpath "$here/../..")
need_python
mkdir bin home
printf '#!/bin/bash\nGANTRY=%q\n' "$GANTRY" >bin/gantry
cat >>bin/gantry <<'SHIM'
more=()
case "$*" in
*--dry-run=job*) ;;
train* | run*\ train*)
    more=(--steps=2 --image-minutes=0)
    run=$(grep -oE -- '--run=[^ ]+' <<<"$*") # documents list alternatives: each begins anew
    [ -z "${anew-}" ] || [[ "$*" == *dry-run* ]] || rm -rf "${run#--run=}"
    [[ "$*" != *--dry-run* ]] || more+=(--dry-run=quick)
    [[ "$*" != *--metrics=* || "$*" == *runs/galaxies* ]] || more+=(--metrics-count=16) # the curves of galaxies name a count
    case "$*" in
    *edm*) more+=(--model-channels=4 --batch=2 --grid=2x2 --sheet-steps=1) ;;
    *dcgan*) more+=(--cbase=64 --batch=4 --slices=1 --grid=2x2) ;;
    *jobs/scenes*) more+=(--width=0.1 --batch=4) ;;
    *--model=* | *cvae* | *circles*) more+=(--batch=8) ;;
    *--resume=*) more+=(--batch=4 --mbstd=2 --grid=2x2) ;;
    *) [ -d runs/mine ] && [[ "$*" != *--data* ]] || more+=(--cbase=512 --cmax=8 --batch=4 --mbstd=2 --map-layers=2 --grid=2x2) ;;
    esac
    ;;
submit*)
    run=$(grep -oE -- '--run=[^ ]+' <<<"$*")
    [ -z "${anew-}" ] || rm -rf "${run#--run=}"
    set -- submit --dry-run "${@:2}" # behind -- stand options of sbatch
    [[ "$*" != *runs/galaxies* ]] || exec bash < <("$GANTRY" "$@" | sed -n 's/^train_until_done/gantry train/p') # what the job would do
    ;;
start*) more=(--yes --kimg=0.008) ;;
walk* | run*\ walk*) more=(--seconds=0.1) ;;
project* | run*\ project*) more=(--num-steps=2) ;;
metrics* | run*\ metrics*) [[ "$*" != *metrics\ runs/* ]] || more=(--count=16) ;;
search* | run*\ search*) more=(--trials=2 --steps=1) ;;
likelihood*) more=(--samples=1) ;;
detect*) set -- "${@/n=100,/n=3,}" ;;
*--seeds=0-99999*) more=(--seeds=0-9) ;;
esac
exec "$GANTRY" "$@" "${more[@]}"
SHIM
chmod +x bin/gantry
ln -s "$python" bin/python3
# Without TeX: the table has what the example reads of it.
command -v pdflatex >/dev/null || cat >bin/pdflatex <<'STAND_IN' && chmod +x bin/pdflatex
#!/bin/bash
tex=${*: -1}
for column in $(grep -oE '(y=\{|thisrow\{)[^}]*' "$tex" | sed 's/.*{//'); do
    head -n 1 curves.csv | tr ',' '\n' | grep -qxF "$column" || { echo "curves.csv has no column $column"; exit 1; }
    columns+="$column "
done
[ "$(wc -w <<<"$columns")" -ge 4 ] && [ "$(wc -l <curves.csv)" -ge 2 ]
STAND_IN
export PATH=$tmp/bin:$PATH
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 # lines of mpirun

# typed FILE LEAST: its blocks of commands and of Python, at least so many, in order, each a script that ends with its first error (documents.py has the rules and the marks)
typed() {
    rm -rf "$tmp/blocks"
    "$python" -B "$here/documents.py" "$top" --blocks="$1" "$tmp/blocks" || fail "the blocks of $1"
    [ "$(find "$tmp/blocks" -type f | wc -l)" -ge "$2" ] || fail "too few blocks were found in $1"
    for block in "$tmp"/blocks/*; do
        [ -e "$block" ] || continue
        local shell=(bash -ex)
        [[ $block != *.py ]] || shell=("$python" -B)
        env -u GANTRY PYTHONPATH="$here/../onnx" timeout 600 "${shell[@]}" "$block" >"$tmp/said" 2>&1 </dev/null ||
            { cat "$block" "$tmp/said"; fail "of $1, line $(basename "${block%.*}" | sed 's/^0*//'): see the last command above"; }
    done
}

small='--steps=2 --cbase=512 --cmax=8 --batch=4 --mbstd=2 --map-layers=2 --z-dim=16 --w-dim=16 --grid=2x2 --threads=1 --tick=0.004'
trained() { quietly "$GANTRY" train --run="$1" --data="$2" "${@:3}"; } # RUN DATA OPTIONS
# world [all]: in the folder home, what most pages speak of; all: what the pages of pages_long.sh speak of
world() {
    cd home || fail 'no folder'
    mkdir docs && cp -r "$top/docs/examples" docs && cp -r "$top/jobs" "$top/slurm" . || fail 'no folder'
    quietly "$GANTRY" dataset "synth:shapes:size=32,classes=8,n=40" mine.zip
    # shellcheck disable=SC2086
    trained runs/mine mine.zip --cond $small
    awk 'BEGIN { for (i = 0; i < 60; i++) print (i ? "" : "length,width\n") i % 3 * 2 + i / 60 "," i % 5 }' >points.csv
    if [ "${1-}" = all ]; then
        mkdir photos && cp -r "$here/../golden/dataset/mixed" photos && "$GANTRY" dataset synth:shapes:n=10,size=48 photos/more --labels=none >said 2>&1 || fail 'no pictures'
        for zip in other first second pictures train test parts; do quietly "$GANTRY" dataset "synth:shapes:size=32,classes=8,n=${#zip}0" $zip.zip; done
        quietly "$GANTRY" dataset synth:shapes:size=64,n=50 faces.zip
        "$python" -c 'import numpy as n; n.save("x.npy", n.random.RandomState(0).randint(0, 256, (80, 32, 32, 1), "u1")); n.save("y.npy", n.arange(80) % 10)'
        quietly "$GANTRY" dataset x.npy fashion.zip --labels=y.npy --class-names=zero,one,two,three,four,five,six,seven,eight,nine
        cp fashion.zip fashion-test.zip && cp fashion.zip generated.zip
        # shellcheck disable=SC2086
        for run in faces first fashion digits; do
            case $run in f[ai][cr]*) trained runs/$run faces.zip $small ;; *) trained runs/$run fashion.zip --cond $small ;; esac
        done
        quietly "$GANTRY" generate runs/faces --seeds=0 --outdir=. && mv seed0000.png mine.png && cp mine.png photo.jpg
        cp "$here/../golden/pkl/skip.pkl" network-snapshot-025000.pkl
    fi
    rm -f said
    cd .. || fail 'no folder'
}
dcgan() { trained "runs/$1" "$2.zip" --model=dcgan --cbase=64 --batch=8 --slices=1 --steps=2 "${@:3}"; }
# page FILE: its blocks, in a copy of that folder with what its text speaks of besides
page() {
    local of
    of=$(basename "$1" .md)
    cp -r home "$of" && cd "$of" || fail 'no folder'
    case $of in
    datasets) rm mine.zip && quietly "$GANTRY" dataset synth:shapes:n=1100,size=16 photos && for zip in first second; do quietly "$GANTRY" dataset synth:shapes:n=9,size=16 $zip.zip; done ;;
    few-pictures) quietly "$GANTRY" dataset synth:shapes:n=20,size=48 icons ;;
    from-a-tutorial) for run in seed{0,1}/{adam,sgd}; do trained runs/$run synth:shapes:n=32,size=16 --model=mlp --batch=8 --steps=4; done ;;
    metrics) # one kind of pictures; statistics by the detector that the page trains
        rm -r runs/mine && cp -r runs/fashion runs/mine && quietly gantry train --model=deep-conv --data=fashion.zip --epochs=10 --run=runs/judge
        quietly "$GANTRY" metrics --reals=generated.zip --metrics=fid --detector=runs/judge --save=generated.npz
        ;;
    networks)
        trained runs/resnet18 mine.zip --model=resnet18 --batch=4 --steps=1
        quietly "$GANTRY" export runs/resnet18 resnet18.safetensors && mv resnet18.safetensors resnet18.pth # the contents tell what a file is
        ;;
    pictures)
        dcgan dcgan mine
        quietly "$GANTRY" generate runs/faces --seeds=0 --space=w --out=w.npy
        quietly gantry project runs/faces --target=mine.png --outdir=me
        ;;
    reproducibility) cp -r "$top/docs/audit" docs && cp fashion.zip pictures.zip && quietly "$GANTRY" dataset pictures.zip pictures && cp mine.png a.png ;;
    classifiers) trained runs/trunk mine.zip --model=resnet18 --width=0.25 --batch=8 --steps=1 ;;
    dcgan)
        rm fashion.zip
        dcgan labels train --cond
        for run in dcgan tricks/plain; do dcgan $run mine; done
        ;;
    diffusion) quietly gantry train --model=edm --data=mine.zip --cond --run=runs/denoiser && quietly "$GANTRY" export runs/denoiser denoiser.onnx ;;
    mixtures) awk 'NR == 1 { print $0 ",kind" } NR > 1 { print $0 "," (NR % 3 ? "rose" : "lily") }' ../home/points.csv >points.csv ;;
    esac
    typed "$top/$1" 1
    cd .. && rm -rf "${of:?}"
}
