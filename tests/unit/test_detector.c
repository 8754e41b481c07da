/* SPDX-License-Identifier: Apache-2.0
 * Detectors: what a file is told to be, features that depend on nothing but their picture, what is refused. The values
 * beside PyTorch: tests/e2e/detectors.sh. */
#include "scratch.h"

#include <math.h>

#include "files/codec/door/weights_write.h"
#include "networks/model/door/family.h"
#include "run/door/checkpoint.h"
#include "runner/apply/door/encode.h"
#include "gantry/classify.h"
#include "gantry/generate.h"
#include "gantry/job.h"
#include "base/door/random.h"
#include "features/score/feature_net.h"
#include "features/score/feature_extractor.h"

enum { SIDE = 16, N = 3, MOST = 4096 };

#define SHAPE(channels, label) \
    "[shape]\ndata-height = 16\ndata-width = 16\ndata-channels = " #channels "\nlabel-dim = " #label "\n"
static const char classifier[] = "[recipe]\nmodel = deep-conv\n" SHAPE(3, 4);
static const char encoder[] = "[recipe]\nmodel = cvae\n[networks]\nz-dim = 5\n" SHAPE(1, 0);
static const char codes[] = "[recipe]\nmodel = vq\n[networks]\nz-dim = 4\n" SHAPE(1, 0);
static const char dense[] = "[recipe]\nmodel = fcn32s\n[classifier]\nwidth = 0.05\n" SHAPE(3, 4);
static const char gan[] = "[recipe]\nmodel = dcgan\n[networks]\ncbase = 128\ncmax = 8\nz-dim = 8\n"
                          "[shape]\ndata-height = 32\ndata-width = 32\ndata-channels = 3\n";

/* A checkpoint of freshly initialised networks. */
static void write_checkpoint(const char *path, const char *recipe, uint64_t seed) {
    gt_job *job = gt_job_from_recipe_text(recipe, "a test");
    gt_model *m = job ? gt_model_new(job) : NULL;
    if (!m) fail_msg("%s", gt_message());
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){
        .model = m->name, .kernel_set = gt_kernel_set_arithmetic(NULL), .dataset = "", .recipe = recipe});
    int which = m->ema_of >= 0 ? m->ema_of : 0;
    const gt_net *net = m->nets[which];
    float *block = m->ema_of >= 0 ? m->ema_block : m->blocks[0], *file = calloc(net->block_floats, sizeof *file);
    gt_net_init(net, block, seed);
    for (int i = 0; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        char name[256];
        snprintf(name, sizeof name, "/networks/%s%s/%s", net->name, m->ema_of >= 0 ? "_ema" : "", t->name);
        gt_tensor_to_file(t, block + t->offset, file);
        gt_checkpoint_tensor(c, name, &t->file_shape, file);
    }
    assert_ok(gt_checkpoint_write(c, path));
    gt_checkpoint_free(c);
    free(file);
    gt_model_free(m);
    gt_job_free(job);
}

static gt_extractor *detector(const char *path, const char *kind) {
    gt_status st;
    gt_extractor *d = gt_extractor_open(path, &(gt_extractor_options){.kind = kind}, &st);
    if (!d) fail_msg("%s", gt_message());
    return d;
}

static void refused(const char *path, const char *kind, gt_status status, const char *why) {
    gt_status st;
    assert_null(gt_extractor_open(path, &(gt_extractor_options){.kind = kind}, &st));
    assert_message(why);
    assert_int_equal(st, status);
}

static void fill(float *images, size_t n) {
    gt_random_uniform((gt_key){.seed = 5}, images, n);
    for (size_t i = 0; i < n; i++) images[i] = 2 * images[i] - 1;
}

/* Of a batch, each from `first_alone` on alone, and with two threads. */
static void rows_are_alone(const char *path, const char *kind, int channels, int first_alone) {
    static float images[N * SIDE * SIDE * 3], all[N * MOST], one[MOST], again[N * MOST];
    size_t pixels = (size_t)(SIDE * SIDE * channels);
    gt_status st;
    gt_pool *pool = gt_pool_new(2);
    gt_extractor *a = detector(path, kind),
                 *b = gt_extractor_open(path, &(gt_extractor_options){.kind = kind, .pool = pool}, &st);
    assert_non_null(b);
    size_t f = (size_t)gt_extractor_features(a);
    assert_in_range(f, 1, MOST);
    fill(images, sizeof images / sizeof *images);
    assert_int_equal(gt_extractor_run(a, N, images, all, NULL, NULL), GT_USAGE); /* of no shape yet */
    assert_ok(gt_extractor_takes(a, SIDE, SIDE, channels));
    assert_ok(gt_extractor_takes(b, SIDE, SIDE, channels));
    assert_in_range(gt_extractor_batch(a), N, 1024);
    assert_ok(gt_extractor_run(a, N, images, all, NULL, NULL));
    assert_ok(gt_extractor_run(b, N, images, again, NULL, NULL));
    assert_memory_equal(all, again, N * f * sizeof *all);
    for (int i = first_alone; i < N; i++) {
        assert_ok(gt_extractor_run(a, 1, images + (size_t)i * pixels, one, NULL, NULL));
        assert_memory_equal(one, all + (size_t)i * f, f * sizeof *one);
    }
    assert_memory_not_equal(all, all + f, f * sizeof *all);
    gt_hash128 x = gt_extractor_hash(a), y = gt_extractor_hash(b);
    assert_memory_equal(&x, &y, sizeof x);
    assert_string_equal(gt_extractor_recipe(a), gt_extractor_recipe(b));
    assert_string_equal(gt_extractor_kernels(a), gt_kernel_set_arithmetic(NULL));
    gt_extractor_close(a);
    gt_extractor_close(b);
    gt_pool_free(pool);
}

/* ---- networks of our own ---- */

static void a_classifier(void **state) {
    (void)state;
    static float images[N * SIDE * SIDE * 3], all[64 * SIDE * SIDE * 3], p[N * 4];
    int32_t classes[N];
    write_checkpoint(at("c.h5"), classifier, 1);
    rows_are_alone(at("c.h5"), NULL, 3, 0);
    gt_extractor *d = detector(at("c.h5"), NULL);
    assert_int_equal(gt_extractor_features(d), 50);
    assert_int_equal(gt_extractor_classes(d), 4);
    assert_false(gt_extractor_has_unbiased(d));
    if (strncmp(gt_extractor_recipe(d), "deep-conv before fc2 ", 21) || strlen(gt_extractor_recipe(d)) != 29)
        fail_msg("%s", gt_extractor_recipe(d));
    assert_int_equal(gt_extractor_takes(d, SIDE, SIDE, 1), GT_USAGE);
    assert_message("(deep-conv) was trained on pictures of 16x16 with 3 channels, but these are 16x16 with 1: convert "
                   "them with gantry dataset SOURCE DEST --width=16 --height=16 --channels=3");
    assert_int_equal(gt_extractor_takes(d, SIDE, 20, 3), GT_USAGE);
    assert_ok(gt_extractor_takes(d, SIDE, SIDE, 3));
    /* classes and probabilities are those of gantry evaluate */
    fill(images, sizeof images / sizeof *images);
    memcpy(all, images, sizeof images);
    assert_ok(gt_extractor_run(d, N, images, NULL, p, classes));
    const float *logits;
    gt_runner *c = gt_runner_open(at("c.h5"), &(gt_runner_options){.role = GT_ROLE_CLASSIFIER});
    assert_non_null(c);
    assert_in_range(gt_runner_batch(c), N, 64);
    assert_ok(gt_runner_run(c, &(gt_run_batch){.n = N, .images = all}));
    logits = gt_runner_output(c, "logits");
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int k = 0; k < 4; k++) {
            sum += (double)p[i * 4 + k];
            assert_true(logits[i * 4 + k] <= logits[i * 4 + classes[i]]);
            assert_true(p[i * 4 + k] <= p[i * 4 + classes[i]]);
        }
        assert_float_equal(sum, 1, 1e-6);
    }
    gt_runner_close(c);
    /* other weights and another layer give another hash */
    write_checkpoint(at("c2.h5"), classifier, 2);
    gt_extractor *other = detector(at("c2.h5"), "");
    gt_hash128 x = gt_extractor_hash(d), y = gt_extractor_hash(other);
    assert_memory_not_equal(&x, &y, sizeof x);
    assert_string_not_equal(gt_extractor_recipe(d), gt_extractor_recipe(other));
    gt_extractor_close(other);
    gt_extractor_close(d);
}

static void an_autoencoder(void **state) {
    (void)state;
    static float images[32 * SIDE * SIDE], features[N * 5];
    write_checkpoint(at("a.h5"), encoder, 1);
    rows_are_alone(at("a.h5"), NULL, 1, 0);
    gt_extractor *d = detector(at("a.h5"), NULL);
    assert_int_equal(gt_extractor_features(d), 5);
    assert_int_equal(gt_extractor_classes(d), 0);
    if (strncmp(gt_extractor_recipe(d), "cvae latent ", 12)) fail_msg("%s", gt_extractor_recipe(d));
    assert_ok(gt_extractor_takes(d, SIDE, SIDE, 1));
    fill(images, N * SIDE * SIDE);
    int32_t classes[N];
    assert_int_equal(gt_extractor_run(d, N, images, features, NULL, classes), GT_USAGE);
    assert_message("gives no classes");
    assert_ok(gt_extractor_run(d, N, images, features, NULL, NULL));
    gt_runner *e = gt_runner_open(at("a.h5"), &(gt_runner_options){.role = GT_ROLE_ENCODER});
    gt_encoded out;
    assert_non_null(e);
    assert_in_range(gt_runner_batch(e), N, 32);
    assert_ok(gt_runner_run(e, &(gt_run_batch){.n = N, .images = images}));
    out = gt_encoded_of(e);
    assert_memory_equal(out.latent, features, sizeof features);
    gt_runner_close(e);
    gt_extractor_close(d);
}

static void other_models_are_refused(void **state) {
    (void)state;
    write_checkpoint(at("g.h5"), gan, 1);
    refused(at("g.h5"), NULL, GT_USAGE,
            "a detector is a classifier (gantry train --model=deep-conv) or an autoencoder");
    assert_message("gantry metrics ");
    write_checkpoint(at("q.h5"), codes, 1);
    refused(at("q.h5"), NULL, GT_USAGE, "are numbers of codes, which have no distances");
    write_checkpoint(at("s.h5"), dense, 1);
    refused(at("s.h5"), NULL, GT_USAGE, "gives a class to each pixel");
    refused(at("nothing"), NULL, GT_FAILED, "nothing");
    refused(at("g.h5"), "resnet", GT_USAGE, "no published network 'resnet'");
}

/* ---- published networks ---- */

static void values_of(const gt_tensor *t, float *out) {
    size_t n = t->size < MOST ? t->size : MOST;
    gt_random_normal((gt_key){.seed = 3, .stream = gt_stream(t->name)}, out, n);
    double scale = t->file_shape.n > 1 ? sqrt(2.0 * (double)t->file_shape.d[0] / (double)t->size) : 0.1;
    for (size_t i = 0; i < t->size; i++)
        out[i] = i >= MOST ? out[i % MOST] : strstr(t->name, "running_var") ? 1 : (float)scale * out[i];
}

/* The tensors of a published network, of which the first are left out; with `rows` in the last layer. */
static void write_weights(const char *path, const char *kind, int first, int rows) {
    const gt_feature_net_kind *k = gt_feature_net_find(kind);
    gt_net *net = gt_feature_net_declare(k);
    gt_weight_out *w = calloc((size_t)net->n_tensors, sizeof *w);
    int n = 0;
    for (int i = first; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        float *values = malloc(t->size * sizeof *values);
        values_of(t, values);
        w[n] = (gt_weight_out){.name = t->name, .n_dims = t->file_shape.n, .size = t->size, .data = values};
        for (int j = 0; j < t->file_shape.n; j++) w[n].dims[j] = t->file_shape.d[j];
        if (w[n].dims[0] == k->classes && rows)
            w[n].size = w[n].size / (size_t)k->classes * (size_t)rows, w[n].dims[0] = rows;
        n++;
    }
    assert_ok(gt_safetensors_write(path, &(gt_weights_out){.n = n, .weights = w}));
    for (int i = 0; i < n; i++) free((void *)w[i].data);
    free(w);
    gt_net_free(net);
}

static void published_networks(void **state) {
    (void)state;
    enum { FEATURES = 2048 };
    write_weights(at("inception"), "inception", 0, 0);
    rows_are_alone(at("inception"), NULL, 3, N - 1); /* each run is one of a whole batch, and takes a second */
    gt_extractor *d = detector(at("inception"), NULL);
    assert_int_equal(gt_extractor_features(d), FEATURES);
    assert_int_equal(gt_extractor_classes(d), 1008);
    assert_true(gt_extractor_has_unbiased(d));
    if (strncmp(gt_extractor_recipe(d), "Inception v3 of the FID ", 24) ||
        strcmp(gt_extractor_recipe(d) + 32, ", 8-bit, resize tf1"))
        fail_msg("%s", gt_extractor_recipe(d));
    /* grey pictures are the same as with three equal channels; numbers are rounded to bytes */
    static float grey[20 * 12], colour[20 * 12 * 3], features[2][FEATURES], p[1008];
    uint8_t bytes[20 * 12];
    fill(grey, 20 * 12);
    gt_image_bytes(grey, bytes, sizeof bytes);
    for (int i = 0; i < 20 * 12 * 3; i++) colour[i] = (float)bytes[i / 3] / 127.5f - 1;
    assert_ok(gt_extractor_takes(d, 20, 12, 3));
    assert_ok(gt_extractor_run(d, 1, colour, features[0], p, NULL));
    assert_ok(gt_extractor_takes(d, 20, 12, 1));
    int32_t class = -1;
    assert_ok(gt_extractor_run(d, 1, grey, features[1], NULL, &class));
    assert_in_range(class, 0, 1007);
    assert_memory_equal(features[0], features[1], sizeof features[0]);
    for (int i = 0; i < 1008; i++) assert_true(p[i] <= p[class]);
    assert_string_equal(gt_extractor_recipe(d) + 32, ", 8-bit, resize tf1, grey as RGB");
    assert_int_equal(gt_extractor_takes(d, 20, 12, 4), GT_USAGE);
    assert_message("takes grey and RGB pictures, but these have 4 channels");
    /* another rule to resize by is another recipe */
    gt_status st;
    gt_extractor *half = gt_extractor_open(at("inception"), &(gt_extractor_options){.resize = GT_RESIZE_HALF}, &st);
    assert_non_null(half);
    gt_hash128 x = gt_extractor_hash(d), y = gt_extractor_hash(half);
    assert_memory_not_equal(&x, &y, sizeof x);
    assert_memory_equal(gt_extractor_recipe(d), gt_extractor_recipe(half), 32);
    gt_extractor_close(half);
    gt_extractor_close(d);
    refused(at("inception"), "vgg16", GT_FORMAT, "32 of the 32 tensors of VGG16 torchvision are missing");
}

/* Without reading hundreds of megabytes: what the tensors tell. */
static void files_are_told_by_their_tensors(void **state) {
    (void)state;
    const gt_feature_net_kind *k;
    write_weights(at("few"), "inception", 5, 0);
    assert_ok(gt_feature_net_tell(at("few"), &k));
    assert_string_equal(k->name, "inception");
    refused(at("few"), NULL, GT_FORMAT,
            "5 of the 472 tensors of Inception v3 of the FID are missing: Conv2d_1a_3x3.conv");
    write_weights(at("own"), "inception", 0, 10); /* torchvision's form, which is not an FID variant */
    assert_ok(gt_feature_net_tell(at("own"), &k));
    assert_null(k);
    /* VGG16 without its large layers */
    gt_weight_out conv = {
        .name = "features.26.weight", .n_dims = 4, .dims = {1, 1, 1, 1}, .size = 1, .data = (float[1]){0}};
    assert_ok(gt_safetensors_write(at("vgg"), &(gt_weights_out){.n = 1, .weights = &conv}));
    refused(at("vgg"), NULL, GT_FORMAT, "31 of the 32 tensors of VGG16 torchvision are missing: features.0.weight");
    assert_message("the file vgg16-397923af.pth is needed");
    conv.name = "something";
    assert_ok(gt_safetensors_write(at("unknown"), &(gt_weights_out){.n = 1, .weights = &conv}));
    refused(at("unknown"), NULL, GT_FORMAT, "with unknown names");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_classifier),
        cmocka_unit_test(an_autoencoder),
        cmocka_unit_test(other_models_are_refused),
        cmocka_unit_test(published_networks),
        cmocka_unit_test(files_are_told_by_their_tensors),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
