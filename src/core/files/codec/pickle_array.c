/* SPDX-License-Identifier: Apache-2.0
 * Numpy arrays in pickles, from the arguments with which Python would call _reconstruct (protocols up to 4) or
 * _frombuffer (5). */
#include <string.h>

#include "files/codec/door/pickle.h"

const char *const gt_pickle_numpy_names[] = {"numpy.core.multiarray._reconstruct",
                                             "numpy._core.multiarray._reconstruct",
                                             "numpy.core.multiarray.scalar",
                                             "numpy._core.multiarray.scalar",
                                             "numpy.core.numeric._frombuffer",
                                             "numpy._core.numeric._frombuffer",
                                             "numpy.ndarray",
                                             "numpy.dtype",
                                             "_codecs.encode",
                                             NULL};

/* Is v a call of something that ends in `name`? */
static bool calls(const gt_pickle *v, const char *name) {
    if (!v || v->kind != GT_PICKLE_CALL || v->item[0]->kind != GT_PICKLE_NAME) return false;
    const gt_pickle *what = v->item[0];
    size_t n = strlen(name);
    return what->n >= n && !memcmp(what->bytes + what->n - n, name, n);
}

/* Argument k of a call; NULL: not there. */
static const gt_pickle *argument(const gt_pickle *call, size_t k) {
    const gt_pickle *list = call->item[1];
    return list->kind == GT_PICKLE_LIST && k < list->items ? list->item[k] : NULL;
}

static gt_status unknown(const char *what) { return gt_fail(GT_FORMAT, "a pickled array %s", what); }

/* dtype('u1') and its like; their state tells the byte order: '|' where there is none, '<', '>'. */
static gt_status read_type(gt_npy *out, const gt_pickle *v) {
    const gt_pickle *code = calls(v, "numpy.dtype") ? argument(v, 0) : NULL;
    if (!code || (code->kind != GT_PICKLE_BYTES && code->kind != GT_PICKLE_TEXT) || code->n != 2 ||
        !gt_npy_set_type(out, code->bytes))
        return unknown("of another type than plain numbers");
    const gt_pickle *state = v->item[2];
    bool big = state && state->kind == GT_PICKLE_LIST && state->items > 1 && state->item[1]->n == 1 &&
               state->item[1]->bytes && state->item[1]->bytes[0] == '>';
    return big ? unknown("of big-endian numbers, which Gantry does not read") : GT_OK;
}

static gt_status read_shape(gt_npy *out, const gt_pickle *v) {
    if (!v || v->kind != GT_PICKLE_LIST) return unknown("without a shape");
    gt_status st = GT_OK;
    for (size_t i = 0; i < v->items && !st; i++) {
        if (v->item[i]->kind != GT_PICKLE_INTEGER || v->item[i]->integer < 0) return unknown("without a shape");
        st = gt_npy_add_dimension(out, (size_t)v->item[i]->integer);
    }
    return st;
}

bool gt_pickle_to_bytes(gt_pickle_array *out, const gt_pickle *v) {
    if (calls(v, "_codecs.encode") && argument(v, 0) && argument(v, 1) && argument(v, 0)->kind == GT_PICKLE_TEXT &&
        gt_pickle_is(argument(v, 1), GT_PICKLE_TEXT, "latin1")) {
        out->utf8 = true;
        v = argument(v, 0);
    } else if (!v || v->kind != GT_PICKLE_BYTES) {
        return false;
    }
    out->bytes = v->bytes;
    out->at = v->at;
    out->n = v->n;
    return true;
}

gt_status gt_pickle_to_array(gt_pickle_array *out, const gt_pickle *v) {
    *out = (gt_pickle_array){0};
    const gt_pickle *type, *shape, *bytes, *order;
    if (calls(v, "multiarray._reconstruct") && v->item[2] && v->item[2]->kind == GT_PICKLE_LIST &&
        v->item[2]->items == 5) {
        gt_pickle **state = v->item[2]->item; /* version, shape, type, Fortran order?, bytes */
        shape = state[1], type = state[2], order = state[3], bytes = state[4];
        if (order->kind != GT_PICKLE_INTEGER || order->integer)
            return unknown("in Fortran order, which Gantry does not read");
    } else if (calls(v, "numeric._frombuffer") && argument(v, 3)) {
        bytes = argument(v, 0), type = argument(v, 1), shape = argument(v, 2), order = argument(v, 3);
        if (!gt_pickle_is(order, GT_PICKLE_TEXT, "C")) return unknown("in Fortran order, which Gantry does not read");
    } else {
        return gt_fail(GT_FORMAT, "something else instead of a numpy array");
    }
    gt_status st = read_type(&out->array, type);
    if (!st) st = read_shape(&out->array, shape);
    if (!st && !gt_pickle_to_bytes(out, bytes)) st = unknown("without bytes");
    size_t n = out->array.elements * (size_t)out->array.size;
    if (!st && (out->utf8 ? n < out->n / 2 || n > out->n : n != out->n))
        st = unknown("with a size that does not fit its shape");
    return st;
}

bool gt_pickle_to_scalar(gt_pickle_array *out, const gt_pickle *v) {
    *out = (gt_pickle_array){0};
    return calls(v, "multiarray.scalar") && !read_type(&out->array, argument(v, 0)) &&
           gt_pickle_to_bytes(out, argument(v, 1));
}

static bool read_scalar(gt_npy *type, uint8_t bytes[8], const gt_pickle *v) {
    gt_pickle_array a;
    if (!gt_pickle_to_scalar(&a, v) || !a.bytes) return false;
    size_t used = a.n, n = a.n;
    *type = a.array;
    if (a.utf8) n = gt_pickle_latin1(a.bytes, a.n, bytes, 8, &used);
    else if (n <= 8) memcpy(bytes, a.bytes, n);
    return n == (size_t)type->size && used == a.n;
}

bool gt_pickle_to_integer(const gt_pickle *v, int64_t *out) {
    gt_npy type;
    uint8_t bytes[8] = {0};
    if (v && v->kind == GT_PICKLE_INTEGER) return *out = v->integer, true;
    if (!read_scalar(&type, bytes, v) || type.type == 'f') return false;
    *out = gt_npy_integer(&type, bytes, 0);
    return true;
}

bool gt_pickle_to_number(const gt_pickle *v, double *out) {
    gt_npy type;
    uint8_t bytes[8] = {0};
    if (v && v->kind == GT_PICKLE_INTEGER) return *out = (double)v->integer, true;
    if (v && v->kind == GT_PICKLE_REAL) return *out = v->real, true;
    if (!read_scalar(&type, bytes, v)) return false;
    *out = gt_npy_number(&type, bytes, 0);
    return true;
}

size_t gt_pickle_latin1(const char *text, size_t n, void *out, size_t most, size_t *used) {
    uint8_t *to = out;
    size_t at = 0, done = 0;
    while (at < n && done < most) {
        uint8_t c = (uint8_t)text[at];
        if (c >= 0x80) { /* two bytes carry U+0080 .. U+00FF */
            if ((c != 0xc2 && c != 0xc3) || at + 1 >= n || ((uint8_t)text[at + 1] & 0xc0) != 0x80) break;
            c = (uint8_t)(c << 6 | ((uint8_t)text[at + 1] & 0x3f));
            at++;
        }
        at++;
        to[done++] = c;
    }
    *used = at;
    return done;
}
