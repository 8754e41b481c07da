/* SPDX-License-Identifier: Apache-2.0
 * Pickled networks of the reference implementation. */
#include "weights_use.h"

enum { ENCODED, BYTES, SHORT };

/* torch.storage._load_from_bytes(the stream of one storage) */
static void storage(gt_buffer *b, const char *class, int count, size_t size, int how) {
    gt_buffer s = {0};
    p_legacy_head(&s);
    P_RAW(&s, "\x80\x02");
    p_storage_id(&s, class, '8', count, true);
    P_RAW(&s, ".\x80\x02]q\0X\x01\0\0\0"
              "8q\x01"
              "a.");
    p_numbers(&s, count, size);
    P_RAW(b, "ctorch.storage\n_load_from_bytes\n");
    if (how == ENCODED) p_encoded(b, (const uint8_t *)s.data, s.n);
    else p_counted(b, how == SHORT ? "C" : "B", how == SHORT ? 1 : 4, s.data, s.n);
    P_RAW(b, "\x85R");
    gt_buffer_free(&s);
}

static void module(gt_buffer *b, const char *class, int how) {
    P_RAW(b, "ctorch_utils.persistence\n_reconstruct_persistent_obj\n}(X\x04\0\0\0typeX\x05\0\0\0"
             "class");
    P_RAW(b, "X\x0a\0\0\0"
             "class_name");
    p_counted(b, "X", 4, class, strlen(class));
    P_RAW(b, "X\x05\0\0\0state}(X\x0b\0\0\0_parameters"
             "ccollections\nOrderedDict\n)R(X\x01\0\0\0w"
             "ctorch._utils\n_rebuild_parameter\nctorch._utils\n_rebuild_tensor_v2\n(");
    storage(b, "Float", 4, 4, how);
    P_RAW(b, "K\0K\x02K\x02\x86K\x01K\x02\x86\x89}tR\x89}\x87RX\x01\0\0\0bNuX\x08\0\0\0_buffers}X\x01\0\0\0n"
             "ctorch._utils\n_rebuild_tensor_v2\n(");
    storage(b, "Double", 1, 8, how);
    P_RAW(b, "K\0))\x89}tRsX\x08\0\0\0_modulesccollections\nOrderedDict\n)R");
}

/* What a module has beside tensors. */
static void attributes(gt_buffer *b) {
    P_RAW(b, "X\x04\0\0\0gain"
             "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\0\0\0"
             "f8K\0K\x01\x87R(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ"
             "\xff\xff\xff\xffK\0tbC\x08\0\0\0\0\0\0\xf8?\x86RX\x01\0\0\0k"
             "cdnnlib.util\nEasyDict\n)\x81X\x01\0\0\0zK\x10sX\x01\0\0\0s"
             "cbuiltins\nset\n]K\x01"
             "a\x85RX\x01\0\0\0eX\x05\0\0\0lreluX\x01\0\0\0l](K\x01NeX\x01\0\0\0fG?\xe0\0\0\0\0\0\0");
}

static void seed(fuzz_put *put, void *arg, const char *head, size_t n, int how) {
    gt_buffer b = {0};
    gt_buffer_add(&b, head, n);
    P_RAW(&b, "}(X\x13\0\0\0training_set_kwargs}X\x04\0\0\0pathX\x05\0\0\0"
              "d.zips");
    P_RAW(&b, "X\x05\0\0\0G_ema");
    module(&b, "Generator", how);
    P_RAW(&b, "X\x01\0\0\0m");
    module(&b, "MappingNetwork", how);
    P_RAW(&b, "uu\x85Rs");
    attributes(&b);
    P_RAW(&b, "uu\x85RX\x01\0\0\0"
              "DNu.");
    put(arg, b.data, b.n);
    gt_buffer_free(&b);
}

static void seeds(fuzz_put *put, void *arg) {
    seed(put, arg, "\x80\x02", 2, ENCODED);
    seed(put, arg, "\x80\x03", 2, BYTES);
    seed(put, arg, "\x80\x04\x95\x10\0\0\0\0\0\0\0", 11, SHORT);
    static const char call[] = "cos\nsystem\n(S'true'\ntR.";
    put(arg, call, sizeof call - 1);
}

const fuzz_target target = {.variants = 100, .seeds = seeds, .run = fuzz_use_weights};
