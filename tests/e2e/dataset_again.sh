#!/bin/bash
# level: full
# gantry dataset where something stands at DEST already: the same command says so and changes nothing, anything else is
# refused and stays unless --overwrite is there; what is not a dataset stays in any case. Unknown suffixes are refused.
. "$(dirname "$0")/lib.sh"

source=synth:shapes:n=60,size=16,classes=3
sum() { # of names and bytes of all there is in this folder but what tests write
    find . ! -name said ! -name running | sort
    find . -type f ! -name said ! -name running -print0 | sort -z | xargs -0 md5sum
}
calls=0
stays() { # ARGUMENTS...: refused with 2 and both ways out, and everything stays as it is
    local before n
    before=$(sum)
    n=$((1 + (calls++ % 8 == 7))) # now and then two ranks
    expect 2 'already exists.*(replace it with --overwrite, or )?choose another destination' ranks $n "$GANTRY" dataset "$@"
    [ "$(sum)" = "$before" ] || fail "refused, and something changed: $*"
}
again() { # ARGUMENTS...: the same command again: 0, it says so, nothing changes
    local before n
    before=$(sum)
    n=$((1 + (calls++ % 8 == 7)))
    expect 0 'is already finished and is what this command makes: nothing was written' ranks $n "$GANTRY" dataset "$@"
    [ "$(sum)" = "$before" ] || fail "something changed: $*"
}

for dest in set.zip set.h5 set; do
    quietly "$GANTRY" dataset $source $dest
    again $source $dest
    again $source $dest --restart
    stays $source $dest --compress
    stays $source $dest --width=8 --height=8
    stays $source $dest --labels=none
    stays $source $dest --max-images=59
    stays synth:shapes:n=61,size=16,classes=3 $dest
    stays synth:shapes:n=60,size=16,classes=3,seed=1 $dest
    stays subset $source $dest --count=59
    stays merge $source $source $dest
    # Replaced where that is wanted, and then it is what it is without anything before it
    quietly "$GANTRY" dataset $source $dest --compress --overwrite
    again $source $dest --compress
    mkdir fresh && quietly "$GANTRY" dataset $source fresh/$dest --compress
    diff -r $dest fresh/$dest || fail "$dest is not what it is without --overwrite"
    rm -rf fresh
    stays $source $dest
done

begins the_other_actions
# The other actions
quietly "$GANTRY" dataset subset $source some.zip --count=9 --seed=2
again subset $source some.zip --count=9 --seed=2
stays subset $source some.zip --count=9 --seed=3
quietly "$GANTRY" dataset split $source one.h5 two --parts=0.5,0.5
before=$(sum)
expect 0 'two is already finished' "$GANTRY" dataset split $source one.h5 two --parts=0.5,0.5
grep -q 'one.h5 is already finished' said || fail 'the first part is not mentioned'
[ "$before" = "$(sum)" ] || fail 'something changed'
rm -rf two # of which one part is missing: that alone is made
expect 0 'one.h5 is already finished' "$GANTRY" dataset split $source one.h5 two --parts=0.5,0.5
[ "$before" = "$(sum)" ] || fail 'the missing part is another one now'
stays split $source one.h5 two --parts=0.4,0.6
quietly "$GANTRY" dataset merge some.zip one.h5 both.h5
again merge some.zip one.h5 both.h5
stays merge one.h5 some.zip both.h5

begins a_damaged
# A damaged one is not the same
cp set.zip broken.zip && printf x | dd of=broken.zip bs=1 seek=2000 conv=notrunc status=none
stays $source broken.zip --compress
cp set.zip longer.zip && printf x >>longer.zip # what follows its end, too
stays $source longer.zip --compress
cp -r set relabelled && sed -i -E 's/(img0000000[0-9]\.png"[^0-9]*)[01]/\12/g' relabelled/dataset.json
cmp -s set/dataset.json relabelled/dataset.json && fail 'no label was changed: the test tests nothing'
quietly "$GANTRY" dataset set labels.h5
stays relabelled labels.h5 # other labels alone
again set labels.h5
rm -r relabelled
cp one.h5 broken.h5 && truncate -s 2000 broken.h5
stays $source broken.h5
quietly "$GANTRY" dataset $source broken.h5 --overwrite
again $source broken.h5

begins files_of_somebody_else
# Files of somebody else
echo 'years of work' >notes.zip
echo 'years of work' >notes.h5
stays $source notes.zip
stays $source notes.h5
quietly "$GANTRY" dataset $source notes.zip --overwrite
mkdir -p photos/2024 && echo picture >photos/2024/a.png
stays $source photos
stays $source photos --overwrite
cp -r set more && echo mine >more/00000/notes.txt
stays $source more
stays $source more --overwrite
rm -r more && cp -r set more && mkdir more/extra
stays $source more --overwrite
echo file >plain
stays $source plain --overwrite
mkdir folder.zip
expect 2 "'folder.zip' is a folder" "$GANTRY" dataset $source folder.zip --overwrite
mkdir empty && quietly "$GANTRY" dataset $source empty

begins what_another_command_began_stays_too
# What another command began stays too
mkdir bad && for k in 1 2 3; do cp set/00000/img0000000$k.png bad/$k.png; done
head -c 200 bad/3.png >bad/4.png
expect 1 '4\.png' "$GANTRY" dataset bad begun.zip
[ -e begun.zip.part ] || fail 'nothing was begun'
before=$(sum)
expect 2 'unfinished, from another command: 3 images.*--restart' "$GANTRY" dataset bad begun.zip --on-error=skip --compress
[ "$before" = "$(sum)" ] || fail 'something changed'
expect 0 'resuming after 3 of 4' "$GANTRY" dataset bad begun.zip --on-error=skip
again bad begun.zip --on-error=skip
stays bad begun.zip --on-error=skip --compress

begins suffixes
# Suffixes
for name in out.tar out.zipp out.tar.gz deep/out.npz photos.v2 .hidden.png out.Z; do
    expect 2 "is not a kind of dataset.*FILE.zip, FILE.h5" "$GANTRY" dataset $source $name
    [ ! -e "$name" ] || fail "$name was made"
done
expect 2 'out.tar.*is not a kind of dataset' "$GANTRY" dataset split $source first.zip out.tar
[ ! -e first.zip ] || fail 'a part was made though the other one was refused'
for name in photos.v2/ photos-1.5 .hidden plain2 out.zip/; do
    quietly "$GANTRY" dataset $source $name
    [ -d "$name" ] || fail "$name is not a folder"
done
again $source photos.v2
quietly "$GANTRY" dataset $source OUT.ZIP
[ -f OUT.ZIP ] || fail 'OUT.ZIP is not a file'
[ -z "$(find . -name '*.part' -o -name '*.progress' -o -name '*.part.h5')" ] || fail 'something is left over'
