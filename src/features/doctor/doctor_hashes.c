/* SPDX-License-Identifier: Apache-2.0
 * Small trainings whose results are known: does this machine compute what every other one does
 * (features/doctor/doctor.h)? The jobs and their hashes are src/features/doctor/hashes.ini, which
 * tests/tools/golden_hashes writes: resolved jobs, so that no default can change one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/embed.h"
#include "base/door/file.h"
#include "base/door/clock.h"
#include "runner/contents/door/contents.h"
#include "features/doctor/doctor.h"
#include "gantry/job.h"
#include "gantry/program.h"
#include "gantry/text.h"
#include "gantry/train.h"
#include "networks/model/door/family.h"

EMBED(gt_golden_hashes, "src/features/doctor/hashes.ini");
extern const char gt_golden_hashes[];

enum { MOST_RANKS = 4, NAME_BYTES = 64 };

/* A part of the file: a line "; NAME HASH", and the job up to the next such line. The first line of the file is "; of
 * ARITHMETIC". */
typedef struct golden {
    char name[NAME_BYTES], hash[GT_CONTENTS_HASH_BYTES];
    const char *text;
    size_t bytes;
} golden;

static const char *next_line(const char *p) {
    p = strchr(p, '\n');
    return p ? p + 1 : "";
}

/* The part that begins at p; returns where the next one does, NULL at the end. */
static const char *read_part(const char *p, golden *g) {
    if (sscanf(p, "; %63s %35s", g->name, g->hash) != 2) return NULL;
    g->text = p = next_line(p);
    while (*p && *p != ';') p = next_line(p);
    g->bytes = (size_t)(p - g->text);
    return p;
}

static gt_status train_all(gt_comm *comm, const gt_kernel_set *kernels, const golden *g, const char *run) {
    gt_job *job = gt_job_new();
    GT_FREED char *text = strndup(g->text, g->bytes);
    gt_status st = job && text ? gt_job_read_text(job, text, g->name) : GT_NOMEM;
    if (!st) st = gt_job_set(job, "run", run, NULL);
    if (!st) st = gt_job_check(job);
    if (!st) job->kernels = kernels;
    if (!(st = gt_comm_agree_all(comm, st))) st = gt_train_all(comm, job, NULL, NULL);
    gt_job_free(job);
    return st;
}

static gt_status check_all(gt_comm *comm, const gt_kernel_set *kernels, const golden *g, const char *folder, bool *same,
                           FILE *f) {
    char run[GT_PROGRAM_PATH_BYTES], hash[GT_CONTENTS_HASH_BYTES] = "";
    double start = gt_clock();
    snprintf(run, sizeof run, "%s/%s", folder, g->name);
    gt_status st = train_all(comm, kernels, g, run);
    if (st) return gt_wrap(st, "%s", g->name);
    st = gt_comm_agree_all(comm, comm->rank ? GT_OK : gt_contents_hash_file(run, NULL, hash));
    *same = !strcmp(hash, g->hash);
    gt_comm_broadcast_all(comm, same, sizeof *same, 0);
    if (st || comm->rank) return st;
    gt_print_to(f, "%-8s %-12s %s", *same ? "ok" : "BROKEN", g->name, hash);
    if (*same) gt_print_to(f, "  %.1f s\n", gt_clock() - start);
    else gt_print_to(f, "  instead of %s\n", g->hash);
    gt_print_flush(f);
    return GT_OK;
}

static gt_status check_usage(const gt_comm *comm, const gt_kernel_set *kernels, const char *arithmetic) {
    if (strcmp(gt_kernel_set_arithmetic(kernels), arithmetic))
        return gt_fail(GT_USAGE, "hashes are known only for the arithmetic %s, but this is %s", arithmetic,
                       gt_kernel_set_arithmetic(kernels));
    if (comm->ranks > MOST_RANKS)
        return gt_fail(GT_USAGE, "the jobs have %d slices: start at most as many ranks", MOST_RANKS);
    return GT_OK;
}

gt_status gt_checkup_check_hashes(const gt_option *o, const char *value) {
    golden g;
    (void)o;
    bool known = gt_is(value, "all");
    for (const char *p = next_line(gt_golden_hashes); !known && (p = read_part(p, &g));) known = gt_is(value, g.name);
    return known ? GT_OK : gt_fail(GT_USAGE, "there is no such job; --hashes trains all jobs");
}

gt_status gt_checkup_hashes_all(gt_comm *comm, const gt_kernel_set *kernels, const char *name, FILE *f) {
    char folder[GT_PROGRAM_PATH_BYTES - NAME_BYTES - 1] = "", arithmetic[GT_KERNEL_SET_BYTES] = "";
    int checked = 0, wrong = 0;
    sscanf(gt_golden_hashes, "; of %31s", arithmetic);
    gt_status st = gt_comm_agree_all(comm, check_usage(comm, kernels, arithmetic));
    if (st) return st;
    if ((st = gt_comm_agree_all(comm, comm->rank ? GT_OK : gt_temp_folder_make("hashes", folder, sizeof folder))))
        return st;
    gt_comm_broadcast_all(comm, folder, sizeof folder, 0);
    golden g;
    bool same = true;
    for (const char *p = next_line(gt_golden_hashes); !st && (p = read_part(p, &g));) {
        if (strcmp(name, "all") && strcmp(name, g.name)) continue;
        st = check_all(comm, kernels, &g, folder, &same, f);
        checked++;
        wrong += !same;
    }
    if (comm->rank == 0) gt_temp_folder_remove(folder);
    if (st) return st;
    return wrong ? gt_fail(GT_FAILED, "%d of %d networks are not what other machines compute", wrong, checked) : GT_OK;
}
