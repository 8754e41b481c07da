/* SPDX-License-Identifier: Apache-2.0
 * Weights in .npz, with the checksums as they are and repaired. */
#include "weights_use.h"

static void add(zip_t *z, const char *name, const char *type, const char *order, const char *shape, size_t bytes,
                int method) {
    gt_buffer b = {0};
    char head[128];
    int n = snprintf(head, sizeof head, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", type, order, shape);
    gt_buffer_printf(&b, "\x93NUMPY%c%c%c%c%s", 1, 0, n, 0, head);
    for (size_t i = 0; i < bytes; i++) gt_buffer_add(&b, &(char){i % 4 ? 0 : (char)(65 + i)}, 1);
    fuzz_add_entry(z, name, b.data, b.n, method);
    gt_buffer_free(&b);
}

static void seed(fuzz_put *put, void *arg, int method, bool many) {
    const char *path = fuzz_scratch();
    int error;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    fuzz_check(z);
    add(z, "a.weight.npy", "<f4", "False", "(2, 3)", 24, method);
    if (many) {
        add(z, "b.npy", "<f8", "True", "(2, 1, 2)", 32, method);
        add(z, "c.npy", "<f2", "False", "(3,)", 6, method);
        add(z, "n.npy", "<i8", "False", "()", 8, method);
        add(z, "t.npy", "<U3", "False", "()", 12, method);
        add(z, "s.npy", "|S4", "False", "()", 4, method);
        add(z, "l.npy", "|S2", "False", "(2,)", 4, method);
        add(z, "o.npy", "|b1", "False", "(2,)", 2, method);
        fuzz_add_entry(z, "readme.txt", "text", 4, method);
    }
    fuzz_check(zip_close(z) == 0);
    fuzz_put_scratch(put, arg, path);
}

static void seeds(fuzz_put *put, void *arg) {
    seed(put, arg, ZIP_CM_STORE, false);
    seed(put, arg, ZIP_CM_STORE, true);
    seed(put, arg, ZIP_CM_DEFLATE, true);
}

static void run(const uint8_t *bytes, size_t n) { fuzz_with_repaired(bytes, n, fuzz_use_weights, fuzz_repair_zip); }

const fuzz_target target = {.variants = 100, .seeds = seeds, .run = run};
