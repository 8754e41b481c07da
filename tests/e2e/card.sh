#!/bin/bash
# level: full
# gantry card: each figure is what the run's files hold (card.py), its front matter is YAML whatever the names are, and what was not measured on this file,
# or not recorded, is not there.
. "$(dirname "$0")/lib.sh"
need_python
python_has yaml || skip 'no python3-yaml (reading front matter)'
job="$small --tick=0.04 --snap=1 --keep=99 --threads=1 --grid=2x2"
card() { "$python" "$here/card.py" "$@" || fail "card.py $*"; }
# made RUN [OPTION...]: RUN as card.json and card.md
json() { quietly "$GANTRY" card "$@" --out=card.json --overwrite; }
made() {
    json "$@"
    quietly "$GANTRY" card "$@" --out=card.md --overwrite
}
train 1 first --kimg=0.08 --metrics=swd32,authenticity32
train 2 first --kimg=0.12 # without scores, on other ranks

case_all_that_is_recorded() {
    made first/checkpoint-000000080.h5
    card all first card.json card.md checkpoint-000000080.h5
    cmp -s card.png first/fakes000000080.png || fail 'another sheet'
    "$GANTRY" card first/checkpoint-000000080.h5 | grep -v '^!\[' >printed.md
    "$GANTRY" card first/checkpoint-000000080.h5 --json >printed.json
    cmp <(grep -v '^!\[' card.md | cat -s) <(cat -s printed.md) || fail 'not the same Markdown on standard output'
    cmp <(grep -v '"sheet"' card.json | tr -d ,) <(tr -d , <printed.json) || fail 'not the same JSON on standard output'
    ! grep -q "$(uname -n)\|$PWD" card.md card.json || fail 'names of hosts or paths'
}
case_what_was_measured_on_another() {
    made first
    card none first card.json card.md 4 # of 80 and 40 thousand images, two metrics each
    card all first card.json card.md checkpoint-000000120.h5
    made first/checkpoint-000000040.h5 --quick
    card all first card.json card.md checkpoint-000000040.h5
    cp -r first renamed && mv renamed/checkpoint-000000040.h5 renamed/checkpoint-000000041.h5 # not the file that the scores name
    made renamed/checkpoint-000000041.h5 --quick
    card none first card.json card.md 4
}
case_old_runs_and_files() {
    mkdir old && tar xz -C old -f "$here/../golden/old_runs.tar.gz" ./lenet ./ae
    for run in lenet ae; do
        made "old/$run"
        card old "old/$run" card.json card.md
    done
    quietly "$GANTRY" export first net.pkl
    made net.pkl
    card file net.pkl card.json card.md
    mv net.pkl first # whose network it is nobody knows
    made first/net.pkl
    card file first/net.pkl card.json card.md
    rm first/net.pkl
    expect 1 'no checkpoint' "$GANTRY" card old
    expect 2 'is needed' "$GANTRY" card
}
case_data_that_are_others_now() {
    helper folder pics 24 16 16 3 classes
    quietly "$GANTRY" train --data=pics --cond $nets --batch=8 --mbstd=2 --kimg=0.008 --run=of_pics --threads=1 --grid=2x2
    json of_pics
    # shellcheck disable=SC2046 # words of the line that the card gives
    quietly "$GANTRY" generate of_pics/$("$GANTRY" card of_pics --quick | sed -n 's/^    gantry generate //p')
    card data card.json "$("$GANTRY" hash pics | cut -d' ' -f1)"
    mv pics moved
    json of_pics && has_line 'no hash of the data' said && card no_data card.json 'the data cannot be opened at the path in the run'
    json of_pics --data=moved && card data card.json "$("$GANTRY" hash moved | cut -d' ' -f1)"
    quietly "$GANTRY" dataset moved pics.zip # the same pictures in other files
    json of_pics --data=pics.zip && card data card.json "$("$GANTRY" hash moved | cut -d' ' -f1)"
    cp moved/img0003.png moved/img0004.png
    json of_pics --data=moved && card no_data card.json 'other data are there now'
    json of_pics --quick && card no_data card.json 'not read (--quick)'
    expect 1 none "$GANTRY" card of_pics --data=none
}
case_names() {
    local odd=$'a "b\\" \': - #|`*x_ <b>\n\xff\xe2\x80\xa8\x7f\xc2\x85 {n}: \xf0\x9f\x98\x80'
    cp -r first "$odd"
    sed -i 's/"recipe": "/&`|<b>\\u2028\\n\\u0007---  /' "$odd"/metric-*.jsonl
    local given=$'- no: "a\\b" \'#|`*x_ <b>{n}: \xf0\x9f\x98\x80'
    made "$odd/checkpoint-000000080.h5" --quick --license="$given" --dataset="$given"
    card names card.json card.md "$odd" "$given"
    made first --quick --name=' yes'
    card names card.json card.md ' yes'
}
case_what_others_left() {
    local hash of
    hash=$("$GANTRY" hash first | cut -d' ' -f1)
    cp -r first audited
    for of in first/checkpoint-*.h5; do "$GANTRY" hash "$of"; done | sed 's/ .*//; s/.*/"&"/' | paste -sd, >hashes
    note() { printf '{"line": "%s", "hashes": [%s]}' "$1" "$2" >audited/audit.json; }
    note '3 of 4 stretches were computed again' "$(cat hashes)"
    made audited --quick && card audited card.json card.md '3 of 4 stretches were computed again'
    # its text is text: no Markdown, no link, one line, not without end
    note "**no** forgery <b> \`\`\` https://a.b\\n\\n## Scores\\u001b[2J $(printf '%5000s' | tr ' ' x)" "$(cat hashes)"
    made audited --quick && card literal card.json card.md
    # of the run as it was: a checkpoint has another's place now, or the run has gone on
    note '3 of 4 stretches were computed again' "$(cut -d, -f2- hashes)"
    for of in 000000120 000000040; do
        made audited/checkpoint-$of.h5 --quick && card audited card.json card.md ''
        has_line 'Not audited: audit.json is of other checkpoints than those that the run has now' card.md || fail 'no word of the dropped note'
    done
    for bad in '' '{"line": 3, "hashes": 4}' '{"line": "x", "hashes": [null, {}]}'; do
        printf '%s' "$bad" >audited/audit.json
        json audited --quick && has_line '^  "audit": null' card.json || fail "an audit: $bad"
    done
    sed -i "s/$hash/g1:00000000000000000000000000000000/" audited/starts.jsonl
    expect 0 'was changed after the run' "$GANTRY" card audited --quick
    has_line 'The record of the run has another hash' said || fail 'a changed file is not told'
    printf 'rubbish\n{"event": "start", "facts": [1]}\n' >audited/starts.jsonl
    printf '{"results": [], "snapshot_pkl": 3}\n[]\nrubbish\n' >audited/metric-x.jsonl
    head -c 300 first/stats.jsonl >audited/stats.jsonl
    made audited --quick && card old audited card.json card.md
}
case_files_that_stay() {
    printf 'mine\n' >mine.md
    expect 2 'mine.md. already exists' "$GANTRY" card first --quick --out=mine.md
    quietly "$GANTRY" card first --quick --out=mine.md --overwrite
    expect 2 'ends in .md or .json' "$GANTRY" card first --quick --out=mine.txt
    [ ! -w /dev/full ] || expect 1 'No space' bash -c '"$GANTRY" card first --quick >/dev/full'
}
run_cases
