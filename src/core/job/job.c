/* SPDX-License-Identifier: Apache-2.0
 * A job's life: made with defaults, given values, one by one or from job files: INI text, read by hand and not by a
 * library so that lines may be of any length (paths are long on clusters) and every message has its line. */
#include <ctype.h>
#include <stdlib.h>

#include "base/door/file.h"
#include "job/door/job.h"
#include "job/internal.h"
#include "networks/model/door/family.h"

gt_job *gt_job_new(void) {
    gt_job *job = calloc(1, gt_job_own_offset(NULL));
    gt_arena *arena = gt_arena_new();
    if (!job || !arena) {
        free(job);
        gt_arena_free(arena);
        gt_fail(GT_NOMEM, "out of memory for a job");
        return NULL;
    }
    job->arena = arena;
    job->options = (gt_options){.fields = job, .state = job->state, .arena = arena};
    job->options.rows = gt_job_table(&job->options.n);
    gt_options_reset(&job->options);
    gt_job_find_family(job);
    return job;
}

void gt_job_free(gt_job *job) {
    if (!job) return;
    gt_arena_free(job->arena);
    free(job);
}

gt_job_facts gt_job_look(const gt_job *job) {
    return (gt_job_facts){.model = job->model,
                          .data = job->data,
                          .condition = job->condition,
                          .statics = job->statics,
                          .run = job->run,
                          .outdir = job->outdir,
                          .resume = job->resume,
                          .detector = job->detector,
                          .export = job->export,
                          .batch = job->batch,
                          .slices = job->slices,
                          .threads = job->threads,
                          .ranks = job->ranks,
                          .seed = job->seed,
                          .restart = job->restart,
                          .progress = job->progress,
                          .preview = job->preview,
                          .heartbeat_limit = job->heartbeat_limit,
                          .dry_run = job->dry_run,
                          .log = job->log};
}

gt_arena *gt_job_arena(const gt_job *job) { return job->arena; }

const gt_options *gt_options_of_job(const gt_job *job) { return &job->options; }

void gt_job_set_kernels(gt_job *job, const gt_kernel_set *kernels) { job->kernels = kernels; }

void gt_job_set_colours(gt_job *job, int64_t colours) { job->colours = colours; }

void gt_job_set_tick(gt_job *job, gt_job_tick *told, void *of) {
    job->told = told;
    job->told_of = of;
}

gt_status gt_job_set_resume_file(gt_job *job, const char *path) {
    job->resume_file = gt_arena_printf(job->arena, "%s", path);
    return job->resume_file ? GT_OK : GT_NOMEM;
}

gt_status gt_job_set_no_metrics(gt_job *job, const char *why) {
    job->no_metrics = gt_arena_printf(job->arena, "%s", why);
    return job->no_metrics ? GT_OK : GT_NOMEM;
}

gt_status gt_job_set(gt_job *job, const char *key, const char *value, const char *where) {
    return gt_options_set(&job->options, key, value, where);
}

/* ---- job files ---- */

enum { MAX_JOB_BYTES = 1 << 20 };

typedef struct reader {
    gt_options options;
    const char *name; /* for messages */
    int line;
    const char *group;               /* of the last [group]; NULL: none yet */
    bool resolved;                   /* the text is one that a run has written */
    int first_line[GT_JOB_MAX_KEYS]; /* where a key was given; 0: not yet */
} reader;

static char *trim_blanks(char *s) {
    while (isspace((unsigned char)*s)) s++;
    char *end = s + strlen(s);
    while (end > s && isspace((unsigned char)end[-1])) *--end = 0;
    return s;
}

/* Cut off a comment: a '#' or ';' at the start of the line or after a blank, outside of quotes. */
static void cut_off_comment(char *s) {
    bool quoted = false;
    for (char *c = s; *c; c++) {
        if (*c == '"') quoted = !quoted;
        if (quoted || (*c != '#' && *c != ';')) continue;
        if (c > s && !isspace((unsigned char)c[-1])) continue;
        *c = 0;
        return;
    }
}

static char *without_quotes(char *value) {
    size_t n = strlen(value);
    if (n < 2 || value[0] != '"' || value[n - 1] != '"') return value;
    value[n - 1] = 0;
    return value + 1;
}

static gt_status read_group(reader *r, char *text) {
    size_t n = strlen(text);
    if (text[n - 1] != ']')
        return gt_fail(GT_USAGE, "%s:%d: '%s': the line of a group ends with ]", r->name, r->line, text);
    text[n - 1] = 0;
    const char *group = trim_blanks(text + 1);
    for (int i = 0; i < r->options.n; i++) {
        const gt_option *row = &r->options.rows[i];
        if (strcmp(row->group, group) || (row->class == GT_SHAPE && !r->options.shapes)) continue;
        r->group = row->group;
        return GT_OK;
    }
    return gt_fail(GT_USAGE, "%s:%d: unknown group '%s'; see jobs/reference.ini", r->name, r->line, group);
}

static gt_status read_key(reader *r, const char *key, const char *value) {
    char where[512];
    snprintf(where, sizeof where, "%s:%d", r->name, r->line);
    const gt_option *row = gt_options_find(&r->options, key);
    if (!row && r->options.shapes)
        return gt_fail(GT_FORMAT, "%s: this version has no option '%.64s': resume with a version that has it", where,
                       key);
    bool at_home = !row || !r->group || gt_is(r->group, row->group) ||
                   (row->other_group && gt_is(r->group, row->other_group));
    if (!at_home)
        return gt_fail(GT_USAGE, "%s: key '%s' belongs to the group [%s], not [%s]", where, key, row->group, r->group);
    if (row) {
        int *first = &r->first_line[row - r->options.rows];
        if (*first) return gt_fail(GT_USAGE, "%s: key '%s' was already given in line %d", where, key, *first);
        *first = r->line;
    }
    if (row && row->unrecorded && r->resolved) return GT_OK;
    return gt_options_set(&r->options, key, value, where);
}

static gt_status read_line(reader *r, char *line) {
    cut_off_comment(line);
    char *text = trim_blanks(line);
    if (!*text) return GT_OK;
    if (*text == '[') return read_group(r, text);
    char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return gt_fail(GT_USAGE, "%s:%d: '%.60s' is neither key = value, nor [group], nor a comment", r->name, r->line,
                       text);
    *equals = 0;
    return read_key(r, trim_blanks(text), without_quotes(trim_blanks(equals + 1)));
}

/* What a record does not say, since it is older than the option (gt_option.absent). */
static void fill_in_absent(gt_options *o, unsigned classes) {
    for (int i = 0; i < o->n; i++) {
        const gt_option *row = &o->rows[i];
        if (!row->absent || !(row->class & classes) || o->state[i] != GT_OPTION_DEFAULT) continue;
        gt_options_set(o, row->key, row->absent, ""); /* cannot fail: a test reads every such value */
        o->state[i] = GT_OPTION_DERIVED;
    }
}

/* `recipe`: the recipe of a checkpoint, with what was found in the data. */
static gt_status read_text(gt_job *job, const char *text, const char *name, bool recipe) {
    text += gt_text_mark(text, strlen(text));
    reader r = {.options = job->options, .name = name, .resolved = gt_job_is_resolved_text(text)};
    r.options.shapes = recipe;
    unsigned recorded = recipe ? GT_RECIPE : r.resolved ? GT_RECIPE | GT_EXECUTION | GT_OUTPUT : 0;
    char *copy = strdup(text), *rest = copy, *line;
    if (!copy) return gt_fail(GT_NOMEM, "out of memory reading the job '%s'", name);
    gt_status st = GT_OK;
    while (!st && (line = strsep(&rest, "\n"))) {
        r.line++;
        st = read_line(&r, line);
    }
    free(copy);
    if (!st) fill_in_absent(&r.options, recorded);
    return st;
}

gt_status gt_job_read_text(gt_job *job, const char *text, const char *name) {
    return read_text(job, text, name, false);
}

gt_status gt_job_read_file(gt_job *job, const char *path) {
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = gt_file_read(path, MAX_JOB_BYTES, &bytes, &n);
    if (st) return gt_wrap(GT_USAGE, "reading the job");
    if (strlen(bytes) != n) st = gt_fail(GT_USAGE, "%s: contains a zero byte, so it is not a job file", path);
    else st = gt_job_read_text(job, bytes, path);
    return st;
}

gt_job *gt_job_read_record(const char *text, const char *name) {
    gt_job *job = gt_job_new();
    if (!job) return NULL;
    gt_status st = read_text(job, text, name, true);
    if (!st) return job;
    gt_wrap(st, "the recipe in %s", name);
    gt_job_free(job);
    return NULL;
}

gt_job *gt_job_from_recipe_text(const char *text, const char *name) {
    gt_job *job = gt_job_read_record(text, name);
    if (!job) return NULL;
    gt_status st = gt_job_resolve(job, job->height, job->width, job->channels, job->label_dim, 0);
    if (!st) return job;
    gt_wrap(st, "the recipe in %s", name);
    gt_job_free(job);
    return NULL;
}
