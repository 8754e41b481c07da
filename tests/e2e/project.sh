# level: full
# gantry project: the steps of a PyTorch program written from the formulas; the same bytes on any number of ranks and after a stop; targets of every kind.
. "$(dirname "$0")/lib.sh"
. "$here/hold.sh"
need_python
steps=40
quietly "$GANTRY" train $shapes $nets --batch=8 --mbstd=2 --run=plain --steps=20 --lrate=0.02 --seed=1 --threads=1
quietly "$GANTRY" generate plain --seeds=0-3 --outdir=seeds --threads=1
net=$(last plain)
project() { # OUTDIR RANKS TARGETS... OPTIONS
    local out=$1 n=$2
    shift 2
    quietly ranks "$n" "$GANTRY" project "$net" --outdir="$out" --num-steps=$steps --threads=1 --target="$@"
}
equal() { diff -r "$1" "$2" >differences || { cat differences; fail "$1 and $2 differ"; }; }

case_the_steps_are_those_of_pytorch() {
    local options
    python_has torch PIL || skip 'python3-torch or python3-pil is not here'
    for options in '' --space=w+; do
        # shellcheck disable=SC2086
        project torch 1 seeds/seed0000.png $options
        # shellcheck disable=SC2086
        "$python" -B "$here/../torch/project.py" "$net" seeds/seed0000.png theirs.h5 --steps=$steps $options >said 2>&1 || { cat said; fail project.py; }
        helper same_projection torch theirs.h5 2e-5
    done
}

case_conditional_networks_need_a_class() {
    python_has torch PIL || skip 'python3-torch or python3-pil is not here'
    quietly "$GANTRY" train $small --run=classes --steps=10 --lrate=0.02 --threads=1
    net=$(last classes)
    expect 2 'the network is conditional' "$GANTRY" project "$net" --target=seeds/seed0000.png --outdir=none
    expect 2 'between 0 and 3' "$GANTRY" project "$net" --target=seeds/seed0000.png --outdir=none --class=4
    [ ! -e none ] || fail 'refused, and yet something was made'
    project two 1 seeds/seed0000.png --class=2
    "$python" -B "$here/../torch/project.py" "$net" seeds/seed0000.png theirs.h5 --steps=$steps --class=2 >said 2>&1 || { cat said; fail project.py; }
    helper same_projection two theirs.h5 2e-5
}

case_ranks_and_other_targets_change_nothing() {
    project three 3 seeds/seed0000.png seeds/seed0001.png seeds/seed0002.png seeds/seed0003.png
    project one 1 seeds
    equal three one
    [ "$(ls one | wc -l)" = 4 ] || fail "$(ls one)"
    project alone 1 seeds/seed0002.png
    equal alone one/seed0002
    [ "$(echo $(ls alone))" = 'beside.png curve.csv curve.png proj.png proj.webp projected_w.h5 projected_w.npz target.png' ] || fail "$(ls alone)"
    alike alone/target.png seeds/seed0002.png || fail 'the target is another'
    project threads 1 seeds/seed0002.png --threads=3
    equal threads alone
    quietly "$GANTRY" generate "$net" --projected-w=alone/projected_w.npz --outdir=again
    cmp again/proj00.png alone/proj.png || fail 'generate makes another picture of projected_w.npz'
    quietly "$GANTRY" generate "$net" --projected-w=alone/projected_w.h5 --outdir=again5
    cmp again5/proj00.png alone/proj.png || fail 'generate makes another picture of projected_w.h5'
    ! grep -q 'does not name' said || { cat said; fail 'projected_w.h5 does not name its network'; }
    # Another file of the same network, but not another network of the same shapes. A file of 1.0.0 names none.
    quietly "$GANTRY" export "$net" same.npz
    quietly "$GANTRY" generate same.npz --projected-w=alone/projected_w.npz --outdir=same
    alike same/proj00.png alone/proj.png || fail 'the exported network makes another picture'
    quietly "$GANTRY" generate "$net" --seeds=0 --space=w --out=styles.h5
    "$python" - <<'P' || fail 'no other network'
import h5py, numpy as np, shutil
z = dict(np.load('same.npz'))
z['mapping.fc0.bias'] = np.nextafter(z['mapping.fc0.bias'], 9, dtype='f4')
np.savez('another.npz', **z)
np.savez('old.npz', w=np.load('alone/projected_w.npz')['w'])
shutil.copy('alone/projected_w.h5', 'old.h5')
with h5py.File('old.h5', 'r+') as f: del f['network']
P
    for file in alone/projected_w.npz alone/projected_w.h5 styles.h5; do
        expect 2 "$file.*holds styles of another network" ranks 2 "$GANTRY" generate another.npz --projected-w=$file --outdir=none
        expect 2 "$file.*holds styles of another network" "$GANTRY" directions another.npz --with-w=$file --without-w=$file --out=none.h5
    done
    for file in old.npz old.h5; do
        expect 0 "$file.*does not name the network" "$GANTRY" generate another.npz --projected-w=$file --outdir=of-old
    done
    ! ls none* 2>/dev/null || fail 'refused, and yet something was made'
    project nofilm 1 seeds/seed0002.png --save-video=0
    [ ! -e nofilm/proj.webp ] || fail 'a film that nobody wanted'
}

# The film elsewhere, in all forms of walk's; one of MP4 by a stand-in for ffmpeg, which keeps the frames.
case_a_film_by_name() {
    mkdir -p bin && printf '#!/bin/bash\nout=${*: -1}\ncat >"${out#file:}"\n' >bin/ffmpeg && chmod +x bin/ffmpeg
    project plainly 1 seeds/seed0002.png
    project named 1 seeds/seed0002.png --out=x.webp
    cmp x.webp plainly/proj.webp || fail 'another film'
    [ ! -e named/proj.webp ] || fail 'the film is written twice'
    PATH=$PWD/bin:$PATH project mp4 3 seeds/seed0002.png --out=x.mp4
    [ "$(head -c 2 x.mp4)" = P6 ] && [ ! -e mp4/proj.webp ] || fail 'no MP4'
    project frames 1 seeds/seed0002.png --out=frames-of/
    [ -s frames-of/frame00000.png ] || fail 'no frames'
    expect 2 "cannot be the film of 4 targets" "$GANTRY" project "$net" --target=seeds --outdir=none --out=x.webp
    expect 1 'needs the program ffmpeg' env PATH="$tmp/nowhere" "$GANTRY" project "$net" --target=seeds/seed0002.png --outdir=none --out=y.mp4
    expect 2 'a name that ends in .webp or .mp4' "$GANTRY" project "$net" --target=seeds/seed0002.png --outdir=none --out=x.gif
    [ ! -e none ] || fail 'refused, and yet something was made'
}

case_what_was_stopped_goes_on() {
    local n launch signal
    steps=300
    project whole 1 seeds/seed0000.png seeds/seed0001.png
    for n in 1 3; do
        rm -rf part
        if [ $n = 1 ]; then launch=() signal=TERM; else launch=(env HOLD_RANK=1 "$LAUNCH" $n) signal=USR1; fi # the second target is rank 1's
        held part/seed0001/going-on.h5 "${launch[@]}" "$GANTRY" project "$net" --outdir=part --num-steps=$steps --threads=1 --checkpoint-minutes=0.000001 --target=seeds/seed0000.png --target seeds/seed0001.png
        kill -$signal "$pid"
        kill -CONT "$stopped"
        ends 75
        [ -e part/seed0000/going-on.h5 ] || fail 'what is finished is forgotten before all is'
        expect 2 'another --outdir' "$GANTRY" project "$net" --outdir=part --num-steps=$steps --threads=1 --seed=1 --target=seeds/seed0000.png --target seeds/seed0001.png
        quietly "$GANTRY" project "$net" --outdir=part --num-steps=$steps --threads=1 --target=seeds/seed0000.png --target seeds/seed0001.png
        equal part/seed0000 whole/seed0000
        equal part/seed0001 whole/seed0001
    done
    # --overwrite begins anew where another projection was stopped.
    rm -rf part
    held part/going-on.h5 "$GANTRY" project "$net" --outdir=part --num-steps=$steps --threads=1 --checkpoint-minutes=0.000001 --seed=1 --target=seeds/seed0000.png
    kill -TERM "$pid"
    kill -CONT "$pid"
    ends 75
    project part 1 seeds/seed0000.png --overwrite
    equal part whole/seed0000
}

case_targets_of_other_kinds() {
    python_has PIL || skip 'no python3-pil'
    helper targets .
    project wide 1 wide.png --save-video=0
    grep -q "'wide'.*cropped.*resized" said || { cat said; fail 'nothing is said of what was done to the target'; }
    helper same_pixels wide/target.png square.png
    project grey 1 grey.png --save-video=0
    grep -q "'grey'.*grey.*RGB" said || { cat said; fail 'nothing is said of the colours'; }
    project alpha 1 alpha.png --save-video=0
    grep -q "'alpha'.*laid over white" said || { cat said; fail 'nothing is said of the transparency'; }
    mkdir layers && cp alpha.png layers
    quietly "$GANTRY" dataset layers laid --width=16 --height=16 --transform=center-crop --channels=3
    helper same_pixels alpha/target.png "$(find laid -name '*.png')" # as a dataset shows it
    expect 1 "broken.png" "$GANTRY" project "$net" --target=broken.png --outdir=none
    expect 1 "missing.png" "$GANTRY" project "$net" --target=missing.png --outdir=none
    expect 1 'channels cannot be made from 5' "$GANTRY" project "$net" --target=five.npy --outdir=none --num-steps=5
    expect 1 'not numbers' "$GANTRY" project "$net" --target=nan.npy --outdir=none --num-steps=5
}

# Of a folder what cannot be used is left out, in one line, on any number of ranks; a file that is named must be a picture.
case_bad_files_of_a_folder() {
    python_has PIL || skip 'no python3-pil'
    mkdir mixed
    helper moving mixed/a.gif
    cp seeds/seed0001.png mixed/c.png
    for bad in b d; do head -c 60 seeds/seed0000.png >mixed/$bad.png; done
    printf '\0\0\0\030ftypheic\0\0\0\0mif1' >mixed/e.heic
    steps=5
    for n in 1 3; do
        project mixed$n $n mixed --save-video=0
        [ "$(grep -c '3 of 5 targets cannot be used and are left out, the first one: .*b.png.*truncated' said)" = 1 ] || { cat said; fail 'what is left out'; }
        grep -q "'a': only the first picture of its animation is read" said || { cat said; fail 'not a word of the animation'; }
        [ "$(echo $(ls mixed$n))" = 'a c' ] || fail "$(ls mixed$n)"
    done
    equal mixed1 mixed3
    helper same_pixels mixed1/a/target.png first.png
    project alone_c 1 seeds/seed0001.png --save-video=0
    cmp alone_c/projected_w.npz mixed1/c/projected_w.npz || fail 'what is left out changes what is found'
    rm mixed/[ac]*
    expect 1 'no target can be used, the first one: .*b.png' ranks 2 "$GANTRY" project "$net" --target=mixed --outdir=none --num-steps=5
    expect 1 'mixed/b.png.*truncated' "$GANTRY" project "$net" --target=mixed/b.png --target=seeds --outdir=none --num-steps=5
    expect 1 "not read \(HEIC\); convert it" "$GANTRY" project "$net" --target=mixed/e.heic --outdir=none --num-steps=5
    [ ! -e none ] || fail 'refused, and yet something was made'
}

case_what_cannot_be_projected() {
    quietly "$GANTRY" train --model=dcgan --data=synth:shapes:n=64,size=16 --batch=8 --steps=2 --run=dcgan --threads=1
    expect 2 'no styles' "$GANTRY" project dcgan --target=seeds/seed0000.png --outdir=none
    expect 2 '--target' "$GANTRY" project "$net" --outdir=none
    expect 2 '--outdir' "$GANTRY" project "$net" --target=seeds/seed0000.png --outdir=
    expect 2 'belong together' "$GANTRY" project "$net" --target=seeds/seed0000.png --outdir=none --vgg=x.pth
    [ ! -e none ] || fail 'refused, and yet something was made'
}

case_a_full_disk() {
    expect 1 'File too large|full|space' bash -c "ulimit -f 1; exec '$GANTRY' project '$net' --target=seeds/seed0000.png --outdir=full --num-steps=5 --threads=1"
    [ -z "$(find full -name '*.part')" ] || fail "half a file is left: $(ls full)"
    [ ! -e full/projected_w.npz ] || fail 'the mark of success is there'
}

run_cases
