/* SPDX-License-Identifier: Apache-2.0
 * How far labels and clusters agree: the adjusted Rand index of Hubert and Arabie, "Comparing Partitions", 1985. With
 * n_ij points of label i in cluster j, a_i and b_j the sums of rows and columns, and C(n) = n (n - 1) / 2 pairs:
 *
 *   both = sum over i, j of C(n_ij),  rows = sum of C(a_i),  columns = sum of C(b_j),  expected = rows columns / C(n)
 *   index = (both - expected) / ((rows + columns) / 2 - expected) */
#include "base/door/file.h"
#include "gantry/memory.h"
#include "features/gmm/mixture_view.h"
#include "features/gmm/mixture.h"

static double pairs(int64_t n) { return (double)n * ((double)n - 1) / 2; }

double gt_adjusted_rand_index(const int64_t *table, int rows, int columns) {
    double both = 0, of_rows = 0, of_columns = 0;
    int64_t all = 0;
    for (int i = 0; i < rows; i++) {
        int64_t row = 0;
        for (int j = 0; j < columns; j++) {
            both += pairs(table[(int64_t)i * columns + j]);
            row += table[(int64_t)i * columns + j];
        }
        of_rows += pairs(row);
        all += row;
    }
    for (int j = 0; j < columns; j++) {
        int64_t column = 0;
        for (int i = 0; i < rows; i++) column += table[(int64_t)i * columns + j];
        of_columns += pairs(column);
    }
    double expected = all > 1 ? of_rows * of_columns / pairs(all) : 0, maximum = (of_rows + of_columns) / 2;
    return maximum > expected ? (both - expected) / (maximum - expected)
                              : 1; /* one part, or parts of one point, on both sides */
}

/* ---- labels against components ---- */

gt_status gt_label_table_count(gt_label_table *t, gt_arena *a, const gt_mixture_points *p, const int32_t *components,
                               int k) {
    *t = (gt_label_table){.labels = gt_cloud_get_labels(p->cloud), .k = k};
    if (!t->labels.classes || !components) return GT_OK;
    t->counts = gt_arena_array(a, (size_t)t->labels.classes * (size_t)k, sizeof *t->counts);
    if (!t->counts) return GT_NOMEM;
    for (int64_t i = 0; i < p->info.count; i++) {
        if (t->labels.label[i] < 0) continue;
        t->counts[(int64_t)t->labels.label[i] * k + components[i]]++;
        t->labelled++;
    }
    t->rand_index = gt_adjusted_rand_index(t->counts, t->labels.classes, k);
    return GT_OK;
}

gt_status gt_label_table_write(const gt_label_table *t, const char *path) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "label");
    for (int c = 0; c < t->k; c++) gt_buffer_printf(&b, ",component%d", c);
    for (int i = 0; i < t->labels.classes; i++) {
        gt_buffer_printf(&b, "\n");
        gt_buffer_csv(&b, t->labels.name[i]);
        for (int c = 0; c < t->k; c++) gt_buffer_printf(&b, ",%lld", (long long)t->counts[(int64_t)i * t->k + c]);
    }
    gt_buffer_printf(&b, "\n");
    return gt_buffer_write(&b, path);
}
