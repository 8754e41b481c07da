#!/bin/bash
# level: full
# Runs of commit a9a54edb of all families in tests/golden/old_runs.tar.gz: NAME/ has what a run leaves in the middle (job.ini, its checkpoint), and what that
# program made of it to its end by the same command: end.h5, and the hash of that. This program resumes them by the same command, and by one that gives the
# data alone, since defaults may have changed since then. With the arithmetic that the runs have (fma-8) their ends must be the same bits. A program
# whose arithmetic has another number says so, and what changed must be the same but for rounding; runs of one slice add up no gradients over slices and
# do not depend on how that is done: their bits must be the same under every number. Where that changes on purpose, `bits` of the run changes, with why.
. "$(dirname "$0")/lib.sh"
need_python
runs=$here/../golden/old_runs.tar.gz
# Options of recipes that are newer than these runs, with what a record without them means (gt_option.absent, or by the record's slices): "key = value" lines.
newer=$'mbstd-batch = 8\nmbstd-batch = 4\npl-mean = slice'
general="--seed=3 --threads=1 --grid=2x2"
stylegan2="--z-dim=4 --w-dim=4 --cmax=4"
dcgan="--model=dcgan --cbase=32 --cmax=4 --z-dim=4"
unet="--model=edm --model-channels=4 --channel-mult=1"
# name | steps to the middle | to the end | bits: `same` under every number of the arithmetic, or how far what changed may be off under another one | data | options
table="
cpu      | 15 | 18 | 1e-4 | shapes:n=48,size=16,classes=3 | --cond --cbase=64 $stylegan2
auto     | 15 | 18 | 1e-4 | shapes:n=48,size=16 | --cfg=auto --cbase=32 --batch=8 $stylegan2
over     | 15 | 18 | 1e-4 | shapes:n=48,size=8 | --cfg=paper256 --cbase=16 --map-layers=2 --batch=8 --slices=4 $stylegan2
cifar    | 15 | 18 | 1e-4 | shapes:n=48,size=16,classes=3 | --cond --cfg=cifar --cbase=32 --batch=8 $stylegan2
dcgan    | 4 | 8 | 1e-4 | shapes:n=48,size=16 | $dcgan --batch=32
wgan     | 4 | 8 | 1e-4 | shapes:n=48,size=16 | $dcgan --loss=wgan-gp --bn=none --batch=16
semi     | 4 | 8 | 1e-4 | shapes:n=48,size=16,classes=3 | $dcgan --semi --batch=32
ae       | 4 | 8 | 1e-4 | shapes:n=48,size=12 | --model=ae --widths=0.002
vae      | 4 | 8 | 1e-4 | shapes:n=48,size=12 | --model=vae --widths=0.002
cvae     | 4 | 8 | 1e-4 | shapes:n=48,size=16 | --model=cvae --widths=0.02
gumbel   | 4 | 8 | 1e-4 | shapes:n=48,size=16 | --model=gumbel --widths=0.05
vq       | 4 | 8 | 0.02 | shapes:n=48,size=16 | --model=vq --widths=0.05
vq-prior | 4 | 8 | 1e-4 | shapes:n=48,size=16 | --model=vq-prior --resume=vq --prior-width=4 --prior-layers=2
mlp      | 4 | 8 | 1e-4 | shapes:n=160,size=12,classes=3 | --model=mlp --hidden=8,8
lenet    | 4 | 8 | 1e-4 | shapes:n=160,size=16,classes=3 | --model=lenet --width=0.1
layers   | 4 | 8 | 0.02 | shapes:n=160,size=12,classes=3 | --model=layers --layers=conv~4~3,bn,relu,pool~2,fc~8,relu,dropout~0.2
resnet18 | 4 | 8 | same | shapes:n=48,size=12,classes=3 | --model=resnet18 --width=0.02 --batch=16
fcn8s    | 4 | 8 | same | scenes:n=32,size=32,seed=5 | --model=fcn8s --trunk=vgg11 --width=0.008 --batch=8
edm      | 4 | 8 | 1e-4 | shapes:n=48,size=8,classes=3 | $unet --cond
flow     | 4 | 8 | 1e-4 | shapes:n=48,size=8 | $unet --precond=flow --arch=ncsnpp
" # cpu, cifar: fma-9 adds what fakes and reals give to a weight before it multiplies with the weight's gain
# vq: a picture may get another code; layers: a bias that normalisation takes away again moves by rounding alone
row() { # NAME: its numbers and words, with blanks for ~
    local line
    line=$(grep "^$1 " <<<"$table") || fail "no run '$1'"
    IFS='|' read -r name middle end bits data options <<<"$line"
    read -r name middle end bits data <<<"$name $middle $end $bits $data"
    IFS=' ' read -r -a command <<<"--data=synth:$data $options $general"
    command=("${command[@]//\~/ }")
}
names() { sed -n 's/^\([a-z0-9-]*\) .*/\1/p' <<<"$table"; }
hash_of() { "$GANTRY" hash -q "$1" | sed -n 's/^\(g1:[0-9a-f]*\) .*/\1/p'; }
begin() { # how the archive was made, by that commit
    for run in $(names); do
        row "$run"
        "$BEGIN" train "${command[@]}" --run="$run" --steps="$middle" || fail "$run"
        mkdir -p "kept/$run" && cp "$run"/job.ini "$run"/checkpoint-*.h5 "kept/$run"
        "$BEGIN" train "${command[@]}" --run="$run" --steps="$end" || fail "$run"
        cp -L "$run/last" "kept/$run/end.h5" && "$BEGIN" hash -q "$run" | cut -d' ' -f1 >"kept/$run/hash"
    done
    tar c -C kept --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner . | gzip -9n >"$runs" || fail "$runs"
    exit 0
}
[ -z "${BEGIN-}" ] || begin

# Runs with a ledger, of 1.0.0 and of the ends of later pieces of work: tests/golden/later_runs/NAME.tar.gz has a run in the middle, the hash of its end, and that
# of a picture. LATER=NAME makes one (README.md there).
later="--model=dcgan --cbase=32 --cmax=4 --z-dim=4 --batch=32 --data=synth:shapes:n=64,size=16 --schedule=cosine --seed=5 --threads=1 --grid=2x2"
ends() { # RUN: what it is in the end
    "$GANTRY" generate "$1" --seeds=7 --outdir=pictures --overwrite >/dev/null && hash_of "$1" && hash_of pictures/*.png && rm -r pictures
}
if [ -n "${LATER-}" ]; then
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $later --run=run --steps=32
    mkdir -p "$LATER/run" && cp run/job.ini run/starts.jsonl run/checkpoint-*.h5 "$LATER/run"
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $later --run=run --steps=48
    ends run >"$LATER/ends" && [ "$(wc -l <"$LATER/ends")" = 2 ] || fail 'no end'
    tar c --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner "$LATER" | gzip -9n >"$here/../golden/later_runs/$LATER.tar.gz" || fail "$LATER"
    exit 0
fi

mkdir kept && tar xz -C kept -f "$runs" || fail "no $runs"
[ "$(ls kept | sort)" = "$(names | sort)" ] || fail 'the archive has other runs'
ours=$("$GANTRY" version | grep -oE '(fma|plain|unfused)-[0-9]+' | head -n 1)
theirs=fma-8
close() { # RUN CHECKPOINT LIMIT
    warm - "kept/$1"/checkpoint-*.h5 "kept/$1/end.h5" "$2" "$3" <<'P' || fail "$1: $2 is not what the earlier program made"
import sys, h5py, numpy as np
def networks(path):
    found = {}
    def take(name, d):
        if isinstance(d, h5py.Dataset) and name.startswith('networks/'): found[name] = d[...].astype(float)
    with h5py.File(path) as f: f.visititems(take)
    return found
begin, end, now = map(networks, sys.argv[1:4])
assert begin.keys() == end.keys() == now.keys() and len(end)
for net in sorted({name.split('/')[1] for name in end}):
    of = [name for name in end if name.split('/')[1] == net]
    off = sum(((now[n] - end[n]) ** 2).sum() for n in of) ** 0.5
    moved = sum(((end[n] - begin[n]) ** 2).sum() for n in of) ** 0.5
    print(f'{net}: off by {off:.2g} of {moved:.2g}')
    if not off <= float(sys.argv[4]) * moved: sys.exit(1)
P
}
# resumes NAME RANKS OPTIONS...: to its end
resumes() {
    rm -rf now && mkdir now && cp "kept/$1"/job.ini "kept/$1"/checkpoint-*.h5 now
    if [ "$ours" = "$theirs" ]; then
        quietly ranks "$2" "$GANTRY" train "${@:3}" --threads=1 --grid=2x2 --run=now --steps="$end"
        ! grep -q 'bits will differ' said || { cat said; fail "$1: another arithmetic"; }
    else
        expect 0 "warning: .*has the arithmetic $theirs, .* bits will differ" ranks "$2" "$GANTRY" train "${@:3}" --threads=1 --grid=2x2 --run=now --steps="$end"
    fi
    if [ "$ours" = "$theirs" ] || { [ "$bits" = same ] && [ "${ours%-*}" = "${theirs%-*}" ]; }; then
        [ "$(hash_of now)" = "$(cat "kept/$1/hash")" ] || { "$GANTRY" hash --compare now "kept/$1/end.h5"; fail "$1: other bits"; }
    else
        close "$1" now/last "${bits/same/0.02}"
    fi
}
slices() { sed -n 's/^slices = //p' "kept/$1/job.ini"; }

recipe() { warm -c "import h5py; print(h5py.File('$1')['recipe'][()].decode(), end='')" | grep -v '^\[' | grep . | sort; }

# The recipe stays the recorded one, line by line; a new option of a recipe has the value that is named above.
case_the_same_command() {
    for run in $(names); do
        row "$run"
        resumes "$run" 1 "${command[@]}"
        has_line "\"event\":\"chain\".*\"step\":$middle," now/starts.jsonl || fail "$run: no chain begins where the run resumes"
        recipe "kept/$run/end.h5" >before
        recipe now/last | { grep -vxF "${newer:-[none]}" || :; } | diff before - || fail "$run: the recipe has changed"
    done
}
case_the_data_alone() {
    for run in $(names); do
        row "$run"
        resumes "$run" "$(($(slices "$run") > 1 ? 2 : 1))" --data="synth:$data"
    done
}
case_the_folder_alone() {
    for run in cpu dcgan fcn8s edm; do
        row "$run"
        resumes "$run" 1
    done
}
# Steps from the middle to the end must be seen, or nothing is tested.
# They resume, generate and audit bit for bit.
case_later_runs() {
    local archive name
    for archive in "$here"/../golden/later_runs/*.tar.gz; do
        name=$(basename "$archive" .tar.gz)
        tar xz -f "$archive" || fail "$archive"
        has_line "\"arithmetic\":\"$ours\"" "$name/run/starts.jsonl" || lacks "the arithmetic of $name"
        quietly "$GANTRY" train --run="$name/run" --steps=48 --threads=1 --grid=2x2
        ends "$name/run" | diff "$name/ends" - || fail "$name: other bits"
        expect 0 '1536 of 1536 images \(100.0 %\)' "$GANTRY" audit "$name/run" --all
    done
}
case_the_end_is_another_one() {
    for run in $(names); do
        row "$run"
        cp "kept/$run"/checkpoint-*.h5 middle.h5
        (close "$run" middle.h5 0.5) >/dev/null && fail "$run: nothing has moved"
    done
    :
}
run_cases
