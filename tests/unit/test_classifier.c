/* SPDX-License-Identifier: Apache-2.0
 * Networks of classifiers: numbers of parameters as published, and networks that are refused. The values of outputs and
 * gradients: tests/torch/classifiers.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "features/classifier/networks.h"

typedef struct made {
    const gt_classifier_net *net;
    gt_classifier_config config;
} made;

static gt_node *pass(gt_forward *f, gt_node *x, const void *arg) {
    const made *m = arg;
    gt_classifier_heads heads = {0};
    return m->net->forward(f, x, &m->config, m->net->variant, &heads);
}

static made of(const gt_classifier_net *net, int classes) {
    return (made){net, {.classes = classes, .width = 1, .dropout = -1, .activation = "relu"}};
}

static int64_t parameters(const gt_net *net) {
    int64_t n = 0;
    for (int i = 0; i < net->n_tensors; i++)
        if (net->tensors[i].trainable) n += (int64_t)net->tensors[i].size;
    return n;
}

/* As torchvision counts them, further heads included. */
static void published_counts(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const gt_classifier_net *net;
        int size;
        int64_t parameters;
    } rows[] = {{"vgg11", &gt_classifier_vgg11, 224, 132863336},
                {"vgg13", &gt_classifier_vgg13, 224, 133047848},
                {"vgg16", &gt_classifier_vgg16, 224, 138357544},
                {"vgg19", &gt_classifier_vgg19, 224, 143667240},
                {"googlenet", &gt_classifier_googlenet, 224, 13004888},
                {"inception-v3", &gt_classifier_inception_v3, 299, 27161264},
                {"resnet18", &gt_classifier_resnet18, 224, 11689512},
                {"resnet34", &gt_classifier_resnet34, 224, 21797672},
                {"resnet50", &gt_classifier_resnet50, 224, 25557032},
                {"resnet101", &gt_classifier_resnet101, 224, 44549160},
                {"resnet152", &gt_classifier_resnet152, 224, 60192808},
                {"mobilenet-v2", &gt_classifier_mobilenet_v2, 224, 3504872}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        made m = of(rows[i].net, 1000);
        m.config.bn = strncmp(rows[i].name, "vgg", 3) != 0;
        gt_net *net = gt_forward_declare("C", pass, &m, rows[i].size, rows[i].size, 3);
        if (!net) fail_msg("%s: %s", rows[i].name, gt_message());
        if (parameters(net) != rows[i].parameters)
            fail_msg("%s has %lld parameters instead of %lld", rows[i].name, (long long)parameters(net),
                     (long long)rows[i].parameters);
        gt_net_free(net);
    }
}

static void course_networks(void **state) {
    (void)state;
    made m = of(&gt_classifier_mlp, 10);
    m.config.hidden[0] = m.config.hidden[1] = 100;
    m.config.n_hidden = 2;
    gt_net *net = gt_forward_declare("C", pass, &m, 28, 28, 1);
    assert_non_null(net);
    assert_int_equal(parameters(net), 784 * 100 + 100 + 100 * 100 + 100 + 100 * 10 + 10);
    gt_net_free(net);
    m = of(&gt_classifier_simple_conv, 10);
    net = gt_forward_declare("C", pass, &m, 28, 28, 1);
    assert_non_null(net);
    assert_int_equal(parameters(net), 25 * 30 + 30 + 12 * 12 * 30 * 100 + 100 + 1000 + 10);
    gt_net_free(net);
    m = of(&gt_classifier_deep_conv, 10); /* 28 - 14 - (14 + 2) / 2 - 4 pixels */
    net = gt_forward_declare("C", pass, &m, 28, 28, 1);
    assert_non_null(net);
    assert_int_equal(parameters(net), 9 * (16 + 16 * 16 + 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64) + 224 +
                                          4 * 4 * 64 * 50 + 50 + 500 + 10);
    gt_net_free(net);
}

static void too_small(void **state) {
    (void)state;
    made m = of(&gt_classifier_vgg11, 10);
    assert_null(gt_forward_declare("C", pass, &m, 28, 28, 1));
    assert_non_null(strstr(gt_message(), "does not fit"));
}

/* Any size; the counts by hand: the trunk of VGG-11, 7x7 and 1x1 of 4096 features, scores and upsamplings of 3 classes.
 */
static void fully_convolutional(void **state) {
    (void)state;
    int64_t trunk = 9220480, fc = 49 * 512 * 4096 + 4096 + 4096 * 4096 + 4096, score = 3 * 4096 + 3;
    const struct {
        const gt_classifier_net *net;
        int64_t more;
    } rows[] = {{&gt_classifier_fcn32s, 9 * 64 * 64},
                {&gt_classifier_fcn16s, 3 * 512 + 3 + 9 * (16 + 32 * 32)},
                {&gt_classifier_fcn8s, 3 * 512 + 3 + 3 * 256 + 3 + 9 * (16 + 16 + 16 * 16)}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        made m = of(rows[i].net, 3);
        m.config.trunk = &gt_classifier_vgg11;
        assert_true(gt_classifier_dense(rows[i].net));
        gt_net *net = gt_forward_declare("C", pass, &m, 65, 47, 3);
        if (!net) fail_msg("%s", gt_message());
        assert_int_equal(parameters(net), trunk + fc + score + rows[i].more);
        gt_net_free(net);
    }
    assert_false(gt_classifier_dense(&gt_classifier_vgg16));
}

static gt_node *upsample(gt_forward *f, gt_node *x, const void *arg) {
    const int *size = arg;
    return gt_forward_upsample(f, "up", x, size[0], size[1], size[2]);
}

/* A new transposed convolution interpolates: a ramp stays a ramp (away from the border), and channels do not mix. */
static void upsampling_begins_bilinear(void **state) {
    (void)state;
    for (int factor = 2; factor <= 8; factor *= 2) {
        const int size[] = {factor, 5 * factor - 1, 6 * factor};
        gt_net *net = gt_forward_declare("C", upsample, size, 5, 6, 2);
        assert_non_null(net);
        float *block = calloc(net->block_floats, sizeof *block);
        gt_net_init(net, block, 1);
        gt_graph *g = gt_graph_new("up", NULL);
        gt_forward f = {.graph = g, .bound = {g, net, 0}};
        gt_output(g, "y", upsample(&f, gt_input(g, "x", GT_SHAPE(1, 5, 6, 2)), size));
        gt_exec *x = gt_exec_new(g, &(gt_exec_options){0});
        assert_non_null(x);
        gt_exec_bind(x, 0, block);
        assert_int_equal(gt_exec_prepare(x, &(gt_exec_env){0}), GT_OK);
        float *in = gt_exec_input(x, "x");
        for (int i = 0; i < 30; i++) in[2 * i] = (float)(i / 6 + 10 * (i % 6)), in[2 * i + 1] = 7;
        assert_int_equal(gt_exec_run(x, &(gt_exec_env){0}), GT_OK);
        const float *out = gt_exec_output(x, "y");
        for (int r = factor; r < size[1] - factor; r++)
            for (int c = factor; c < size[2] - factor; c++) {
                float row = ((float)r + 0.5f) / (float)factor - 0.5f, column = ((float)c + 0.5f) / (float)factor - 0.5f;
                assert_float_equal(out[2 * (r * size[2] + c)], row + 10 * column, 1e-4);
                assert_float_equal(out[2 * (r * size[2] + c) + 1], 7, 1e-4);
            }
        gt_exec_free(x);
        gt_graph_free(g);
        gt_net_free(net);
        free(block);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_counts), cmocka_unit_test(course_networks),
                                       cmocka_unit_test(too_small), cmocka_unit_test(fully_convolutional),
                                       cmocka_unit_test(upsampling_begins_bilinear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
