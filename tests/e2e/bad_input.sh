# level: full
# Bad input: a clear message, the right exit status, nothing lost, no hang; with several ranks one message.
. "$(dirname "$0")/lib.sh"
g() { local s=$1 p=$2; shift 2; expect "$s" "$p" "$GANTRY" "$@"; }
tiny="--cbase=256 --cmax=16 --map-layers=2 --batch=8 --mbstd=2 --steps=2"
python=/usr/bin/python3

g 1 'nowhere.zip' train --data=nowhere.zip --run=r1 $tiny
: >empty.zip
g 1 'empty.zip' train --data=empty.zip --run=r2 $tiny
mkdir nothing
g 1 'nothing' train --data=nothing --run=r3 $tiny
"$GANTRY" train --data=synth:shapes:n=40,size=16 --run=ok $tiny >/dev/null 2>&1 || fail 'a good run'

# A folder, then a ZIP of it; then damage.
mkdir pics
"$GANTRY" generate "$(last ok)" --seeds=0-39 --outdir=pics >/dev/null 2>&1 || fail 'pictures to damage'
need zip 'making archives'
(cd pics && zip -q0 ../good.zip ./*.png && zip -q9 ../deflated.zip ./*.png)
g 0 '' train --data=good.zip --run=zip0 $tiny
g 0 '' train --data=deflated.zip --run=zip9 $tiny
g 0 '' train --data=pics --run=folder $tiny
same "$(last zip0)" "$(last zip0)"
head -c 3000 good.zip >cut.zip
g 1 'cut.zip' train --data=cut.zip --run=r4 $tiny
cp good.zip flipped.zip
size=$(stat -c %s flipped.zip)
for k in $(seq 1 40); do printf '\377' | dd of=flipped.zip bs=1 seek=$((k * size / 60)) conv=notrunc status=none; done
g 1 'flipped.zip' train --data=flipped.zip --run=r5 $tiny
cp -r pics odd && "$GANTRY" train --data=synth:shapes:n=40,size=32 --run=big $tiny >/dev/null 2>&1
"$GANTRY" generate "$(last big)" --seeds=0 --outdir=odd32 >/dev/null 2>&1 && cp odd32/seed0000.png odd/seed0007.png
g 1 'seed0007.png' train --data=odd --run=r6 $tiny
cp -r pics short && head -c 200 pics/seed0003.png >short/seed0003.png
g 1 'seed0003.png' train --data=short --run=r7 $tiny

# Labels.
cp -r pics lab && echo '{"labels": [["seed0000.png", 1]]}' >lab/dataset.json
g 1 'seed0001.png' train --data=lab --cond --run=r8 $tiny
echo '{"labels": 7}' >lab/dataset.json
g 1 'labels' train --data=lab --cond --run=r9 $tiny
echo 'not json' >lab/dataset.json
g 1 'dataset.json' train --data=lab --cond --run=r10 $tiny
g 2 'cond' train --data=pics --cond --run=r11 $tiny

# HDF5 that is none, that is cut, that has no images.
head -c 5000 /dev/urandom >noise.h5
g 1 'noise.h5' train --data=noise.h5 --run=r12 $tiny
head -c 4000 "$(last ok)" >cut.h5
g 1 'cut.h5' train --data=cut.h5 --run=r13 $tiny
if [ -x $python ] && $python -c 'import h5py' 2>/dev/null; then
    $python - <<'P'
import h5py, numpy as np
with h5py.File('noimages.h5', 'w') as f: f['other'] = np.zeros(3)
with h5py.File('good.h5', 'w') as f:
    f['images'] = np.random.RandomState(0).randint(0, 255, (40, 16, 16, 3)).astype('u1'); f['labels'] = np.arange(40) % 3
with h5py.File('badlabels.h5', 'w') as f:
    f['images'] = np.zeros((40, 16, 16, 3), 'u1'); f['labels'] = np.arange(7)
P
    g 1 'images' train --data=noimages.h5 --run=r14 $tiny
    g 1 'labels' train --data=badlabels.h5 --run=r15 $tiny
    g 0 '' train --data=good.h5 --cond --run=r16 $tiny
fi

# Options.
s=--data=synth:shapes:n=40,size=16
g 2 'gama.*gamma' train $s --gama=1 --run=r20
g 2 'batch' train $s --batch=0 --run=r21
g 2 'slices' train $s --batch=8 --slices=3 --run=r22
g 2 'mbstd|group' train $s --batch=8 --slices=2 --mbstd=3 --run=r23
printf '[job]\nbatc = 8\n' >bad.ini
g 2 'bad.ini:2.*batch' train bad.ini $s --run=r24
g 2 'aug=fixed requires specifying --p' train $s --aug=fixed --run=r25
g 2 'both|outdir' train $s --run=r26 --outdir=x
expect 2 'ranks' "$LAUNCH" 4 "$GANTRY" train $s $tiny --slices=2 --run=r27
[ "$(grep -c 'slices' "$tmp/said")" -le 3 ] || fail 'every rank says it'
g 1 'divisible|nearest|side' train --data=synth:shapes:n=40,size=18 --run=r28 $tiny

# Run directories and checkpoints.
g 1 'r30' train $s --run=/proc/r30 $tiny
echo x >afile
g 1 'afile' train $s --run=afile $tiny
cp -r ok damaged
printf '\125' | dd of="$(last damaged)" bs=1 seek=9000 conv=notrunc status=none
g 0 'checkpoint-' train $s --run=damaged $tiny --steps=3
grep -qE 'hash|damaged' "$tmp/said" || fail 'nothing said of the damaged checkpoint'
g 1 'damaged|hash|checkpoint' generate "$tmp/cut.h5" --seeds=0 --outdir=x
g 1 'nowhere' train $s --resume=nowhere.h5 --run=r31 $tiny

# Two runs in one directory: the second waits, says so, gives up.
"$GANTRY" train $s --cbase=256 --cmax=16 --batch=8 --mbstd=2 --steps=1000000 --run=shared >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do [ -e shared/stats.jsonl ] && break; sleep 0.1; done
g 1 'shared' train $s --cbase=256 --cmax=16 --batch=8 --mbstd=2 --steps=1000000 --run=shared
kill -USR1 $pid
wait $pid

# One rank cannot read: one message, all end, quickly.
start=$SECONDS
expect 1 'nowhere.zip' "$LAUNCH" 3 "$GANTRY" train --data=nowhere.zip --run=r40 $tiny
[ $((SECONDS - start)) -le 10 ] || fail 'it took more than 10 seconds'
echo 'all refused well'
