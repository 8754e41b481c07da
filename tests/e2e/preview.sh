# level: full
# Pictures on terminals that answer kitty, sixel, nothing, or late; their mode afterwards; and that nothing is drawn where nothing shall be.
. "$(dirname "$0")/lib.sh"
unset GANTRY_TERMINAL NO_COLOR COLORTERM
quietly "$GANTRY" train $shapes $nets --batch=8 --mbstd=2 --run=net --steps=4 --snap=1 --tick=0.008 --grid=4x2 --threads=1
"$python" -B "$here/preview.py" || fail 'pictures on terminals'
