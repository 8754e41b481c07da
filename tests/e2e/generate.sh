# level: full
# gantry generate: seeds, truncation, classes, noise, grids; the same bytes on any number of ranks and threads.
. "$(dirname "$0")/lib.sh"
need_python
quietly "$GANTRY" train $small --run=run --steps=20 --lrate=0.02
quietly "$GANTRY" train $shapes $nets --batch=8 --mbstd=2 --run=plain --steps=20 --lrate=0.02
make() { # FOLDER [options]
    local out=$1
    shift
    quietly "$GANTRY" generate run --class=1 --outdir="$out" "$@"
}
equal() { diff -rq "$1" "$2" || fail "$1 and $2 differ"; }
differ() { cmp -s "$1" "$2" && fail "$1 and $2 are equal"; }

make a --seeds=0-20,77,4294967295
[ "$(ls a | wc -l)" = 23 ] && [ -e a/seed0077.png ] && [ -e a/seed4294967295.png ] || fail "$(ls a)"
[ "$(helper size a/*.png | sort -u)" = '16 16 3' ] || fail 'wrong size'
for n in 2 3; do quietly ranks $n "$GANTRY" generate run --class=1 --outdir=a$n --seeds=0-20,77,4294967295 && equal a a$n; done
make t --seeds=77,0-20,4294967295 --threads=2 && equal a t # the order of the seeds does not matter either
differ a/seed0000.png a/seed0001.png
make c --seeds=3 && cmp a/seed0003.png c/seed0003.png || fail 'a seed by itself gives another picture'

quietly "$GANTRY" generate run --class=2 --outdir=class --seeds=3 && differ class/seed0003.png a/seed0003.png
quietly "$GANTRY" generate run --label=0,1,0,0 --outdir=label --seeds=3 && cmp label/seed0003.png a/seed0003.png || fail '--label is not --class'
make half --trunc=0.5 --seeds=3,4 && differ half/seed0003.png a/seed0003.png
make zero --trunc=0 --seeds=3,4 && cmp zero/seed0003.png zero/seed0004.png || fail 'truncation 0 leaves only the mean'
make none --noise-mode=none --seeds=3
make const --noise-mode=const --seeds=3 && cmp const/seed0003.png a/seed0003.png || fail 'const is not the default'
make random --noise-mode=random --seeds=0-20
quietly ranks 2 "$GANTRY" generate run --class=1 --outdir=random2 --seeds=0-20 --noise-mode=random && equal random random2

make grid --seeds=0-5 --grid=3x2 && [ "$(helper size grid/grid.png)" = '48 32 3' ] || fail "grid: $(helper size grid/grid.png)"
quietly ranks 2 "$GANTRY" generate run --class=1 --outdir=grid2 --seeds=0-5 --grid=3x2 && equal grid grid2
make auto --seeds=0-6 --grid && [ "$(helper size auto/grid.png)" = '48 48 3' ] || fail "grid: $(helper size auto/grid.png)"
make fromfile --seeds=3 && quietly "$GANTRY" generate "$(last run)" --class=1 --outdir=file --seeds=3 && equal fromfile file

quietly "$GANTRY" generate plain --outdir=plain-out --seeds=1 
expect 0 'ignored' "$GANTRY" generate plain --class=1 --outdir=plain-out2 --seeds=1
equal plain-out plain-out2

begins the_latents_are_numpys
# The latents are numpy's: the mapping of a network whose picture is known is not needed to see it, the unit tests compare the numbers.
for n in 1 2; do
    expect 2 'class' ranks $n "$GANTRY" generate run --outdir=x --seeds=1
    expect 2 '0 .* 3' ranks $n "$GANTRY" generate run --class=4 --outdir=x --seeds=1
    expect 2 'label' ranks $n "$GANTRY" generate run --label=1,0 --outdir=x --seeds=1
done
expect 2 'seeds' "$GANTRY" generate run --class=1 --outdir=x
expect 2 'seeds' "$GANTRY" generate run --class=1 --outdir=x --seeds=5-
expect 2 'seeds' "$GANTRY" generate run --class=1 --outdir=x --seeds=-1
expect 2 'seeds' "$GANTRY" generate run --class=1 --outdir=x --seeds=4294967296
expect 2 'grid' "$GANTRY" generate run --class=1 --outdir=x --seeds=0-9 --grid=3x3
expect 2 'noise' "$GANTRY" generate run --class=1 --outdir=x --seeds=0 --noise-mode=loud
expect 1 'afile' bash -c "echo >afile; exec '$GANTRY' generate run --class=1 --outdir=afile --seeds=0"
[ ! -e x ] || fail 'refused, and yet something was made'
echo 'generated'
