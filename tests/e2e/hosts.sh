# Sourced after lib.sh by tests whose ranks are on hosts of their own: network namespaces behind a switch (bench/hosts, tests/tools/switch.c) that takes
# its orders from the pipe `control`. The names of the hosts stand in the file `names`.
# shellcheck shell=bash
hosts=$here/../../bench/hosts
need ip 'Debian: iproute2'
[ -c /dev/net/tun ] || skip 'no /dev/net/tun'
ip netns add "gtprobe$$" 2>/dev/null || skip 'no right to make network namespaces'
ip netns del "gtprobe$$"
hosts_down() { # what a script that was killed leaves behind
    local n
    for n in $(cat names 2>/dev/null); do
        # shellcheck disable=SC2046
        kill -9 $(ip netns pids "$n" 2>/dev/null) 2>/dev/null
        ip netns del "$n" 2>/dev/null && rm -rf "/etc/netns/$n"
    done
}
trap 'ended=${ended:-$?}; for p in "${started[@]}"; do kill -9 "$p" 2>/dev/null; done; hosts_down; end_test' EXIT
mkfifo control
export HOSTS_SWITCH="$BUILD/tests/switch --control=$tmp/control" HOSTS_NAMES=$tmp/names
ticks() { cat "$1/stats.jsonl" 2>/dev/null | wc -l; }
more_than() { [ "$(ticks "$2")" -gt "$1" ]; } # N RUN
