# level: full
# What ranks need to start is looked for before, and where a rank is lost before the ranks have met nobody waits for ever.
. "$(dirname "$0")/lib.sh"
unset SLURM_JOB_ID GANTRY_MPI
one_line() { [ "$(wc -l <said)" -le "${1-1}" ] || { cat said; fail 'more than one line'; }; }

case_files_of_hosts() {
    expect 1 "hostfile.*'nothere'.*No such file" "$GANTRY" run -n 2 --hostfile=nothere doctor
    one_line
    expect 1 "hostfile.*not a regular file" "$GANTRY" run -n 2 --hostfile=. doctor
    one_line
    printf '# node1\n \n' >comments
    expect 2 "'comments' names no host" "$GANTRY" run -n 2 --hostfile=comments doctor
    one_line 2
    echo "localhost slots=2" >hosts
    expect 0 'authenticity' "$GANTRY" run -n 2 --hostfile=hosts metrics --metrics=help
}

case_a_folder_that_is_none() {
    : >file
    expect 1 "'file' \(TMPDIR\).*no folder can be made there: Not a directory" env TMPDIR=file "$GANTRY" run -n 2 doctor
    one_line
    expect 1 "'file' \(TEMP\)" env -u TMPDIR TEMP=file "$GANTRY" run -n 2 doctor
    expect 0 'authenticity' env TMPDIR="$tmp/made" "$GANTRY" run -n 2 metrics --metrics=help
}

case_a_full_folder() {
    mkdir small
    mount -t tmpfs -o size=3m gantry-test small 2>/dev/null || skip 'a small file system needs the right to mount'
    mounted=$tmp/small
    export TMPDIR=$tmp/small
    expect 1 "\(TMPDIR\) and needs 10 MB there: 3.1 MB are free.*TMPDIR=/var/tmp" "$GANTRY" run -n 2 train $small --steps=1
    one_line
    expect 0 '^warning +TMPDIR .*3.1 MB|^warning +TMPDIR +.*: 3 MB' "$GANTRY" doctor
    quietly "$GANTRY" train $small --steps=1 --run=alone --threads=1
    mount -o remount,size=11m small
    expect 0 'authenticity' "$GANTRY" run -n 2 metrics --metrics=help # so much is enough
}

# An mpirun that starts two ranks, one of which ends, and that waits for ever; its ranks are called like the program, and never meet.
lost_by() { # SECONDS of the second rank, status, pattern, COMMAND... that starts the program
    mkdir -p fake
    printf '#!/bin/bash\ncase $* in *version*) echo "mpirun (Open MPI) 4.1.4"; exit ;; esac\ntrap "" USR1\n%s\n' "$tmp/fake/gantry 300 & $tmp/fake/gantry $1 & echo \$! >second; wait %1" >fake/mpirun
    chmod +x fake/mpirun
    cp "$(command -v sleep)" "fake/$(basename "$GANTRY")"
    PATH="$tmp/fake:$PATH" expect "$2" "$3" "${@:4}"
}

# Launches that begin and end at the same moment do not share a folder: Open MPI 4.1.4 removes it when one of them ends, and the other fails.
case_own_folder() {
    mkdir -p names both
    printf '#!/bin/bash\ncase $* in *version*) echo "mpirun (Open MPI) 4.1.4"; exit ;; esac\nls -d "$OMPI_MCA_orte_tmpdir_base"\n' >names/mpirun
    chmod +x names/mpirun
    export TMPDIR=$tmp/both
    for i in 1 2; do PATH="$tmp/names:$PATH" expect 0 "^$tmp/both/gantry-ranks-" "$GANTRY" run -n 2 doctor && mv said "said$i"; done
    ! cmp -s said1 said2 || fail 'two launches have one folder'
    [ -z "$(ls both)" ] || fail "left: $(ls both)"
    OMPI_MCA_orte_tmpdir_base=$tmp/names PATH="$tmp/names:$PATH" expect 0 "^$tmp/names\$" "$GANTRY" run -n 2 doctor
    quietly "$GANTRY" run -n 2 metrics --metrics=help
    [ -z "$(ls both)" ] || fail "left: $(ls both)"
}

nothing_runs() { ! kill -0 "$(cat second)" 2>/dev/null && ! pgrep -f "$tmp/fake/gantry" >said || { cat said; fail 'something still runs'; }; }

case_a_rank_is_lost() {
    local began=$SECONDS
    lost_by 1.2 1 'a rank was lost during the start' "$GANTRY" run -n 2 doctor
    one_line
    [ $((SECONDS - began)) -lt 60 ] || fail 'it took long'
    nothing_runs
}

# It was asked to stop before that: the signal had ended the rank.
case_a_rank_is_lost_by_a_stop() {
    lost_by 1.2 75 'stopped before the first step' timeout --foreground --preserve-status -s TERM 0.6 "$GANTRY" run -n 2 train $small --run=stopped --steps=9
    ! grep -q 'was lost' said || { cat said; fail 'a rank is called lost'; }
    nothing_runs
}

run_cases
