# level: full
# gantry export FILE.pkl: a stand-in for the reference implementation loads the file, and makes the pictures that gantry generate makes.
. "$(dirname "$0")/lib.sh"
python_has torch h5py || skip 'python3-torch or python3-h5py is not here'
stand_in=$here/../reference
# The successor has the classes in another module, and no other one; its Generator takes the options of the synthesis network one by one.
mkdir -p successor/training
cp -r "$stand_in/torch_utils" "$stand_in/dnnlib" successor
cp "$stand_in/training/__init__.py" successor/training
sed 's/synthesis_kwargs={}):/**synthesis_kwargs):/' "$stand_in/training/networks.py" >successor/training/networks_stylegan2.py
grep -q ', \*\*synthesis_kwargs):' successor/training/networks_stylegan2.py || fail 'sed has changed nothing'
judge() { PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$reader quietly "$python" "$stand_in/judge.py" "$@"; }
seeds() { quietly "$GANTRY" generate "$1" --seeds=0-2 --npy --outdir="$2" "${@:3}"; }

# architecture ARCH PROTOCOL READER CLASS OPTIONS...
architecture() {
    local arch=$1 protocol=$2 reader=$3 class=$4
    shift 4
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $shapes $nets --batch=8 --mbstd=2 --steps=6 --lrate=0.02 --g-arch="$arch" --run="$arch" "$@"
    seeds "$arch" "$arch-1" ${class:+--class=$class}
    seeds "$arch" "$arch-2" ${class:+--class=$class} --trunc=0.7 --noise-mode=none
    quietly "$GANTRY" export "$arch" "$arch.pkl" --protocol="$protocol"
    judge "$arch.pkl" "$(last "$arch")" "$arch-1,1,const${class:+,$class}" "$arch-2,0.7,none${class:+,$class}"
}
case_skip() { architecture skip 4 "$stand_in" 2 --cond; }
case_orig() { architecture orig 2 successor '' --d-arch=orig --freezed=3 --fp32 --aug=noaug; }
case_resnet() { architecture resnet 3 successor 1 --d-arch=skip --cond --map-layers=3; }

# Networks of the reference and of its predecessor, converted: the same outcomes, of G and of D.
case_converted() {
    local name pairs=()
    for name in skip orig_cond resnet_grey fp16_clamp channels_last freezed filter group3 relu nan_w_avg tf_skip tf_orig_cond; do
        quietly "$GANTRY" convert "$here/../golden/pkl/$name.pkl" $name.pkl
        pairs+=($name.pkl "$here/../golden/pkl/$name.h5")
    done
    reader=$stand_in
    judge --golden "${pairs[@]}"
    [ "$(grep -c 'as the reference' said)" = 12 ] || fail "$(cat said)"
    reader=successor
    judge --golden filter.pkl "$here/../golden/pkl/filter.h5" group3.pkl "$here/../golden/pkl/group3.h5"
}

# The class of docs/examples/generator.py: pictures of a conditional and of another network.
case_the_reader_in_the_documents() {
    cp "$here/../../docs/examples/generator.py" .
    cat >compare.py <<'PYTHON'
import glob, re, sys, numpy as np, torch
from generator import Generator
torch.set_num_threads(1)
for run, folder, trunc, label in zip(*[iter(sys.argv[1:])] * 4):
    g = Generator(run + '/last')
    c = torch.eye(4)[[int(label)]] if label else None
    for path in sorted(glob.glob(folder + '/*.npy')):
        z = torch.from_numpy(np.random.RandomState(int(re.search(r'seed(\d+)', path).group(1))).randn(1, 32)).float()
        image, wanted = g(z, c, float(trunc))[0].permute(1, 2, 0).numpy(), np.load(path)
        assert np.abs(image - wanted).max() <= 2e-4 * np.abs(wanted).max(), path
        print(path)
PYTHON
    # shellcheck disable=SC2086
    for options in "one --cond" "two --g-arch=orig --fp32"; do
        quietly "$GANTRY" train $shapes $nets --batch=8 --mbstd=2 --steps=6 --lrate=0.02 --run=$options
    done
    seeds one one-out --class=3
    seeds two two-out --trunc=0.7
    PYTHONDONTWRITEBYTECODE=1 quietly "$python" compare.py one one-out 1 3 two two-out 0.7 ''
    [ "$(wc -l <said)" = 6 ] || fail "$(cat said)"
}

run_cases
