/* SPDX-License-Identifier: Apache-2.0
 * The engine's own elementary functions: plain arithmetic in a fixed order, so that no libm version and no vector width
 * changes a bit. Maximum error against float64: 2 ulp for exp and log, 2 ulp (absolute 1e-7) for sin and cos on |x| <=
 * 1e4. */
#ifndef GANTRY_MATHFN_H
#define GANTRY_MATHFN_H

float gt_expf(float x);
float gt_logf(float x);
float gt_sinf(float x);
float gt_cosf(float x);
float gt_tanhf(float x);
float gt_sigmoidf(float x);
float gt_softplusf(float x); /* log(1 + e^x), without overflow */

/* Float64, for the few scalars that decide a run (learning rates, moving averages): correct to 1 ulp or so. */
double gt_exp(double x);
double gt_ln(double x);
double gt_pow(double base, double exponent); /* base > 0 */

#endif
