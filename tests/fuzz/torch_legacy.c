/* SPDX-License-Identifier: Apache-2.0
 * State dicts in the streams of torch.save before version 1.6. */
#include "weights_use.h"

static void modern(gt_buffer *b) {
    P_RAW(b, "\x80\x02"
             "ccollections\nOrderedDict\n)R(X\x01\0\0\0a"
             "ctorch._utils\n_rebuild_tensor_v2\n(");
    p_storage_id(b, "Float", '5', 4, true);
    P_RAW(b, "K\0K\x02K\x02\x86K\x01K\x02\x86\x89}tRX\x01\0\0\0b"
             "ctorch.nn.parameter\nParameter\nctorch._utils\n_rebuild_tensor\n(");
    p_storage_id(b, "Short", '3', 3, true);
    P_RAW(b, "K\x01K\x02\x85K\x01\x85tR\x85\x81\x88\x89}\x87"
             "bX\x01\0\0\0n}X\x01\0\0\0eK\x03su.\x80\x02]q\0(X\x01\0\0\0"
             "5X\x01\0\0\0"
             "3e.");
    p_numbers(b, 4, 4);
    p_numbers(b, 3, 2);
}

/* Of Python 2: a list of pairs, texts as bytes. */
static void old(gt_buffer *b) {
    P_RAW(b, "\x80\x02"
             "ccollections\nOrderedDict\n](](U\x01"
             "actorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nDoubleStorage\nU\x02"
             "17U\x06"
             "cuda:0\x8a\x01\x02NtQK\0(K\x02K\x01t(K\x01K\x01t\x89NtRee\x85R.\x80\x02](U\x02"
             "17e.");
    p_numbers(b, 2, 8);
}

static void protocol_4(gt_buffer *b) {
    P_RAW(b, "\x80\x04\x95\x30\0\0\0\0\0\0\0}\x94\x8c\x01"
             "a\x94\x8c\x0ctorch._utils\x94\x8c\x12_rebuild_tensor_v2\x94\x93\x94(("
             "\x8c\x07storage\x94\x8c\x05torch\x94\x8c\x0b"
             "CharStorage\x94\x93\x94\x8c\x01"
             "9\x94\x8c\x03"
             "cpu\x94K\x03Nt\x94QK\0K\x03\x85\x94K\x01\x85\x94\x89}\x94t\x94R\x94s.\x80\x04\x95\x06\0\0\0\0\0\0\0]"
             "\x94\x8c\x01"
             "9\x94"
             "a.");
    p_numbers(b, 3, 1);
}

static void seeds(fuzz_put *put, void *arg) {
    void (*const bodies[])(gt_buffer *) = {modern, old, protocol_4};
    for (int i = 0; i < 3; i++) {
        gt_buffer b = {0};
        p_legacy_head(&b);
        bodies[i](&b);
        put(arg, b.data, b.n);
        gt_buffer_free(&b);
    }
}

const fuzz_target target = {.variants = 100, .seeds = seeds, .run = fuzz_use_weights};
