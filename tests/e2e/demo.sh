#!/bin/bash
# level: full
# `make demo` (jobs/demo.sh): bounded by time, on one core and on more, as root or not, again and again; what it names exists, and what it proposes works.
. "$(dirname "$0")/lib.sh"
top=$(realpath "$here/../..")
mkdir -p tree/jobs tree/build && cp "$top"/jobs/demo.* tree/jobs && ln -s "$GANTRY" tree/build/gantry
cd tree || fail 'no folder'
cheap=(--snap=1000 --grid=4x8 --threads=1)

named() { # each file under "What to look at" is there, the pictures of the network first
    sed -n '/^What to look at/,/^What to do/p' said | grep -oE '^  [^ ]+' | tr -d ' ' >files
    head -n 1 files | grep -qE '^runs/demo/fakes[0-9]+\.png$' || { cat said; fail 'the pictures of the network do not come first'; }
    [ "$(wc -l <files)" = 4 ] || { cat files; fail 'not four things to look at'; }
    while read -r file; do [ -s "$file" ] || fail "there is no $file"; done <files
}

begins stopped_by_the_clock
# On one core, and as a user without rights: five seconds. nproc counts the cores that the process may use.
as_user=()
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
    as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$tmp/tree")
    chmod 755 "$tmp" && chmod 777 . && rm build/gantry && cp -r "$GANTRY" "$BUILD/libexec" build/
fi
expect 0 '^Trained to [0-9]+\.[0-9] kimg .*: stopped because 0:05 minutes are over\. Below 30 kimg' "${as_user[@]}" taskset -c "$(taskset -cp $$ | grep -oE '[0-9]+$')" \
    bash jobs/demo.sh build/gantry 0:05 "${cheap[@]}"
named
before=$(shown runs/demo)

begins resumes_as_it_says
next=$(sed -n 's,^  \(build/gantry train --run=runs/demo\) --kimg=200 .*,\1,p' said)
[ -n "$next" ] || { cat said; fail 'no word of how to train further'; }
# shellcheck disable=SC2086
expect 0 'done: ' "${as_user[@]}" $next --steps=$((before / 8 + 1))
[ "$(shown runs/demo)" = $((before + 8)) ] || fail 'the run did not resume from where it was'
expect 0 '' "${as_user[@]}" build/gantry generate runs/demo/last --seeds=0-1 --class=6 --outdir=shapes

begins anew_and_finished
# Again, on all cores: from the beginning, and to its end.
expect 0 '^Trained to 0\.0 kimg .*: finished\.' "${as_user[@]}" bash jobs/demo.sh build/gantry 5 "${cheap[@]}" --steps=2
[ "$(shown runs/demo)" = 16 ] || fail 'the demo did not begin anew'
named
grep -q '^The demo that was in runs/demo is in runs/demo-1 now' said && [ "$(shown runs/demo-1)" = $((before + 8)) ] || { cat said; fail 'the demo before is not kept'; }
