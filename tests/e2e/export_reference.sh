# level: full
# gantry export FILE.pkl: a stand-in for the reference implementation loads the file, and makes the pictures that gantry generate makes.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import torch, h5py' 2>/dev/null || skip 'python3-torch or python3-h5py is not here'
stand_in=$here/../reference
# The successor has the classes in another module, and no other one.
mkdir -p successor/training
cp -r "$stand_in/torch_utils" successor
cp "$stand_in/training/__init__.py" successor/training
cp "$stand_in/training/networks.py" successor/training/networks_stylegan2.py
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

run_cases
