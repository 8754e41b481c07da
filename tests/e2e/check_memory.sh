# level: full
# Memory that is short while an HDF5 file is checked is called that, and no damage; with enough of it the file is read. (ulimit -v)
. "$(dirname "$0")/lib.sh"
need_python
"$python" - <<'PYTHON' || fail 'no data'
import h5py, numpy as np
r = np.random.RandomState(0)
with h5py.File('large.h5', 'w') as f: # one picture needs 12 MB, twice: packed and unpacked
    images = np.repeat(r.randint(0, 255, (2, 1, 2048, 3)).astype('u1'), 2048, axis=1)
    f.create_dataset('images', data=images, chunks=(1, 2048, 2048, 3), compression='gzip', compression_opts=1)
PYTHON
limited_to() { # KB COMMAND...
    (
        ulimit -v "$1" || exit 77
        shift
        exec "$@"
    )
}
begins as_little_as_the_program_needs
# As little as the program needs to start.
least=90000
until limited_to $least "$GANTRY" version >said 2>&1; do
    least=$((least + 2000))
    [ $least -lt 2000000 ] || skip 'no limit on memory under which the program starts (a sanitizer?)'
done
quietly "$GANTRY" inspect --check large.h5
short=0
for more in 2000 6000 12000 18000 24000 36000; do
    limited_to $((least + more)) "$GANTRY" inspect large.h5 >said 2>&1 </dev/null
    status=$?
    ! grep -q damaged said || { cat said; fail "$((least + more)) KB: called damage"; }
    [ $status = 0 ] && continue
    grep -qiE 'memory|cannot allocate' said || { cat said; fail "$((least + more)) KB: status $status, and no word of memory"; }
    ! grep -q 'cannot be checked: memory is short (ulimit -v allows' said || short=$((short + 1))
    # Where it stands as a destination, memory that is short is not a reason to replace it.
    limited_to $((least + more)) "$GANTRY" dataset synth:shapes:n=9,size=8 large.h5 --threads=1 >said 2>&1 </dev/null
    ! grep -q 'cannot be checked.*overwrite' said || { cat said; fail "$((least + more)) KB: called another dataset"; }
done
for ((more = 10500; more < 13500; more += 75)); do # somewhere here zlib alone has too little
    limited_to $((least + more)) "$GANTRY" inspect large.h5 >said 2>&1 </dev/null
    ! grep -q 'damaged' said || { cat said; fail "$((least + more)) KB: called damage"; }
done
[ $short -gt 0 ] || fail 'memory was never short in the check: the test tests nothing'
limited_to $((least + 6000)) "$GANTRY" inspect --check large.h5 >said 2>&1
[ $? = 71 ] || { cat said; fail 'the exit status of a check without memory'; }

begins a_file_that_is_damaged
# A file that is damaged is still called damaged.
head -c 3000 large.h5 >cut.h5
expect 1 'cut\.h5.: damaged file' "$GANTRY" inspect cut.h5
limited_to $((least + 36000)) "$GANTRY" inspect cut.h5 >said 2>&1
grep -q "cut.h5': damaged file" said || { cat said; fail 'damage is not called damage where memory is limited'; }
