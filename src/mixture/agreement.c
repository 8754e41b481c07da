/* SPDX-License-Identifier: Apache-2.0
 * How far labels and clusters agree: the adjusted Rand index of Hubert and Arabie, "Comparing Partitions", 1985. With
 * n_ij points of label i in cluster j, a_i and b_j the sums of rows and columns, and C(n) = n (n - 1) / 2 pairs:
 *
 *   both = sum over i, j of C(n_ij),  rows = sum of C(a_i),  columns = sum of C(b_j),  expected = rows columns / C(n)
 *   index = (both - expected) / ((rows + columns) / 2 - expected) */
#include "gantry/mixture.h"

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
    double expected = all > 1 ? of_rows * of_columns / pairs(all) : 0, most = (of_rows + of_columns) / 2;
    return most > expected ? (both - expected) / (most - expected)
                           : 1; /* one part, or parts of one point, on both sides */
}
