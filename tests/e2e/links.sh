# level: full
# Three hosts, each link between two of them cut once while all else works: the job ends within one heartbeat limit, with both ends named; a link that is
# cut for a while and comes back is waited for.
# LIMIT: of heartbeats; GRACE: seconds more that a busy machine may take. Their sum is less than ten times the limit: so long a rank
# is waited for that was at long work.
. "$(dirname "$0")/lib.sh"
. "$here/hosts.sh"
limit=${LIMIT-6} grace=${GRACE-30}
job="$small --steps=1000000 --tick=0.001 --threads=1"
ended() { ! kill -0 "$pid" 2>/dev/null; }
begin() { # RUN: $host[0..2] are the names of the hosts of rank 0, 1, 2
    rm -f names
    background "$hosts" 3 0 "$GANTRY" train $job --run="$tmp/$1" --heartbeat-limit="$limit"
    wait_until 180 more_than 3 "$1"
    mapfile -t host <names
}
nobody() { ! pgrep -f "run=$tmp/$1" >/dev/null; }

for link in '0 1' '0 2' '1 2'; do
    read -r a b <<<"$link"
    run=cut$a$b
    begin "$run"
    echo "cut ${host[a]} ${host[b]}" >control
    cut_at=$EPOCHREALTIME
    wait_until $((3 * ${limit%.*} + 60)) ended
    took=$(awk -v a="$cut_at" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.1f", b - a}')
    wait "$pid" && fail "status 0 after the link $link was lost"
    grep -qE "error: rank ($a \(${host[a]}\) and rank $b \(${host[b]}\)|$b \(${host[b]}\) and rank $a \(${host[a]}\)) have had no heartbeat from each other for [0-9]+ s.*rank $((3 - a - b)) \(${host[3 - a - b]}\) receives the heartbeats of both.*step [0-9]+, .*step [0-9]+, " running ||
        { cat running; fail "the lost link $link is not named"; }
    [ "$(grep -c 'have had no heartbeat from each other' running)" = 1 ] || { cat running; fail 'said more than once'; }
    awk -v t="$took" -v most="$((${limit%.*} + grace))" 'BEGIN {exit !(t <= most)}' || { cat running; fail "the end came $took s after link $link was cut, at a limit of $limit s"; }
    echo "link $link: the end, with both hosts named, $took s after the cut (limit $limit s)"
    wait_until 180 nobody "$run"
done

begins more_ranks_than_processors
# More ranks than processors, and a limit so short that they are late now and then: no link is taken for lost.
for _ in 1 2 3; do
    timeout 180 "$LAUNCH" 8 "$GANTRY" train $small --slices=8 --batch=16 --steps=30 --threads=1 --run=crowd --heartbeat-limit=1 >said 2>&1 </dev/null
    grep 'each other' said && fail 'a link was taken for lost where ranks were only late'
    [ -s crowd/stats.jsonl ] || { cat said; fail 'nothing was trained: this tests nothing'; }
    rm -rf crowd
done

begins for_less_than
# For less than that, a quarter of the limit: nobody is accused, and the job goes on.
begin back
echo "cut ${host[1]} ${host[2]}" >control
sleep "$(awk -v l="$limit" 'BEGIN {print l / 4}')"
echo "join ${host[1]} ${host[2]}" >control
wait_until 180 more_than $(($(ticks back) + 3)) back
touch back/stop
ends 75
