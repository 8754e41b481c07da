#!/bin/bash
# level: full
# README as a newcomer types it: its shell blocks in order and its table of other models, in a folder that holds photos/ and nothing else.
. "$(dirname "$0")/lib.sh"
. "$here/typing.sh"
cd home && mkdir photos && cp -r "$here/../golden/dataset/mixed" photos && cp -r photos icons && "$GANTRY" dataset synth:shapes:n=10,size=48 photos/more --labels=none >said 2>&1 || fail 'no folder'
typed "$top/README.md" 6
for file in runs/photos/sheet.png runs/icons/report.html mine.zip mine.pkl pictures/grid.png runs/mine/report.html; do [ -s $file ] || fail "there is no $file"; done
