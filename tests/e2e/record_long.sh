#!/bin/bash
# level: long
# 1,000 pictures of six networks, audited with each set of instructions of this processor, and on 64-bit ARM, emulated: all are verified. 1,000 with a pixel, a
# seed, a class, a truncation or something else in the record changed, and 1,000 whose network has another byte: all are found. record.sh has a tenth.
# RECORD_HUNDREDS: other numbers.
. "$(dirname "$0")/lib.sh"
. "$here/record_pictures.sh"
. "$here/arm64.sh"
need_python
hundreds=${RECORD_HUNDREDS:-10}
all=$((100 * hundreds))
sets=() # of instructions
for words in 'avx512 avx512dq' 'avx2 avx2'; do grep -m1 '^flags' /proc/cpuinfo | grep -qw "${words#* }" && sets+=("${words% *}"); done
[ "${#sets[@]}" -gt 0 ] || lacks 'instructions with fused multiply-adds'

begins pictures
make_networks
make_pictures "$hundreds"
[ "$(find [a-i] -name '*.png' | wc -l)" = $all ] || fail "not $all pictures"
mkdir changed && "$python" "$here/record.py" change changed [a-i]/*.png
cp "$(dirname "$GANTRY")"/../networks/clipart64*.h5 nets

verify_with() { # NAME PROGRAM...
    quietly "${@:2}" audit [a-i]/*.png --network=nets --threads=1
    verified=$(grep -c '^./seed.* is what .* makes of seed [0-9]' said)
    echo "$1: $verified of $all verified"
    [ "$verified" = $all ] || fail "$1: not all are verified"
}
find_changes_with() { # NAME PROGRAM... -- PICTURES...
    local name=$1 program=()
    shift
    while [ "$1" != -- ]; do program+=("$1") && shift; done
    shift
    expect 1 "of $# pictures not what the record says: $#\$" "${program[@]}" audit "$@" --network=nets --threads=1
    echo "$name: $(grep '^changed/' said | grep -vc ' is what ') of $# changes found"
    [ "$(grep -c '^changed/' said)" = $# ] && ! grep -q ' is what ' said || { grep ' is what ' said; fail "$name: a change is not found"; }
}

begins verified
for isa in "${sets[@]}"; do verify_with $isa env GT_ISA=$isa "$GANTRY"; done

begins changes_are_found
for isa in "${sets[@]}"; do find_changes_with $isa env GT_ISA=$isa "$GANTRY" -- changed/*; done

begins other_bytes_of_networks
# Networks without a checksum, one byte of a tensor changed.
mkdir exported && for net in nets/*.h5; do quietly "$GANTRY" export "$net" "exported/$(basename "$net" .h5).safetensors"; done
for net in exported/*; do
    case $net in *cond* | */edm* | */few*) class=(--class=0) ;; *) class=() ;; esac
    make "of/$(basename "$net")" "$net" --seeds=0-$((all / 6)) "${class[@]}"
done
made=$(find of -name '*.png' | wc -l)
[ "$made" -ge $all ] || fail "only $made pictures"
for net in of/*; do quietly "$GANTRY" audit "$net"/*.png --network="exported/$(basename "$net")" --threads=1; done
"$python" - exported/* <<'PYTHON'
import sys
for i, path in enumerate(sys.argv[1:]):
    with open(path, 'r+b') as f:
        f.seek(-(4 * i + 5), 2)
        byte = f.read(1)
        f.seek(-(4 * i + 5), 2)
        f.write(bytes([byte[0] ^ 1]))
PYTHON
found=0
for net in of/*; do
    expect 3 'none of the networks given has the SHA-256 of its record' "$GANTRY" audit "$net"/*.png --network=exported --threads=1
    ! grep -q ' is what ' said || fail "$net: another byte is not found"
    found=$((found + $(grep -c ': not checked: none of the networks given' said)))
done
echo "$found of $made with another byte of the network found"
[ "$found" = "$made" ] || fail 'another byte is not found'

# Instructions, of which no load makes more: those of records are less than a hundredth. The hash of the network is kept from the picture before. Valgrind has no
# AVX-512.
begins cost
need valgrind 'counts instructions'
export GT_CACHE=$tmp/cache
make one clipart64 --seeds=0
for record in none full; do
    GT_ISA=avx2 quietly valgrind --tool=callgrind --callgrind-out-file=/dev/null "$GANTRY" generate clipart64 --seeds=0-15 --outdir=counted --threads=1 --record=$record
    eval "$record=$(sed -n 's/.*Collected : //p' said)"
done
# shellcheck disable=SC2154
echo "16 pictures of clipart64: $full instructions, and $none without records"
# shellcheck disable=SC2154
[ "$none" -gt 0 ] && [ $((100 * (full - none))) -le "$none" ] || fail 'records cost more than a hundredth'

# Two minutes of processor time for 1,000 pictures, three and a half for 1,000 changes.
begins emulated_arm
needs_arm64
build_arm64
verify_with neon "$tree/run" "$made/gantry"
find_changes_with neon "$tree/run" "$made/gantry" -- changed/*
