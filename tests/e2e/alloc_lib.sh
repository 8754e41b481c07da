# Commands with memory that runs short (tests/failing/gantry.c), for alloc.sh and alloc_long.sh: one allocation fails, and the command must end with
# status 1 and say that memory is short, or do all its work.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
failing=$BUILD/tests/gantry_failing
[ -x "$failing" ] || skip 'tests/gantry_failing is not built'

# ---- what commands begin with ----
shapes=synth:shapes:n=96,size=16 circles=synth:circles:n=48,size=12
gan="--data=$shapes --batch=16 --slices=8 --steps=1 --threads=1 --grid=2x2 --run=run"
tiny="--data=$circles --widths=0.02 --batch=16 --slices=2 --steps=1 --threads=1 --grid=2x2 --run=run"
prepare() { # the folder `in`: data and runs
    mkdir in && cd in || exit 1
    quietly "$GANTRY" dataset $circles circles.zip
    quietly "$GANTRY" dataset $circles circles.h5
    quietly "$GANTRY" dataset $circles folder
    for model in ae vae; do quietly "$GANTRY" train --model=$model ${tiny/--run=run/--run=$model}; done
    quietly "$GANTRY" train --data=$shapes --cfg=auto --cbase=256 --cmax=8 --map-layers=1 --mbstd=2 --batch=16 --slices=8 --steps=3 --threads=1 --tick=0.016 --grid=2x2 --run=gan
    awk 'BEGIN { srand(1); for (i = 0; i < 200; i++) printf "%.4f,%.4f\n", rand() + i % 2, rand() }' >points.csv
    quietly "$GANTRY" gmm fit points.csv --k=2 --threads=1 --outdir=mixture
    cd ..
}
# name, what varies from one time to the next in its results (a pattern of names; - for none), arguments
cases="
stylegan2      -      train $gan --cbase=256 --cmax=8 --map-layers=1 --mbstd=2
dcgan          -      train --model=dcgan $gan --cbase=16 --cmax=8
ae             -      train --model=ae $tiny
vae            -      train --model=vae $tiny
cvae           -      train --model=cvae $tiny
digits         -      train --model=digits $tiny
gumbel         -      train --model=gumbel $tiny
vq             -      train --model=vq $tiny
dry_run        said   train $gan --cbase=256 --cmax=8 --map-layers=1 --mbstd=2 --dry-run=quick
dry_run_all    said   train $gan --cbase=256 --cmax=8 --map-layers=1 --mbstd=2 --dry-run
resume         -      train $gan --cbase=256 --cmax=8 --map-layers=1 --mbstd=2 --resume=../in/gan
go_on          -      train --run=../copy/gan --steps=4
from_zip       -      train ${tiny/$circles/..\/in/circles.zip} --model=ae
from_h5        -      train ${tiny/$circles/..\/in/circles.h5} --model=ae
from_folder    -      train ${tiny/$circles/..\/in/folder} --model=ae
gmm_fit        -      gmm fit ../in/points.csv --k=2 --half-steps --threads=1 --outdir=out
gmm_predict    -      gmm predict ../in/mixture/mixture.h5 ../in/points.csv --threads=1 --outdir=out
gmm_score      -      gmm score ../in/mixture/mixture.h5 ../in/points.csv --threads=1
gmm_sample     -      gmm sample ../in/mixture/mixture.h5 --n=20 --outdir=out
generate       -      generate ../in/gan --seeds=0-3 --threads=1 --outdir=out
grid           -      generate ../in/gan --seeds=0-3 --threads=1 --outdir=out --grid=2x2
to_pkl         -      export ../in/gan out.pkl
to_safetensors -      export ../in/gan out.safetensors --all
to_npz         -      export ../in/gan out.npz
to_onnx        -      export ../in/gan out.onnx
to_checkpoint  -      export ../in/gan out.h5
arrays         -      generate ../in/gan --seeds=0-3 --threads=1 --out=out.h5 --space=w
mix            -      mix ../in/gan --rows=0,1 --cols=2 --threads=1 --outdir=out
walk           -      walk ../in/gan --seeds=0,1 --seconds=0.1 --threads=1 --out=out.webp
directions     -      directions ../in/gan --samples=100 --threads=1 --out=out.h5
to_zip         -      dataset $circles out.zip
to_h5          -      dataset $circles out.h5
to_folder      -      dataset $circles out
zip_to_h5      -      dataset ../in/circles.zip out.h5
folder_to_zip  -      dataset ../in/folder out.zip
verify         -      dataset verify ../in/circles.zip
look           -      dataset inspect ../in/circles.h5
latent         -      latent ../in/vae $circles --threads=1 --outdir=out
reconstruct    -      reconstruct ../in/ae $circles --threads=1 --out=out.png --items=0-7
likelihood     -      likelihood ../in/vae $circles --samples=4 --threads=1 --out=out.csv
study          -      study gradient-variance ../in/vae $circles --samples=32 --images=4 --threads=1 --outdir=out
study_kl       -      study kl --outdir=out
study_paths    -      study optimizers --outdir=out
study_conv     -      study conv --outdir=out
study_pooling  -      study pooling --outdir=out
latents        -      latent ../in/ae ../in/vae $circles --threads=1 --outdir=out
anomalies      -      anomalies ../in/ae $circles --threads=1 --outdir=out
inspect        -      inspect ../in/gan ../in/gan/last ../in/gan/metrics.h5 ../in/circles.h5
graph          -      inspect --graph ../in/gan
hash           -      hash ../in/gan ../in/circles.h5 ../in/circles.zip ../in/folder --tensors
hash_compare   -      hash --compare ../in/gan ../in/gan/last
report         -      report ../in/gan --out=out.html
card           -      card ../in/gan --out=out.md
compare        -      compare ../in/gan ../in/gan --out=out.png
compare_html   -      compare ../in/gan ../in/gan --html=out.html
doctor         said   doctor
"
timed='report\.html|log\.txt|stats\.jsonl|metrics\.h5|events\.out.*' # of every run
# find_case NAME: sets the array `command` and `varies`
find_case() {
    local name rest
    while read -r name varies rest; do
        # shellcheck disable=SC2206
        [ "$name" = "$1" ] && command=($rest) && return
    done <<<"$cases"
    fail "no case is called $1"
}
names() { awk 'NF { print $1 }' <<<"$cases"; }

# attempt [VARIABLE=VALUE ...]: the command of the case, in a fresh folder `work`; $status; what it says is in `told` and `errors`
attempt() {
    rm -rf work copy && mkdir work
    case ${command[*]} in *copy/*) cp -r in copy ;; esac
    (cd work && exec env "$@" timeout -k 2 "${LIMIT:-60}" ${ranks:+"$LAUNCH" "$ranks"} "$failing" "${command[@]}" >../told 2>../errors </dev/null)
    status=$?
    case $varies$(head -c 3 told) in said*) ;; *) [ "${command[0]}" = train ] || cp told work/said ;; esac
}
results() { # of the last attempt: a sum for each file that is the same every time, and the names of the others
    local folder=work
    case ${command[*]} in *copy/*) folder=copy ;; esac
    (cd $folder && find . -type l -printf '%p -> %l\n' && find . -type f | grep -vE "/($timed)$" | xargs -r -d '\n' sha1sum && find . -type f | grep -E "/($timed)$" | sed 's/events\.out.*/events/') | sort
}
# learn CASE own|others: what the case gives when nothing fails, in `wanted`, and in `numbers` an allocation of each call path
learn() {
    find_case "$1"
    rm -f numbers
    local others=()
    [ "$2" = own ] || others=(SHORT_OTHERS=1)
    attempt SHORT_AT=0 SHORT_NOTES="$tmp/numbers" "${others[@]}"
    [ "$status" = 0 ] || { cat told errors; fail "case $1: status $status although nothing fails"; }
    results >wanted
}
where() { # call paths of what failed, and of a crash
    local line
    while read -r line; do
        case $line in
        crash) echo '  the crash:' ;;
        *gantry_failing*'(+'*) addr2line -fspie "$failing" "$(sed 's/.*(+\(0x[0-9a-f]*\)).*/\1/' <<<"$line")" ;;
        *) sed 's/.*\/\([^/]*\)(\(.*\)) .*/    \1 \2/' <<<"$line" ;;
        esac
    done <notes
}
# Whether the crash in `notes` is one of a library's own: the first function behind the signal's, and behind libc's, is not of this program.
crashed_outside() {
    sed -n '/^crash$/,$p' notes | grep -v -e '^crash$' -e '/libc\.so' -e '/libpthread' | sed -n 2p | grep -qv gantry_failing
}
# Whether what failed is text of a figure: fontconfig, freetype and pixman leave out what they have no memory for, and say nothing.
drawn_otherwise() { grep -qE '/lib(fontconfig|freetype|pixman-1)\.so' notes && ! diff got wanted | grep '^[<>]' | grep -qvE '\.(png|svg|html)$'; }
# judge CASE own|others N [VARIABLE=VALUE ...]: the N-th allocation fails; 0: well ended. Counts in $failed, $went_on, $not_reached, $outside.
failed=0 went_on=0 not_reached=0 outside=0
judge() {
    local case=$1 whose=$2 n=$3 why=
    shift 3
    rm -f notes
    [ "$whose" = own ] || set -- "$@" SHORT_OTHERS=1
    attempt SHORT_AT="$n" SHORT_NOTES="$tmp/notes" "$@" 2>/dev/null
    if [ "$status" = 0 ]; then
        results >got
        if ! cmp -s got wanted && ! grep -qiE 'memory|allocate' errors; then
            if [ "$whose" = others ] && drawn_otherwise; then outside=$((outside + 1)) && return 0; fi
            why='results are missing or differ, and nothing is said'
        fi
    elif [ "$status" = 1 ]; then
        if [ "$whose" = own ]; then grep -qiE 'memory|cannot allocate' errors || why='memory is not named'; else [ -s errors ] || why='nothing is said'; fi
    elif [ "$whose" = others ] && grep -qs '^crash$' notes && crashed_outside; then
        outside=$((outside + 1)) # libhdf5 1.10 does not look at what strdup gives; nothing can be done about that here
        return 0
    else
        why="status $status"
    fi
    if [ ! -s notes ]; then not_reached=$((not_reached + 1))
    elif [ "$status" = 0 ]; then went_on=$((went_on + 1))
    else failed=$((failed + 1)); fi
    [ -z "$why" ] && return 0
    printf '%s, %s allocation %s %s: %s\n' "$case" "$whose" "$n" "$*" "$why"
    [ ! -s notes ] || where
    echo '  said:' && tail -n 5 errors | sed 's/^/  /'
    return 1
}
