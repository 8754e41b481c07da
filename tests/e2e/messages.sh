#!/bin/bash
# level: full
# What the program says of wrong command lines, and its exit status by the rule of gantry/status.h: 2 where the words must change, 1 where the world must.
# A row: status, command, and a pattern of the message, with "  |  " between them. All end before anything is computed.
. "$(dirname "$0")/lib.sh"
tiny="--z-dim=16 --w-dim=16 --cbase=64 --cmax=8 --map-layers=1 --batch=16 --mbstd=2 --slices=8 --threads=1"
pictures() { # FOLDER N WIDTH HEIGHT: N plain pictures
    "$GANTRY" dataset "synth:shapes:n=$2,size=64" "$1" --width="$3" --height="$4" --labels=none >/dev/null 2>&1 || fail "no pictures in $1"
}
quietly "$GANTRY" dataset synth:shapes:n=48,size=16 shapes.zip
quietly "$GANTRY" dataset synth:shapes:n=48,size=16 shapes.h5
pictures odd 10 50 50
pictures photos/a 6 40 32
pictures photos/b 4 40 40
head -c 3000 /dev/urandom >junk.zip
cp junk.zip junk.h5
: >empty.zip
mkdir empty full
printf '1,2\n3,4\n5,6\n2,2\n1,0\n4,2\n' >points.csv
printf '1,2\n3\n' >ragged.csv
printf 'x;y\n0.5;-2e3\n-1;4\n' >headed.csv
printf '[data]\nmirror = 2x\n' >bad.ini
printf 'gama = 3\n' >unknown.ini
# shellcheck disable=SC2086
quietly "$GANTRY" train --data=shapes.zip $tiny --steps=1 --run=mine
mkdir runs
ln -s ../mine runs/mine
quietly "$GANTRY" gmm fit points.csv --k=2 --outdir=mixture
here_before=$(find . | sort | grep -v '^./said$')

rows() { # of stdin
    local status command pattern n=0
    while IFS= read -r line; do
        [ -n "$line" ] || continue
        status=${line%%  |  *} line=${line#*  |  }
        command=${line%%  |  *} pattern=${line#*  |  }
        # shellcheck disable=SC2086
        expect "${status// /}" "$pattern" "$GANTRY" $command
        [ "$(grep -c '^error: ' said)" = 1 ] || { cat said; fail "not one line that begins with error: $command"; }
        ! grep -qE "'([^']*)': '\1'|(--[a-z-]+=[^ ]*): \2|gantry ([a-z]+): gantry \3" said || { cat said; fail "said twice: $command"; }
        n=$((n + 1))
    done
    [ "$n" -ge "$1" ] || fail "only $n rows"
    [ "$(find . | sort | grep -v '^./said$')" = "$here_before" ] || { find . | sort | diff - <(printf '%s\n' "$here_before"); fail 'a command that failed left something behind'; }
}

case_train() {
    rows 60 <<END
2  |  trian  |  unknown command 'trian'; did you mean train\?
2  |  style_mixing.py  |  in Gantry it is mix
2  |  calc_metrics  |  in Gantry it is metrics
2  |  dataset_tool.py  |  in Gantry it is dataset
2  |  train --bacth=8  |  unknown option --bacth; did you mean --batch\?
2  |  train --lr=0.1  |  unknown option --lr; in Gantry it is --lrate
2  |  train --learning-rate=0.1  |  in Gantry it is --lrate
2  |  train --batch-size=8  |  in Gantry it is --batch
2  |  train --data=shapes.zip --epochs=1  |  has no meaning with --model=stylegan2 \(it belongs to
2  |  train --batch=eight  |  error: gantry train: --batch=eight: must be a whole number
2  |  train --batch=-4  |  --batch=-4: must be at least 1
2  |  train --data=shapes.zip --cfg=auto --batch=7  |  nearest batches that fit are 4 and 8
2  |  train --data=shapes.zip --cfg=auto --gpus=8 --batch=4  |  --batch=4 is not divisible by --gpus=8: the nearest that fits is 8
2  |  train --data=shapes.zip --cfg=auto --gpus=4 --batch=10  |  --batch=10 is not divisible by --gpus=4: the nearest that fits is 8 or 12
2  |  train --data=shapes.zip --gpus=4  |  --gpus=4 is for the recipe auto, but --cfg is cpu: add --cfg=auto
2  |  train --gpus=3  |  --gpus=3: must be a power of two
2  |  train --data=shapes.zip --cfg=auto --slices=3 --batch=16  |  2 and 4
2  |  train --cfg=paper128  |  --cfg=paper128: must be one of auto
2  |  train --cfg=paper25  |  must be one of .*; did you mean paper256\?
2  |  train --model=stylegan3  |  must be one of .*; did you mean stylegan2\?
2  |  train --aug=adda  |  must be one of ada\|fixed\|noaug; did you mean ada\?
2  |  train --aug=qqqqqqqqq  |  must be one of ada\|fixed\|noaug$
2  |  train --device=cuda  |  unknown option --device: Gantry computes only on CPUs, in float32
2  |  train --fp16  |  computes only on CPUs
2  |  train --use_fp16=1  |  computes only on CPUs
2  |  train --amp  |  computes only on CPUs
2  |  generate mine --device=0  |  computes only on CPUs
2  |  train fashoin  |  'fashoin' is neither a file here nor a job that comes with the program; did you mean fashion\?
2  |  train qqqqqqqqqqqqq  |  nor a job that comes with the program$
1  |  generate runs --seeds=0 --outdir=o  |  there is no checkpoint in 'runs'; runs in this folder that have one: mine$
1  |  project mine --target=missing.png --outdir=o  |  'missing.png': No such file or directory$
2  |  project mine --target=shapes.zip --outdir=  |  --outdir=: a value is needed
2  |  mix mine --rows=1  |  --cols is needed
2  |  --versoin  |  unknown option --versoin; did you mean --version\?
2  |  --hlep  |  did you mean --help\?
2  |  run --data=shapes.zip  |  --data=shapes.zip belongs to the command: write it after the command, as in gantry run -n 4 train --data=shapes.zip
2  |  run -n 2 --kimg=3 train --data=shapes.zip  |  --kimg=3 belongs to the command
2  |  train --mirror=maybe  |  --mirror=maybe: must be 0 or 1, no or yes
2  |  train --grid=10  |  error: gantry train: --grid=10: must be columns and rows, such as 8x8
2  |  train --data=shapes.zip --metrics=xyz  |  no metric 'xyz'
2  |  train --data=shapes.zip --aug=noaug --target=0.7  |  only .* with --aug=ada
2  |  train --max-time=1d  |  error: gantry train: --max-time=1d: must be minutes
2  |  train --schedule=step --schedule-at=3,2  |  --schedule-at=3,2: .*rising numbers
2  |  train --data=shapes.zip $tiny --best=FID --outdir=full  |  --best=FID: .*Loss/D/loss.*Fakes/swd_avg
2  |  train --data=shapes.zip $tiny --best=Loss/D/los --dry-run  |  --best=Loss/D/los: .*Loss/D/loss
2  |  train --data=shapes.zip $tiny --best=Loss/test --dry-run  |  --best=Loss/test: 
1  |  train --data=shapes.zip --resume=ffhq256 --dry-run  |  'ffhq256' is not a file here, and nothing is downloaded
1  |  train --data=shapes.zip --resume=ffhq256 --outdir=full  |  nothing is downloaded
1  |  train --data=shapes.zip --resume=network-snapshot.pkl --dry-run  |  'network-snapshot.pkl': No such file
1  |  train --data=nosuch.zip  |  'nosuch.zip': cannot be opened: No such file
1  |  train --data=https://example.org/x.zip  |  nothing is downloaded
2  |  train shapes.zip  |  is a ZIP archive, not a job file; it looks like a dataset: --data=shapes.zip\?
2  |  train shapes.h5  |  it looks like a dataset: --data=shapes.h5\?
2  |  train photos  |  it looks like a dataset: --data=photos\?
2  |  train nosuch.ini  |  'nosuch.ini': No such file
2  |  train bad.ini  |  bad.ini:2: mirror=2x: must be 0 or 1
2  |  train unknown.ini  |  unknown.ini:1: unknown key 'gama'; did you mean gamma\?
1  |  train --data=junk.zip  |  'junk.zip': not a ZIP archive, or damaged
1  |  train --data=empty.zip  |  'empty.zip': not a ZIP archive, or damaged
1  |  train --data=junk.h5  |  'junk.h5': damaged, truncated or not an HDF5 file
1  |  train --data=empty  |  holds no pictures
1  |  train --data=photos  |  a dataset of them: gantry dataset photos photos.zip --width=32 --height=32 --pad --background=white
2  |  train --data=odd  |  50 x 50 .*gantry dataset SOURCE DEST.zip --width=48 --height=48
2  |  train --data=photos/a --cond  |  --labels=folders
2  |  train --run=nosuch  |  there is no run 'nosuch'
2  |  train --data=shapes.zip --run=mine $tiny --gamma=3  |  begun with another job
2  |  train --run=a --outdir=b --data=shapes.zip  |  only one of them
2  |  train --data=shapes.zip --model=dcgan --resume=mine --batch=16 --cbase=64 --cmax=8 --dry-run  |  holds model 'stylegan2', not 'dcgan'
2  |  list runs  |  in Gantry it is status, as in gantry status runs/\*
2  |  show mine  |  in Gantry it is inspect
2  |  new  |  in Gantry it is train
2  |  tensorboard --logdir=runs  |  in Gantry it is that program: tensorboard --logdir=runs
2  |  train --gamma=auto  |  --gamma=auto: must be a number; without the option it is chosen \(from cfg\)
2  |  train --kimg=lots  |  --kimg=lots: must be a number; without the option it is chosen
1  |  train --data=shaeps.zip  |  'shaeps.zip': cannot be opened: No such file or directory; did you mean shapes.zip, which is there\?
1  |  train --data=shapes.zip --cfg=auto --cbase=1  |  --cbase=1: the block of 16 pixels would have no channels; --cbase must be at least 16
1  |  train --data=shapes.zip --resume=points.csv  |  'points.csv' is a text file, not a Gantry checkpoint.*, or a network of another program \(.pkl
2  |  train --data=shapes.zip --mirror=maybe  |  --mirror=maybe: must be 0 or 1, no or yes
2  |  train --data=shapes.zip --model=edm --precond=edn  |  must be one of edm\|flow\|vp\|ve; did you mean edm\?
2  |  train --data=shapes.zip --model=edm --sampler=huen  |  did you mean heun\?
2  |  train --data=shapes.zip --model=edm --dropout=0.13  |  --dropout has no meaning with --model=edm \(it belongs to .*; here it is --unet-dropout\)
2  |  train --data=shapes.zip --model=edm --gamma=1  |  --gamma has no meaning with --model=edm \(it belongs to stylegan2\)
2  |  train --data=shapes.zip --max-time=soon  |  --max-time=soon: must be minutes, minutes:seconds, hours:minutes:seconds
2  |  train --data=shapes.zip --grid=big  |  --grid=big: must be columns and rows, such as 8x8
2  |  train --data=shapes.zip --subset=100  |  --subset=100: 'shapes.zip' holds 48 images
2  |  train --data=shapes.zip --seed=-1  |  --seed=-1: must be non-negative
2  |  train fashion edm  |  'edm': one job file at most \(the first is 'fashion'\)
2  |  train mine  |  --run=mine resumes the run, --resume=mine begins a new one from its networks
2  |  train --data=shapes.zip --validation=2  |  --validation=2: must be between 0 and 0.9
1  |  train --data=points.csv  |  'points.csv': numbers, not paths of pictures: pictures are needed; for points: gantry gmm fit points.csv$
1  |  train --model=dcgan --data=headed.csv  |  pictures are needed; for points: gantry gmm fit headed.csv$
END
}

case_other_commands() {
    rows 50 <<END
2  |  generate  |  which network\?
2  |  generate mine  |  which images\? --seeds=0-63
2  |  generate mine --seeds=abc  |  --seeds=abc: must be numbers and ranges
2  |  generate mine --seeds=3-0  |  --seeds=3-0: the first number of a range must be the smaller one, such as 0-3
2  |  generate mine --seeds=0-8 --grid=2x2 --outdir=o  |  --grid=2x2 has 4 cells for 9 seeds
2  |  generate mine --seeds=0 --grid=2 --outdir=o  |  --grid=2: must be columns and rows
2  |  generate mine mine --seeds=0 --outdir=o  |  one network is needed
2  |  generate mine --network=mine --seeds=0 --outdir=o  |  one network is needed
1  |  generate nosuch --seeds=0 --outdir=o  |  cannot open the checkpoint 'nosuch': No such file
1  |  generate shapes.zip --seeds=0 --outdir=o  |  is a ZIP archive, not a Gantry checkpoint
2  |  walk mine --out=o.webp  |  which images\? --seeds=0-7
2  |  mix mine  |  --rows
1  |  hash nosuch  |  'nosuch': No such file or directory; a run, a checkpoint, a network, a dataset or a picture is needed
1  |  hash junk.h5  |  junk.h5
1  |  hash empty.zip  |  'empty.zip' is empty
2  |  hash  |  a file is needed
2  |  hash --compare mine  |  --compare takes two files
2  |  hash --compare mine shapes.zip  |  tensors can only be compared with tensors
1  |  inspect nosuch  |  'nosuch': No such file or directory; a dataset, a checkpoint, a run's directory or its log
1  |  inspect junk.h5  |  'junk.h5': damaged, truncated or not an HDF5 file
1  |  inspect junk.zip  |  'junk.zip': not a ZIP archive
2  |  inspect  |  a file is needed
1  |  report nosuch  |  'nosuch' is not a run's directory
1  |  report empty  |  'empty' is not a run's directory
1  |  compare nosuch  |  'nosuch' is not a run's directory
1  |  status nosuch  |  'nosuch' is not a run's directory
2  |  report  |  one run's directory is needed
2  |  latent mine shapes.zip --outdir=o  |  model 'stylegan2' has no encoder
2  |  anomalies mine shapes.zip --reference-images=0 --outdir=o  |  reference-images=0: must be at least 1
2  |  likelihood mine shapes.zip  |  model 'stylegan2' has no
2  |  predict mine shapes.zip --outdir=o  |  model 'stylegan2' is not a classifier
2  |  evaluate mine  |  and a dataset are needed
2  |  gmm  |  one of fit, predict, score, sample
2  |  gmm fit  |  gmm fit needs 1 argument: gantry gmm fit DATA
2  |  gmm fit points.csv --components=3  |  in Gantry it is --k
1  |  gmm fit nosuch.csv --outdir=o  |  nosuch.csv: cannot be opened
1  |  gmm fit ragged.csv --outdir=o  |  line 2 has 1 number, the first line 2
2  |  gmm fit points.csv --k=9 --outdir=o  |  9 components for 6 points
1  |  gmm fit mine/metrics.h5 --outdir=o  |  choose one with --array=NAME: .*images.*timestamp
1  |  gmm fit mine/metrics.h5 --array=nix --outdir=o  |  has no array of numbers 'nix', but images
2  |  gmm fit points.csv --k=3 --outdir=mixture  |  is a fit with other options
2  |  gmm predict points.csv mixture --outdir=o  |  a mixture is needed before the data: gantry gmm predict mixture/mixture.h5 points.csv
2  |  gmm score points.csv mixture/mixture.h5  |  a mixture is needed before the data
1  |  gmm sample empty --outdir=o  |  there is no checkpoint in 'empty'
2  |  dataset photos  |  SOURCE and DEST are needed
1  |  dataset nosuch o.zip  |  'nosuch': cannot be opened
2  |  dataset photos o.tar  |  '.tar' is not a kind of dataset
2  |  dataset photos o.zip --channels=5  |  --channels=5: must be at most 4
2  |  dataset photos o.zip  |  4 of 10 pictures cannot be used.*a dataset of all: gantry dataset photos o.zip --width=40 --height=32 --pad
2  |  dataset shapes.zip shapes.h5 --width=8 --height=8  |  'shapes.h5' already exists.*--overwrite
2  |  dataset photos o.zip --labels=own --max_images=x  |  --max-images=x: must be a whole number
1  |  dataset junk.h5 o.zip  |  'junk.h5': damaged, truncated or not an HDF5 file
2  |  metrics  |  a network is needed, or two sets of pictures
2  |  metrics mine --metrics=xyz  |  no metric 'xyz'
2  |  run -n 0 train  |  --ranks=0: must be at least 1
2  |  submit --cpus-per-task=2 --time=soon unknown.ini  |  --time=soon: must be minutes
2  |  version x  |  takes no arguments
2  |  help nixxx  |  'nixxx'
1  |  metrics nowhere --metrics=fid  |  cannot open the checkpoint 'nowhere'
1  |  metrics mine --metrics=fid10k --detector=nowhere  |  the detector: cannot open the checkpoint 'nowhere'
2  |  metrics mine --metrics=swd10 --guidance=2  |  are for diffusion models; this network makes pictures in one pass
1  |  inspect nowhere.zip  |  'nowhere.zip': No such file or directory; a dataset, a checkpoint
1  |  inspect empty  |  'empty': holds no pictures
2  |  dataset photos o.zip --background=blue  |  white, black or six hexadecimal digits such as 80c0ff
2  |  dataset photos o.zip --width=40  |  give both, as in gantry dataset photos o.zip --width=40 --height=40 --transform=center-crop
2  |  dataset --source=photos --dest=o.zip --height=24 --pad  |  as in gantry dataset --source=photos --dest=o.zip --height=24 --pad --width=24 \(--width=0
2  |  dataset subset shapes.zip o.zip --count=3 --width=8  |  as in gantry dataset subset shapes.zip o.zip --count=3 --width=8 --height=8
2  |  dataset photos o.zip --width=40 --height=0  |  4 of 10 pictures cannot be used
2  |  dataset photos o.zip --width=40 --height=40 --pad --transform=center-crop  |  --pad and --transform: only one of them
2  |  generate mine --seeds=9-0 --outdir=o  |  the first number of a range must be the smaller one, such as 0-9
2  |  generate mine --seeds=0 --guidance=2 --outdir=o  |  this network makes pictures in one pass
2  |  walk mine --seeds=0-1 --out=w.mp3  |  a name that ends in .webp or .mp4 is needed
2  |  project mine --target=shapes.zip --num-steps=0 --outdir=o  |  --num-steps=0: must be at least 1
1  |  convert mine.pkl x.h5  |  cannot open the checkpoint 'mine.pkl'
2  |  search --data=shapes.zip lrate=log:2..1  |  the range is reversed or empty
1  |  hash nowhere  |  a run, a checkpoint, a network, a dataset or a picture is needed
2  |  help gama  |  did you mean gamma\?
2  |  completion fish  |  gantry completion bash, or gantry completion zsh
2  |  doctor --hash  |  did you mean --hashes\?
END
}

# Words of other programs (src/core/base/words.c; test_help looks at each row), as people type them.
case_words_of_other_programs() {
    submit='submit --data=shapes.zip --cpus-per-task=1 --dry-run'
    rows 60 <<END
2  |  train --time=10  |  unknown option --time; in Gantry it is --max-time
2  |  search --time=10 lrate=lin:1..2  |  in Gantry it is --max-time
2  |  train --cores=4  |  in Gantry it is --threads
2  |  generate mine --seeds=0 --cores=4  |  in Gantry it is --threads
2  |  train --size=64  |  pictures have the size of the data: resize these with gantry dataset SOURCE DEST --width=W --height=H
2  |  dataset photos o.zip --size=64  |  in Gantry it is --width, and --height
2  |  dataset photos o.zip --resolution=64x64  |  in Gantry it is --width, and --height
2  |  generate mine --size=64  |  pictures have the size that the network was trained on
2  |  train --data=shapes.zip --epochs=3  |  belongs to [a-z|]*; here it is --kimg, in thousands of images\)
2  |  train --data=shapes.zip --model=edm --epochs=3  |  here it is --kimg
2  |  train --num-epochs=3  |  in Gantry it is --epochs, for GANs and diffusion --kimg
2  |  train --width=128  |  --width=128: must be at most 16; it is the factor of a classifier's channels, and .* gantry dataset
2  |  train --data=shapes.zip --width=2  |  --width has no meaning with --model=stylegan2 \(it belongs to classifier; .* gantry dataset
2  |  train --data=shapes.zip --model=vae --width=2  |  --width has no meaning with --model=vae .* gantry dataset
2  |  train --arch=resnet18  |  must be one of ddpmpp\|ncsnpp; .*--model
2  |  train --data=shapes.zip --model=edm --cbase=128  |  here it is --model-channels
2  |  train --data=shapes.zip --model=lenet --gamma=0.7  |  here it is --schedule-factor
2  |  train --rho=7  |  the rho of EDM's sampler is --sigma-rho
2  |  train --xflip=1  |  in Gantry it is --mirror
2  |  train --batch-gpu=8  |  there are no GPUs; with --slices-at-once
2  |  train --transfer=x.pkl  |  in Gantry it is --resume
2  |  train --S_churn=40  |  in Gantry it is --churn
2  |  generate mine --S_churn=40  |  property of the run: gantry train --churn
2  |  generate mine --sigma_min=0.002  |  property of the run: gantry train --sigma-min
2  |  generate mine --steps=18  |  in Gantry it is --sampler-steps
2  |  generate mine --solver=heun  |  in Gantry it is --sampler
2  |  submit --duration=200  |  in Gantry it is --kimg, in thousands of images
2  |  train --glr=0.002  |  in Gantry it is --lrate
2  |  train --nproc_per_node=4  |  gantry run -n N
2  |  generate mine --seed=3  |  in Gantry it is --seeds
2  |  walk mine --num-keyframes=4  |  in Gantry it is --seconds
2  |  inspect --model=mlp --size=8x8 --lr=1  |  in Gantry it is --lrate
2  |  predict mine x.png --size=64  |  in Gantry it is --image-size, if the file does not give it
2  |  evaluate mine shapes.zip --batch-size=8  |  Gantry chooses batches that fit
2  |  run --cores=4 train  |  gantry run -n 4 train --threads=8
2  |  train --folder=x  |  unknown option --folder$
2  |  train --rotate  |  unknown option --rotate$
2  |  train --load-model=x  |  in Gantry it is --resume
2  |  train --name=x  |  in Gantry it is --run, the folder of the run
2  |  train --config=x.yaml  |  a job file is the first word: gantry train FILE.ini
2  |  run --np=4 train  |  in Gantry it is --ranks
2  |  run -np 4 train  |  in Gantry it is --ranks
2  |  train edm  |  'edm' is a model, not a job that comes with the program: use --model=edm
2  |  train ResNet18 --data=shapes.zip  |  use --model=resnet18
2  |  search mlp lrate=lin:0.1..0.2  |  use --model=mlp
2  |  train fashoin  |  did you mean fashion\?
2  |  $submit -p=short  |  unknown option -p; in Gantry it is --partition
2  |  $submit -p short  |  unknown option -p; in Gantry it is --partition
2  |  $submit -pshort  |  unknown option -p; in Gantry it is --partition
2  |  $submit -N2  |  unknown option -N; in Gantry it is --nodes
2  |  $submit -c 4  |  in Gantry it is --cpus-per-task
2  |  $submit -t 10:00  |  in Gantry it is --time
2  |  $submit -A=me  |  in Gantry it is --account
2  |  $submit -a 1-4  |  in Gantry it is --array
2  |  $submit -n4  |  unknown option -n; in Gantry it is --ntasks-per-node, times --nodes
2  |  $submit -n 4  |  '4' is not a job file; -n means --dry-run, and the number of ranks is --nodes times --ntasks-per-node
2  |  $submit -w n1  |  give it at the end, after --: gantry submit ... -- --nodelist=LIST
2  |  $submit --cores=4  |  in Gantry it is --cpus-per-task
2  |  $submit --ntasks=4  |  in Gantry it is --ntasks-per-node, times --nodes
2  |  $submit --gres=disk:1  |  give it at the end, after --: gantry submit ... -- --gres=LIST
2  |  $submit --exclude=n1  |  give it at the end, after --: gantry submit ... -- --exclude=LIST
2  |  $submit --output=log  |  slurm-JOB.log in the folder of the run
2  |  $submit --partiton=x  |  did you mean --partition\?
2  |  $submit -- --partition=x  |  --partition belongs before --: gantry submit ... --partition=x
2  |  $submit -- -p x  |  -p after --; in Gantry it is --partition
2  |  $submit -- --exclude n1  |  'n1': only options of sbatch may follow --, such as --exclude=n1
2  |  $submit -- --signal=USR1  |  in Gantry it is --grace
2  |  $submit --array=1-  |  --array=1-: numbers and ranges, such as 1-4
2  |  $submit --array=4-1  |  --array=4-1: numbers and ranges
2  |  $submit --mem=64GB  |  --mem=64GB: memory of a node, such as 64G
2  |  $submit --run=mine --array=1-2  |  'mine' is itself a run: give another --run
END
}

# Each option that docs/migrating.md has of another program is one of Gantry, or Gantry says what it is.
case_words_of_the_page() {
    warm - "$here/../../docs/migrating.md" >words <<'PY'
import re, sys
commands = {'train.py': 'train', 'generate.py': 'generate', 'calc_metrics.py': 'metrics', 'dataset_tool.py': 'dataset', 'legacy.py': 'convert', 'EDM': 'train'}
command = section = None
for line in open(sys.argv[1]):
    if line.startswith('## '):
        section = line[3:].strip()
        command = commands.get(section)
    cell = line.split(' | ')[0] if line.startswith('| `') else ''
    if section == 'style_mixing.py, projector.py': command = 'mix' if '--rows' in cell else 'project'
    of = 'generate' if section == 'EDM' and 'generate.py' in cell else command
    for word in re.findall(r'--[A-Za-z0-9_-]+', cell) if command else []: print(of, word)
PY
    [ "$(wc -l <words)" -gt 60 ] || { cat words; fail 'too few words: the search is wrong'; }
    while read -r command word; do
        limited "$GANTRY" "$command" "$word=nonsense"
        ! grep -qE 'unknown option [^ ]*(; did you mean .*)?$' said || { cat said; fail "docs/migrating.md has $word, and gantry $command does not know it"; }
    done <words
    rm words
    [ "$(find . | sort | grep -v '^./said$')" = "$here_before" ] || fail 'something was left behind'
}

# Labels: an empty one in a CSV file counts as missing; those that training does not use are mentioned.
# Values are judged where they are given, also of options that this command line has no use for: tests/unit/test_options.c has all of them.
case_options_without_effect() {
    rows 24 <<END
2  |  predict mine shapes.zip --image-size=banana  |  --image-size=banana: 'banana' is not a size such as --image-size=224x224
2  |  inspect mine --normalize=banana  |  --normalize=banana: 'banana' is neither unit, data nor MEAN:STD
2  |  export mine o.npz --format=banana  |  --format=banana: there is no form 'banana' of networks: pkl, safetensors
2  |  gmm score mixture points.csv --k=  |  --k=: a value is needed
2  |  gmm score mixture points.csv --k=3  |  --k goes with fit, not with score
2  |  gmm score mixture points.csv --start=points.csv  |  --start goes with fit, not with score
2  |  gmm fit points.csv --n=3 --outdir=o  |  --n goes with sample, not with fit
2  |  inspect mine --graph --sheet=  |  --sheet=: a value is needed
2  |  inspect shapes.zip --sheet=shapes.h5  |  --sheet=shapes.h5: a name that ends in .png is needed
2  |  inspect mine --threads=2  |  --threads goes with --time
2  |  metrics mine --metrics=none  |  --metrics=none: names no metric
2  |  metrics mine --metrics=swd8 --inception=nowhere  |  --inception has no effect with these --metrics
2  |  metrics mine --metrics=fid8 --detector=mine --inception=nowhere  |  --inception has no effect with these --metrics and --detector
2  |  search --max-time=  |  --max-time=: a value is needed
2  |  search --max-time=banana  |  --max-time=banana: must be minutes
2  |  submit --cpus-per-task=1 --job-name=a\"b  |  --job-name=a.*cannot be used in a batch script
2  |  activations --outdir=  |  --outdir=: a value is needed
2  |  activations --inits=banana  |  --inits=banana: --init=banana: 'banana' is neither he
2  |  dataset --dest=  |  --dest=: a value is needed
2  |  walk --out=  |  --out=: a value is needed
2  |  walk mine --seeds=0-3 --out=o/ --quality=50  |  --quality goes with --out=\*.webp
2  |  study conv --input=1,2/3  |  --input=1,2/3: must be lines of equally many numbers
2  |  study conv --input=1,2  |  a filter of 3x3 does not fit into an input of 1x2
2  |  study conv --filter=1:2  |  the input has 1 channel, the filter 2
2  |  study pooling --window=8  |  a window of 8x8 does not fit into an input of 6x6
2  |  study optimizers --lrates=1,2  |  must be 5 rates above 0
2  |  study kl --samples=64  |  --samples goes with gradient-variance, not with kl
2  |  doctor --hashes --data=shapes.zip  |  --data has no effect with --hashes
2  |  look mine shapes.zip --filters --layer=fc  |  --layer goes with --cam
2  |  train --data=shapes.zip --model=mlp --momentum=0.5  |  --momentum goes with --optimizer=sgd
2  |  train --data=shapes.zip --model=vae --codes=9  |  --codes goes with --model=gumbel\\* or --model=vq\\*
2  |  train --data=shapes.zip --model=edm --times=uniform  |  --times goes with --precond=flow
2  |  train --data=shapes.zip --export=banana  |  --export: there is no form 'banana' of networks: pkl
2  |  train --data=shapes.zip --metrics=swd8 --detector=mine  |  --detector has no effect with these --metrics
END
    # What a file says, or is, shows when it has been read.
    expect 0 'warning: --clamp had no effect here' "$GANTRY" inspect mine --clamp=5
    expect 0 'warning: --sheet had no effect here' "$GANTRY" inspect mine --graph --sheet=o.png
    expect 0 'warning: --losses had no effect here' "$GANTRY" inspect shapes.zip --losses=per-image
    expect 0 'warning: --axes had no effect here' "$GANTRY" gmm sample mixture --axes=0,1 --outdir=samples
    expect 0 'warning: --array had no effect here' "$GANTRY" gmm score mixture points.csv --array=points
    expect 0 'warning: --smooth had no effect here' "$GANTRY" compare mine --smooth=3 --out=samples/o.png
    quietly "$GANTRY" inspect shapes.zip --sheet=samples/sheet.png
    ! grep -q 'had no effect' said || { cat said; fail 'a sheet that was drawn had no effect'; }
    rm -r samples
}

case_labels() {
    (cd odd/00000 && ls ./*.png) | sed 's,^\./,00000/,' >names
    awk 'NR <= 6 { print $1 ",dog" } NR > 6 { print $1 "," }' names >some.csv
    expect 2 '4 of 10 pictures cannot be used; the first: .*has no label for it.*--labels=none' "$GANTRY" dataset odd some.zip --labels=some.csv
    expect 0 '10 pictures: 0 cannot be read, 0 unlike the others, 4 had no label, 0 dup' "$GANTRY" dataset odd some.zip --labels=some.csv --on-error=skip
    awk '{ print $1 "," (NR - 1) * 1000 }' <(head -n 3 names) >gaps.csv
    expect 0 '1998 of 2001 classes have no image' "$GANTRY" dataset odd gaps.zip --labels=gaps.csv --on-error=skip --width=16 --height=16
    # shellcheck disable=SC2086
    expect 0 'the data have labels, which are not used: --cond uses them' "$GANTRY" train --data=shapes.zip $tiny --steps=1 --run=unused
}

# Transfer to other sizes: which tensors were copied is in the log, and a warning says that hardly anything was.
case_transfer() {
    # shellcheck disable=SC2086
    expect 0 'warning: .*less than half of G is copied: [0-9]* of [0-9]* numbers' "$GANTRY" train --data=shapes.zip $tiny --cmax=32 --cbase=256 --resume=mine --resume-partial --steps=1 --run=wide
    for words in 'G: [0-9]* of [0-9]* tensors copied' 'less than half of G is copied'; do grep -q "$words" wide/log.txt || { cat wide/log.txt; fail "not in the log: $words"; }; done
    # shellcheck disable=SC2086
    expect 0 'warning: .*less than half of G is copied' "$GANTRY" train --data=shapes.zip $tiny --cmax=32 --cbase=256 --resume=mine --resume-partial --steps=1 --dry-run=quick
    # shellcheck disable=SC2086
    quietly "$GANTRY" train --data=shapes.zip $tiny --resume=mine --steps=1 --run=alike
    ! grep -q 'less than half' said || { cat said; fail 'a warning of nothing'; }
    ! grep -q 'young run' said || { cat said; fail 'trained networks make no noise'; }
}

# The recipe comes with the network, unless another is given.
case_recipe_of_the_network() {
    # shellcheck disable=SC2086
    quietly "$GANTRY" train --data=shapes.zip $tiny --cfg=cifar --steps=1 --run=cifar
    expect 0 '^cfg = cifar$' "$GANTRY" train --data=shapes.zip --resume=cifar --dry-run=job
    expect 0 '^cfg = cpu$' "$GANTRY" train --data=shapes.zip --resume=mine --dry-run=job
    expect 0 '^cfg = auto$' "$GANTRY" train --data=shapes.zip --resume=mine --cfg=auto --dry-run=job
}

# A folder stands for the mixture in it; a run says its recipe; one that resumes by its directory alone takes another length.
case_what_is_meant() {
    quietly "$GANTRY" gmm predict mixture points.csv --outdir=told
    [ -s told/predictions.h5 ] || fail 'no predictions of a folder'
    quietly "$GANTRY" generate --network=mine --seeds=0 --outdir=one
    # shellcheck disable=SC2086
    quietly "$GANTRY" train --data=shapes.zip $tiny --kimg=0.016 --run=longer
    for words in 'recipe cpu (the default): small networks' 'young run: noise is expected before about 20 kimg'; do
        grep -q "$words" longer/log.txt || { cat longer/log.txt; fail "not in the log: $words"; }
    done
    steps() { sed -n '$s/.*"Progress\/step": {"num": 1, "mean": \([0-9]*\).*/\1/p' longer/stats.jsonl; }
    quietly "$GANTRY" train --run=longer --steps=3
    [ "$(steps)" = 3 ] || { cat said; fail "--steps=3 ended after $(steps)"; }
    quietly "$GANTRY" train --run=longer --kimg=0.08
    [ "$(steps)" = 5 ] || { cat said; fail "--kimg=0.08 ended after $(steps)"; }
    expect 0 'is finished: .*give a larger --kimg, --steps or --epochs' "$GANTRY" train --run=longer
}

# -q is of one command: the run does not keep it, nor one of 1.0 whose job.ini has it; that there is nothing to do is said all the same. log.txt has a time zone.
case_quiet() {
    says() { grep -qE -- "$1" said || { cat said; fail "no '$1': $2"; }; }
    # shellcheck disable=SC2086
    TZ=XST-5:30 quietly "$GANTRY" train --data=shapes.zip $tiny --steps=1 --run=dumb -q
    [ ! -s said ] || { cat said; fail '-q talks'; }
    grep -vE '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\+0530 ' dumb/log.txt && fail 'a line without a time zone'
    quietly "$GANTRY" train --run=dumb --steps=2
    says '^done: dumb' 'a run that was begun with -q'
    sed -i 's/^\[output\]/log = warning\nprogress = 0\n&/' dumb/job.ini
    quietly "$GANTRY" train dumb/job.ini --run=repeated --steps=1
    says '^done: repeated' 'the job.ini of a run of 1.0'
    quietly "$GANTRY" train --run=dumb --steps=3
    says '^done: dumb' 'a run of 1.0 that was begun with -q'
    ! grep -qE '^(log|progress) =' dumb/job.ini || fail 'job.ini says how one command talked'
    quietly "$GANTRY" train --run=dumb --steps=4 -q
    [ ! -s said ] || { cat said; fail '-q talks in a run that resumes'; }
    expect 0 '^dumb is finished: ' "$GANTRY" train --run=dumb -q
    printf 'data = shapes.zip\nlog = warning\n' >silent.ini
    # shellcheck disable=SC2086
    quietly "$GANTRY" train silent.ini $tiny --steps=1 --run=silent
    [ ! -s said ] || { cat said; fail 'a job file that somebody has written counts for nothing'; }
    printf '2026-11-22 20:06:43 warning: of old\n2026-11-22 20:06:44-0930 warning: of now\n' >>dumb/log.txt
    expect 0 'warnings +2, the newest: 2026-11-22 20:06:44-0930 of now' "$GANTRY" status dumb
}

# What stdout does not take is not done, and the reason is that of the write that failed. Where stdout and stderr are one file, what is said stands in its order.
case_full_output() {
    local command
    for command in version 'help train' 'status mine' 'inspect mine' 'inspect shapes.zip' 'hash mine/last --tensors' 'dataset shapes.zip --scan' 'compare mine mine' \
        'train --data=shapes.zip --resume=mine --dry-run=job' 'gmm score mixture points.csv' 'metrics mine --count=8'; do
        # shellcheck disable=SC2086
        "$GANTRY" $command >/dev/full 2>said </dev/null && fail "status 0: $command"
        grep -q '^gantry: writing results: No space left on device$' said || { cat said; fail "not the reason: $command"; }
    done
    quietly "$GANTRY" metrics mine --metrics=spectrum --count=8
    head -1 said | grep -q '^spectrum8 ' || { cat said; fail 'something stands before the scores'; }
    quietly "$GANTRY" hash mine/last --tensors
    cp said whole
    expect 1 'not a regular file|No such file' "$GANTRY" hash mine/last nothing --tensors
    head -1 said | cmp -s - <(head -1 whole) || { cat said; fail 'the message stands before what was printed'; }
}
run_cases
