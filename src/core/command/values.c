/* SPDX-License-Identifier: Apache-2.0
 * Values of options that are written in a form of their own: the `check` of their rows, and what they say. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command/door/cli.h"
#include "gantry/generate.h"
#include "gantry/grid.h"
#include "gantry/text.h"

/* ---- numbers ---- */

bool cli_are_numbers(const char *text, int n, double *out) {
    for (int i = 0; i < n; i++) {
        char *end;
        out[i] = strtod(text, &end);
        if (end == text || *end != (i < n - 1 ? ',' : 0) || !isfinite(out[i])) return false;
        text = end + 1; /* behind the last one nothing is read any more */
    }
    return true;
}

bool cli_read_ends(const char *text, double range[2]) {
    const char *dots = strstr(text, "..");
    char *end, *second;
    if (dots) {
        GT_FREED char *first = strndup(text, (size_t)(dots - text)); /* strtod() would read "0." of "0..1" */
        if (!first) return false;
        range[0] = strtod(first, &end);
        range[1] = strtod(dots + 2, &second);
        bool whole = end > first && !*end && second > dots + 2 && !*second;
        if (whole && isfinite(range[0]) && isfinite(range[1]) && range[0] < range[1]) return true;
    }
    return false;
}

gt_status cli_check_ends(const gt_option *o, const char *value) {
    double range[2];
    (void)o;
    return cli_read_ends(value, range) ? GT_OK : gt_fail(GT_USAGE, "two rising numbers are needed, such as 0..1");
}

/* The number that begins the text, and where it ends; NULL: there is none. */
static const char *read_number(const char *text, float *x) {
    char *end;
    *x = strtof(text, &end);
    return end > text && (!*end || *end == ',') && isfinite(*x) ? end : NULL;
}

gt_status cli_check_numbers(const gt_option *o, const char *value) {
    float x;
    (void)o;
    while ((value = read_number(value, &x)) && *value) value++;
    return value ? GT_OK : gt_fail(GT_USAGE, "must be numbers with commas between them, such as 0.5,-1");
}

gt_status cli_read_numbers(gt_arena *a, const char *text, const float **numbers, int *n) {
    size_t most = strlen(text) / 2 + 1;
    float *out = gt_arena_array(a, most, sizeof *out);
    if (!out) return GT_NOMEM;
    for (*n = 0; text && *text; text += *text == ',')
        if (!(text = read_number(text, &out[(*n)++]))) break;
    *numbers = out;
    return GT_OK;
}

static bool is_range(const char *text, double range[2]) {
    return cli_are_numbers(text, 2, range) && range[0] < range[1];
}

gt_status cli_check_range(const gt_option *o, const char *value) {
    double range[2];
    if (is_range(value, range)) return GT_OK;
    return gt_fail(GT_USAGE, "two numbers, the smaller one first, such as --%s=0,255", o->key);
}

void cli_read_range(const char *text, double range[2]) { is_range(text, range); }

/* ---- sizes ---- */

enum { SIDE_MAX = 1 << 16 };

static bool is_size(const char *text, int64_t *height, int64_t *width) {
    char *end;
    *height = *width = strtoll(text, &end, 10);
    if (end != text && *end == 'x') *width = strtoll(text = end + 1, &end, 10);
    return end > text && !*end && *height >= 1 && *width >= 1 && *height <= SIDE_MAX && *width <= SIDE_MAX;
}

gt_status cli_check_size(const gt_option *o, const char *value) {
    int64_t height, width;
    if (is_size(value, &height, &width)) return GT_OK;
    return gt_fail(GT_USAGE, "'%s' is not a size such as --%s=224x224", value, o->key);
}

void cli_read_size(const char *text, int64_t *height, int64_t *width) { is_size(text, height, width); }

gt_status cli_check_grid(const gt_option *o, const char *value) {
    gt_grid grid;
    if (o->bare && gt_is(value, o->bare)) return GT_OK;
    gt_status st = gt_grid_parse(value, &grid);
    return !st && grid.reference ? gt_fail(GT_USAGE, "must be columns and rows, such as 8x4") : st;
}

/* ---- others ---- */

gt_status cli_check_duration(const gt_option *o, const char *value) {
    double seconds;
    (void)o;
    return gt_parse_duration(value, &seconds);
}

gt_status cli_check_styles(const gt_option *o, const char *value) {
    (void)o;
    return gt_layers_check(value);
}

gt_status cli_check_edits(const gt_option *o, const char *value) {
    (void)o;
    return gt_edits_check(value);
}

gt_status cli_check_as_job(const gt_option *o, const char *value) {
    int n;
    const gt_option *rows = gt_job_table(&n), *row = gt_options_find(&(gt_options){.rows = rows, .n = n}, o->key);
    return row->check(row, value);
}
