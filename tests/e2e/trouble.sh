# level: full
# When training goes wrong it is said with the tick it began, in log.txt and as a series; the run stops, or goes back to a checkpoint from before
# and on with other random numbers, the same on any number of ranks.
. "$(dirname "$0")/lib.sh"
need_python
begins p_climbs_to_a_ceiling
# p climbs to a ceiling that is low: trouble that comes for certain, and again after each rollback.
job="$small --tick=0.008 --checkpoint-kimg=0.008 --snap=1000 --keep=100 --aug=ada --p-max=0.02 --ada-kimg=0.4 --ada-interval=8 --target=0 --steps=80"

quietly "$GANTRY" train $job --run=warned
[ "$(grep -c 'warning: ceiling since tick [0-9]* (0\.[0-9]* kimg)' said)" -ge 1 ] || { cat said; fail 'no warning'; }
has_line 'warning: ceiling since tick' warned/log.txt || fail 'log.txt does not have the warning'
began=$(sed -n 's/.*ceiling since tick \([0-9]*\) .*/\1/p' said | head -1)
helper log warned
warm - "$began" <<'P' || fail 'the series do not say what the warning says'
import json, sys
began = int(sys.argv[1])
lines = [json.loads(l) for l in open('warned/stats.jsonl')]
lasts = [l['Trouble/ceiling']['mean'] for l in lines]
assert lasts[began - 1] == 0 and lasts[began:began + 5] == [1, 2, 3, 4, 5], lasts
for name in ('Norms/G_grad', 'Norms/D_grad', 'Ranks/slowest', 'Ranks/imbalance', 'Trouble/collapse', 'Fakes/spread'): assert name in lines[-1], name
assert lines[-1]['Norms/G_grad']['mean'] > 0 and lines[-1]['Fakes/spread']['mean'] > 0
P

expect 1 'on-trouble=stop: ceiling' ranks 2 "$GANTRY" train $job --run=stopped --on-trouble=stop
same "$(last warned | sed "s/[0-9]*\.h5$/$(basename "$(last stopped)" | tr -dc 0-9 | cut -c1-9).h5/")" "$(last stopped)"

for n in 1 3; do
    expect 1 'ceiling again after 3 rollbacks' ranks $n "$GANTRY" train $job --run=back$n --on-trouble=rollback
    [ "$(grep -c 'warning: rolled back to .*checkpoint-.* because of ceiling' said)" = 3 ] || { cat said; fail 'other than three rollbacks'; }
done
ls back1/bad-checkpoint-* >/dev/null || fail 'nothing was set aside'
[ "$(grep -c '"event":"rollback".*"to_images":' back1/starts.jsonl)" = 3 ] || fail 'the ledger has other than three rollbacks'
same "$(last back1)" "$(last back3)"
from=$(sed -n 's/.*warning: rolled back to \(.*\.h5\) because.*/\1/p' back1/log.txt | tail -1)
h5dump -d /state/reseed "$from" | grep -q '(0): 3$' || fail 'killed now, it would forget the last rollback'
h5dump -d /state/reseed "$(last back1)" | grep -q '(0): 3$' || fail 'the checkpoint does not know of the rollbacks'
differ "$(last back1)" warned/"$(basename "$(last back1)")" /networks # the random numbers are not those of the first time
helper log back1
begins a_trouble_that_a_family_knows
# Rank 0 has the warnings of the family; the other ranks end as it does.
expect 1 'on-trouble=stop: unbounded-latent' ranks 2 "$GANTRY" train --model=vae --data=synth:circles:n=64,size=12 --batch=16 --slices=4 --beta=0 --lrate=0.02 \
    --nan=clean --tick=0.016 --steps=20 --threads=1 --run=latent --on-trouble=stop
begins it_goes_on_from_there
# It goes on from there, also without the option.
quietly "$GANTRY" train $job --run=back1
helper log back1
echo 'trouble is seen and answered'
