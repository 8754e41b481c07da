# level: full
# Every kind of dataset trains and gives pictures of its own size and channels; the same images in another container are the same run.
. "$(dirname "$0")/lib.sh"
need_python
job="$nets --batch=8 --mbstd=2 --steps=3 --seed=1"

# check NAME 'W H C' 'generate options' TRAIN OPTIONS...
check() {
    local name=$1 size=$2 labels=$3 class
    shift 3
    quietly "$GANTRY" train $job --run="$name" --grid=4x2 "$@"
    quietly "$GANTRY" generate "$name" --seeds=1,5-6 --outdir="$name-out" $labels
    class=$(sed -n 's/^--class=/-class/p' <<<"$labels")
    [ "$(ls "$name-out" | tr '\n' ' ')" = "seed0001$class.png seed0005$class.png seed0006$class.png " ] || fail "$name: $(ls "$name-out")"
    [ "$(helper size "$name-out"/*.png | sort -u)" = "$size" ] || fail "$name: pictures of $(helper size "$name-out"/*.png | sort -u) instead of $size"
    read -r w h c <<<"$size"
    for picture in "$name/reals.png" "$name/fakes000000024.png"; do
        [ "$(helper size "$picture")" = "$((4 * w)) $((2 * h)) $c" ] || fail "$picture is $(helper size "$picture")"
    done
    quietly "$GANTRY" inspect "$name" "$(last "$name")"
}

begins one_set_of_images_in_five
# One set of images in five containers: one run.
helper folder pics 24 16 16 3 classes
for how in stored deflated zip64; do
    helper archive $how.zip pics $how
    quietly "$GANTRY" inspect $how.zip
    check $how '16 16 3' --class=2 --data=$how.zip --cond
done
check folder '16 16 3' --class=2 --data=pics --cond
cp stored.zip renamed.data
check renamed '16 16 3' --class=2 --data="$PWD/renamed.data" --cond
for how in deflated zip64 renamed; do same "$(last stored)" "$(last $how)"; done
for tensor in /networks/G /networks/D /optimizers; do # a folder has another fingerprint
    h5diff -q "$(last stored)" "$(last folder)" $tensor >/dev/null || fail "a folder trains to other networks than its ZIP: $tensor"
done
cmp stored-out/seed0005-class2.png folder-out/seed0005-class2.png || fail 'the pictures differ'
expect 0 finished ranks 2 "$GANTRY" train $job --run=stored --data=deflated.zip --cond

helper folder vectors 24 16 16 3 vectors && helper archive vectors.zip vectors deflated
check vectors '16 16 3' --label=0.5,-1,1 --data=vectors.zip --cond
check unused '16 16 3' '' --data=vectors.zip --mirror --subset=9
helper folder wide 16 16 32 3 && check wide '32 16 3' '' --data=wide
helper folder tall 16 24 16 3 && check tall '16 24 3' '' --data=tall
helper folder grey 16 16 16 1 && check grey '16 16 1' '' --data=grey
helper folder small 16 8 8 3 && check small '8 8 3' '' --data=small
check circles '28 28 1' '' --data=synth:circles:n=40
check shapes '32 32 3' --class=1 --data=synth:shapes:n=40,classes=2 --cond
helper hdf5 u1.h5 24 16 16 3 classes
check hdf5 '16 16 3' --class=0 --data=u1.h5 --cond
cp u1.h5 ./-u1.h5 && check dash '16 16 3' --class=0 --data=-u1.h5 --cond && quietly "$GANTRY" inspect -- -u1.h5
helper hdf5 v.h5 24 16 32 1 vectors && check v '32 16 1' --label=1,2 --data=v.h5 --cond

begins ranks_read_only_their_own_samples
# Ranks read only their own samples, and the same ones.
for data in stored.zip pics u1.h5; do
    quietly ranks 2 "$GANTRY" train $job --run=two --data=$data --cond
    quietly "$GANTRY" train $job --run=one --data=$data --cond
    same "$(last one)" "$(last two)"
    rm -r one two
done
echo 'all formats train'
