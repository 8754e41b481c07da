# level: full
# Memory that is short while an HDF5 file is checked is called that, and no damage; with enough of it the file is read. (ulimit -v)
. "$(dirname "$0")/lib.sh"
need_python
"$python" - <<'PYTHON' || fail 'no data'
import h5py, numpy as np
r = np.random.RandomState(0)
side = 1024 # one picture needs 3 MB, twice: packed and unpacked
with h5py.File('large.h5', 'w') as f:
    images = np.repeat(r.randint(0, 255, (2, 1, side, 3)).astype('u1'), side, axis=1)
    f.create_dataset('images', data=images, chunks=(1, side, side, 3), compression='gzip', compression_opts=1)
with h5py.File('small.h5', 'w') as f:
    f['images'] = r.randint(0, 255, (2, 8, 8, 3)).astype('u1')
PYTHON
limited_to() { # KB COMMAND...
    (
        ulimit -v "$1" || exit 77
        shift
        exec "$@"
    )
}
begins in_the_checker
# From as little as it needs to walk through a small file up to what pictures need: somewhere there zlib alone has too little.
checker=$BUILD/libexec/gantry/check-hdf5
floor=4000
until limited_to $floor "$checker" small.h5 >said 2>&1; do
    floor=$((floor + 500))
    [ $floor -lt 400000 ] || skip 'no limit on memory under which the checker starts (a sanitizer?)'
done
short=0 status=1
for ((more = 0; more < 30000 && status; more += more < 4000 ? 100 : 500)); do # zlib asks for its own first, before there are pictures
    limited_to $((floor + more)) "$checker" large.h5 >said 2>&1 </dev/null
    status=$?
    [ $status = 0 ] && continue
    [ $status = 71 ] && grep -qiE 'memory|allocate|HDF5: ' said || { cat said; fail "the checker with $((floor + more)) KB: status $status"; }
    short=$((short + 1))
done
[ $status = 0 ] || { cat said; fail 'no memory is enough'; }
[ $short -gt 30 ] || fail "memory was short $short times: the test tests nothing"
head -c 3000 large.h5 >cut.h5
expect 1 'cut\.h5' "$checker" cut.h5

begins as_little_as_the_program_needs
# As little as the program needs to open HDF5 files.
least=20000
until limited_to $least "$GANTRY" inspect small.h5 >said 2>&1; do
    least=$((least + 1000))
    [ $least -lt 2000000 ] || skip 'no limit on memory under which the program starts (a sanitizer?)'
done
quietly "$GANTRY" inspect --check large.h5
for more in 500 1500 3000 4500 6000 9000; do
    limited_to $((least + more)) "$GANTRY" inspect large.h5 >said 2>&1 </dev/null
    status=$?
    ! grep -q damaged said || { cat said; fail "$((least + more)) KB: called damage"; }
    [ $status = 0 ] && continue
    grep -qiE 'memory|cannot allocate' said || { cat said; fail "$((least + more)) KB: status $status, and no word of memory"; }
    # Where it stands as a destination, memory that is short is not a reason to replace it.
    limited_to $((least + more)) "$GANTRY" dataset synth:shapes:n=9,size=8 large.h5 --threads=1 >said 2>&1 </dev/null
    ! grep -q 'cannot be checked.*overwrite' said || { cat said; fail "$((least + more)) KB: called another dataset"; }
done
limited_to $((least + 1500)) "$GANTRY" inspect --check large.h5 >said 2>&1
[ $? = 71 ] || { cat said; fail 'the exit status of a check without memory'; }

begins a_file_that_is_damaged
# A file that is damaged is still called damaged.
expect 1 'cut\.h5.: damaged file' "$GANTRY" inspect cut.h5
limited_to $((least + 36000)) "$GANTRY" inspect cut.h5 >said 2>&1
grep -q "cut.h5': damaged file" said || { cat said; fail 'damage is not called damage where memory is limited'; }
