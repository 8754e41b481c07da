#!/bin/bash
# level: quick
# The form of the C: no line is longer than 120 columns, and `make format` would change nothing.
. "$(dirname "$0")/lib.sh"
cd "$here/../.." || fail 'no sources'
files() { find src include tests bench docs/examples -name '*.[ch]'; }

case_columns() {
    files | xargs awk 'length > 120 { print FILENAME ":" FNR ": " length " columns"; found = 1 } END { exit found }' || fail 'longer than 120 columns'
}
case_clang_format() {
    need clang-format-14 'other versions break lines in other ways'
    files | xargs clang-format-14 --dry-run -Werror || fail 'make format'
}
run_cases
