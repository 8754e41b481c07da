# level: full
# The faults of tests/mutants fit the sources: each is one place of one file, two are in each room, and the tests that should find them are there.
. "$(dirname "$0")/lib.sh"
[ -x "$python" ] || skip 'no python3'
export PYTHONDONTWRITEBYTECODE=1
campaign="$python $here/../mutants/campaign.py"
expect 0 '^[0-9]+ faults in [0-9]+ rooms$' $campaign check
# And it is seen where they do not.
table=$here/../mutants/faults
said_of() { # PATTERN SED: with the table changed like this
    sed "$2" "$table" >faults
    FAULTS=$PWD/faults expect 1 "$1" $campaign check
}
said_of 'nine-rounds: its text is 0 times in src/core/base/philox.c' 's/ROUNDS = 10,/ROUNDS = 11,/'
said_of 'nine-rounds: its text is [0-9]{2,} times' 's/^    text   enum { ROUNDS = 10,/    text   ;/'
said_of "nine-rounds: no test is called 'randon'" 's/^    tests  random$/    tests  randon/'
said_of "'tests/unit/test_random.c' has no case 'nothing'" 's/^    tests  random$/    tests  random:nothing/'
said_of 'fewer than 2 faults in the room runner/export' 's,src/core/runner/export/,src/core/base/,'
# A fault as a patch.
expect 0 '^[-]enum \{ ROUNDS = 10,' $campaign show nine-rounds
echo 'the faults fit the sources'
