/* SPDX-License-Identifier: Apache-2.0
 * gantry submit: a job as a Slurm batch script. What would only show when the job starts, hours later, is checked now:
 * options, data, networks, slices against ranks. The script is made by batch.c. */
#include "features/submit/batch.h"

#include <string.h>
#include <unistd.h>

#include "command/door/cli.h"
#include "gantry/dist.h"
#include "gantry/log.h"
#include "gantry/train.h"
#include "base/door/words.h"

typedef struct submit_fields {
    gt_batch_job batch;
    bool yes, dry_run;
} submit_fields;

#define FIELDS submit_fields
static const gt_option table[] = {
    {CLI_SHOWN("nodes", batch.nodes, "1", "Number of nodes; the job uses whole nodes"), .min = 1, .max = 1 << 20},
    {CLI_SHOWN("ntasks-per-node", batch.ntasks_per_node, "1", "Number of ranks per node"), .min = 1, .max = 4096},
    {CLI_SHOWN("cpus-per-task", batch.cpus_per_task, NULL, "Number of cores per rank"), .derived = "none",
     .required = true, .min = 1, .max = 4096},
    {CLI_SHOWN("time", batch.time, "24:00:00", "Walltime of each piece of the run"), .placeholder = "TIME",
     .check = cli_check_duration},
    {CLI_SHOWN("grace", batch.grace, "300", "Seconds before the walltime's end at which the run stops"),
     .unit = "seconds", .min = 1, .max = 65535},
    {CLI_SHOWN("max-restarts", batch.max_restarts, "3", "Restarts in a row after a host was lost without a checkpoint"),
     .min = 0, .max = 1000,
     .detail =
         "A job whose ranks find that a host or the network is gone starts again. It counts these restarts until a "
         "checkpoint is written. site.env may give another number (GANTRY_MAX_RESTARTS)."},
    {CLI_SHOWN("partition", batch.texts[0], "", "Partition; site.env may name one"), .placeholder = "WORD",
     .check = gt_batch_check_text},
    {CLI_SHOWN("account", batch.texts[1], "", "Account of the project that pays"), .placeholder = "WORD",
     .check = gt_batch_check_text},
    {CLI_SHOWN("qos", batch.texts[2], "", "Quality of service"), .placeholder = "WORD", .check = gt_batch_check_text},
    {CLI_SHOWN("constraint", batch.texts[3], "", "Features that the nodes must have, such as one kind of CPU"),
     .placeholder = "WORD", .check = gt_batch_check_text},
    {CLI_SHOWN("mem", batch.texts[GT_BATCH_MEM], "", "Memory of a node, as in 64G; empty: the site's default"),
     .placeholder = "SIZE", .check = gt_batch_check_memory},
    {CLI_SHOWN("mail-user", batch.texts[GT_BATCH_MAIL], "", "Who gets a mail when the job ends or fails"),
     .placeholder = "ADDRESS", .check = gt_batch_check_text, .detail = "-- --mail-type=ALL asks for more mails."},
    {CLI_SHOWN("array", batch.texts[GT_BATCH_ARRAY], "", "Several runs with different seeds, as in 1-4 or 1-16%4"),
     .placeholder = "LIST", .check = gt_batch_check_array,
     .detail = "Task N trains the run N in the folder of --run, with the job's seed plus N. Each task is checkpointed, "
               "requeued and resumed by itself, like a job without an array; %4: at most four at a time. For runs that "
               "differ in other options: slurm/sweep.sbatch."},
    {CLI_SHOWN("job-name", batch.texts[GT_BATCH_NAME], NULL, "Name in the queue"), .placeholder = "WORD",
     .derived = "the run's name", .check = gt_batch_check_text},
    {CLI_OPTION(yes, "0", "Submit without asking"), .letter = 'y'},
    {CLI_SHOWN("dry-run", dry_run, "0", "Only show the script; write and submit nothing"), .letter = 'n'},
};
enum { OWN = sizeof table / sizeof *table };

typedef struct submission {
    submit_fields f;
    uint8_t state[OWN];
    gt_options own;
    cli_arguments training; /* the arguments of gantry train */
    gt_job *job;            /* what they say; its arena serves all texts here */
} submission;

/* ---- arguments ---- */

/* Is the option of sbatch, "--exclude=n1" or "-x", one that is given to gantry submit instead? Then it stands there. */
static gt_status check_more(const gt_options *o, const char *word) {
    char key[64], hint[GT_WORD_BYTES] = "";
    if (word[0] != '-' || !word[1])
        return gt_fail(GT_USAGE,
                       "'%s': only options of sbatch may follow --, such as --exclude=n1 (with = before the value)",
                       word);
    bool longer = word[1] == '-';
    snprintf(key, sizeof key, "%.*s", longer ? (int)strcspn(word + 2, "=") : 2, longer ? word + 2 : word);
    gt_word found;
    const gt_word *w = gt_word_find(o, GT_WORD_UNKNOWN, key, &found);
    if (longer && gt_options_find(&(gt_options){.rows = table, .n = OWN}, key))
        return gt_fail(GT_USAGE, "--%s belongs before --: gantry submit ... --%s", key, word + 2);
    if (!w || !w->here) return GT_OK;
    gt_word_text(w, GT_WORD_UNKNOWN, "--", hint);
    return gt_fail(GT_USAGE, "%s after --%s", word, hint);
}

/* What stands behind -- is for sbatch. Shortens *argc. */
static gt_status take_more(submission *s, int *argc, char **argv, const gt_options *o) {
    int at = 1;
    while (at < *argc && strcmp(argv[at], "--")) at++;
    s->f.batch.more = (const char *const *)argv + at + 1;
    for (int i = at + 1; i < *argc; i++, s->f.batch.n_more++)
        if (check_more(o, argv[i])) return GT_USAGE;
    *argc = at;
    return GT_OK;
}

/* "-n 4" is sbatch's for four ranks. */
static gt_status check_first_word(const submission *s) {
    const char *word = s->training.n_words ? s->training.words[0] : "x";
    if (!s->f.dry_run || word[strspn(word, "0123456789")] || !access(word, F_OK)) return GT_OK;
    return gt_fail(
        GT_USAGE,
        "'%s' is not a job file; -n means --dry-run, and the number of ranks is --nodes times --ntasks-per-node", word);
}

/* Options of this command are taken, all others belong to the training. */
static gt_status read_arguments(submission *s, int argc, char **argv, bool *help) {
    int n;
    const gt_option *training = gt_job_table(&n);
    gt_arena *a = gt_job_arena(s->job);
    gt_option *all = gt_arena_array(a, (size_t)(OWN + n), sizeof *all);
    if (!all) return GT_NOMEM;
    memcpy(all, table, sizeof table);
    memcpy(all + OWN, training, (size_t)n * sizeof *all);
    gt_status st = take_more(s, &argc, argv, &(gt_options){.rows = all, .n = OWN + n});
    if (!st) st = cli_split(a, all, OWN + n, argc, argv, true, &s->training);
    if (!st) st = cli_check_known(all, OWN + n, &s->training);
    cli_arguments *t = &s->training;
    *help = t->help;
    if (!st && t->n_words == 1) t->words[0] = cli_find_job_file(a, t->words[0]);
    int kept = 0;
    for (int i = 0; i < t->n_pairs && !st; i++) {
        if (gt_options_find(&s->own, t->keys[i])) {
            st = gt_options_set(&s->own, t->keys[i], t->values[i], NULL);
        } else {
            t->keys[kept] = t->keys[i];
            t->values[kept++] = t->values[i];
        }
    }
    t->n_pairs = kept;
    return st ? st : check_first_word(s);
}

/* An estimate says little of few threads: so many are never refused. */
static gt_status most_threads(const submission *s, int64_t ranks, int *most) {
    enum { FEW = 4 };
    gt_status st = gt_threads_that_pay(s->job, (int)ranks, most);
    if (!st && *most < FEW) *most = FEW;
    return st;
}

/* More tasks with fewer cores each, as many as pay: the fewest tasks that use all cores, else the most tasks that have
 * slices. */
static gt_status find_split(const submission *s, int most, int64_t *tasks, int64_t *cores) {
    const gt_batch_job *b = &s->f.batch;
    gt_status st = GT_OK;
    const int64_t slices = gt_job_look(s->job).slices;
    *tasks = b->ntasks_per_node;
    *cores = most;
    for (int64_t k = 2; k <= b->cpus_per_task && b->nodes * b->ntasks_per_node * k <= slices && !st; k++) {
        if (b->cpus_per_task % k) continue;
        st = most_threads(s, b->nodes * b->ntasks_per_node * k, &most);
        *tasks = b->ntasks_per_node * k;
        *cores = b->cpus_per_task / k;
        if (*cores <= most) break;
        *cores = most;
    }
    return st;
}

/* Nodes are used whole: a rank whose threads have nothing to do wastes them. Who says --threads knows what he does. */
static gt_status check_threads(const submission *s, int ranks) {
    const gt_batch_job *b = &s->f.batch;
    int64_t tasks, cores;
    int most;
    if (gt_job_look(s->job).threads || b->cpus_per_task == 1) return GT_OK;
    gt_status st = most_threads(s, ranks, &most);
    if (st || b->cpus_per_task <= most) return st;
    if ((st = find_split(s, most, &tasks, &cores))) return st;
    bool all = tasks * cores == b->ntasks_per_node * b->cpus_per_task;
    return gt_fail(
        GT_USAGE,
        "--cpus-per-task=%lld: by estimate, this network would use less than half of the threads if a rank has more "
        "than %d. %s: --ntasks-per-node=%lld --cpus-per-task=%lld; to submit it unchanged: --threads=%lld",
        (long long)b->cpus_per_task, most,
        all ? "The same cores" : "Its batch has no work for all these cores; it can use", (long long)tasks,
        (long long)cores, (long long)b->cpus_per_task);
}

/* The job with the data's shape: do the options fit together, can the networks that it names be read, and are there
 * slices for all ranks? */
static gt_status check_job(submission *s) {
    gt_job *job = s->job;
    gt_status st = cli_read_job(job, &s->training);
    if (!st) st = cli_check_job(job);
    const gt_job_facts of = gt_job_look(job);
    if (!st && of.dry_run != GT_DRY_RUN_NO)
        st = gt_fail(GT_USAGE, "the job has dry-run = 1, so it would wait in the queue and train nothing: remove that "
                               "line (--dry-run here shows the script)");
    if (!st && of.restart)
        st = gt_fail(GT_USAGE,
                     "--restart would start over each time the script is submitted: give another --run, or move the "
                     "folder '%s' away",
                     of.run);
    if (!st && of.ranks)
        st = gt_fail(GT_USAGE,
                     "--ranks is for gantry train alone: here the number of ranks is --nodes times --ntasks-per-node");
    if (!st) st = gt_train_adopt(job);
    if (!st) st = cli_check_later(job);
    int ranks = (int)(s->f.batch.nodes * s->f.batch.ntasks_per_node);
    const gt_job_facts resolved = gt_job_look(job);
    char text[256];
    if (!st) st = gt_slices_check_ranks((int)resolved.batch, (int)resolved.slices, ranks);
    if (!st && gt_slices_tell_hosts((int)resolved.slices, (int)s->f.batch.nodes, (int)s->f.batch.ntasks_per_node, text,
                                    sizeof text))
        gt_warn("%s", text);
    return st ? st : check_threads(s, ranks);
}

/* ---- submitting ---- */

/* The run has a job in the queue already: a second one is submitted only where somebody says so. */
static gt_status check_queue(submission *s, bool *second) {
    gt_batch_job *b = &s->f.batch;
    const char *number = b->queued.number, *state = b->queued.state;
    *second = gt_batch_is_second(b);
    if (*second && (s->f.yes || !isatty(STDIN_FILENO)))
        return gt_fail(
            GT_FAILED,
            "'%s' is in the queue already, as job %s (%s), and two jobs cannot train one run: scancel %s first, "
            "or let this one wait for its end: -- --dependency=afterany:%s",
            b->run, number, state, number, number);
    return GT_OK;
}

static gt_status ask_user(const gt_batch_job *b, bool second, bool *go) {
    char answer[16] = "";
    if (!isatty(STDIN_FILENO))
        return gt_fail(GT_USAGE,
                       "there is no terminal for the question: --yes submits, --dry-run only shows the script");
    gt_print_flush(stdout);
    if (second)
        gt_warn("'%s' is in the queue already, as job %s (%s), and two jobs cannot train one run: a second one that "
                "starts meanwhile ends with an error",
                b->run, b->queued.number, b->queued.state);
    gt_print_to(stderr, "Submit this? [y/N] ");
    *go = fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
    return GT_OK;
}

static gt_status submit(submission *s) {
    gt_batch_job *b = &s->f.batch;
    const cli_arguments *t = &s->training;
    char *script;
    bool go = s->f.yes, second = false;
    if (gt_options_state(&s->own, "max-restarts") != GT_OPTION_GIVEN) b->max_restarts = -1;
    b->words = t->words, b->keys = t->keys, b->values = t->values;
    b->n_words = t->n_words, b->n_pairs = t->n_pairs;
    gt_status st = gt_batch_check(b);
    if (!st) st = check_job(s);
    if (!st) st = gt_batch_make(b, s->job, &script);
    if (!st && !s->f.dry_run) st = gt_batch_ready(b);
    if (!st && !s->f.dry_run) st = gt_batch_check_nodes(b);
    if (!st && !s->f.dry_run) st = check_queue(s, &second);
    if (st) return st;
    fputs(script, stdout);
    if (s->f.dry_run) return GT_OK;
    if (!go) st = ask_user(b, second, &go);
    return st || !go ? st : gt_batch_submit(gt_job_arena(s->job), b, script);
}

static int submit_job(int argc, char **argv) {
    if (cli_others_work("submit")) return CLI_DONE;
    submission s = {.job = gt_job_new()};
    if (!s.job) return cli_exit("submit", GT_NOMEM);
    bool help = false;
    int status = CLI_DONE;
    s.own = (gt_options){.rows = table, .n = OWN, .fields = &s.f, .state = s.state, .arena = gt_job_arena(s.job)};
    gt_options_reset(&s.own);
    gt_status st = read_arguments(&s, argc, argv, &help);
    if (!st && help) cli_print_help(cli_find("submit"), NULL, stdout);
    else status = cli_exit("submit", st ? st : submit(&s));
    gt_job_free(s.job);
    return status;
}

const cli_command cli_submit = {
    .name = "submit",
    .not_begun = gt_batch_fail_not_begun,
    .arguments = "[JOB] [OPTIONS OF train ...] [--key=value ...] [-- OPTIONS OF sbatch ...]",
    .help = "Check a training job; keep it in Slurm's queue until it is done",
    .detail = "Also takes the arguments of gantry train. The batch script is shown, kept in the run's directory as "
              "submit.sbatch, and submitted after a question. The job writes a checkpoint before its walltime ends or "
              "when it is preempted, and is requeued by itself. The settings of a site are in slurm/site.env (or the "
              "file named in GANTRY_SITE). Other options of sbatch follow at the end, after --.",
    .files = "submit.sbatch in the folder of the run, with the job's output beside it.",
    .takes_job = true,
    CLI_EXAMPLES(
        {"Show the batch script of a rank with 16 cores",
         "gantry submit jobs/paper256.ini --data=faces.zip --cpus-per-task=16 -n"},
        {"Two nodes with two ranks each", "gantry submit job.ini --nodes=2 --ntasks-per-node=2 --cpus-per-task=16"},
        {"In pieces of four hours", "gantry submit job.ini --cpus-per-task=16 --time=4:00:00"},
        {"Four runs with different seeds, not on the node n7",
         "gantry submit job.ini --cpus-per-task=16 --array=1-4 -- --exclude=n7"}),
    CLI_ROWS(table),
    .main = submit_job,
};
