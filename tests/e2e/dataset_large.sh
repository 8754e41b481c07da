#!/bin/bash
# level: long
# gantry dataset with 200,000 entries: memory stays bounded, and the archive (zip64: more entries than 16 bits count) is what Python reads too.
. "$(dirname "$0")/lib.sh"
n=200000
most=$((300 + n * 100 / 1000000 + 1)) # MB: 300, and 100 bytes an entry; the pictures are tiny
peak() { # COMMAND...: it must work, and its largest memory in MB is $peak
    peak=$("$python" -c 'import resource, subprocess, sys
r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(r.returncode)' "$@" 2>said) || { cat said; fail "$*"; }
    [ "$peak" -lt "$most" ] || fail "$peak MB of memory, more than $most: $*"
}
peak "$GANTRY" dataset synth:shapes:n=$n,size=8 one.zip
for dest in two.zip two.h5; do
    peak "$GANTRY" dataset one.zip $dest --width=16 --height=16
    echo "$dest: $peak MB"
done
"$python" -c 'import json, sys, zipfile
z = zipfile.ZipFile("two.zip")
names = z.namelist()
assert len(names) == int(sys.argv[1]) + 2 and names[0] == "00000/img00000000.png" and names[-2:] == ["samples.sha256", "dataset.json"], names[-2:]
labels = json.loads(z.read("dataset.json"))["labels"]
assert len(labels) == len(names) - 2 and labels[9][1] == 1 and z.read(names[77777])[:4] == b"\x89PNG"' $n || fail 'Python reads something else'
expect 0 "all $n images are good" ranks 2 "$GANTRY" dataset verify two.zip
