/* SPDX-License-Identifier: Apache-2.0
 * modconv: modulated convolution with and without up-sampling, demodulation and noise. */
#include <string.h>

#include "graph/door/ops.h"
#include "golden.h"
#include "networks/nets/door/layers.h"

void gold_modconv(gold *f) {
    gt_shape s;
    float *taps = gold_read(f, "filter", GOLD_PLAIN, &s);
    if (!taps) return;
    gt_filter filter = s.n == 2 ? (gt_filter){(int)s.d[0], (int)s.d[1], taps} : (gt_filter){0, (int)s.d[0], taps};
    const char *name;
    json_t *c;
    json_object_foreach(gold_get(f->config, "cases"), name, c) {
        gold_graph *g = gold_graph_new(f);
        gt_node *x = gold_in(g, gold_path(f, "%s/in/x", name), GOLD_IMAGE),
                *w = gold_in(g, gold_path(f, "%s/in/weight", name), GOLD_WEIGHT);
        gt_node *styles = gold_in(g, gold_path(f, "%s/in/styles", name), GOLD_PLAIN),
                *v = gold_in(g, gold_path(f, "%s/in/v", name), GOLD_IMAGE);
        gt_node *noise = NULL, *map = NULL;
        if (strcmp(gold_text(c, "noise", "none"), "none")) {
            noise = map = gold_in(g, gold_path(f, "%s/in/noise", name), GOLD_IMAGE);
            if (noise && gt_node_shape(noise)->n == 2)
                map = gt_reshape(gold_nodes(g), noise, GT_SHAPE(1, gt_dim(noise, 0), gt_dim(noise, 1), 1));
        }
        gt_node *y = gt_modulated_conv2d(gold_nodes(g), x, w, styles, map, json_is_true(gold_get(c, "demodulate")),
                                         filter, gold_int(c, "up", 1));
        gold_out(g, y, gold_path(f, "%s/out/y", name), GOLD_IMAGE);
        gold_grad(g, y, v, x, gold_path(f, "%s/grad/x", name), GOLD_IMAGE);
        gold_grad(g, y, v, w, gold_path(f, "%s/grad/weight", name), GOLD_WEIGHT);
        gold_grad(g, y, v, styles, gold_path(f, "%s/grad/styles", name), GOLD_PLAIN);
        if (noise) gold_grad(g, y, v, noise, gold_path(f, "%s/grad/noise", name), GOLD_IMAGE);
        gold_run(g);
        gold_graph_free(g);
    }
}
