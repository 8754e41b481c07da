/* SPDX-License-Identifier: Apache-2.0
 * Pickles: whatever they say, nothing of it is done; arrays, texts and numbers in them are looked at. */
#include "fuzz.h"

#include "files/codec/door/pickle.h"

#define SEED(text) \
    { text, sizeof text - 1 }

static void seeds(fuzz_put *put, void *arg) {
    static const struct {
        const char *bytes;
        size_t n;
    } texts[] = {
        SEED("\x80\x02}q\x00(U\x04"
             "dataq\x01U\x06\x01\x02\x03\x04\x05\x06q\x02U\x06labelsq\x03]q\x04(K\x00K\x01eu."),
        SEED("\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01"
             "a\x94K\x05\x8c\x01"
             "b\x94G?\xf8\x00\x00\x00\x00\x00\x00u."),
        SEED("\x80\x02"
             "cnumpy.core.multiarray\n_reconstruct\nq\x00"
             "cnumpy\nndarray\nq\x01K\x00\x85q\x02U\x01"
             "bq\x03\x87q\x04Rq\x05(K\x01K\x04\x85q\x06"
             "cnumpy\ndtype\nq\x07U\x02u1q\x08K\x00K\x01\x87q\tRq\n(K\x03U\x01|"
             "q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0c"
             "b\x89U\x04"
             "abcdq\rtq\x0e"
             "b."),
        SEED("(dp0\nS'a'\np1\nI1\nsS'b'\np2\n(lp3\nF1.5\naL10L\nas."),
        SEED("cos\nsystem\n(S'true'\ntR."),
        SEED("\x80\x02]q\x00h\x00"
             "a."),
        /* of Python 3 with numpy: bytes as latin1 text, a scalar; protocol 4; encoded texts */
        SEED("\200\002}q\000(X\004\000\000\000dataq\001cnumpy.core.multiarray\012_"
             "reconstruct\012q\002cnumpy\012ndarray\012q\003K\000"
             "\205q\004c_"
             "codecs\012encode\012q\005X\001\000\000\000bq\006X\006\000\000\000latin1q\007\206q\010Rq\011\207q\012Rq"
             "\013(K"
             "\001K\002K\002\206q\014cnumpy\012dtype\012q\015X\002\000\000\000u1q\016\211\210\207q\017Rq\020("
             "K\003X\001\000\000\000|q"
             "\021NNNJ\377\377\377\377J\377\377\377\377K\000tq\022b\211h\005X\006\000\000\000\001\002\303\210\303\277q"
             "\023h\007\206q"
             "\024Rq\025tq\026bX\001\000\000\000nq\027cnumpy.core."
             "multiarray\012scalar\012q\030h\015X\002\000\000\000i8q\031\211\210"
             "\207q\032Rq\033(K\003X\001\000\000\000<"
             "q\034NNNJ\377\377\377\377J\377\377\377\377K\000tq\035bh\005X\020\000\000\000\303"
             "\271\303\277\303\277\303\277\303\277\303\277\303\277\303\277q\036h\007\206q\037Rq \206q!Rq\"u."),
        SEED("\200\004\225\214\000\000\000\000\000\000\000\214\025numpy.core.multiarray\224\214\014_"
             "reconstruct\224\223\224\214\005num"
             "py\224\214\007ndarray\224\223\224K\000\205\224C\001b\224\207\224R\224("
             "K\001K\001K\002\206\224h\003\214\005dtype\224\223"
             "\224\214\002u1\224\211\210\207\224R\224(K\003\214\001|"
             "\224NNNJ\377\377\377\377J\377\377\377\377K\000t\224b\211C\002\001"
             "\002\224t\224b."),
        SEED("\200\002}q\000c_"
             "codecs\012encode\012q\001X\004\000\000\000dataq\002X\006\000\000\000latin1q\003\206q\004Rq\005]q\006(h"
             "\001X\003\000\000\000catq\007h\003\206q\010Rq\011X\003\000\000\000dogq\012es."),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put(arg, texts[i].bytes, texts[i].n);
}

static void look(const gt_pickle *v) {
    gt_pickle_array array;
    int64_t integer;
    char out[64];
    size_t used;
    gt_status st = gt_pickle_to_array(&array, v);
    if (!st) fuzz_check(array.array.dimensions >= 0 && array.array.dimensions <= GT_NPY_DIMENSIONS_ANY);
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
