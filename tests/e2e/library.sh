# level: full
# The shared library in a program of somebody else's (library.c): over 100 calls that fail give errors with messages, print nothing, leave signals alone and end nothing; it shows the names of include/gantry alone.
. "$(dirname "$0")/lib.sh"
top=$(cd "$here/../.." && pwd)

begins installed
make -s -C "$top" BUILD="$BUILD" install-library PREFIX="$tmp/prefix" >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'make install-library'; }
lib=$tmp/prefix/lib
export PKG_CONFIG_PATH=$lib/pkgconfig
version=$(pkg-config --modversion gantry)
shared=$lib/libgantry.so.${version%.*}
[ -f "$shared" ] && [ ! -L "$shared" ] || fail "no $shared"
readelf -d "$shared" | grep -qF "soname: [libgantry.so.${version%%.*}]" || fail 'another soname'
for link in libgantry.so "libgantry.so.${version%%.*}"; do [ "$(realpath "$lib/$link")" = "$(realpath "$shared")" ] || fail "$link leads elsewhere"; done

begins names
nm -D --defined-only -P "$shared" | awk '$2 != "A" { sub(/@.*/, "", $1); print $1 }' | sort -u >visible
[ "$(wc -l <visible)" -gt 300 ] || fail 'hardly any name is visible'
grep -v '^gt_' visible && fail 'other names than gt_ are visible'
grep -ohE 'gt_[a-z0-9_]+' "$top"/include/gantry/*.h | sort -u >promised
comm -23 visible promised | grep . && fail 'names are visible that include/gantry does not have'
# What ends or addresses the whole process is not called. (_exit: in children that become another program, and where a program asked for it.)
nm -D --undefined-only -P "$shared" | awk '{ sub(/@.*/, "", $1); print $1 }' | sort -u >called
grep -xE 'exit|abort|_Exit|quick_exit|__assert_fail|printf|__printf_chk|vprintf|puts|putchar|perror' called && fail 'the library calls what it must not'
nm -A --undefined-only "$BUILD/libgantry.a" | sed -n 's/.*libgantry\.a:\([^:]*\.o\): *U _exit$/\1/p' | sort | tr '\n' ' ' >ends
[ "$(cat ends)" = 'ffmpeg.o network.o process.o stderr.o stop.o trial.o try.o ' ] || { cat ends; fail 'others call _exit'; }
strings -a "$shared" | grep -F '/proc/self/exe' && fail 'the library starts the program that has it'

begins calls
"$GANTRY" train $small --run=run --steps=2 >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'training'; }
quietly "$GANTRY" dataset synth:shapes:n=8,size=16 flat.zip
mkdir folder && : >empty && echo words >folder/words
head -c 3000 "$(last run)" >cut.h5
head -c 700 flat.zip >cut.zip
{ printf '\x89HDF\r\n\x1a\n' && head -c 5000 /dev/zero | tr '\0' '\7'; } >noise.h5
for kind in h5 pkl safetensors csv; do echo 'some words, and no more' >text.$kind; done
echo 'nothing = 3' >wrong.ini
# shellcheck disable=SC2046
gcc -std=gnu11 -Wall -Wextra -Werror -g -fsanitize=address -o library "$here/library.c" $(pkg-config --cflags --libs gantry) -Wl,-rpath,"$lib" || fail 'the program does not build'
ldd library | grep -q 'libgantry\.so' || fail 'the program has another library'
ASAN_OPTIONS=${ASAN_OPTIONS-} expect 0 'calls, 0 faults' ./library
[ "$(grep -c '^    ' said)" -ge 100 ] || { cat said; fail 'fewer than 100 calls'; }

begins its_checker
# The checking program is found from where the library is; one that is missing is an error, and no file passes.
expect 0 '^sound' ./library "$(last run)"
expect 3 "cut.h5': damaged file" ./library cut.h5
mv prefix/libexec moved
expect 1 "cannot be checked: '$lib/../libexec/gantry/check-hdf5' does not start: No such file" ./library "$(last run)"
mv moved prefix/libexec
# In a program that has the static library the place is that of `make install`.
# shellcheck disable=SC2046
gcc -std=gnu11 -g -o static "$here/library.c" $(pkg-config --cflags gantry) $(pkg-config --static --libs gantry | sed "s|-lgantry|$lib/libgantry.a|") || fail 'the program with the static library does not build'
expect 0 '^sound' ./static "$(last run)"
expect 3 "cut.h5': damaged file" ./static cut.h5
