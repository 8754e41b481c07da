#!/bin/bash
# level: full
# tests/command_lines: what users of other programs type does not work, and one message names the command that does. That command works.
. "$(dirname "$0")/lib.sh"
table=$(realpath "$here/../command_lines")
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
quietly "$GANTRY" dataset synth:shapes:n=48,size=16,classes=4 data.zip
quietly "$GANTRY" dataset synth:shapes:n=8,size=16 photos
cp photos/00000/img00000000.png one.png
quietly "$GANTRY" train --data=data.zip --z-dim=16 --w-dim=16 --cbase=64 --cmax=8 --map-layers=1 --batch=16 --mbstd=2 --threads=1 --steps=1 --run=mine
quietly "$GANTRY" train --model=edm --data=data.zip --model-channels=4 --batch=2 --threads=1 --steps=1 --sheet-steps=1 --grid=2x2 --run=denoiser

works() { # COMMAND...: of a training and a job for a queue all is read and checked, and nothing is computed
    case "$*" in
    train\ --help) ;;
    train*) set -- "$@" --dry-run=job ;;
    run*) set -- run --dry-run "${@:2}" ;;
    submit*) set -- "$@" --dry-run ;;
    esac
    quietly "$GANTRY" "$@"
}
n=0
declare -A tried
while IFS= read -r line; do
    [[ -n $line && $line != \#* ]] || continue
    typed=${line%%  |  *} line=${line#*  |  }
    words=${line%%  |  *} advised=${line#*  |  }
    # shellcheck disable=SC2086
    limited "$GANTRY" $typed
    status=$?
    [ "$status" = 1 ] || [ "$status" = 2 ] || { cat said; fail "exit status $status: gantry $typed"; }
    [ "$(grep -c '^error: ' said)" = 1 ] || { cat said; fail "not one message: gantry $typed"; }
    grep -qF -- "$words" said || { cat said; fail "no '$words': gantry $typed"; }
    n=$((n + 1))
    # shellcheck disable=SC2086
    [ "$advised" = - ] || [ -n "${tried[$advised]-}" ] || works $advised
    tried[$advised]=1
done <"$table"
[ "$n" -ge 80 ] || fail "only $n rows"

# Ranks that mpirun has started say the same once.
limited ranks 2 "$GANTRY" --data=data.zip
[ "$(grep -c 'a command comes first, as in gantry train --data=data.zip' said)" = 1 ] || { cat said; fail 'ranks without a command'; }

# Processes that torchrun has started: the first one says what to type. A script of torchrun's may call any command.
torchrun() { # RANK RANKS
    process=(env TORCHELASTIC_RUN_ID=none RANK="$1" WORLD_SIZE="$2")
}
types() { # COMMAND WORDS...: what the first process of $process is told to type for these words
    expect 2 "type $1\$" "${process[@]}" "$GANTRY" "${@:2}"
    [ "$(grep -c '^error: ' said)" = 1 ] || { cat said; fail "not one message: torchrun, gantry ${*:2}"; }
}
train='train --data=data.zip --run=never'
# shellcheck disable=SC2086
{
    torchrun 0 2 && types "gantry run -n 2 $train" $train && types 'gantry inspect mine' inspect mine
    torchrun 0 1 && types "gantry $train" $train
    torchrun 1 2 && limited "${process[@]}" "$GANTRY" $train
}
[ "$?:$(wc -l <said)" = 2:0 ] || { cat said; fail 'the second process of torchrun'; }
[ ! -e never ] || fail 'a process of torchrun has trained'
quietly "${process[@]}" bash -c '"$0" inspect mine; exit $?' "$GANTRY"
