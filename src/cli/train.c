/* SPDX-License-Identifier: Apache-2.0
 * gantry train: the job from recipe, file and command line; then the training loop. All mistakes of usage that can be
 * seen without the data are found before MPI starts. */
#include "gantry/train.h"

#include <unistd.h>

#include "cli/cli.h"
#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/log.h"
#include "h5/h5.h"

/* The job file: named; or, to go on with a run by its directory alone, the run's own. */
static const char *job_file(gt_arena *a, const cli_arguments *arguments) {
    if (arguments->n_words) return arguments->words[0];
    const char *run = cli_value_of(arguments, "run");
    if (!run || cli_value_of(arguments, "data")) return NULL;
    const char *path = gt_arena_printf(a, "%s/job.ini", run);
    return path && !access(path, F_OK) ? path : NULL;
}

gt_status cli_read_job(gt_job *job, const cli_arguments *arguments) {
    if (arguments->n_words > 1)
        return gt_fail(GT_USAGE, "'%s': one job file at most (the first is '%s'); options begin with --",
                       arguments->words[1], arguments->words[0]);
    gt_status st = arguments->n_words ? cli_check_job_file(arguments->words[0]) : GT_OK;
    const char *path = job_file(job->arena, arguments);
    if (!st && path) st = gt_job_read_file(job, path);
    gt_options o = job->options;
    if (!st) st = cli_apply(&o, arguments);
    if (!st && !path && !*job->data && *job->run)
        return gt_fail(GT_USAGE,
                       "there is no run '%s' to go on with (no %s/job.ini), and for a new run --data is required: a "
                       "ZIP, a folder of PNGs, an HDF5 file, or "
                       "synth:shapes",
                       job->run, job->run);
    return st ? st : gt_job_check(job);
}

gt_status cli_resolve_job(gt_job *job) {
    gt_status st = gt_h5_check(job->data);
    gt_dataset *data = NULL;
    if (!st) st = gt_job_open_data(job, &data);
    if (st) return st;
    const gt_dataset_info *i = gt_dataset_get_info(data);
    st = gt_job_resolve(job, i->height, i->width, i->channels, gt_job_label_width(job, i), i->stored);
    gt_dataset_close(data);
    return st;
}

static int train(gt_job *job, const cli_settings *mine) {
    /* One rank looks at a file from elsewhere. */
    gt_status st = cli_first_rank() ? gt_h5_check(job->data) : GT_OK;
    if (!st && cli_first_rank()) st = cli_check_resume(job);
    if (!st && cli_first_rank()) st = cli_check_detector(job);
    cli_checkup checkup = {0};
    if (!st && job->dry_run) cli_doctor_before(&checkup);
    gt_comm *comm = cli_meet_all(mine, (int)job->threads, &st);
    if (st) return cli_leave("train", st, comm);
    gt_comm_heartbeat(comm, job->heartbeat_limit);
    gt_log_setup(comm->rank, comm->ranks,
                 (gt_level)gt_options_choice(&job->options, "log")); /* the choices are the levels */
    size_t checkpoint_bytes;
    st = job->dry_run ? gt_train_dry_run_all(comm, job, &checkpoint_bytes) : gt_train_all(comm, job);
    if (!st && job->dry_run)
        st = cli_doctor_examine_all(&checkup, comm, job->data, *job->run ? job->run : job->outdir,
                                    (double)checkpoint_bytes);
    return cli_leave("train", st, comm);
}

static int train_model(int argc, char **argv) {
    gt_job *job = gt_job_new();
    if (!job) return cli_exit("train", GT_NOMEM);
    job->kernels = cli_kernels();
    int n, status;
    const gt_option *rows = gt_job_table(&n);
    cli_arguments arguments;
    gt_status st = cli_split(job->arena, rows, n, argc, argv, true, &arguments);
    bool help = !st && arguments.help;
    cli_settings mine = {.arena = job->arena};
    gt_options o = job->options;
    if (!st && !help) st = cli_read_job(job, &arguments);
    if (!st && !help) st = cli_assume(&o);
    if (!st && !help) st = cli_note_settings(&mine, cli_find("train"), &o, &arguments);
    status = st || help ? cli_end_early(cli_find("train"), &arguments, &mine, st) : train(job, &mine);
    gt_job_free(job);
    return status;
}

const cli_command cli_train = {
    .name = "train",
    .own_words = 1,
    .options = gt_job_table,
    .arguments = "[JOB.ini] [--key=value | key=value ...]",
    .help = "Train a model, or go on with a run; after `run -n N` on N ranks",
    .detail = "The job is put together from the recipe, the job file and the command line, each overruling the one "
              "before. --run=DIR goes on with an unfinished run bit for bit, on the same or another number of "
              "ranks; without a job file and --data it takes the job from DIR/job.ini. Ranks cannot be more than "
              "slices: for more, use threads, or a larger batch.",
    .ranks = true,
    .main = train_model,
};
