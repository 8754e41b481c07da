#!/bin/bash
# level: full
# The first random command lines of a seed: the small form of random_commands.sh.
here=$(cd "$(dirname "$0")" && pwd)
LINES_OF_COMMANDS=${LINES_OF_COMMANDS:-50} SEED=7 exec bash "$here/random_commands.sh"
