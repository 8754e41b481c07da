#!/bin/bash
# level: full
# What commands start and open, in numbers that no load changes. Users pay for each at every prompt, and the tests thousands of times: a number that grows
# needs a reason. A process beside the command's own walks through a file from elsewhere, once for each (src/core/files/h5/h5_check.c).
. "$(dirname "$0")/lib.sh"
need strace 'counts system calls'
# shellcheck disable=SC2154
tiny="$small --threads=1"

# counts PROCESSES FILES [ranks N] COMMAND...: that many programs start, and these *.h5 are opened for reading or made, sorted; a half is named like the whole
counts() {
    local processes=$1 files=$2 got
    shift 2
    rm -f calls calls.* # a file for each thread: in one file their lines would break each other
    limited strace -ff -qq -o calls -e signal=none -e trace=execve,open,openat "$@" || { cat said; fail "it must work: $*"; }
    cat calls.* >calls
    got=$(grep 'execve(.* = 0$' calls | grep -vcE 'execve\("[^"]*/(launch|mpirun|mktemp)"') # these start ranks
    [ "$got" = "$processes" ] || { grep 'execve(' calls; fail "$got programs instead of $processes: $*"; }
    [ "$files" != - ] || return 0
    got=$(sed -nE 's/.*open(at)?\((AT_FDCWD, )?"([^"]*\.h5)(\.[0-9a-f]{8})?(\.part)?".* = [0-9]+$/\3\5/p' calls | sed -E 's|.*/||; s/(.*)\.part$/+\1/' | sort | tr '\n' ' ')
    [ "$got" = "$files" ] || { grep '\.h5' calls; fail "it opens $got instead of $files: $*"; }
}

begins training
# shellcheck disable=SC2086
{
    # The checkpoint is read once, for its hash; metrics.h5 is made once. No network that comes with Gantry is opened for the advice to take one.
    counts 1 '+checkpoint-000000008.h5 +metrics.h5 checkpoint-000000008.h5 ' "$GANTRY" train $tiny --run=run --steps=1
    counts 1 '+checkpoint-000000024.h5 +metrics.h5 checkpoint-000000008.h5 checkpoint-000000024.h5 ' "$GANTRY" train $tiny --run=run --steps=3
    counts 1 '+metrics.h5 checkpoint-000000024.h5 ' "$GANTRY" train $tiny --run=run --steps=3
    counts 2 '+checkpoint-000000008.h5 +metrics.h5 checkpoint-000000008.h5 ' "$LAUNCH" 2 "$GANTRY" train $tiny --run=two --steps=1
    counts 2 - "$GANTRY" train $tiny --run=more --steps=1 --resume=run
    quietly "$GANTRY" dataset synth:shapes:n=96,size=16 data.h5
    counts 2 - "$GANTRY" train $tiny --run=other --steps=1 --cond=0 --data=data.h5
}

begins looking
counts 1 '' "$GANTRY" version
counts 1 '' "$GANTRY" train --help
counts 2 - "$GANTRY" status run
counts 2 - "$GANTRY" hash run
counts 3 - "$GANTRY" inspect run
counts 2 - "$GANTRY" metrics run --metrics=swd --count=20 --threads=1
