/* SPDX-License-Identifier: Apache-2.0
 * mapping: latents and labels to styles, truncation, the moving average. */
#include <string.h>

#include "golden.h"
#include "base/door/memory.h"

typedef struct latents {
    gt_node *z, *c;
} latents;

static latents inputs(gold_graph *g, gold *f, const char *group, const gt_mapping_config *m) {
    return (latents){m->z_dim > 0 ? gold_in(g, gold_path(f, "%s/in/z", group), GOLD_PLAIN) : NULL,
                     m->c_dim > 0 ? gold_in(g, gold_path(f, "%s/in/c", group), GOLD_PLAIN) : NULL};
}

static void styles(gold *f, const char *group, const gt_net *net, float *block, const gt_mapping_config *m,
                   const char *which, float psi, int cutoff) {
    gold_graph *g = gold_graph_new(f);
    gold_bind(g, 0, block);
    gt_bound_net b = {gold_nodes(g), net, 0};
    latents in = inputs(g, f, group, m);
    gt_node *v = gold_in(g, gold_path(f, "%s/in/v", group), GOLD_PLAIN);
    gt_node *ws = gt_mapping(b, "", m, in.z, in.c, &(gt_mapping_options){.truncation = psi, .cutoff = cutoff});
    gold_out(g, ws, gold_path(f, "%s/out/ws_%s", group, which), GOLD_PLAIN);
    if (in.z) gold_grad(g, ws, v, in.z, gold_path(f, "%s/grad/%s/z", group, which), GOLD_PLAIN);
    if (in.c) gold_grad(g, ws, v, in.c, gold_path(f, "%s/grad/%s/c", group, which), GOLD_PLAIN);
    gold_param_grads(f, g, ws, v, b, gold_path(f, "%s/grad/%s/params", group, which));
    gold_run(g);
    gold_graph_free(g);
}

/* One forward in training mode; the block's average becomes the renewed one. */
static void average(gold *f, const char *group, const gt_net *net, float *block, const gt_mapping_config *m,
                    const char *path) {
    gold_graph *g = gold_graph_new(f);
    gold_bind(g, 0, block);
    latents in = inputs(g, f, group, m);
    gt_node *renewed = NULL;
    gt_mapping((gt_bound_net){gold_nodes(g), net, 0}, "", m, in.z, in.c,
               &(gt_mapping_options){.truncation = 1, .w_avg = &renewed});
    gold_out(g, renewed, path, GOLD_PLAIN);
    gold_run(g);
    const float *value = gold_value(g, path);
    const gt_tensor *t = gt_net_find(net, "w_avg");
    if (value) memcpy(block + t->offset, value, t->size * sizeof(float));
    gold_graph_free(g);
}

static void group_of(gold *f, const char *group, json_t *c) {
    gt_mapping_config m = gold_mapping_config(c);
    gt_net *net = gt_net_new("mapping");
    float *block = NULL;
    if (gt_mapping_declare(net, "", &m) || gt_net_seal(net)) gold_fail(f, "%s: %s", group, gt_message());
    else block = gold_load(f, net, gold_path(f, "%s/params", group));
    if (block) {
        float psi = (float)gold_number(c, "truncation_psi", 1);
        styles(f, group, net, block, &m, "psi1", 1, -1);
        styles(f, group, net, block, &m, "psi", psi, -1);
        styles(f, group, net, block, &m, "psi_cutoff", psi, gold_int(c, "truncation_cutoff", -1));
        average(f, group, net, block, &m, gold_path(f, "%s/out/w_avg_after_train_forward", group));
        average(f, group, net, block, &m, gold_path(f, "%s/out/w_avg_after_second_train_forward", group));
        gt_block_free(block, net->block_floats * sizeof(float));
    }
    gt_net_free(net);
}

void gold_mapping(gold *f) {
    const char *group;
    json_t *c;
    json_object_foreach(f->config, group, c) if (json_is_object(c)) group_of(f, group, c);
}
