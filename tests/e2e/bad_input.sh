# level: full
# Bad input: a clear message, the right exit status, nothing lost, no hang; with several ranks one message, and soon.
. "$(dirname "$0")/lib.sh"
need_python
job="$nets --batch=8 --mbstd=2 --steps=2"
begun=$SECONDS
quietly ranks 2 "$GANTRY" version
soon=$((10 + 10 * (SECONDS - begun))) # seconds that a message may take; on a slow or busy machine all takes long
g() { # STATUS PATTERN COMMAND...: soon, and no run's directory is filled
    local s=$1 p=$2 start=$SECONDS
    shift 2
    expect "$s" "$p" "$GANTRY" "$@"
    [ $((SECONDS - start)) -le "$soon" ] || fail "it took more than $soon seconds: $*"
}
# refused PATTERN DATA [options]: as data; one message
refused() { alike 1 "$@"; }
refused_by_all() { alike '1 2' "$@"; } # alone, and on two ranks
alike() {
    local numbers=$1 pattern=$2 data=$3 start
    shift 3
    for n in $numbers; do
        start=$SECONDS
        expect "${status:-1}" "$pattern" ranks $n "$GANTRY" train --data="$data" --run=refused $job "$@"
        [ $((SECONDS - start)) -le "$soon" ] || fail "it took more than $soon seconds: $data"
        [ "$(grep -cE -- "$pattern" said)" = 1 ] || { cat said; fail "$n ranks, more than one message: $data"; }
    done
    [ ! -e refused/job.ini ] || fail "a run was begun with $data"
}
damage() { # FILE OFFSET: one byte becomes another
    local byte
    byte=$(od -An -tu1 -j"$2" -N1 "$1")
    printf "\\$(printf %o $((byte ^ 85)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# what several cases use
s=--data=synth:shapes:n=40,size=16
head -c 5000 /dev/urandom >noise.bin
mkdir nothing
helper folder pics 24 16 16 3 classes
helper hdf5 good.h5 24 16 16 3 classes
quietly "$GANTRY" train $s $job --run=ok

case_no_dataset() {
    refused_by_all 'nowhere\.zip' nowhere.zip
    refused 'nowhere' nowhere/
    refused_by_all 'nowhere\.h5' nowhere.h5
    for kind in zip h5; do : >empty.$kind && refused_by_all "empty\.$kind" empty.$kind; done
    refused_by_all 'nothing.*(no|zero|0) ' nothing
    refused_by_all 'noise\.bin' noise.bin
    for kind in zip h5; do cp noise.bin noise.$kind && refused "noise\.$kind" noise.$kind; done
    status=2 refused_by_all 'synth:shape.*shapes' synth:shape
    status=2 refused 'siz.*size' synth:shapes:siz=16
    status=2 refused 'size' synth:shapes:size=-1
    g 2 '--data is required' train --run=refused
}

case_zip() {
    helper archive good.zip pics deflated
    helper archive stored.zip pics stored
    for bytes in 10 1000 "$(($(stat -c %s good.zip) - 30))"; do head -c "$bytes" good.zip >cut.zip && refused 'cut\.zip' cut.zip; done
    cp stored.zip flipped.zip && damage flipped.zip 900 # within the pixels of some picture: found when it is read, by its CRC
    expect 1 'flipped\.zip.*img[0-9]+\.png' "$GANTRY" train --data=flipped.zip --run=flipped1 $job --steps=9
    expect 1 'flipped\.zip.*img[0-9]+\.png' ranks 3 "$GANTRY" train --data=flipped.zip --run=flipped3 $job --steps=9
    [ "$(grep -c 'img[0-9]*\.png' said)" = 1 ] || { cat said; fail 'more than one message about a damaged picture'; }
    mkdir text && echo hello >text/a.txt && helper archive text.zip text stored && refused_by_all 'text\.zip.*(no|zero|0) ' text.zip
}

odd() { # PATTERN H W C DEPTH: as img0013.png in a folder and in a ZIP
    rm -rf odd && cp -r pics odd
    helper one odd/img0013.png "$2" "$3" "$4" "$5"
    refused_by_all "img0013\.png.*$1" odd
    helper archive odd.zip odd stored
    refused "odd\.zip.*img0013\.png.*$1" odd.zip
}

# pictures that do not belong there: named
case_pictures_of_another_kind() {
    odd '32' 32 32 3 8
    odd '12' 16 12 3 8
    odd 'grey|1 channel' 16 16 1 8
    odd 'alpha|4 channels|RGBA' 16 16 4 8
    odd '16.bit|bits' 16 16 3 16
    rm -rf odd && cp -r pics odd && head -c 200 pics/img0003.png >odd/img0003.png
    expect 1 'img0003\.png' "$GANTRY" train --data=odd --run=shortpng $job --steps=9
    rm -rf odd && cp -r pics odd && damage odd/img0003.png 60
    expect 1 'img0003\.png' ranks 2 "$GANTRY" train --data=odd --run=badpng $job --steps=9
    : >odd/img0003.png && refused_by_all 'img0003\.png' odd
    helper folder huge 4 18 18 3 && status=2 refused_by_all 'divisible|multiple|sides' huge
}

labels() { # PATTERN JSON
    printf '%s' "$2" >pics/dataset.json
    refused_by_all "dataset\.json.*$1" pics --cond
    refused "dataset\.json.*$1" pics # wanted or not
}

case_labels() {
    all=$(for i in $(seq -w 0 23); do printf '["img00%s.png", %%s],' "$i"; done)
    # shellcheck disable=SC2059
    every() { printf "${all%,}" $(for i in $(seq 24); do echo "$1"; done); }
    labels 'img0001\.png' '{"labels": [["img0000.png", 1]]}'
    labels 'labels' '{"labels": 7}'
    labels '' 'not json'
    labels '' '{"labels": [["img0000.png", 1], '
    labels 'img00' "{\"labels\": [$(every true)]}"
    labels 'img00' "{\"labels\": [$(every -1)]}"
    labels 'img00' "{\"labels\": [$(every 65536)]}"
    labels 'img0001' "{\"labels\": [$(every 1 | sed 's/1\],/[1,2]],/; s/"img0001.png", 1/"img0001.png", [1]/')]}"
    labels 'img00' "{\"labels\": [$(every '[]')]}"
    labels '' "{\"labels\": [$(every '[1e999]')]}"
    rm pics/dataset.json
    status=2 refused_by_all 'cond.*labels' pics --cond
}

case_hdf5() {
    for bytes in 100 2500 "$(($(stat -c %s good.h5) / 2))"; do head -c "$bytes" good.h5 >cut.h5 && refused 'cut\.h5' cut.h5; done
    expect 1 "cut\\.h5.: damaged file: " "$GANTRY" inspect cut.h5 # by the check, in a process of its own
    helper hdf5 short.h5 24 16 16 3 short && refused_by_all 'short\.h5.*labels' short.h5
    helper hdf5 none.h5 0 16 16 3 && refused 'none\.h5' none.h5
    helper hdf5 many.h5 4 16 16 257 && refused 'many\.h5.*channels' many.h5
    for offset in $(seq 8 190 2000); do # the structures at the front: refused, or harmless, but no crash and no hang
        cp good.h5 bent.h5 && damage bent.h5 "$offset"
        timeout -k 5 60 "$GANTRY" train --data=bent.h5 --run=bent $job >said 2>&1
        case $? in 0 | 1) ;; *) cat said && fail "status $? with byte $offset of an HDF5 file damaged" ;; esac
        rm -rf bent
    done
}

# apart NAME SOURCE SOURCE COMMAND...: each rank in a folder of its own, which holds its SOURCE under this name
apart() {
    local name=$1 k
    rm -rf host0 host1
    for k in 0 1; do
        mkdir host$k && cp -r "${@:2+k:1}" "host$k/$name" || fail "no ${*:2+k:1}"
    done
    shift 3
    expect 1 "rank 1 .*'$name' holds [0-9]* images of 16x16 with 3 channels here, unlike on rank 0" ranks 2 sh -c 'cd host$OMPI_COMM_WORLD_RANK && exec "$@"' sh "$@"
    [ "$(grep -c 'here, unlike on rank 0' said)" = 1 ] || { cat said; fail "more than one message: $*"; }
}

case_hosts_with_other_copies() {
    for n in 96 90; do quietly "$GANTRY" dataset synth:shapes:n=$n,size=16,classes=4 set$n.zip; done
    quietly "$GANTRY" dataset synth:shapes:n=96,size=16,classes=4,seed=1 other96.zip
    apart set.zip set96.zip set90.zip "$GANTRY" train --data=set.zip --model=vae --widths=0.1 --batch=16 --epochs=1 --run="$PWD/refused" # another number of rests of a batch
    apart set.zip set96.zip other96.zip "$GANTRY" train --data=set.zip $job --run="$PWD/refused"
    for n in set96 other96; do quietly "$GANTRY" dataset $n.zip $n.h5 && quietly "$GANTRY" dataset $n.zip $n; done
    apart set.h5 set96.h5 other96.h5 "$GANTRY" train --data=set.h5 $job --run="$PWD/refused"
    apart set set96 other96 "$GANTRY" train --data=set $job --run="$PWD/refused"
    apart set.zip set96.zip set90.zip "$GANTRY" dataset verify set.zip
    [ ! -e refused/job.ini ] || fail 'a run was begun with data that differ'
    seq 1 40 | sed 's/$/,1/' >host0/points.csv
    seq 1 30 | sed 's/$/,1/' >host1/points.csv
    expect 1 'this rank has 30 points of 2 dimensions, rank 0 has others' ranks 2 sh -c 'cd host$OMPI_COMM_WORLD_RANK && exec "$@"' sh "$GANTRY" gmm fit points.csv --k=2 --outdir="$PWD/refused"
}

# options and job files
case_options() {
    g 2 'gama.*gamma' train $s --gama=1 --run=refused
    g 2 'batch' train $s --batch=0 --run=refused
    g 2 'batch' train $s --batch=many --run=refused
    g 2 'slices.*(1|2|4)' train $s --batch=8 --mbstd=2 --slices=3 --run=refused
    g 2 '(mbstd|group).*(1|2|4|8)' train $s --batch=8 --slices=2 --mbstd=3 --run=refused
    status=2 alike 3 'slices' synth:shapes:n=40,size=16 --slices=2
    g 2 'aug=fixed requires specifying --p' train $s --aug=fixed --run=refused
    g 2 'run.*outdir' train $s --run=refused --outdir=x
    g 2 'subset' train $s --subset=41 --run=refused
    printf '[recipe]\nbatc = 8\n' >bad.ini && g 2 'bad\.ini:2.*batch' train bad.ini $s --run=refused
    printf '[recipe]\nbatch = eight\n' >bad.ini && g 2 'bad\.ini:2.*batch' train bad.ini $s --run=refused
    printf '[job\nbatch\n' >bad.ini && g 2 'bad\.ini:[12]' train bad.ini $s --run=refused
    g 2 'nowhere\.ini' train nowhere.ini $s --run=refused
    g 2 'trane.*train' trane
    printf '[execution]\ndry-run = 1\n' >dry.ini && g 2 'dry-run = 1.*train nothing' submit dry.ini $s --run=refused --cpus-per-task=1 --dry-run
    g 0 'model=.dcgan' submit --model=dcgan --semi --data=synth:shapes:n=200,size=16 --batch=64 --run=refused --cpus-per-task=1 --dry-run # what train can do
    g 2 'grid' train $s --grid=0x0 --run=refused
    g 2 'kimg' train $s --kimg=nan --run=refused
    [ ! -e refused ] || [ -z "$(ls refused)" ] || fail 'a refused run left something behind'
}

case_directories() {
    for n in 1 3; do
        expect 1 '/proc' ranks $n "$GANTRY" train $s --run=/proc/run $job
        echo x >afile && expect 1 'afile' ranks $n "$GANTRY" train $s --run=afile $job
        expect 1 'nowhere\.h5' ranks $n "$GANTRY" train $s --resume=nowhere.h5 --run=resumed $job
        expect 1 'noise\.bin' ranks $n "$GANTRY" train $s --resume=noise.bin --run=resumed $job
    done
    g 1 'nowhere' generate nowhere --seeds=0 --outdir=x
    g 1 'good\.h5' generate good.h5 --seeds=0 --outdir=x
    g 1 'nothing' generate nothing --seeds=0 --outdir=x
}

case_unreadable_files() {
    # What may not be read is not called damaged, or no run.
    as_user=()
    [ "$(id -u)" = 0 ] && as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups) && chmod 755 "$tmp" && cp "$GANTRY" user-gantry
    if [ "$(id -u)" != 0 ] || "${as_user[@]}" ./user-gantry version >/dev/null 2>&1; then
        [ "$(id -u)" = 0 ] && user=./user-gantry || user=$GANTRY
        cp ok/metrics.h5 closed.h5 && cp -r ok closed && chmod 000 closed.h5 closed/stats.jsonl
        expect 1 "cannot read 'closed\.h5': Permission denied" "${as_user[@]}" "$user" inspect closed.h5
        expect 1 "cannot read 'closed/stats\.jsonl': Permission denied" "${as_user[@]}" "$user" compare ok closed
        chmod 644 closed/stats.jsonl && chmod 000 closed
        expect 1 "cannot read 'closed/stats\.jsonl': Permission denied" "${as_user[@]}" "$user" compare ok closed
        chmod 755 closed
    fi
}

case_damaged_logs() {
    # One warning of each file, with the number of the first bad line; status 1 where nothing is left to show.
    quietly "$GANTRY" train $s $job --tick=0.008 --steps=4 --run=logged
    hurt() { # WAY FILE
        local size
        size=$(stat -c %s "logged/$2")
        case $1 in
        noise) cp noise.bin "hurt/$2" ;;
        cut) truncate -s $((size - 9)) "hurt/$2" ;;
        amid) truncate -s $((size - size / 4)) "hurt/$2" && printf '\nother words\n' >>"hurt/$2" ;;
        esac
    }
    fresh() { rm -rf hurt && cp -a logged hurt; }
    told() { # STATUS WARNINGS COMMAND...
        local s=$1 n=$2
        shift 2
        expect "$s" 'hurt' "$GANTRY" "$@"
        [ "$(grep -c '^warning: ' said)" = "$n" ] || { cat said; fail "not $n warnings: $*"; }
    }
    for file in stats.jsonl starts.jsonl metrics.h5; do
        where="^warning: hurt/$file"
        [ $file = metrics.h5 ] || where="$where:[0-9]+: "
        for way in noise cut amid; do
            fresh && hurt $way $file
            for command in status report inspect "compare --out=hurt.png"; do
                lost=0
                [ "$file $way ${command%% *}" != 'stats.jsonl noise compare' ] || lost=1 # that table is of these values alone
                # shellcheck disable=SC2086
                told $lost 1 $command hurt
                grep -qE "$where" said || { cat said; fail "$command of a run whose $file is damaged ($way)"; }
            done
            [ $file != stats.jsonl ] || { "$GANTRY" status hurt 2>/dev/null | grep -q '^hurt: finished, 100.0%' || fail 'a run that is finished'; }
        done
    done
    # shellcheck disable=SC2086
    for command in 'compare --out=hurt.png ok' 'status ok'; do fresh && hurt noise stats.jsonl && hurt cut metrics.h5 && told 0 2 $command hurt; done
    fresh && hurt noise stats.jsonl && hurt noise starts.jsonl
    told 1 2 status hurt
    told 0 2 inspect hurt # there is a checkpoint, and a job
    told 0 2 report hurt
    rm hurt/job.ini hurt/checkpoint* hurt/last
    told 1 2 inspect hurt
    told 1 2 report hurt
    told 1 0 inspect hurt/stats.jsonl
    told 1 0 inspect hurt/starts.jsonl
    fresh && hurt amid stats.jsonl && told 0 1 inspect hurt/stats.jsonl
}

case_damaged_checkpoints() {
    size=$(stat -c %s "$(last ok)")
    for offset in 3 100 600 $((size / 2)) $((size - 2)); do # any byte
        rm -rf damaged && cp -r ok damaged && damage "$(last damaged)" "$offset"
        g 1 'checkpoint-000000016\.h5' generate "$(last damaged)" --seeds=0 --outdir=x
    done
    head -c $((size / 2)) "$(last ok)" >cut.h5 && g 1 'cut\.h5' generate cut.h5 --seeds=0 --outdir=x
    # The newest is damaged: it is said, and an older one is gone on with; when none is left the run is not begun anew over them.
    cp -r ok damaged2 && quietly "$GANTRY" train $s $job --steps=4 --run=damaged2 && damage "$(last damaged2)" 9000
    expect 0 'checkpoint-000000032\.h5.*(hash|damaged)' ranks 2 "$GANTRY" train $s $job --run=damaged2 --steps=5
    quietly "$GANTRY" train $s $job --steps=5 --run=whole && same "$(last whole)" "$(last damaged2)"
    rm -rf damaged && cp -r ok damaged && damage "$(last damaged)" 9000
    g 1 'checkpoint-' train $s $job --run=damaged --steps=3
}

case_foreign_checkpoints() {
    seq 1 40 | sed 's/$/,1/' >points.csv
    # One from elsewhere whose checksum is right, but nothing behind it: it is looked at in a process of its own before it is opened, whatever `last` points to.
    quietly "$GANTRY" train --data=synth:circles:n=64,size=8 --model=ae --widths=0.1 --run=coded --z-dim=2 --batch=16 --steps=2
    for run in ok coded; do
        cp -r $run foreign-$run && cp "$(last $run)" foreign-$run/checkpoint-000000900.h5
        damage foreign-$run/checkpoint-000000900.h5 540 && "$BUILD/tests/checksum" foreign-$run/checkpoint-000000900.h5 || fail 'no checksum'
    done
    bad="checkpoint-000000900\.h5': damaged file: "
    for last in with without; do
        g 1 "$bad" generate foreign-ok --seeds=0 --outdir=x
        g 1 "$bad" inspect foreign-ok
        g 1 "$bad" inspect --graph foreign-ok
        g 1 "$bad" train $s $job --resume=foreign-ok --run=resumed
        g 1 "$bad" latent foreign-coded synth:circles:n=64,size=8 --outdir=x
        g 1 "$bad" gmm score foreign-coded points.csv
        rm foreign-ok/last foreign-coded/last 2>/dev/null
    done
    expect 1 "$bad" ranks 2 "$GANTRY" generate foreign-ok --seeds=0 --outdir=x
    damage foreign-ok/checkpoint-000000900.h5 9000 # and now that is seen: the one before it is looked at, and opened by all ranks
    expect 0 'Loading networks from "foreign-ok/checkpoint-000000016\.h5"' ranks 2 "$GANTRY" generate foreign-ok --seeds=0,1 --outdir=x
    [ "$(grep -c 'skipped' said)" = 1 ] || { cat said; fail 'more than one rank has chosen a checkpoint'; }
}

case_runs_in_disorder() {
    mkdir killed && "$GANTRY" train $s --cond --run=conditional $job >said 2>&1 && cp conditional/job.ini killed/ # as one killed before its first checkpoint
    g 2 'cond .*1 .*0' train $s --cond=0 --run=killed $job
    ! grep -q -e --resume said || { cat said; fail 'a run without networks is offered to --resume'; }
    g 2 'begun with another job.*--resume=conditional' train $s --cond=0 --run=conditional $job
    mkdir garbage && echo garbage >garbage/job.ini && g 1 'garbage/job\.ini:1' train $s --run=garbage $job
    quietly ranks 2 "$GANTRY" train $s $job --run=messy && echo '{"a' >>messy/stats.jsonl && cp noise.bin messy/metrics.h5 && rm messy/last
    expect 0 'half-written' "$GANTRY" train $s $job --run=messy --steps=3
    helper log messy
    "$GANTRY" train $s $job --run=closed <&- >&- 2>&- || fail 'started without stdin, stdout and stderr'
    helper log closed
}

case_pipes() {
    for name in pipe pipe.h5 pipe.jsonl checkpoint-pipe; do
        mkfifo $name
        g 1 "'$name' is neither a regular file" inspect $name
        g 1 "'$name' is neither a regular file" inspect --check $name
        g 1 "'$name'" dataset inspect $name
    done
}

case_two_runs_in_one_directory() {
    background "$GANTRY" train $s $job --steps=1000000 --run=shared
    wait_until 180 has_line Progress/tick shared/stats.jsonl
    expect 1 'shared.*process' "$GANTRY" train $s $job --steps=1000000 --run=shared
    kill -USR1 "$pid"
    ends 75
}
run_cases
