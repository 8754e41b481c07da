/* SPDX-License-Identifier: Apache-2.0
 * Refuses a network that a command has no use for: see wrong_model.h. */
#include "use/runner/wrong_model.h"

static const char *uses_of(const gt_model *m) {
    if (m->build_classifier) return "a classifier is for gantry predict, evaluate and detect";
    if (m->build_segmenter) return "a network that segments pictures is for gantry predict and evaluate";
    if (m->build_density)
        return "a variational autoencoder is for gantry reconstruct, latent, anomalies, study, likelihood, generate "
               "and "
               "walk";
    if (m->build_encoder) return "an autoencoder is for gantry reconstruct, latent, anomalies, generate and walk";
    if (m->build_mapping) return "a generator with styles is for gantry generate, mix, walk and project";
    return "a generator is for gantry generate and walk";
}

gt_status gt_wrong_model(const gt_model *m, const char *what) {
    return gt_fail(GT_USAGE, "model '%s' %s: %s", m->name, what, uses_of(m));
}
