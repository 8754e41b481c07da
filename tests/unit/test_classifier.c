/* SPDX-License-Identifier: Apache-2.0
 * Networks of classifiers: numbers of parameters as published, and networks that cannot be. The values of outputs and
 * gradients: tests/torch/classifiers.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "models/classifier/networks.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_counts), cmocka_unit_test(course_networks),
                                       cmocka_unit_test(too_small)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
