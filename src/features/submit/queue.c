/* SPDX-License-Identifier: Apache-2.0
 * What Slurm's queue says of the job of a run (features/submit/batch.h), found by the script that the job was made
 * of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/door/file.h"
#include "base/door/program.h"
#include "command/launch/door/launch.h"
#include "features/submit/batch.h"
#include "run/door/rundir.h"

/* A command for bash, which prints to its file 3, with the words after it. `said` is what it prints. */
static void ask_slurm(const char *command, const char *const *words, char *said, size_t bytes) {
    GT_BUFFER gt_buffer line = {0};
    *said = 0;
    gt_buffer_printf(&line, "set --");
    for (; *words; words++) {
        gt_buffer_printf(&line, " ");
        gt_buffer_shell(&line, *words);
    }
    gt_buffer_printf(&line, "; exec bash -c '%s' bash \"$@\" 3>&1 >/dev/null 2>&1", command);
    gt_buffer_add(&line, "", 1);
    if (!line.failed) gt_shell_output(line.data, said, bytes);
}

/* The most cores that a node of the partition $2 has ("": the site's, or Slurm's own). */
static const char most_cores[] = GT_SITE
    "p=${2:-${SBATCH_PARTITION-}}; most=0; "
    "all=$(timeout 20 sinfo --exact --noheader ${p:+\"--partition=$p\"} --format=\"%P %c %Z\") || exit; "
    "while read -r name cpus threads; do "
    "[ -n \"$p\" ] || [[ $name == *\"*\" ]] || continue; "
    "cores=$((cpus / threads)); [ $cores -le $most ] || most=$cores; done <<<\"$all\"; "
    "echo $most >&3";

gt_status gt_batch_check_nodes(const gt_batch_job *b) {
    char said[32];
    const long long wanted = (long long)(b->ntasks_per_node * b->cpus_per_task);
    if (!gt_batch_counts_cores(b)) return GT_OK;
    ask_slurm(most_cores, (const char *const[]){b->scripts, b->texts[0], NULL}, said, sizeof said);
    const long long most = atoll(said); /* 0: Slurm does not answer */
    if (!most || wanted <= most) return GT_OK;
    return gt_fail(
        GT_FAILED,
        "--ntasks-per-node=%lld --cpus-per-task=%lld: the job would wait for ever for nodes with %lld cores: no "
        "node of the partition has more than %lld (sinfo; hyper-threads do not count)",
        (long long)b->ntasks_per_node, (long long)b->cpus_per_task, wanted, most);
}

/* "none"; or the job's number and state; nothing where Slurm does not answer. $1 is the folder of the scripts, $2 the
 * script of the run, $3 who owns it. Commands of Slurm wait for a controller that is away. */
static const char job_of[] = GT_SITE
    "all=$(timeout 20 squeue --noheader --user=\"$3\" --format=\"%i %T %o\") || exit; "
    "while read -r id state script; do [ \"$script\" -ef \"$2\" ] && echo \"$id $state\" >&3 && exit; done "
    "<<<\"$all\"; "
    "echo none >&3";

gt_queued gt_batch_queued(const char *scripts, const char *dir, gt_queued_job *job) {
    char said[2 * sizeof job->state] = "", owner[16], *path = gt_path_join(dir, GT_RUN_SCRIPT);
    struct stat s;
    *job = (gt_queued_job){0};
    if (path && stat(path, &s) == 0) {
        snprintf(owner, sizeof owner, "%u", (unsigned)s.st_uid);
        ask_slurm(job_of, (const char *const[]){scripts, path, owner, NULL}, said, sizeof said);
    }
    free(path);
    if (!strcmp(said, "none\n")) return GT_QUEUED_NO;
    return sscanf(said, "%31s %31s", job->number, job->state) == 2 ? GT_QUEUED_YES : GT_QUEUED_UNKNOWN;
}

/* ---- a job that has not trained ---- */

typedef struct newest {
    double time;
    char path[512];
} newest;

static gt_status take_newer(void *arg, const char *path, const char *name) {
    newest *n = arg;
    struct stat s;
    if (strncmp(name, "slurm-", strlen("slurm-")) || !gt_ends_with(name, ".log") || stat(path, &s)) return GT_OK;
    double time = (double)s.st_mtim.tv_sec + (double)s.st_mtim.tv_nsec * 1e-9;
    if (time >= n->time && strlen(path) < sizeof n->path) {
        n->time = time;
        strcpy(n->path, path);
    }
    return GT_OK;
}

/* The tasks of an array have runs of their own. */
static bool is_array(const char *dir) {
    GT_FREED char *script = NULL;
    return !gt_rundir_read(dir, GT_RUN_SCRIPT, &script) && script && strstr(script, "\n#SBATCH --array=");
}

gt_status gt_batch_fail_not_begun(const char *dir) {
    char scripts[GT_PROGRAM_PATH_BYTES];
    if (is_array(dir))
        return gt_fail(GT_FAILED,
                       "'%s' has a run for each task of its job, in a folder of its own: gantry status %s/*/", dir,
                       dir);
    gt_queued_job job = {0};
    newest log = {0};
    GT_BUFFER gt_buffer again = {0};
    gt_queued queued = gt_batch_scripts(scripts) ? gt_batch_queued(scripts, dir, &job) : GT_QUEUED_UNKNOWN;
    gt_folder_each(dir, take_newer, &log);
    gt_rundir_resume_command(dir, &again);
    const char *command = again.failed ? "sbatch" : again.data;
    gt_status st = GT_FAILED;
    if (queued == GT_QUEUED_YES)
        gt_fail(st, "'%s': its job has not begun to train: it is job %s in the queue, %s%s%s", dir, job.number,
                job.state, *log.path ? "; its output: " : "", log.path);
    else if (queued == GT_QUEUED_NO && *log.path)
        gt_fail(st, "'%s': its job failed before it began to train: see %s; once the cause is removed: %s", dir,
                log.path, command);
    else if (queued == GT_QUEUED_NO)
        gt_fail(st, "'%s': its job has not begun to train, and is no longer in the queue: %s submits it again", dir,
                command);
    else if (*log.path) gt_fail(st, "'%s': its job has not begun to train: see %s", dir, log.path);
    else gt_fail(st, "'%s': its job has not begun to train (squeue shows the queue)", dir);
    return st;
}
