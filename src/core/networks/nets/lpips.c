/* SPDX-License-Identifier: Apache-2.0
 * LPIPS: see networks/nets/door/lpips.h. The trunk is the VGG16 of vgg.c; what its last pooling makes is not used. */
#include "networks/nets/door/lpips.h"

#include <math.h>
#include <stdlib.h>

#include "base/door/hash.h"
#include "networks/nets/door/classifier_net.h"

struct gt_lpips {
    gt_net *net;
    float *block;
};

static const int channels[GT_LPIPS_MAPS] = {64, 128, 256, 512, 512};

/* A forward pass whose blocks leave behind what they return before they are pooled. */
typedef struct trunk {
    gt_forward f; /* the first member: the pooling is called with it */
    gt_node **maps;
} trunk;

static gt_node *pool(gt_forward *f, gt_node *x, const gt_classifier_config *c, int block) {
    (void)c;
    gt_node **maps = ((trunk *)f)->maps;
    if (maps) maps[block] = x;
    return block + 1 < GT_VGG_BLOCKS ? gt_max_pool(f->graph, x, .size = 2) : x;
}

static void pass(trunk *t, gt_node *x) {
    gt_vgg_features(&t->f, x, &(gt_classifier_config){.width = 1}, &gt_classifier_vgg16, pool, NULL);
}

static gt_text name_of_weights(int map) { return gt_text_of("lin%d", map); }

/* ---- weights ---- */

static gt_net *declare(void) {
    enum { SIDE = GT_LPIPS_MIN };
    gt_graph *g = gt_graph_new("VGG16", NULL);
    gt_net *net = g ? gt_net_new("VGG16") : NULL;
    trunk t = {.f = {.graph = g, .declares = net, .status = net ? GT_OK : GT_NOMEM}};
    if (net) pass(&t, gt_input(g, "images", GT_SHAPE(1, SIDE, SIDE, 3)));
    for (int i = 0; net && i < GT_LPIPS_MAPS; i++)
        gt_forward_tensor(&t.f, name_of_weights(i).s, ".model.1.weight",
                          (gt_tensor){.file_shape = GT_SHAPE(1, channels[i], 1, 1)});
    if (!t.f.status) t.f.status = gt_graph_status(g);
    if (!t.f.status) t.f.status = gt_net_seal(net);
    gt_graph_free(g);
    if (!t.f.status) return net;
    gt_net_free(net);
    return NULL;
}

static gt_status check(const gt_tensor *t, const float *values) {
    bool positive = t->name[0] == 'l';
    for (size_t i = 0; i < t->size; i++)
        if (!isfinite(values[i]) || (positive && values[i] < 0))
            return gt_fail(GT_FORMAT, "'%s' has the weight %g", t->name, (double)values[i]);
    return GT_OK;
}

static gt_status read_all(gt_lpips *l, gt_lpips_read *read, void *arg) {
    GT_FREED float *file = malloc(gt_net_largest(l->net) * sizeof *file);
    gt_status st = file ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the weights of VGG16");
    for (int i = 0; i < l->net->n_tensors && !st; i++) {
        const gt_tensor *t = &l->net->tensors[i];
        st = read(arg, t->name, &t->file_shape, file);
        if (!st) st = check(t, file);
        if (!st) gt_tensor_from_file(t, file, l->block + t->offset);
    }
    return st;
}

gt_lpips *gt_lpips_new(gt_lpips_read *read, void *arg, gt_status *status) {
    gt_lpips *l = calloc(1, sizeof *l);
    if (l) l->net = declare();
    if (l && l->net) l->block = calloc(l->net->block_floats, sizeof *l->block);
    *status = l && l->block ? read_all(l, read, arg) : gt_fail(GT_NOMEM, "out of memory for VGG16");
    if (!*status) return l;
    gt_lpips_free(l);
    return NULL;
}

void gt_lpips_free(gt_lpips *l) {
    if (!l) return;
    gt_net_free(l->net);
    free(l->block);
    free(l);
}

float *gt_lpips_block(const gt_lpips *l) { return l->block; }
gt_hash128 gt_lpips_hash(const gt_lpips *l) { return gt_hash(l->block, l->net->block_floats * sizeof *l->block); }

/* ---- maps ---- */

/* The scaling layer of LPIPS: (x - shift) / scale for each colour. */
static gt_node *scaled(gt_graph *g, gt_node *images) {
    static const float shift[] = {-.030f, -.088f, -.188f}, scale[] = {.458f, .448f, .450f};
    gt_node *x = gt_sub(g, images, gt_constant(g, "shift of LPIPS", GT_SHAPE(3), shift));
    return gt_div(g, x, gt_constant(g, "scale of LPIPS", GT_SHAPE(3), scale));
}

/* Where all channels of a pixel are 0 the root has no derivative: a length that is not 0 keeps it finite, and the
 * rectifier before makes it 0. */
static gt_node *unit_vectors(gt_graph *g, gt_node *x) {
    gt_node *length = gt_sqrt(g, gt_max(g, gt_sum(g, gt_square(g, x), GT_AXIS(3)), gt_scalar(g, 1e-30f)));
    return gt_div(g, x, gt_shift(g, length, 1e-10f));
}

void gt_lpips_maps(const gt_lpips *l, gt_graph *g, int slot, gt_node *images, gt_node *maps[GT_LPIPS_MAPS]) {
    trunk t = {.f = {.graph = g, .bound = {g, l->net, slot}}, .maps = maps};
    for (int i = 0; i < GT_LPIPS_MAPS; i++) maps[i] = NULL;
    gt_scope_push(g, "LPIPS");
    if (images) pass(&t, scaled(g, images));
    for (int i = 0; i < GT_LPIPS_MAPS; i++) {
        if (!maps[i]) continue;
        gt_node *weight = gt_reshape(g, gt_leaf(t.f.bound, name_of_weights(i).s, ".model.1.weight"),
                                     GT_SHAPE(channels[i]));
        double pixels = (double)(gt_dim(maps[i], 1) * gt_dim(maps[i], 2));
        maps[i] = gt_mul(g, unit_vectors(g, maps[i]), gt_sqrt(g, gt_scale(g, weight, (float)(1 / pixels))));
    }
    gt_scope_pop(g);
}
