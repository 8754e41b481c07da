# Sourced after lib.sh by tests that need a command in the middle of its work.
# shellcheck shell=bash
is_stopped() { grep -qs '^State:[[:space:]]*T' "/proc/$pid/status"; }
# held FILE COMMAND...: in the background, as with `background`; returns when the command stands still, before it syncs what it has written, with FILE there
held() {
    local file=$1
    shift
    [ -e "$tmp/hold.so" ] || gcc -shared -fPIC -O1 -w -o "$tmp/hold.so" "$here/hold.c" || fail 'hold.c cannot be compiled'
    background env LD_PRELOAD="$tmp/hold.so" HOLD_WHEN="$file" "$@"
    wait_until 180 is_stopped
}
