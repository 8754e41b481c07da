/* SPDX-License-Identifier: Apache-2.0
 * Machines beside each other: see machines.h. */
#include "common/machines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_MACHINES = 256, TEXT = 160 };

typedef struct machine {
    char name[TEXT], kernels[TEXT], recipe[TEXT], hashes[TEXT], division[32];
    double core, of_peak, node, nodes, strong, weak;
} machine;

static const char *condition(const gt_results *r, const char *what) {
    for (int i = 0; i < r->n_conditions; i++)
        if (!strcmp(r->what[i], what)) return r->said[i];
    return "";
}

/* That of doctor --hashes in this file; "": it was not asked. */
static void tell_hashes(gt_results *const *list, const int *file, int n, int of, char *text) {
    *text = 0;
    for (int i = 0; i < n; i++) {
        if (file[i] != of || strcmp(list[i]->bench, "hashes")) continue;
        int right = 0, wrong = 0;
        const gt_table *t = gt_results_find(list[i], "lines");
        for (int k = 0; t && k < t->n_rows; k++) {
            right += !strcmp(gt_table_text(t, k, "of"), "ok");
            wrong += !strcmp(gt_table_text(t, k, "of"), "BROKEN");
        }
        snprintf(text, TEXT, wrong ? "%d the same, %d other" : "%d the same", right, wrong);
    }
}

/* The machine's row, which may be there already. NULL: no room. */
static machine *row_of(machine *rows, int *n, const gt_results *r, const char *recipe, const char *hashes) {
    machine m = {.core = NAN, .of_peak = NAN, .node = NAN, .nodes = NAN, .strong = NAN, .weak = NAN};
    snprintf(m.name, TEXT, "%s", condition(r, "machine"));
    snprintf(m.kernels, TEXT, "%s", condition(r, "kernels"));
    snprintf(m.recipe, TEXT, "%s", recipe);
    snprintf(m.hashes, TEXT, "%s", hashes);
    for (int i = 0; i < *n; i++)
        if (!strcmp(rows[i].name, m.name) && !strcmp(rows[i].recipe, m.recipe)) return &rows[i];
    if (*n == MOST_MACHINES) return NULL;
    rows[*n] = m;
    return &rows[(*n)++];
}

/* One core: as it was, or as a quiet machine would be. */
static void add_core(machine *m, const gt_table *t, int row) {
    double rate = gt_table_number(t, row, "rate"), of_peak = gt_table_number(t, row, "of_peak");
    m->core = rate > 0 ? rate : gt_table_number(t, row, "quiet");
    m->of_peak = of_peak > 0 ? of_peak : gt_table_number(t, row, "quiet_of_peak");
}

static void add_scaling(machine *m, const gt_table *t, int row) {
    const char *mode = gt_table_text(t, row, "mode");
    double nodes = gt_table_number(t, row, "nodes"), rate = gt_table_number(t, row, "rate"),
           of_nodes = gt_table_number(t, row, "of_nodes"), ranks = gt_table_number(t, row, "ranks"),
           threads = gt_table_number(t, row, "threads");
    if (ranks * threads == 1 && !(m->core > 0)) m->core = rate;
    if (!(of_nodes > 0)) return;
    if (nodes == 1) {
        m->node = rate;
        snprintf(m->division, sizeof m->division, "%.0f x %.0f", ranks, threads);
    } else if (!(nodes < m->nodes)) {
        m->nodes = nodes;
        if (!strcmp(mode, "strong")) m->strong = of_nodes;
        else m->weak = of_nodes;
    }
}

gt_status bench_machines(gt_results *const *list, const int *file, int n, gt_results **out) {
    static machine rows[MOST_MACHINES];
    int n_rows = 0;
    for (int i = 0; i < n; i++) {
        char hashes[TEXT];
        tell_hashes(list, file, n, file[i], hashes);
        const char *const names[] = {"training", "scaling"};
        for (int k = 0; k < 2; k++) {
            const gt_table *t = gt_results_find(list[i], names[k]);
            for (int r = 0; t && r < t->n_rows; r++) {
                machine *m = row_of(rows, &n_rows, list[i], gt_table_text(t, r, "recipe"), hashes);
                if (m && k == 0) add_core(m, t, r);
                if (m && k == 1) add_scaling(m, t, r);
            }
        }
    }
    if (!n_rows) return gt_fail(GT_USAGE, "--machines: these results have no steps (gantry bench step, scaling)");
    static const gt_column columns[] = {{"machine", "machine", GT_COLUMN_TEXT},
                                        {"kernels", "kernels", GT_COLUMN_TEXT},
                                        {"hashes", "hashes of the reference jobs", GT_COLUMN_TEXT},
                                        {"recipe", "recipe", GT_COLUMN_TEXT},
                                        {"core", "images/s of a core", 3},
                                        {"of_peak", "of FMA peak", 2},
                                        {"node", "images/s of a node", 2},
                                        {"division", "ranks x threads", GT_COLUMN_TEXT},
                                        {"nodes", "nodes", 0},
                                        {"strong", "strong, of nodes x one", 3},
                                        {"weak", "weak, of nodes x one", 3}};
    gt_results *r = gt_results_new("machines");
    if (!r) return GT_NOMEM;
    gt_table *t = gt_results_table(r, "machines", columns, sizeof columns / sizeof *columns);
    for (const machine *m = rows; m < rows + n_rows; m++)
        gt_table_row(t, m->name, m->kernels, m->hashes, m->recipe, m->core, m->of_peak, m->node, m->division, m->nodes,
                     m->strong, m->weak);
    *out = r;
    return GT_OK;
}
