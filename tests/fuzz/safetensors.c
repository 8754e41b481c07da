/* SPDX-License-Identifier: Apache-2.0
 * Weights in .safetensors. */
#include "weights_use.h"

static void seed(fuzz_put *put, void *arg, const char *header, size_t bytes) {
    gt_buffer b = {0};
    uint64_t n = htole64(strlen(header));
    gt_buffer_add(&b, &n, sizeof n);
    gt_buffer_printf(&b, "%s", header);
    for (size_t i = 0; i < bytes; i++) gt_buffer_add(&b, &(char){(char)(31 * i)}, 1);
    put(arg, b.data, b.n);
    gt_buffer_free(&b);
}

#define ONE(type, shape, begin, end) \
    "{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

static void seeds(fuzz_put *put, void *arg) {
    seed(put, arg, "{}", 0);
    seed(put, arg, "{\"a\":" ONE("F32", "[2,2]", 0, 16) "}   ", 16);
    seed(put, arg,
         "{\"__metadata__\":{\"format\":\"pt\",\"k\":\"\\u00e9\\\"\"},\"f64\":" ONE("F64", "[1]", 0, 8) ",\"i64\":" ONE(
             "I64", "[]", 8, 16) ",\"u64\":" ONE("U64", "[1,1]", 16,
                                                 24) ",\"i32\":" ONE("I32", "[1]", 24, 28) ",\"u32\":" ONE("U32", "[1]",
                                                                                                           28, 32) "}",
         32);
    seed(put, arg,
         "{\"u16\":" ONE("U16", "[3]", 12, 18) ",\"h\":" ONE("F16", "[3]", 0, 6) ",\"b\":" ONE(
             "BF16", "[3]", 6, 12) ",\"i16\":" ONE("I16", "[1]", 18,
                                                   20) ",\"i8\":" ONE("I8", "[2]", 20,
                                                                      22) ",\"t\":" ONE("BOOL", "[2]", 22,
                                                                                        24) ",\"e"
                                                                                            "\":" ONE("U8", "[0,3]", 24,
                                                                                                      24) "}",
         24);
}

const fuzz_target target = {.variants = 100, .seeds = seeds, .run = fuzz_use_weights};
