#!/bin/bash
# level: full
# The benchmarks run, print what was in force, and their results survive JSON and HDF5.
. "$(dirname "$0")/lib.sh"
expect 0 'scaling' "$GANTRY" bench
for p in "$BUILD"/bench/*; do # each that was built has its line
    [ ! -f "$p" ] || [ ! -x "$p" ] || grep -q "^  ${p##*/} " said || { cat said; fail "gantry bench does not know ${p##*/}"; }
done
expect 0 '^gantry ' "$GANTRY" bench dataset --images=20 --threads=1 --script=none
for p in conv peak step; do expect 0 'usage: ' "$GANTRY" bench $p --help; done
expect 2 "no benchmark 'speed'" "$GANTRY" bench speed
expect 2 'unknown option' "$GANTRY" bench step --speed=1
# In a folder of a build, a program that was linked before the library was made is an older one.
mkdir -p old/bench && cp "$GANTRY" old/gantry && cp "$BUILD/bench/start" old/bench/ && touch old/libgantry.a
touch -d '1 hour ago' old/bench/start
expect 1 'bench/start is older than .*/libgantry.a.*: make bench-programs' old/gantry bench start --help
touch -r old/libgantry.a old/bench/start
expect 0 'usage: ' old/gantry bench start --help

OPENBLAS_CORETYPE=Haswell expect 0 '^unset: OPENBLAS_CORETYPE=Haswell' "$GANTRY" bench step --recipe=demo --batch=4 --steps=1
grep -qE '^convolution +[0-9.]+ +[0-9.]+ ' said && grep -qE '^FMA peak: [0-9.]+ Gflop/s' said || { cat said; fail 'no shares, or no peak'; }
# Packing of weights is of weights alone, whether or not the plan of memory hoists it.
"$GANTRY" bench step --recipe=demo --batch=8 --slices=1 --steps=1 --json >step.json || fail 'step'
python3 - step.json <<'PYTHON' || fail 'packing is not counted as what each rank repeats'
import json, sys
tables = {t["name"].split(",")[0]: t["rows"] for t in json.load(open(sys.argv[1]))["tables"]}
phases, families = tables["phases"], tables["where a step's time goes"]
repeated = sum(p["hoisted"] / p["interval"] for p in phases if p["hoisted"])
assert repeated >= 0.98 * next(f["seconds"] for f in families if f["family"] == "packing of weights") - 1e-4 > 0, repeated
PYTHON
OPENBLAS_CORETYPE=Haswell background "$GANTRY" bench step --recipe=demo --batch=32 --steps=1000 # starts itself once more, and keeps its name
wait_until 180 has_line GT_BENCH_UNSET /proc/"$pid"/environ
name=$(cat /proc/"$pid"/comm)
kill "$pid"
[ "$name" = step ] || fail "top and pkill know a benchmark as '$name'"
# Of each node time = ceiling + what is lost, and the sums are those of the nodes. Winograd's products are fewer than the direct ones: no ceiling of theirs
# is above the direct one, and some are below.
for conv in auto direct; do
    GT_CONV=$conv "$GANTRY" bench roofline --recipe=demo --batch=4 --steps=1 --nodes=0 --json >roof.json || fail "roofline $conv"
    python3 - roof.json $conv <<'PYTHON' || fail "roofline $conv"
import json, sys
d = json.load(open(sys.argv[1]))
nodes, families, both = (next(t["rows"] for t in d["tables"] if t["name"].startswith(n)) for n in ("nodes", "by family", "by family and"))
peak = float(dict(d["conditions"])["FMA peak"].split()[0])
near = lambda a, b: abs(a - b) <= 0.02 * len(nodes) + 0.01 * abs(b)  # numbers of a table are whole in its last digit
assert len(nodes) > 50 and all(abs(n["ms"] - n["ceiling"] - n["lost"]) < 0.002 for n in nodes)
for sums in families, both:
    assert sums[-1]["family"] == "all" and near(sums[-1]["ms"], sum(n["ms"] for n in nodes))
    assert near(sums[-1]["lost"], sum(s["lost"] for s in sums[:-1]))
assert {"4x4", "32x32"} <= {n["resolution"] for n in nodes} and not any(n["resolution"].startswith("3x") for n in nodes)
direct = lambda n: 1e3 * n["gflop"] / peak
less = [n for n in nodes if n["family"] == "convolution" and n["limit"] == "arithmetic" and n["ceiling"] < 0.9 * direct(n)]
assert bool(less) == (sys.argv[2] == "auto") and all("winograd" in n["kernel"] for n in less)
PYTHON
done
"$GANTRY" bench report roof.json --svg=roof.svg --x=intensity --y=gflops --group=family --dots --log >/dev/null && grep -q '<svg' roof.svg || fail 'no roofline'
GT_CONV=direct expect 0 '^environment: GT_CONV=direct' "$GANTRY" bench memory --recipe=vae
expect 0 '^gantry +diag +1 ' "$GANTRY" bench gmm --points=2000 --covariance=diag --iterations=1 --threads=1 --script=none
expect 0 '^version( +[0-9.]+){10} *$' "$GANTRY" bench start --turns=1 --launch=none --only=version --beside="$GANTRY"
quietly ranks 2 "$GANTRY" bench reduce --most=1
[ "$(grep -c '^ *2 .* -$' said)" = 2 ] && [ "$(grep -c '^small values' said)" = 1 ] || { cat said; fail 'two ranks should report two sizes, once'; }

# The parts of a step of each rank add up to it (of one step the median is rank 0's).
"$LAUNCH" 2 "$GANTRY" bench step --recipe=demo --batch=4 --steps=1 --threads=1 --json >step.json || fail 'two ranks'
python3 - <<'END' || fail 'the parts of a step do not add up to it'
import json
table = {t['name']: t['rows'] for t in json.load(open('step.json'))['tables']}
step, ranks = table['steps one by one, phases at their intervals'][0], table['parts of a step by rank, averages']
parts = lambda row: [row[key] for key in ('computing', 'packing', 'sums', 'rest')]
assert len(ranks) == 2 and all(min(parts(row)) >= 0 for row in ranks), ranks
assert abs(sum(parts(ranks[0])) - step['median']) < 1e-6 and abs(sum(sum(parts(row)) for row in ranks) / 2 - sum(parts(step))) < 1e-6, (step, ranks)
END

"$LAUNCH" 2 "$GANTRY" bench reduce --most=1 --json >reduce.json || fail 'reduce'
"$GANTRY" bench scaling --recipe=demo --batch=4 --steps=1 --threads=1 --launch="$LAUNCH %r" --json >scaling.json || fail 'scaling'
python3 -c "
import json
rows = json.load(open('scaling.json'))['tables'][0]['rows']
assert len(rows) == 3 and abs(sum(rows[0][part] for part in ('computing', 'packing', 'sums', 'rest')) - rows[0]['median']) < 1e-6, rows" || fail 'the parts of a step do not add up to it'
"$GANTRY" bench scaling --recipe=demo --batch=4 --steps=1 --model --launch="$LAUNCH %r" --svg=model.svg --json >model.json || fail 'scaling --model'
grep -q '<svg' model.svg || fail 'no plot'
"$GANTRY" bench report scaling.json model.json reduce.json --h5=all.h5 --svg=all.svg >tables || fail 'report of JSON files'
expect 2 "'all.h5' already exists and is an HDF5 file: .*--overwrite" "$GANTRY" bench report reduce.json --h5=all.h5
"$GANTRY" bench report all.h5 >again || fail 'report of an HDF5 file'
cmp tables again || fail 'the tables differ after HDF5'
grep -qE '^demo +weak +1 +2 +1 ' tables && grep -qE '^HDR InfiniBand.* 1024 ' tables || { cat tables; fail 'rows are missing'; }
# Two nodes have no work by strong scaling: said, and measured with a batch for each.
"$GANTRY" bench scaling --mode=nodes --recipe=demo --batch=2 --slices=1 --steps=1 --ranks=1 --threads=1 --nodes=1,2 --launch="$LAUNCH %r" --json >nodes.json || fail 'scaling --mode=nodes'
"$GANTRY" bench report nodes.json --csv=nodes.csv --svg=nodes.svg >said || fail 'report of nodes'
grep -q '^left out: demo: 2 ranks one on each node: a batch of 2 has 1 slices; .*--batch=4 --slices=2 ' said || { cat said; fail 'two nodes are left out without a word'; }
cut -d, -f2,4,5,6 nodes.csv | paste -sd ' ' | grep -qx 'mode,ranks,threads,batch one node,1,1,2 strong,1,1,2 weak,1,1,2 weak,2,1,4' || { cat nodes.csv; fail 'rows over nodes'; }
curves() { grep -c 'fill:none;stroke-width:1.8;' "$1"; }
# Letters are drawn as shapes. A curve of a single point has no line.
[ "$(curves model.svg)" = 3 ] && [ "$(curves all.svg)" -ge 5 ] || fail 'lines of the plots are missing'

cat >runs.json <<'JSON'
{"bench": "runs", "conditions": [], "tables": [{"name": "curves", "columns": [{"key": "of", "title": "program", "digits": -1}, {"key": "seed", "title": "seed", "digits": -1},
 {"key": "t", "title": "minutes", "digits": 1}, {"key": "fid", "title": "FID", "digits": 2}], "rows": [{"of": "one", "seed": "0", "t": 5, "fid": 30},
 {"of": "one", "seed": "0", "t": 10, "fid": 20}, {"of": "one", "seed": "1", "t": 5, "fid": 33}, {"of": "one", "seed": "1", "t": 10, "fid": 19},
 {"of": "two", "seed": "0", "t": 5, "fid": 60}, {"of": "two", "seed": "0", "t": 10, "fid": null}, {"of": "two", "seed": "0", "t": 15, "fid": 40}]}]}
JSON
"$GANTRY" bench report runs.json --svg=runs.svg --x=t --y=fid --group=of --line=seed --log >tables || fail 'curves of columns'
grep -qE '^two +0 +10.0 +- *$' tables && [ "$(curves runs.svg)" = 3 ] || fail 'three curves'
"$GANTRY" bench report runs.json --svg=dots.svg --x=t --y=fid --group=of --dots >tables || fail 'dots of columns'
[ "$(curves dots.svg)" = 2 ] || fail 'two medians'
expect 2 "no row has numbers in the columns 'minutes' and 'fid'" "$GANTRY" bench report runs.json --svg=none.svg --x=minutes --y=fid
[ ! -e none.svg ] || fail 'a plot of nothing'

head -c 300 scaling.json >cut.json
expect 1 'cut.json: line' "$GANTRY" bench report cut.json
echo '{"bench": 3}' >wrong.json
expect 1 'not the results' "$GANTRY" bench report wrong.json
head -c 2000 all.h5 >cut.h5
expect 1 'cut.h5' "$GANTRY" bench report cut.h5
echo 'benchmarks report'
