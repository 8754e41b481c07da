# level: long
# Each fault of tests/mutants in a copy of the sources, for MINUTES: one of the tests that it names must fail. The campaign goes on where it stopped (BUILD/long/mutants)
# and begins anew after the last fault. FAULTS_OF="NAME NAME": these faults alone.
. "$(dirname "$0")/lib.sh"
[ -x "$python" ] || skip 'no python3'
export PYTHONDONTWRITEBYTECODE=1
# shellcheck disable=SC2086 # a list of names
"$python" "$here/../mutants/campaign.py" run --minutes="${MINUTES:-10}" ${FAULTS_OF-} || fail 'a fault that no test finds, or one that cannot be tried'
