#!/bin/bash
# level: quick
# The recipes for packages name the version and the libraries that the sources have; `make deps` tells other systems what is needed.
. "$(dirname "$0")/lib.sh"
top=$(realpath "$here/../..")
version=$(sed -n 's/^#define GT_VERSION "\(.*\)"/\1/p' "$top/include/gantry/version.h")

case_versions() {
    has_line "^gantry ($version-" "$top/packaging/debian/changelog" || fail 'packaging/debian/changelog is of another version'
    has_line "version(\"$version\")" "$top/packaging/spack/package.py" || fail 'packaging/spack/package.py is of another version'
    for file in CHANGELOG.md CITATION.cff; do
        [ ! -e "$top/$file" ] || has_line "${version//./\\.}" "$top/$file" || fail "$file does not name $version"
    done
}
case_homepage() { # stands once; README's first block names it
    local home
    home=$(sed -n 's/^HOMEPAGE ?= *//p' "$top/Makefile")
    has_line "^git clone ${home:-ADDRESS} " "$top/README.md" || fail "README.md does not clone ${home:-ADDRESS}, which the Makefile's HOMEPAGE asks for"
}
case_debian_libraries() { # those that .ci/packages has for building, in the order of names
    sed -e 's/#.*//' "$top/.ci/packages" | awk '$1 ~ /-dev$/ && $2 !~ /^(tests|strict|simulate):/ { print $1 }' | sort >wanted
    [ "$(wc -l <wanted)" -gt 10 ] || fail '.ci/packages'
    for field in 'Source: gantry' 'Package: libgantry-dev'; do
        awk -v first="$field" '$0 == first { on = 1 } /^$/ { on = 0 } on' "$top/packaging/debian/control" | tr ' ,' '\n\n' | grep -E '^(lib|zlib).*-dev$' | grep -v '^libgantry' | sort -u | diff wanted - ||
            fail "$field in packaging/debian/control names other libraries than .ci/packages"
    done
}
case_spack() {
    need_python
    "$python" - "$top/packaging/spack/package.py" <<'P' || fail 'packaging/spack/package.py'
import sys
compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')
P
    grep -qi 'untried' "$top/packaging/spack/package.py" || fail 'nobody has tried the recipe, and it does not say so'
    # One line for each package of the Makefile, but for libwebpdemux, which comes with libwebp.
    local n
    n=$(sed -n 's/^PACKAGES := //p' "$top/Makefile" | wc -w)
    [ "$(sed -n 's/^    depends_on("\([^"]*\)")$/\1/p' "$top/packaging/spack/package.py" | wc -l)" = $((n - 1)) ] || fail 'the recipe names more or fewer libraries than the Makefile'
}
case_easybuild() {
    local recipe=$top/packaging/easybuild/Gantry-$version-foss-2023b.eb
    need_python
    # Open MPI and OpenBLAS are of the toolchain, libwebpdemux comes with libwebp, libcrypto with OpenSSL.
    "$python" - "$recipe" "$version" "$(sed -n 's/^PACKAGES := //p' "$top/Makefile" | wc -w)" <<'P' || fail "$recipe"
import sys
recipe = {'SYSTEM': {}}
exec(open(sys.argv[1]).read(), recipe)
assert recipe['version'] == sys.argv[2], recipe['version']
assert len(recipe['dependencies']) == int(sys.argv[3]) - 3, [d[0] for d in recipe['dependencies']]
P
    grep -q 'Untried' "$recipe" || fail 'nobody has tried the recipe, and it does not say so'
}
case_without_a_compiler() { # a bare Debian has none before `make deps-build`
    env -u MAKEFLAGS make -s -C "$top" CC=no-such-compiler help >said 2>&1 || { cat said; fail 'make help'; }
    ! grep -q 'no-such-compiler' said || { cat said; fail 'make names a compiler that is to be installed'; }
}
case_site_without_pandoc() {
    mkdir nothing
    expect 1 'make site needs pandoc.* apt-get install pandoc' env PATH="$tmp/nothing" "$python" "$top/packaging/make-site" "$GANTRY" "$tmp/site"
}
case_other_systems() {
    local system
    mkdir bin
    for program in timeout bash make awk sed grep cat dirname printf echo sh; do ln -s "$(type -P $program)" bin/ || fail "$program"; done
    for system in 'Fedora Linux 40' 'SUSE 15'; do
        printf 'PRETTY_NAME="%s"\n' "$system" >os-release
        OS_RELEASE=$tmp/os-release expect 1 "no Debian system .$system.: install what is missing" env PATH="$tmp/bin" bash "$top/.ci/deps" build
        for words in '^  ompi openblas .*cairo$' '^  libopenmpi-dev +MPI' '^  libcairo2-dev '; do grep -qE "$words" said || { cat said; fail "no '$words'"; }; done
        grep -q 'libcmocka-dev' said && fail 'a package that only tests need is asked for'
    done
    # Where all is there nothing is asked for.
    ln -s "$(type -P pkg-config)" "$(type -P gcc)" bin/
    quietly env PATH="$tmp/bin" bash "$top/.ci/deps" build
    [ ! -s said ] || { cat said; fail 'something is missing'; }
}
run_cases
