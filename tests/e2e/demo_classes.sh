# level: long
# The demo's recipe, trained to 150 kimg, makes shapes of the class that was asked for: a template matcher confirms at least 90 of 100.
# Goes on where it stopped: the run is kept in the build folder.
. "$(dirname "$0")/lib.sh"
jobs=$(dirname "$LAUNCH")/../jobs
run=$BUILD/long/demo
mkdir -p "$BUILD/long"
[ "$("$BUILD/tests/shape_class" check)" = '400 of 400' ] || fail 'the matcher does not know the shapes themselves'

begins minutes_bounds_one_visit
# MINUTES bounds one visit: the run is asked to stop then, and the next visit goes on.
"$GANTRY" train "$jobs/demo.ini" --run="$run" --kimg=150 >"$tmp/log" 2>&1 &
pid=$!
( sleep $((${MINUTES:-60} * 60)) && touch "$run/stop" ) &
timer=$!
wait $pid
status=$?
kill $timer 2>/dev/null
[ $status = 75 ] && skip "stopped after ${MINUTES:-60} minutes; the next time goes on"
[ $status = 0 ] || { tail -5 "$tmp/log"; fail 'training'; }

right=0
for class in 0 1 2 3 4 5 6 7; do
    n=12
    [ $class -lt 4 ] && n=13 # 100 in all
    first=$((1000 * class))
    "$GANTRY" generate "$run/last" --seeds=$first-$((first + n - 1)) --class=$class --outdir="$tmp/c$class" >"$tmp/log" 2>&1 || fail 'generate'
    said=$("$BUILD/tests/shape_class" $class "$tmp/c$class"/*.png) || fail 'matcher'
    echo "class $class: $said"
    right=$((right + ${said%% *}))
done
echo "$right of 100"
[ $right -ge 90 ] || fail 'fewer than 90 of 100'
