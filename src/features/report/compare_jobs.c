/* SPDX-License-Identifier: Apache-2.0
 * What differs between the jobs of runs, as a table of a page. */
#include <stdlib.h>
#include <string.h>

#include "gantry/memory.h"
#include "gantry/rundir.h"
#include "features/report/compare.h"
#include "figures/door/html.h"

enum { KEYS_MAX = 1000 };

typedef struct jobs {
    gt_arena *arena;
    int n, n_keys; /* runs; keys of any of them */
    const char *keys[KEYS_MAX];
    const char **values; /* [KEYS_MAX,n]; NULL: the run has no such key */
} jobs;

static void set_value(jobs *j, int run, const char *key, const char *value) {
    int k = 0;
    while (k < j->n_keys && strcmp(j->keys[k], key)) k++;
    if (k == KEYS_MAX) return;
    if (k == j->n_keys) j->keys[j->n_keys++] = key;
    j->values[k * j->n + run] = value;
}

/* Lines "key = value"; comments and headings have none. */
static void read_keys(jobs *j, int run, char *text) {
    for (char *line = text, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end) *end++ = 0;
        char *equals = *line == '#' || *line == '[' ? NULL : strstr(line, " = ");
        if (!equals) continue;
        *equals = 0;
        set_value(j, run, line, equals + 3);
    }
}

static gt_status read_job(jobs *j, int run, const char *dir) {
    static const char *const told[] = {"parameters", "ranks", "program"};
    GT_FREED char *text = NULL;
    gt_status st = gt_rundir_read(dir, "job.ini", &text);
    char *kept = text ? gt_arena_printf(j->arena, "%s", text) : NULL;
    gt_starts *s = st ? NULL : gt_starts_read(dir);
    if (kept) read_keys(j, run, kept);
    for (const gt_start_fact *f = s ? s->facts : NULL; f && f->name; f++)
        for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
            char *value = strcmp(f->name, told[i]) ? NULL : gt_arena_printf(j->arena, "%s", f->text);
            if (value) set_value(j, run, told[i], value);
        }
    gt_starts_free(s);
    return st || !s || gt_arena_failed(j->arena) ? GT_NOMEM : GT_OK;
}

static bool differs(const jobs *j, int key) {
    const char **v = &j->values[key * j->n];
    for (int i = 1; i < j->n; i++)
        if (!v[i] != !v[0] || (v[i] && strcmp(v[i], v[0]))) return true;
    return false;
}

static void put_table(gt_buffer *out, const jobs *j, const char *const *names) {
    int differing = 0;
    for (int k = 0; k < j->n_keys; k++) differing += differs(j, k);
    gt_buffer_printf(out, "<h2 id=\"jobs\">What differs between the jobs</h2>\n");
    if (!differing) {
        gt_buffer_printf(out, "<p>Nothing: all keys of the jobs are equal.</p>\n");
        return;
    }
    gt_buffer_printf(out, "<div class=\"card scroll\"><table class=\"wide\">\n<tr><th>key</th>");
    for (int i = 0; i < j->n; i++) html_text(out, "<th>", names[i], "</th>");
    gt_buffer_printf(out, "</tr>\n");
    for (int k = 0; k < j->n_keys; k++) {
        if (!differs(j, k)) continue;
        html_text(out, "<tr><th>", j->keys[k], "</th>");
        for (int i = 0; i < j->n; i++) {
            const char *v = j->values[k * j->n + i];
            html_text(out, "<td>", v && *v ? v : v ? "(empty)" : "-", "</td>");
        }
        gt_buffer_printf(out, "</tr>\n");
    }
    gt_buffer_printf(out, "</table></div>\n");
}

void compare_jobs(gt_buffer *out, const char *const *dirs, const char *const *names, int n) {
    GT_ARENA gt_arena *a = gt_arena_new();
    jobs *j = a ? gt_arena_alloc(a, sizeof *j) : NULL;
    const char **values = j ? gt_arena_array(a, KEYS_MAX * (size_t)n, sizeof *values) : NULL;
    bool whole = values != NULL;
    if (whole) *j = (jobs){.arena = a, .n = n, .values = values};
    for (int i = 0; i < n && whole; i++) whole = !read_job(j, i, dirs[i]);
    if (whole) put_table(out, j, names);
    out->failed |= !whole;
}
