# level: full
# gantry export, gantry convert, train --export: what files hold, bad input, nothing half-written.
. "$(dirname "$0")/lib.sh"
need_python
quietly "$GANTRY" train $small --run=run --steps=4
export_() { quietly "$GANTRY" export "$@"; }
judged() { NETWORKS=$1 quietly "$python" "$here/exported.py" "${@:2}"; } # NETWORKS CHECKPOINT FILE...
equal() { diff -rq "$1" "$2" || fail "$1 and $2 differ"; }
forms="safetensors npz h5"

case_the_network_in_use_or_all() {
    [ "$(h5dump -d /data/class_names "$(last run)" | grep -c 'disc.*ring.*square.*triangle')" = 1 ] || fail 'no names of classes'
    # texts are declared as ASCII where they are, for programs that read no others (Octave)
    h5dump "$(last run)" | grep -q 'CSET H5T_CSET_ASCII' || fail 'no text is ASCII'
    ! h5dump "$(last run)" | grep -q 'CSET H5T_CSET_UTF8' || fail 'a text of ASCII is declared as UTF-8'
    for class in disc café; do quietly "$GANTRY" generate run --class=disc --seeds=0-1 --outdir=pictures/$class; done
    quietly "$GANTRY" dataset pictures accents.h5 --labels=folders
    h5dump -A accents.h5 | grep -q 'CSET H5T_CSET_UTF8' || fail 'a text that is not ASCII is not UTF-8'
    for form in $forms; do
        export_ run one.$form && export_ run all.$form --all
        # From the file that was written, the same bytes come again; and nothing depends on when it is.
        export_ "$(last run)" again --format=$form && cmp one.$form again || fail "$form: other bytes"
    done
    judged G_ema "$(last run)" one.safetensors one.npz one.h5
    judged G_ema,G,D "$(last run)" all.safetensors all.npz all.h5
    for file in one all; do
        quietly "$GANTRY" generate $file.h5 --class=1 --seeds=0-3 --record=none --outdir=$file
        export_ $file.h5 again.npz && cmp again.npz one.npz || fail "$file.h5: another .npz"
    done
    quietly "$GANTRY" generate run --class=1 --seeds=0-3 --record=none --outdir=direct
    equal one direct && equal all direct
    export_ all.h5 from.pkl && export_ run run.pkl && cmp from.pkl run.pkl || fail 'all.h5 makes another .pkl'
}

# From each form and back: the same file, of this network and of others'.
case_there_and_back() {
    local file
    cp "$here/../golden/pkl/tf_orig_cond.pkl" foreign.pkl
    for file in run foreign.pkl; do
        quietly "$GANTRY" convert $file all.pkl
        quietly "$GANTRY" convert $file all.h5 --all
        quietly "$GANTRY" convert $file one.h5
        for form in pkl safetensors npz h5; do
            quietly "$GANTRY" convert $file there.$form --all
            quietly "$GANTRY" convert there.$form back.pkl && cmp back.pkl all.pkl || fail "$file, $form, and back to .pkl"
            [ $form = pkl ] && continue # a .pkl does not say how the networks were trained
            quietly "$GANTRY" convert there.$form back.h5 --all && cmp back.h5 all.h5 || fail "$file, $form, and back to .h5"
            quietly "$GANTRY" convert $file there.$form
            quietly "$GANTRY" convert there.$form back.h5 && cmp back.h5 one.h5 || fail "$file, $form, and back to one .h5"
        done
        [ $file != run ] || quietly "$GANTRY" generate all.pkl --class=1 --seeds=0-3 --record=none --outdir=from-pkl
    done
    quietly "$GANTRY" generate run --class=1 --seeds=0-3 --record=none --outdir=from-run
    equal from-pkl from-run
    [ "$("$GANTRY" inspect there.npz | grep -c 'tensors')" -gt 0 ] || fail 'inspect'
}

case_convert() {
    export_ run a.npz
    quietly "$GANTRY" convert run b.npz && cmp a.npz b.npz || fail 'convert is not export'
    quietly "$GANTRY" convert --source=run --dest=c.npz && cmp a.npz c.npz || fail '--source and --dest'
    quietly "$GANTRY" convert --source "$(last run)" d --format=npz --force-fp16=false && cmp a.npz d || fail 'a word for --dest'
    expect 2 'keeps networks in float32' "$GANTRY" convert run e.pkl --force-fp16
    expect 2 'one source and one destination' "$GANTRY" convert run
    expect 2 'one source and one destination' "$GANTRY" convert --source=run --dest=e.npz f.npz
    [ ! -e e.npz ] || fail 'refused, and yet something was made'
}

# other MODEL NETWORK ALL OPTIONS...
other() {
    local model=$1 network=$2
    quietly "$GANTRY" train --model="$model" --run="$model" --batch=8 --steps=2 "${@:4}"
    for form in $forms; do export_ "$model" "$model.$form"; done
    judged "$network" "$(last "$model")" "$model.safetensors" "$model.npz" "$model.h5"
    # --all names the network also where there is one.
    for form in npz safetensors; do
        export_ "$model" all.$form --all --overwrite && quietly "$GANTRY" convert all.$form back.h5 --overwrite
        cmp back.h5 "$model.h5" || fail "all.$form, and back"
    done
    judged "$3" "$(last "$model")" all.npz all.safetensors
    expect 2 'no form pkl, which is for StyleGAN2 .*; it has safetensors, npz,' "$GANTRY" export "$model" "$model.pkl"
    [ ! -e "$model.pkl" ] || fail "$model.pkl is there"
}
case_other_models() {
    other dcgan G_ema G_ema,G,D --data=synth:shapes:n=32,size=16 --cbase=256
    other vae AE AE, --data=synth:shapes:n=32,size=16
    other lenet C C, --data=synth:shapes:n=32,size=28,classes=4
    quietly "$GANTRY" generate dcgan --seeds=0-2 --record=none --outdir=g1 && quietly "$GANTRY" generate dcgan.h5 --seeds=0-2 --record=none --outdir=g2 && equal g1 g2
    for file in lenet lenet.h5; do quietly "$GANTRY" predict $file synth:shapes:n=8,size=28,classes=4 --outdir=c-$file; done
    equal c-lenet/predictions.csv c-lenet.h5/predictions.csv
    # Pictures that the reference cannot have.
    quietly "$GANTRY" train $nets --data=synth:shapes:n=32,size=24 --batch=8 --mbstd=2 --steps=2 --run=odd
    expect 2 '24 x 24 pixels\) has no form pkl' "$GANTRY" export odd odd.pkl
}

# With the stem for small pictures MobileNet has the names and shapes of torchvision's, and computes something else: one name differs.
case_a_small_stem() {
    local file pictures=synth:shapes:n=8,size=32,classes=3
    quietly "$GANTRY" train --model=mobilenet-v2 --width=0.25 --data=synth:shapes:n=16,size=32,classes=3 --batch=8 --steps=1 --run=small
    export_ small small.npz && grep -q 'for NumPy; the network wants pixels of 0 to 1$' said || { cat said; fail 'no range'; }
    export_ small small.onnx && grep -q 'the network wants pixels of -1 to 1$' said || { cat said; fail 'no range of ONNX'; }
    grep -aq 'pixels of -1 to 1' small.onnx || fail 'the model does not say what it wants'
    export_ small all.safetensors --all
    # as older programs wrote it; and as a program writes it that knows tensors alone
    "$python" - <<'P' || fail 'the names'
import numpy as np
z = np.load('small.npz')
new, name = 'small_stem.features.0.0.weight', 'features.0.0.weight'
assert new in z.files and name not in z.files and sum(f.startswith('small_stem.') for f in z.files) == 1
assert z['gantry.inputs'] == 'pixels of 0 to 1'
np.savez('older.npz', **{name if f == new else f: z[f] for f in z.files})
np.savez('bare.npz', **{f: z[f] for f in z.files if z[f].dtype.kind == 'f'})
P
    for file in small small.npz all.safetensors older.npz bare.npz; do
        # shellcheck disable=SC2046
        quietly "$GANTRY" predict $file $pictures --outdir=of-$file $([ $file != bare.npz ] || echo --normalize=unit --image-size=32)
        cmp of-small/predictions.csv of-$file/predictions.csv || fail "$file: other predictions"
    done
    quietly "$GANTRY" convert bare.npz again.npz --normalize=0.5:0.25,0.4:0.2,0.3:0.1 --image-size=32
    grep -q 'wants pixels of 0 to 1, minus 0.5,0.4,0.3, divided by 0.25,0.2,0.1$' said || { cat said; fail 'no means'; }
}

case_beside_checkpoints() {
    local job="$small --steps=10 --tick=0.008 --checkpoint-kimg=0.016 --keep=2 --keep-every=0.04 --audit-disk=0"
    quietly "$GANTRY" train $job --run=plain
    for n in 1 3; do
        quietly ranks $n "$GANTRY" train $job --run=beside$n --export=pkl,npz
        same "$(last plain)" "$(last beside$n)"
        # Each checkpoint that is there has its files, and no others are there.
        for checkpoint in "$(ls beside$n/checkpoint-*.h5 | head -1)" "$(last beside$n)"; do
            for form in pkl npz; do
                [ "$n" = 1 ] || break
                export_ "$checkpoint" one.$form
                cmp one.$form "$(sed 's/.*checkpoint-\(.*\)h5/beside1\/network-snapshot-\1/' <<<"$checkpoint")$form" || fail "$checkpoint: $form"
            done
        done
        [ "$n" = 1 ] || for file in beside1/network-snapshot-*; do cmp "$file" "beside$n/${file#*/}" || fail "$file: other bytes on $n ranks"; done
        [ "$(ls beside$n/network-snapshot-* | wc -l)" = $((2 * $(ls beside$n/checkpoint-*.h5 | wc -l))) ] || fail "$(ls beside$n)"
    done
    # A run that is gone on with; and one that begins anew.
    quietly "$GANTRY" train $job --run=beside1 --steps=12 --export=h5
    [ -e "$(sed 's/checkpoint/network-snapshot/' <<<"$(last beside1)")" ] || fail "$(ls beside1)"
    for file in beside1/network-snapshot-*; do # also those of forms that are no longer wanted
        [ -e "$(sed 's/network-snapshot\(.*\)\..*/checkpoint\1.h5/' <<<"$file")" ] || fail "the checkpoint of $file is gone"
    done
    quietly "$GANTRY" train $job --run=beside1 --steps=5 --restart --export=npz
    [ "$(ls beside1/network-snapshot-*.npz | wc -l)" = "$(ls beside1/checkpoint-* | wc -l)" ] && ls beside1/before-1/network-snapshot-*.pkl >/dev/null || fail "$(ls beside1 beside1/before-1)"
    # What is refused.
    expect 2 "no form 'tif' of networks: pkl, safetensors" "$GANTRY" train $small --run=never --steps=2 --export=npz,tif
    expect 2 "'npz' occurs twice" "$GANTRY" train $small --run=never --steps=2 --export=npz,npz
    expect 2 'no form pkl, which is for StyleGAN2' ranks 2 "$GANTRY" train --model=ae --data=synth:shapes:n=32,size=16 --run=never --steps=2 --export=pkl
    [ ! -e never ] || fail 'refused, and yet the run was made'
}

# A file that cannot be written is a warning, once; training goes on, and tries again with the next checkpoint.
case_a_failing_export() {
    mkdir -p failing/network-snapshot-000000016.npz
    background "$GANTRY" train $small --tick=0.008 --checkpoint-kimg=0.016 --run=failing --steps=1000000 --audit-disk=0 --export=npz
    wait_until 180 has_line "warning: --export: cannot write .*network-snapshot-000000016.npz.*; training goes on and tries again" running
    wait_until 180 has_line '--export can be written again' running
    kill -TERM "$pid"
    ends 75
    [ "$(grep -c 'warning: --export' running)" = 1 ] || fail 'more than one warning'
    [ -f "$(sed 's/checkpoint\(.*\)h5/network-snapshot\1npz/' <<<"$(last failing)")" ] || fail "$(ls failing)"
}

case_bad_input() {
    export_ run good.npz
    cp "$(last run)" copy.h5
    expect 2 "is the input file" "$GANTRY" export copy.h5 copy.h5
    ln -s copy.h5 link.h5
    expect 2 "is the input file" "$GANTRY" export copy.h5 link.h5
    same copy.h5 "$(last run)"
    expect 2 "the ending must name the form of the network: pkl, safetensors, npz" "$GANTRY" export run a.tif
    expect 2 'the ending must name the form' "$GANTRY" export run a.npz/
    expect 2 'the ending must name the form' "$GANTRY" export run pkl
    expect 2 "no form 'tif'" "$GANTRY" export run a.npz --format=tif
    mkdir folder.npz
    expect 2 "'folder.npz' is a folder" "$GANTRY" export run folder.npz
    expect 1 "nowhere/a.npz': No such file" "$GANTRY" export run nowhere/a.npz
    expect 2 'a checkpoint \(or' "$GANTRY" export run
    expect 2 'a checkpoint \(or' "$GANTRY" export run a.npz b.npz
    expect 2 'protocol' "$GANTRY" export run a.pkl --protocol=1
    expect 1 'missing' "$GANTRY" export missing a.npz
    export_ run one.h5
    expect 2 'has no network G, which a .pkl needs' "$GANTRY" export one.h5 a.pkl
    head -c 30000 copy.h5 >cut.h5
    expect 1 'truncated' "$GANTRY" export cut.h5 a.npz
    # No room: the old file stays, and no half.
    for form in pkl $forms; do
        echo old >a.$form
        expect 2 "'a.$form' already exists and is a text file" "$GANTRY" export run a.$form --all
        expect 1 "cannot write 'a.$form': File too large" bash -c "ulimit -f 8; exec '$GANTRY' export run a.$form --all --overwrite"
        [ "$(cat a.$form)" = old ] || fail "a.$form is gone"
    done
    chmod -w folder.npz
    [ "$(id -u)" = 0 ] || expect 1 'ermission' "$GANTRY" export run folder.npz/a.npz
    ls | grep -F .part && fail 'a half is left'
    export_ run a.npz --overwrite && cmp a.npz good.npz || fail 'with room: another file'
    cat a.npz >piped && "$GANTRY" export run /dev/stdout --format=npz 2>/dev/null | head -c "$(stat -c %s piped)" | cmp - piped || fail 'into a pipe: another file'
}

run_cases
