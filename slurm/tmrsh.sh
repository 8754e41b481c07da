# shellcheck shell=bash
# tmrsh.sh HOST COMMAND...: what mpirun calls in place of ssh under PBS: COMMAND on another host of the job, a part of the job that is counted and ended with it.
# PBS starts programs only, not a shell's commands, and none of the profiles that would set paths.
exec pbs_tmrsh "$1" env PATH="$PATH" LD_LIBRARY_PATH="${LD_LIBRARY_PATH-}" sh -c "${*:2}"
