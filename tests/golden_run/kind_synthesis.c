/* SPDX-License-Identifier: Apache-2.0
 * synthesis_*: styles to image in each architecture, block by block. */
#include <string.h>

#include "golden.h"
#include "base/door/memory.h"

static void mode(gold *f, const gt_net *net, float *block, const gt_synthesis_config *c, const char *name) {
    gt_noise_mode noise;
    if (!gold_noise_mode(name, &noise)) {
        gold_fail(f, "noise mode %s is unknown", name);
        return;
    }
    gold_graph *g = gold_graph_new(f);
    gold_bind(g, 0, block);
    gt_bound_net b = {gold_nodes(g), net, 0};
    gt_node *x[GT_MAX_LEVELS] = {NULL}, *img[GT_MAX_LEVELS] = {NULL};
    gt_node *ws = gold_in(g, "in/ws", GOLD_PLAIN), *v = gold_in(g, "in/v", GOLD_IMAGE);
    gt_node *image = gt_synthesis(b, "", c, ws,
                                  &(gt_synthesis_options){.noise = noise, .block_x = x, .block_img = img});
    gold_out(g, image, gold_path(f, "out/%s/img", name), GOLD_IMAGE);
    for (int level = 0; level < gt_synthesis_num_ws(c) / 2; level++) {
        gold_out(g, x[level], gold_path(f, "out/%s/blocks/b%d.x", name, 4 << level), GOLD_IMAGE);
        if (img[level]) gold_out(g, img[level], gold_path(f, "out/%s/blocks/b%d.img", name, 4 << level), GOLD_IMAGE);
    }
    gold_grad(g, image, v, ws, gold_path(f, "grad/%s/ws", name), GOLD_PLAIN);
    const char *params = gold_path(f, "grad/%s/params", name);
    if (gold_has(f, params)) gold_param_grads(f, g, image, v, b, params);
    gold_run(g);
    gold_graph_free(g);
}

void gold_synthesis(gold *f) {
    gt_synthesis_config c = gold_synthesis_config(f->config);
    gt_net *net = gt_net_new("synthesis");
    float *block = NULL;
    if (gt_synthesis_declare(net, "", &c) || gt_net_seal(net)) gold_fail(f, "%s", gt_message());
    else block = gold_load(f, net, "params");
    if (block) {
        mode(f, net, block, &c, "const");
        mode(f, net, block, &c, "none");
        gt_block_free(block, net->block_floats * sizeof(float));
    }
    gt_net_free(net);
}
