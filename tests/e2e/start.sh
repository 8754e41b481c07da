#!/bin/bash
# level: full
# The program starts with few libraries, and opens the others where it first uses them (src/core/base/library.c). A library that is not there is an error that names it.
. "$(dirname "$0")/lib.sh"
late=$BUILD/late.c # what the build has written (.ci/late); not there: for this processor all libraries are loaded with the program
[ -e "$late" ] || lacks 'jumps to libraries that are opened late'
files=$(sed -n 's/^ *{"\(.*\)", "\(.*\)", NULL},$/\1 \2/p' "$late")
[ "$(wc -l <<<"$files")" -ge 9 ] || fail "few libraries are opened late: $files"
file_of() { sed -n "s/^$1[^ ]* //p" <<<"$files" | head -n 1; }
# loaded COMMAND...: what it and the processes that it starts load goes to the file `loaded`; its status is the command's
loaded() {
    rm -f debug.*
    LD_DEBUG=files LD_DEBUG_OUTPUT=debug "$@" >said 2>&1 </dev/null
    local got=$?
    sed -n 's/.*calling init: .*\/\([^/]*\)$/\1/p' debug.* | sort -u >loaded
    return $got
}
# without LIBRARY: a folder for LD_LIBRARY_PATH that takes its place
without() {
    local file
    file=$(file_of "$1")
    mkdir -p "no-$1" && echo 'no library' >"no-$1/$file"
    printf '%s/no-%s' "$tmp" "$1"
}

case_a_new_library() {
    readelf -Wd "$GANTRY" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >needed
    [ -s needed ] || fail 'it needs nothing?'
    ! grep -vE '^(lib(c|m|png16|jansson|xxhash|z|jpeg|deflate)\.so\.|ld-linux-)' needed >new ||
        fail "the program loads $(xargs <new) at each start: put its package into LATE (Makefile), and gt_library_open() where its use begins, or name it in this test"
}
case_commands_that_do_little() {
    local c status
    for c in version --version help --help -h 'help train' 'train --help' 'completion bash' 'man train' 'bench' '' trian --trian 'train --nothing=1'; do
        # shellcheck disable=SC2086
        loaded "$GANTRY" $c
        status=$?
        case $c in '' | *trian | *nothing*) [ $status = 2 ] ;; *) [ $status = 0 ] ;; esac || { cat said; fail "gantry $c: status $status"; }
        [ -s loaded ] || fail "what gantry $c loads is not seen"
        for file in $(cut -d' ' -f2 <<<"$files"); do ! grep -qxF "$file" loaded || fail "gantry $c loads $file"; done
        [ "$(wc -l <loaded)" -le 12 ] || { cat loaded; fail "gantry $c loads $(wc -l <loaded) libraries"; }
    done
}
case_commands_that_read() {
    quietly "$GANTRY" train $small --run=run --steps=1 --threads=1
    for c in 'status run' "hash $(last run)" 'inspect run'; do
        # shellcheck disable=SC2086
        loaded "$GANTRY" $c || { cat said; fail "gantry $c"; }
        for name in ompi openblas cairo libarchive libtiff libwebp lcms2; do ! grep -qxF "$(file_of $name)" loaded || fail "gantry $c loads $(file_of $name)"; done
    done
    grep -qxF "$(file_of hdf5)" loaded || fail 'HDF5 is not seen, though it was used'
    loaded "$GANTRY" train $small --run=one --steps=1 --threads=1 || fail 'training'
    ! grep -qxF "$(file_of ompi)" loaded || fail 'one rank loads MPI'
}
case_doctor_opens_all() {
    expect 0 "^ok +libraries +all $(wc -l <<<"$files") that are opened where they are used are there" "$GANTRY" doctor
    expect 1 "^BROKEN +libraries +the library $(file_of cairo) cannot be opened: .*install cairo" env LD_LIBRARY_PATH="$(without cairo)" "$GANTRY" doctor
    grep -q ' 1 broken$' said || { cat said; fail 'more is broken than cairo'; }
}
case_version_under_mpirun() {
    expect 0 '^MPI: ' ranks 2 "$GANTRY" version
    [ "$(grep -c '^gantry ' said)" = 2 ] || { cat said; fail 'not two processes'; }
}
# Each command ends with a message, not with a signal, and a training before its first step.
case_a_library_that_is_missing() {
    python_has PIL || skip 'no python3-pil (pictures)'
    "$python" - <<'PYTHON' || fail 'no pictures'
import io, os, tarfile, zipfile
from PIL import Image, ImageCms
picture = Image.new('RGB', (16, 16), (200, 100, 50))
for folder in 'tiff', 'webp', 'profile': os.mkdir(folder)
picture.save('tiff/a.tif'), picture.save('webp/a.webp')
profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes())
picture.save('profile/a.png', icc_profile=bytes(profile))
with tarfile.open('a.tar', 'w') as f: f.add('profile/a.png')
with zipfile.ZipFile('a.zip', 'w') as f: f.write('profile/a.png')
PYTHON
    quietly "$GANTRY" train $small --run=run --steps=1 --threads=1
    while read -r name status command; do
        # shellcheck disable=SC2086
        expect "$status" "the library $(file_of "$name") cannot be opened: .*install $name" ${command%%gantry*} env LD_LIBRARY_PATH="$(without "$name")" "$GANTRY" ${command#*gantry }
    done <<END
ompi 1 ranks 2 gantry train $small --run=ranks --steps=1 --threads=1
hdf5 1 gantry inspect run
hdf5 1 gantry train $small --run=none --steps=1 --threads=1
libcrypto 1 gantry train $small --run=none --steps=1 --threads=1
libcrypto 1 gantry audit run
openblas 1 gantry train $small --run=none --steps=1 --threads=1 --metrics=fid8 --detector=pixels
libzip 1 gantry dataset a.zip zip.h5
libarchive 1 gantry dataset a.tar tar.h5
libtiff 1 gantry dataset tiff tiff.h5
libwebp 1 gantry dataset webp webp.h5
lcms2 1 gantry dataset profile profile.h5
cairo 1 gantry compare run run --out=compared.png
openblas 1 gantry metrics --reals=synth:shapes:n=80,size=16 --fakes=synth:shapes:n=80,size=16,seed=9 --detector=pixels --metrics=fid
END
    [ ! -e none/stats.jsonl ] || fail 'a training has begun'
}
# As users have it: no threads of OpenBLAS, and no second start for that.
case_threads_of_blas() {
    need strace 'counts starts of programs'
    unset OPENBLAS_NUM_THREADS
    strace -f -e trace=execve,clone,clone3 -o calls "$GANTRY" version >said 2>&1 || { cat said; fail 'version'; }
    [ "$(grep -c execve calls)" = 1 ] && ! grep -q clone calls || { cat calls; fail 'it starts processes or threads'; }
}
run_cases
