#!/bin/bash
# level: full
# gantry audit finds each forgery: always if all is computed again, and if one interval is drawn, exactly when it or the way to it is false. True runs have no
# difference. docs/audit/check.py, which shares nothing with the program, finds what needs no training. AUDIT_SEEDS: how many draws; AUDIT_ALL: for each forgery.
. "$(dirname "$0")/lib.sh"
need_python
export GANTRY BUILD PYTHONDONTWRITEBYTECODE=1
forge() { warm "$here/audit.py" "$@" >forger 2>&1 || { tail -5 forger; fail "audit.py $*"; }; }
check() { # STATUS 'pattern' RUN [DATA]: without the program
    warm "$here/audit.py" check "${@:3}" >said 2>&1
    [ $? = "$1" ] && grep -qE -- "$2" said || { cat said; fail "not status $1 and '$2': check.py ${*:3}"; }
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
    warm "$here/audit.py" drawn 300 >drawn || fail 'audit.py drawn'
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
    expect 1 'the checkpoint has another state than the link of this step' "$GANTRY" audit beside --segments=1
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
    expect 0 '^6 checkpoints, 6 links, data' "$python" "$here/../../docs/audit/check.py" true true.npz # as users start it
    expect 0 '1024 of 6144 images .* unseen with probability 0\.834, at the worst place 0\.834' "$GANTRY" audit true --segments=1
    GT_ISA=avx2 train 2 ranks --seed=3
    expect 0 '100.0 %' "$GANTRY" audit ranks --all
    # shellcheck disable=SC2086
    background "$GANTRY" train $job --run=killed --seed=3 --kimg=1000000
    wait_until 180 has_line '"event":"checkpoint"' killed/starts.jsonl
    wait_until 180 test -e killed/last # it is made after the line
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
# What a run has begun with, and what it went back from.
case_the_beginning() {
    # another network at the first step, before the chain; then as if the run had begun so
    forge forge_planted planted
    check 3 'the chain begins at 16 images' planted true.npz
    expect 3 'head at .*: [0-9a-f]{64}, of a chain that does not begin with the run' "$GANTRY" audit planted --all --note
    expect 3 'probability [0-9.]+' "$GANTRY" audit planted --all && ! grep -oE 'probability [0-9.]+|probabilities [0-9. and]+' said | grep -v ' 1\.000' || { cat said; fail 'a probability below 1'; }
    grep -q 'the network, is not proven' planted/audit.json || fail 'the note says nothing'
    expect 0 'the network, is not proven' "$GANTRY" card planted --quick
    expect 3 'the network is not proven' "$GANTRY" audit planted --head
    forge forge_planted_at_0 planted_at_0
    check 0 '2 links' planted_at_0 true.npz # that shows by training alone
    expect 1 'the state with which the run begins, made again from recipe and seed, is' "$GANTRY" audit planted_at_0 --segments=1
    # a run of an older program, its first checkpoint kept
    mkdir old && tar xz -C old -f "$here/../golden/old_runs.tar.gz" ./mlp
    rm old/mlp/end.h5 old/mlp/hash
    quietly "$GANTRY" train --run=old/mlp --steps=8 --threads=1 --grid=2x2
    check 3 '2 checkpoints, 0 links; head' old/mlp
    expect 3 'the chain of old/mlp begins at 320 images and not with the run' "$GANTRY" audit old/mlp --all
    forge forge_rollback back
    check 3 'the run went back' back true.npz
    expect 1 "says that the run went back from 3072 images because of 'divergence': computed again, the run has no such trouble" "$GANTRY" audit back --all
    expect 3 'only --all computes again whether it had to' "$GANTRY" audit back --segments=1
}
# Lines in places where a run has none.
case_odd_lines() {
    local what
    while IFS='|' read -r what says; do
        forge "forge_$what" odd
        expect 1 "$says" "$GANTRY" audit odd --segments=1
        [ "$what" = row ] || [ "$what" = size ] || check 1 'line [0-9]+ of the ledger' odd true.npz
        rm -r odd
    done <<'E'
at_0|the checkpoint has another state than the link of this step
start_before|no start before it begins such a chain|the start before it|random
end|the start does not name the checkpoint that it goes on from
lengths|a length that the chain does not have here
row|'kimg = 99', which is of no recipe
size|another size, or other labels, than the data have
E
}
# The end of a ledger, which no line follows.
case_the_last_lines() {
    local what
    for what in torn garbage blank unnumbered; do
        forge spoil_$what spoilt
        check 1 'not whole|no line covers' spoilt
        expect 1 'starts.jsonl:17: damaged: ' "$GANTRY" audit spoilt --segments=1
        rm -r spoilt
    done
    forge spoil_end spoilt && check 1 'line 16 of the ledger was changed' spoilt
    expect 1 'starts.jsonl:16: its `self` is not' "$GANTRY" audit spoilt --segments=1
    rm -r spoilt && forge spoil_end_hash spoilt
    expect 1 'line 16 of the ledger \(the end of the run\) says g1:0000' "$GANTRY" audit spoilt --segments=1
    rm -r spoilt
}
# A run in pieces has the head of the run in one piece, where the learning rate depends on its length, too; with another length it is another run.
case_pieces() {
    local schedule
    for schedule in constant cosine; do
        rm -rf pieces one_piece && train 1 one_piece --seed=3 --schedule=$schedule
        for ((i = 1; i <= 9; i++)); do # each stops after a step
            # shellcheck disable=SC2086
            expect 75 '' "$GANTRY" train $job --run=pieces --seed=3 --schedule=$schedule --max-time=0
        done
        train 1 pieces --seed=3 --schedule=$schedule
        [ "$(grep -c '"event":"start"' pieces/starts.jsonl)" = 10 ] || fail "it was not in ten pieces"
        [ "$("$GANTRY" audit pieces --head)" = "$("$GANTRY" audit one_piece --head)" ] || fail "$schedule: another head"
        expect 0 'starts: 10; length of the run: 6.144 kimg; rollbacks: none' "$GANTRY" audit pieces --all
        check 0 ' 6 links' pieces true.npz
    done
    train 1 longer --seed=3 --schedule=cosine --kimg=3.072
    train 1 longer --seed=3 --schedule=cosine
    [ "$("$GANTRY" audit longer --head)" != "$("$GANTRY" audit one_piece --head)" ] || fail 'the length is not in the head'
    expect 0 'length of the run: 3.072 kimg, 6.144 kimg' "$GANTRY" audit longer --all
    check 0 ' 6 links' longer true.npz
    mv true true_for_now && cp -r one_piece true && forge spoil_total lengthened && rm -r true && mv true_for_now true
    expect 1 'the length of the run in the chain is not that of the start' "$GANTRY" audit lengthened --segments=1
}
case_transfer() {
    local source
    train 1 tuned --seed=9 --kimg=2.048 --resume=other
    source=$("$GANTRY" hash --sha256 other | grep -oE '[0-9a-f]{64}')
    expect 0 "The run began with other networks \(SHA-256 $source\): the chain is as good as the source's own" "$GANTRY" audit tuned --all --note
    grep -q "$source" tuned/audit.json || fail 'the note does not name the source'
    check 0 '2 links' tuned true.npz
    cp -r tuned sourceless && sed -i '/^resume = /d' sourceless/job.ini
    expect 3 "whose contents have the SHA-256 $source, and job.ini names no place of theirs" "$GANTRY" audit sourceless --segments=1
    # a start that goes on says otherwise, and nothing is forged
    train 1 going_on --seed=3 --kimg=1.024 && train 1 going_on --seed=3 --kimg=2.048 --resume=other
    expect 0 '100.0 %' "$GANTRY" audit going_on --all
    cp -r tuned exchanged && sed -i 's/^resume = .*/resume = true/' exchanged/job.ini
    expect 3 'another file is there now' "$GANTRY" audit exchanged --all
    sed -i 's/^resume = .*/resume = nowhere/' exchanged/job.ini
    expect 3 'nowhere' "$GANTRY" audit exchanged --all
}
# Ledgers that no run writes: an error, no hang, and no more memory than they have.
case_hostile_ledgers() {
    local what before
    for what in rollbacks cycle large deep lines device; do
        rm -rf hostile && cp -r true hostile
        warm - "$what" <<'P' || fail "$what"
import hashlib, json, os, sys
path = 'hostile/starts.jsonl'
with open(path) as f: lines = f.read().splitlines()
last, what = json.loads(lines[-1]), sys.argv[1]
def more(*texts):
    with open(path, 'a') as f: f.writelines(t + '\n' for t in texts)
if what == 'rollbacks':
    text = lines[-1]
    for number in range(len(lines) + 1, 100000):
        text = json.dumps(dict(event='rollback', time=1, line=number, before=hashlib.sha256(text.encode()).hexdigest(), step=9, images=9,
                               to_step=1, to_images=1, message='x'))
        lines.append(text)
    with open(path, 'w') as f: f.writelines(t + '\n' for t in lines)
if what == 'cycle': # a line that covers the line behind it
    more(json.dumps(dict(event='start', line=17, before=json.loads(lines[3])['before'], step=0, images=0, **{'from': 17})))
if what == 'large': more(json.dumps(dict(last, line=2**63, images=10**30)))
if what == 'deep': more('[' * 1000000)
if what == 'lines': more(*[''] * 1100000)
if what == 'device': os.remove(path); os.symlink('/dev/zero', path)
P
        expect 1 '^error: gantry audit: .*hostile' timeout 60 bash -c "ulimit -v 4000000; \"$GANTRY\" audit hostile --segments=1"
    done
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
# What a file says beside its tensors (audit_files.py): all that a reader takes from it counts, and what does not is named.
case_what_a_file_says() {
    local of what run
    quietly "$GANTRY" export true net.safetensors
    quietly "$GANTRY" export true net.npz
    # shellcheck disable=SC2086,SC2154
    quietly "$GANTRY" train $small --steps=1 --threads=1 --grid=2x2 --run=small
    quietly "$GANTRY" export small net.pkl
    for of in true/checkpoint-000003072.h5 net.safetensors net.npz net.pkl; do warm "$here/audit_files.py" $of files || fail "audit_files.py $of"; done
    cp -r true gone && rm gone/checkpoint-000003072.h5 # is computed again
    said() { # WHAT 'pattern'
        expect 1 "is not what '$run' gives at [0-9]+ images: all tensors are equal, but not what it says beside them: its $2" "$GANTRY" audit files/$1 --run=$run
    }
    for run in true gone; do
        said activation.h5 'recipe has activation = tanh, and the run has activation = relu'
        for what in 'rate recipe has lrate = 0\.00100000000001,' "job attribute 'job' has activation = tanh" "model model is 'vgg'" "arithmetic arithmetic is 'fma-8'" \
            'fingerprint fingerprint of the data' 'pictures /data/pictures' 'range /data/range' 'classes /data/class_names' "names attribute 'class_names'" \
            'head /chain' 'chainless /chain'; do
            said ${what%% *}.h5 "${what#* }"
        done
        for what in note rewritten; do
            expect 0 'all tensors are equal, and what this program reads' "$GANTRY" audit files/$what.h5 --run=$run
            has_line '^not compared: descriptions and further attributes' said || fail 'no word of what was not compared'
        done
    done
    run=true
    for of in safetensors npz; do said recipe.$of 'recipe has activation = tanh'; done
    for what in 'author.safetensors .author.' 'behind.npz 8 bytes behind its end' "member.npz member 'read.me'"; do
        expect 0 "^what differs, and is not read: ${what#* }\$" "$GANTRY" audit "files/${what%% *}" --run=true
    done
    expect 0 '^what differs, and is not read: 8 bytes behind its end$' "$GANTRY" audit files/behind.pkl --run=small
    expect 3 "has all tensors and the recipe that 'small' gives at [0-9]+ images, but: other programs take from it what differs .*source" "$GANTRY" audit files/program.pkl --run=small
    quietly "$GANTRY" export true/checkpoint-000002048.h5 alone.h5 # for use alone: without a state
    expect 0 'gives at 2.048 kimg: .* the same bytes' "$GANTRY" audit alone.h5 --run=true
    # in the folder of a run, with all hashes made again
    for what in "attribute attribute 'job' has activation = tanh" 'range /data has another range of the samples than the data'; do
        forge forge_said_${what%% *} forged
        expect 1 "forged/checkpoint-000003072.h5: its ${what#* }" "$GANTRY" audit forged --segments=1
        rm -r forged
    done
}
# The job, `best`, `last` and the hashes of samples are the run's; the rest is named.
case_the_rest_of_the_folder() {
    local other=checkpoint-000006144.h5 key
    cp -r true full && ln -s checkpoint-000003072.h5 full/best && rm full/last && cp full/$other full/last
    cp other/$other full/checkpoint-6144.h5 && mkdir full/more && quietly "$GANTRY" export other full/network-snapshot-000006144.npz
    expect 0 '^not checked: checkpoint-6144.h5, more, network-snapshot-000006144.npz; logs, scores, charts and pictures$' "$GANTRY" audit full --segments=1
    for key in last best; do
        rm -f full/$key && ln -s ../other/$other full/$key
        expect 1 "full/$key is not a checkpoint of the run" "$GANTRY" audit full --segments=1
        rm full/$key && cp other/$other full/$key
        expect 1 "full/$key is not a checkpoint of the run" "$GANTRY" audit full --segments=1
        rm full/$key && ln -s checkpoint-000001000.h5 full/$key
        expect 0 "^not checked: .*$key .leads to no file.*; logs" "$GANTRY" audit full --segments=1
        rm full/$key
    done
    for key in 'seed 4' 'lrate 0.5' 'hidden 32' 'activation tanh' 'model lenet'; do
        sed "s/^${key% *} = .*/${key% *} = ${key#* }/" true/job.ini >full/job.ini
        expect 1 "full/job.ini: ${key% *} = ${key#* }, and the recipe of the checkpoints has ${key% *} = " "$GANTRY" audit full --segments=1
    done
    sed 's/^snap = .*/snap = 7/; s/^lrate = .*/lrate = 1e-3/' true/job.ini >full/job.ini
    expect 0 '' "$GANTRY" audit full --segments=1
    mkdir more && mkfifo pipe && : >empty.npz && head -c 3000 true/$other | tail -c +513 >cut.h5 # one message, whatever lies in the place of the data
    for key in gone.npz /dev/zero pipe more empty.npz cut.h5 job.ini; do
        sed "s|true.npz|$key|" true/job.ini >full/job.ini
        expect 3 "cannot be computed again here, without its data .*'$key'" "$GANTRY" audit full --segments=1
        expect 3 "cannot be computed again here, without its data .*'$key'" "$GANTRY" audit true --segments=1 --data=$key
    done
    cp true/job.ini full && printf x | dd of=full/data.sha256 bs=1 seek=40 conv=notrunc status=none
    expect 1 'full/data.sha256: these are not the hashes' "$GANTRY" audit full --segments=1
}
case_pictures() {
    helper folder set 24 8 8 1
    head -c 60 set/img0003.png >cut && mv cut set/img0003.png
    quietly "$GANTRY" train --data=set --on-error=skip --model=vae --batch=8 --widths=0.1 --kimg=0.064 --threads=1 --grid=2x2 --run=skips
    expect 0 '^pictures that could not be read, and were replaced by others .--on-error=skip.: 3$' "$GANTRY" audit skips --all
    quietly "$GANTRY" generate skips --seeds=0-1 --outdir=out
    expect 0 "^'out' .2 pictures. is what 'skips' gives" "$GANTRY" audit out --run=skips
    cp out/seed0001.png out/fake.png && cp out/seed0001.png out/seed00001.png
    for n in 1 2; do
        expect 3 '^not checked: fake.png, seed00001.png$' ranks $n "$GANTRY" audit out --run=skips
        has_line "not all of 'out' was checked" said && has_line "^'out' .2 pictures. is what" said || fail 'what was checked'
    done
}
run_cases
