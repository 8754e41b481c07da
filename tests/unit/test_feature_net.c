/* SPDX-License-Identifier: Apache-2.0
 * Feature networks of published metrics: pictures as they take them, files of weights, batches. Their values beside
 * other programs are golden values (tests/golden/networks). */
#include "scratch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/weights_write.h"
#include "base/door/random.h"
#include "features/score/feature_net.h"

/* ---- input ---- */

static const float none[3] = {0, 0, 0}, one[3] = {1, 1, 1};

static void a_picture_of_the_size_stays(void **state) {
    (void)state;
    enum { SIDE = 11, VALUES = SIDE * SIDE * 3 };
    uint8_t picture[VALUES];
    float out[VALUES];
    for (int i = 0; i < VALUES; i++) picture[i] = (uint8_t)(i * 37);
    for (int rule = 0; rule < 2; rule++) {
        assert_ok(gt_network_input((gt_resize_rule)rule, picture, 1, SIDE, SIDE, 3, SIDE, none, one, out));
        for (int i = 0; i < VALUES; i++) assert_true(out[i] == (float)picture[i]);
    }
}

/* A ramp, twice as wide: where the pixels of the two rules lie. */
static void rules_of_resizing(void **state) {
    (void)state;
    const uint8_t ramp[] = {0, 100, 200, 0, 100, 200, 0, 100, 200};
    const float tf1[] = {0, 50, 100, 150, 200, 200}, half[] = {0, 25, 75, 125, 175, 200};
    float out[6 * 6 * 3];
    for (int rule = 0; rule < 2; rule++) {
        assert_ok(gt_network_input((gt_resize_rule)rule, ramp, 1, 3, 3, 1, 6, none, one, out));
        for (int i = 0; i < 6 * 6 * 3; i++) assert_float_equal(out[i], (rule ? half : tf1)[i / 3 % 6], 1e-5);
    }
    assert_string_equal(gt_resize_rule_name(GT_RESIZE_HALF), "half");
    assert_int_equal(gt_network_input(GT_RESIZE_HALF, ramp, 1, 1, 1, 4, 6, none, one, out), GT_USAGE);
    assert_message("1 or 3 channels, but these have 4");
}

/* ---- weights ---- */

static gt_status by_name(void *arg, const char *tensor, const gt_shape *shape, float *out) {
    (void)arg;
    enum { MOST = 10007 };
    size_t n = (size_t)gt_shape_size(shape);
    gt_random_normal((gt_key){.seed = 3, .stream = gt_stream(tensor)}, out, n < MOST ? n : MOST);
    double scale = shape->n > 1 ? sqrt(2.0 * (double)shape->d[0] / (double)n) : 0.1;
    for (size_t i = 0; i < n; i++)
        out[i] = i >= MOST ? out[i % MOST] : strstr(tensor, "running_var") ? 1 : (float)scale * out[i];
    return GT_OK;
}

/* A file of the tensors of Inception, of which some are left out, one has another name, and one another shape; the
 * names have a prefix. */
static void write_prefixed(const char *path, const char *prefix, int first, const char *extra, bool other_shape) {
    gt_net *net = gt_feature_net_declare(gt_feature_net_find("inception"));
    gt_weight_out *w = calloc((size_t)net->n_tensors + 1, sizeof *w);
    int n = 0;
    for (int i = first; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        float *values = malloc(t->size * sizeof *values);
        char *name = malloc(strlen(prefix) + strlen(t->name) + 1);
        strcat(strcpy(name, prefix), t->name);
        assert_ok(by_name(NULL, t->name, &t->file_shape, values));
        w[n] = (gt_weight_out){.name = name, .n_dims = t->file_shape.n, .size = t->size, .data = values};
        for (int k = 0; k < t->file_shape.n; k++) w[n].dims[k] = t->file_shape.d[k];
        n++;
    }
    if (other_shape) w[n - 1].n_dims = 2, w[n - 1].dims[1] = 1;
    float zero = 0;
    if (extra) w[n++] = (gt_weight_out){.name = extra, .n_dims = 1, .dims = {1}, .size = 1, .data = &zero};
    assert_ok(gt_safetensors_write(path, &(gt_weights_out){.n = n, .weights = w}));
    for (int i = 0; i < n; i++)
        if (w[i].data != &zero) free((void *)w[i].data), free((void *)w[i].name);
    free(w);
    gt_net_free(net);
}

static void write_file(const char *path, int first, const char *extra, bool other_shape) {
    write_prefixed(path, "", first, extra, other_shape);
}

static gt_feature_net *open_file(const char *path, gt_status *st) {
    return gt_feature_net_open(gt_feature_net_find("inception"), path, &(gt_feature_net_options){.batch = 1}, st);
}

static void refused(const char *path, const char *why) {
    gt_status st = GT_OK;
    assert_null(open_file(path, &st));
    assert_int_equal(st, GT_FORMAT);
    assert_message(why);
    assert_message("pt_inception-2015-12-05-6726825d.pth");
}

static void files_of_weights(void **state) {
    (void)state;
    const gt_feature_net_kind *kind = gt_feature_net_find("inception");
    write_file(at("few"), 470, NULL, false);
    refused(at("few"),
            "470 of the 472 tensors of Inception v3 of the FID are missing: Conv2d_1a_3x3.conv.weight, Conv2d_1a");
    write_file(at("more"), 0, "AuxLogits.fc.bias", false);
    refused(at("more"), "the file has the tensor 'AuxLogits.fc.bias', which");
    write_file(at("shape"), 0, NULL, true);
    refused(at("shape"), "'fc.bias' has the shape 1008x1, but 1008 is needed");
    put(at("text"), "no weights", 10);
    gt_status st = GT_OK;
    assert_null(open_file(at("text"), &st));
    assert_message("pt_inception-2015-12-05-6726825d.pth");

    /* counters of batches are passed over, and the file gives what its numbers give */
    write_file(at("good"), 0, "Conv2d_1a_3x3.bn.num_batches_tracked", false);
    /* a part of a larger state, beside tensors of other parts */
    write_prefixed(at("part"), "state_dict.module.", 0, "state_dict.head.weight", false);
    const gt_feature_net_kind *told;
    assert_ok(gt_feature_net_tell(at("part"), &told));
    assert_ptr_equal(told, kind);
    gt_feature_net *part = open_file(at("part"), &st);
    assert_non_null(part);
    write_prefixed(at("rest"), "state_dict.module.", 0, "state_dict.module.head.weight", false);
    refused(at("rest"), "the file has the tensor 'state_dict.module.head.weight', which");
    gt_feature_net *a = open_file(at("good"), &st),
                   *b = gt_feature_net_new(kind, &(gt_feature_net_options){.batch = 2}, by_name, NULL, &st);
    assert_non_null(a);
    assert_non_null(b);
    gt_hash128 x = gt_feature_net_hash(a), y = gt_feature_net_hash(b);
    assert_memory_equal(&x, &y, sizeof x);
    y = gt_feature_net_hash(part);
    assert_memory_equal(&x, &y, sizeof x);
    gt_feature_net_close(part);
    /* three pictures one by one, and two at a time: the same bits */
    enum { H = 20, W = 30, N = 3 };
    uint8_t pictures[N * H * W];
    for (int i = 0; i < N * H * W; i++) pictures[i] = (uint8_t)(i * i / 50);
    gt_feature_net_pictures p = {pictures, N, H, W, 1, GT_RESIZE_TF1};
    float *features[2], *probabilities[2];
    for (int i = 0; i < 2; i++) {
        features[i] = malloc(N * (size_t)kind->features * sizeof(float));
        probabilities[i] = malloc(N * (size_t)kind->classes * sizeof(float));
        assert_ok(gt_feature_net_run(i ? b : a, &p, features[i], probabilities[i]));
    }
    assert_memory_equal(features[0], features[1], N * (size_t)kind->features * sizeof(float));
    assert_memory_equal(probabilities[0], probabilities[1], N * (size_t)kind->classes * sizeof(float));
    assert_memory_not_equal(features[0], features[0] + kind->features, (size_t)kind->features * sizeof(float));
    double sum = 0;
    for (int i = 0; i < kind->classes; i++) sum += (double)probabilities[0][i];
    assert_float_equal(sum, 1, 1e-5);
    p.channels = 2;
    assert_int_equal(gt_feature_net_run(a, &p, features[0], NULL), GT_USAGE);
    for (int i = 0; i < 2; i++) free(features[i]), free(probabilities[i]);
    gt_feature_net_close(a);
    gt_feature_net_close(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_of_the_size_stays),
        cmocka_unit_test(rules_of_resizing),
        cmocka_unit_test_setup_teardown(files_of_weights, make_scratch, remove_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
