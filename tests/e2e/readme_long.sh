#!/bin/bash
# level: long
# The documents as a reader types them: the shell blocks of each in order, in a folder with the data and runs that documents speak of.
. "$(dirname "$0")/lib.sh"
. "$here/typing.sh"
# What no test has: weights and data of others, a queue's hosts, containers, an encoder of films. Sweeps and studies have tests of their own.
missing='pt_inception|generated\.npz|vgg16-|resnet18.pth|_lmdb|tfrecords|cifar-10-python|icons.zip|/usr/share/|apptainer|--hosts=|\.mp4|jobs/course|runs/seed0|dcgan-tricks|bench/'
export anew=1
small='--steps=2 --cbase=512 --cmax=8 --batch=4 --mbstd=2 --map-layers=2 --z-dim=16 --w-dim=16 --grid=2x2 --threads=1'
trained() { quietly "$GANTRY" train --run="$1" --data="$2" "${@:3}"; } # RUN DATA OPTIONS

begins world
cd home && mkdir photos && cp -r "$here/../golden/dataset/mixed" photos && cp -r "$top/jobs" "$top/slurm" . || fail 'no folder'
for zip in mine other first second pictures train test; do quietly "$GANTRY" dataset "synth:shapes:size=32,classes=8,n=${#zip}0" $zip.zip; done
quietly "$GANTRY" dataset synth:shapes:size=64,n=50 faces.zip
"$python" -c 'import numpy as n; n.save("x.npy", n.random.RandomState(0).randint(0, 256, (80, 32, 32, 1), "u1")); n.save("y.npy", n.arange(80) % 10)'
quietly "$GANTRY" dataset x.npy fashion.zip --labels=y.npy --class-names=zero,one,two,three,four,five,six,seven,eight,nine
cp fashion.zip fashion-test.zip && cp fashion.zip generated.zip
awk 'BEGIN { for (i = 0; i < 60; i++) print (i ? "" : "length,width\n") i % 3 * 2 + i / 60 "," i % 5 }' >points.csv
# shellcheck disable=SC2086
{
    for run in faces first; do trained runs/$run faces.zip $small; done
    trained runs/mine mine.zip --cond $small
    for run in fashion digits; do trained runs/$run fashion.zip --cond $small; done
}
for run in dcgan tricks/plain; do trained runs/$run mine.zip --model=dcgan --cbase=64 --batch=8 --slices=1 --steps=2; done
trained runs/judge mine.zip --model=deep-conv --batch=8 --steps=2
trained runs/trunk mine.zip --model=resnet18 --width=0.25 --batch=8 --steps=1
quietly "$GANTRY" generate runs/faces --seeds=0 --outdir=. && mv seed0000.png mine.png && cp mine.png photo.jpg
cp "$here/../golden/pkl/skip.pkl" network-snapshot-025000.pkl
rm -f said
cd .. || fail 'no folder'

for document in "$top"/docs/*.md "$top"/docs/models/*.md; do
    of=$(basename "$document" .md)
    case $of in commands | options | history | history-quality | internals) continue ;; esac
    lines "$document" | grep -qvE -- "$missing" || continue
    begins "$of"
    cp -r home "$of" && cd "$of" || fail 'no folder'
    case $of in
    datasets) rm mine.zip ;;
    mixtures) awk 'NR == 1 { print $0 ",kind" } NR > 1 { print $0 "," (NR % 3 ? "rose" : "lily") }' ../home/points.csv >points.csv ;;
    esac
    typed "$document" 1
    cd .. && rm -rf "${of:?}"
done
