# level: full
# What is installed works: the program, and the examples of docs/examples, of which the C program finds the library by pkg-config. What is uninstalled is gone.
. "$(dirname "$0")/lib.sh"
top=$(dirname "$LAUNCH")/..
begins installed
make -s -C "$top" BUILD="$BUILD" install PREFIX="$tmp/prefix" >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'make install'; }
[ "$(tail -n 1 "$tmp/log")" = "  export PATH=$tmp/prefix/bin:\$PATH" ] || { cat "$tmp/log"; fail 'make install does not end with what to add to PATH'; }
[ ! -e "$tmp/prefix/libexec/gantry/step" ] || fail 'programs of gantry bench are installed, which were not asked for'
expect 1 'make install-bench installs them' "$tmp/prefix/bin/gantry" bench step
"$tmp/prefix/bin/gantry" --version | grep -q 'gantry' || fail 'gantry --version'
for file in man/man1/gantry.1 gantry/jobs/demo.ini doc/gantry/README.md doc/gantry/docs/metrics.md; do
    [ -s "$tmp/prefix/share/$file" ] || fail "share/$file is missing"
done
for c in $("$GANTRY" completion words); do [ -s "$tmp/prefix/share/man/man1/gantry-$c.1" ] || fail "no page gantry-$c(1)"; done
[ -s "$tmp/prefix/share/bash-completion/completions/gantry" ] && [ -s "$tmp/prefix/share/zsh/site-functions/_gantry" ] || fail 'completions missing'
expect 0 '^cbase = 2048' "$tmp/prefix/bin/gantry" train fashion --data=synth:circles --dry-run=quick
expect 0 '^model = cvae' "$GANTRY" train cvae --dry-run=quick
"$tmp/prefix/bin/gantry" submit $small --run=job --cpus-per-task=1 --dry-run >job.sbatch || fail 'gantry submit'
bash -n job.sbatch && has_line "^. '$tmp/prefix/share/gantry/slurm'/lib.sh" job.sbatch && [ -s "$tmp/prefix/share/gantry/slurm/site.env" ] || fail 'the scripts for clusters are not installed'
export PKG_CONFIG_PATH="$tmp/prefix/lib/pkgconfig"
examples=$tmp/prefix/share/doc/gantry/docs/examples
# shellcheck disable=SC2046
gcc -Wall -Wextra -Werror -o embed "$examples/picture.c" $(pkg-config --cflags --libs gantry) -Wl,-rpath,"$tmp/prefix/lib" ${EMBED_FLAGS-} || fail 'a program that embeds the library does not build'
(cd "$tmp/prefix/include" && printf '#include "%s"\n' gantry/*.h) >all.c
# shellcheck disable=SC2046
gcc -Wall -Wextra -Werror -fsyntax-only all.c $(pkg-config --cflags gantry) || fail 'the public headers do not go together'
"$GANTRY" train $small --run=run --steps=2 >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'training'; }
./embed "$(last run)" 5 picture.png || fail 'the embedding program'
"$GANTRY" generate "$(last run)" --seeds=5 --class=0 --outdir=out >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'generate'; }
alike picture.png out/seed0005-class0.png || fail 'the embedding program makes another picture than gantry generate'

begins python_example
need_python
quietly "$GANTRY" train --model=vae --data=synth:circles:n=32,size=12 --run=vae --steps=2 --widths=0.001 --z-dim=2 --threads=1
quietly "$GANTRY" latent vae synth:circles:n=32,size=12 --outdir=latents --threads=1
expect 0 '^/networks/G_ema/synthesis\.b4\.const +\(16, 4, 4\)' "$python" "$examples/read_run.py" run
for line in 'checkpoint-.*: stylegan2' '^/state/images *= 16' '^Loss/G/loss *[0-9]' '[0-9] ticks up to 16 images'; do has_line "$line" said || { cat said; fail "no '$line' from read_run.py"; }; done
expect 0 'mean .* deviation' "$python" "$examples/read_run.py" vae --latents=latents/latents.h5
expect 0 '^images,Loss/G/loss$' "$python" "$examples/read_run.py" run --csv=Loss/G/loss
grep -q '^16,-\?[0-9]' said || { cat said; fail 'no values in the CSV'; }
expect 1 'no series .*Loss/nothing' "$python" "$examples/read_run.py" run --csv=Loss/nothing
if python_has matplotlib; then
    quietly "$python" "$examples/read_run.py" run --plot=curve.png --csv=Loss/G/loss,Loss/D/loss
    [ "$(head -c 4 curve.png | tail -c 3)" = PNG ] || fail 'no picture of the curves'
    # A metric has values at checkpoints alone: they are one line. Two runs, one of them started three times.
    for made in one two; do
        mkdir $made
        printf '{"event":"start","images":%d}\n' 0 2000 4000 >$made/starts.jsonl
        "$python" -c "
import h5py, numpy as np
with h5py.File('$made/metrics.h5', 'w', libver='latest') as f:
    f['images'] = np.arange(6) * 1000
    rows = np.zeros(6, [('num', 'i8'), ('mean', 'f8'), ('std', 'f8')]); rows['mean'] = [9, np.nan, 7, np.nan, 5, 4]
    f['Metrics/fid'] = rows" || fail 'no log'
    done
    quietly "$python" "$examples/read_run.py" one two --csv=Metrics/fid --plot=curves.svg
    "$python" - curves.svg <<'PYTHON' || fail 'other curves'
import re, sys
svg = open(sys.argv[1]).read()
for colour in '#1f77b4', '#ff7f0e':
    lines = [re.findall('[ML]', d) for d in re.findall(r'<path d="([^"]*)"[^>]*stroke: %s' % colour, svg)]
    assert [l for l in lines if len(l) > 3] == [list('MLLL')], lines
    assert len(re.findall('stroke: %s; stroke-width: 0.6' % colour, svg)) == 2, 'not two restarts'
PYTHON
    expect 2 'several runs are for --plot' "$python" "$examples/read_run.py" one two --csv=Metrics/fid
fi

begins uninstall
make -s -C "$top" BUILD="$BUILD" uninstall PREFIX="$tmp/prefix" >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'make uninstall'; }
left=$(find "$tmp/prefix" ! -type d)
[ -z "$left" ] || fail "left behind: $left"
