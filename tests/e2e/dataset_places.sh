#!/bin/bash
# level: full
# gantry dataset with odd destinations: links, the source itself, and what another command left there under the same name.
. "$(dirname "$0")/lib.sh"

source=synth:shapes:n=40,size=8

# A link to a folder cannot get the name of the part: that is said before any work. What stands behind it is compared.
mkdir real && ln -s real link
expect 2 "'link' is a link to a folder.*name the folder itself" "$GANTRY" dataset $source link
quietly "$GANTRY" dataset $source real
expect 0 'link was finished before' "$GANTRY" dataset $source link
expect 2 "'link' is a link to a folder" "$GANTRY" dataset $source link --overwrite
[ -z "$(find . -name '*.part' -o -name '*.progress')" ] || fail 'something was begun'
