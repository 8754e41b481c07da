#!/bin/bash
# level: full
# The quick pages of the documents as a reader types them (pages_long.sh has the others).
. "$(dirname "$0")/lib.sh"
. "$here/typing.sh"
export anew=1
world

case_cluster() { page docs/cluster.md; }
case_datasets() { page docs/datasets.md; }
case_mixtures() { page docs/models/mixtures.md; }
case_reading_a_run() {
    page docs/reading-a-run.md
    [ "$(grep -c 'kimg  loss G [0-9]' said)" -ge 2 ] || { cat said; fail 'the example in Python prints no losses'; }
}
case_verify() { page docs/verify.md; }
case_time_and_memory() { page docs/time-and-memory.md; }

run_cases
