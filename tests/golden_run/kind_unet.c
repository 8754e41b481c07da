/* SPDX-License-Identifier: Apache-2.0
 * blocks, unet: the parts of EDM's U-Net, and whole ones, with their gradients. */
#include <string.h>

#include "kind_unet.h"
#include "base/door/memory.h"

static gt_resample_filter filter_of(json_t *j) { return gold_filter_config(j, (gt_resample_filter){2, {1, 1}}); }

/* The parts have a name in front of their tensors, which the file leaves out. */
#define PART "part"

static bool is_set(json_t *j, const char *key) { return json_is_true(gold_get(j, key)); }

/* ---- parts ---- */

typedef struct part {
    gold *f;
    const char *group;
    json_t *config;
    gt_node *(*build)(gt_unet_parts *p, json_t *config, gt_node *x);
} part;

static gt_node *build_conv(gt_unet_parts *p, json_t *c, gt_node *x) {
    json_t *bias = gold_get(c, "bias");
    return gt_unet_conv(p, PART, x,
                        (gt_unet_conv_shape){.out = gold_int(c, "out_channels", 0),
                                             .kernel = gold_int(c, "kernel", 0),
                                             .up = is_set(c, "up"),
                                             .down = is_set(c, "down"),
                                             .fused = is_set(c, "fused_resample"),
                                             .no_bias = bias && !json_is_true(bias)});
}

static gt_node *build_norm(gt_unet_parts *p, json_t *c, gt_node *x) {
    p->forward->norm_epsilon = (float)gold_number(c, "eps", 0);
    return gt_unet_norm(p, PART, x);
}

static gt_node *build_block(gt_unet_parts *p, json_t *c, gt_node *x) {
    return gt_unet_block(p, PART, x,
                         (gt_unet_block_shape){.out = gold_int(c, "out_channels", 0),
                                               .up = is_set(c, "up"),
                                               .down = is_set(c, "down"),
                                               .attention = is_set(c, "attention")});
}

static gt_node *declare_part(gt_forward *forward, gt_node *x, const void *arg) {
    const part *p = arg;
    gt_resample_filter filter = filter_of(p->config);
    gt_unet_parts parts = gt_unet_parts_of(forward, &filter);
    int embedding = gold_int(p->config, "emb_channels", 0);
    if (embedding) parts.embedding = gt_input(forward->graph, "emb", GT_SHAPE(1, embedding));
    return p->build(&parts, p->config, x);
}

static void part_of(const part *p) {
    gold *f = p->f;
    const char *group = p->group;
    gt_shape shape;
    if (!gold_read(f, gold_path(f, "%s/in/x", group), GOLD_IMAGE, &shape)) return;
    gt_net *net = gt_forward_declare(group, declare_part, p, (int)shape.d[1], (int)shape.d[2], (int)shape.d[3]);
    float *block = gold_load(f, net, gold_path(f, "%s/params", group));
    if (!block) return;
    gold_graph *g = gold_graph_new(f);
    gold_bind(g, 0, block);
    gt_node *x = gold_in(g, gold_path(f, "%s/in/x", group), GOLD_IMAGE),
            *v = gold_in(g, gold_path(f, "%s/in/v", group), GOLD_IMAGE), *emb = NULL;
    gt_forward forward = {.graph = gold_nodes(g), .bound = {gold_nodes(g), net, 0}};
    gt_resample_filter filter = filter_of(p->config);
    gt_unet_parts parts = gt_unet_parts_of(&forward, &filter);
    if (gold_get(p->config, "emb_channels"))
        parts.embedding = emb = gold_in(g, gold_path(f, "%s/in/emb", group), GOLD_PLAIN);
    gt_node *y = p->build(&parts, p->config, x);
    gold_out(g, y, gold_path(f, "%s/out/y", group), GOLD_IMAGE);
    gold_grad(g, y, v, x, gold_path(f, "%s/grad/x", group), GOLD_IMAGE);
    if (emb) gold_grad(g, y, v, emb, gold_path(f, "%s/grad/emb", group), GOLD_PLAIN);
    gold_param_grads(f, g, y, v, forward.bound, gold_path(f, "%s/grad/params", group));
    gold_run(g);
    gold_graph_free(g);
    gt_block_free(block, net->block_floats * sizeof(float));
    gt_net_free(net);
}

static void embedding_of(gold *f, const char *group, json_t *c) {
    gold_graph *g = gold_graph_new(f);
    gt_graph *n = gold_nodes(g);
    gt_node *noise = gold_in(g, gold_path(f, "%s/in/noise_labels", group), GOLD_PLAIN);
    bool fourier = !strcmp(gold_text(c, "kind", ""), "fourier");
    gt_node *y = fourier ? gt_unet_fourier(n, noise, gold_in(g, gold_path(f, "%s/params/freqs", group), GOLD_PLAIN))
                         : gt_unet_powers(n, noise, gold_int(c, "num_channels", 0), gold_number(c, "max_positions", 0),
                                          is_set(c, "endpoint"));
    double usual = f->limits[0];
    f->limits[0] = 3e-5; /* of 999 times a frequency, float32 keeps five digits */
    gold_out(g, y, gold_path(f, "%s/out/emb", group), GOLD_PLAIN);
    gold_run(g);
    f->limits[0] = usual;
    gold_graph_free(g);
}

/* What ADM alone has, and filters that are not symmetric in a fused convolution. */
static bool is_foreign(json_t *c) {
    json_t *heads = json_object_get(c, "num_heads");
    return is_set(c, "adaptive_scale") || (heads && gold_int(c, "num_heads", 0) != 1) ||
           (gold_get(c, "resample_proj") && !is_set(c, "resample_proj"));
}

void gold_unet_blocks(gold *f) {
    static const struct {
        const char *prefix;
        gt_node *(*build)(gt_unet_parts *p, json_t *config, gt_node *x);
    } kinds[] = {{"conv2d/", build_conv}, {"groupnorm/", build_norm}, {"unetblock/", build_block}};
    const char *group;
    json_t *c;
    f->limits[0] = 2e-6;
    f->limits[1] = 2e-5;
    f->prefix = PART ".";
    json_object_foreach(gold_get(f->config, "cases"), group, c) {
        if (is_foreign(c)) gold_leave_out(f, group);
        else if (!strncmp(group, "embedding/", 10)) embedding_of(f, group, c);
        else
            for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
                if (!strncmp(group, kinds[i].prefix, strlen(kinds[i].prefix)))
                    part_of(&(part){f, group, c, kinds[i].build});
    }
}

/* ---- whole networks ---- */

static gt_unet_path path_of(json_t *c, const char *key) {
    const char *name = gold_text(c, key, "standard");
    return !strcmp(name, "skip") ? GT_UNET_SKIP : !strcmp(name, "residual") ? GT_UNET_RESIDUAL : GT_UNET_STANDARD;
}

gt_unet_shape gold_unet_shape(json_t *c) {
    int side = gold_int(c, "img_resolution", 0);
    gt_unet_shape s = {.height = side,
                       .width = side,
                       .in = gold_int(c, "in_channels", gold_int(c, "img_channels", 0)),
                       .out = gold_int(c, "out_channels", gold_int(c, "img_channels", 0)),
                       .labels = gold_int(c, "label_dim", 0),
                       .augment = gold_int(c, "augment_dim", 0),
                       .channels = gold_int(c, "model_channels", 128),
                       .embedding_mult = gold_int(c, "channel_mult_emb", 4),
                       .noise_mult = gold_int(c, "channel_mult_noise", 1),
                       .blocks = gold_int(c, "num_blocks", 4),
                       .fourier = !strcmp(gold_text(c, "embedding_type", "positional"), "fourier"),
                       .encoder = path_of(c, "encoder_type"),
                       .decoder = path_of(c, "decoder_type"),
                       .filter = filter_of(c)};
    json_t *mult = gold_get(c, "channel_mult"), *attention = gold_get(c, "attn_resolutions"), *n;
    size_t i;
    json_array_foreach(mult, i, n) if (s.levels < GT_UNET_LEVELS) s.mult[s.levels++] = (int)json_integer_value(n);
    json_array_foreach(attention, i, n) for (int l = 0; l < s.levels; l++) if (side >> l == json_integer_value(n))
        s.attention |= 1u << l;
    return s;
}

typedef struct stages {
    gold *f;
    gold_graph *g;
    const char *group;
} stages;

/* Of the first picture alone. */
static void compare_stage(void *arg, const char *name, gt_node *n) {
    stages *s = arg;
    const char *path = gold_path(s->f, "%s/out/stages/%s", s->group, name);
    if (gold_has(s->f, path))
        gold_out(s->g, gt_slice(gold_nodes(s->g), n, 0, 0, 1), path,
                 gt_node_shape(n)->n == 4 ? GOLD_IMAGE : GOLD_PLAIN);
}

static void network_of(gold *f, const char *group, json_t *c) {
    gt_unet_shape s = gold_unet_shape(c);
    gt_net *net = gt_unet_net("F", &s);
    float *block = gold_load(f, net, gold_path(f, "%s/params", group));
    if (!block) return;
    gold_graph *g = gold_graph_new(f);
    gold_bind(g, 0, block);
    gt_forward forward = {.graph = gold_nodes(g), .bound = {gold_nodes(g), net, 0}};
    gt_node *x = gold_in(g, gold_path(f, "%s/in/x", group), GOLD_IMAGE),
            *v = gold_in(g, gold_path(f, "%s/in/v", group), GOLD_IMAGE);
    gt_unet_inputs in = {.noise = gold_in(g, gold_path(f, "%s/in/noise_labels", group), GOLD_PLAIN),
                         .stage = compare_stage,
                         .arg = &(stages){f, g, group}};
    if (s.labels) in.labels = gold_in(g, gold_path(f, "%s/in/class_labels", group), GOLD_PLAIN);
    if (s.augment) in.augment = gold_in(g, gold_path(f, "%s/in/augment_labels", group), GOLD_PLAIN);
    gt_node *y = gt_unet(&forward, &s, x, &in);
    gold_out(g, y, gold_path(f, "%s/out/y", group), GOLD_IMAGE);
    if (gold_has(f, gold_path(f, "%s/grad/x", group))) {
        gold_grad(g, y, v, x, gold_path(f, "%s/grad/x", group), GOLD_IMAGE);
        if (in.labels) gold_grad(g, y, v, in.labels, gold_path(f, "%s/grad/class_labels", group), GOLD_PLAIN);
        if (in.augment) gold_grad(g, y, v, in.augment, gold_path(f, "%s/grad/augment_labels", group), GOLD_PLAIN);
        if (gold_has(f, gold_path(f, "%s/grad/params", group)))
            gold_param_grads(f, g, y, v, forward.bound, gold_path(f, "%s/grad/params", group));
    }
    if (s.augment) {
        gt_unet_inputs plain = {.noise = in.noise, .labels = in.labels};
        gold_out(g, gt_unet(&forward, &s, x, &plain), gold_path(f, "%s/out/y_noaug", group), GOLD_IMAGE);
    }
    gold_run(g);
    gold_graph_free(g);
    gt_block_free(block, net->block_floats * sizeof(float));
    gt_net_free(net);
}

void gold_unet(gold *f) {
    const char *group;
    json_t *c;
    f->limits[0] = 1e-5;
    f->limits[1] = 1e-4;
    json_object_foreach(gold_get(f->config, "cases"), group, c) network_of(f, group, c);
}
