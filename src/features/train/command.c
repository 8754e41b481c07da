/* SPDX-License-Identifier: Apache-2.0
 * gantry train: the job from recipe, file and command line; then the training loop. All mistakes of usage that can be
 * seen without the data are found before MPI starts. */
#include "job/door/job.h"
#include "gantry/train.h"

#include <stdlib.h>
#include <string.h>

#include "features/train/command.h"
#include "gantry/dist.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "gantry/stop.h"

/* Options of the reference tools (StyleGAN2-ADA's and EDM's) that a job does not have. */
static const struct of_the_reference {
    gt_option row;
    const char *here; /* what they are called here, in other units; NULL: they are about GPUs, taken and left alone */
    double times;     /* what the number is multiplied by */
} of_the_reference[] = {
    {{.key = "workers", .type = GT_OPTION_INT}, NULL, 0}, /* --threads comes nearest */
    {{.key = "nobench", .type = GT_OPTION_BOOL}, NULL, 0},
    {{.key = "nhwc", .type = GT_OPTION_BOOL}, NULL, 0},
    {{.key = "allow-tf32", .type = GT_OPTION_BOOL}, NULL, 0},
    {{.key = "duration", .type = GT_OPTION_REAL}, "kimg", 1000},
    {{.key = "ema", .type = GT_OPTION_REAL}, "ema-kimg", 1000},
};
enum { OF_THE_REFERENCE = sizeof of_the_reference / sizeof *of_the_reference };

typedef struct foreign { /* what was given of them: a sentence on each, once */
    const char *key[OF_THE_REFERENCE], *said[OF_THE_REFERENCE];
    int n;
} foreign;

/* The option under its name here, or no option at all (*key NULL). */
static gt_status translate(gt_job *job, const struct of_the_reference *r, const char **key, const char **value,
                           const char **said) {
    char number[32], *end;
    *key = r->here;
    if (!r->here) {
        *said = gt_arena_printf(gt_job_arena(job), "--%s has no effect: it is for programs on GPUs", r->row.key);
        return *said ? GT_OK : GT_NOMEM;
    }
    double v = strtod(*value, &end);
    if (end == *value || *end) return gt_fail(GT_USAGE, "--%s=%s is not a number", r->row.key, *value);
    *value = gt_arena_printf(gt_job_arena(job), "%s", gt_real_text(v * r->times, number));
    *said = gt_arena_printf(gt_job_arena(job), "--%s is --%s=%s in Gantry, in thousands of images", r->row.key, r->here,
                            *value ? *value : "");
    return *value && *said ? GT_OK : GT_NOMEM;
}

static const struct of_the_reference *find_foreign(const char *key) {
    for (int k = 0; k < OF_THE_REFERENCE; k++)
        if (!strcmp(key, of_the_reference[k].row.key)) return &of_the_reference[k];
    return NULL;
}

/* All rows of a job, and those. */
static gt_status split(gt_job *job, int argc, char **argv, cli_arguments *arguments, foreign *left) {
    int n;
    const gt_option *rows = gt_job_table(&n);
    gt_option *all = gt_arena_array(gt_job_arena(job), (size_t)n + OF_THE_REFERENCE, sizeof *all);
    if (!all) return GT_NOMEM;
    memcpy(all, rows, (size_t)n * sizeof *all);
    for (int k = 0; k < OF_THE_REFERENCE; k++) all[n + k] = of_the_reference[k].row;
    gt_status st = cli_split(gt_job_arena(job), all, n + OF_THE_REFERENCE, argc, argv, true, arguments);
    int kept = 0;
    if (!st && arguments->n_words == 1) arguments->words[0] = cli_find_job_file(gt_job_arena(job), arguments->words[0]);
    for (int i = 0; i < arguments->n_pairs && !st; i++) {
        const struct of_the_reference *r = find_foreign(arguments->keys[i]);
        const char *key = arguments->keys[i], *value = arguments->values[i], *said = NULL;
        if (r) st = translate(job, r, &key, &value, &said);
        bool known = !r;
        for (int k = 0; k < left->n && !known; k++) known = left->key[k] == r->row.key;
        if (!known) {
            left->key[left->n] = r->row.key;
            left->said[left->n++] = said;
        }
        if (!key) continue;
        arguments->keys[kept] = key;
        arguments->values[kept++] = value;
    }
    arguments->n_pairs = kept;
    return st;
}

/* Options with another meaning than in the reference tool. */
static void explain(const gt_job *job, const foreign *left) {
    for (int i = 0; i < left->n; i++) gt_info("%s", left->said[i]);
    if (gt_options_state(gt_options_of_job(job), "gpus") == GT_OPTION_GIVEN)
        gt_info("--gpus is the number of GPUs that the recipe is computed for; mpirun, srun or gantry run -n set the "
                "number of ranks");
    if (gt_options_state(gt_options_of_job(job), "fp32") == GT_OPTION_GIVEN)
        gt_info("--fp32 turns off the clamp of activations; all arithmetic is float32 with or without it");
}

static int train(gt_job *job, const cli_settings *mine, const foreign *left, char **argv) {
    const gt_job_facts of = gt_job_look(job);
    cli_ranks_start start;
    gt_status st = cli_start_find(&start, job, argv);
    if (!st && of.dry_run == GT_DRY_RUN_NO) gt_preview_ask(of.preview);
    if (!st && start.ranks > 1) return cli_start_ranks(&start, start.ranks, "");
    gt_tell_allow(of.progress);
    if (cli_first_rank()) gt_tell_start("starting", NULL, 0);
    /* One rank looks at a file from elsewhere. */
    if (!st && cli_first_rank()) st = gt_job_check_files(job);
    if (!st && cli_first_rank()) st = cli_check_resume(job);
    if (!st && cli_first_rank()) st = cli_check_detector(job);
    bool dry = of.dry_run != GT_DRY_RUN_NO, begins = cli_first_rank() && !of.restart && gt_is_directory(of.run);
    if (!st && dry && begins) st = gt_job_check_folder(of.run); /* the run looks for itself */
    bool measures = of.dry_run == GT_DRY_RUN_FULL;
    const cli_examination *examination = measures ? cli_find_examination() : NULL;
    void *begun = NULL;
    if (!st && examination) st = examination->begin(gt_job_arena(job), &begun);
    gt_comm *comm = cli_meet_all(mine, (int)of.threads, &st);
    if (st) return cli_leave("train", st, comm);
    gt_comm_heartbeat(comm, of.heartbeat_limit);
    gt_log_setup(comm->rank, comm->ranks, of.log);
    size_t checkpoint_bytes;
    if (comm->rank == 0) explain(job, left);
    const gt_starter *starter = start.starter.of ? &start.starter : NULL;
    if (!dry) gt_stop_install(comm, "this step, then a checkpoint");
    st = dry ? gt_train_dry_run_all(comm, job, starter, &checkpoint_bytes)
             : gt_train_all(comm, job, starter, &start.how);
    if (!dry) gt_stop_restore();
    int ranks = starter && !st ? start.how.split.ranks : 0;
    if (!st && examination) {
        const gt_job_facts now = gt_job_look(job);
        st = examination->end_all(begun, comm, now.data, *now.run ? now.run : now.outdir, (double)checkpoint_bytes);
    }
    int status = cli_leave("train", st, comm);
    return ranks > 1 ? cli_start_ranks(&start, ranks, start.how.text) : status;
}

/* The help of a job file's model: as if --model had named it. Mistakes in the file do not matter here. */
static void add_model_of_file(gt_job *job, cli_arguments *arguments) {
    if (arguments->n_words != 1 || cli_value_of(arguments, "model")) return;
    if (cli_check_job_file(arguments->words[0]) || gt_job_read_file(job, arguments->words[0])) return;
    arguments->keys[arguments->n_pairs] = "model";
    arguments->values[arguments->n_pairs++] = gt_job_look(job).model;
}

static int train_model(int argc, char **argv) {
    gt_stop_hold();
    gt_job *job = gt_job_new();
    if (!job) return cli_exit("train", GT_NOMEM);
    gt_job_set_kernels(job, cli_kernels());
    int status;
    cli_arguments arguments;
    foreign left = {.n = 0};
    gt_status st = split(job, argc, argv, &arguments, &left);
    bool help = !st && arguments.help;
    if (help) add_model_of_file(job, &arguments);
    cli_settings mine = {.arena = gt_job_arena(job)};
    gt_options o = *gt_options_of_job(job);
    if (!st && !help) st = cli_read_job(job, &arguments);
    if (!st && !help) st = cli_note_settings(&mine, cli_find("train"), &o, &arguments);
    if (!st && !help) st = cli_check_job(job); /* only now: not every rank may see the run */
    status = st || help ? cli_end_early(cli_find("train"), &arguments, &mine, st) : train(job, &mine, &left, argv);
    gt_job_free(job);
    return status;
}

const cli_command cli_train = {
    .name = "train",
    .place = 3,
    .stopping = "stopping after this step, then a checkpoint (Ctrl-C again: at once)",
    .files =
        "In the folder of the run (--run, or a new folder in --outdir): checkpoint-*.h5, fakes*.png, reals.png, "
        "report.html, log.txt, stats.jsonl, metrics.h5, job.ini, starts.jsonl, events.out.tfevents.* (TensorBoard).",
    .stopped = CLI_RESUMES,
    CLI_EXAMPLES(
        {"A first try, on pictures that the program draws",
         "gantry train --data=synth:shapes --cond --kimg=1 --cbase=2048 --cmax=64"},
        {"StyleGAN2-ADA on your pictures; the same command resumes",
         "gantry train --data=pictures.zip --mirror --run=runs/first"},
        {"Print the job, its memory and its duration; train nothing", "gantry train --data=pictures.zip --dry-run"},
        {"A DCGAN from a job file that comes with the program, on four ranks",
         "gantry run -n 4 train dcgan --data=pictures.zip --kimg=500"}),
    .diagnostics =
        (const gt_named[]){
            {"both sides must be divisible by ...", "The network cannot make images of this size. The message gives "
                                                    "the nearest sizes and the options of gantry dataset for them."},
            {"... was begun with another job (see the table)",
             "A run can only resume with its own job. Leave out the options in the table, give the run's values, or "
             "give another --run; --resume=RUN begins a new run from its networks."},
            {"warning: collapse, divergence, saturation",
             "Training itself goes wrong: follow the advice in the warning, and see --on-trouble."},
            {0}},
    .own_words = 1,
    .options = gt_job_table,
    .arguments = "[JOB] [--key=value | key=value ...]",
    .help = "Train a model, or resume a run; on N ranks: gantry run -n N train",
    .detail = "The job consists of the recipe, the job file and the command line; each takes precedence over the one "
              "before. JOB is a file, or the name of a job that comes with the program (fashion, dcgan, ...). "
              "--run=DIR resumes an unfinished run bit for bit, on the same or another number of ranks; without a job "
              "file and --data, the job is read from DIR/job.ini. The number of ranks is at most the number of images "
              "in a batch; to use more cores, give the ranks more threads.",
    .ranks = true,
    .main = train_model,
};
