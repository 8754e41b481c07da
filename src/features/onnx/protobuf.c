/* SPDX-License-Identifier: Apache-2.0
 * Protocol buffers: see file.h. */
#include "features/onnx/file.h"

#include <endian.h>
#include <string.h>

enum { VARINT = 0, LENGTH = 2, FIXED32 = 5 }; /* wire types */

/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
static void varint(gt_buffer *b, uint64_t v) {
    unsigned char bytes[10];
    size_t n = 0;
    for (; v > 127; v >>= 7) bytes[n++] = (unsigned char)(v | 128);
    bytes[n++] = (unsigned char)v;
    gt_buffer_add(b, bytes, n);
}

static void tag(gt_buffer *b, int field, int type) { varint(b, (uint64_t)field << 3 | (uint64_t)type); }

void gt_proto_number(gt_buffer *b, int field, int64_t value) {
    tag(b, field, VARINT);
    varint(b, (uint64_t)value);
}

void gt_proto_float(gt_buffer *b, int field, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    tag(b, field, FIXED32);
    gt_buffer_add(b, &(uint32_t){htole32(bits)}, sizeof bits);
}

void gt_proto_head(gt_buffer *b, int field, size_t n) {
    tag(b, field, LENGTH);
    varint(b, n);
}

static void put_bytes(gt_buffer *b, int field, const void *bytes, size_t n) {
    gt_proto_head(b, field, n);
    gt_buffer_add(b, bytes, n);
}

void gt_proto_text(gt_buffer *b, int field, const char *text) { put_bytes(b, field, text, strlen(text)); }

void gt_proto_message(gt_buffer *b, int field, gt_buffer *inner) {
    put_bytes(b, field, inner->data, inner->n);
    b->failed |= inner->failed;
    gt_buffer_free(inner);
}
