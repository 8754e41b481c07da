/* SPDX-License-Identifier: Apache-2.0
 * Networks with labels as networks without, where the mean over the classes stands for what a label becomes. G's
 * mapping network appends y = norm2(FC(c)) to its z numbers (docs/mathematics/stylegan2-ada.md#mapping-network), and D
 * multiplies its outputs by a mapped label (#discriminator). Both are linear in the mean m, which goes into a layer:
 *     G, fc0 with weight (A, B) [out,z+y]:  A sqrt(z / (z+y)),  bias + B m / sqrt(z+y)
 *     D, out with weight W [k,in]:          m W / sqrt(k),      m bias / sqrt(k) */
#include <math.h>

#include "graph/door/op.h"
#include "features/stylegan2/common.h"
#include "features/stylegan2/loss.h"

static gt_node *mean_of_rows(gt_graph *g, gt_node *x) { return gt_mean(g, x, GT_AXIS(0)); }

/* What stands behind a fully connected layer's name in place of its own tensors. */
static void put(gt_graph *g, const char *layer, gt_node *weight, gt_node *bias) {
    gt_output(g, gt_text_of("%s.weight", layer).s, weight);
    gt_output(g, gt_text_of("%s.bias", layer).s, bias);
}

static void put_generator(gt_bound_net b, const gt_mapping_config *c, gt_node *labels) {
    gt_graph *g = b.graph;
    gt_node *y = mean_of_rows(g, gt_normalize_2nd_moment(g, gt_fc(b, "mapping.embed", labels, "linear", 1)));
    gt_node *w = gt_leaf(b, "mapping.fc0", ".weight"), *bias = gt_leaf(b, "mapping.fc0", ".bias");
    if (!y || !w) return;
    int64_t all = gt_dim(w, 1), out = gt_dim(w, 0), z = c->z_dim;
    gt_node *more = gt_matmul(g, y, gt_slice(g, w, 1, z, all), .transpose_b = true);
    more = gt_scale(g, gt_reshape(g, more, GT_SHAPE(out)), (float)(1 / sqrt((double)all)));
    put(g, "mapping.fc0", gt_scale(g, gt_slice(g, w, 1, 0, z), (float)sqrt((double)z / (double)all)),
        gt_add(g, bias, more));
}

static void put_discriminator(gt_bound_net b, const gt_discriminator_config *c, gt_node *labels) {
    gt_graph *g = b.graph;
    gt_levels l;
    if (gt_levels_make(&l, c->height, c->width, c->channel_base, c->channel_max, c->architecture)) {
        gt_graph_fault(g, "%s", gt_message());
        return;
    }
    gt_mapping_config m = gt_discriminator_mapping(c, &l);
    gt_text out = gt_text_of("b%d.out", gt_level_name(0));
    gt_node *y = mean_of_rows(g, gt_mapping(b, "mapping.", &m, NULL, labels, &(gt_mapping_options){.truncation = 1}));
    y = gt_scale(g, y, (float)(1 / sqrt(m.w_dim)));
    gt_node *bias = gt_reshape(g, gt_leaf(b, out.s, ".bias"), GT_SHAPE(m.w_dim, 1));
    put(g, out.s, gt_matmul(g, y, gt_leaf(b, out.s, ".weight")), gt_reshape(g, gt_matmul(g, y, bias), GT_SHAPE(1)));
}

gt_graph *gt_stylegan2_without_labels(gt_model *m, int net) {
    const gt_stylegan2 *own = m->own;
    gt_graph *g = gt_graph_new("without labels", m->kernels);
    if (!g) return NULL;
    gt_bound_net b = {g, m->nets[net], 0};
    gt_node *labels = gt_input(g, "c", GT_SHAPE(m->label_dim, m->label_dim));
    if (net == 0) put_generator(b, &own->mapping, labels);
    else put_discriminator(b, &own->discriminator, labels);
    return gt_whole_graph(g, "a network ", "without labels");
}
