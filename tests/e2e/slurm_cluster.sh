# Sourced by tests: a Slurm cluster of N "nodes" on this machine, daemons and files of the caller's own, that ends with the test. Debian builds
# Slurm so that several slurmd can share a host; each node has its port, spool and temporary folder, for that is where srun's PMIx servers would meet. Clusters at the same time differ in their job numbers, of
# which Open MPI makes the names of its shared memory.
# shellcheck shell=bash
cluster=$tmp/cluster nodes=4

cluster_daemon() { # NAME COMMAND...: in the foreground of a background process; its output is in log/NAME.out
    local name=$1
    shift
    setsid "$@" >"$cluster/log/$name.out" 2>&1 </dev/null &
    started+=("$!")
}

# The first of N ports in a row that nobody has. They lie below the range that the system takes for connections: tests beside this one make many.
free_ports() {
    local lowest first i
    read -r lowest _ </proc/sys/net/ipv4/ip_local_port_range
    [ "$lowest" -gt 12000 ] || lowest=32768 # a system that takes all ports for connections
    while first=$((10000 + RANDOM % (lowest - 10000 - $1))); do
        for ((i = 0; i < $1; i++)); do
            grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X $((first + i))) " /proc/net/tcp /proc/net/tcp6 2>/dev/null && continue 2
        done
        echo "$first" && return
    done
}

cluster_up() { # seconds without an answer after which a node counts as lost; what is not installed here skips the test
    local i me host base
    for i in munged slurmctld slurmd srun sbatch; do need "$i" 'Debian: slurm-wlm munge'; done
    export SLURM_CONF=$cluster/slurm.conf
    me=$(id -un) host=$(hostname -s) base=$(free_ports $((nodes + 1)))
    chmod 755 "$tmp" # munged wants its socket to be reachable by everybody
    mkdir -p "$cluster"/{munge,socket,state,log,pid} && chmod 700 "$cluster/munge"
    (umask 077 && head -c 128 /dev/urandom >"$cluster/munge/key")
    {
        cat <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$base
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$cluster/socket/munge,cred_expire=5
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool/%n
SlurmctldPidFile=$cluster/pid/slurmctld.own
SlurmdPidFile=$cluster/pid/slurmd.%n
SlurmctldLogFile=$cluster/log/slurmctld
SlurmdLogFile=$cluster/log/slurmd.%n
TmpFS=$cluster/tmp/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
JobRequeue=1
SlurmctldTimeout=30
SlurmdTimeout=$1
MessageTimeout=10
KillWait=10
MinJobAge=600
FirstJobId=$base
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmdParameters=config_overrides
CONF
        for i in $(seq "$nodes"); do echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((base + i)) CPUs=4 RealMemory=4000 Feature=kind$i"; done
        echo "PartitionName=work Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE PriorityTier=1"
        echo "PartitionName=urgent Nodes=n[1-$nodes] MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF"
    } >"$SLURM_CONF"
    srun --mpi=list 2>&1 | grep -q pmix || skip 'this Slurm speaks no PMIx'
    cluster_daemon munged munged --foreground --key-file="$cluster/munge/key" --socket="$cluster/socket/munge" --pid-file="$cluster/pid/munged.own" \
        --log-file="$cluster/log/munged" --seed-file="$cluster/munge/seed" --num-threads=2
    wait_until 180 test -S "$cluster/socket/munge"
    cluster_daemon slurmctld slurmctld -D -c -f "$SLURM_CONF"
    for i in $(seq "$nodes"); do node_start "n$i"; done
    (wait_until 180 cluster_idle "$nodes") || { tail -n 5 "$cluster"/log/*; fail "the cluster did not come up"; }
}
cluster_idle() { [ "$(timeout 5 sinfo -hN -p work -o %t 2>/dev/null | grep -cx idle)" -ge "$1" ]; }

node_start() { # NODE: with its own disk as after a boot
    rm -rf "$cluster/spool/$1" "$cluster/tmp/$1"
    mkdir -p "$cluster/spool/$1" "$cluster/tmp/$1"
    cluster_daemon "node-$1" slurmd -D -N "$1" -f "$SLURM_CONF"
}

# All processes of a node: its slurmd, the steps' daemons (they keep its log file open), and the tasks, batch scripts included.
node_processes() {
    local p
    for p in /proc/[0-9]*; do
        p=${p#/proc/}
        if tr '\0' '\n' 2>/dev/null <"/proc/$p/environ" | grep -qx "SLURMD_NODENAME=$1" && tr '\0' '\n' <"/proc/$p/environ" | grep -qx "SLURM_CONF=$SLURM_CONF"; then
            echo "$p"
        elif readlink /proc/"$p"/fd/* 2>/dev/null | grep -qx "$cluster/log/slurmd.$1"; then
            echo "$p"
        fi
    done
}
node_kill() { # NODE: as if its power had gone
    local all
    all=$(node_processes "$1")
    # shellcheck disable=SC2086
    [ -z "$all" ] || kill -9 $all 2>/dev/null
}

# Everything that came out of the cluster: the daemons and their children name its files in their command lines or environments.
cluster_down() {
    local p
    for p in /proc/[0-9]*; do
        { tr '\0' ' ' <"$p/cmdline" | grep -qF "$cluster/" || tr '\0' '\n' <"$p/environ" | grep -qx "SLURM_CONF=$SLURM_CONF"; } 2>/dev/null || continue
        p=${p#/proc/}
        [ "$p" = $$ ] || [ "$p" = "$BASHPID" ] || kill -9 "$p" 2>/dev/null
    done
}
trap '[ ! -d "$cluster" ] || cluster_down; end_test' EXIT
