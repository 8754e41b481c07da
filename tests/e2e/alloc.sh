# level: full
# Memory that runs short: a few allocations of each kind of command fail, one at a time; all of them in alloc_long.sh.
. "$(dirname "$0")/alloc_lib.sh"
prepare
bad=0
begins the_first
# The first one, and some between; one of a library's.
for case in stylegan2 dcgan vae vq go_on from_h5 gmm_fit generate to_pkl to_npz to_zip to_h5 latent likelihood inspect hash report compare; do
    learn $case own
    awk -v lines="$(wc -l <numbers)" -v many=5 'BEGIN { step = int(lines / many) + 1 } NR % step == 1' numbers >some
    while read -r n; do judge $case own "$n" || bad=$((bad + 1)); done <some
done
begins in_the_checker
# In the process that walks through an HDF5 file each allocation: its status says that memory is short, not that the file is damaged.
checker=$BUILD/tests/check_failing
SHORT_AT=0 SHORT_NOTES="$tmp/counted" "$checker" in/circles.h5 2>errors || { cat errors; fail 'the checker, although nothing fails'; }
short=0
while read -r n; do
    SHORT_AT=$n "$checker" in/circles.h5 2>errors
    status=$?
    [ $status = 0 ] && continue
    [ $status = 71 ] || { cat errors; fail "the checker, allocation $n: status $status"; }
    short=$((short + 1))
done <counted
[ $short -gt 0 ] || fail 'no allocation of the checker failed'
begins on_one_of_two_ranks
# On one of two ranks: its message, and no rank waits for ever.
find_case vae && ranks=2
for n in 30 1000 3000 9000; do
    attempt SHORT_AT=$n SHORT_RANK=1
    [ "$status" != 124 ] && [ "$status" -lt 128 ] || fail "rank 1, allocation $n: status $status"
    [ "$status" = 0 ] || grep -qi 'rank 1.*memory' errors || { cat errors; fail "rank 1, allocation $n: its message is missing"; }
done
begins what_rank_0_alone_prints
# What rank 0 alone prints in a dry run, before the networks are made: no rank goes on without it. What fails later finds the job printed.
find_case dry_run && rm -f numbers
attempt SHORT_AT=0 SHORT_RANK=0 SHORT_NOTES="$tmp/numbers"
nth() { sed -n "$1p" numbers; }
low=1 high=$(wc -l <numbers)
while [ $((high - low)) -gt 1 ]; do
    middle=$(((low + high) / 2))
    for ((k = middle; k > low; k--)); do # what fails without harm tells nothing
        attempt SHORT_AT="$(nth $k)" SHORT_RANK=0
        [ "$status" = 0 ] || break
    done
    if [ "$k" = "$low" ]; then low=$middle; elif [ -s told ]; then high=$k; else low=$middle; fi
done
printed=
for ((k = low + 2; k > low - 15 && k > 0; k--)); do
    rm -f notes && attempt SHORT_AT="$(nth $k)" SHORT_RANK=0 SHORT_NOTES="$tmp/notes"
    where | grep -q 'at text\.c:' && printed=$k && break
done
[ "$printed" ] || fail 'no allocation is the one of a job that is printed'
said() { [ "$status" = 1 ] && grep -qi 'rank 0.*memory' errors; }
said || { cat errors; fail "rank 0, printing a dry run: status $status"; }
[ $((failed + went_on)) -gt 60 ] || fail "only $((failed + went_on)) allocations failed"
[ "$bad" = 0 ] || fail "$bad allocations ended otherwise"
echo "$failed failing allocations ended the command with a message, $went_on changed nothing"
