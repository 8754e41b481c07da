#!/bin/bash
# level: full
# The wrong kind of file or name in a place: the message says what it is, and what belongs there. And what is advised works.
. "$(dirname "$0")/lib.sh"
tiny="--cbase=64 --cmax=8 --map-layers=1 --batch=16 --mbstd=2 --slices=8 --threads=1"
says() { # STATUS PATTERN COMMAND...: in one message
    local status=$1 pattern=$2
    shift 2
    expect "$status" "$pattern" "$@"
    [ "$(grep -cE -- "$pattern" said)" = 1 ] || { cat said; fail "more than one message: $*"; }
}
quietly "$GANTRY" dataset synth:shapes:n=64,size=16 shapes.zip
quietly "$GANTRY" dataset synth:shapes:n=64,size=16 shapes.h5
quietly "$GANTRY" dataset synth:shapes:n=64,size=16 folder
# shellcheck disable=SC2086
quietly "$GANTRY" train --data=shapes.zip $tiny --steps=1 --run=mine

begins networks_of_other_programs
# ---- networks of other programs, by their first bytes: their names say nothing ----
{ printf '\200\003}q\000(X\001\000\000\000Gq\001ctorch_utils.persistence\n_reconstruct_persistent_obj\n' && head -c 2000 /dev/zero; } >reference.h5
{ printf '\200\004\225\000\000\000\000\000\000\000\000}\224' && head -c 2000 /dev/zero; } >pickle.h5
{ printf 'PK\003\004\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\020\000\000\000archive/data.pkl' && head -c 2000 /dev/zero; } >torch.h5
{ printf '\200\002\212\012\154\374\234\106\371\040\152\250\120\031.' && head -c 2000 /dev/zero; } >old-torch.h5
{ printf '\020\000\000\000\000\000\000\000{"w":[1,2,3,4]}' && head -c 2000 /dev/zero; } >safetensors.h5
{ printf '\010\010\022\007pytorch\032\0052.1.0' && head -c 2000 /dev/zero; } >onnx.h5
echo '{}' >text.h5
printf 'Gantry che' >cut.h5
head -c 3000 /dev/urandom >noise.h5
foreign() { # FILE WHAT COMMAND...
    local pattern="$2.*: '$1.h5'"
    shift 2
    says 1 "$pattern" "$GANTRY" "$@"
}
while IFS=: read -r file what; do foreign "$file" "$what" generate "$file.h5" --seeds=0 --outdir=out; done <<'END'
reference:a pickle of the reference implementation
pickle:a Python pickle
torch:a file of PyTorch
old-torch:a file of PyTorch
safetensors:a safetensors file
onnx:an ONNX model
END
says 1 "'text.h5' is a text file, not a Gantry checkpoint.*checkpoint-\*\.h5" "$GANTRY" generate text.h5 --seeds=0 --outdir=out
for command in 'latent torch.h5 synth:circles' 'likelihood torch.h5 synth:circles' 'gmm sample torch.h5' 'inspect torch.h5 --graph' \
    "train --data=shapes.zip $tiny --resume=torch.h5" "train --data=shapes.zip $tiny --resume=torch.h5 --dry-run"; do
    # shellcheck disable=SC2086
    foreign torch 'a file of PyTorch' $command
done
says 1 'truncated' "$GANTRY" generate cut.h5 --seeds=0 --outdir=out
says 1 'not a Gantry checkpoint, or its first bytes are damaged' "$GANTRY" generate noise.h5 --seeds=0 --outdir=out
says 1 "'shapes.h5' is an HDF5 file, not a Gantry checkpoint" "$GANTRY" generate shapes.h5 --seeds=0 --outdir=out
says 1 "'shapes.zip' is a ZIP archive, not a Gantry checkpoint" "$GANTRY" generate shapes.zip --seeds=0 --outdir=out
[ ! -e out ] || fail "a refused command made its folder"

begins names_that_the_reference_implementation_downloads
# ---- names that the reference implementation downloads ----
for name in ffhq256 lsundog256 https://somewhere/net.pkl; do
    for way in '' --dry-run; do
        # shellcheck disable=SC2086
        says 1 "'$name' is not a file here.*nothing is downloaded" "$GANTRY" train --data=shapes.zip $tiny --resume=$name --outdir=others $way
    done
done
# shellcheck disable=SC2086
says 1 "'ffhq1024' is not a file here.*nothing is downloaded" ranks 2 "$GANTRY" train --data=shapes.zip $tiny --resume=ffhq1024 --outdir=others
[ ! -e others ] || fail "a refused --resume made a run's directory"

begins a_dry_run_looks_at_resume
# ---- a dry run looks at --resume ----
dry="$GANTRY train --data=shapes.zip $tiny --dry-run=quick --steps=1"
# shellcheck disable=SC2086
{
    says 1 'nowhere' $dry --resume=nowhere
    says 1 "no checkpoint in 'folder'" $dry --resume=folder
    says 2 "holds model 'stylegan2', not 'dcgan'" "$GANTRY" train --model=dcgan --data=shapes.zip --batch=16 --cbase=64 --cmax=8 --dry-run --steps=1 --resume=mine
    expect 0 'starting from the networks of mine' $dry --resume=mine
    expect 0 'starting from the networks of mine' ranks 2 $dry --resume=mine
    expect 0 'starting from the networks of mine' $dry --resume=mine/last
    # A run that has checkpoints of its own goes on with them: what it began with need not be there any more.
    quietly "$GANTRY" train --data=shapes.zip $tiny --steps=1 --run=second --resume=mine
    cp -r second third
    quietly $dry --resume=gone --run=second
    quietly "$GANTRY" train --data=shapes.zip $tiny --steps=2 --run=third --resume=gone
}

begins in_the_place_of_a_dataset
# ---- in the place of a dataset ----
cp mine/reals.png picture; cp onnx.h5 onnx
says 1 "'onnx': an ONNX model; a dataset is an HDF5 file" "$GANTRY" dataset verify onnx
says 1 "'torch.h5': a file of PyTorch .*, not a dataset" "$GANTRY" dataset verify torch.h5
says 1 "'picture': a picture; a dataset is an HDF5 file" "$GANTRY" train --data=picture
says 1 "'picture': a picture; a dataset is" "$GANTRY" dataset picture x.zip
says 1 "'mine': the directory of a run, not a dataset" "$GANTRY" train --data=mine
says 1 "'mine': the directory of a run, not a dataset" "$GANTRY" dataset mine x.zip
says 1 "'mine': the directory of a run, not a dataset" "$GANTRY" gmm fit mine
says 1 "'mine/last': a checkpoint of Gantry, not a dataset" "$GANTRY" train --data=mine/last
says 1 "'mine/last': a checkpoint of Gantry, not a dataset" "$GANTRY" dataset mine/last x.zip
says 1 "'https://a.b/c.zip'.*nothing is downloaded" "$GANTRY" train --data=https://a.b/c.zip
says 2 '--time goes with --graph' "$GANTRY" inspect --time mine
[ ! -e x.zip ] || fail "something was made of what is not a dataset"

begins in_the_place_of_a_job
# ---- in the place of a job file ----
cp mine/reals.png .
for train in train 'submit --cpus-per-task=1 --dry-run'; do
    # shellcheck disable=SC2086
    {
        for data in shapes.zip shapes.h5 folder synth:shapes; do says 2 "'$data' is .*, not a job file.* --data=$data" "$GANTRY" $train $data; done
        says 2 "'mine' is a run's directory, not a job file: --run=mine resumes.*--resume=mine" "$GANTRY" $train mine
        says 2 "'mine/last' is a checkpoint.*--resume=mine/last" "$GANTRY" $train mine/last
        says 2 "'torch.h5' is a file of PyTorch" "$GANTRY" $train torch.h5
        says 2 "'reals.png' is a picture, not a job file" "$GANTRY" $train reals.png
        says 2 "no run 'nosuch' to resume \(no nosuch/job\.ini\).*--data" "$GANTRY" $train --run=nosuch
        says 2 '^error: gantry [a-z]*: --data is required' "$GANTRY" $train
    }
done
says 2 "'shapes.zip' is a ZIP archive, not a job file" ranks 2 "$GANTRY" train shapes.zip
says 2 "no run 'nosuch' to resume" ranks 2 "$GANTRY" train --run=nosuch
says 2 "'--run=mine': a command comes first, as in gantry train --run=mine" "$GANTRY" --run=mine
[ ! -e nosuch ] || fail "a run that is not there was begun"

begins in_the_place_of_an_output
# ---- in the place of an output: datasets, checkpoints, jobs and texts stay, whatever command writes ----
stays() { # FILE PATTERN COMMAND...: refused as wrong usage, and the file is as it was
    local file=$1 pattern=$2 before
    shift 2
    before=$(sha256sum "$file")
    says 2 "$pattern" "$@"
    [ "$before" = "$(sha256sum "$file")" ] || fail "$file was changed: $*"
}
checkpoint=$(last mine)
for more in '' --overwrite; do
    # shellcheck disable=SC2086
    {
        stays "$checkpoint" 'a checkpoint in the folder of a run, which no command replaces' "$GANTRY" export mine "$checkpoint" $more
        stays "$checkpoint" 'which no command replaces' "$GANTRY" generate mine --seeds=0 --out=mine/$(basename "$checkpoint") $more
        stays "$checkpoint" 'which no command replaces' "$GANTRY" generate mine --seeds=0 --out="$checkpoint" $more
    }
    # shellcheck disable=SC2086
    for out in mine/checkpoint-000999999.h5 mine/bad-checkpoint-000999999.h5; do
        says 2 'would be a checkpoint in the folder of a run' "$GANTRY" export mine $out $more
        says 2 'would be a checkpoint in the folder of a run' "$GANTRY" dataset synth:shapes:n=8,size=16 $out $more
    done
done
stays "$checkpoint" 'which no command replaces' "$GANTRY" dataset synth:shapes:n=8,size=16 "$checkpoint" --overwrite
[ "$(last mine)" = "$checkpoint" ] && [ ! -e mine/checkpoint-000999999.h5 ] || fail 'the run has another checkpoint'
cp "$here/../golden/pkl/skip.pkl" network-snapshot-000100.pkl
stays network-snapshot-000100.pkl 'a pickle of the reference implementation .*--overwrite' "$GANTRY" export mine network-snapshot-000100.pkl
cp shapes.zip set.zip && cp shapes.h5 set.h5 && cp shapes.zip im.npz && cp "$checkpoint" kept.h5 && cp mine/job.ini a.csv
stays set.h5 "'set.h5' already exists and is an HDF5 file: replace it with --overwrite" "$GANTRY" generate mine --seeds=0 --out=set.h5
stays set.h5 'an HDF5 file: replace it with --overwrite' ranks 2 "$GANTRY" generate mine --seeds=0 --out=set.h5
stays kept.h5 'a checkpoint of Gantry: replace it with --overwrite' "$GANTRY" generate mine --seeds=0 --out=kept.h5
stays kept.h5 'a checkpoint of Gantry: replace it with --overwrite' "$GANTRY" export mine kept.h5
stays im.npz 'a ZIP archive: replace it with --overwrite' "$GANTRY" export mine im.npz
stays im.npz 'a ZIP archive: replace it with --overwrite' "$GANTRY" metrics --reals=shapes.zip --save=im.npz --detector=mine
stays set.zip '--out=set.zip: a name that ends in .html or .htm is needed' "$GANTRY" report mine --out=set.zip
stays a.csv '--html=a.csv: a name that ends in .html' "$GANTRY" compare mine --html=a.csv
ln -s set.zip a.html && stays set.zip "'a.html' already exists and is a ZIP archive" "$GANTRY" report mine --out=a.html && rm a.html
mkdir filled && cp set.zip filled/seed0000.png && stays filled/seed0000.png 'choose another folder' "$GANTRY" generate mine --seeds=0-1 --outdir=filled
[ ! -e filled/seed0001.png ] || fail 'work was begun'
# With --overwrite, and by another command's file of the same kind.
quietly "$GANTRY" generate mine --seeds=0 --out=set.h5 --overwrite
quietly "$GANTRY" generate mine --seeds=0-1 --outdir=filled --overwrite
for ((i = 0; i < 2; i++)); do
    quietly "$GANTRY" report mine --out=page.html
    quietly "$GANTRY" compare mine --html=page.html
    quietly "$GANTRY" compare mine --out=picture.png
    quietly "$GANTRY" generate mine --seeds=0 --out=picture.png
    for form in pkl h5 npz onnx; do quietly "$GANTRY" export mine net.$form; done
    quietly "$GANTRY" convert kept.h5 net.safetensors
    quietly "$GANTRY" generate mine --seeds=0-1 --npy --outdir=both
done

begins what_is_read_stays
# What a command reads is not replaced by it, whatever it is.
mkdir me && cp mine/reals.png reals.png && cp reals.png me/target.png
stays me/target.png "'me/target.png' already exists and is a picture, which this command reads" "$GANTRY" project mine --target=me/target.png --outdir=me --num-steps=2
stays me/target.png 'which this command reads' ranks 2 "$GANTRY" project mine --outdir=me --num-steps=2 --target me/target.png
[ ! -e me/proj.png ] || fail 'work was begun'
printf 'a,b,component\n1,2,0\n2,3,1\n5,1,0\n4,4,1\n' >predictions.csv
quietly "$GANTRY" gmm fit predictions.csv --k=1 --outdir=read --threads=1
stays predictions.csv 'a text file, which this command reads' "$GANTRY" gmm predict read predictions.csv --outdir=. --threads=1
quietly "$GANTRY" gmm predict read predictions.csv --outdir=read --threads=1
cp predictions.csv likelihood.csv
stays likelihood.csv 'a text file: replace it with --overwrite' "$GANTRY" likelihood mine shapes.zip --out=likelihood.csv

begins a_job_in_the_folder_of_a_new_run
mkdir -p own
printf '# for the paper\nmodel = vae\ndata = synth:circles:n=8,size=16\nbatch = 8\nsteps = 1\n' >own/job.ini
cp own/job.ini given.ini
expect 0 'own/job.ini: your file is kept as job-given.ini' ranks 2 "$GANTRY" train own/job.ini --run=own --threads=1
cmp own/job-given.ini given.ini || fail 'the job that was given is lost'
grep -q '^# The resolved job of this run' own/job.ini || fail 'the run has no job of its own'
expect 0 'is finished' "$GANTRY" train --run=own --threads=1 # from now on it is a run as others
cmp own/job-given.ini given.ini || fail 'the job that was given is lost'
mkdir both-jobs && cp given.ini both-jobs/job.ini && echo other >both-jobs/job-given.ini
stays both-jobs/job.ini 'rename yours' "$GANTRY" train both-jobs/job.ini --run=both-jobs --threads=1
mkdir killed && cp own/job.ini killed # as a start leaves it that was killed early
quietly "$GANTRY" train --run=killed --threads=1
[ ! -e killed/job-given.ini ] || fail "a run's own job was taken for another one"

begins files_of_others_in_the_folder_of_a_new_run
# A folder without a run: what is there and has a name that a run writes stays, behind a link too, and nothing is begun.
mkdir elsewhere && echo words >elsewhere/words && cp set.zip elsewhere/metrics.h5 && cp -a elsewhere elsewhere-before
lay() { rm -rf theirs && mkdir theirs; }
refused() { # FILE PATTERN COMMAND...
    local file=$1 pattern=$2
    shift 2
    rm -rf theirs-before && cp -a theirs theirs-before
    says 2 "$pattern" "$@"
    diff -r --no-dereference theirs-before theirs || fail "a refused start changes the folder of $file: $*"
    diff -r elsewhere-before elsewhere || fail "what $file leads to was changed: $*"
}
begin="$GANTRY train --data=shapes.zip $tiny --steps=1 --run=theirs"
for name in metrics.h5 log.txt report.html; do
    lay && cp set.zip "theirs/$name"
    # shellcheck disable=SC2086
    refused $name "'theirs' holds no run, and 'theirs/$name' already exists" $begin
    lay && ln -s ../elsewhere/words "theirs/$name"
    # shellcheck disable=SC2086
    refused $name "'theirs/$name' already exists" $begin
done
# shellcheck disable=SC2086
refused report.html "'theirs/report.html' already exists" ranks 2 $begin
# shellcheck disable=SC2086
refused report.html "'theirs/report.html' already exists" $begin --dry-run=quick
# shellcheck disable=SC2086
refused report.html "theirs/report.html' already exists" "$GANTRY" submit --data=shapes.zip $tiny --run=theirs --cpus-per-task=1 --dry-run
lay && echo words >theirs/lock
# shellcheck disable=SC2086
refused lock "'theirs/lock' is not the lock of a run" $begin
lay && echo words >theirs/submit.sbatch
# shellcheck disable=SC2086
refused submit.sbatch 'is not from gantry submit' "$GANTRY" submit --data=shapes.zip $tiny --run=theirs --cpus-per-task=1 --dry-run
for name in search.csv curves.png; do
    lay && ln -s ../elsewhere/words "theirs/$name"
    refused $name "'theirs' holds no search, and 'theirs/$name' already exists" "$GANTRY" search --model=lenet --data=synth:shapes:n=24,size=16,classes=3 --by=Loss/train --epochs=1 --run=theirs --trials=1 lrate=log:1e-4..0.1
done
# What others put there for a run is welcome, and stays. A job behind a link is read; the run has its own.
lay && cp given.ini elsewhere/job.ini && cp given.ini elsewhere-before/job.ini && ln -s ../elsewhere/job.ini theirs/job.ini
"$GANTRY" submit theirs/job.ini --run=theirs --cpus-per-task=1 --dry-run >theirs/submit.sbatch 2>said || { cat said; fail 'no batch script'; }
echo printed >theirs/slurm-7.log && : >theirs/stop && cp -r theirs theirs-before2
quietly "$GANTRY" train --run=theirs --threads=1
for name in submit.sbatch slurm-7.log; do cmp "theirs-before2/$name" "theirs/$name" || fail "$name was changed"; done
diff -r elsewhere-before elsewhere || fail 'the job that the link leads to was changed'
cmp theirs/job-given.ini given.ini && [ ! -L theirs/job.ini ] && grep -q '^# The resolved job of this run' theirs/job.ini || fail 'the run has no job of its own'
# A report that Gantry has not made stays.
cp -r mine reported && printf '<!doctype html>\n<html><body><h1>Gantry</h1>my notes</body></html>\n' >reported/report.html
stays reported/report.html "'reported/report.html' already exists and is an HTML page: replace it with --overwrite" "$GANTRY" report reported
quietly "$GANTRY" report reported --overwrite
quietly "$GANTRY" report reported

begins a_signal_leaves_no_half
# Held before what is written is synced, then ended by a signal: no half stays.
. "$here/hold.sh"
mkdir halves
the_halves() { find halves -name '*.part'; }
while read -r signal words; do
    # shellcheck disable=SC2086
    held shapes.zip env --default-signal=INT "$GANTRY" $words
    [ -n "$(the_halves)" ] || fail "no half is there: $words"
    kill "-$signal" "$pid" && kill -CONT "$pid"
    wait "$pid"
    [ $? = $((128 + $(kill -l "$signal"))) ] || { cat running; fail "SIG$signal did not end gantry $words"; }
    [ -z "$(the_halves)" ] || fail "SIG$signal leaves $(the_halves): gantry $words"
done <<END
TERM export mine halves/net.pkl
INT export mine halves/net.onnx
TERM activations --hidden=8 --outdir=halves
HUP report mine --out=halves/page.html
PIPE compare mine --out=halves/picture.png
END

begins again_into_the_same_place
# Tables and arrays that commands have made are known as theirs: the same command replaces them.
quietly "$GANTRY" dataset synth:shapes:n=24,size=16,classes=3 few.zip
quietly "$GANTRY" train --model=vae --widths=0.1 --data=few.zip --batch=8 --steps=1 --threads=1 --run=vae
quietly "$GANTRY" train --model=lenet --data=few.zip --batch=8 --steps=1 --threads=1 --run=net
printf 'a,b\n1,2\n2,3\n5,1\n4,4\n1,1\n7,3\n' >points.csv
for ((i = 0; i < 2; i++)); do
    while read -r words; do
        # shellcheck disable=SC2086
        quietly "$GANTRY" $words
    done <<END
latent vae few.zip --outdir=again --threads=1
anomalies vae few.zip --outdir=again --normal=0 --threads=1
likelihood vae few.zip --samples=4 --out=again/likelihood.csv --threads=1
latent vae vae few.zip --outdir=again --threads=1
study kl --outdir=again
study optimizers --outdir=again
study conv --outdir=again
study pooling --outdir=again
study dimensions vae few.zip --outdir=again --threads=1
study gradient-variance vae few.zip --outdir=again --samples=64 --images=4 --threads=1
predict net few.zip --outdir=again/net --threads=1
evaluate net few.zip --outdir=again/net --threads=1
look net few.zip --cam --outdir=again --images=4
detect net few.zip --outdir=again --sizes=1
activations --hidden=8 --outdir=again
gmm fit points.csv --k=1-2 --labels=b --half-steps --outdir=again/gmm --film=again/gmm/film.webp --threads=1
gmm predict again/gmm points.csv --labels=b --outdir=again/gmm --threads=1
gmm score again/gmm points.csv --labels=b --outdir=again/gmm --threads=1
gmm sample again/gmm --n=4 --outdir=again/gmm --threads=1
metrics --reals=few.zip --save=again/few.npz --detector=net --threads=1
dataset few.zip --scan --report=again/findings
dataset split few.zip again/one$i.zip again/two$i.zip --report=again/parts.txt
walk vae --seeds=0-1 --seconds=0.1 --out=again/frames/ --threads=1
END
done

# ---- more ranks than slices: what is advised works ----
tiny_net="--data=shapes.zip --cbase=64 --cmax=8 --map-layers=1 --threads=1 --batch=4 --mbstd=4"
check="submit $tiny_net --cpus-per-task=1 --dry-run" # slices against ranks, without starting them
# shellcheck disable=SC2086
{
    expect 0 '^ranks +up to 4: one for each image of a batch' "$GANTRY" train $tiny_net --dry-run=quick --steps=1
    expect 0 '^ranks +up to 2, the number of slices of 2 images; with --slices=4, a new run allows up to that number' "$GANTRY" train $tiny_net --dry-run=quick --steps=1 --slices=2
    says 2 '3 ranks, but --batch=4 has only 2 slices: start at most 2 ranks .*with --slices=4 allows up to 4 ranks' "$GANTRY" $check --nodes=3 --slices=2
    quietly "$GANTRY" $check --nodes=2 --slices=2
    quietly "$GANTRY" $check --nodes=3
    says 2 '5 ranks, but --batch=4 has work for only 4, .*start at most 4 ranks .*larger --batch is another recipe' "$GANTRY" $check --nodes=5
    says 2 '5 ranks, but --batch=4 has work for only 4' ranks 5 "$GANTRY" train $tiny_net --run=more --steps=1
    quietly ranks 4 "$GANTRY" train $tiny_net --run=more --steps=1
}
