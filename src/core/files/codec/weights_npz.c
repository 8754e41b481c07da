/* SPDX-License-Identifier: Apache-2.0
 * Arrays of NumPy's .npz: a ZIP of .npy files, stored or deflated. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "files/codec/weights_internal.h"

enum { TEXT_MOST = 1 << 20 };

/* UTF-32 as UTF-8; what is not a character becomes '?'. Returns the number of bytes in `out`, four for a character at
 * most. */
static size_t to_utf8(const uint8_t *from, size_t characters, char *out) {
    char *p = out;
    for (size_t i = 0; i < characters; i++) {
        uint32_t c = gt_le32(from + 4 * i);
        if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = '?';
        int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
        *p++ = (char)(marks[more] | c >> 6 * more);
        while (more--) *p++ = (char)(0x80 | (c >> 6 * more & 0x3f));
    }
    return (size_t)(p - out);
}

/* An array without dimensions: a number or a text. */
static gt_status add_fact(gt_weights *w, const char *name, size_t entry, const gt_npy *array) {
    if (array->size > TEXT_MOST)
        return gt_fail(GT_FORMAT, "a text of %d bytes, which Gantry does not read", array->size);
    size_t size = (size_t)array->size, all = array->head + size;
    if (gt_zip_at(w->zip, entry)->size != all) return gt_fail(GT_FORMAT, "damaged: not an array of its size");
    GT_FREED uint8_t *bytes = malloc(all + size + 1); /* and room for the text */
    if (!bytes) return gt_fail(GT_NOMEM, "out of memory for a text");
    char *text = (char *)bytes + all;
    gt_status st = gt_zip_read(w->zip, entry, bytes);
    if (!st && !strchr("US", array->type)) {
        st = gt_weights_add_number(w, name, gt_npy_number(array, bytes + array->head, 0));
    } else if (!st) {
        size_t n = size;
        if (array->type == 'U') n = to_utf8(bytes + array->head, size / 4, text);
        else memcpy(text, bytes + array->head, n);
        while (n > 0 && text[n - 1] == 0) n--; /* how numpy fills texts up */
        st = gt_weights_add_text(w, name, text, n);
    }
    return st;
}

static gt_status add_array(gt_weights *w, const char *name, size_t entry, const gt_npy *array) {
    gt_weight_item item = {.storage = {.in_entry = true, .entry = entry, .at = array->head}};
    if (!gt_weight_type_of_array(array, &item.storage.type)) return GT_OK; /* lists of texts say nothing */
    item.storage.n = array->elements * (size_t)array->size;
    if (gt_zip_at(w->zip, entry)->size != array->head + item.storage.n)
        return gt_fail(GT_FORMAT, "damaged: an array of %zu elements in an entry of %llu bytes", array->elements,
                       (unsigned long long)gt_zip_at(w->zip, entry)->size);
    gt_weight_set_shape(&item, array);
    return gt_weights_add(w, name, &item);
}

static gt_status add_entry(gt_weights *w, size_t entry, const char *name, void *head) {
    uint64_t size = gt_zip_at(w->zip, entry)->size;
    size_t n = size < GT_NPY_HEAD_MAX ? (size_t)size : GT_NPY_HEAD_MAX;
    gt_npy array;
    gt_status st = gt_zip_peek(w->zip, entry, head, n);
    if (!st) st = gt_npy_any_head(&array, head, n);
    if (!st) st = add_array(w, name, entry, &array);
    return !st && array.dimensions == 0 ? add_fact(w, name, entry, &array) : st;
}

static int by_index(const void *a, const void *b, void *zip) {
    uint64_t i = gt_zip_at(zip, *(const size_t *)a)->index, k = gt_zip_at(zip, *(const size_t *)b)->index;
    return i < k ? -1 : i > k;
}

gt_status gt_weights_find_npz(gt_weights *w) {
    static const char ending[] = ".npy";
    size_t n = gt_zip_count(w->zip), *order = gt_arena_array(w->arena, n + 1, sizeof *order);
    void *head = gt_arena_alloc(w->arena, GT_NPY_HEAD_MAX);
    gt_status st = order && head ? GT_OK : GT_NOMEM;
    for (size_t i = 0; order && i < n; i++) order[i] = i;
    if (order) qsort_r(order, n, sizeof *order, by_index, w->zip);
    for (size_t i = 0; i < n && !st; i++) {
        const char *file = gt_zip_at(w->zip, order[i])->name;
        size_t length = strlen(file), end = sizeof ending - 1;
        if (length <= end || strcmp(file + length - end, ending)) continue;
        if ((st = gt_weights_check_name(file))) break;
        const char *name = gt_arena_printf(w->arena, "%.*s", (int)(length - end), file);
        st = name ? add_entry(w, order[i], name, head) : GT_NOMEM;
        if (st) st = gt_wrap(st, "entry '%.100s'", file);
    }
    return st;
}
