# level: long
# kill.sh again and again for MINUTES, up to a thousand kills; goes on where it stopped (the count is in BUILD/long/kills).
. "$(dirname "$0")/lib.sh"
count=$BUILD/long/kills end=$((SECONDS + 60 * ${MINUTES:-10}))
mkdir -p "$BUILD/long"
kills=$(cat "$count" 2>/dev/null || echo 0)
[ "$kills" -lt 1000 ] || kills=0 # a new campaign
while [ "$kills" -lt 1000 ] && [ "$SECONDS" -lt "$end" ]; do
    KILLS=20 bash "$here/kill.sh" || fail "after $kills kills"
    kills=$((kills + 20))
    echo "$kills" >"$count"
done
echo "$kills kills of 1000, every run went on and ended bit-equal"
