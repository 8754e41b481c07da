# level: full
# gantry run: the launcher's command line, what is refused, and training on several ranks. Threads beyond the processors there are.
. "$(dirname "$0")/lib.sh"
unset SLURM_JOB_ID GANTRY_MPI
job="$small --slices=8 --batch=16"
root=$([ "$(id -u)" != 0 ] || echo ' --allow-run-as-root')

expect 0 "^mpirun$root -n 3 --bind-to none.* $GANTRY train --data=a --run=b\$" "$GANTRY" run -n 3 --dry-run train --data=a --run=b
expect 0 " --oversubscribe .*generate a\$" "$GANTRY" run --ranks=4096 --dry-run generate a
expect 0 "^mpirun$root -n 4 --host a:2,b:2 --bind-to none .*train\$" "$GANTRY" run -n 4 --hosts=a,b --dry-run train
expect 0 "^mpirun$root -n 2 --host a:1,b:1 --bind-to none .*train\$" "$GANTRY" run --hosts a,b --dry-run train
expect 0 "^mpirun$root --host a:3,b --bind-to none .*train\$" "$GANTRY" run --hosts=a:3,b --dry-run train
expect 0 "^mpirun$root -n 5 --hostfile list --bind-to none.* --mca x y .*train '--run=a b'\$" "$GANTRY" run -n 5 --hostfile=list --launch-options='--mca x  y' --dry-run train '--run=a b'
expect 0 "^$GANTRY train\$" "$GANTRY" run -n 1 --dry-run train
expect 0 '^usage: gantry run ' "$GANTRY" run --help
expect 0 '^usage: gantry train ' "$GANTRY" run -n 2 train --help
[ "$(grep -c '^usage' said)" = 1 ] || fail 'help from each rank'

expect 2 'which command shall run' "$GANTRY" run
expect 2 'which command shall run' "$GANTRY" run -n 2
expect 2 'value is needed' "$GANTRY" run -n
expect 2 '--ranks=0: must be at least 1' "$GANTRY" run -n 0 train
expect 2 'must be a whole number' "$GANTRY" run -n four train
expect 2 "unknown command 'trian'; did you mean train" "$GANTRY" run -n 2 trian
expect 2 'did you mean --ranks' "$GANTRY" run --rank=2 train
expect 2 'other than run' "$GANTRY" run run train
expect 2 'only one of them' "$GANTRY" run --hosts=a --hostfile=b train
mkdir bin && ln -s /bin/true bin/srun
expect 2 'salloc or sbatch' env PATH="$tmp/bin:$PATH" "$GANTRY" run -n 2 --launcher=srun train
expect 2 'already started ranks' env PMIX_RANK=0 "$GANTRY" run -n 2 train
expect 2 'already started ranks' ranks 2 "$GANTRY" run -n 2 train
expect 1 'openmpi-bin' env PATH="$tmp/nowhere" "$GANTRY" run -n 2 train
expect 0 '^--workers has no effect: it is for programs on GPUs$' "$GANTRY" train $job --steps=1 --run=reference --workers 3 --nhwc=yes --gpus=1
expect 0 '^--gpus is the number of GPUs that the recipe' "$GANTRY" train $job --steps=1 --run=reference --gpus=1
has_line 'has no effect' said && fail '--workers was not given'

begins the_launcher_in_a_slurm_allocation
# The launcher in a Slurm allocation, and the settings of the scripts there.
rm bin/srun && printf '#!/bin/bash\n[ "$1" != --mpi=list ] || echo pmix pmi2\n' >bin/srun && chmod +x bin/srun
slurm="env PATH=$tmp/bin:$PATH SLURM_JOB_ID=1"
expect 0 "^srun -K --mpi=pmix --cpu-bind=cores -c 3 $GANTRY train\$" $slurm SLURM_CPUS_PER_TASK=3 "$GANTRY" run --dry-run train
expect 0 "^srun -K --mpi=pmi2 --cpu-bind=cores -n 2 --nodelist=a,b $GANTRY train\$" $slurm GANTRY_MPI=pmi2 "$GANTRY" run -n 2 --hosts=a,b --dry-run train
expect 0 "^mpirun$root -n 2 --bind-to none.* $GANTRY train\$" $slurm GANTRY_MPI=other "$GANTRY" run -n 2 --dry-run train

begins the_same_bits_as_alone
# The same bits as alone, by a relative path too, with what the ranks print; the exit status is theirs.
quietly "$GANTRY" train $job --run=alone --steps=4
expect 0 '3 ranks on' "$GANTRY" run -n 3 train $job --run=three --steps=4
same "$(last alone)" "$(last three)"
cp -r "$GANTRY" "$BUILD/libexec" bin/
expect 0 '10 images in out' "$tmp/bin/gantry" run -n 2 generate three --class=0 --seeds=0-9 --outdir=out
expect 2 'did you mean' "$GANTRY" run -n 2 train $job --gama=1
has_line 'non-zero' said && { cat said; fail 'the report of mpirun stands beside the message'; }
expect 0 '^--gpus has no effect here' "$GANTRY" metrics --reals=out --fakes=out --metrics=spectrum --gpus=2 --verbose=yes

begins one_host_needs_no_network
# Nothing of a run on one host can be reached from other hosts: neither a rank nor mpirun. What the user chooses stays.
expect 0 ' --mca pml ob1 --mca btl self,vader -x UCX_TLS=self,sm ' env -u OMPI_MCA_pml "$GANTRY" run -n 2 --dry-run train
for choice in '--hosts=a,b' '--hostfile=x' '--launch-options=--mca\ btl\ tcp,self' '--launch-options=--mca\ btl_tcp_if_include\ eth0'; do
    eval "quietly '$GANTRY' run -n 2 $choice --dry-run train"
    ! grep -q vader said || { cat said; fail "$choice is not heard"; }
done
for choice in OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=lo PBS_NODEFILE=x; do
    quietly env $choice "$GANTRY" run -n 2 --dry-run train
    ! grep -q vader said || { cat said; fail "$choice is not heard"; }
done
expect 0 ' --mca btl self,vader ' env OMPI_MCA_btl_vader_single_copy_mechanism=none "$GANTRY" run -n 2 --dry-run train
mkdir five && printf '#!/bin/bash\necho "mpirun (Open MPI) 5.0.8"\n' >five/mpirun && chmod +x five/mpirun
expect 0 ' --mca btl self,sm ' env PATH="$tmp/five:$PATH" "$GANTRY" run -n 2 --dry-run train
# open_to_others PID...: their ports on addresses other than those of the host itself, as they see them
open_to_others() {
    "$python" - "$@" <<'END'
import os, sys
for pid in sys.argv[1:]:
    own = {os.readlink(f'/proc/{pid}/fd/{fd}') for fd in os.listdir(f'/proc/{pid}/fd') if os.path.islink(f'/proc/{pid}/fd/{fd}')}
    reached = {line.split(':')[0].strip() for line in open(f'/proc/{pid}/net/dev').readlines()[2:]} != {'lo'}
    for kind in 'tcp', 'tcp6':
        for row in open(f'/proc/{pid}/net/{kind}').readlines()[1:]:
            address, state, inode = (row.split()[i] for i in (1, 3, 9))
            loopback = address.startswith(('0100007F', '00000000000000000000000001000000'))
            if reached and state == '0A' and not loopback and f'socket:[{inode}]' in own: print(pid, kind, address)
END
}
while_training() { # WORDS of gantry run: mpirun and its two ranks, which train
    rm -rf listens
    background "$@" -n 2 train $job --steps=1000000 --run=listens
    wait_until 180 has_line Progress/tick listens/stats.jsonl
    launcher=$(pgrep -P "$pid" mpirun)
    ranks=($(pgrep -P "$launcher"))
    [ "${#ranks[@]}" = 2 ] || fail "${#ranks[@]} ranks"
}
while_training env -u OMPI_MCA_pml "$GANTRY" run
open=$(open_to_others "${ranks[@]}")
[ -z "$open" ] || fail "ranks listen: $open"
if unshare -n true 2>/dev/null || unshare -rn true 2>/dev/null; then
    open=$(open_to_others "$launcher")
    [ -z "$open" ] || fail "mpirun listens: $open"
fi
kill -USR1 "$pid"
ends 75
# Ranks with ports, as the user wants them.
while_training env OMPI_MCA_btl=tcp,self "$GANTRY" run
[ -n "$(open_to_others "$launcher" "${ranks[@]}")" ] || fail 'nothing listens, though TCP was asked for'
kill -USR1 "$pid"
ends 75

begins limited_files
# Files may not grow to what Open MPI shares among ranks: one sentence, no signal.
for start in "'$GANTRY' run -n 2" "'$LAUNCH' 2 '$GANTRY'"; do
    limited bash -c "ulimit -f 4096; exec $start train $job --run=limited --steps=1" && fail "status 0: $start"
    grep -q '^error: .*ulimit -f' said || { cat said; fail "no sentence: $start"; }
    ! grep -q 'signal 25' said || { cat said; fail "ended by a signal: $start"; }
done
# Nor may a rank open as many of them as it needs: one sentence in place of Open MPI's. A limit that may be raised is.
expect 1 '^error: .*a process may have 40 open files here .ulimit -n., but a rank needs up to 100: raise' ranks 2 bash -c "ulimit -n 40; exec '$GANTRY' train $job --run=limited --steps=1"
expect 0 'done: limited' ranks 2 bash -c "ulimit -S -n 40; exec '$GANTRY' train $job --run=limited --steps=1"

begins reports_of_mpirun
# Only the report that a rank returned a status is left out; all else comes through byte for byte, and at once.
cat >bin/mpirun <<'END'
#!/bin/bash
[ "$1" != --version ] || { echo 'mpirun (Open MPI) 4.1'; exit; }
line=$(printf '%074d' 0 | tr 0 -)
report() { printf '%s\n' "$line" "$@" "$line" >&2; }
printf 'a rank\n' >&2
report 'Primary job  terminated normally, but 1 process returned' 'a non-zero exit code. Per user-direction, the job has been aborted.'
report 'ended with non-zero status' '' '  Exit code:    75'
report 'exited on signal 9'
printf 'live\r\033[K' >&2
report 'ended with non-zero status'
printf 'live\r\033[' >&2
report 'no report: non-zero'
printf -- '-\n--- %s\n%s\nx\n' "$line" "$line" >&2
printf -- '%s live\r-' "$line" >&2
for i in {1..100}; do [ ! -e seen ] || break; sleep 0.1; done
[ -e seen ] && printf ' seen' >&2
exit 75
END
chmod +x bin/mpirun
line=$(printf '%074d' 0 | tr 0 -)
{ printf 'a rank\n%s\nexited on signal 9\n%s\nlive\r\033[Klive\r\033[%s\nno report: non-zero\n%s\n' "$line" "$line" "$line" "$line"; printf -- '-\n--- %s\n%s\nx\n%s live\r- seen' "$line" "$line" "$line"; } >wanted
PATH=$tmp/bin:$PATH "$GANTRY" run -n 2 train 2>passed & launched=$!
wait_until 180 has_line '[-] live' passed
touch seen
wait $launched
[ $? = 75 ] || fail 'the exit status is not that of the launcher'
cmp wanted passed || fail 'what the launcher writes to stderr'

begins mpirun_that_crashes
# Over ranks that a stop has ended before they listened mpirun may crash while it tidies up: still a stop. Without a stop a crash is a crash.
cat >bin/mpirun <<'END'
#!/bin/bash
[ "$1" != --version ] || { echo 'mpirun (Open MPI) 4.1'; exit; }
trap 'kill -SEGV $$' USR1
touch listening
[ ! -e at-once ] || kill -SEGV $$
while :; do sleep 0.1; done
END
PATH=$tmp/bin:$PATH background "$GANTRY" run -n 2 train
wait_until 60 test -e listening
kill -TERM "$pid"
ends 75
touch at-once
PATH=$tmp/bin:$PATH background "$GANTRY" run -n 2 train
ends 139

expect 0 'warning: --threads=999 is more than the [0-9]+ processors? ' "$GANTRY" train $job --run=threads --steps=1 --threads=999
[ "$(grep -c 'warning: --threads' said)" = 1 ] || { cat said; fail 'said more than once'; }
expect 0 'warning: --threads=999 ' "$GANTRY" run -n 2 generate three --class=0 --seeds=0-1 --outdir=out --threads=999
[ "$(grep -c 'warning: --threads' said)" = 1 ] || { cat said; fail 'said by each rank'; }
expect 0 'warning: --threads=999 ' "$GANTRY" inspect three --graph --time --threads=999
quietly "$GANTRY" generate three --class=0 --seeds=0-1 --outdir=out --threads="$(nproc)"
! has_line warning said || { cat said; fail 'a thread for each processor is not a reason to warn'; }
echo 'run'
