# level: long
# alloc.sh for MINUTES: an allocation of every call path of every command fails, those of the program and those of its libraries; goes on where it
# stopped (the counts are in BUILD/long/alloc). At least 1,000 of them, or it goes on the next time.
. "$(dirname "$0")/alloc_lib.sh"
state=$BUILD/long/alloc end=$((SECONDS + 60 * ${MINUTES:-10}))
mkdir -p "$BUILD/long"
at=0 sum_failed=0 sum_went_on=0 sum_outside=0
[ -e "$state" ] && read -r at sum_failed sum_went_on sum_outside <"$state"
prepare
begins rounds
# Rounds: in each of them one path in $stride of each case, so that every case comes soon.
stride=40 bad=0
mapfile -t all < <(names)
total=$((2 * stride * ${#all[@]}))
[ "$at" -lt $total ] || at=0 sum_failed=0 sum_went_on=0 sum_outside=0 # a new campaign
while [ "$at" -lt $total ] && [ "$SECONDS" -lt $end ]; do
    case=${all[$((at % ${#all[@]}))]} round=$((at / ${#all[@]}))
    whose=own
    [ $((round % 2)) = 0 ] || whose=others
    learn "$case" $whose
    awk -v stride=$stride -v round=$((round / 2)) 'NR % stride == round' numbers >some
    while read -r n; do judge "$case" $whose "$n" || bad=$((bad + 1)); done <some
    [ "$bad" = 0 ] || fail "$bad allocations of $case ended otherwise than they should"
    at=$((at + 1))
    echo "$at $((sum_failed + failed)) $((sum_went_on + went_on)) $((sum_outside + outside))" >"$state"
done
read -r at failed went_on outside <"$state"
echo "$at of $total parts: $((failed + went_on)) failing allocations, of which $failed ended the command with a message and $went_on changed nothing; $outside more are a library's: it crashed, or drew text otherwise"
[ "$at" -lt $total ] || [ $((failed + went_on)) -ge 1000 ] || fail 'fewer than 1,000'
