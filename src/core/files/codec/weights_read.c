/* SPDX-License-Identifier: Apache-2.0
 * Reads the numbers of a tensor, as float32 or as they are. */
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "files/codec/weights_internal.h"

enum { PIECE_BYTES = 1 << 15 };

/* ---- types ---- */

static double of_f32(const uint8_t *p) {
    float f;
    memcpy(&f, &(uint32_t){gt_le32(p)}, sizeof f);
    return (double)f;
}

static double of_f64(const uint8_t *p) {
    double d;
    memcpy(&d, &(uint64_t){gt_le64(p)}, sizeof d);
    return d;
}

static double of_bf16(const uint8_t *p) { return of_f32((const uint8_t[]){0, 0, p[0], p[1]}); }
static double of_f16(const uint8_t *p) { return (double)gt_half(gt_le16(p)); }
static double of_i64(const uint8_t *p) { return (double)(int64_t)gt_le64(p); }
static double of_i32(const uint8_t *p) { return (int32_t)gt_le32(p); }
static double of_i16(const uint8_t *p) { return (int16_t)gt_le16(p); }
static double of_i8(const uint8_t *p) { return (int8_t)*p; }
static double of_u64(const uint8_t *p) { return (double)gt_le64(p); }
static double of_u32(const uint8_t *p) { return gt_le32(p); }
static double of_u16(const uint8_t *p) { return gt_le16(p); }
static double of_u8(const uint8_t *p) { return *p; }

static const struct {
    const char *name;
    size_t bytes;
    double (*number)(const uint8_t *p);
} types[] = {
    [GT_WEIGHT_F32] = {"float32", 4, of_f32}, [GT_WEIGHT_F64] = {"float64", 8, of_f64},
    [GT_WEIGHT_F16] = {"float16", 2, of_f16}, [GT_WEIGHT_BF16] = {"bfloat16", 2, of_bf16},
    [GT_WEIGHT_I64] = {"int64", 8, of_i64},   [GT_WEIGHT_I32] = {"int32", 4, of_i32},
    [GT_WEIGHT_I16] = {"int16", 2, of_i16},   [GT_WEIGHT_I8] = {"int8", 1, of_i8},
    [GT_WEIGHT_U8] = {"uint8", 1, of_u8},     [GT_WEIGHT_BOOL] = {"bool", 1, of_u8},
    [GT_WEIGHT_U64] = {"uint64", 8, of_u64},  [GT_WEIGHT_U32] = {"uint32", 4, of_u32},
    [GT_WEIGHT_U16] = {"uint16", 2, of_u16},
};

const char *gt_weight_type_name(gt_weight_type type) { return types[type].name; }

size_t gt_weight_type_bytes(gt_weight_type type) { return types[type].bytes; }

double gt_weight_number(gt_weight_type type, const uint8_t *value) { return types[type].number(value); }

/* ---- bytes of a storage ---- */

/* Bytes `from` to `from` + `n` of text that stands for bytes. */
static gt_status pour_text(const gt_weights *w, const gt_weight_storage *s, uint64_t from, uint64_t n, gt_zip_sink *to,
                           void *arg) {
    char text[PIECE_BYTES], bytes[PIECE_BYTES];
    uint64_t at = 0, done = 0; /* of the text; bytes in front of those in `bytes` */
    size_t have = 0;
    gt_status st = GT_OK;
    while (at < s->text && done < from + n && !st) {
        size_t length = s->text - at < PIECE_BYTES ? (size_t)(s->text - at) : PIECE_BYTES, used;
        if ((st = gt_read_at(w->fd, s->at + at, text, length))) return st;
        uint64_t left = done < from ? from - done : from + n - done; /* pieces end where `from` is */
        size_t room = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        have += gt_pickle_latin1(text, length, bytes + have, room - have, &used);
        if (!used) return gt_fail(GT_FORMAT, "damaged: text that does not encode bytes");
        at += used;
        if (have < room) continue;
        if (done >= from) st = to(arg, bytes, have);
        done += have;
        have = 0;
    }
    if (!st && (done < from + n || (done == s->n && at < s->text)))
        st = gt_fail(GT_FORMAT, "damaged: its number of bytes does not fit its numbers");
    return st;
}

/* As gt_zip_pour, for any storage. */
static gt_status pour_storage(const gt_weights *w, const gt_weight_storage *s, uint64_t from, uint64_t n,
                              gt_zip_sink *to, void *arg) {
    if (s->in_entry) return gt_zip_pour(w->zip, s->entry, s->at + from, n, to, arg);
    if (s->utf8) return pour_text(w, s, from, n, to, arg);
    char piece[PIECE_BYTES];
    gt_status st = GT_OK;
    for (uint64_t done = 0; done < n && !st;) {
        size_t length = n - done < PIECE_BYTES ? (size_t)(n - done) : PIECE_BYTES;
        st = gt_read_at(w->fd, s->at + from + done, piece, length);
        if (!st) st = to(arg, piece, length);
        done += length;
    }
    return st;
}

/* ---- tensors ---- */

typedef struct target {
    gt_weight_type type;
    float *numbers;
    uint8_t *bytes;
} target;

static gt_status add_numbers(void *arg, const void *bytes, size_t n) {
    target *t = arg;
    size_t size = types[t->type].bytes, count = n / size;
    for (size_t i = 0; i < count; i++) t->numbers[i] = (float)types[t->type].number((const uint8_t *)bytes + i * size);
    t->numbers += count;
    return GT_OK;
}

static gt_status add_bytes(void *arg, const void *bytes, size_t n) {
    target *t = arg;
    memcpy(t->bytes, bytes, n);
    t->bytes += n;
    return GT_OK;
}

static bool is_row_major(const gt_weight_item *item) {
    gt_weight_item plain = *item;
    gt_weight_set_row_major(&plain);
    for (int i = 0; i < item->seen.n_dims; i++)
        if (item->seen.dims[i] > 1 && item->strides[i] != plain.strides[i]) return false;
    return true;
}

/* The elements in their order, from bytes that begin with the first element. */
static gt_status pour_gathered(const gt_weight_item *item, const uint8_t *bytes, gt_zip_sink *to, void *arg) {
    uint8_t piece[PIECE_BYTES];
    int64_t index[GT_WEIGHT_MOST_DIMS] = {0};
    size_t size = types[item->storage.type].bytes, have = 0;
    uint64_t at = 0;
    gt_status st = GT_OK;
    for (size_t i = 0; i < item->seen.size && !st; i++) {
        memcpy(piece + have, bytes + at * size, size);
        have += size;
        if (have == PIECE_BYTES || i + 1 == item->seen.size) {
            st = to(arg, piece, have);
            have = 0;
        }
        for (int k = item->seen.n_dims - 1; k >= 0; k--) {
            at += item->strides[k];
            if (++index[k] < item->seen.dims[k]) break;
            at -= (uint64_t)item->seen.dims[k] * item->strides[k];
            index[k] = 0;
        }
    }
    return st;
}

static gt_status pour_strided(const gt_weights *w, const gt_weight_item *item, gt_zip_sink *to, void *arg) {
    size_t size = types[item->storage.type].bytes, n = (size_t)(item->last + 1) * size; /* as many as the file has */
    GT_FREED uint8_t *bytes = malloc(n);
    if (!bytes) return gt_fail(GT_NOMEM, "out of memory for %zu bytes", n);
    gt_status st = pour_storage(w, &item->storage, item->offset * size, n, add_bytes, &(target){.bytes = bytes});
    return st ? st : pour_gathered(item, bytes, to, arg);
}

static gt_status pour_item(const gt_weights *w, const gt_weight_item *item, gt_zip_sink *to, void *arg) {
    size_t size = types[item->storage.type].bytes;
    if (item->seen.size == 0) return GT_OK;
    if (!is_row_major(item)) return pour_strided(w, item, to, arg);
    return pour_storage(w, &item->storage, item->offset * size, item->seen.size * size, to, arg);
}

static gt_status wrap(const gt_weights *w, const gt_weight_item *item, gt_status st) {
    return st ? gt_wrap(st, "'%s': tensor '%s'", w->path, item->seen.name) : GT_OK;
}

gt_status gt_weights_pour(const gt_weights *w, size_t i, gt_zip_sink *to, void *arg) {
    return wrap(w, &w->items[i], pour_item(w, &w->items[i], to, arg));
}

gt_status gt_weights_read(const gt_weights *w, size_t i, float *out) {
    const gt_weight_item *item = &w->items[i];
    const gt_weight_storage *s = &item->storage;
    size_t n = item->seen.size;
    bool plain = s->type == GT_WEIGHT_F32 && !s->in_entry && !s->utf8 && is_row_major(item);
    if (n == 0) return GT_OK;
    gt_status st = plain && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
                       ? gt_read_at(w->fd, s->at + item->offset * sizeof *out, out, n * sizeof *out)
                       : pour_item(w, item, add_numbers, &(target){.type = s->type, .numbers = out});
    return wrap(w, item, st);
}
