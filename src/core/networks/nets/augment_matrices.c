/* SPDX-License-Identifier: Apache-2.0
 * Products of geometric and of colour transforms: see augment_matrices.h. */
#include "networks/nets/augment_matrices.h"

#include <math.h>
#include <string.h>

#include "base/door/mathfn_inline.h"
#include "base/door/mathfn.h"

double gt_power_of_two(float exponent) { return gt_exp((double)exponent * M_LN2); }

enum { MAX_ORDER = 4 };

static void multiply(int n, const double *a, const double *b, double *out) {
    double c[MAX_ORDER * MAX_ORDER];
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++) sum += a[n * i + k] * b[n * k + j];
            c[n * i + j] = sum;
        }
    memcpy(out, c, sizeof(double) * (size_t)(n * n));
}

/* ---- geometry: G <- G M ---- */

void gt_then(double g[9], double xx, double xy, double x, double yx, double yy, double y) {
    double m[9] = {xx, xy, x, yx, yy, y, 0, 0, 1};
    multiply(3, g, m, g);
}

void gt_then_rotate(double g[9], float angle) {
    double s = (double)gt_inline_sinf(angle), c = (double)gt_inline_cosf(angle);
    gt_then(g, c, -s, 0, s, c, 0);
}

void gt_geometry_put(const double g[9], float out[2][3]) {
    for (int i = 0; i < 6; i++) out[i / 3][i % 3] = (float)g[i];
}

/* ---- colour: C <- M C on (r, g, b, 1) ---- */

static void then_colour(double c[16], const double m[3][3], double shift) {
    double all[16] = {0};
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) all[4 * i + j] = m[i][j];
        all[4 * i + 3] = shift;
    }
    all[15] = 1;
    multiply(4, all, c, c);
}

void gt_about_grey(double c[16], double a, double b, double s) {
    double vv = b / 3, cross = s / sqrt(3);
    double m[3][3] = {
        {a + vv, vv - cross, vv + cross}, {vv + cross, a + vv, vv - cross}, {vv - cross, vv + cross, a + vv}};
    then_colour(c, m, 0);
}

void gt_brighten(double c[16], double shift) {
    static const double unit[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    then_colour(c, unit, shift);
}

void gt_colour_put(const double c[16], bool grey, float out[3][4]) {
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) out[i][j] = (float)c[4 * i + j];
    if (grey) { /* the mean of the three rows, applied to equal channels */
        double mean[4];
        for (int j = 0; j < 4; j++) mean[j] = (c[j] + c[4 + j] + c[8 + j]) / 3;
        out[0][0] = (float)(mean[0] + mean[1] + mean[2]);
        out[0][3] = (float)mean[3];
    }
}
