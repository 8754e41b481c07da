#!/bin/bash
# level: full
# gantry card --format=in-toto: a statement of what the ledger says, in the forms of in-toto and SLSA, signed so that OpenSSL checks it; gantry audit --key finds
# what is not signed, other networks and another run, and goes on to the run. Pictures of a run's networks are followed to the run as well.
. "$(dirname "$0")/lib.sh"
need openssl 'keys and signatures (Debian: openssl)'
job="--model=dcgan --data=synth:shapes:n=32,size=16 --batch=16 --kimg=2.048 --tick=0.512 --snap=1 --keep=99 --cbase=64 --cmax=8 --z-dim=8 --threads=1 --grid=2x2"
train 1 run
train 1 other --seed=5
openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null || skip 'this openssl knows no Ed25519'
openssl pkey -in key.pem -pubout -out pub.pem
openssl genpkey -algorithm ed25519 -out second.pem && openssl pkey -in second.pem -pubout -out second-pub.pem
chmod 600 key.pem second.pem
quietly "$GANTRY" export run run/network-snapshot-000002048.safetensors
quietly "$GANTRY" card run --format=in-toto --out=plain.json
quietly "$GANTRY" card run --format=in-toto --sign=key.pem --out=signed.json
statement() { warm "$here/statement.py" "$@" || fail "statement.py $*"; }

case_what_it_says() {
    statement says plain.json run "$("$GANTRY" audit run --head | cut -d' ' -f1)" "$("$GANTRY" hash --sha256 synth:shapes:n=32,size=16 2>/dev/null | cut -d' ' -f1)"
    ! grep -qF -e "$PWD" -e "on $(uname -n)" -e "$HOME" plain.json || fail 'a path or a host'
    "$GANTRY" card run --format=in-toto >again.json && cmp plain.json again.json || fail 'not the same twice'
    quietly "$GANTRY" card run/last --format=in-toto --out=last.json
    statement subjects last.json checkpoint-000002048.h5
}
case_openssl_checks_it() {
    statement taken_apart signed.json plain.json # into pae.bin, sig.bin
    openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in pae.bin -sigfile sig.bin >said 2>&1 || { cat said; fail 'OpenSSL refuses the signature'; }
    openssl pkeyutl -verify -pubin -inkey second-pub.pem -rawin -in pae.bin -sigfile sig.bin >said 2>&1 && fail 'OpenSSL accepts another key'
    [ "$(statement keyid signed.json)" = "$(openssl pkey -pubin -in pub.pem -outform DER | sha256sum | cut -d' ' -f1)" ] || fail 'the id of the key'
}
case_audit() {
    expect 3 'only the signature was checked' "$GANTRY" audit signed.json --key=pub.pem
    has_line '^signed.json is signed by the key in pub.pem (SHA-256 [0-9a-f]*)$' said || { cat said; fail 'the key is not named'; }
    expect 0 "^'run/checkpoint-000001024.h5' is 'checkpoint-000001024.h5' of the statement$" "$GANTRY" audit signed.json --key=pub.pem --network=run/checkpoint-000001024.h5
    for n in 1 2; do
        expect 0 '^head at 2.048 kimg: [0-9a-f]{64}$' ranks $n "$GANTRY" audit signed.json --key=pub.pem --network=run
        has_line "^'run' has the head and the data of the statement, at 2.048 kimg$" said && has_line "^the run 'run':$" said || { cat said; fail 'the run is not followed'; }
    done
    expect 1 "the statement is of none of these networks: 'other/checkpoint-000002048.h5'" "$GANTRY" audit signed.json --key=pub.pem --network=other/checkpoint-000002048.h5
    mkdir mixed && cp run/checkpoint-000001024.h5 other/checkpoint-000000512.h5 mixed
    expect 3 "the statement is not of all networks here: 'mixed/checkpoint-000000512.h5'" "$GANTRY" audit signed.json --key=pub.pem --network=mixed
    cp -r run changed && cp changed/starts.jsonl ledger && sed 's/"root":"./"root":"g/' ledger >changed/starts.jsonl
    expect 1 "'changed' has other data than the statement names" "$GANTRY" audit signed.json --key=pub.pem --network=changed
    cp other/starts.jsonl changed
    expect 1 "'changed' is not the run of the statement" "$GANTRY" audit signed.json --key=pub.pem --network=changed
    rm changed/checkpoint-000000512.h5 && cp ledger changed/starts.jsonl
    expect 0 "also of networks that are not here: 'checkpoint-000000512.h5'" "$GANTRY" audit signed.json --key=pub.pem --network=changed
}
# What lies in the folder of a run and is not the run's is not signed; what somebody has signed all the same is made again.
case_foreign_networks() {
    cp -r run mine
    sign=(--format=in-toto --sign=key.pem --out=mine.json --overwrite)
    train 1 third --seed=7
    no() { printf "'mine/%s' is not what gantry export makes of a kept checkpoint that the ledger of 'mine' names: nothing is said of it" "$1"; }
    unsigned() { expect 0 "$(no "$1")" "$GANTRY" card mine "${sign[@]}" && statement lacks mine.json "$1"; }
    cp third/checkpoint-000001024.h5 mine/network-snapshot-000001024.h5 # of another seed, with the same recipe
    unsigned network-snapshot-000001024.h5
    expect 1 "$(no network-snapshot-000001024.h5)" "$GANTRY" card mine/network-snapshot-000001024.h5 "${sign[@]}"
    mv mine/network-snapshot-000001024.h5 mine/best.h5
    expect 1 "$(no best.h5)" "$GANTRY" card mine/best.h5 "${sign[@]}"
    cp mine/checkpoint-000001024.h5 mine/best.h5 && quietly "$GANTRY" card mine/best.h5 "${sign[@]}"
    rm mine/best.h5 && ln -s ../third/checkpoint-000001024.h5 mine/network-snapshot-000001024.h5
    expect 1 "'mine/network-snapshot-000001024.h5' does not lie in 'mine', but leads to another folder" "$GANTRY" card mine "${sign[@]}"
    rm mine/network-snapshot-000001024.h5
    quietly "$GANTRY" export mine/checkpoint-000001024.h5 mine/network-snapshot-000001024.h5
    quietly "$GANTRY" card mine "${sign[@]}"
    expect 0 "^'mine/network-snapshot-000001024.h5' is what 'mine' gives at 1.024 kimg" "$GANTRY" audit mine.json --key=pub.pem --network=mine --segments=1
    quietly "$GANTRY" export mine/checkpoint-000001024.h5 mine/of-any-name.npz
    quietly "$GANTRY" card mine/of-any-name.npz "${sign[@]}"
    quietly "$GANTRY" export third/checkpoint-000001024.h5 mine/of-any-name.npz --overwrite
    expect 1 "$(no of-any-name.npz)" "$GANTRY" card mine/of-any-name.npz "${sign[@]}"
    rm mine/of-any-name.npz
    for form in npz safetensors; do
        quietly "$GANTRY" export third/checkpoint-000001024.h5 mine/network-snapshot-000001024.$form --overwrite
        unsigned network-snapshot-000001024.$form
        quietly "$GANTRY" export mine/checkpoint-000001024.h5 mine/network-snapshot-000001024.$form --overwrite
    done
    quietly "$GANTRY" card mine "${sign[@]}"
    statement subjects mine.json checkpoint-00000{0512,1024,1536,2048}.h5 network-snapshot-000001024.{h5,npz,safetensors} network-snapshot-000002048.safetensors
    before=$(sha256sum mine/network-snapshot-000001024.safetensors | cut -d' ' -f1)
    quietly "$GANTRY" export third/checkpoint-000001024.h5 mine/network-snapshot-000001024.safetensors --overwrite
    statement with_subject mine.json "$before" mine/network-snapshot-000001024.safetensors key.pem
    expect 1 "'mine/network-snapshot-000001024.safetensors' is not what 'mine' gives at 1024 images" "$GANTRY" audit mine.json --key=pub.pem --network=mine
}
# What of a folder was not compared is said, and is not right.
case_audit_of_folders() {
    audit() { expect "$1" "$2" "$GANTRY" audit signed.json --key=pub.pem --network="$3"; }
    mkdir none metrics npz below cut only
    audit 3 'no network here was compared' none
    cp run/metrics.h5 metrics
    audit 3 'no network here was compared' metrics
    for folder in npz below cut; do cp run/checkpoint-000001024.h5 $folder; done
    quietly "$GANTRY" export other npz/other.npz
    audit 3 "the statement is not of all networks here: 'npz/other.npz'" npz
    mkdir -p below/a/b && cp other/checkpoint-000001024.h5 below/a/b && ln -s .. below/a/up
    audit 3 "the statement is not of all networks here: 'below/a/b/checkpoint-000001024.h5'" below
    head -c 3000 run/checkpoint-000000512.h5 >cut/checkpoint-000000512.h5
    audit 3 "cannot be opened, and was not compared: 'cut/checkpoint-000000512.h5'" cut
    ! has_line 'no picture' said || { cat said; fail 'words of pictures'; }
    cp cut/checkpoint-000000512.h5 only
    cp -r run no-job && rm no-job/job.ini && cp -r run no-ledger && rm no-ledger/starts.jsonl
    audit 1 "'no-job' is not the folder of a run: there is no job.ini" no-job
    audit 1 "'no-ledger' is not the run of the statement" no-ledger
    audit 3 "'only/checkpoint-000000512.h5'; also: no network here was compared" only
}
# Statement, key and network are opened once.
case_read_once() {
    command -v strace >/dev/null || skip 'no strace'
    quietly strace -ff -qq -o calls -e signal=none -e trace=open,openat "$GANTRY" audit signed.json --key=pub.pem --network=run/checkpoint-000001024.h5
    for file in signed.json pub.pem run/checkpoint-000001024.h5; do
        [ "$(cat calls.* | grep -cF "\"$file\"")" = 1 ] || { grep -hF "\"$file\"" calls.*; fail "$file is opened several times"; }
    done
}
case_not_signed() {
    expect 1 "is not signed by the key in 'second-pub.pem', or was changed" "$GANTRY" audit signed.json --key=second-pub.pem --network=run
    statement damage signed.json # into bad-*.json
    [ "$(ls bad-*.json | wc -l)" = 14 ] || fail 'damages'
    for file in bad-*.json plain.json pub.pem; do
        (ulimit -v 4000000 && exec timeout 60 "$GANTRY" audit $file --key=pub.pem --network=run/last) >said 2>&1
        [ $? = 1 ] && has_line "'$file'" said && ! has_line 'is signed by' said || { cat said; fail "$file passes"; }
    done
    expect 1 'or was changed' "$GANTRY" audit bad-sig.json --key=pub.pem
}
case_keys() {
    chmod 640 second.pem
    expect 1 "'second.pem' is a private key, and others than its owner may open it: chmod 600" "$GANTRY" card run --format=in-toto --sign=second.pem
    openssl genpkey -algorithm rsa -out rsa.pem 2>/dev/null && openssl pkey -in rsa.pem -pubout -out rsa-pub.pem
    openssl pkey -in key.pem -aes256 -passout pass:secret -out locked.pem && chmod 600 rsa.pem locked.pem
    expect 1 "'rsa.pem' has a key of type RSA, and Ed25519 is needed" "$GANTRY" card run --format=in-toto --sign=rsa.pem
    expect 1 "'rsa-pub.pem' has a key of type RSA, and Ed25519 is needed" "$GANTRY" audit signed.json --key=rsa-pub.pem
    expect 1 "'locked.pem' has a passphrase, which is not asked for" "$GANTRY" card run --format=in-toto --sign=locked.pem
    expect 1 "'pub.pem' has no private key in PEM" sh -c 'chmod 600 pub.pem && exec "$0" card run --format=in-toto --sign=pub.pem' "$GANTRY"
    expect 1 "'key.pem' is a private key, and --key wants the public one" "$GANTRY" audit signed.json --key=key.pem
    expect 1 'none.pem' "$GANTRY" card run --format=in-toto --sign=none.pem
    expect 1 'none.pem' "$GANTRY" audit signed.json --key=none.pem
    # Keys with which anybody can sign.
    statement weak signed.json
    [ "$(ls weak-*.pem | wc -l)" = 8 ] || fail 'weak keys'
    for file in weak-*.pem; do expect 1 "'$file' has a public key that belongs to no private one" "$GANTRY" audit weak.json --key=$file; done
    head -c 60 key.pem >torn.pem && chmod 600 torn.pem
    expect 1 "'torn.pem' has no private key in PEM" "$GANTRY" card run --format=in-toto --sign=torn.pem
    openssl genpkey -algorithm ed448 -out ed448.pem && chmod 600 ed448.pem
    expect 1 'has a key of type ED448' "$GANTRY" card run --format=in-toto --sign=ed448.pem
}
case_usage() {
    expect 2 '--sign' "$GANTRY" card run --quick --sign=key.pem
    expect 2 'a statement is JSON' "$GANTRY" card run --format=in-toto --out=x.md
    expect 2 "'run' is a folder: --key checks a signed statement" "$GANTRY" audit run --key=pub.pem
    expect 2 '--key is for one signed statement' "$GANTRY" audit signed.json plain.json --key=pub.pem
    cp run/checkpoint-000002048.h5 alone.h5
    expect 1 'does not lie in the folder of a run' "$GANTRY" card alone.h5 --format=in-toto
    cp -r run forged && cp other/checkpoint-000001024.h5 forged
    expect 1 "'forged/checkpoint-000001024.h5' is not the checkpoint that the ledger of 'forged' names" "$GANTRY" card forged --format=in-toto
    cp -r run torn && sed -i 3d torn/starts.jsonl
    expect 1 'torn/starts.jsonl' "$GANTRY" card torn --format=in-toto
}
# A picture, its network, the run and the data in one report.
case_pictures_and_their_run() {
    quietly "$GANTRY" generate run --seeds=0-2 --outdir=made --threads=1
    quietly "$GANTRY" generate run/network-snapshot-000002048.safetensors --seeds=0 --outdir=of-export --threads=1
    for n in 1 2; do
        expect 0 '^head at 2.048 kimg: [0-9a-f]{64}$' ranks $n "$GANTRY" audit made/*.png --network=run --note
        [ "$(grep -c '^made/.* is what ' said)" = 3 ] && has_line '^whole: .*, the data$' said || { cat said; fail 'not one report'; }
    done
    has_line '3 pictures are what the record says, made by a network of the run' run/audit.json || fail 'the note has no pictures'
    expect 0 "^'run/network-snapshot-000002048.safetensors' is what 'run' gives at 2.048 kimg" "$GANTRY" audit of-export/seed0000.png --network=run --segments=1
    expect 0 'made/seed0000.png is what' "$GANTRY" audit made/seed0000.png --network=run/last
    ! has_line '^head at' said || { cat said; fail 'the run of one file'; }
    # a note is not written through a link
    rm run/audit.json && echo mine >victim && ln -s ../victim run/audit.json
    expect 0 "no audit.json for the model card: 'run/audit.json' is a link" "$GANTRY" audit made/seed0000.png --network=run --note
    expect 0 "no audit.json for the model card: 'run/audit.json' is a link" "$GANTRY" audit run --note --segments=1
    [ "$(cat victim)" = mine ] && rm run/audit.json || fail 'a file behind a link was written'
    # a network that somebody has put into the folder of the run
    cp other/checkpoint-000002048.h5 run/better.h5
    quietly "$GANTRY" generate run/better.h5 --seeds=0 --outdir=better --threads=1
    expect 1 "'run/better.h5' is not what" "$GANTRY" audit better/seed0000.png --network=run
    rm run/better.h5
    expect 3 'none of the networks given has' "$GANTRY" audit better/seed0000.png --network=run
    ! has_line '^head at' said || { cat said; fail 'no picture came from the run'; }
    cp -r run lost && sed -i 3d lost/starts.jsonl
    expect 1 'lost/starts.jsonl' "$GANTRY" audit made/seed0000.png --network=lost
    rm lost/starts.jsonl
    expect 3 'lost has no chain of hashes in lost/starts.jsonl' "$GANTRY" audit made/seed0000.png --network=lost
    cp run/starts.jsonl lost && rm lost/job.ini
    expect 1 "'lost' is not the folder of a run: there is no job.ini" "$GANTRY" audit made/seed0000.png --network=lost
    expect 2 '--note: the run that has made the pictures is needed' "$GANTRY" audit made/seed0000.png --network=run/last --note
}
run_cases
