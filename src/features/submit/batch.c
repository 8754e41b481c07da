/* SPDX-License-Identifier: Apache-2.0
 * A training job as a Slurm batch script (features/submit/batch.h). The script stays in the run's directory; what
 * it does at run time stands in slurm/lib.sh. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "gantry/job.h"
#include "job/door/job.h"
#include "command/launch/door/launch.h"
#include "features/submit/batch.h"
#include "base/door/program.h"
#include "networks/model/door/family.h"
#include "run/door/rundir.h"
#include "base/door/text.h"

const char *const gt_batch_texts[GT_BATCH_TEXTS] = {"partition", "account",   "qos",   "constraint",
                                                    "mem",       "mail-user", "array", "job-name"};

/* The next number of an array of jobs; -1: none is there. */
static long number_at(const char **text) {
    char *end = (char *)*text;
    long n = **text >= '0' && **text <= '9' ? strtol(*text, &end, 10) : -1;
    *text = end;
    return n;
}

/* "1-4", "0-15%4", "1,5,7-9:2": sbatch's numbers of tasks. */
static bool is_array(const char *text) {
    for (;; text++) {
        long first = number_at(&text), last = first, step = 1;
        if (first >= 0 && *text == '-') text++, last = number_at(&text);
        if (last > first && *text == ':') text++, step = number_at(&text);
        if (first < 0 || last < first || last > INT32_MAX || step < 1) return false;
        if (*text != ',') break;
    }
    return !*text || (*text++ == '%' && number_at(&text) > 0 && !*text);
}

/* "64G", "0" */
static bool is_size(const char *text) {
    return number_at(&text) >= 0 && (!*text || (strchr("KMGT", *text) && !text[1]));
}

gt_status gt_batch_check_memory(const gt_option *o, const char *value) {
    (void)o;
    if (is_size(value)) return GT_OK;
    return gt_fail(GT_USAGE, "memory of a node, such as 64G (K, M, G or T); 0 is all of it");
}

gt_status gt_batch_check_array(const gt_option *o, const char *value) {
    (void)o;
    if (is_array(value)) return GT_OK;
    return gt_fail(GT_USAGE, "numbers and ranges, such as 1-4 or, two at a time, 0-15%%2");
}

gt_status gt_batch_check(const gt_batch_job *b) {
    double seconds = 0;
    if (!b->cpus_per_task)
        return gt_fail(GT_USAGE,
                       "--cpus-per-task is needed: the cores of a rank; with one rank per node, all cores of the node");
    gt_status st = gt_parse_duration(b->time, &seconds);
    if (st) return gt_wrap(st, "--time=%s", b->time);
    if (seconds > (double)b->grace) return GT_OK;
    return gt_fail(GT_USAGE, "--time=%s is not longer than --grace=%lld seconds", b->time, (long long)b->grace);
}

/* ---- places ---- */

bool gt_batch_scripts(char folder[]) {
    if (!gt_shipped_find("slurm", ".sh", "lib", folder)) return false;
    *strrchr(folder, '/') = 0;
    return true;
}

static gt_status find_scripts(gt_batch_job *b, gt_arena *a) {
    char program[GT_PROGRAM_PATH_BYTES], scripts[GT_PROGRAM_PATH_BYTES];
    gt_program_path(program);
    if (!(b->program = gt_arena_printf(a, "%s", program))) return GT_NOMEM;
    if (!gt_batch_scripts(scripts))
        return gt_fail(GT_FAILED,
                       "the scripts are not installed: slurm/lib.sh lies neither beside '%s' nor in its share",
                       program);
    b->scripts = gt_arena_printf(a, "%s", scripts);
    return b->scripts ? GT_OK : GT_NOMEM;
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
    b->seed = job->seed;
    b->path = b->run ? gt_arena_printf(a, "%s/" GT_RUN_SCRIPT, b->run) : NULL;
    if (b->run && *b->texts[GT_BATCH_ARRAY] && gt_folder_has(b->run, "job.ini"))
        return gt_fail(
            GT_USAGE,
            "--array makes a run for each task in a folder of '%s', but '%s' is itself a run: give another --run", run,
            run);
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
    bool array = *b->texts[GT_BATCH_ARRAY];
    fputs("train_until_done", f);
    for (int i = 0; i < b->n_words; i++) print_quoted(f, " ", b->words[i]);
    for (int i = 0; i < b->n_pairs; i++) {
        if (gt_is(b->keys[i], "run") || gt_is(b->keys[i], "outdir") || (array && gt_is(b->keys[i], "seed"))) continue;
        fprintf(f, " --%s", b->keys[i]);
        if (b->values[i]) print_quoted(f, "=", b->values[i]);
    }
    if (array) fprintf(f, " --seed=$((%lld + SLURM_ARRAY_TASK_ID))", (long long)b->seed);
    print_quoted(f, " --run=", b->run);
    fputs(array ? "/\"$SLURM_ARRAY_TASK_ID\"\n" : "\n", f);
}

#define BEGINNING "#!/bin/bash\n# Written by gantry submit"

bool gt_batch_counts_cores(const gt_batch_job *b) {
    static const char *const others[] = {"--threads-per-core", "--hint", "--ntasks-per-core", "--extra-node-info",
                                         "-B"};
    for (int i = 0; i < b->n_more; i++)
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            if (!strncmp(b->more[i], others[k], strlen(others[k]))) return false;
    return true;
}

static void print_script(FILE *out, const gt_batch_job *b) {
    GT_FREED char *here = getcwd(NULL, 0);
    fputs(BEGINNING ". `sbatch` with this file submits the job again, and the run resumes.\n", out);
    print_directives(out, b, GT_BATCH_NAME, GT_BATCH_TEXTS);
    fprintf(out,
            "#SBATCH --nodes=%lld\n#SBATCH --ntasks-per-node=%lld\n#SBATCH --cpus-per-task=%lld\n#SBATCH "
            "--exclusive\n#SBATCH --time=%s\n",
            (long long)b->nodes, (long long)b->ntasks_per_node, (long long)b->cpus_per_task, b->time);
    if (gt_batch_counts_cores(b)) fputs("#SBATCH --threads-per-core=1\n", out);
    fprintf(out, "#SBATCH --signal=" SIGNAL "\n#SBATCH --requeue\n#SBATCH --open-mode=append\n", (long long)b->grace);
    print_directives(out, b, 0, GT_BATCH_NAME);
    if (*b->texts[GT_BATCH_MAIL]) fputs("#SBATCH --mail-type=END,FAIL\n", out);
    fprintf(out, "#SBATCH --output=\"%s/slurm-%s.log\"\n", b->run, *b->texts[GT_BATCH_ARRAY] ? "%A_%a" : "%j");
    for (int i = 0; i < b->n_more; i++) fprintf(out, "#SBATCH \"%s\"\n", b->more[i]);
    if (*b->texts[GT_BATCH_ARRAY])
        fputs("# Each task is a run of its own: its number is its folder, and is added to the seed.\n", out);
    print_quoted(out, "cd ", here ? here : ".");
    fprintf(out, " || exit 1\n: \"${GANTRY:=%s}\"\n", b->program);
    if (*b->site) fprintf(out, ": \"${GANTRY_SITE:=%s}\"\n", b->site);
    if (b->max_restarts >= 0) fprintf(out, "GANTRY_MAX_RESTARTS=%lld\n", (long long)b->max_restarts);
    print_quoted(out, ". ", b->scripts);
    fputs("/lib.sh || exit 1\n", out);
    print_training(out, b);
}

static bool has_controls(const char *text) { return gt_format(NULL, 0, "%s", text) != (int)strlen(text); }

/* A directive is a line between double quotes, and % begins one of sbatch's patterns. */
static gt_status check_text(const char *text) {
    if (!text[strcspn(text, "\"\\%$`")] && !has_controls(text)) return GT_OK;
    return gt_fail(GT_USAGE, "'%s' cannot be used in a batch script: it has one of \" \\ %% $ ` or a control character",
                   text);
}

gt_status gt_batch_check_text(const gt_option *o, const char *value) {
    (void)o;
    return check_text(value);
}

static gt_status check_texts(const gt_batch_job *b) {
    gt_status st = check_text(b->run);
    if (!st) st = check_text(b->program);
    if (!st) st = check_text(b->site);
    for (int i = 0; i < b->n_more && !st; i++)
        if (b->more[i][strcspn(b->more[i], "\"\\")] || has_controls(b->more[i]))
            st = gt_fail(GT_USAGE, "'%s' cannot be used in a batch script: it has one of \" \\ or a control character",
                         b->more[i]);
    return st;
}

/* The folder may be there: may the job's run begin in it, and the script take its place? */
static gt_status check_folder(const gt_batch_job *b) {
    GT_FREED char *before = NULL;
    if (!gt_is_directory(b->run)) return GT_OK;
    gt_status st = gt_rundir_read(b->run, GT_RUN_SCRIPT, &before);
    bool ours = before ? !*before || !strncmp(before, BEGINNING, sizeof BEGINNING - 1)
                       : !gt_folder_has(b->run, GT_RUN_SCRIPT);
    if (!st && !ours) st = gt_fail(GT_USAGE, "'%s' already exists and is not from gantry submit: rename it", b->path);
    /* the tasks of an array have folders of their own */
    return st || *b->texts[GT_BATCH_ARRAY] ? st : gt_job_check_folder(b->run);
}

gt_status gt_batch_make(gt_batch_job *b, gt_job *job, char **script) {
    gt_status st = find_scripts(b, job->arena);
    if (!st) st = find_run(b, job);
    if (!st) st = check_texts(b);
    if (!st) st = check_folder(b);
    if (st) return st;
    GT_FREED char *text = NULL;
    size_t bytes;
    FILE *memory = open_memstream(&text, &bytes);
    if (memory) print_script(memory, b);
    if (!memory || fclose(memory)) st = gt_fail(GT_NOMEM, "out of memory for a batch script");
    *script = st ? NULL : gt_arena_printf(job->arena, "%s", text);
    return st ? st : *script ? GT_OK : GT_NOMEM;
}

/* ---- submitting ---- */

gt_status gt_batch_ready(const gt_batch_job *b) {
    gt_buffer line = {0};
    char found[8] = "";
    gt_buffer_printf(&line, "set -- ");
    gt_buffer_shell(&line, b->scripts);
    gt_buffer_printf(&line, "; exec bash -c '" GT_SITE
                            "command -v sbatch >/dev/null && echo yes >&3' bash \"$1\" 3>&1 >/dev/null 2>&1");
    gt_buffer_add(&line, "", 1);
    if (line.failed) return GT_NOMEM;
    gt_shell_output(line.data, found, sizeof found);
    gt_buffer_free(&line);
    if (*found) return GT_OK;
    return gt_fail(GT_FAILED, "there is no sbatch on this host, so nothing can be submitted: call gantry submit on a "
                              "login node of the cluster (--dry-run shows the script)");
}

static bool waits_for_others(const gt_batch_job *b) {
    bool waits = false;
    for (int i = 0; i < b->n_more; i++)
        waits |= !strncmp(b->more[i], "--dependency", strlen("--dependency")) || !strncmp(b->more[i], "-d", 2);
    return waits;
}

bool gt_batch_is_second(gt_batch_job *b) {
    if (*b->texts[GT_BATCH_ARRAY]) return false; /* its tasks may be others than those in the queue */
    return gt_batch_queued(b->scripts, b->run, &b->queued) == GT_QUEUED_YES && !waits_for_others(b);
}

/* What to type when sbatch has taken the job; each task of an array has a folder of its own. */
static const char *next_command(gt_arena *a, const gt_batch_job *b) {
    GT_BUFFER gt_buffer run = {0};
    gt_buffer_shell(&run, b->run);
    gt_buffer_add(&run, "", 1);
    const char *text = run.failed
                           ? NULL
                           : gt_arena_printf(a,
                                             GT_NEXT "\n  gantry status %s%s   how far it is, once the job has begun",
                                             run.data, *b->texts[GT_BATCH_ARRAY] ? "/*/" : "");
    return text;
}

/* Becomes sbatch, with the site's settings; returns only when that fails. What the settings say in sbatch's
 * variables overrules the script's lines, so what was asked for here is given once more, and so is what resuming rests
 * on. */
static gt_status become_sbatch(gt_arena *a, const gt_batch_job *b) {
    static const char shell[] = GT_SITE "next=$2 && shift 2 && sbatch \"$@\" && echo \"$next\" >&2";
    const char **argv = gt_arena_array(a, (size_t)b->n_more + GT_BATCH_TEXTS + 11, sizeof *argv);
    const char *next = argv ? next_command(a, b) : NULL;
    if (!next) return GT_NOMEM;
    const char *const begin[] = {"bash", "-c", shell, "gantry-submit", b->scripts, next, "--requeue"};
    int n = sizeof begin / sizeof *begin;
    memcpy(argv, begin, sizeof begin);
    argv[n++] = gt_arena_printf(a, "--time=%s", b->time);
    argv[n++] = gt_arena_printf(a, "--signal=" SIGNAL, (long long)b->grace);
    for (int i = 0; i < GT_BATCH_TEXTS; i++)
        if (*b->texts[i]) argv[n++] = gt_arena_printf(a, "--%s=%s", gt_batch_texts[i], b->texts[i]);
    for (int i = 0; i < b->n_more; i++) argv[n++] = b->more[i];
    argv[n++] = b->path;
    argv[n] = NULL;
    if (gt_arena_failed(a)) return GT_NOMEM;
    gt_print_flush(stdout);
    execvp("bash", (char *const *)argv);
    return gt_fail(GT_FAILED, "bash cannot be started");
}

/* Jobs of the run in the queue have copies of the script, and one of them may start now: by the folder's time it sees
 * whether the program was started there (slurm/lib.sh). So nothing is made or replaced in the folder. */
static gt_status rewrite_script(const gt_batch_job *b, const char *script) {
    int fd = gt_file_open(b->path, O_WRONLY | O_TRUNC);
    int error = fd < 0 ? errno : gt_write_all(fd, script, strlen(script));
    if (fd >= 0 && close(fd) && !error) error = errno;
    return error ? gt_fail(GT_FAILED, "cannot write '%s': %s", b->path, gt_error_text(error, b->path)) : GT_OK;
}

gt_status gt_batch_submit(gt_arena *a, const gt_batch_job *b, const char *script) {
    gt_status st;
    if (*b->queued.number) st = rewrite_script(b, script);
    else if (!(st = gt_rundir_prepare(b->run, 0))) st = gt_rundir_write(b->run, GT_RUN_SCRIPT, script);
    return st ? st : become_sbatch(a, b);
}
