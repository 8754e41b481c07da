# level: full
# What commands show on a terminal while the machine is loaded: a first line soon, never a long silence, how far the work is; what a stop says.
. "$(dirname "$0")/lib.sh"
unset GANTRY_TERMINAL
quietly "$GANTRY" train $shapes $nets --batch=8 --mbstd=2 --run=net --steps=1 --threads=1
shows() { "$python" "$here/terminal.py" "$1" || exit 1; }
case_train() { shows train; }
case_dry_run() { shows dry_run; }
case_generate() { shows generate; }
case_dataset() { shows dataset; }
case_gmm() { shows gmm; }
case_metrics() { shows metrics; }
case_project() { shows project; }
case_quiet() { shows quiet; }
run_cases
