/* SPDX-License-Identifier: Apache-2.0
 * State dicts in the ZIP archives of torch.save, with the checksums as they are and repaired. */
#include "weights_use.h"

/* A tensor of 2 x 2 floats, and one of another type on another storage. */
static void tensors(gt_buffer *b, const char *class) {
    P_RAW(b, "\x80\x02}q\0(X\x01\0\0\0a"
             "ctorch._utils\n_rebuild_tensor_v2\n(");
    p_storage_id(b, "Float", '0', 6, false);
    P_RAW(b, "K\x02K\x02K\x02\x86K\x02K\x01\x86\x89"
             "ccollections\nOrderedDict\n)RtRX\x01\0\0\0b"
             "ctorch._utils\n_rebuild_parameter\nctorch._utils\n_rebuild_tensor\n(");
    p_storage_id(b, class, '1', 2, false);
    P_RAW(b,
          "K\0K\x01K\x02\x86K\x02K\x01\x86tR\x89}\x87RX\x05\0\0\0other}(X\x01\0\0\0nNX\x01\0\0\0rG?"
          "\xf0\0\0\0\0\0\0X\x01\0\0\0l](K\x01\x88\x89J\xff\xff\xff\xff"
          "eX\x01\0\0\0sctorch\nSize\nK\x02K\x03\x86\x85RK\x05"
          "ctorch\ndevice\nX\x03\0\0\0cpu\x85RX\x01\0\0\0w\x8a\x09\1\2\3\4\5\6\7\x08\x09uu}X\x09\0\0\0_metadata}sb.");
}

static void seed(fuzz_put *put, void *arg, const char *class, size_t bytes, int method, const char *extra,
                 const char *text) {
    const char *path = fuzz_scratch();
    int error;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    fuzz_check(z);
    gt_buffer b = {0};
    tensors(&b, class);
    fuzz_add_entry(z, "net/data.pkl", b.data, b.n, ZIP_CM_STORE);
    gt_buffer_free(&b);
    p_numbers(&b, 6, 4);
    fuzz_add_entry(z, "net/data/0", b.data + 8, 24, method);
    fuzz_add_entry(z, "net/data/1", b.data + 8, bytes, method);
    gt_buffer_free(&b);
    if (extra) fuzz_add_entry(z, extra, text, strlen(text), ZIP_CM_STORE);
    fuzz_check(zip_close(z) == 0);
    fuzz_put_scratch(put, arg, path);
}

static void seeds(fuzz_put *put, void *arg) {
    seed(put, arg, "Half", 4, ZIP_CM_STORE, NULL, NULL);
    seed(put, arg, "Long", 16, ZIP_CM_STORE, "net/byteorder", "little");
    seed(put, arg, "BFloat16", 4, ZIP_CM_DEFLATE, "net/byteorder", "big");
    seed(put, arg, "Bool", 2, ZIP_CM_STORE, "net/code/a.py", "pass");
}

static void run(const uint8_t *bytes, size_t n) { fuzz_with_repaired(bytes, n, fuzz_use_weights, fuzz_repair_zip); }

const fuzz_target target = {.variants = 100, .seeds = seeds, .run = run};
