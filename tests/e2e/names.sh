#!/bin/bash
# level: full
# Names that come from data show on terminals and in logs, and do nothing else there: files, classes, members of archives, tensors of foreign networks, columns,
# labels, runs. They have control sequences, line ends and marks of direction. In tables of CSV no name is a formula.
. "$(dirname "$0")/lib.sh"
need_python
mild=$(printf 'a\342\200\256c\302\233d') # for values of options, which have no line ends
odd=$(printf 'a\033[31m\nZb\342\200\256c\302\233d')
mkdir -p "pictures/$odd" pictures/=cmd
helper folder "pictures/$odd" 6 16 16 3
helper folder pictures/=cmd 6 16 16 3
cp -r pictures damaged
head -c 60 damaged/=cmd/img0001.png >"damaged/$odd/$odd.png"
cp "damaged/$odd/$odd.png" "$odd.png"
warm - "$odd" "$mild" <<'END' || fail 'no files with odd names'
import json, struct, sys, zipfile
import h5py, numpy as np
odd, mild = sys.argv[1:]
def safetensors(path, name):
    head = json.dumps({name: {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8]}}).encode()
    with open(path, 'wb') as f: f.write(struct.pack('<Q', len(head)) + head + bytes(8))
for path, name in ('members.zip', 'a\x1b[31m\nZb'), ('marks.zip', mild):
    with zipfile.ZipFile(path, 'w') as z:
        for i in range(4): z.write('pictures/=cmd/img0000.png', f'x/{name}{i}.png')
        z.writestr(f'x/{name}.png', b'\x89PNG\r\n\x1a\n damaged')
safetensors('net.safetensors', odd)
safetensors('marks.safetensors', mild)
with h5py.File('channels.h5', 'w') as f:
    f['images'] = np.random.RandomState(0).randint(0, 255, (6, 16, 16, 2)).astype('u1')
    f['images'].attrs['channels'] = mild + ',other'
with open('points.csv', 'w') as f:
    f.write(f'=1+1,{mild},{mild}label\n' + ''.join(f'{i},{i * i % 7},={mild}{i % 2}\n' for i in range(12)))
END
obeyed() { # FILE: a control other than the end of a line, a mark of direction, or a line that a name begins
    LC_ALL=C grep -nP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]|^Z' "$1"
}
# says STATUS COMMAND...: this exit status; the odd name shows, and nothing of it is obeyed
says() {
    local want=$1 got
    shift
    limited "$@"
    got=$?
    [ "$got" = "$want" ] || { cat -v said; fail "exit status $got instead of $want: ${*@Q}"; }
    grep -qE 'a\\x1b\[31m|a\\xe2\\x80\\xae' said || { cat -v said; fail "the name does not show: ${*@Q}"; }
    ! obeyed said >lines || { cat -v lines; fail "a terminal obeys this: ${*@Q}"; }
}

begins pictures
says 1 "$GANTRY" inspect "$odd.png" # its head is sound, its pixels are not there
says 0 "$GANTRY" inspect "pictures/$odd/img0000.png"
says 1 "$GANTRY" inspect "no/$odd"
for data in damaged members.zip marks.zip; do
    said_of=1
    [ $data != damaged ] || said_of=0 # pictures in a folder are looked at one by one
    says $said_of "$GANTRY" inspect $data
    says 0 "$GANTRY" dataset $data --scan --report=found.txt --overwrite
    ! obeyed <(tr -d '\t' <found.txt) >lines || { cat -v lines; fail "the report of $data"; }
done
says 0 "$GANTRY" inspect channels.h5
says 1 "$GANTRY" dataset damaged made.zip
says 0 "$GANTRY" dataset damaged "made$mild.zip" --on-error=skip --labels=folders
cp "made$mild.zip" "$odd.zip"
says 0 "$GANTRY" inspect "$odd.zip"
says 0 "$GANTRY" hash "$odd.zip"
says 1 "$GANTRY" look "$odd" pictures
says 2 "$GANTRY" "$odd"
says 2 "$GANTRY" inspect "--$odd=1"
says 2 "$GANTRY" train --data=pictures "--batch=$odd"
says 1 "$GANTRY" report "$odd"
says 1 "$GANTRY" status "$odd"
says 0 "$GANTRY" run -n 2 --dry-run train "$odd"

begins networks
says 1 "$GANTRY" inspect "$odd.safetensors"
says 0 "$GANTRY" hash marks.safetensors --tensors
says 1 "$GANTRY" generate "$odd" --outdir=x --seeds=0
run="r$mild"
says 0 "$GANTRY" train --model=deep-conv --data="made$mild.zip" --width=0.1 --batch=4 --slices=1 --steps=2 --run="$run"
! obeyed "$run/log.txt" >lines || { cat -v lines; fail 'log.txt'; }
mv "$run" "$odd"
says 0 "$GANTRY" inspect "$odd"
says 0 "$GANTRY" inspect "$odd/last"
says 0 "$GANTRY" status "$odd"
says 0 "$GANTRY" status "$odd" "$odd"
says 0 "$GANTRY" report "$odd"
says 0 "$GANTRY" compare "$odd" "$odd" --out="c$mild.png"
says 0 "$GANTRY" evaluate "$odd" "$odd.zip" --outdir="e$mild"
says 0 "$GANTRY" predict "$odd" pictures --outdir="p$mild"
says 0 "$GANTRY" export "$odd" "x$mild.safetensors"

begins points
says 0 "$GANTRY" gmm fit points.csv --k=2 --outdir="g$mild" --labels="${mild}label"
says 0 "$GANTRY" inspect "g$mild/mixture.h5"

begins cells
# What a spreadsheet would compute is text; and what reads tables here has the name as it was.
warm - <<'END' || fail 'a cell begins a formula'
import csv, glob
seen = set()
for path in glob.glob('*/*.csv'):
    for row in csv.reader(open(path, newline='')): seen |= set(row)
for cell in seen:
    try: float(cell)
    except ValueError: assert not cell or cell[0] not in '=+-@\t\r', cell
assert "'=cmd" in seen and any(cell.startswith("'=a") for cell in seen), seen
END
warm - <<'END'
with open('labels.csv', 'w') as f: f.writelines(f'img{i:04d}.png,' + ('"\'=cmd"\n', '=cmd\n', 'cat\n')[i % 3] for i in range(6))
END
expect 0 '6 images' "$GANTRY" dataset pictures/=cmd again.zip --labels=labels.csv
unzip -p again.zip dataset.json >again.json && grep -q '"=cmd", "cat"\|"cat", "=cmd"' again.json && ! grep -q "'=cmd" again.json || { cat again.json; fail 'the classes of a table'; }
