/* SPDX-License-Identifier: Apache-2.0
 * The words about roles in messages: see roles.h. */
#include "runner/door/roles.h"

#include <string.h>

typedef struct role_text {
    const char *role;
    const char *lacking; /* a model without the role, in the third person */
    const char *purpose; /* what a model with the role is for; NULL: other roles of the model say so */
} role_text;

/* The first row whose role a model has says what the model is for. */
static const role_text texts[] = {
    {GT_ROLE_CLASSIFIER, "is not a classifier", "a classifier is for gantry predict, evaluate and detect"},
    {GT_ROLE_CLASS_MAPS, "is not a classifier", NULL},
    {GT_ROLE_SEGMENTER, "does not segment pictures",
     "a network that segments pictures is for gantry predict and evaluate"},
    {GT_ROLE_DENSITY, "has no density, as variational autoencoders with a continuous latent have (vae, cvae, digits)",
     "a variational autoencoder is for gantry reconstruct, latent, anomalies, study, likelihood, generate and walk"},
    {GT_ROLE_LATENT_LOSS, "has no continuous latent, as autoencoders have (ae, vae, cvae, digits)", NULL},
    {GT_ROLE_ENCODER, "has no encoder, as autoencoders have",
     "an autoencoder is for gantry reconstruct, latent, anomalies, generate and walk"},
    {GT_ROLE_MAPPING, "has no styles w, as networks of StyleGAN2 have",
     "a generator with styles is for gantry generate, mix, walk, directions and project, and for anomalies"},
    {GT_ROLE_CONDITIONAL, "makes no fields of conditions",
     "it makes fields of conditions, by gantry generate and metrics with --condition=DATA"},
    {GT_ROLE_GENERATOR, "makes no pictures",
     "a generator is for gantry generate and walk; the generator of a GAN is also for anomalies"},
};
enum { TEXTS = sizeof texts / sizeof *texts };

static const char *lacking_text(const char *role) {
    for (int i = 0; i < TEXTS; i++)
        if (!strcmp(texts[i].role, role)) return texts[i].lacking;
    return NULL;
}

static const char *purpose_text(const gt_model *m) {
    for (int i = 0; i < TEXTS; i++)
        if (texts[i].purpose && gt_model_role(m, texts[i].role)) return texts[i].purpose;
    return "gantry inspect shows its layers";
}

const gt_role *gt_role_needed(const gt_model *m, const char *role) {
    const gt_role *row = gt_model_role(m, role);
    if (row) return row;
    const char *lacking = lacking_text(role);
    gt_fail(GT_USAGE, "model '%s' %s%s: %s", m->name, lacking ? lacking : "has no role ", lacking ? "" : role,
            purpose_text(m));
    return NULL;
}
