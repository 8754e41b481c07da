/* SPDX-License-Identifier: Apache-2.0
 * Elementary functions of float64, for the few scalars that decide a run (learning rates, moving averages) and the
 * metrics: plain arithmetic in a fixed order, so that no version of libm changes a bit. Each is correct to about 1 ulp.
 */
#ifndef GANTRY_BASE_DOOR_MATHFN_H
#define GANTRY_BASE_DOOR_MATHFN_H

double gt_exp(double x);
double gt_ln(double x);
double gt_pow(double base, double exponent); /* base > 0 */
double gt_cos_pi(double x);                  /* cos(pi x); NaN where x is not finite */
double gt_sin_pi(double x);                  /* sin(pi x); NaN where x is not finite */
double gt_acos_pi(double x);                 /* acos(x) / pi, 0 .. 1; NaN outside -1 .. 1 */

#endif
