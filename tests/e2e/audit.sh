#!/bin/bash
# level: full
# gantry audit finds each forgery: always if all is computed again, and if one interval is drawn, exactly when it or the way to it is false. True runs have no
# difference. docs/audit/check.py, which shares nothing with the program, finds what needs no training. AUDIT_SEEDS: how many draws; AUDIT_ALL: for each forgery.
. "$(dirname "$0")/lib.sh"
need_python
export GANTRY BUILD PYTHONDONTWRITEBYTECODE=1
forge() { "$python" "$here/audit.py" "$@" >forger 2>&1 || { tail -5 forger; fail "audit.py $*"; }; }
check() { # STATUS 'pattern' RUN [DATA]: without the program
    expect "$1" "$2" "$python" "$here/../../docs/audit/check.py" "${@:3}"
}
forge data true.npz
job='--data=true.npz --model=mlp --hidden=16 --batch=16 --kimg=6.144 --tick=1.024 --snap=1 --keep=99 --threads=1 --grid=2x2'
train 1 true --seed=3
train 1 other --seed=4

# false_in NAME 'IMAGES ...': the intervals that begin with so many images show it when one of them is drawn, and no others. All else fits.
false_in() {
    local data=true.npz begin seed chosen found=0
    forge "forge_$1" "$1"
    [ ! -e "$1.npz" ] || data=$1.npz
    check 0 "^[3-6] checkpoints, 6 links, data; head [0-9a-f]{64}$" "$1" "$data"
    begin=${2%% *}
    expect 1 "computed again from $begin images on, the run has another state|the state with which the run begins is" "$GANTRY" audit "$1" --all
    for seed in "${!choice[@]}"; do
        case " $2 " in *" ${choice[seed]} "*) chosen=1 ;; *) chosen=0 ;; esac
        "$GANTRY" audit "$1" --segments=1 --seed="$seed" >said 2>&1
        [ $? = $chosen ] || { cat said; fail "$1: the interval from ${choice[seed]} images on"; }
        [ $chosen = 0 ] || found=$((found + 1))
    done
    [ "${#choice[@]}" = 0 ] || echo "$1: found by $found of ${#choice[@]} audits of one interval in six"
    rm -r "$1"
}
# Which interval a seed draws, by a program of its own: of a run whose intervals are all false, it is the one that is named.
choices() { # N
    local seed chosen
    "$python" "$here/audit.py" drawn 300 >drawn || fail 'audit.py drawn'
    forge forge_other_seed wrong
    for ((seed = 1; seed <= $1; seed++)); do
        choice[seed]=$(sed -n ${seed}p drawn)
        expect 1 'computed again from [0-9]+ images on|with which the run begins' "$GANTRY" audit wrong --segments=1 --seed=$seed
        chosen=$(sed -n 's/.*computed again from \([0-9]*\) images on.*/\1/p' said)
        [ "${chosen:-0}" = "${choice[seed]}" ] || fail "--seed=$seed draws ${chosen:-0}, not ${choice[seed]}"
    done
}
# found_by_draws 'IMAGES ...' SHARE: of 300 audits that each draw one interval, this share draws one of those that begin so.
found_by_draws() {
    awk -v images=" $1 " -v share="$2" '{ n += index(images, " " $1 " ") > 0 } END { if (NR != 300 || n / NR - share > 0.05 || share - n / NR > 0.05) exit 1 }' drawn ||
        fail "found by another share of 300 audits than $2: $1"
}
choice=()
choices "${AUDIT_SEEDS:-8}"

# Kept at 1024, 5120 and 6144 images: a short stretch is drawn as seldom as its images say, whatever is computed of the long one.
case_short_stretch() {
    [ -n "${AUDIT_ALL-}" ] || unset 'choice[4]' 'choice[5]' 'choice[6]' 'choice[7]' 'choice[8]'
    choice[$(grep -nxm1 5120 drawn | cut -d: -f1)]=5120
    false_in short 5120
    found_by_draws 5120 "$(awk 'BEGIN { print 1 - 0.834 }')"
    false_in link '2048 3072'
    found_by_draws '2048 3072' 0.333
    forge keep_short kept
    expect 0 '(1024|2048|3072|4096) of 6144 images .* unseen with probability 0\.667, at the worst place 0\.834; .*; --segments=1 --seed=1$' "$GANTRY" audit kept --segments=1 --seed=1
    expect 0 '6144 of 6144 images .* 6 of 6 intervals .* unseen with probability 0\.000, at the worst place 0\.000; ' "$GANTRY" audit kept
}
case_one_stretch() {
    false_in rate 3072
    false_in weight '2048 3072'
    false_in picture 1024
    [ -n "${AUDIT_ALL-}" ] || choice=() # then of the others only --all
    false_in label 1024
    false_in seed 3072
    false_in left_out 3072
    false_in shown_twice 3072
    false_in exchanged '2048 3072 4096'
    false_in joined 3072
}
# Where no checkpoint is kept, the links say what the state was, and where one must be.
case_links() {
    forge forge_beside beside
    check 1 'another state than that of the link' beside true.npz
    expect 1 'computed again from 2048 images on, the run has another state at 3072 images' "$GANTRY" audit beside --all
    forge forge_link_removed removed
    check 1 'link is missing' removed true.npz
    expect 1 'link before it is missing' "$GANTRY" audit removed --segments=1
}
# What contradicts itself is found by each audit.
case_contradictions() {
    local what
    for what in line removed weight file picture label joined; do
        forge spoil_$what spoilt
        [ -e spoilt.npz ] && check 1 'spoilt.npz is not what the links cover' spoilt spoilt.npz
        [ -e spoilt.npz ] || check 1 'of the ledger|not in the ledger' spoilt true.npz
        expect 1 '^error: gantry audit: ' "$GANTRY" audit spoilt --segments=1
        rm -rf spoilt spoilt.npz
    done
    quietly "$GANTRY" export other net.safetensors
    expect 1 'is not what' "$GANTRY" audit net.safetensors --run=true
}
# On other ranks and instructions, killed and resumed, a family with more in its state; and what cannot be checked.
case_true_runs() {
    local before
    check 0 '^6 checkpoints, 6 links, data' true true.npz
    expect 0 '1024 of 6144 images .* unseen with probability 0\.834, at the worst place 0\.834' "$GANTRY" audit true --segments=1
    GT_ISA=avx2 train 2 ranks --seed=3
    expect 0 '100.0 %' "$GANTRY" audit ranks --all
    # shellcheck disable=SC2086
    background "$GANTRY" train $job --run=killed --seed=3 --kimg=1000000
    wait_until 180 has_line '"event":"checkpoint"' killed/starts.jsonl
    kill -9 "$pid" && wait "$pid" 2>/dev/null
    before=$(grep -c '"event":"start"' killed/starts.jsonl)
    train 1 killed --kimg=$(($(shown killed) / 1000 + 5))
    [ "$(grep -c '"event":"start"' killed/starts.jsonl)" = $((before + 1)) ] || fail 'it did not resume'
    check 0 'checkpoints, [0-9]+ links, data' killed true.npz
    expect 0 '100.0 %' "$GANTRY" audit killed --all
    # shellcheck disable=SC2086,SC2154
    quietly "$GANTRY" train $small --steps=30 --tick=0.08 --snap=1 --threads=1 --grid=2x2 --run=gan
    check 0 'checkpoints, 0 links' gan
    expect 0 '100.0 %' "$GANTRY" audit gan --all
    mkdir old && tar xz -C old -f "$here/../golden/old_runs.tar.gz" ./mlp
    expect 3 'ledger|chain' "$GANTRY" audit old/mlp
    train 1 summed --reduce=allreduce
    expect 3 'allreduce' "$GANTRY" audit summed
}
# docs/audit: a stretch of it; audit_long.sh has all of it.
case_the_example() {
    local run=$here/../../docs/audit/run
    [ "$(du -bs "$run" | cut -f1)" -lt 2000000 ] || fail 'too large'
    quietly "$GANTRY" dataset synth:shapes:n=4096,size=16,classes=4 shapes.zip
    check 0 '^8 checkpoints, 16 links, data; head ' "$run" shapes.zip
    grep -qF "$(sed -n 's/.*head //p' said)" "$run/../README.md" || fail 'docs/audit/README.md shows another head'
    "$GANTRY" version | grep -q "$(grep -o '"arithmetic":"[^"]*' "$run/starts.jsonl" | head -1 | cut -d'"' -f4)" || lacks 'the arithmetic of docs/audit'
    expect 0 '[12] of 16 intervals between links, and [12] links? met.* unseen with probability 0\.907, at the worst place 0\.938; ' "$GANTRY" audit "$run" --segments=1
}
run_cases
