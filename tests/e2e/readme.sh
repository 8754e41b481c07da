#!/bin/bash
# level: full
# README as a newcomer types it: its shell blocks in order and its table of other models, in a folder that holds photos/ and nothing else. A gantry
# in PATH that shortens: small networks, two steps, no measuring, no queue.
. "$(dirname "$0")/lib.sh"
readme=$here/../../README.md
need_python
mkdir -p bin photos home && cd home || fail 'no folder'
cp -r "$here/../golden/dataset/mixed" photos
cat >../bin/gantry <<SHIM
#!/bin/bash
more=()
case "\$*" in
    train*) more=(--steps=2)
        case "\$*" in
            *--dry-run*) more+=(--dry-run=quick) ;;
            *--cfg=cpu*) [ -d runs/mine ] || more+=(--cbase=512 --cmax=8 --batch=4 --mbstd=2 --map-layers=2 --grid=2x2) ;;
            *edm*) more+=(--model-channels=4 --batch=2 --grid=2x2 --image-minutes=0 --sheet-steps=1) ;;
            *dcgan*) more+=(--cbase=64 --batch=4 --grid=2x2) ;;
            *resnet18*) more+=(--batch=4 --subset=8) ;;
        esac ;;
    submit*) more=(--dry-run) ;;
    walk*) more=(--seconds=0.1) ;;
esac
exec "$GANTRY" "\$@" "\${more[@]}"
SHIM
chmod +x ../bin/gantry
export PATH=$tmp/bin:$PATH

# The lines of blocks that begin a command with gantry; those of make, and what a block prints, are left out.
"$python" - "$readme" >../blocks <<'PY'
import re, sys
text = open(sys.argv[1]).read()
for block in re.findall(r'^```\n(.*?)^```', text, re.M | re.S):
    for line in re.sub(r'\\\n *', '', block).split('\n'):
        if line.startswith('gantry '): print(line)
table = text[text.index('## Other models'):text.index('## Quality')]
for command in re.findall(r'^\| `(gantry [^`]*)`', table, re.M): print(command)
PY
[ "$(wc -l <../blocks)" -ge 14 ] || { cat ../blocks; fail 'too few lines were found'; }
while IFS= read -r line; do
    echo "$ $line"
    timeout 120 bash -c "$line" >../said 2>&1 </dev/null || { cat ../said; fail "of README: $line"; }
done <../blocks
for file in mine.zip mine.pkl pictures/grid.png runs/mine/report.html; do [ -s $file ] || fail "there is no $file"; done
