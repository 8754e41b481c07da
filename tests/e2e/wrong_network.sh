# level: full
# Each command that takes a network, with a network that the command cannot use: no crash, one line that names the model and what the network is for,
# and nothing half-written. Of networks that are refused for the same reasons one is tried; all with TRY_ALL=1 (wrong_network_long.sh).
. "$(dirname "$0")/lib.sh"
tiny="--steps=1 --threads=1 --progress=0 --batch=4"
net() { # NAME OPTIONS...
    local name=$1
    shift
    # shellcheck disable=SC2086
    quietly "$GANTRY" train --run="$name" $tiny "$@"
}
s16=synth:shapes:n=8,size=16,classes=4 s32=synth:scenes:n=4,size=32 c28=synth:circles:n=8,size=28
net styles --data=$s16 --cond --cbase=64 --cmax=8 --map-layers=2 --z-dim=8 --w-dim=8 --mbstd=2
net gan --model=dcgan --data=$s16 --cbase=32 --z-dim=8
net classifier --model=mlp --hidden=8 --data=$s16
net segmenter --model=fcn32s --trunk=vgg11 --width=0.05 --data=$s32
for m in ae vae gumbel vq; do net $m --model=$m --data=$c28 --widths=0.01; done
awk 'BEGIN { srand(1); for (i = 0; i < 100; i++) printf "%.4f,%.4f\n", rand() + i % 2, rand() }' >points.csv
quietly "$GANTRY" gmm fit points.csv --k=2 --threads=1 --outdir=fit
mv fit/mixture.h5 mixture
cp "$here/../golden/pkl/orig_cond.pkl" foreign
cp styles/reals.png picture.png
head -c 5000 styles/checkpoint-000000004.h5 >short
echo 'no network' >text
: >empty

# What each can do (of files that are not a network: what is not tried), and the words that the refusal must have.
nets='
styles      generate|metrics|mix|walk|directions|project|anomalies|export   model .stylegan2.*: a generator with styles is for gantry generate, mix, walk, directions and project
foreign     generate|metrics|mix|walk|directions|project|anomalies|export   model .stylegan2.*: a generator with styles is for gantry generate, mix, walk, directions and project
gan         generate|metrics|walk|anomalies|export                          model .dcgan.*: a generator is for gantry generate and walk
classifier  predict|evaluate|detect|export                          model .mlp.*: a classifier is for gantry predict, evaluate and detect
segmenter   predict|evaluate|export                                 model .fcn32s.*: a network that segments pictures is for gantry predict and evaluate
ae          generate|metrics|walk|reconstruct|latent|anomalies|export       model .autoencoder.*: an autoencoder is for gantry reconstruct, latent, anomalies, generate
vae         generate|metrics|walk|reconstruct|latent|anomalies|export|likelihood  model .autoencoder.*: a variational autoencoder is for .*likelihood
gumbel      generate|metrics|walk|reconstruct|latent|anomalies|export       model .autoencoder.*: an autoencoder is for gantry reconstruct, latent
vq          generate|metrics|walk|reconstruct|latent|anomalies|export       model .autoencoder.*: an autoencoder is for gantry reconstruct, latent
mixture     gmm                                                     mixture holds no network but a mixture: use it with gantry gmm predict, score or sample
short       mix|walk|reconstruct|anomalies|evaluate|detect|none                                                    short.* (damaged|truncated|incomplete|cut)
text        mix|walk|reconstruct|anomalies|evaluate|detect|none                                                    .text. is a text file, not a Gantry checkpoint
empty       mix|walk|reconstruct|anomalies|evaluate|detect|none                                                    .empty. is empty
nowhere     mix|walk|reconstruct|anomalies|evaluate|detect|none                                                    .nowhere.*No such file
'
commands='
generate    --seeds=0-1 --class=0 --outdir=out
mix         --rows=1 --cols=2 --class=0 --outdir=out
walk        --seeds=0-1 --seconds=1 --class=0 --out=out/
directions  --samples=100 --out=out.h5
project     --target=picture.png --steps=1 --class=0 --outdir=out
latent      DATA --outdir=out
reconstruct DATA --out=out.png
anomalies   DATA --outdir=out
predict     DATA --outdir=out
evaluate    DATA --outdir=out
detect      DATA --outdir=out
likelihood  DATA --samples=2
metrics     --metrics=swd4 --data=DATA
export      out.npz
'
refuses() { # PATTERN [ranks N] COMMAND...: 1 or 2, not a signal; one line, apart from the one that says where help is
    local pattern=$1 got
    shift
    limited "$@"
    got=$?
    [ "$got" = 1 ] || [ "$got" = 2 ] || { cat said; fail "exit status $got: $*"; }
    grep -qE -- "$pattern" said || { cat said; fail "no '$pattern' in what is said: $*"; }
    [ "$(grep -cE 'gantry [a-z]+: ' said)" = 1 ] || { cat said; fail "more than one message: $*"; }
    ! compgen -G 'out*' >/dev/null || fail "left by a command that was refused: $(ls -d out*)"
}
alike='foreign ae gumbel empty nowhere' # as styles, vae, vq, text
case_a_network_in_the_wrong_hands() {
    local count=0 data name can pattern command options
    while read -r name can pattern; do
        [ -n "$name" ] || continue
        [ -n "${TRY_ALL-}" ] || [[ " $alike " != *" $name "* ]] || continue
        case $name in segmenter) data=$s32 ;; ae | vae | gumbel | vq) data=$c28 ;; *) data=$s16 ;; esac
        while read -r command options; do
            [ -n "$command" ] && [[ ! "|$can|" = *"|$command|"* ]] || continue
            # shellcheck disable=SC2086
            refuses "$pattern" "$GANTRY" "$command" "$name" ${options/DATA/$data}
            count=$((count + 1))
        done <<<"$commands"
    done <<<"$nets"
    [ $count -ge $((${TRY_ALL:+30} + 60)) ] || fail "only $count refusals were tried"
    refuses "model 'mlp' .*a classifier is for" ranks 3 "$GANTRY" generate classifier --seeds=0-3 --outdir=out
}
# Commands that take a run, a mixture or a job, and networks where these are meant.
case_no_network_is_meant() {
    refuses "model 'mlp' .*a classifier" "$GANTRY" generate classifier --seeds=0 --mixture=mixture --outdir=out
    refuses 'has no form pkl' "$GANTRY" export classifier out.pkl
    refuses 'has no form pkl' "$GANTRY" export vq out.pkl
    refuses 'not a mixture but a checkpoint of the model mlp' "$GANTRY" gmm predict classifier points.csv --outdir=out
    refuses 'foreign.*not a Gantry checkpoint' "$GANTRY" gmm sample foreign --n=2 --outdir=out
    for what in foreign mixture text; do
        refuses "$what.*not a run's directory" "$GANTRY" report $what --out=out.html
        refuses "$what.*not a run's directory" "$GANTRY" compare $what
    done
    refuses 'holds no network but a mixture: use it with gantry gmm' "$GANTRY" inspect --graph mixture
    refuses 'holds no network but a mixture: use it with gantry gmm' "$GANTRY" train --resume=mixture --data=$s16 --steps=1 --run=out
    refuses "not 'stylegan2'" "$GANTRY" train --resume=classifier --data=$s16 --steps=1 --run=out
    refuses 'job' "$GANTRY" activations classifier --outdir=out
    for what in styles gan classifier segmenter ae vae gumbel vq mixture foreign; do quietly "$GANTRY" inspect $what; done
    for what in styles gan classifier segmenter ae vae gumbel vq; do quietly "$GANTRY" inspect --graph $what; done
}
run_cases
