#!/bin/bash
# level: full
# What comes to be at DEST while gantry dataset works on it is nobody's to remove: the end is refused, and what was made
# stays beside it. What somebody put into DEST.part is not removed either.
. "$(dirname "$0")/lib.sh"
. "$here/hold.sh"

source=synth:shapes:n=500,size=64
begin() { # DEST ARGUMENTS...: begun, and held while something happens
    local dest=$1
    shift
    held "$dest.part" "$GANTRY" dataset $source "$dest" --threads=1 "$@"
    [ ! -e "$dest" ] || [ -n "$*" ] || fail "$dest is there already"
}
end() { # STATUS PATTERN
    kill -CONT "$pid"
    ends "$1"
    grep -qE "$2" running || fail "'$2' is not said: $(<running)"
}

begins a_file
# A file
for dest in set.zip set.h5; do
    begin $dest
    echo 'years of work' >$dest
    end 2 "$dest. was created by another process"
    [ "$(<$dest)" = 'years of work' ] || fail "$dest was written over"
    rm $dest
    expect 0 'resuming after 500 of 500' "$GANTRY" dataset $source $dest --threads=1
    expect 0 'is already finished' "$GANTRY" dataset $source $dest
done

begins a_folder
# A folder, with anything or a dataset in it
quietly "$GANTRY" dataset synth:shapes:n=3,size=8 small
for what in years small; do
    begin set
    mkdir -p years && echo 'years of work' >years/work
    cp -r $what set
    end 2 "'set' was created by another process"
    diff -r $what set || fail 'the folder was changed'
    rm -r set
    expect 0 'resuming after 500 of 500' "$GANTRY" dataset $source set --threads=1
    expect 0 'is already finished' "$GANTRY" dataset $source set
    rm -r set
done

begins something_in_a_folder
# Something in a folder that is to be replaced
cp -r small set
begin set --overwrite
echo 'years of work' >set/work
end 2 "'work' in it is not part of a dataset"
[ "$(<set/work)" = 'years of work' ] || fail 'set/work is gone'
rm set/work

begins something_in_the_part
# Something in the part
echo 'years of work' >set.part/work
expect 1 'set.part. cannot be removed' "$GANTRY" dataset $source set --overwrite --restart
[ "$(<set.part/work)" = 'years of work' ] || fail 'set.part/work is gone'
rm set.part/work
quietly "$GANTRY" dataset $source set --overwrite
[ -z "$(find . -name '*.part*' -o -name '*.progress')" ] || fail 'something is left over'
