# level: full
# Ctrl-C at a terminal, a second one, a closed terminal, a launcher that is killed: for gantry run, for a program without a launcher, for commands other than train.
. "$(dirname "$0")/lib.sh"
unset GANTRY_TERMINAL
"$python" "$here/ctrl_c.py" "$@" || exit 1
echo 'stopped in order'
