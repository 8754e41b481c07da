# level: full
# Networks that come with the program: every command takes them by their names, in a checkout and installed; a file or folder of the same name is taken first; the advice to begin with one.
. "$(dirname "$0")/lib.sh"
top=$(cd "$here/../.." && pwd)
few=synth:shapes:n=20,size=16
# The line of a network in networks.list.
# shellcheck disable=SC2046
line_of() { echo "$1" $("$GANTRY" inspect "$2" | sed -nE 's/^ +(model|data-height|data-width|data-channels|label-dim) = //p'); }
tiny="--data=$few --cfg=cpu --cbase=64 --cmax=8 --z-dim=16 --batch=4 --mbstd=2 --threads=1 --seed=3"

begins without_its_checker
# A program without the one that checks HDF5 files opens none, and says which program it misses.
mkdir alone && cp "$GANTRY" alone/
quietly "$GANTRY" dataset $few few.h5
expect 1 "'few.h5' cannot be checked: '$tmp/alone/../libexec/gantry/check-hdf5' does not start: No such file or directory .make builds it, make install installs it." alone/gantry inspect few.h5
rm few.h5

begins find_them
# A program without a folder of networks beside it: nothing is said of any.
mkdir -p checkout/build installed/bin
cp -r "$GANTRY" "$BUILD/libexec" checkout/build/ && cp "$GANTRY" installed/bin/ && cp -r "$BUILD/libexec" installed/
shipped=$tmp/checkout/build/gantry
# shellcheck disable=SC2086
quietly "$shipped" train $tiny --run=begun --steps=4 --lrate=0.02
for words in version 'generate shapes16 --seeds=0' "train --data=$few --dry-run=quick --resume=ffhq256"; do
    # shellcheck disable=SC2086
    limited "$shipped" $words
    has_line 'come with Gantry' said && { cat said; fail "networks are named where none comes: $words"; }
done
mkdir -p checkout/networks installed/share/gantry/networks
quietly "$shipped" export begun checkout/networks/shapes16.h5 --all
ln checkout/networks/shapes16.h5 installed/share/gantry/networks/
net=$tmp/checkout/networks/shapes16.h5
expect 0 '^networks that come with Gantry: shapes16$' "$shipped" version
# Debian's libraries lie in lib/ARCH, a folder deeper than the programs.
mkdir -p installed/lib/arch && cp "$GANTRY" installed/lib/arch/
expect 0 '^networks that come with Gantry: shapes16$' installed/lib/arch/gantry version
for program in "$shipped" "$tmp/installed/bin/gantry"; do
    expect 0 "^'shapes16' comes with Gantry: .*networks/shapes16.h5" "$program" generate shapes16 --seeds=0-3 --grid=2x2 --out=named.png --threads=1 --overwrite
    quietly "$program" generate "$net" --seeds=0-3 --grid=2x2 --out=file.png --threads=1 --overwrite
    cmp named.png file.png || fail 'the name and the file make other pictures'
done

begins every_command
# Each says the same of the name as of the file: what it prints, but for the name of the file.
quietly "$shipped" generate "$net" --seeds=0 --outdir=target --threads=1
count=0
while read -r words; do
    for of in shapes16 "$net"; do
        rm -rf mixed
        # shellcheck disable=SC2086
        quietly "$shipped" ${words//NET/$of}
        sed "/comes with Gantry/d; s|$net|NET|g; s|shapes16|NET|g" said >"printed.$count"
        count=$((count + 1))
    done
    diff "printed.$((count - 2))" "printed.$((count - 1))" || fail "other words for the name than for the file: $words"
done <<END
walk NET --seeds=0-1 --seconds=0.3 --fps=10 --out=walk.webp --overwrite --threads=1
mix NET --rows=0 --cols=1 --styles=0-1 --outdir=mixed --overwrite --threads=1
directions NET --out=found.h5 --overwrite --sheet=0 --threads=1
project NET --target=target/seed0000.png --outdir=projected --num-steps=2 --threads=1 --overwrite
inspect NET
inspect NET --graph
export NET out.npz --overwrite
metrics NET --metrics=swd --data=$few --count=20 --threads=1
card NET --quick
hash NET
train $tiny --resume=NET --dry-run=quick
END
quietly ranks 2 "$shipped" generate shapes16 --seeds=0-3 --grid=2x2 --out=ranks.png --threads=1
cmp ranks.png named.png || fail 'two ranks make other pictures'
# What would lie beside the network lies in the current folder.
quietly "$shipped" directions shapes16 --sheet=0 --threads=1
[ -s shapes16-directions.h5 ] && [ "$(ls checkout/networks)" = shapes16.h5 ] || fail 'directions of a network that comes with Gantry'
quietly "$shipped" generate shapes16 --seeds=0 --edit=d0:+1 --outdir=edited --threads=1

begins transfer
# --resume by name and by file is the same, bit for bit.
for of in shapes16 "$net"; do
    rm -rf again
    # shellcheck disable=SC2086
    expect 0 '  G: ([0-9]+) of \1 tensors copied' "$shipped" train $tiny --run=again --resume="$of" --steps=3
    cp "$(last again)" "by-${of##*/}.h5"
done
same by-shapes16.h5 by-shapes16.h5.h5
# Images of twice the size: all that there is goes over, the layers of the new size begin.
expect 0 'G_ema\.synthesis\.b32\.conv0\.weight starts with new values' "$shipped" train --data=synth:shapes:n=20,size=32 --cfg=cpu --resume=shapes16 --run=larger --steps=1 --batch=4 --mbstd=2 --threads=1
grep 'starts with new values' said | grep -vE '(G|G_ema|D)\.(synthesis\.)?b32\.' && fail 'more than the layers of the new size begins'

begins advice
# Of the networks that come with Gantry the one of the job's size and labels, whatever their names' order. 'a16' has
# labels, 'b16' others and more of them, 'shapes32' is of twice the size.
exported() { # NAME OPTIONS...
    local name=$1
    shift
    quietly "$shipped" train --cfg=cpu --cbase=64 --cmax=8 --z-dim=16 --batch=4 --mbstd=2 --threads=1 --run="run-$name" --steps=1 "$@"
    quietly "$shipped" export "run-$name" "checkout/networks/$name.h5"
}
exported a16 --data=$few --cond
exported b16 --data=$few,classes=7 --cond
exported shapes32 --data=synth:shapes:n=20,size=32
for name in a16 b16 shapes16 shapes32; do line_of $name checkout/networks/$name.h5 || fail 'no line'; done >checkout/networks/networks.list
grep -q '^b16 stylegan2 16 16 3 7$' checkout/networks/networks.list || { cat checkout/networks/networks.list; fail 'these are not the lines of networks'; }
advised() { # NAME|- OPTIONS...
    local want=$1
    shift
    quietly "$shipped" train --threads=1 --batch=4 --mbstd=2 --cbase=64 --cmax=8 --dry-run=quick "$@"
    local got
    got=$(sed -nE 's/.*few pictures in colour: --resume=([^ ]+) begins with a network that comes with Gantry.*/\1/p' said)
    [ "${got:--}" = "$want" ] || { cat said; fail "advice: ${got:-none}, not $want: $*"; }
}
advised shapes16 --data=$few
advised a16 --data=$few --cond
advised b16 --data=$few,classes=7 --cond
# Of networks of one subject none: what the pictures show is the user's to say.
sed -i 's/^b16 .*/& faces/' checkout/networks/networks.list
advised a16 --data=$few,classes=7 --cond
advised shapes32 --data=synth:shapes:n=20,size=32
advised shapes32 --data=synth:shapes:n=20,size=64
# shellcheck disable=SC2086
quietly "$GANTRY" dataset $few four.zip --channels=4
expect 0 'few pictures in colour: shapes16, a network that comes with Gantry, has no transparency; gantry dataset --background=white --channels=3 ' "$shipped" train --data=four.zip --dry-run=quick
rm checkout/networks/{a16,b16,shapes32}.h5
advised shapes16 --data=$few --cond
for words in "--data=$few --resume=shapes16" "--data=$few --resume=noresume" --data=synth:shapes:n=2000,size=16 --data=synth:circles:n=20,size=16 --data=synth:shapes:n=20,size=64; do
    # shellcheck disable=SC2086
    advised - $words
done

begins names
# A file or folder of the same name is taken first, and the log says so; unknown names are told those that exist.
cp "$net" shapes16
taken="'shapes16' is taken from the current folder, not the network of this name that comes with Gantry"
expect 0 "$taken" "$shipped" generate shapes16 --seeds=0 --outdir=of-file --threads=1
rm shapes16 && cp -r begun shapes16
expect 0 "$taken" "$shipped" generate shapes16 --seeds=0 --outdir=of-folder --threads=1
rm -r shapes16
for words in 'generate shapes61 --seeds=0' 'metrics shapes61 --metrics=swd' "train $tiny --resume=shapes61" 'card shapes61'; do
    # shellcheck disable=SC2086
    expect 1 "cannot open the checkpoint 'shapes61': No such file or directory; the networks that come with Gantry: shapes16$" "$shipped" $words
done
# shellcheck disable=SC2086
expect 1 "'ffhq256' is not a file here, and nothing is downloaded: .*; the networks that come with Gantry: shapes16$" "$shipped" train $tiny --resume=ffhq256
expect 1 "cannot open the checkpoint './shapes16'" "$shipped" generate ./shapes16 --seeds=0

begins those_of_the_repository
# Each network of the repository has a card, and makes the pictures that the list says, whatever the instructions.
for file in "$top"/networks/*.h5; do
    name=$(basename "$file" .h5)
    [ -s "${file%.h5}.md" ] || fail "$name has no card"
    line=$(line_of "$name" "$file")
    has_line "^$line\( [a-z]*\)\?\$" "$top/networks/networks.list" || fail "networks/networks.list lacks the line: $line"
    "$python" -c 'import json, sys; r = json.load(open(sys.argv[1]))["tables"][0]["rows"][0]; sys.exit(("| %.2f |" % r["fid_pytorch"] if "fid_pytorch" in r else "| %.3f |" % r["agreement_pytorch"]) not in open(sys.argv[2]).read())' "$top/bench/quality/$name.json" "${file%.h5}.md" || fail "the card of $name lacks its scores"
    want= words=
    read -r want words < <(sed -n "s/^$name //p" "$top/networks/pictures.sha256")
    [ -n "$want" ] || fail "networks/pictures.sha256 has no line of $name"
    for set in avx512 avx2; do
        GT_ISA=$set "$GANTRY" version >/dev/null 2>&1 || { echo "this processor lacks $set"; continue; }
        # shellcheck disable=SC2086
        GT_ISA=$set quietly "$GANTRY" generate "$name" $words --out="$name-$set.png" --threads=1
        got=$("$python" -c 'import hashlib, sys; from PIL import Image; print(hashlib.sha256(Image.open(sys.argv[1]).tobytes()).hexdigest())' "$name-$set.png")
        [ "$got" = "$want" ] || fail "$name makes other pictures with $set: $got, not $want"
    done
done
