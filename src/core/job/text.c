/* SPDX-License-Identifier: Apache-2.0
 * Jobs as text: the resolved dump, the recipe of a checkpoint, the differences of two jobs, the name of a run. */
#include <ctype.h>
#include <stdlib.h>

#include "job/door/job.h"
#include "networks/model/door/family.h"
#include "run/door/rundir.h"
#include "gantry/source.h"
#include "job/internal.h"
#include "gantry/text.h"

static void write_value(FILE *f, const char *key, const char *value) {
    bool quote = value[strcspn(value, "#;\"")] || isspace((unsigned char)*value) ||
                 (*value && isspace((unsigned char)value[strlen(value) - 1]));
    fprintf(f, quote ? "%s = \"%s\"\n" : "%s = %s\n", key, value);
}

/* NULL: out of memory. */
static FILE *begin_text(char **text) {
    static _Thread_local size_t n; /* nobody asks how long the text is */
    *text = NULL;
    FILE *f = open_memstream(text, &n);
    if (!f) gt_fail(GT_NOMEM, "out of memory writing a job");
    return f;
}

/* The text ends; false: it is not whole. */
static bool finish_text(const gt_job *job, FILE *f, char **text) {
    bool bad = ferror(f);
    bad |= fclose(f) != 0;
    if (!bad && *text && !gt_arena_failed(job->arena)) return true;
    free(*text);
    *text = NULL;
    gt_fail(GT_NOMEM, "out of memory writing a job");
    return false;
}

/* The options of a group, behind its banner; false: no option has a value. */
static bool write_group(FILE *f, const gt_job *job, unsigned classes, const char *group, const char *before) {
    gt_options o = job->options;
    bool any = false;
    for (int i = 0; i < o.n; i++) {
        const gt_option *row = &o.rows[i];
        bool elsewhere = row->other_group && strcmp(row->group, job->family->name);
        if (!(row->class & classes) || strcmp(elsewhere ? row->other_group : row->group, group)) continue;
        const char *value = gt_options_effective(&o, row);
        if (!value) continue;
        if (!any) fprintf(f, "%s[%s]\n", before, group);
        any = true;
        write_value(f, row->key, value);
    }
    return any;
}

static char *to_text(const gt_job *job, unsigned classes, const char *head) {
    char *text;
    FILE *f = begin_text(&text);
    if (!f) return NULL;
    fputs(head, f);
    const gt_named *g = gt_job_groups();
    const char *before = "";
    do {
        if (write_group(f, job, classes, g->name ? g->name : "shape", before)) before = "\n";
    } while (g++->name);
    finish_text(job, f, &text);
    return text;
}

#define RESOLVED "# The resolved job of this run."

char *gt_job_to_text(const gt_job *job) {
    return to_text(job, GT_RECIPE | GT_EXECUTION | GT_OUTPUT,
                   RESOLVED " `gantry train job.ini` repeats it; every key is explained in jobs/reference.ini.\n");
}

bool gt_job_is_resolved_text(const char *text) { return !strncmp(text, RESOLVED, sizeof RESOLVED - 1); }

gt_status gt_job_check_folder(const char *dir) {
    GT_FREED char *text = NULL;
    gt_status st = gt_rundir_read(dir, "job.ini", &text);
    return st ? st : gt_rundir_check_new(dir, text && gt_job_is_resolved_text(text));
}

char *gt_job_to_recipe_text(const gt_job *job) { return to_text(job, GT_RECIPE | GT_SHAPE, ""); }

/* "auto" is what it stands for. */
static bool means_the_same(const gt_job *a, const gt_job *b, const gt_option *row) {
    const char *x = gt_job_stands_for(a, row), *y = gt_job_stands_for(b, row);
    return x && y && gt_is(x, y);
}

/* Do they differ in this option? The values, "-" for none, live as long as the jobs. */
static bool differ_in(const gt_job *a, const gt_job *b, const gt_option *row, const char *value[2]) {
    bool resolved = a->resolved && b->resolved;
    unsigned classes = resolved ? GT_RECIPE | GT_SHAPE : GT_RECIPE;
    if (!(row->class & classes)) return false;
    value[0] = gt_options_effective(&a->options, row);
    value[1] = gt_options_effective(&b->options, row);
    for (int i = 0; i < 2; i++) value[i] = value[i] ? value[i] : "-";
    return strcmp(value[0], value[1]) && !(resolved && means_the_same(a, b, row));
}

int gt_job_compare(const gt_job *a, const char *a_name, const gt_job *b, const char *b_name, FILE *f) {
    int n = 0;
    const char *value[2];
    for (int i = 0; i < a->options.n; i++) {
        const gt_option *row = &a->options.rows[i];
        if (!differ_in(a, b, row, value)) continue;
        if (f && !n) gt_print_to(f, "  %-16s %-20s %s\n", "key", a_name, b_name);
        if (f) gt_print_to(f, "  %-16s %-20s %s\n", row->key, value[0], value[1]);
        n++;
    }
    return n;
}

const gt_option *gt_job_first_difference(const gt_job *a, const gt_job *b, const char *value[2]) {
    for (int i = 0; i < a->options.n; i++)
        if (differ_in(a, b, &a->options.rows[i], value)) return &a->options.rows[i];
    return NULL;
}

/* ---- the name of a run ---- */

/* "dir/emoji32.zip" -> "emoji32"; "synth:shapes:n=9" -> "shapes". */
static void write_data_name(FILE *f, const char *data) {
    const char *set = gt_synth_of_path(data);
    if (set) {
        fprintf(f, "%.*s", (int)strcspn(set, ":"), set);
        return;
    }
    char name[GT_NAME_BYTES];
    gt_path_name(data, name);
    char *dot = strrchr(name, '.');
    if (dot && dot > name) *dot = 0; /* a leading dot is not an extension */
    fputs(name, f);
}

static void write_given(FILE *f, const gt_job *job, const char *key, const char *prefix) {
    const char *value = gt_job_given(job, key) ? gt_job_value(job, key) : NULL;
    if (value) fprintf(f, "%s%s", prefix, value);
}

const char *gt_job_description(gt_job *job) {
    /* what is named only when somebody gave it */
    static const struct {
        const char *key, *prefix;
    } parts[] = {{"gamma", "-gamma"}, {"kimg", "-kimg"},     {"batch", "-batch"}, {"aug", "-"},
                 {"p", "-p"},         {"target", "-target"}, {"augpipe", "-"}};
    GT_FREED char *text = NULL;
    FILE *f = begin_text(&text);
    if (!f) return NULL;
    write_data_name(f, job->data);
    if (job->cond) fputs("-cond", f);
    if (job->subset) fprintf(f, "-subset%lld", (long long)job->subset);
    if (job->mirror) fputs("-mirror", f);
    fputc('-', f);
    if (job->family->describe) job->family->describe(job, f);
    else fputs(job->model, f);
    gt_options o = job->options;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) write_given(f, job, parts[i].key, parts[i].prefix);
    if (job->resumes) fputs("-resumecustom", f);
    else if (gt_options_state(&o, "resume") == GT_OPTION_GIVEN) fputs("-noresume", f);
    write_given(f, job, "freezed", "-freezed");
    if (!finish_text(job, f, &text)) return NULL;
    return gt_arena_printf(job->arena, "%s", text);
}
