/* SPDX-License-Identifier: Apache-2.0
 * A training job as a Slurm batch script (gantry/launch.h). The script stays in the run's directory; what it does at
 * run time stands in slurm/lib.sh. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/launch.h"
#include "gantry/program.h"
#include "gantry/rundir.h"
#include "gantry/text.h"

const char *const gt_batch_texts[GT_BATCH_TEXTS] = {"partition", "account", "qos", "constraint", "job-name"};

gt_status gt_batch_check_times(const gt_batch_job *b) {
    double seconds;
    if (!b->cpus_per_task)
        return gt_fail(GT_USAGE,
                       "--cpus-per-task is needed: the cores of a rank; with one rank a node, those of the node");
    gt_status st = gt_parse_duration(b->time, &seconds);
    if (st) return gt_wrap(st, "--time=%s", b->time);
    if (seconds <= (double)b->grace)
        st = gt_fail(GT_USAGE, "--time=%s is not longer than --grace=%lld seconds", b->time, (long long)b->grace);
    return st;
}

/* ---- places ---- */

/* The scripts lie beside the sources' build folder, or where they were installed. */
static gt_status find_scripts(gt_batch_job *b, gt_arena *a) {
    static const char *const places[] = {"../slurm", "../share/gantry/slurm"};
    char program[GT_PROGRAM_PATH_BYTES], folder[GT_PROGRAM_PATH_BYTES];
    gt_program_path(program);
    gt_program_folder(folder);
    if (!(b->program = gt_arena_printf(a, "%s", program))) return GT_NOMEM;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *library = gt_arena_printf(a, "%s/%s/lib.sh", folder, places[i]);
        char *real = library ? realpath(library, NULL) : NULL;
        if (!real) continue;
        *strrchr(real, '/') = 0;
        b->scripts = gt_arena_printf(a, "%s", real);
        free(real);
        return b->scripts ? GT_OK : GT_NOMEM;
    }
    return gt_fail(GT_FAILED, "the scripts are not installed: there is no lib.sh in %s/%s or %s/%s", folder, places[0],
                   folder, places[1]);
}

/* Where the run will be, absolutely: --run, or by its description in --outdir; a number would be another one at each
 * restart. And the site. */
static gt_status find_run(gt_batch_job *b, gt_job *job) {
    gt_arena *a = job->arena;
    const char *run = job->run;
    if (!*run) {
        const char *description = gt_job_description(job);
        run = description ? gt_arena_printf(a, "%s/%s", job->outdir, description) : NULL;
    }
    char *here = getcwd(NULL, 0);
    b->site = getenv("GANTRY_SITE") ? getenv("GANTRY_SITE") : "";
    b->run = !run || !here ? NULL : *run == '/' ? run : gt_arena_printf(a, "%s/%s", here, run);
    free(here);
    if (b->run && !*b->texts[GT_BATCH_NAME]) b->texts[GT_BATCH_NAME] = strrchr(b->run, '/') + 1;
    b->path = b->run ? gt_arena_printf(a, "%s/submit.sbatch", b->run) : NULL;
    return b->path ? GT_OK : gt_fail(GT_FAILED, "the name of the run's directory cannot be made");
}

/* ---- the script ---- */

#define SIGNAL "B:USR1@%lld" /* the batch shell gets the signal so many seconds before the end */

static void print_directives(FILE *f, const gt_batch_job *b, int from, int to) {
    for (int i = from; i < to; i++)
        if (*b->texts[i]) fprintf(f, "#SBATCH --%s=\"%s\"\n", gt_batch_texts[i], b->texts[i]);
}

static void print_quoted(FILE *f, const char *before, const char *word) {
    fputs(before, f);
    gt_shell_print(word, f);
}

static void print_training(FILE *f, const gt_batch_job *b) {
    fputs("train_until_done", f);
    for (int i = 0; i < b->n_words; i++) print_quoted(f, " ", b->words[i]);
    for (int i = 0; i < b->n_pairs; i++) {
        if (gt_is(b->keys[i], "run") || gt_is(b->keys[i], "outdir")) continue;
        fprintf(f, " --%s", b->keys[i]);
        if (b->values[i]) print_quoted(f, "=", b->values[i]);
    }
    print_quoted(f, " --run=", b->run);
    fputc('\n', f);
}

static void print_script(FILE *out, const gt_batch_job *b) {
    char *here = getcwd(NULL, 0);
    fputs("#!/bin/bash\n# Written by gantry submit. `sbatch` with this file submits it again, and the run resumes "
          "where it is.\n",
          out);
    print_directives(out, b, GT_BATCH_NAME, GT_BATCH_TEXTS);
    fprintf(out,
            "#SBATCH --nodes=%lld\n#SBATCH --ntasks-per-node=%lld\n#SBATCH --cpus-per-task=%lld\n#SBATCH "
            "--exclusive\n#SBATCH --time=%s\n",
            (long long)b->nodes, (long long)b->ntasks_per_node, (long long)b->cpus_per_task, b->time);
    fprintf(out, "#SBATCH --signal=" SIGNAL "\n#SBATCH --requeue\n#SBATCH --open-mode=append\n", (long long)b->grace);
    print_directives(out, b, 0, GT_BATCH_NAME);
    fprintf(out, "#SBATCH --output=\"%s/slurm-%%j.log\"\n", b->run);
    print_quoted(out, "cd ", here ? here : ".");
    fprintf(out, " || exit 1\n: \"${GANTRY:=%s}\"\n", b->program);
    if (*b->site) fprintf(out, ": \"${GANTRY_SITE:=%s}\"\n", b->site);
    print_quoted(out, ". ", b->scripts);
    fputs("/lib.sh || exit 1\n", out);
    print_training(out, b);
    free(here);
}

/* A directive is a line between double quotes, and % begins one of sbatch's patterns. */
static gt_status check_texts(const gt_batch_job *b) {
    const char *const places[] = {b->run, b->program, b->site};
    enum { PLACES = sizeof places / sizeof *places };
    for (int i = 0; i < PLACES + GT_BATCH_TEXTS; i++) {
        const char *text = i < PLACES ? places[i] : b->texts[i - PLACES];
        if (text[strcspn(text, "\"\\%$`\n")])
            return gt_fail(GT_USAGE, "'%s' cannot stand in a batch script: it has one of \" \\ %% $ `", text);
    }
    return GT_OK;
}

gt_status gt_batch_make(gt_batch_job *b, gt_job *job, char **script) {
    gt_status st = find_scripts(b, job->arena);
    if (!st) st = find_run(b, job);
    if (!st) st = check_texts(b);
    if (st) return st;
    char *text = NULL;
    size_t bytes;
    FILE *memory = open_memstream(&text, &bytes);
    if (memory) print_script(memory, b);
    if (!memory || fclose(memory)) st = gt_fail(GT_NOMEM, "out of memory for a batch script");
    *script = st ? NULL : gt_arena_printf(job->arena, "%s", text);
    free(text);
    return st ? st : *script ? GT_OK : GT_NOMEM;
}

/* ---- submitting ---- */

/* Becomes sbatch, with the site's settings; returns only when that fails. What the settings say in sbatch's
 * variables overrules the script's lines, so what was asked for here is given once more, and so is what resuming rests
 * on. */
static gt_status become_sbatch(gt_arena *a, const gt_batch_job *b) {
    static const char shell[] = ". \"${GANTRY_SITE:-$1/site.env}\" && shift && exec sbatch \"$@\"";
    const char *argv[GT_BATCH_TEXTS + 10] = {"bash", "-c", shell, "gantry-submit", b->scripts, "--requeue"};
    int n = 6;
    argv[n++] = gt_arena_printf(a, "--time=%s", b->time);
    argv[n++] = gt_arena_printf(a, "--signal=" SIGNAL, (long long)b->grace);
    for (int i = 0; i < GT_BATCH_TEXTS; i++)
        if (*b->texts[i]) argv[n++] = gt_arena_printf(a, "--%s=%s", gt_batch_texts[i], b->texts[i]);
    argv[n++] = b->path;
    if (gt_arena_failed(a)) return GT_NOMEM;
    fflush(stdout);
    execvp("bash", (char *const *)argv);
    return gt_fail(GT_FAILED, "bash cannot be started");
}

gt_status gt_batch_submit(gt_arena *a, const gt_batch_job *b, const char *script) {
    gt_status st = gt_rundir_prepare(b->run, 0);
    if (!st) st = gt_rundir_write(b->run, "submit.sbatch", script);
    return st ? st : become_sbatch(a, b);
}
