# Sourced by tests that type what documents say: a gantry in PATH that shortens (small networks, few steps, no queue), and the lines of a document's blocks.
# shellcheck shell=bash
top=$(realpath "$here/../..")
need_python
mkdir bin home
printf '#!/bin/bash\nGANTRY=%q\n' "$GANTRY" >bin/gantry
cat >>bin/gantry <<'SHIM'
more=()
case "$*" in
*--dry-run=job*) ;;
train* | run*\ train*)
    more=(--steps=2 --image-minutes=0)
    run=$(grep -oE -- '--run=[^ ]+' <<<"$*") # documents list alternatives: each begins anew
    [ -z "${anew-}" ] || [[ "$*" == *dry-run* ]] || rm -rf "${run#--run=}"
    [[ "$*" != *--dry-run* ]] || more+=(--dry-run=quick)
    case "$*" in
    *edm*) more+=(--model-channels=4 --batch=2 --grid=2x2 --sheet-steps=1) ;;
    *dcgan*) more+=(--cbase=64 --batch=4 --slices=1 --grid=2x2) ;;
    *jobs/scenes*) more+=(--width=0.1 --batch=4) ;;
    *--model=* | *cvae* | *circles*) more+=(--batch=8) ;;
    *--resume=*) more+=(--batch=4 --mbstd=2 --grid=2x2) ;;
    *) [ -d runs/mine ] && [[ "$*" != *--data* ]] || more+=(--cbase=512 --cmax=8 --batch=4 --mbstd=2 --map-layers=2 --grid=2x2) ;;
    esac
    ;;
submit*) set -- submit --dry-run "${@:2}" ;; # behind -- stand options of sbatch
walk* | run*\ walk*) more=(--seconds=0.1) ;;
project* | run*\ project*) more=(--num-steps=2) ;;
metrics* | run*\ metrics*) [[ "$*" != *metrics\ runs/* ]] || more=(--count=16) ;;
search* | run*\ search*) more=(--trials=2 --steps=1) ;;
likelihood*) more=(--samples=1) ;;
*--seeds=0-99999*) more=(--seeds=0-9) ;;
esac
exec "$GANTRY" "$@" "${more[@]}"
SHIM
chmod +x bin/gantry
export PATH=$tmp/bin:$PATH
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 # lines of mpirun

# lines FILE: those of blocks that begin a command of gantry, and what makes its files; what a block prints is left out.
lines() {
    "$python" - "$1" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
for block in re.findall(r'^```\n(.*?)^```', text, re.M | re.S):
    for line in re.sub(r'\\\n *', '', block).split('\n'):
        if re.match(r"gantry (?!:)|mpirun -n|jobs/|printf '", line): print(line)
if '## Other models' in text:
    for command in re.findall(r'^\| `(gantry [^`]*)`', text[text.index('## Other models'):text.index('## Quality')], re.M): print(command)
PY
}
# typed FILE LEAST: its lines, at least so many, but for those with words of $missing
typed() {
    lines "$1" | grep -vE -- "${missing-^$}" >"$tmp/lines"
    [ "$(wc -l <"$tmp/lines")" -ge "$2" ] || { cat "$tmp/lines"; fail 'too few lines were found'; }
    while IFS= read -r line; do
        echo "$ $line"
        env -u GANTRY timeout 120 bash -c "$line" >"$tmp/said" 2>&1 </dev/null || { cat "$tmp/said"; fail "of $1: $line"; }
    done <"$tmp/lines"
}
