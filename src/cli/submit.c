/* SPDX-License-Identifier: Apache-2.0
 * gantry submit: a job as a Slurm batch script. What would only show when the job starts, hours later, is checked now:
 * options, data, slices against ranks. The script stays in the run's directory; what it does at run time stands in
 * slurm/lib.sh. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "gantry/dist.h"
#include "gantry/program.h"
#include "gantry/rundir.h"
#include "gantry/text.h"

/* Texts that sbatch takes under the names of the options: the job's name is the last one. */
static const char *const directives[] = {"partition", "account", "qos", "constraint", "job-name"};
enum { TEXTS = sizeof directives / sizeof *directives, JOB_NAME = TEXTS - 1 };

typedef struct submit_fields {
    int64_t nodes, ntasks_per_node, cpus_per_task, grace;
    const char *time, *texts[TEXTS];
    bool yes, dry_run;
} submit_fields;

#define FIELDS submit_fields
static const gt_option table[] = {
    {CLI_OPTION(nodes, "1", "Number of nodes, used whole"), .min = 1, .max = 1 << 20},
    {CLI_SHOWN("ntasks-per-node", ntasks_per_node, "1", "Number of ranks per node"), .min = 1, .max = 4096},
    {CLI_SHOWN("cpus-per-task", cpus_per_task, NULL, "Number of cores per rank"), .derived = "none", .required = true,
     .min = 1, .max = 4096},
    {CLI_OPTION(time, "24:00:00", "Walltime of a piece of the run"), .placeholder = "TIME"},
    {CLI_OPTION(grace, "300", "Seconds before the walltime's end at which the run stops"), .unit = "seconds", .min = 1,
     .max = 65535},
    {CLI_SHOWN("partition", texts[0], "", "Partition; site.env may name one"), .placeholder = "WORD"},
    {CLI_SHOWN("account", texts[1], "", "Project that pays"), .placeholder = "WORD"},
    {CLI_SHOWN("qos", texts[2], "", "Quality of service"), .placeholder = "WORD"},
    {CLI_SHOWN("constraint", texts[3], "", "Features that the nodes must have, such as one kind of CPU"),
     .placeholder = "WORD"},
    {CLI_SHOWN("job-name", texts[JOB_NAME], NULL, "Name in the queue"), .placeholder = "WORD",
     .derived = "the run's name"},
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
    const char *run, *scripts, *program, *path;
    const char *site; /* a file of settings in place of the scripts' own; "": theirs */
} submission;

/* ---- arguments ---- */

/* Options of this command are taken, all others belong to the training. */
static gt_status read_arguments(submission *s, int argc, char **argv, bool *help) {
    int n;
    const gt_option *training = gt_job_table(&n);
    gt_arena *a = s->job->arena;
    gt_option *all = gt_arena_array(a, (size_t)(OWN + n), sizeof *all);
    if (!all) return GT_NOMEM;
    memcpy(all, table, sizeof table);
    memcpy(all + OWN, training, (size_t)n * sizeof *all);
    gt_status st = cli_split(a, all, OWN + n, argc, argv, true, &s->training);
    cli_arguments *t = &s->training;
    *help = t->help;
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
    return st;
}

static gt_status check_times(const submit_fields *f) {
    double seconds;
    if (!f->cpus_per_task)
        return gt_fail(GT_USAGE,
                       "--cpus-per-task is needed: the cores of a rank; with one rank a node, those of the node");
    gt_status st = gt_parse_duration(f->time, &seconds);
    if (st) return gt_wrap(st, "--time=%s", f->time);
    if (seconds <= (double)f->grace)
        st = gt_fail(GT_USAGE, "--time=%s is not longer than --grace=%lld seconds", f->time, (long long)f->grace);
    return st;
}

/* The job with the data's shape: do the options fit together, and are there slices for all ranks? */
static gt_status check_job(submission *s) {
    gt_job *job = s->job;
    gt_status st = cli_read_job(job, &s->training);
    if (!st && !gt_is(job->dry_run, "0"))
        st = gt_fail(GT_USAGE, "the job says dry-run = 1: it would wait in the queue and train nothing; take that out "
                               "(--dry-run here shows the script)");
    if (!st && job->restart)
        st = gt_fail(GT_USAGE,
                     "--restart would begin anew each time the script is submitted: give another --run, or move the "
                     "folder '%s' away",
                     job->run);
    if (!st) st = cli_resolve_job(job);
    int slices;
    return st ? st
              : gt_slices_choose((int)job->batch, gt_model_mbstd(job), (int)job->slices,
                                 (int)(s->f.nodes * s->f.ntasks_per_node), &slices);
}

/* ---- places ---- */

/* The scripts lie beside the sources' build folder, or where they were installed. */
static gt_status find_scripts(submission *s) {
    static const char *const places[] = {"../slurm", "../share/gantry/slurm"};
    char program[GT_PROGRAM_PATH_BYTES], folder[GT_PROGRAM_PATH_BYTES];
    gt_program_path(program);
    gt_program_folder(folder);
    gt_arena *a = s->job->arena;
    if (!(s->program = gt_arena_printf(a, "%s", program))) return GT_NOMEM;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *library = gt_arena_printf(a, "%s/%s/lib.sh", folder, places[i]);
        char *real = library ? realpath(library, NULL) : NULL;
        if (!real) continue;
        *strrchr(real, '/') = 0;
        s->scripts = gt_arena_printf(a, "%s", real);
        free(real);
        return s->scripts ? GT_OK : GT_NOMEM;
    }
    return gt_fail(GT_FAILED, "the scripts are not installed: there is no lib.sh in %s/%s or %s/%s", folder, places[0],
                   folder, places[1]);
}

/* Where the run will be, absolutely: --run, or by its description in --outdir; a number would be another one at each
 * restart. And the site. */
static gt_status find_run(submission *s) {
    gt_arena *a = s->job->arena;
    gt_job *job = s->job;
    const char *run = job->run;
    if (!*run) {
        const char *description = gt_job_description(job);
        run = description ? gt_arena_printf(a, "%s/%s", job->outdir, description) : NULL;
    }
    char *here = getcwd(NULL, 0);
    s->site = getenv("GANTRY_SITE") ? getenv("GANTRY_SITE") : "";
    s->run = !run || !here ? NULL : *run == '/' ? run : gt_arena_printf(a, "%s/%s", here, run);
    free(here);
    if (s->run && !*s->f.texts[JOB_NAME]) s->f.texts[JOB_NAME] = strrchr(s->run, '/') + 1;
    s->path = s->run ? gt_arena_printf(a, "%s/submit.sbatch", s->run) : NULL;
    return s->path ? GT_OK : gt_fail(GT_FAILED, "the name of the run's directory cannot be made");
}

/* ---- the script ---- */

#define SIGNAL "B:USR1@%lld" /* the batch shell gets the signal so many seconds before the end */

static void put_directives(FILE *f, const submission *s, int from, int to) {
    for (int i = from; i < to; i++)
        if (*s->f.texts[i]) fprintf(f, "#SBATCH --%s=\"%s\"\n", directives[i], s->f.texts[i]);
}

static void put_quoted(FILE *f, const char *before, const char *word) {
    fputs(before, f);
    cli_print_quoted(word, f);
}

static void put_training(FILE *f, const submission *s) {
    const cli_arguments *t = &s->training;
    fputs("train_until_done", f);
    for (int i = 0; i < t->n_words; i++) put_quoted(f, " ", t->words[i]);
    for (int i = 0; i < t->n_pairs; i++) {
        if (gt_is(t->keys[i], "run") || gt_is(t->keys[i], "outdir")) continue;
        fprintf(f, " --%s", t->keys[i]);
        if (t->values[i]) put_quoted(f, "=", t->values[i]);
    }
    put_quoted(f, " --run=", s->run);
    fputc('\n', f);
}

static void put_script(FILE *out, const submission *s) {
    const submit_fields *f = &s->f;
    char *here = getcwd(NULL, 0);
    fputs("#!/bin/bash\n# Written by gantry submit. `sbatch` with this file submits it again, and the run resumes "
          "where it is.\n",
          out);
    put_directives(out, s, JOB_NAME, TEXTS);
    fprintf(out,
            "#SBATCH --nodes=%lld\n#SBATCH --ntasks-per-node=%lld\n#SBATCH --cpus-per-task=%lld\n#SBATCH "
            "--exclusive\n#SBATCH --time=%s\n",
            (long long)f->nodes, (long long)f->ntasks_per_node, (long long)f->cpus_per_task, f->time);
    fprintf(out, "#SBATCH --signal=" SIGNAL "\n#SBATCH --requeue\n#SBATCH --open-mode=append\n", (long long)f->grace);
    put_directives(out, s, 0, JOB_NAME);
    fprintf(out, "#SBATCH --output=\"%s/slurm-%%j.log\"\n", s->run);
    put_quoted(out, "cd ", here ? here : ".");
    fprintf(out, " || exit 1\n: \"${GANTRY:=%s}\"\n", s->program);
    if (*s->site) fprintf(out, ": \"${GANTRY_SITE:=%s}\"\n", s->site);
    put_quoted(out, ". ", s->scripts);
    fputs("/lib.sh || exit 1\n", out);
    put_training(out, s);
    free(here);
}

/* A directive is a line between double quotes, and % begins one of sbatch's patterns. */
static gt_status check_texts(const submission *s) {
    const char *const places[] = {s->run, s->program, s->site};
    enum { PLACES = sizeof places / sizeof *places };
    for (int i = 0; i < PLACES + TEXTS; i++) {
        const char *text = i < PLACES ? places[i] : s->f.texts[i - PLACES];
        if (text[strcspn(text, "\"\\%$`\n")])
            return gt_fail(GT_USAGE, "'%s' cannot stand in a batch script: it has one of \" \\ %% $ `", text);
    }
    return GT_OK;
}

/* ---- submitting ---- */

static gt_status ask(bool *go) {
    char answer[16] = "";
    if (!isatty(STDIN_FILENO))
        return gt_fail(GT_USAGE, "there is no terminal to ask on: --yes submits, --dry-run only shows the script");
    fflush(stdout);
    fprintf(stderr, "Submit this? [y/N] ");
    *go = fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
    return GT_OK;
}

/* Becomes sbatch, with the site's settings; returns only when that fails. What the settings say in sbatch's
 * variables overrules the script's lines, so what was asked for here is given once more, and so is what going on rests
 * on. */
static gt_status become_sbatch(const submission *s) {
    static const char shell[] = ". \"${GANTRY_SITE:-$1/site.env}\" && shift && exec sbatch \"$@\"";
    gt_arena *a = s->job->arena;
    const char *argv[TEXTS + 10] = {"bash", "-c", shell, "gantry-submit", s->scripts, "--requeue"};
    int n = 6;
    argv[n++] = gt_arena_printf(a, "--time=%s", s->f.time);
    argv[n++] = gt_arena_printf(a, "--signal=" SIGNAL, (long long)s->f.grace);
    for (int i = 0; i < TEXTS; i++)
        if (*s->f.texts[i]) argv[n++] = gt_arena_printf(a, "--%s=%s", directives[i], s->f.texts[i]);
    argv[n++] = s->path;
    if (gt_arena_failed(a)) return GT_NOMEM;
    fflush(stdout);
    execvp("bash", (char *const *)argv);
    return gt_fail(GT_FAILED, "bash cannot be started");
}

static gt_status submit(submission *s) {
    gt_status st = check_times(&s->f);
    if (!st) st = check_job(s);
    if (!st) st = find_scripts(s);
    if (!st) st = find_run(s);
    if (!st) st = check_texts(s);
    if (st) return st;
    char *script = NULL;
    size_t bytes;
    FILE *memory = open_memstream(&script, &bytes);
    if (memory) put_script(memory, s);
    if (!memory || fclose(memory)) st = gt_fail(GT_NOMEM, "out of memory for a batch script");
    bool go = s->f.yes;
    if (!st) fputs(script, stdout);
    if (!st && !s->f.dry_run && !go) st = ask(&go);
    if (!st && !s->f.dry_run && go) {
        st = gt_rundir_prepare(s->run, 0);
        if (!st) st = gt_rundir_write(s->run, "submit.sbatch", script);
        if (!st) st = become_sbatch(s);
    }
    free(script);
    return st;
}

static int submit_job(int argc, char **argv) {
    if (cli_others_work("submit")) return CLI_DONE;
    submission s = {.job = gt_job_new()};
    if (!s.job) return cli_exit("submit", GT_NOMEM);
    bool help = false;
    int status = CLI_DONE;
    s.own = (gt_options){.rows = table, .n = OWN, .fields = &s.f, .state = s.state, .arena = s.job->arena};
    gt_options_reset(&s.own);
    gt_status st = read_arguments(&s, argc, argv, &help);
    if (!st && help) cli_print_help(cli_find("submit"), NULL, stdout);
    else status = cli_exit("submit", st ? st : submit(&s));
    gt_job_free(s.job);
    return status;
}

const cli_command cli_submit = {
    .name = "submit",
    .arguments = "[JOB.ini] [OPTIONS OF train ...] [--key=value ...]",
    .help = "Check a training job; keep it in Slurm's queue until it is done",
    .detail = "Takes the arguments of gantry train besides its own. The batch script is shown, kept in the run's "
              "directory as submit.sbatch, and submitted after a question; the job checkpoints before its walltime "
              "ends or when it is preempted, and comes back by itself. What is particular to a site stands in "
              "slurm/site.env (or the file that GANTRY_SITE names).",
    .files = "submit.sbatch in the folder of the run, with the job's output beside it.",
    .takes_job = true,
    CLI_EXAMPLES(
        {"Show the batch script of a rank with 16 cores",
         "gantry submit jobs/paper256.ini --data=faces.zip --cpus-per-task=16 -n"},
        {"Two nodes with two ranks each", "gantry submit job.ini --nodes=2 --ntasks-per-node=2 --cpus-per-task=16"},
        {"In pieces of four hours", "gantry submit job.ini --cpus-per-task=16 --time=4:00:00"}),
    CLI_ROWS(table),
    .main = submit_job,
};
