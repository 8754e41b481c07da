#!/bin/bash
# level: full
# gantry doctor names what slows this machine, and is quiet where nothing does.
. "$(dirname "$0")/lib.sh"
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE GT_ISA GT_CONV
expect 0 '^[0-9]+ ok, [0-9]+ warnings?, 0 broken$' "$GANTRY" doctor
for what in CPU kernels BLAS threads arithmetic bandwidth memory MPI runs; do
    grep -qE "^(ok|warning) +$what " said || { cat said; fail "nothing is said of $what"; }
done
grep -qE '^warning +(BLAS|kernels|convolution) ' said && { cat said; fail 'a warning without a reason'; }
OPENBLAS_CORETYPE=Haswell expect 0 '^warning +BLAS +OPENBLAS_CORETYPE=Haswell' "$GANTRY" doctor
GT_CONV=direct expect 0 '^warning +convolution ' "$GANTRY" doctor
grep -q avx2 /proc/cpuinfo && GT_ISA=portable expect 0 '^warning +kernels +portable is in use' "$GANTRY" doctor
[ "$(nproc)" -gt 1 ] && expect 0 '^warning +cores +this process may use 1 of' taskset -c 0 "$GANTRY" doctor
mkdir empty
expect 0 '^warning +mpirun ' env PATH="$tmp/empty" "$GANTRY" doctor
expect 2 'takes no arguments' "$GANTRY" doctor all
begins between_ranks
# Between ranks; data that a rank does not see, runs where nothing can be written; at the end of a dry run, with the checkpoint's time.
expect 0 '^[0-9]+ ok, [0-9]+ warnings?, 0 broken$' ranks 2 "$GANTRY" doctor --data=said --outdir=deep/below
for what in transport 'reduction +gradients of [0-9]+ MB are summed over 2 ranks' "data +'said'" "runs +'\\.' on [a-z0-9]+"; do
    grep -qE "^(ok|warning) +$what" said || { cat said; fail "nothing is said of $what"; }
done
expect 1 "^BROKEN +data +rank 0 does not see 'nowhere.zip'" ranks 2 "$GANTRY" doctor --data=nowhere.zip
expect 1 '^BROKEN +runs ' "$GANTRY" doctor --outdir=/proc/none
for n in 1 2; do
    expect 0 '^(ok|warning) +checkpoint +[0-9.]+ MB are written' ranks $n "$GANTRY" train $small --dry-run --dry-run-seconds=8
    [ "$(grep -c ' ok, .* broken$' said)" = 1 ] || { cat said; fail 'more than one doctor'; }
    ! grep 'cut short' said || fail 'a small job is cut short'
    grep -qE '^disk .*about [0-9]+ older ones for audits' said || { cat said; fail 'no checkpoints for audits'; }
done
begins the_time_of_a_dry_run
# Without time for a step pieces are measured, at least a node of each phase; of less than a hundredth of a step no number is made.
small_model='--model=mlp --data=synth:shapes:n=64,size=8,classes=4 --hidden=8 --batch=16 --slices=2 --epochs=1'
# shellcheck disable=SC2086
expect 0 'cut short: a step takes about .*, and --dry-run-seconds=0 covered [0-9.e-]+ % of a step' ranks 2 "$GANTRY" train $small_model --dry-run --dry-run-seconds=0
grep -qE '^measured +[0-9.]+ images/s' said && grep -qE '^time +[0-9.]+ [a-z]+.* for [0-9.]+ kimg, at ' said || { cat said; fail 'no figures'; }
expect 0 '^time +could not be measured: --dry-run-seconds=0 covered only [0-9.e-]+ % of a step' ranks 2 "$GANTRY" train $small --dry-run --dry-run-seconds=0
! grep -qE 'images/s|sec/kimg|a step takes' said || { cat said; fail 'a speed that was not measured'; }
grep -q '^memory ' said || { cat said; fail 'what could be known is not said'; }
expect 2 'dry-run-seconds is only for --dry-run' "$GANTRY" train $small --dry-run=quick --dry-run-seconds=3
begins speed_alone
# Ranks that are asked for their speed say nothing else.
days=${small/--steps=1/--kimg=1e6}
long="$days --slices=2"
expect 0 '^[0-9.e+]+$' ranks 2 "$GANTRY" train $long --dry-run=speed --dry-run-seconds=0.5
begins on_a_busy_machine
# Where others have the cores, the first line says so.
for ((i = 0; i < $(nproc); i++)); do while :; do :; done & started+=($!); done
expect 0 '^time .*; other programs keep [0-9.]+ of [0-9]+ cores busy, alone it is faster$' "$GANTRY" train $long --threads=2 --dry-run --dry-run-seconds=2
for p in "${started[@]}"; do kill "$p" 2>/dev/null; done
head -n 1 said | grep -q '^warning: other programs keep .* cores busy: this measurement is slower' || { cat said; fail 'the first line does not say that others use the cores'; }
begins in_a_folder_that_is_gone
# In a folder that is gone, and in one that may not even be looked at (root may: it becomes nobody, who must find the program)
mkdir gone shut
expect 1 '^BROKEN +runs ' bash -c 'cd gone && rmdir ../gone && exec "$0" doctor' "$GANTRY"
nobody=
[ "$(id -u)" = 0 ] && nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
if (cd / && $nobody "$GANTRY" --version) >/dev/null 2>&1; then
    expect 1 '^BROKEN +runs ' bash -c 'cd shut && chmod 0 . && exec "$@"' bash $nobody "$GANTRY" doctor
    chmod 700 shut
fi
rmdir shut
[ -z "$(find . -name '.gantry*' -o -name runs)" ] || fail 'the doctor leaves something behind'
echo 'doctor speaks'
