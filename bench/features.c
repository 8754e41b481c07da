/* SPDX-License-Identifier: Apache-2.0
 * Features of pictures on one thread: processor time of a picture. features NET [SECONDS] [--profile]; NET is
 * inception, vgg16 (pictures of 32x32 pixels are resized), or MODEL:SIDE:CHANNELS of a classifier or an autoencoder.
 * Weights are random. */
#include <math.h>

#include "bench.h"
#include "gantry/classify.h"
#include "gantry/job.h"
#include "base/door/random.h"
#include "networks/model/door/family.h"
#include "features/score/feature_net.h"
#include "gantry/trained.h"

enum { SIDE = 32, CHANNELS = 3, BATCH = 8, BYTES = BATCH * SIDE * SIDE * CHANNELS };

static void must(gt_status st) {
    if (!st) return;
    fprintf(stderr, "%s\n", gt_message());
    exit(1);
}

static gt_status by_name(void *arg, const char *tensor, const gt_shape *shape, float *out) {
    (void)arg;
    enum { MOST = 1000003 };
    size_t n = (size_t)gt_shape_size(shape), drawn = n < MOST ? n : MOST;
    double scale = shape->n > 1 ? sqrt(2.0 * (double)shape->d[0] / (double)n) : 0.1;
    gt_random_normal((gt_key){.stream = gt_stream(tensor)}, out, drawn);
    for (size_t i = 0; i < n; i++)
        out[i] = i >= drawn ? out[i % drawn] : strstr(tensor, "running_var") ? 1 : (float)scale * out[i];
    return GT_OK;
}

typedef struct work {
    gt_feature_net *net;
    const gt_feature_net_kind *kind;
    gt_trained trained;
    gt_graph *graph;
    gt_exec *exec; /* of either */
    int batch;
    uint8_t *pictures;
    float *features;
} work;

static void open_published(work *w, const gt_feature_net_kind *kind) {
    gt_status st;
    *w = (work){.kind = kind, .batch = BATCH};
    w->net = gt_feature_net_new(kind, &(gt_feature_net_options){.batch = BATCH}, by_name, NULL, &st);
    must(st);
    w->exec = gt_feature_net_exec(w->net);
    w->pictures = malloc(BYTES);
    w->features = malloc((size_t)(BATCH * kind->features) * sizeof *w->features);
    for (int i = 0; i < BYTES; i++) w->pictures[i] = (uint8_t)(i * i / 7 + i);
}

static void open_model(work *w, const char *text) {
    char name[64] = "", recipe[512];
    int side = 0, channels = 0;
    if (sscanf(text, "%63[^:]:%d:%d", name, &side, &channels) != 3) exit(2);
    snprintf(recipe, sizeof recipe,
             "[recipe]\nmodel = %s\n[shape]\ndata-height = %d\ndata-width = %d\ndata-channels = %d\nlabel-dim = 10\n",
             name, side, side, channels);
    gt_job *job = gt_job_from_recipe_text(recipe, "recipe");
    gt_model *m = job ? gt_model_new(job) : NULL;
    if (!m || !gt_model_role(m, GT_ROLE_FEATURES)) must(GT_FAILED);
    gt_model_init(m);
    *w = (work){.trained = {.job = job, .model = m, .params = m->blocks[0]},
                .batch = gt_model_batch(m, gt_model_role(m, GT_ROLE_FEATURES))};
    w->graph = gt_model_build(m, GT_ROLE_FEATURES, &(gt_request){.n = w->batch});
    w->exec = w->graph ? gt_exec_new(w->graph, NULL) : NULL;
    if (!w->exec) must(gt_failure());
    gt_exec_bind(w->exec, 0, m->blocks[0]);
    must(gt_exec_prepare(w->exec, &(gt_exec_env){0}));
    gt_random_normal((gt_key){0}, gt_exec_input(w->exec, "images"), (size_t)w->batch * gt_model_floats(m));
}

static void run(work *w) {
    if (!w->net) must(gt_exec_run(w->exec, &(gt_exec_env){0}));
    else
        must(gt_feature_net_run(w->net,
                                &(gt_feature_net_pictures){w->pictures, BATCH, SIDE, SIDE, CHANNELS, GT_RESIZE_TF1},
                                w->features, NULL));
}

int main(int argc, char **argv) {
    bool help = argc > 1 && !strcmp(argv[1], "--help");
    if (argc < 2 || help) {
        fprintf(help ? stdout : stderr, "usage: features inception|vgg16|MODEL:SIDE:CHANNELS [SECONDS] [--profile]\n");
        return help ? 0 : 2;
    }
    work w;
    double seconds = argc > 2 ? atof(argv[2]) : 5, best = 1e30;
    bool profile = argc > 3 && !strcmp(argv[3], "--profile");
    const gt_feature_net_kind *kind = gt_feature_net_find(argv[1]);
    if (kind) open_published(&w, kind);
    else open_model(&w, argv[1]);
    run(&w);
    if (profile) gt_exec_profile(w.exec, true);
    for (double begin = bench_now(); bench_now() - begin < seconds;) {
        double start = bench_now();
        run(&w);
        if (bench_now() - start < best) best = bench_now() - start;
    }
    gt_exec_totals cost = gt_exec_cost(w.exec);
    printf("%s: batch %d, %.3f ms a picture, %.1f GF/s\n", argv[1], w.batch, 1e3 * best / w.batch,
           cost.flops / best * 1e-9);
    if (profile) gt_exec_print(w.exec, stdout);
    if (w.graph) gt_exec_free(w.exec);
    gt_graph_free(w.graph);
    gt_feature_net_close(w.net);
    gt_trained_close(&w.trained);
    free(w.pictures);
    free(w.features);
    return 0;
}
