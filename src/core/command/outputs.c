/* SPDX-License-Identifier: Apache-2.0
 * What commands write where the user says: checked before the work, and again when a file takes its place. */
#include <string.h>

#include "command/door/cli.h"
#include "gantry/file.h"
#include "gantry/outfile.h"

/* What this process writes. */
static struct place {
    const gt_outfile *output;
    const char *path;
    bool overwrite;
} places[8];
enum { MOST_PLACES = sizeof places / sizeof *places };
static int n_places;

/* A file of its own in the folder of another output is that file. */
static const struct place *place_of(const char *path) {
    const struct place *found = NULL;
    for (int i = 0; i < n_places; i++) {
        const struct place *p = &places[i];
        if (gt_outfile_has(p->output, p->path, path) && (!found || !strcmp(p->path, path))) found = p;
    }
    return found;
}

static gt_status guard(const char *path) {
    const struct place *p = place_of(path);
    return p ? gt_outfile_check_again(p->output, p->path, path, p->overwrite) : GT_OK;
}

static const void *value_of(const gt_options *o, const gt_option *row) { return (const char *)o->fields + row->offset; }

static bool overwrites(const gt_options *o) {
    const gt_option *row = gt_options_find(o, "overwrite");
    return row && *(const bool *)value_of(o, row);
}

/* ---- what is read ---- */

static const char **inputs;
static int n_inputs;

static void add_input(const char *path) {
    if (path) inputs[n_inputs++] = path;
}

/* A word may also name what is written. */
static void drop_input(const char *path) {
    for (int i = 0; i < n_inputs; i++)
        if (inputs[i] == path) inputs[i] = "";
}

gt_status cli_note_inputs(const cli_session *s) {
    const cli_arguments *a = &s->arguments;
    n_inputs = 0;
    inputs = gt_arena_array(s->arena, (size_t)(a->n_words + a->n_pairs) + 1, sizeof *inputs);
    if (!inputs) return GT_NOMEM;
    for (int i = 0; i < a->n_words; i++) add_input(a->words[i]);
    for (int i = 0; i < a->n_pairs; i++) {
        const gt_option *row = gt_options_find(&s->options, a->keys[i]);
        if (row && row->path && !row->writes) add_input(a->values[i]);
    }
    gt_outfile_read_from(inputs, n_inputs);
    return GT_OK;
}

/* ---- what is written ---- */

gt_status cli_check_output(const gt_options *o, const char *path, const gt_outfile *output) {
    if (n_places == MOST_PLACES) return gt_fail(GT_FAILED, "'%s': this command would write too many files", path);
    places[n_places++] = (struct place){output, path, overwrites(o)};
    drop_input(path);
    gt_file_guard_by(guard);
    return cli_first_rank() ? gt_outfile_check(output, path, overwrites(o)) : GT_OK;
}

static const gt_outfile of_picture = {.files = CLI_NAMES({"*.png", GT_OUTFILE_PICTURE})};

gt_status cli_picture_beside(cli_session *s, const char *out, const char **picture) {
    const char *name = strrchr(out, '/'), *dot = strrchr(name ? name : out, '.');
    int stem = (int)(dot ? (size_t)(dot - out) : strlen(out));
    *picture = gt_arena_printf(s->arena, "%.*s.png", stem, out);
    return *picture ? cli_check_output(&s->options, *picture, &of_picture) : GT_NOMEM;
}

gt_status cli_check_output_names(const gt_options *o) {
    gt_status st = GT_OK;
    for (int i = 0; i < o->n && !st; i++) {
        const gt_option *row = &o->rows[i];
        const char *path = row->writes ? *(const char *const *)value_of(o, row) : "";
        if (*path) st = gt_outfile_check_name(row->writes, path);
        if (st) st = gt_wrap(st, "--%s=%s", row->key, path);
    }
    return st;
}

gt_status cli_check_outputs(const gt_options *o) {
    gt_status st = GT_OK;
    for (int i = 0; i < o->n && !st; i++) {
        const gt_option *row = &o->rows[i];
        const char *path = row->writes ? *(const char *const *)value_of(o, row) : "";
        if (*path) st = cli_check_output(o, path, row->writes);
    }
    return st;
}

void cli_print_replaced(int64_t n) {
    if (n) gt_print("%lld file%s replaced\n", (long long)n, n == 1 ? " is" : "s are");
}

/* ---- on the terminal ---- */

gt_status cli_preview_file(const gt_options *o, const char *path) {
    gt_preview wanted = (gt_preview)gt_options_choice(o, "preview");
    gt_options_use(o, "preview");
    return gt_preview_file(wanted, path);
}
