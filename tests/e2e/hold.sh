# Sourced after lib.sh by tests that need a command in the middle of its work.
# shellcheck shell=bash
is_stopped() { # the command, or a rank of it: $stopped
    local p
    for p in "$pid" $(pgrep -P "$pid"); do
        stopped=$p
        if grep -qs '^State:[[:space:]]*T' "/proc/$p/status"; then return; fi
    done
    return 1
}
# held FILE COMMAND...: in the background, as with `background`; returns when the command stands still, before it syncs what it has written, with FILE there.
# HOLD_RANK=N held FILE launcher...: only rank N stands still.
held() {
    local file=$1
    shift
    [ -e "$tmp/hold.so" ] || gcc -shared -fPIC -O1 -w -o "$tmp/hold.so" "$here/hold.c" || fail 'hold.c cannot be compiled'
    background env LD_PRELOAD="$tmp/hold.so" HOLD_WHEN="$file" "$@"
    wait_until 180 is_stopped
    started+=("$stopped")
}
# half_made DEST COMMAND...: gantry dataset, in the background; returns when it stands still with some of its images recorded in DEST.progress. A second must
# lie between two syncs, and the first one, of the 24 bytes of a file without records, is held for longer than that. So the first images are recorded at once.
half_made() {
    local dest=$1
    shift
    HOLD_OVER='0 24' held "$dest.progress" "$@"
    sleep 1.5
    kill -CONT "$pid"
    recorded() { [ "$(stat -c %s "$dest.progress")" -gt 24 ] && is_stopped; }
    wait_until 180 recorded
}
