#!/bin/bash
# level: full
# gantry dataset with odd destinations: links, the source itself, what another command left under the same name.
. "$(dirname "$0")/lib.sh"

source=synth:shapes:n=40,size=8

begins a_link_to_a_folder
# A link to a folder cannot get the name of the part: that is said before any work. What stands behind it is compared.
mkdir real && ln -s real link
expect 2 "'link' is a link to a folder.*name the folder itself" "$GANTRY" dataset $source link
quietly "$GANTRY" dataset $source real
expect 0 'link is already finished' "$GANTRY" dataset $source link
expect 2 "'link' is a link to a folder" "$GANTRY" dataset $source link --overwrite
[ -z "$(find . -name '*.part' -o -name '*.progress')" ] || fail 'something was begun'

begins what_is_written_into_the_source
# What is written into the source while it is read is lost: of a split, all but the first part.
quietly "$GANTRY" dataset $source data.zip
cp data.zip before.zip
ln -s data.zip other.zip
for command in 'data.zip data.zip --compress' 'other.zip data.zip --labels=none' \
    'split data.zip data.zip rest.zip' 'merge real data.zip data.zip'; do
    # shellcheck disable=SC2086
    expect 2 "destination 'data.zip' is the source" "$GANTRY" dataset $command --overwrite
    cmp data.zip before.zip || fail "$command: the source was written over"
done

begins a_folder_and_a_file
# A folder and a file may have the same name, and so the same part.
mkdir bad && cp real/00000/img0000000[0-2].png bad && head -c 100 real/00000/img00000003.png >bad/last.png
for option in --restart --overwrite; do
    expect 1 'last.png' "$GANTRY" dataset bad both.zip/ # the first ones were made
    [ -d both.zip.part ] || fail 'nothing was begun'
    expect 2 'is unfinished, from another command' "$GANTRY" dataset $source both.zip
    quietly "$GANTRY" dataset $source both.zip $option
    cmp both.zip before.zip || fail 'another dataset'
    [ ! -e both.zip.part ] && [ ! -e both.zip.progress ] || fail 'something is left over'
    rm both.zip
done

begins two_parts_of_a_split
# Two parts of a split cannot be the same file: one of them would be lost.
expect 2 "'twice.zip' is named twice" "$GANTRY" dataset split $source twice.zip other.h5 twice.zip --overwrite
[ ! -e twice.zip ] && [ ! -e other.h5 ] || fail 'something was made'

begins what_may_not_be_read
# What may not be read is not called something else. (root may read everything)
chmod 000 data.zip
user=()
[ "$(id -u)" = 0 ] && user=(setpriv --reuid=65534 --regid=65534 --clear-groups) && chmod 755 "$tmp"
cp "$GANTRY" user-gantry
expect 1 "data.zip' already exists: Permission denied" "${user[@]}" ./user-gantry dataset $source data.zip
