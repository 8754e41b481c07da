/* SPDX-License-Identifier: Apache-2.0
 * The job of a command line: from recipe, file and options; and what is checked before anybody trains it. */
#include <unistd.h>

#include "job/door/job.h"
#include "command/door/cli.h"
#include "gantry/dataset.h"
#include "gantry/export.h"

/* The job file: named; or, to resume a run by its directory alone, the run's own. */
static const char *job_file(gt_arena *a, const cli_arguments *arguments) {
    if (arguments->n_words) return arguments->words[0];
    const char *run = cli_value_of(arguments, "run");
    if (!run || cli_value_of(arguments, "data")) return NULL;
    const char *path = gt_arena_printf(a, "%s/job.ini", run);
    return path && !access(path, F_OK) ? path : NULL;
}

/* A run that resumes by its directory alone has the length of its job.ini; a length on the command line replaces that,
 * whichever of the options names it. */
static void forget_length(gt_options *o, const cli_arguments *arguments) {
    static const char *const keys[] = {"kimg", "steps", "epochs"};
    enum { KEYS = sizeof keys / sizeof *keys };
    bool any = false;
    for (int i = 0; i < KEYS; i++) any |= cli_value_of(arguments, keys[i]) != NULL;
    for (int i = 0; i < KEYS && any; i++) gt_options_forget(o, keys[i]);
}

gt_status cli_read_job(gt_job *job, const cli_arguments *arguments) {
    gt_options o = *gt_options_of_job(job);
    gt_arena *a = gt_job_arena(job);
    /* An unknown option comes first: in "--lr 0.1" what follows it is taken for a job file. */
    gt_status st = cli_check_known(o.rows, o.n, arguments);
    if (!st && arguments->n_words) st = cli_check_job_file(cli_find_job_file(a, arguments->words[0]));
    if (!st && arguments->n_words > 1)
        st = gt_fail(GT_USAGE, "'%s': one job file at most (the first is '%s'); options begin with --",
                     arguments->words[1], arguments->words[0]);
    const char *path = job_file(a, arguments);
    if (!st && path) st = gt_job_read_file(job, path);
    if (!st && path && !arguments->n_words) forget_length(&o, arguments);
    if (!st) st = cli_apply(&o, arguments);
    const gt_job_facts of = gt_job_look(job);
    if (!st) st = gt_export_check_list(of.export);
    if (!st && !path && !*of.data && *of.run)
        return gt_fail(GT_USAGE,
                       "there is no run '%s' to resume (no %s/job.ini), and for a new run --data is required: a "
                       "ZIP, a folder of PNGs, an HDF5 file, or "
                       "synth:shapes",
                       of.run, of.run);
    return st;
}

gt_status cli_check_job(gt_job *job) {
    gt_status st = gt_job_check_start(job);
    return st || gt_train_resumes(job) ? st : gt_job_check(job);
}

gt_status cli_resolve_job(gt_job *job) {
    gt_status st = gt_job_check_files(job);
    gt_dataset *data = NULL;
    if (!st) st = gt_job_open_data(job, &data);
    if (st) return st;
    const gt_dataset_info *i = gt_dataset_get_info(data);
    st = gt_job_resolve(job, i->height, i->width, i->channels, gt_job_label_width(job, i), i->stored);
    gt_dataset_close(data);
    return st;
}

gt_status cli_check_later(gt_job *job) {
    gt_status st = cli_check_resume(job);
    if (!st) st = cli_check_detector(job);
    if (!st) st = cli_resolve_job(job);
    return st ? st : gt_train_check_metrics(job);
}
