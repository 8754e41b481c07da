# level: strict
# Reports of one run and of several, and the site of the documents, in headless Chromium: wide and narrow windows, light and dark.
. "$(dirname "$0")/lib.sh"
need chromium 'package chromium: it shows the pages'
python_has PIL || skip 'no python3-pil (reading screenshots)'
top=$(realpath "$here/../..")

begins reports
job="$small --tick=0.016 --snap=2 --steps=12"
quietly "$GANTRY" train $job --run=first
quietly "$GANTRY" train $job --run=a-second-run-whose-name-has-very-many-words-and-numbers-1234567890 --gamma=3 --grid=4x2
quietly "$GANTRY" train --model=mlp --data=synth:shapes:n=64,size=16,classes=3 --validation=0.25 --batch=16 --slices=4 --steps=12 --tick=0.032 --run=classes
quietly "$GANTRY" train --model=vae --widths=0.1 --data=synth:circles:n=64,size=12 --batch=16 --slices=4 --steps=12 --tick=0.032 --run=vae
# hours whose numbers are long, beside the unit
"$python" - vae/stats.jsonl <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
hours = 3.606e-06, 4.991e-06, 5.665e-06, 7.097e-06, 8.731e-06, 1.161e-05, 1.621e-05
for line, value in zip(lines, hours): line['Timing/total_hours']['mean'] = value
open(sys.argv[1], 'w').writelines(json.dumps(line) + '\n' for line in lines)
END
for run in first classes vae; do quietly "$GANTRY" report $run --out=$run.html; done
quietly "$GANTRY" compare first a-second-* --html=two.html
quietly "$GANTRY" compare first a-second-* vae classes first a-second-* vae first a-second-* vae --html=many.html
looks() { "$python" -B "$here/browser.py" "$@" || fail 'the pages do not look as they should'; }
looks ./*.html

begins site
need pandoc 'package pandoc: it makes the site of the documents'
site_is() { "$python" -B "$here/documents.py" "$top" --site="$tmp/site" >said 2>&1; }
quietly "$top/packaging/make-site" "$GANTRY" "$tmp/site"
site_is || { cat said; fail 'links, anchors or the search of the site'; }
cd site && looks --site index.html docs/*.html docs/m*/*.html man/gantry-train.html && cd .. || fail 'no site'

begins what_is_wrong_with_a_site_is_found
sed -i 's,href="docs/install.html",href="docs/no.html",; s,href="#,href="#no-,; s,src="./site.js",src="https://example.org/site.js",' site/index.html
sed -i 's,id="the-tour",id="a-tour",' site/docs/internals.html
rm site/docs/models/dcgan-*.png
site_is && fail 'damage of a site passes'
for pattern in 'dead link: docs/no.html' 'no such place: #no-' 'from the network: https://example.org/site.js' 'the anchor #the-tour of docs/internals.md is not there' 'dead link: dcgan-.*.png'; do
    grep -q "^[a-z/]*.html: $pattern" said || { cat said; fail "not found: $pattern"; }
done
