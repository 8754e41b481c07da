# level: full
# What is installed works: the program, and a C program that embeds the library, found by pkg-config.
. "$(dirname "$0")/lib.sh"
top=$(dirname "$LAUNCH")/..
make -s -C "$top" BUILD="$BUILD" install PREFIX="$tmp/prefix" >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'make install'; }
"$tmp/prefix/bin/gantry" --version | grep -q 'gantry' || fail 'gantry --version'
[ -s "$tmp/prefix/share/man/man1/gantry.1" ] && [ -s "$tmp/prefix/share/gantry/jobs/demo.ini" ] || fail 'manual page or job files missing'
for c in $("$GANTRY" completion words); do [ -s "$tmp/prefix/share/man/man1/gantry-$c.1" ] || fail "no page gantry-$c(1)"; done
[ -s "$tmp/prefix/share/bash-completion/completions/gantry" ] && [ -s "$tmp/prefix/share/zsh/site-functions/_gantry" ] || fail 'completions missing'
"$tmp/prefix/bin/gantry" submit $small --run=job --cpus-per-task=1 --dry-run >job.sbatch || fail 'gantry submit'
bash -n job.sbatch && has_line "^. '$tmp/prefix/share/gantry/slurm'/lib.sh" job.sbatch && [ -s "$tmp/prefix/share/gantry/slurm/site.env" ] || fail 'the scripts for clusters are not installed'
export PKG_CONFIG_PATH="$tmp/prefix/lib/pkgconfig"
# shellcheck disable=SC2046
gcc -o embed "$top/tests/tools/embed.c" $(pkg-config --cflags --libs gantry) ${EMBED_FLAGS-} || fail 'a program that embeds the library does not build'
"$GANTRY" train $small --run=run --steps=2 >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'training'; }
./embed "$(last run)" 5 picture.png || fail 'the embedding program'
"$GANTRY" generate "$(last run)" --seeds=5 --class=0 --outdir=out >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'generate'; }
cmp picture.png out/seed0005.png || fail 'the embedding program makes another picture than gantry generate'
echo 'installed and embedded'
