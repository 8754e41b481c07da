/* SPDX-License-Identifier: Apache-2.0
 * Whole networks of StyleGAN2: the parts under their published prefixes, laid out in a block. */
#include "nets/layers.h"
#include "gantry/stylegan2.h"

gt_mapping_config gt_generator_mapping(const gt_generator_config *c) {
    gt_mapping_config m = c->mapping;
    m.w_dim = c->synthesis.w_dim;
    m.num_ws = gt_synthesis_num_ws(&c->synthesis);
    return m;
}

gt_net *gt_generator_net(const char *name, const gt_generator_config *c) {
    gt_declarer d = {.net = gt_net_new(name)};
    gt_mapping_config m = gt_generator_mapping(c);
    if (d.net) d.status = gt_synthesis_declare(d.net, "synthesis.", &c->synthesis);
    if (d.net && !d.status) d.status = gt_mapping_declare(d.net, "mapping.", &m);
    return gt_declared(&d);
}

gt_net *gt_discriminator_net(const char *name, const gt_discriminator_config *c) {
    gt_declarer d = {.net = gt_net_new(name)};
    if (d.net) d.status = gt_discriminator_declare(d.net, "", c);
    return gt_declared(&d);
}
