/* SPDX-License-Identifier: Apache-2.0
 * Symmetric matrices by plain arithmetic (symmetric.h). Sums over long rows have eight chains, the lanes of a vector
 * that a processor may also work through in parts; nothing is contracted (base/door/clones.h), so the order of
 * additions is the same everywhere. Rows are contiguous in all loops that cost d^3. */
#include "kernels/door/symmetric.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/door/clones.h"

enum {
    LANES = 8,
    TOGETHER = 4, /* rows that share what is read of another row */
    MOST_SWEEPS = 60,
};
typedef double vec __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

GT_PART_OF_CLONES double sum_of_lanes(const double *s) {
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

/* out[r] = the sum over k < n of rows[r * stride + k] row[k], for r < count. */
GT_PART_OF_CLONES void dots(const int count, size_t n, const double *rows, size_t stride, const double *row,
                            double *out) {
    vec sums[TOGETHER] = {0};
    size_t k = 0;
    for (; k + LANES <= n; k += LANES)
        for (int r = 0; r < count; r++)
            sums[r] += *(const vec *)(rows + (size_t)r * stride + k) * *(const vec *)(row + k);
    for (int r = 0; r < count; r++) {
        double lanes[LANES];
        *(vec *)lanes = sums[r];
        for (size_t i = k; i < n; i++) lanes[i - k] += rows[(size_t)r * stride + i] * row[i];
        out[r] = sum_of_lanes(lanes);
    }
}

GT_PART_OF_CLONES double dot(size_t n, const double *a, const double *b) {
    double out;
    dots(1, n, a, 0, b, &out);
    return out;
}

/* ---- triangles ---- */

/* Column j of rows i .. i + count - 1, all of which lie below row j. */
GT_PART_OF_CLONES void factor_column(const int count, size_t d, double *a, size_t i, size_t j) {
    double sums[TOGETHER];
    dots(count, j, a + i * d, d, a + j * d, sums);
    for (int r = 0; r < count; r++) {
        double *at = a + (i + (size_t)r) * d + j;
        *at = (*at - sums[r]) / a[j * d + j];
    }
}

GT_CLONES bool gt_cholesky(size_t d, double *a) {
    for (size_t i = 0; i < d; i += TOGETHER) {
        size_t end = i + TOGETHER < d ? i + TOGETHER : d;
        if (end - i == TOGETHER)
            for (size_t j = 0; j < i; j++) factor_column(TOGETHER, d, a, i, j);
        for (size_t row = i; row < end; row++) {
            double *r = a + row * d;
            for (size_t j = end - i == TOGETHER ? i : 0; j < row; j++) factor_column(1, d, a, row, j);
            double left = r[row] - dot(row, r, r);
            if (!(left > 0) || left > DBL_MAX) return false; /* NaN too */
            r[row] = sqrt(left);
            memset(r + row + 1, 0, (d - row - 1) * sizeof *r);
        }
    }
    return true;
}

/* Row i of the inverse X is -1 / L_ii times the sum over k < i of L_ik times row k of X. Step k overwrites the first k
 * + 1 places of the row, and reads L_ik before. */
GT_CLONES void gt_invert_lower(size_t d, double *l) {
    for (size_t i = 0; i < d; i++) {
        double *restrict row = l + i * d;
        double reciprocal = 1 / row[i];
        for (size_t k = 0; k < i; k++) {
            const double *restrict of = l + k * d;
            double factor = row[k];
            row[k] = 0;
            for (size_t j = 0; j <= k; j++) row[j] += factor * of[j];
        }
        for (size_t j = 0; j < i; j++) row[j] *= -reciprocal;
        row[i] = reciprocal;
    }
}

/* ---- eigenvectors ---- */

/* Squares, of a matrix whose largest value is about 1: below it sums of squares lose digits, and at last vanish. */
static const double NOTHING = 1e-200;

/* A = Q T Q^T, T tridiagonal: Householder's reflections I - scale v v^T, one for each row but the last two (Golub and
 * Van Loan, Matrix Computations, 8.3.1). Row k of A becomes its v, from place k + 1 on; scales[k] = 0: no reflection.
 * product: d doubles. */
GT_CLONES static void tridiagonalise(size_t d, double *a, double *diagonal, double *off, double *scales,
                                     double *restrict product) {
    for (size_t k = 0; k + 1 < d; k++) {
        size_t n = d - k - 1;
        double *v = a + k * d + k + 1, *rest = a + (k + 1) * d + k + 1, *restrict p = product;
        double tail = dot(n - 1, v + 1, v + 1), length = sqrt(v[0] * v[0] + tail);
        diagonal[k] = a[k * d + k];
        off[k] = v[0];
        scales[k] = 0;
        if (!(tail > NOTHING)) continue;
        off[k] = v[0] > 0 ? -length : length;
        v[0] -= off[k];
        double scale = scales[k] = 2 / (v[0] * v[0] + tail);
        for (size_t i = 0; i < n; i++) p[i] = scale * dot(n, rest + i * d, v);
        double half = 0.5 * scale * dot(n, p, v);
        for (size_t i = 0; i < n; i++) p[i] -= half * v[i];
        for (size_t i = 0; i < n; i++) {
            double *restrict row = rest + i * d, vi = v[i], pi = p[i];
            for (size_t j = 0; j < n; j++) row[j] -= vi * p[j] + pi * v[j];
        }
    }
    diagonal[d - 1] = a[d * d - 1];
    off[d - 1] = 0;
}

/* q = Q^T, from the reflections of tridiagonalise(). */
GT_CLONES static void accumulate(size_t d, const double *a, const double *scales, double *q) {
    memset(q, 0, d * d * sizeof *q);
    for (size_t i = 0; i < d; i++) q[i * d + i] = 1;
    for (size_t k = d - 1; k-- > 0;) {
        const double *v = a + k * d + k + 1;
        if (scales[k] == 0) continue;
        for (size_t i = k + 1; i < d; i++) {
            double *row = q + i * d + k + 1, along = scales[k] * dot(d - k - 1, row, v);
            for (size_t j = 0; j < d - k - 1; j++) row[j] -= along * v[j];
        }
    }
}

GT_CLONES static void rotate_rows(size_t d, double *restrict a, double *restrict b, double c, double s) {
    for (size_t k = 0; k < d; k++) {
        double x = a[k], y = b[k];
        a[k] = c * x - s * y;
        b[k] = s * x + c * y;
    }
}

/* One sweep of the implicit QL method with Wilkinson's shift over first .. last of T (the same, 8.3.3-8.3.5); the
 * rotations are done to rows of q, too. */
static void sweep(size_t d, double *diagonal, double *off, size_t first, size_t last, double *q) {
    double apart = (diagonal[first + 1] - diagonal[first]) / (2 * off[first]), root = sqrt(apart * apart + 1),
           bulge = diagonal[last] - diagonal[first] + off[first] / (apart + (apart < 0 ? -root : root)), c = 1, s = 1,
           moved = 0;
    for (size_t i = last; i-- > first;) {
        double f = s * off[i], b = c * off[i], length = sqrt(f * f + bulge * bulge);
        off[i + 1] = length;
        if (length == 0) { /* T falls apart here */
            diagonal[i + 1] -= moved;
            off[last] = 0;
            return;
        }
        s = f / length;
        c = bulge / length;
        double g = diagonal[i + 1] - moved, r = (diagonal[i] - g) * s + 2 * c * b;
        moved = s * r;
        diagonal[i + 1] = g + moved;
        bulge = c * r - b;
        rotate_rows(d, q + i * d, q + (i + 1) * d, c, s);
    }
    diagonal[first] -= moved;
    off[first] = bulge;
    off[last] = 0;
}

/* Eigenvalues into `diagonal`, eigenvectors into the rows of q. What is small beside the whole of T counts as zero:
 * parts of T that are nothing but rounding, as of dimensions without points, need not be diagonalised. */
static bool diagonalise(size_t d, double *diagonal, double *off, double *q) {
    double small = 0;
    for (size_t i = 0; i < d; i++) small = fmax(small, DBL_EPSILON * (fabs(diagonal[i]) + fabs(off[i])));
    for (size_t first = 0; first < d; first++) {
        for (int sweeps = 0;; sweeps++) {
            size_t last = first;
            while (last + 1 < d && fabs(off[last]) > small) last++;
            if (last == first) break;
            if (sweeps == MOST_SWEEPS) return false;
            sweep(d, diagonal, off, first, last, q);
        }
    }
    return true;
}

/* a = the sum over rows q_i of values[i] q_i q_i^T; the rows are scaled on the way. */
GT_CLONES static void compose(size_t d, double *q, const double *values, double *a) {
    memset(a, 0, d * d * sizeof *a);
    for (size_t i = 0; i < d; i++) {
        double scale = sqrt(values[i]);
        for (size_t j = 0; j < d; j++) q[i * d + j] *= scale;
    }
    size_t i = 0;
    for (; i + TOGETHER <= d; i += TOGETHER) {
        const double *restrict w = q + i * d, *restrict x = w + d, *restrict y = x + d, *restrict z = y + d;
        for (size_t r = 0; r < d; r++) {
            double *restrict row = a + r * d;
            for (size_t j = 0; j <= r; j++) row[j] += (w[r] * w[j] + x[r] * x[j]) + (y[r] * y[j] + z[r] * z[j]);
        }
    }
    for (; i < d; i++)
        for (size_t r = 0; r < d; r++)
            for (size_t j = 0; j <= r; j++) a[r * d + j] += q[i * d + r] * q[i * d + j];
    for (size_t r = 0; r < d; r++)
        for (size_t j = 0; j < r; j++) a[j * d + r] = a[r * d + j];
}

/* The sum of x y of the rows: one addition to each element for each row, in their order. */
GT_CLONES void gt_add_products(size_t d, size_t n, const double *rows, double *a) {
    for (const double *x = rows; x < rows + n * d; x += d)
        for (size_t i = 0; i < d; i++) {
            double *restrict row = a + i * d, xi = x[i];
            for (size_t j = 0; j <= i; j++) row[j] += xi * x[j];
        }
}

size_t gt_eigenvectors_scratch(size_t d) { return 3 * d; }

/* A = the sum over rows q_i of values[i] q_i q_i^T, in no order. Spoils `a`. */
static bool factorise(size_t d, double *a, double *values, double *q, double *scratch) {
    double *off = scratch, *scales = off + d, *product = scales + d, largest = 0;
    for (size_t i = 0; i < d * d; i++) {
        if (!(fabs(a[i]) <= DBL_MAX)) return false; /* NaN too */
        largest = fmax(largest, fabs(a[i]));
    }
    int exponent = 0;
    frexp(largest, &exponent); /* powers of 2: squares neither overflow nor vanish, and no bit is lost */
    for (size_t i = 0; i < d * d; i++) a[i] = ldexp(a[i], -exponent);
    tridiagonalise(d, a, values, off, scales, product);
    accumulate(d, a, scales, q);
    if (!diagonalise(d, values, off, q)) return false;
    for (size_t i = 0; i < d; i++) values[i] = ldexp(values[i], exponent);
    return true;
}

/* The largest eigenvalue first; `row`: room for one. */
static void sort_vectors(size_t d, double *values, double *q, double *row) {
    for (size_t i = 0; i + 1 < d; i++) {
        size_t best = i;
        for (size_t k = i + 1; k < d; k++)
            if (values[k] > values[best]) best = k;
        if (best == i) continue;
        double value = values[i];
        values[i] = values[best], values[best] = value;
        memcpy(row, q + i * d, d * sizeof *row);
        memcpy(q + i * d, q + best * d, d * sizeof *row);
        memcpy(q + best * d, row, d * sizeof *row);
    }
}

bool gt_eigenvectors(size_t d, double *a, double *values, double *vectors, double *scratch) {
    if (!factorise(d, a, values, vectors, scratch)) return false;
    sort_vectors(d, values, vectors, scratch);
    for (double *v = vectors; v < vectors + d * d; v += d) {
        size_t largest = 0;
        for (size_t k = 1; k < d; k++)
            if (fabs(v[k]) > fabs(v[largest])) largest = k;
        bool turn = v[largest] < 0;
        for (size_t k = 0; k < d && turn; k++) v[k] = -v[k];
    }
    return true;
}

size_t gt_raise_scratch(size_t d) { return d * d + d + gt_eigenvectors_scratch(d); }

bool gt_raise_eigenvalues(size_t d, double *a, double least, double *scratch) {
    double *q = scratch, *values = q + d * d;
    if (!factorise(d, a, values, q, values + d)) return false;
    for (size_t i = 0; i < d; i++) values[i] = fmax(values[i], least);
    compose(d, q, values, a);
    return true;
}
