/* SPDX-License-Identifier: Apache-2.0
 * Whole networks of StyleGAN2: the parts under their published prefixes, laid out in a block. */
#include "models/stylegan2/common.h"

gt_mapping_config gt_generator_mapping(const gt_generator_config *c) {
    gt_mapping_config m = c->mapping;
    m.w_dim = c->synthesis.w_dim;
    m.num_ws = gt_synthesis_num_ws(&c->synthesis);
    return m;
}

/* The sealed network, or NULL (and the network freed) when declaring failed. */
static gt_net *sealed(gt_net *n, gt_status st) {
    if (!st) st = gt_net_seal(n);
    if (!st) return n;
    gt_net_free(n);
    return NULL;
}

gt_net *gt_generator_net(const char *name, const gt_generator_config *c) {
    gt_net *n = gt_net_new(name);
    if (!n) return NULL;
    gt_mapping_config m = gt_generator_mapping(c);
    gt_status st = gt_synthesis_declare(n, "synthesis.", &c->synthesis);
    if (!st) st = gt_mapping_declare(n, "mapping.", &m);
    return sealed(n, st);
}

gt_net *gt_discriminator_net(const char *name, const gt_discriminator_config *c) {
    gt_net *n = gt_net_new(name);
    return n ? sealed(n, gt_discriminator_declare(n, "", c)) : NULL;
}
