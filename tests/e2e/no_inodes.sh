# level: full
# A file system with room for bytes and none for another file: the message says which of the two it is.
. "$(dirname "$0")/lib.sh"
quietly "$GANTRY" train $small --threads=1 --steps=2 --run=good
quietly "$GANTRY" dataset synth:shapes:n=16,size=16 set.zip
mkdir small
mount -t tmpfs -o size=40m,nr_inodes=40 gantry-test small 2>/dev/null || skip 'a small file system needs the right to mount'
mounted=$tmp/small
take() { for ((i = 0; i < 40; i++)); do : >"small/filler$i" || return 0; done 2>/dev/null; }
give() { for ((i = 0; i < $1; i++)); do rm "small/filler$i"; done; }

says() { # COMMAND...: it fails, and for want of inodes
    limited "$@" && fail "it should not work: $*"
    has_line inodes said || { cat said; fail "not a word of inodes: $*"; }
    ! has_line 'MB free' said || { cat said; fail "the bytes are blamed: $*"; }
}
take
says "$GANTRY" train $small --steps=2 --run=small/run
says "$GANTRY" train $small --steps=2 --outdir=small/runs
says "$GANTRY" generate good --seeds=0 --class=0 --outdir=small
says "$GANTRY" report good --out=small/report.html
says "$GANTRY" dataset set.zip small/set.zip
says "$GANTRY" dataset set.zip small/set
give 4 # the folder and its lock, not the rest
says "$GANTRY" train $small --steps=2 --run=small/run
rm -r small/run
says "$GANTRY" dataset set.zip small/set
echo 'ok'
