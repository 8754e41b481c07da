/* SPDX-License-Identifier: Apache-2.0
 * Training for other languages: see gantry/flat.h. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "job/door/job.h"
#include "base/door/program.h"
#include "gantry/flat.h"
#include "gantry/job.h"
#include "gantry/progress.h"
#include "gantry/runlog.h"
#include "gantry/stop.h"
#include "gantry/train.h"

struct gt_flat_job {
    gt_job *job;
    gt_start start;
    gt_flat_tick *tick; /* while it is trained; NULL: nobody is told */
    void *of;
    bool stopped;
};

/* Cores, the log and requests to stop are the process's: one job at a time is trained. */
static const gt_flat_job *trained; /* NULL: none */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

gt_flat_job *gt_flat_job_new(int *status) {
    gt_flat_job *j = calloc(1, sizeof *j);
    const gt_kernel_set *kernels = NULL;
    gt_status st = gt_kernel_set_asked(getenv("GT_ISA"), getenv("GT_CONV"), &kernels);
    if (!st && (!j || !(j->job = gt_job_new()))) st = gt_fail(GT_NOMEM, "out of memory for a job");
    *status = (int)st;
    if (!st) gt_job_set_kernels(j->job, kernels);
    if (!st) return j;
    gt_flat_job_free(j);
    return NULL;
}

void gt_flat_job_free(gt_flat_job *j) {
    if (j) gt_job_free(j->job);
    free(j);
}

int gt_flat_job_read(gt_flat_job *j, const char *file) {
    char path[GT_PROGRAM_PATH_BYTES];
    return gt_job_read_file(j->job, gt_shipped_find("jobs", ".ini", file, path) ? path : file);
}

int gt_flat_job_set(gt_flat_job *j, const char *key, const char *value) { return gt_job_set(j->job, key, value, NULL); }

void gt_flat_job_forget(gt_flat_job *j, const char *key) {
    gt_options o = *gt_options_of_job(j->job);
    gt_options_forget(&o, key);
}

const char *gt_flat_job_run(const gt_flat_job *j) { return j->start.run; }

const char *gt_flat_job_option(int i) {
    int n;
    const gt_option *rows = gt_job_table(&n);
    return i >= 0 && i < n ? rows[i].key : NULL;
}

const char *gt_flat_program(void) {
    static _Thread_local char path[GT_PROGRAM_PATH_BYTES];
    gt_program_path(path);
    return path;
}

static void tell(void *of, int64_t images, const gt_stat_value *values, int n) {
    const gt_flat_job *j = of;
    const char *names[n];
    double means[n];
    for (int i = 0; i < n; i++) names[i] = values[i].name, means[i] = values[i].mean;
    j->tick(j->of, images, n, names, means);
}

/* As the command does before its ranks meet. */
static gt_status check(gt_job *job) {
    const gt_job_facts of = gt_job_look(job);
    gt_status st = gt_job_check_start(job);
    if (!st && of.dry_run != GT_DRY_RUN_NO) st = gt_fail(GT_USAGE, "--dry-run prints: it is of the command alone");
    if (!st && gt_mpi_launched()) st = gt_fail(GT_USAGE, "a process that a launcher of MPI has started trains nothing");
    if (!st && !gt_train_resumes(job)) st = gt_job_check(job);
    return st ? st : gt_job_check_files(job);
}

static gt_status train(gt_flat_job *j) {
    const gt_job_facts of = gt_job_look(j->job);
    bool loud = gt_options_state(gt_options_of_job(j->job), "log") == GT_OPTION_GIVEN;
    gt_status st;
    gt_comm *comm = gt_comm_start_all((int)of.threads, &st);
    if (!comm) return st;
    gt_log_setup(0, 1, loud ? of.log : GT_WARNING);
    gt_job_set_tick(j->job, j->tick ? tell : NULL, j);
    st = gt_train_all(comm, j->job, NULL, &j->start);
    gt_tell_allow(false);
    gt_log_setup(0, 1, GT_WARNING);
    gt_comm_stop_all(comm);
    return st;
}

static bool begin(const gt_flat_job *j) {
    pthread_mutex_lock(&turn);
    const bool is_free = !trained;
    if (is_free) trained = j;
    if (is_free && j->stopped) gt_stop_request(SIGINT);
    pthread_mutex_unlock(&turn);
    return is_free;
}

static void end(void) {
    pthread_mutex_lock(&turn);
    gt_stop_request(0);
    trained = NULL;
    pthread_mutex_unlock(&turn);
}

void gt_flat_job_stop(gt_flat_job *j) {
    pthread_mutex_lock(&turn);
    j->stopped = true;
    if (trained == j) gt_stop_request(SIGINT);
    pthread_mutex_unlock(&turn);
}

int gt_flat_train(gt_flat_job *j, gt_flat_tick *tick, void *of) {
    if (!begin(j)) return gt_fail(GT_USAGE, "another training is running in this process");
    j->tick = tick;
    j->of = of;
    gt_status st = check(j->job);
    if (!st) st = train(j);
    end();
    return st;
}
