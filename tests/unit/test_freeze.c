/* SPDX-License-Identifier: Apache-2.0
 * Frozen tensors: which ones a pattern names, and where they lie. */
#include "expect.h"

#include "networks/nets/door/nets.h"

static gt_net *network(void) {
    static const struct {
        const char *name;
        bool trainable;
    } rows[] = {{"conv1.weight", true},       {"conv1.bias", true},           {"conv10.weight", true},
                {"layer1.0.bn.weight", true}, {"layer1.0.bn.running", false}, {"layer2.0.conv.weight", true},
                {"fc.weight", true}};
    gt_net *n = gt_net_new("C");
    assert_non_null(n);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_ok(gt_net_declare(
            n, &(gt_tensor){.name = rows[i].name, .file_shape = GT_SHAPE(20), .trainable = rows[i].trainable}));
    assert_ok(gt_net_seal(n));
    return n;
}

/* One letter for each tensor: f frozen, . not. */
static void freezes(const char *patterns, const char *expected) {
    gt_net *n = network();
    size_t trainable = 0;
    assert_ok(gt_net_freeze(n, patterns));
    for (int i = 0; i < n->n_tensors; i++) {
        const gt_tensor *t = &n->tensors[i];
        if (t->frozen != (expected[i] == 'f')) fail_msg("'%s': %s", patterns, t->name);
        assert_true(t->trainable == (!t->frozen && strcmp(t->name, "layer1.0.bn.running")));
        assert_true((t->offset < n->trainable_floats) == t->trainable); /* parameters first, then buffers */
        trainable += t->trainable ? 32 : 0;                             /* 20 floats, and up to a multiple of 16 */
    }
    assert_int_equal(n->trainable_floats, trainable);
    assert_int_equal(n->block_floats, 7 * 32);
    gt_net_free(n);
}

static void patterns(void **state) {
    (void)state;
    freezes("conv1", "ff.....");
    freezes("conv1*", "fff....");
    freezes("conv?", "ff.....");
    freezes("*.weight,*.running", "f.fffff"); /* a bias alone learns */
    freezes("layer1", "...ff..");
    freezes("layer[12].0", "...fff.");
    freezes("layer1.0.bn.running,fc.weight", "....f.f");
}

static void refused(void **state) {
    (void)state;
    static const char *const nothing[] = {"conv", "conv2", "weight", "layer1.", "", "conv1,", "conv1,none", "CONV1"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        gt_net *n = network();
        assert_int_equal(gt_net_freeze(n, nothing[i]), GT_USAGE);
        assert_message("names no layer of the network (conv1, conv10, layer1, layer2, fc)");
        gt_net_free(n);
    }
    gt_net *n = network();
    assert_int_equal(gt_net_freeze(n, "*"), GT_USAGE);
    assert_message("leaves nothing to train");
    gt_net_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(patterns), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
