/* SPDX-License-Identifier: Apache-2.0
 * Denoisers: what a U-Net F becomes by preconditioning (Karras et al., "Elucidating the Design Space", table 1 and eq.
 * 7),
 *
 *     D(x; sigma) = c_skip x + c_out F(c_in x; c_noise),
 *
 * and the velocity of rectified flow (Liu et al., "Flow Straight and Fast", eq. 1), for which F is taken as it is. */
#ifndef GANTRY_FEATURES_EDM_DENOISER_H
#define GANTRY_FEATURES_EDM_DENOISER_H

#include "gantry/choices.h"
#include "features/edm/unet.h"

/* Of flow the network's "sigma" is a time from 0 (noise) to 1 (data). VP and VE are of networks that others have
 * trained. */
#define GT_PRECONDS(X) X(GT_PRECOND_EDM, "edm") X(GT_PRECOND_FLOW, "flow") X(GT_PRECOND_VP, "vp") X(GT_PRECOND_VE, "ve")
typedef enum gt_precond { GT_PRECONDS(GT_CONSTANT) } gt_precond;

/* Of VP: sigma(t) = sqrt(exp(beta_d t^2 / 2 + beta_min t) - 1), of which the network is told (times - 1) t. */
typedef struct gt_vp_values {
    double beta_d, beta_min; /* beta_d > 0 */
    double first_time;       /* of the lowest level, "epsilon_t" */
    double times;            /* "M" */
} gt_vp_values;

typedef struct gt_denoiser {
    gt_unet_shape unet;
    gt_precond precond;
    double sigma_data; /* the standard deviation of the data, of EDM: 0.5 */
    gt_vp_values vp;   /* beta_d 0: as published */
    /* The levels that the network was made for; sigma_max 0: both as published (gt_denoiser_sigma_min). */
    double sigma_min, sigma_max;
} gt_denoiser;

extern const gt_vp_values gt_vp_published;

/* The coefficients of noise levels [N], each [N]; of flow skip is NULL, and the network's result the velocity. */
typedef struct gt_coefficients {
    gt_node *skip, *out, *in, *noise;
} gt_coefficients;
gt_coefficients gt_coefficients_of(gt_graph *g, const gt_denoiser *d, gt_node *sigma);

/* D(x; sigma), or the velocity, of x [N,H,W,out] and sigma [N]. `in`: labels, augment and condition; noise is not read.
 * The network sees the condition beside c_in x as it is: its values are normalised already. */
gt_node *gt_denoise(gt_forward *f, const gt_denoiser *d, gt_node *x, gt_node *sigma, const gt_unet_inputs *in);

/* A number for each picture times pictures; NULL for NULL. */
gt_node *gt_times_pictures(gt_graph *g, gt_node *factors, gt_node *pictures);

const gt_vp_values *gt_denoiser_vp(const gt_denoiser *d);

/* The levels that the network was made for. */
double gt_denoiser_sigma_min(const gt_denoiser *d);
double gt_denoiser_sigma_max(const gt_denoiser *d);

#endif
