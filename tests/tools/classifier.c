/* SPDX-License-Identifier: Apache-2.0
 * A classifier's network by itself, for comparisons with other programs (tests/torch).
 *
 *     classifier NAME H W C CLASSES [small] [bn] [smooth]            names and shapes of the tensors
 *     classifier NAME H W C CLASSES [small] [bn] [smooth] N IN OUT   outputs and gradients
 *
 * IN: the tensors' values in their order in files, then pictures [N,H,W,C], then weights of the logits [N,CLASSES], all
 * float32. OUT: the logits [N,CLASSES] without dropout and with running statistics, then the gradient of their weighted
 * sum in each parameter, in file order. `smooth`: max poolings are means over the same windows, zeros outside counting,
 * so that no tie of a pooling decides; the linker gives their builder another name (--wrap in the Makefile). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "networks/model/door/model.h"
#include "features/classifier/networks.h"

static bool smooth;
gt_node *__real_gt_max_pool_with(gt_graph *g, gt_node *x, gt_max_pool_attr a);
gt_node *__wrap_gt_max_pool_with(gt_graph *g, gt_node *x, gt_max_pool_attr a);

gt_node *__wrap_gt_max_pool_with(gt_graph *g, gt_node *x, gt_max_pool_attr a) {
    gt_node *pooled = __real_gt_max_pool_with(g, x, a);
    if (!smooth || !pooled) return pooled;
    float taps[GT_MAX_FILTER_TAPS];
    for (int i = 0; i < a.size; i++) taps[i] = 1.0f / (float)a.size;
    int stride = a.stride ? a.stride : a.size, after[2];
    for (int i = 0; i < 2; i++) /* what the last window needs behind the image */
        after[i] = (int)((gt_dim(pooled, i + 1) - 1) * stride + a.size - a.pad - gt_dim(x, i + 1));
    return gt_upfirdn(g, x, (gt_filter){0, a.size, taps},
                      (gt_upfirdn_attr){.down_x = stride,
                                        .down_y = stride,
                                        .pad_x0 = a.pad,
                                        .pad_x1 = after[1],
                                        .pad_y0 = a.pad,
                                        .pad_y1 = after[0]});
}

typedef struct job {
    const gt_classifier_net *net;
    gt_classifier_config config;
} job;

static gt_node *pass(gt_forward *f, gt_node *x, const void *arg) {
    const job *j = arg;
    gt_classifier_heads heads = {0};
    return j->net->forward(f, x, &j->config, j->net->variant, &heads);
}

static _Noreturn void die(const char *what) {
    fprintf(stderr, "classifier: %s: %s\n", what, gt_message());
    exit(1);
}

static void read_floats(FILE *f, float *x, size_t n) {
    if (fread(x, sizeof *x, n, f) != n) die("the input ends early");
}

static const gt_classifier_net *find(const char *name) {
#define X(id, title, text, defaults) \
    if (!strcmp(name, title)) return &gt_classifier_##id;
    GT_CLASSIFIER_LIST(X)
#undef X
    return NULL;
}

static void run(const job *j, gt_net *net, const char *const *args, const int *size) {
    int n = atoi(args[0]);
    FILE *in = fopen(args[1], "rb"), *out = fopen(args[2], "wb");
    if (!in || !out) die("files");
    float *block = calloc(net->block_floats, sizeof *block), *grads = calloc(net->block_floats, sizeof *grads),
          *tensor = calloc(gt_net_largest(net), sizeof *tensor);
    for (int i = 0; i < net->n_tensors; i++) {
        read_floats(in, tensor, net->tensors[i].size);
        gt_tensor_from_file(&net->tensors[i], tensor, block + net->tensors[i].offset);
    }
    gt_graph *g = gt_graph_new("classifier", NULL);
    gt_forward f = {.graph = g, .bound = {g, net, 0}, .norm_epsilon = 1e-5f};
    gt_node *logits = pass(&f, gt_input(g, "images", GT_SHAPE(n, size[0], size[1], size[2])), j);
    gt_node *sum = gt_sum(g, gt_mul(g, logits, gt_input(g, "weights", GT_SHAPE(n, size[3]))), GT_ALL_AXES);
    gt_output(g, "logits", logits);
    gt_put_gradients(g, net, gt_gradients(g, net, 0, sum), NULL);
    gt_pool *pool = gt_pool_new(1);
    gt_exec *e = gt_exec_new(g, &(gt_exec_options){.pool = pool});
    if (!e) die("graph");
    gt_exec_bind(e, 0, block);
    gt_exec_bind(e, GT_SLOT_GRAD, grads);
    read_floats(in, gt_exec_input(e, "images"), (size_t)n * (size_t)size[0] * (size_t)size[1] * (size_t)size[2]);
    read_floats(in, gt_exec_input(e, "weights"), (size_t)n * (size_t)size[3]);
    if (gt_exec_prepare(e, &(gt_exec_env){0}) || gt_exec_run(e, &(gt_exec_env){0})) die("run");
    fwrite(gt_exec_output(e, "logits"), sizeof(float), (size_t)n * (size_t)size[3], out);
    for (int i = 0; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        if (!t->trainable) continue;
        gt_tensor_to_file(t, grads + t->offset, tensor);
        fwrite(tensor, sizeof *tensor, t->size, out);
    }
    if (fclose(out)) die("output");
}

int main(int argc, char **argv) {
    if (argc < 6) return 2;
    int size[4], at = 6;
    for (int i = 0; i < 4; i++) size[i] = atoi(argv[2 + i]);
    job j = {
        find(argv[1]),
        {.classes = size[3], .width = 1, .dropout = -1, .activation = "relu", .hidden = {100, 100}, .n_hidden = 2}};
    if (!j.net) return 2;
    j.config.bn = strncmp(argv[1], "vgg", 3) != 0 && strcmp(argv[1], "mlp") != 0;
    const struct {
        const char *name;
        bool *flag;
    } words[] = {{"small", &j.config.small}, {"bn", &j.config.bn}, {"smooth", &smooth}};
    for (int found = 1; at < argc && found; at += found) {
        found = 0;
        for (int i = 0; i < 3; i++)
            if (!strcmp(argv[at], words[i].name)) *words[i].flag = true, found = 1;
    }
    gt_net *net = gt_forward_declare("net", pass, &j, size[0], size[1], size[2]);
    if (!net) die("network");
    if (argc - at == 3) run(&j, net, (const char *const *)argv + at, size);
    else
        for (int i = 0; i < net->n_tensors; i++) {
            char text[96];
            const gt_tensor *t = &net->tensors[i];
            printf("%s %s %d\n", t->name, gt_shape_text(&t->file_shape, text), t->trainable);
        }
    gt_net_free(net);
    return 0;
}
