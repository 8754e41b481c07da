/* SPDX-License-Identifier: Apache-2.0
 * inception_fid and vgg16_lpips: feature networks with weights by formula. */
#include <math.h>
#include <string.h>

#include "graph/door/graph.h"
#include "base/door/hash.h"
#include "graph/door/ops.h"
#include "base/door/random.h"
#include "golden.h"
#include "features/score/feature_net.h"
#include "networks/nets/door/lpips.h"

/* ---- weights by formula ---- */

typedef struct formula {
    gold *f;
    uint32_t seed;
} formula;

/* Legacy normal numbers, seeded by the tensor's name; after `MOST` they are repeated. */
static gt_status by_formula(void *arg, const char *tensor, const gt_shape *shape, float *out) {
    enum { MOST = 1000003 };
    const formula *of = arg;
    size_t n = (size_t)gt_shape_size(shape), fan_in = n / (size_t)shape->d[0];
    const char *last = strrchr(tensor, '.') + 1;
    bool norm = strstr(tensor, ".bn.");
    gt_mt19937 r;
    gt_mt_seed(&r, gt_crc32(0, tensor, strlen(tensor)) ^ of->seed);
    for (size_t i = 0; i < n && i < MOST; i++) {
        double v = gt_mt_randn(&r);
        out[i] = (float)(!strcmp(last, "running_var")                             ? exp(.2 * v)
                         : norm && !strcmp(last, "weight")                        ? 1 + .1 * v
                         : !strncmp(tensor, "lin", 3)                             ? .1 * fabs(v)
                         : !strcmp(last, "bias") || !strcmp(last, "running_mean") ? .1 * v
                                                                                  : v * sqrt(2. / (double)fan_in));
    }
    for (size_t i = MOST; i < n; i++) out[i] = out[i % MOST];
    const char *check = gold_path(of->f, "weight_check/%s", tensor);
    if (gold_has(of->f, check)) {
        double first[8];
        for (int i = 0; i < 8; i++) first[i] = (double)out[i];
        gold_check_near(of->f, check, first, 8, 1e-7);
    }
    return GT_OK;
}

/* ---- values of layers ---- */

/* The layer of ours that a layer of the files is. */
static const char *layer_called(gold *f, const char *name) {
    if (!strncmp(name, "maxpool", 7)) return gold_path(f, "max_pool.%s", name + 7);
    if (!strcmp(name, "pool5")) return "max_pool.5";
    if (!strcmp(name, "fc1.relu")) return "classifier.0";
    if (!strcmp(name, "Mixed_6a")) return "concat.1"; /* a pooling is one of what is joined: that has no name */
    if (!strcmp(name, "Mixed_7a")) return "concat.2";
    size_t n = strlen(name);
    bool relu = n > 5 && !strcmp(name + n - 5, ".relu");
    return gold_path(f, "%.*s", (int)(relu ? n - 5 : n), name);
}

typedef struct layers {
    gold *f;
    const char *group; /* whose datasets are layers */
    gt_graph *graph;
    gt_layer_list list;
} layers;

static const char *channel_mean = ".channel_mean";

static void add_output(gold *f, const char *name, void *arg) {
    layers *l = arg;
    if (strstr(name, channel_mean)) return;
    gt_node *value = gt_layer_list_find(&l->list, layer_called(f, name));
    if (!value) gold_fail(f, "layer %s: %s", name, gt_message());
    else gt_output(l->graph, gold_path(f, "layer/%s", name), value);
}

static void extend(void *arg, gt_graph *g) {
    layers *l = arg;
    l->graph = g;
    if (gt_layer_list_make(g, &l->list)) gold_fail(l->f, "layers: %s", gt_message());
    else gold_each(l->f, l->group, add_output, l);
}

typedef struct run {
    const gt_feature_net *d;
    const char *group;
    gt_layer_list *list;
} run;

/* Mean, standard deviation, least and most of the values, and means of channels. */
static void check_layer(gold *f, const char *name, void *arg) {
    const run *r = arg;
    if (strstr(name, channel_mean)) return;
    const gt_node *node = gt_layer_list_find(r->list, layer_called(f, name));
    const float *x = gt_feature_net_value(r->d, gold_path(f, "layer/%s", name));
    if (!node || !x) return;
    const gt_shape *shape = gt_node_shape(node);
    size_t n = (size_t)gt_shape_size(shape), channels = (size_t)shape->d[shape->n - 1];
    double q[4] = {0, 0, (double)x[0], (double)x[0]}, *mean = gt_arena_array(f->arena, channels, sizeof *mean);
    for (size_t i = 0; i < n; i++) {
        q[0] += (double)x[i] / (double)n;
        mean[i % channels] += (double)x[i] * (double)channels / (double)n;
        q[2] = fmin(q[2], (double)x[i]);
        q[3] = fmax(q[3], (double)x[i]);
    }
    for (size_t i = 0; i < n; i++) q[1] += ((double)x[i] - q[0]) * ((double)x[i] - q[0]) / (double)n;
    q[1] = sqrt(q[1]);
    gold_check_doubles(f, gold_path(f, "%s/%s", r->group, name), GOLD_PLAIN, q, 4);
    const char *means = gold_path(f, "%s/%s%s", r->group, name, channel_mean);
    if (gold_has(f, means)) gold_check_doubles(f, means, GOLD_PLAIN, mean, channels);
}

/* ---- pictures ---- */

static void check_floats(gold *f, const char *path, const float *x, size_t n) {
    double *values = gt_arena_array(f->arena, n, sizeof *values);
    for (size_t i = 0; i < n; i++) values[i] = (double)x[i];
    gold_check_doubles(f, path, GOLD_PLAIN, values, n);
}

/* The first and the last corner of the network's input, [3,16,16]. */
static void check_corners(gold *f, const char *first, const char *last, const float *x, int side) {
    enum { CORNER = 16, VALUES = 3 * CORNER * CORNER };
    double values[2][VALUES];
    for (int end = 0; end < 2; end++)
        for (int i = 0; i < VALUES; i++) {
            int move = end ? side - CORNER : 0, y = i / CORNER % CORNER + move, column = i % CORNER + move;
            values[end][i] = (double)x[(y * side + column) * 3 + i / (CORNER * CORNER)];
        }
    gold_check_doubles(f, first, GOLD_PLAIN, values[0], VALUES);
    gold_check_doubles(f, last, GOLD_PLAIN, values[1], VALUES);
}

static void check_moments(gold *f, const char *group, const float *x, int side) {
    double mean[3] = {0}, square[3] = {0}, n = (double)side * side;
    for (int i = 0; i < 3 * side * side; i++) {
        mean[i % 3] += (double)x[i] / n;
        square[i % 3] += (double)x[i] * (double)x[i] / n;
    }
    gold_check_doubles(f, gold_path(f, "%s/resized_mean", group), GOLD_PLAIN, mean, 3);
    gold_check_doubles(f, gold_path(f, "%s/resized_meansq", group), GOLD_PLAIN, square, 3);
}

static gt_feature_net_pictures picture_of(gold *f, const char *name) {
    gt_shape shape = {0};
    const uint8_t *bytes = gold_pictures(f, gold_path(f, "%s/input", name), GOLD_CHW, &shape);
    return (gt_feature_net_pictures){bytes, 1, (int)shape.d[0], (int)shape.d[1], (int)shape.d[2], GT_RESIZE_TF1};
}

typedef struct network {
    gt_feature_net *d;
    const gt_feature_net_kind *kind;
    layers layers;
    formula of;
} network;

/* With the layers that `group` names as outputs. */
static bool open_network(gold *f, network *n, const char *kind, const char *group) {
    gt_status st;
    n->kind = gt_feature_net_find(kind);
    n->of = (formula){f, (uint32_t)gold_attribute(f, "", "seed")};
    n->layers = (layers){.f = f, .group = group};
    gt_feature_net_options o = {.batch = 1, .kernels = asked_kernels(), .extend = extend, .arg = &n->layers};
    n->d = gt_feature_net_new(n->kind, &o, by_formula, &n->of, &st);
    if (!n->d) gold_fail(f, "%s", gt_message());
    return n->d && !f->failed;
}

/* ---- inception_fid ---- */

static void inception_rule(gold *f, const network *n, const char *name, gt_resize_rule rule) {
    gt_feature_net_pictures p = picture_of(f, name);
    const char *group = gold_path(f, "%s/%s", name, gt_resize_rule_name(rule));
    size_t classes = (size_t)n->kind->classes;
    float *features = gt_arena_array(f->arena, (size_t)n->kind->features, sizeof *features),
          *unbiased = gt_arena_array(f->arena, classes, sizeof *unbiased);
    p.rule = rule;
    if (!p.bytes || gt_feature_net_run(n->d, &p, features, unbiased)) {
        gold_fail(f, "%s: %s", name, gt_message());
        return;
    }
    const float *logits = gt_feature_net_value(n->d, "logits");
    double sum = 0, *biased = gt_arena_array(f->arena, classes, sizeof *biased);
    for (size_t i = 0; i < classes; i++) sum += exp((double)logits[i]);
    for (size_t i = 0; i < classes; i++) biased[i] = exp((double)logits[i]) / sum;
    check_corners(f, gold_path(f, "%s/resized_first16", group), gold_path(f, "%s/resized_last16", group),
                  gt_feature_net_input(n->d), n->kind->side);
    check_moments(f, group, gt_feature_net_input(n->d), n->kind->side);
    check_floats(f, gold_path(f, "%s/pool2048", group), features, (size_t)n->kind->features);
    check_floats(f, gold_path(f, "%s/logits_nobias", group), gt_feature_net_value(n->d, "unbiased"), classes);
    check_floats(f, gold_path(f, "%s/softmax_nobias", group), unbiased, classes);
    gold_check_doubles(f, gold_path(f, "%s/softmax_bias", group), GOLD_PLAIN, biased, classes);
    const char *blocks = gold_path(f, "%s/blocks", group);
    gold_each(f, blocks, check_layer, &(run){n->d, blocks, (gt_layer_list *)&n->layers.list});
}

static void inception_image(gold *f, const char *name, void *arg) {
    if (strncmp(name, "image", 5)) return;
    inception_rule(f, arg, name, GT_RESIZE_TF1);
    inception_rule(f, arg, name, GT_RESIZE_HALF);
}

void gold_inception(gold *f) {
    network n;
    if (open_network(f, &n, "inception", "image0/tf1/blocks")) gold_each(f, "", inception_image, &n);
    gt_feature_net_close(n.d);
}

/* ---- vgg16_lpips ---- */

static void vgg_image(gold *f, const char *name, void *arg) {
    const network *n = arg;
    if (strncmp(name, "image", 5)) return;
    gt_feature_net_pictures p = picture_of(f, name);
    float *features = gt_arena_array(f->arena, (size_t)n->kind->features, sizeof *features);
    if (!p.bytes || gt_feature_net_run(n->d, &p, features, NULL)) {
        gold_fail(f, "%s: %s", name, gt_message());
        return;
    }
    check_corners(f, gold_path(f, "%s/normalised_first16", name), gold_path(f, "%s/normalised_last16", name),
                  gt_feature_net_input(n->d), n->kind->side);
    check_floats(f, gold_path(f, "%s/fc2_relu", name), features, (size_t)n->kind->features);
    const char *group = gold_path(f, "%s/layers", name);
    gold_each(f, group, check_layer, &(run){n->d, group, (gt_layer_list *)&n->layers.list});
}

/* ---- LPIPS ---- */

/* 0 .. 255 -> -1 .. 1 */
static float *signed_picture(gold *f, const char *path, gt_shape *shape) {
    float *x = gold_read(f, path, GOLD_CHW, shape);
    for (int64_t i = 0; x && i < gt_shape_size(shape); i++) x[i] = 2 * x[i] / 255 - 1;
    return x;
}

static void lpips_pair(gold *f, const char *name, void *arg) {
    static const char *const outputs[GT_LPIPS_MAPS] = {"d0", "d1", "d2", "d3", "d4"};
    const gt_lpips *l = arg;
    if (strncmp(name, "pair", 4)) return;
    gt_shape shape = {0};
    const float *a = signed_picture(f, gold_path(f, "%s/a", name), &shape),
                *b = signed_picture(f, gold_path(f, "%s/b", name), &shape);
    if (!a || !b) return;
    gt_graph *g = gt_graph_new(name, asked_kernels());
    gt_node *maps[2][GT_LPIPS_MAPS];
    for (int i = 0; i < 2; i++)
        gt_lpips_maps(l, g, 0, gt_input(g, i ? "b" : "a", GT_SHAPE(1, shape.d[0], shape.d[1], 3)), maps[i]);
    for (int k = 0; k < GT_LPIPS_MAPS; k++)
        gt_output(g, outputs[k], gt_sum(g, gt_square(g, gt_sub(g, maps[0][k], maps[1][k])), GT_ALL_AXES));
    gt_exec *e = gt_exec_new(g, NULL);
    if (e) gt_exec_bind(e, 0, gt_lpips_block(l));
    double each[GT_LPIPS_MAPS], sum = 0;
    if (e) memcpy(gt_exec_input(e, "a"), a, (size_t)gt_shape_size(&shape) * sizeof *a);
    if (e) memcpy(gt_exec_input(e, "b"), b, (size_t)gt_shape_size(&shape) * sizeof *b);
    if (!e || gt_exec_prepare(e, NULL) || gt_exec_run(e, NULL)) gold_fail(f, "%s: %s", name, gt_message());
    for (int k = 0; k < GT_LPIPS_MAPS && !f->failed; k++) sum += each[k] = (double)*gt_exec_output(e, outputs[k]);
    if (!f->failed) {
        gold_check_doubles(f, gold_path(f, "%s/per_layer", name), GOLD_PLAIN, each, GT_LPIPS_MAPS);
        gold_check_doubles(f, gold_path(f, "%s/lpips", name), GOLD_PLAIN, &sum, 1);
    }
    gt_exec_free(e);
    gt_graph_free(g);
}

void gold_vgg16(gold *f) {
    network n;
    gt_status st;
    if (open_network(f, &n, "vgg16", "image0/layers")) gold_each(f, "", vgg_image, &n);
    gt_feature_net_close(n.d);
    gt_lpips *l = gt_lpips_new(by_formula, &n.of, &st);
    if (l) gold_each(f, "", lpips_pair, l);
    else gold_fail(f, "%s", gt_message());
    gt_lpips_free(l);
}
