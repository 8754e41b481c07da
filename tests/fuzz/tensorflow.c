/* SPDX-License-Identifier: Apache-2.0
 * Pickled networks of TensorFlow. */
#include "weights_use.h"

enum { ENCODED, BYTES, BUFFER };

#define DTYPE                    \
    "cnumpy\ndtype\nX\x02\0\0\0" \
    "f4\x89\x88\x87R(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"

static void numbers(gt_buffer *b, int count, int how) {
    gt_buffer n = {0};
    p_numbers(&n, count, 4);
    if (how == ENCODED) p_encoded(b, (const uint8_t *)n.data + 8, n.n - 8);
    else p_counted(b, how == BUFFER ? "\x96" : "C", how == BUFFER ? 8 : 1, n.data + 8, n.n - 8);
    gt_buffer_free(&n);
}

/* A pair of a name and an array [2,3], or a scalar. */
static void variable(gt_buffer *b, char name, bool scalar, int how) {
    gt_buffer_printf(b, "X%c%c%c%c%c", 1, 0, 0, 0, name);
    if (scalar) {
        P_RAW(b, "cnumpy.core.multiarray\nscalar\n" DTYPE);
        numbers(b, 1, how);
        P_RAW(b, "\x86R");
    } else if (how == BUFFER) {
        P_RAW(b, "cnumpy.core.numeric\n_frombuffer\n(");
        numbers(b, 6, how);
        P_RAW(b, DTYPE "K\x02K\x03\x86X\x01\0\0\0CtR");
    } else {
        P_RAW(b, "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
                 "C\x01"
                 "b\x87R(K\x01K\x02K\x03\x86" DTYPE "\x89");
        numbers(b, 6, how);
        P_RAW(b, "tb");
    }
    P_RAW(b, "\x86");
}

static void network(gt_buffer *b, bool inner, int how) {
    P_RAW(b, "cdnnlib.tflib.network\nNetwork\n)\x81}("
             "X\x07\0\0\0versionK\x04X\x04\0\0\0nameX\x01\0\0\0NX\x0d\0\0\0static_kwargs}"
             "X\x01\0\0\0rK\x20sX\x09\0\0\0variables](");
    variable(b, 'v', false, how);
    variable(b, 's', true, how);
    P_RAW(b, "eX\x0a\0\0\0"
             "componentscdnnlib.util\nEasyDict\n)\x81");
    if (inner) {
        P_RAW(b, "X\x01\0\0\0m");
        network(b, false, how);
        P_RAW(b, "s");
    }
    P_RAW(b, "ub");
}

static void seed(fuzz_put *put, void *arg, const char *head, int how) {
    gt_buffer b = {0};
    gt_buffer_add(&b, head, 2);
    for (int i = 0; i < 3; i++) network(&b, i != 1, how);
    P_RAW(&b, "\x87.");
    put(arg, b.data, b.n);
    gt_buffer_free(&b);
}

static void seeds(fuzz_put *put, void *arg) {
    seed(put, arg, "\x80\x02", ENCODED);
    seed(put, arg, "\x80\x03", BYTES);
    seed(put, arg, "\x80\x05", BUFFER);
}

const fuzz_target target = {.variants = 100, .seeds = seeds, .run = fuzz_use_weights};
