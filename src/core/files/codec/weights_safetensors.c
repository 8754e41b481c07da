/* SPDX-License-Identifier: Apache-2.0
 * Tensors of .safetensors: eight bytes of length, a header in JSON, and the numbers. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/memory.h"
#include "base/door/numbers.h"
#include "files/codec/weights_internal.h"

enum { LENGTH_BYTES = 8, HEADER_MOST = 100000000, VALUES_MOST = 1 << 22 };

typedef struct range {
    uint64_t begin, end;
    const char *name;
} range;

static bool find_type(const char *name, gt_weight_type *out) {
    static const struct {
        const char *name;
        gt_weight_type type;
    } types[] = {{"F32", GT_WEIGHT_F32},  {"F64", GT_WEIGHT_F64}, {"F16", GT_WEIGHT_F16}, {"BF16", GT_WEIGHT_BF16},
                 {"I64", GT_WEIGHT_I64},  {"I32", GT_WEIGHT_I32}, {"I16", GT_WEIGHT_I16}, {"I8", GT_WEIGHT_I8},
                 {"U64", GT_WEIGHT_U64},  {"U32", GT_WEIGHT_U32}, {"U16", GT_WEIGHT_U16}, {"U8", GT_WEIGHT_U8},
                 {"BOOL", GT_WEIGHT_BOOL}};
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (!strcmp(name, types[i].name)) return *out = types[i].type, true;
    return false;
}

static gt_status damaged(const char *name, const char *what) {
    return gt_fail(GT_FORMAT, "tensor '%s': damaged: %s", name, what);
}

static bool get_integer(const json_t *list, size_t i, int64_t *out) {
    const json_t *v = json_array_get(list, i);
    *out = json_integer_value(v);
    return json_is_integer(v) && *out >= 0;
}

static gt_status add_tensor(gt_weights *w, const char *name, const json_t *value, uint64_t begin, range *where) {
    gt_weight_item item = {0};
    const char *type = json_string_value(json_object_get(value, "dtype"));
    const json_t *shape = json_object_get(value, "shape"), *offsets = json_object_get(value, "data_offsets");
    int64_t from, to;
    if (!json_is_array(shape) || json_array_size(offsets) != 2 || !type)
        return damaged(name, "dtype, shape or data_offsets is missing");
    if (!find_type(type, &item.storage.type) && gt_weights_check_name(type)) return GT_FORMAT;
    if (!find_type(type, &item.storage.type))
        return gt_fail(GT_FORMAT, "tensor '%s': numbers of type '%.20s', which Gantry does not read", name, type);
    if (!get_integer(offsets, 0, &from) || !get_integer(offsets, 1, &to) || to < from ||
        (uint64_t)to > w->bytes - begin)
        return damaged(name, "it lies outside the file");
    if (json_array_size(shape) > GT_WEIGHT_MOST_DIMS)
        return gt_fail(GT_FORMAT, "tensor '%s': more than %d dimensions", name, GT_WEIGHT_MOST_DIMS);
    item.seen.n_dims = (int)json_array_size(shape);
    size_t bytes = gt_weight_type_bytes(item.storage.type);
    for (int i = 0; i < item.seen.n_dims; i++)
        if (!get_integer(shape, (size_t)i, &item.seen.dims[i]) ||
            gt_mul_overflows(bytes, (size_t)item.seen.dims[i], &bytes))
            return damaged(name, "its shape is impossible");
    if (bytes != (uint64_t)(to - from)) return damaged(name, "its number of bytes does not fit its shape");
    item.storage.at = begin + (uint64_t)from;
    item.storage.n = bytes;
    *where = (range){(uint64_t)from, (uint64_t)to, name};
    gt_weight_set_row_major(&item);
    return gt_weights_add(w, name, &item);
}

static gt_status add_metadata(gt_weights *w, json_t *metadata) {
    const char *key;
    json_t *value;
    gt_status st = json_is_object(metadata) ? GT_OK : gt_fail(GT_FORMAT, "damaged: its metadata is not a table");
    json_object_foreach(metadata, key, value) {
        if (st || (st = gt_weights_check_name(key))) return st;
        st = json_is_string(value) ? gt_weights_add_text(w, key, json_string_value(value), json_string_length(value))
                                   : gt_fail(GT_FORMAT, "damaged: metadata '%s' is not text", key);
    }
    return st;
}

static int by_begin(const void *a, const void *b) {
    const range *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

/* The tensors follow each other from the first byte to the last. */
static gt_status check_ranges(range *ranges, size_t n, uint64_t bytes) {
    uint64_t at = 0;
    if (n) qsort(ranges, n, sizeof *ranges, by_begin);
    for (size_t i = 0; i < n; at = ranges[i++].end)
        if (ranges[i].begin != at)
            return damaged(ranges[i].name,
                           ranges[i].begin < at ? "it overlaps another tensor" : "bytes before it belong to no tensor");
    return at == bytes
               ? GT_OK
               : gt_fail(GT_FORMAT, "damaged: %llu bytes after the last tensor", (unsigned long long)(bytes - at));
}

static gt_status add_all(gt_weights *w, json_t *header, uint64_t begin) {
    size_t n = 0;
    GT_FREED range *ranges = calloc(json_object_size(header) + 1, sizeof *ranges);
    gt_status st = ranges ? GT_OK : gt_fail(GT_NOMEM, "out of memory for tensors");
    const char *name;
    json_t *value;
    json_object_foreach(header, name, value) {
        if (st || (st = gt_weights_check_name(name))) break;
        if (!strcmp(name, "__metadata__")) st = add_metadata(w, value);
        else st = add_tensor(w, name, value, begin, &ranges[n++]);
    }
    return st ? st : check_ranges(ranges, n, w->bytes - begin);
}

/* More values than any network has are refused before they take memory. */
static bool has_many_values(const char *text, size_t n) {
    size_t values = 0;
    for (size_t i = 0; i < n; i++) values += text[i] == ',' || text[i] == ':' || text[i] == '[';
    return values > VALUES_MOST;
}

gt_status gt_weights_find_safetensors(gt_weights *w) {
    uint8_t length[LENGTH_BYTES];
    w->kind = GT_WEIGHTS_SAFETENSORS;
    gt_status st = gt_read_at(w->fd, 0, length, sizeof length);
    uint64_t n = st ? 0 : gt_le64(length);
    if (!st && (n > HEADER_MOST || n > w->bytes - LENGTH_BYTES))
        st = gt_fail(GT_FORMAT, "damaged or truncated .safetensors: a header of %llu bytes in a file of %llu",
                     (unsigned long long)n, (unsigned long long)w->bytes);
    GT_FREED char *text = st ? NULL : malloc((size_t)n + 1);
    if (!st && !text) st = gt_fail(GT_NOMEM, "out of memory for a header");
    if (!st) st = gt_read_at(w->fd, LENGTH_BYTES, text, (size_t)n);
    if (!st && has_many_values(text, (size_t)n))
        st = gt_fail(GT_FORMAT, "a .safetensors header of more than %d values", VALUES_MOST);
    json_error_t error;
    json_t *header = st ? NULL : json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, &error);
    if (!st && !json_is_object(header))
        st = gt_fail(GT_FORMAT, "damaged .safetensors: its header is not JSON: %s",
                     header ? "not a table" : error.text);
    if (!st) st = add_all(w, header, LENGTH_BYTES + n);
    json_decref(header);
    return st;
}
