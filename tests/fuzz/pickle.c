/* SPDX-License-Identifier: Apache-2.0
 * Pickles: whatever they say, nothing of it is done; arrays, texts and numbers in them are looked at. */
#include "fuzz.h"

#include "codec/pickle.h"

#define SEED(text) {text, sizeof text - 1}

static void seeds(fuzz_put *put, void *arg) {
    static const struct {
        const char *bytes;
        size_t n;
    } texts[] = {
        SEED("\x80\x02}q\x00(U\x04" "dataq\x01U\x06\x01\x02\x03\x04\x05\x06q\x02U\x06labelsq\x03]q\x04(K\x00K\x01eu."),
        SEED("\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01" "a\x94K\x05\x8c\x01" "b\x94G?\xf8\x00\x00\x00\x00\x00\x00u."),
        SEED("\x80\x02" "cnumpy.core.multiarray\n_reconstruct\nq\x00" "cnumpy\nndarray\nq\x01K\x00\x85q\x02U\x01" "bq\x03\x87q\x04Rq\x05(K\x01K\x04\x85q\x06"
             "cnumpy\ndtype\nq\x07U\x02u1q\x08K\x00K\x01\x87q\tRq\n(K\x03U\x01|q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0c" "b\x89U\x04" "abcdq\rtq\x0e" "b."),
        SEED("(dp0\nS'a'\np1\nI1\nsS'b'\np2\n(lp3\nF1.5\naL10L\nas."),
        SEED("cos\nsystem\n(S'true'\ntR."),
        SEED("\x80\x02]q\x00h\x00" "a."),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put(arg, texts[i].bytes, texts[i].n);
}

static void look(const gt_pickle *v) {
    gt_pickle_array array;
    int64_t integer;
    char out[64];
    size_t used;
    gt_status st = gt_pickle_to_array(&array, v);
    if (!st) fuzz_check(array.dimensions >= 0 && array.dimensions <= 4);
    if (!st && array.utf8) gt_pickle_latin1(array.bytes, array.n, out, sizeof out, &used);
    gt_pickle_to_integer(v, &integer);
    gt_pickle_is(v, v->kind, "data");
    gt_pickle_get(v, "data");
}

static void run(const uint8_t *bytes, size_t n) {
    gt_arena *arena = gt_arena_new();
    gt_pickle *root;
    fuzz_check(arena);
    if (!gt_pickle_read(&root, arena, bytes, n, gt_pickle_numpy_names)) {
        look(root);
        bool holds = root->kind == GT_PICKLE_LIST || root->kind == GT_PICKLE_DICT || root->kind == GT_PICKLE_CALL;
        for (size_t i = 0; holds && i < root->items && i < 256; i++)
            if (root->item[i]) look(root->item[i]);
    }
    gt_arena_free(arena);
}

const fuzz_target target = {.variants = 1000, .seeds = seeds, .run = run};
