/* SPDX-License-Identifier: Apache-2.0
 * Networks of --layers: a known network spelled out, mistakes with their layer, bounds, texts from anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "features/classifier/networks.h"

enum { SIDE = 28, CLASSES = 10 };

typedef struct spelled {
    const gt_classifier_net *net;
    gt_classifier_config config;
} spelled;

static gt_node *pass(gt_forward *f, gt_node *x, const void *arg) {
    const spelled *s = arg;
    gt_classifier_heads heads = {0};
    return s->net->forward(f, x, &s->config, NULL, &heads);
}

static spelled spell(const char *layers) {
    gt_classifier_config config = {
        .classes = CLASSES, .width = 1, .bn = true, .dropout = -1, .layers = layers, .shortcut = true};
    return (spelled){&gt_classifier_layers, config};
}

static gt_net *declare(const spelled *s) { return gt_forward_declare("C", pass, s, SIDE, SIDE, 1); }

static gt_net *declared(const char *layers) {
    spelled s = spell(layers);
    gt_net *net = declare(&s);
    if (!net) fail_msg("'%s': %s", layers, gt_message());
    return net;
}

/* First values follow from names, shapes and rules: the same network, bit for bit. */
static void lenet_spelled_out(void **state) {
    (void)state;
    const gt_init uniform = {.rule = GT_INIT_UNIFORM};
    spelled s = spell("conv 6 5 pad 2, relu, pool 2, conv 16 5, relu, pool 2, fc 120, relu, fc 84, relu");
    s.config.init = &uniform;
    gt_net *own = declare(&s);
    assert_non_null(own);
    s.net = &gt_classifier_lenet;
    gt_net *lenet = declare(&s);
    assert_non_null(lenet);
    assert_int_equal(own->n_tensors, lenet->n_tensors);
    for (int i = 0; i < own->n_tensors; i++) {
        const gt_tensor *a = &own->tensors[i], *b = &lenet->tensors[i];
        assert_string_equal(a->name, b->name);
        assert_true(gt_shape_equal(&a->file_shape, &b->file_shape) && a->layout == b->layout);
        assert_true(a->init_std == b->init_std && a->init_bound == b->init_bound && a->init_mean == b->init_mean);
        assert_true(a->offset == b->offset);
    }
    gt_net_free(own);
    gt_net_free(lenet);
}

static void forms_of_layers(void **state) {
    (void)state;
    const struct {
        const char *layers, *tensor;
        gt_shape shape; /* of the tensor */
    } rows[] = {
        {"", "fc1.weight", GT_SHAPE(CLASSES, SIDE * SIDE)},
        {" , ,globalpool,", "fc1.weight", GT_SHAPE(CLASSES, 1)},
        {"conv 4 3 stride 2 pad same, Flatten,\tReLU", "fc1.weight", GT_SHAPE(CLASSES, 4 * 14 * 14)},
        {"conv 4 3 pad valid stride 2", "fc1.weight", GT_SHAPE(CLASSES, 4 * 13 * 13)},
        {"pool 3 stride 2 pad 1", "fc1.weight", GT_SHAPE(CLASSES, 14 * 14)},
        {"avgpool 3", "fc1.weight", GT_SHAPE(CLASSES, 9 * 9)},
        {"avgpool 4 stride 1", "fc1.weight", GT_SHAPE(CLASSES, 25 * 25)},
        {"conv 4 3x5", "conv1.weight", GT_SHAPE(4, 1, 3, 5)},
        {"conv 4 3x5 stride 2 pad same", "fc1.weight", GT_SHAPE(CLASSES, 4 * 14 * 14)},
        {"conv 4 1x6 pad 0x2", "fc1.weight", GT_SHAPE(CLASSES, 4 * 28 * 27)},
        {"pool 2x7", "fc1.weight", GT_SHAPE(CLASSES, 14 * 4)},
        {"pool 3x4 stride 3x1 pad 1x0", "fc1.weight", GT_SHAPE(CLASSES, 10 * 25)},
        {"avgpool 1x3 stride 2", "fc1.weight", GT_SHAPE(CLASSES, 14 * 13)},
        {"conv 4 3, residual(conv 4 3 pad same, relu)", "fc1.weight", GT_SHAPE(CLASSES, 4 * 26 * 26)},
        {"residual(conv 4 3 stride 2 pad same)", "shortcut1.weight", GT_SHAPE(4, 1, 1, 1)},
        {"residual(\nconv 4 3 pad same,\n pool 2,\r\n)", "fc1.weight", GT_SHAPE(CLASSES, 4 * 14 * 14)},
        {"fc 5, RESIDUAL ( fc 7, tanh, residual(fc 9, tanh) ), elu", "shortcut1.weight", GT_SHAPE(9, 7, 1, 1)},
        {"globalpool, residual(fc 1, tanh)", "fc2.weight", GT_SHAPE(CLASSES, 1)},
        {"fc 7, bn, lrelu .1, dropout .5, fc 5, lrelu", "fc2.weight", GT_SHAPE(5, 7)},
        {"conv 3 1, bn, conv 2 1, bn", "bn2.running_var", GT_SHAPE(2)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gt_net *net = declared(rows[i].layers);
        const gt_tensor *t = gt_net_find(net, rows[i].tensor);
        if (!t || !gt_shape_equal(&t->file_shape, &rows[i].shape)) fail_msg("'%s': %s", rows[i].layers, rows[i].tensor);
        gt_net_free(net);
    }
}

static void mistakes_name_their_layer(void **state) {
    (void)state;
    static const struct {
        const char *layers, *message;
    } rows[] = {
        {"conv 30 5, relu, pool 2, pool 13", "layer 4 \"pool 13\": the maps are 12x12 here, and the window must fit"},
        {"relu, maxpool 2", "layer 2 \"maxpool 2\": unknown word 'maxpool'; did you mean pool? the words are conv, "},
        {"dense 10", "unknown word 'dense'; the words are conv, pool, "},
        {"softmax", "layer 1 \"softmax\": leave it out"},
        {"conv", "layer 1 \"conv\": CHANNELS is missing: conv CHANNELS SIZE [stride N]"},
        {"conv 3", "SIZE is missing"},
        {"conv 3 5 7", "'7' is too much"},
        {"pool 2 size 3", "'size' is too much"},
        {"fc 10 pad 1", "'pad' is too much"},
        {"avgpool 2 pad 1", "'pad' is too much"},
        {"conv 3 5 stride", "stride is followed by a value"},
        {"conv 3 5 stride 0", "stride must be a whole number from 1 to 64, not '0'"},
        {"conv 3 5 pad 5", "pad must be a whole number from 0 to 4"},
        {"pool 3 pad 2", "pad must be a whole number from 0 to 1"},
        {"pool 2 pad same", "needs a window of odd sides: with 2 pixels"},
        {"conv 3 5x4 pad same", "needs a window of odd sides: with 4 pixels"},
        {"conv 3 5x65", "SIZE must be a whole number from 1 to 64, not '5x65'"},
        {"conv 3 3x", "SIZE must be a whole number from 1 to 64, not '3x'"},
        {"conv 3 3x3x3", "SIZE must be a whole number from 1 to 64, not '3x3x3'"},
        {"conv 3 3x5 pad 3x1", "pad must be a whole number from 0 to 2, not '3x1'"},
        {"conv 3 3x5 stride 1x2", "the stride of a convolution is one number, not '1x2'"},
        {"pool 1x40", "the maps are 28x28 here, and the window must fit"},
        {"residual", "layer 1 \"residual\": a '(' is missing: residual(LAYER, LAYER, ...)"},
        {"relu(tanh)", "layer 1 \"relu\": a '(' does not follow: relu"},
        {"residual(relu", "layer 1 \"residual\": the block's ')' is missing"},
        {"relu, residual( )", "layer 2 \"residual\": the block is empty"},
        {"relu), tanh", "a ')' without '(' after layer 1"},
        {"(relu)", "unknown word ''"},
        {"residual(conv 3 3)", "the maps are 28x28 before the block and 26x26 at its end"},
        {"residual(pool 1x2)", "the maps are 28x28 before the block and 28x14 at its end"},
        {"residual(pool 3)", "the maps are 28x28 before the block and 9x9 at its end"},
        {"residual(fc 9, tanh)", "a block that begins with maps must end with maps"},
        {"flatten, residual(relu)", "put it before flatten, or after the next fc"},
        {"residual(residual(residual(residual(residual(residual(residual(residual(residual(relu)))))))))",
         "blocks in blocks are at most 8 deep"},
        {"conv 1e9 3", "CHANNELS must be a whole number from 1 to 65536"},
        {"conv 2.5 3", "CHANNELS must be a whole number"},
        {"conv 3 nan", "SIZE must be a whole number"},
        {"fc -1", "UNITS must be a whole number"},
        {"dropout 1", "RATE must be a number from 0 to 0.999"},
        {"relu, fc 10, conv 3 3", "layer 3 \"conv 3 3\": there are no maps left"},
        {"flatten, pool 2", "there are no maps left"},
        {"globalpool, globalpool", "there are no maps left"},
        {"flatten, bn", "put it before flatten"},
        {"fc 20, relu, fc 10, dropout .5", "layer 3 \"fc 10\": the layer to the 10 classes follows by itself"},
        {"@net.txt", "unknown word '@net.txt'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        spelled s = spell(rows[i].layers);
        assert_null(declare(&s));
        if (strncmp(gt_message(), "--layers: ", 10) || !strstr(gt_message(), rows[i].message))
            fail_msg("'%s': %s", rows[i].layers, gt_message());
    }
    spelled s = spell("\r"); /* blanks alone make nothing */
    gt_net_free(declare(&s));
    s = spell("bn");
    s.config.bn = false;
    assert_null(declare(&s));
    assert_non_null(strstr(gt_message(), "--bn=none: this network needs its layer 'bn1'"));
}

/* As many layers as there may be, all of them linear: the convolutional form has a window for each. */
static void bounds(void **state) {
    (void)state;
    enum { MOST = 256 };
    char text[MOST * 5 + 8] = "";
    for (int i = 0; i < MOST / 2; i++) strcat(text, "fc 3,tanh,");
    gt_net *net = declared(text);
    spelled s = spell(text);
    gt_forward_windows windows = {0};
    for (int convolves = 0; convolves < 2; convolves++) {
        gt_graph *g = gt_graph_new("form", NULL);
        gt_forward f = {.graph = g, .bound = {g, net, 0}};
        if (convolves) f.convolves = &windows;
        else f.sees = &windows;
        int64_t side = convolves ? SIDE + 3 : SIDE;
        gt_node *y = pass(&f, gt_input(g, "images", GT_SHAPE(1, side, side, 1)), &s);
        assert_non_null(y);
        assert_int_equal(gt_graph_status(g), GT_OK);
        if (convolves) assert_int_equal(gt_dim(y, 1), 4);
        assert_int_equal(windows.n, MOST / 2 + 1);
        gt_graph_free(g);
    }
    gt_net_free(net);
    strcat(text, "relu");
    s = spell(text);
    assert_null(declare(&s));
    assert_non_null(strstr(gt_message(), "more than 256 layers"));
    s = spell("conv 65536 64 pad 63, conv 65536 64 pad 63, conv 65536 64 pad 63, fc 65536, relu");
    s.config.width = 16;
    gt_net_free(declare(&s)); /* in 64 bits, or refused */
}

/* Words, numbers and bytes in any order: a network, or a message. */
static void texts_from_anywhere(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "conv ",   "pool ",   "avgpool ", "globalpool", "flatten",    "fc ", "bn", "dropout ", "relu", "lrelu ",
        "tanh",    "stride ", "pad ",     "same ",      "valid ",     "1 ",  "2 ", "3 ",       "7 ",   "65536 ",
        "-1 ",     "1e308 ",  ".5 ",      "nan ",       ", ",         ",",   " ",  "\xff",     "@",    "#",
        "softmax", "0x10 ",   "3x5 ",     "residual(",  "residual (", ")",   "\r", "("};
    enum { PIECES = sizeof pieces / sizeof *pieces, TEXTS = 3000, WORDS = 40 };
    uint32_t x = 1;
    int good = 0;
    for (int i = 0; i < TEXTS; i++) {
        char text[WORDS * 12] = "";
        for (int n = 1 + i % WORDS; n; n--) {
            x = x * 1664525 + 1013904223;
            strcat(text, pieces[(x >> 16) % PIECES]);
            if (x >> 31) strcat(text, ",");
        }
        spelled s = spell(text);
        gt_net *net = declare(&s);
        good += net != NULL;
        if (!net) assert_true(strlen(gt_message()) > 0);
        gt_net_free(net);
    }
    assert_true(good > 20 && good < TEXTS);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lenet_spelled_out), cmocka_unit_test(forms_of_layers),
                                       cmocka_unit_test(mistakes_name_their_layer), cmocka_unit_test(bounds),
                                       cmocka_unit_test(texts_from_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
