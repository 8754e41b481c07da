#!/bin/bash
# level: full
# The release tarball (make dist): equal bytes each time, all that is committed, and a program made from it tells version and commit, wherever it is unpacked.
. "$(dirname "$0")/lib.sh"
top=$(realpath "$here/../..")
need git 'the tarball is made of what is committed'
[ -e "$top/.git" ] || skip 'these sources come without .git'
commit=$(git -C "$top" rev-parse HEAD) || skip 'git does not open this repository'
version=$(sed -n 's/^#define GT_VERSION "\(.*\)"/\1/p' "$top/include/gantry/version.h")
name=gantry-$version

begins equal_bytes
export DIST_LEVEL=1 # four seconds less for each
quietly bash "$top/.ci/dist" "$tmp/one"
touch "$top/.ci/dist"
(umask 077 && TZ=Asia/Tokyo quietly bash "$top/.ci/dist" "$tmp/two")
[ -s "one/$name.tar.gz" ] && cmp "one/$name.tar.gz" "two/$name.tar.gz" || fail 'two tarballs of one commit differ'

begins all_is_in
tar tzf "one/$name.tar.gz" | sed "s,^$name/,," | grep -v '/$' | grep . | sort >in
git -C "$top" ls-tree -r --name-only HEAD | sort | diff - in || fail 'the tarball has other files than the commit'

begins knows_its_commit
# Within another repository: its commit is not ours.
git init -q other && cd other && git -c user.name=x -c user.email=x@example.org commit -q --allow-empty -m other || fail 'git'
tar xf "../one/$name.tar.gz" && cd "$name" || fail 'tar'
env -u MAKEFLAGS make -s BUILD=b b/src/core/base/version.o || fail 'make'
[ "$(cat b/git-id)" = "${commit:0:10}" ] || fail "commit $(cat b/git-id) instead of ${commit:0:10}"
grep -q "${commit:0:10}" b/src/core/base/version.o || fail 'the object does not have the commit'
env -u MAKEFLAGS make -n BUILD=b all | grep -q 'src/core/command/main.c' || fail 'make all'
env -u MAKEFLAGS make -n V=1 BUILD=b b/src/core/base/hash.o | grep -q -- -Werror && fail 'warnings of compilers to come end the build of a release'
env -u MAKEFLAGS make -n V=1 BUILD=b GIT_ID=given b/src/core/base/version.o | grep -q 'GT_GIT_ID=.*given' || fail 'GIT_ID is not taken'
