/* SPDX-License-Identifier: Apache-2.0
 * The mapping network of StyleGAN2 (docs/mathematics/stylegan2-ada.md#mapping-network): latent and label to styles. */
#include "features/stylegan2/common.h"

gt_mapping_config gt_mapping_defaults(void) {
    return (gt_mapping_config){.z_dim = 512,
                               .w_dim = 512,
                               .num_layers = 8,
                               .activation = "lrelu",
                               .lr_multiplier = 0.01f,
                               .w_avg_beta = 0.995f};
}

static bool has_average(const gt_mapping_config *c) { return c->num_ws > 0 && c->w_avg_beta >= 0; }
static int embed_features(const gt_mapping_config *c) { return c->embed_features ? c->embed_features : c->w_dim; }
static int layer_features(const gt_mapping_config *c) { return c->layer_features ? c->layer_features : c->w_dim; }

gt_status gt_mapping_declare(gt_net *n, const char *prefix, const gt_mapping_config *c) {
    gt_declarer d = {.net = n};
    if (has_average(c)) gt_declare(&d, (gt_tensor){.file_shape = GT_SHAPE(c->w_dim)}, prefix, "w_avg");
    int in = c->z_dim;
    if (c->c_dim > 0) {
        gt_fc_declare(&d, gt_text_of("%sembed", prefix).s, c->c_dim, embed_features(c), 1, 0);
        in += embed_features(c);
    }
    for (int i = 0; i < c->num_layers; i++) {
        int out = i + 1 < c->num_layers ? layer_features(c) : c->w_dim;
        gt_fc_declare(&d, gt_text_of("%sfc%d", prefix, i).s, in, out, c->lr_multiplier, 0);
        in = out;
    }
    return d.status;
}

/* The first `cutoff` of the layers are drawn towards the average. */
static gt_node *truncated(gt_graph *g, gt_node *ws, gt_node *average, const gt_mapping_options *o) {
    if (!ws) return NULL;
    int64_t layers = gt_dim(ws, 1), cutoff = o->cutoff;
    if (cutoff < 0 || cutoff > layers) cutoff = layers;
    if (cutoff == 0) return ws;
    gt_node *near = cutoff < layers ? gt_slice(g, ws, 1, 0, cutoff) : ws;
    gt_node *away = gt_sub(g, near, average);
    near = gt_add(g, average, o->psi ? gt_mul(g, away, o->psi) : gt_scale(g, away, o->truncation));
    return cutoff < layers ? gt_concat(g, 2, (gt_node *[]){near, gt_slice(g, ws, 1, cutoff, layers)}, 1) : near;
}

/* beta w_avg + (1 - beta) mean, as a small step away from w_avg; the styles get no gradient from it. */
static gt_node *renewed_average(gt_graph *g, gt_node *w, gt_node *average, float beta) {
    if (!w) return NULL;
    gt_node *mean = gt_reshape(g, gt_mean(g, gt_stop_gradient(g, w), GT_AXIS(0)), GT_SHAPE(gt_dim(w, 1)));
    return gt_sub(g, average, gt_scale(g, gt_sub(g, average, mean), 1 - beta));
}

gt_node *gt_mapping(gt_bound_net b, const char *prefix, const gt_mapping_config *c, gt_node *z, gt_node *labels,
                    const gt_mapping_options *o) {
    gt_graph *g = b.graph;
    gt_node *x = c->z_dim > 0 ? gt_normalize_2nd_moment(g, z) : NULL;
    if (c->c_dim > 0) {
        gt_node *y = gt_normalize_2nd_moment(g, gt_fc(b, gt_text_of("%sembed", prefix).s, labels, "linear", 1));
        x = c->z_dim > 0 ? gt_concat(g, 2, (gt_node *[]){x, y}, 1) : y;
    }
    for (int i = 0; i < c->num_layers; i++) {
        x = gt_fc(b, gt_text_of("%sfc%d", prefix, i).s, x, c->activation, c->lr_multiplier);
    }
    if (!x || c->num_ws < 1) return x;
    gt_node *average = has_average(c) ? gt_leaf(b, prefix, "w_avg") : NULL;
    if (o->w_avg) *o->w_avg = renewed_average(g, x, average, c->w_avg_beta);
    int64_t n = gt_dim(x, 0);
    x = gt_broadcast(g, gt_reshape(g, x, GT_SHAPE(n, 1, c->w_dim)), GT_SHAPE(n, c->num_ws, c->w_dim));
    return o->truncation == 1 && !o->psi ? x : truncated(g, x, average, o);
}
