#!/bin/bash
# level: full
# Conversions that an earlier program (commit ab0c886) began go on. tests/begun has DEST.progress and DEST.part of that program: five of six pictures
# were made when the sixth could not be read. The pictures are made here again, with the same sizes and times.
. "$(dirname "$0")/lib.sh"
need "$python" "pictures are made with it"

begun=$(dirname "$here")/begun
"$python" - <<'PY'
import os, struct, zlib

def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

def png(number, width, height, behind, damaged):
    rows = b''.join(b'\0' + bytes((37 * number + 5 * x + 3 * y * c + c) % 256 for x in range(width) for c in range(3)) for y in range(height))
    stored = b'\x78\x01\x01' + struct.pack('<HH', len(rows), len(rows) ^ 0xffff) + rows + struct.pack('>I', zlib.adler32(rows) ^ damaged)
    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    text = chunk(b'tEXt', b'Comment\0' + b'.' * behind) if behind else b''
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', stored) + text + chunk(b'IEND', b'')

# "long": the first 64 KiB do not hold all of the file
for folder, width, height, behind in ('wide', 12, 8, 0), ('long_wide', 12, 8, 70000), ('long_square', 8, 8, 70000):
    os.mkdir(folder)
    for i in range(6):
        path = f'{folder}/{i}.png'
        with open(path, 'wb') as f:
            f.write(png(i, width, height, behind, i == 5))
        os.utime(path, (1700000000 + i, 1700000000 + i))

# By path components a/ comes before a-b/, by code points behind it.
for i in range(8):
    path = f'orders/{("a", "a-b", "b")[i // 3]}/{i}.png'
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(png(i, 12, 8, 0, i == 7))
    os.utime(path, (1700000000 + i, 1700000000 + i))
PY

for source in wide long_wide long_square orders; do
    subset='' && [ $source != orders ] || subset=subset
    for kind in zip h5; do
        dest=$source.$kind
        conversion="dataset $subset $source $dest${subset:+ --count=6 --seed=3}"
        if [ -n "${BEGIN-}" ]; then # how tests/begun was made: BEGIN is the earlier program
            "$BEGIN" $conversion && fail 'the damaged picture was taken'
            cp $dest.part $dest.progress "$begun" || fail 'tests/begun'
            continue
        fi
        cp "$begun/$dest.part" "$begun/$dest.progress" . || fail "tests/begun has no $dest"
        for n in 1 2; do
            expect 0 'resuming after 5 of 6 images' ranks $n "$GANTRY" $conversion --on-error=skip
            [ $n = 1 ] || break
            mv $dest alone.$dest
            cp "$begun/$dest.part" "$begun/$dest.progress" .
        done
        quietly "$GANTRY" ${conversion/ $dest/ fresh.$kind} --on-error=skip --overwrite
        cmp $dest fresh.$kind || fail "$dest is not what it is when it is made at once"
        cmp $dest alone.$dest || fail "$dest depends on the number of ranks"
    done
done
[ -z "${BEGIN-}" ] || exit 0

begins order_of_a_subset
# OPTIONS PATH...: a subset with these options holds the pictures of these paths in this order. All pictures, and the first ones of a folder, come by
# path components; a choice comes by code points, as training counts them.
holds() {
    local options=$1
    shift
    quietly "$GANTRY" dataset subset orders chosen.zip $options --overwrite
    printf 'orders/%s.png,0\n' "$@" >listed.csv
    quietly "$GANTRY" dataset listed.csv listed.zip --labels=none --overwrite
    cmp chosen.zip listed.zip || fail "subset $options holds other pictures, or in another order"
}
rm orders/b/7.png
holds '--count=7' a/0 a/1 a/2 a-b/3 a-b/4 a-b/5 b/6
holds '--count=5 --max-images=5' a/0 a/1 a/2 a-b/3 a-b/4
holds '--count=4 --max-images=5' a-b/3 a-b/4 a/0 a/1
