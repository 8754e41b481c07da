/* SPDX-License-Identifier: Apache-2.0
 * Numpy's .npy files: see npy.h. */
#include "files/codec/door/npy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "base/door/memory.h"

/* What follows 'key': in the text of the header; NULL: the key is not there. */
static const char *value_of(const char *text, const char *key) {
    size_t n = strlen(key);
    for (const char *p = strchr(text, '\''); p; p = strchr(p + 1, '\''))
        if (!strncmp(p + 1, key, n) && p[1 + n] == '\'') {
            p += n + 2;
            p += strspn(p, " ");
            return *p == ':' ? p + 1 + strspn(p + 1, " ") : NULL;
        }
    return NULL;
}

bool gt_npy_set_type(gt_npy *out, const char code[2]) {
    *out = (gt_npy){.type = code[0], .size = code[1] - '0', .elements = 1};
    return memchr("uifb", code[0], 4) && memchr("1248", code[1], 4) && (code[0] != 'f' || out->size >= 2);
}

gt_status gt_npy_add_dimension(gt_npy *out, size_t n) {
    size_t bytes;
    if (out->dimensions == GT_NPY_DIMENSIONS_ANY)
        return gt_fail(GT_FORMAT, "an array of more than %d dimensions", GT_NPY_DIMENSIONS_ANY);
    out->shape[out->dimensions++] = n;
    return gt_mul_overflows(out->elements, n, &out->elements) ||
                   gt_mul_overflows(out->elements, (size_t)out->size, &bytes)
               ? gt_fail(GT_FORMAT, "damaged: an array of an impossible size")
               : GT_OK;
}

/* 'U12': 12 characters of 4 bytes. */
static bool set_text_type(gt_npy *out, const char *code, size_t n) {
    enum { DIGITS_MOST = 7 };
    char *end;
    if (n < 2 || n > 1 + DIGITS_MOST || !memchr("US", *code, 2) || !isdigit((unsigned char)code[1])) return false;
    int size = (int)strtol(code + 1, &end, 10);
    *out = (gt_npy){.type = *code, .size = *code == 'U' ? 4 * size : size, .elements = 1};
    return end == code + n;
}

static gt_status read_type(gt_npy *out, const char *text) {
    const char *d = value_of(text, "descr");
    if (!d || (*d != '\'' && *d != '[')) return gt_fail(GT_FORMAT, "damaged: an array without a type");
    if (*d == '[') return gt_fail(GT_FORMAT, "an array of records, which Gantry does not read");
    const char *end = strchr(d + 1, '\'');
    size_t n = end ? (size_t)(end - d - 1) : 0;
    if (n == 2 && d[2] == 'O') return gt_fail(GT_FORMAT, "an array of pickled objects, which Gantry does not read");
    if (n < 3 || !strchr("|<=>", d[1]) ||
        !((n == 3 && gt_npy_set_type(out, d + 2)) || set_text_type(out, d + 2, n - 1)))
        return gt_fail(GT_FORMAT, "an array of type '%.*s', which Gantry does not read", (int)(n < 20 ? n : 20), d + 1);
    out->swapped = d[1] == '>' && out->size != 1;
    return GT_OK;
}

static gt_status read_shape(gt_npy *out, const char *text) {
    const char *p = value_of(text, "shape");
    gt_status st = GT_OK;
    if (!p || *p++ != '(') return gt_fail(GT_FORMAT, "damaged: an array without a shape");
    for (p += strspn(p, " "); *p != ')' && !st; p += strspn(p, " ,")) {
        char *end;
        unsigned long long v = strtoull(p, &end, 10);
        if (end == p || *p == '-') return gt_fail(GT_FORMAT, "damaged: an array without a shape");
        st = gt_npy_add_dimension(out, (size_t)v);
        p = end;
        if (*p == 'L') p++; /* Python 2 */
    }
    return st;
}

static gt_status read_head(gt_npy *out, const void *bytes, size_t n) {
    const uint8_t *p = bytes;
    *out = (gt_npy){0};
    if (n < 12 || memcmp(p, "\x93NUMPY", 6)) return gt_fail(GT_FORMAT, "not a .npy file");
    size_t begin = p[6] == 1 ? 10 : 12, length = p[6] == 1 ? gt_le16(p + 8) : gt_le32(p + 8);
    if (p[6] < 1 || p[6] > 3) return gt_fail(GT_FORMAT, "a .npy file of version %d, which Gantry does not read", p[6]);
    if (length > GT_NPY_HEAD_MAX - begin || length > n - begin)
        return gt_fail(GT_FORMAT, "damaged or truncated: its header is incomplete");
    GT_FREED char *text = malloc(length + 1);
    if (!text) return gt_fail(GT_NOMEM, "out of memory for a header");
    memcpy(text, p + begin, length);
    text[length] = 0;
    gt_status st = read_type(out, text);
    const char *order = value_of(text, "fortran_order");
    if (!st) st = read_shape(out, text);
    out->head = begin + length;
    out->fortran = !order || strncmp(order, "False", 5);
    return st;
}

gt_status gt_npy_any_head(gt_npy *out, const void *bytes, size_t n) {
    gt_status st = read_head(out, bytes, n);
    return !st && out->swapped ? gt_fail(GT_FORMAT, "an array of big-endian numbers, which Gantry does not read") : st;
}

gt_status gt_npy_head(gt_npy *out, const void *bytes, size_t n) {
    gt_status st = read_head(out, bytes, n);
    if (st) return st;
    if (!strchr("uifb", out->type))
        return gt_fail(GT_FORMAT, "an array of type '%c%d', which Gantry does not read", out->type,
                       out->type == 'U' ? out->size / 4 : out->size);
    if (out->dimensions > GT_NPY_DIMENSIONS_MAX)
        return gt_fail(GT_FORMAT, "an array of more than %d dimensions", GT_NPY_DIMENSIONS_MAX);
    return GT_OK;
}

size_t gt_npy_place(const gt_npy *a, size_t i) {
    size_t place = 0, step = a->elements;
    if (!a->fortran) return i;
    for (int k = a->dimensions - 1; k >= 0; k--) {
        step /= a->shape[k];
        place += i % a->shape[k] * step;
        i /= a->shape[k];
    }
    return place;
}

static uint64_t bits_of(const uint8_t *p, int size, bool swapped) {
    switch (size) {
    case 8: return swapped ? gt_be64(p) : gt_le64(p);
    case 4: return swapped ? gt_be32(p) : gt_le32(p);
    case 2: return swapped ? gt_be16(p) : gt_le16(p);
    default: return *p;
    }
}

int64_t gt_npy_integer(const gt_npy *a, const void *data, size_t i) {
    const uint8_t *p = (const uint8_t *)data + gt_npy_place(a, i) * (size_t)a->size;
    uint64_t v = bits_of(p, a->size, a->swapped);
    int unused = a->type == 'i' ? 64 - 8 * a->size : 0;
    return (int64_t)(v << unused) >> unused;
}

double gt_npy_number(const gt_npy *a, const void *data, size_t i) {
    double d;
    float f;
    int64_t v = gt_npy_integer(a, data, i); /* of a real number: its bits */
    if (a->type == 'f' && a->size == 4) return memcpy(&f, &(uint32_t){(uint32_t)v}, 4), (double)f;
    if (a->type == 'f' && a->size == 2) return (double)gt_half((uint16_t)v);
    if (a->type == 'f') return memcpy(&d, &v, 8), d;
    return a->type == 'i' ? (double)v : (double)(uint64_t)v;
}

size_t gt_npy_make_head(char head[GT_NPY_MADE_MAX], const char *type, int n_dims, const int64_t *dims) {
    enum { BEGIN = 10, UNIT = 64 }; /* magic, version, length of the text, and the text, with spaces to a line end */
    char *text = head + BEGIN;
    size_t most = GT_NPY_MADE_MAX - BEGIN, n;
    n = (size_t)snprintf(text, most, "{'descr': '%s', 'fortran_order': False, 'shape': (", type);
    for (int i = 0; i < n_dims; i++)
        n += (size_t)snprintf(text + n, most - n, "%s%lld%s", i ? " " : "", (long long)dims[i],
                              i + 1 < n_dims || n_dims == 1 ? "," : "");
    n += (size_t)snprintf(text + n, most - n, "), }");
    size_t all = (BEGIN + n + 1 + UNIT - 1) / UNIT * UNIT;
    if (all < 2 * UNIT) all = 2 * UNIT;
    memset(text + n, ' ', all - BEGIN - n);
    head[all - 1] = '\n';
    memcpy(head, "\x93NUMPY\x01", 8);
    head[8] = (char)((all - BEGIN) & 0xff);
    head[9] = (char)((all - BEGIN) >> 8);
    return all;
}

gt_status gt_npy_write(const char *path, const float *samples, int height, int width, int channels) {
    char head[GT_NPY_MADE_MAX];
    size_t n = gt_npy_make_head(head, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "<f4" : ">f4", 3,
                                (int64_t[]){height, width, channels});
    size_t bytes = (size_t)height * (size_t)width * (size_t)channels * sizeof *samples;
    return gt_file_replace(path, (struct iovec[]){{head, n}, {(void *)samples, bytes}}, 2);
}
