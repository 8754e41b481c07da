/* SPDX-License-Identifier: Apache-2.0
 * Reads attributes. */
#include <stdlib.h>
#include <string.h>

#include "files/h5/door/h5.h"
#include "base/door/memory.h"
#include "files/h5/h5_room.h"

enum { TEXT_MOST = 64 * 1024, BYTES_MOST = 1 << 30 };

typedef struct attribute {
    hid_t id, type, space;
    H5T_class_t class;
    size_t n, bytes; /* elements, and bytes of each */
} attribute;

static void close_attribute(attribute *a) { h5_release(a->space, a->type, a->id); }

/* *there false: there is none. To be closed in any case. */
static gt_status open_attribute(attribute *a, const gt_h5_file *f, const char *of, const char *name, bool *there) {
    hid_t links = h5_own_links(H5P_LINK_ACCESS);
    *a = (attribute){-1, -1, -1, H5T_NO_CLASS, 0, 0};
    *there = H5Aexists_by_name(f->id, of, name, links) > 0;
    if (*there) a->id = H5Aopen_by_name(f->id, of, name, H5P_DEFAULT, links);
    h5_release(links, -1, -1);
    if (!*there) return GT_OK;
    if (a->id >= 0) a->type = H5Aget_type(a->id), a->space = H5Aget_space(a->id);
    hssize_t n = a->space < 0 ? 0 : H5Sget_simple_extent_npoints(a->space);
    if (a->type < 0 || n < 0) return gt_h5_fail(GT_FORMAT, "attribute %s cannot be opened", name);
    a->class = H5Tget_class(a->type);
    a->n = (size_t)n;
    a->bytes = H5Tget_size(a->type);
    return GT_OK;
}

static gt_status read_texts(const attribute *a, char **text) {
    size_t bytes;
    if (H5Tis_variable_str(a->type) > 0) return h5_texts_read(a->id, a->n, TEXT_MOST, text);
    if (!a->bytes || a->bytes > TEXT_MOST) return gt_fail(GT_FORMAT, "texts of %zu bytes", a->bytes);
    if (gt_mul_overflows(a->n, a->bytes, &bytes) || bytes > BYTES_MOST) return gt_fail(GT_FORMAT, "too large");
    GT_FREED char *raw = calloc(1, bytes + 1);
    if (!raw) return gt_fail(GT_NOMEM, "out of memory");
    gt_status st = H5Aread(a->id, a->type, raw) < 0 ? gt_h5_fail(GT_FORMAT, "cannot be read") : GT_OK;
    for (size_t i = 0; i < a->n && !st; i++)
        if (!(text[i] = strndup(raw + i * a->bytes, a->bytes))) st = gt_fail(GT_NOMEM, "out of memory");
    return st;
}

gt_status gt_h5_texts(const gt_h5_file *f, const char *of, const char *name, size_t most, char ***text, int *count) {
    attribute a;
    bool there;
    *count = 0;
    *text = NULL;
    gt_status st = open_attribute(&a, f, of, name, &there);
    if (there && !st && (a.class != H5T_STRING || a.n < 1 || a.n > most))
        st = gt_fail(GT_FORMAT, "attribute %s: must be %s", name, most == 1 ? "a text" : "a list of texts");
    else if (there && !st && !(*text = calloc(a.n, sizeof **text)))
        st = gt_fail(GT_NOMEM, "out of memory for attribute %s", name);
    else if (there && !st) {
        *count = (int)a.n;
        if ((st = read_texts(&a, *text))) st = gt_wrap(st, "attribute %s", name);
    }
    close_attribute(&a);
    return st;
}

gt_status gt_h5_text(gt_arena *arena, const gt_h5_file *f, const char *of, const char *name, char **text) {
    GT_FREED char **list = NULL;
    int count;
    *text = NULL;
    gt_status st = gt_h5_texts(f, of, name, 1, &list, &count);
    if (!st && count && !(*text = gt_arena_printf(arena, "%s", *list))) st = GT_NOMEM;
    if (count) free(*list);
    return st;
}

gt_status gt_h5_numbers(const gt_h5_file *f, const char *of, const char *name, int most, double *out, int *count) {
    attribute a;
    bool there;
    *count = 0;
    gt_status st = open_attribute(&a, f, of, name, &there);
    bool numbers = a.class == H5T_FLOAT || a.class == H5T_INTEGER;
    if (there && !st && (!numbers || a.n < 1 || a.n > (size_t)most))
        st = gt_fail(GT_FORMAT, "attribute %s: must be 1 to %d numbers", name, most);
    else if (there && !st && H5Aread(a.id, H5T_NATIVE_DOUBLE, out) < 0)
        st = gt_h5_fail(GT_FORMAT, "attribute %s cannot be read", name);
    else if (there && !st) *count = (int)a.n;
    close_attribute(&a);
    return st;
}

typedef struct naming {
    gt_h5_visit *visit;
    void *arg;
    gt_status st;
} naming;

static herr_t visit_name(hid_t object, const char *name, const H5A_info_t *info, void *arg) {
    naming *n = arg;
    (void)object, (void)info;
    n->st = n->visit(n->arg, name);
    return n->st ? 1 : 0;
}

gt_status gt_h5_each_attribute(const gt_h5_file *f, const char *of, gt_h5_visit *visit, void *arg) {
    hid_t links = h5_own_links(H5P_LINK_ACCESS);
    naming n = {visit, arg, GT_OK};
    herr_t result = H5Aiterate_by_name(f->id, of, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_name, &n, links);
    h5_release(links, -1, -1);
    return n.st || result >= 0 ? n.st : gt_h5_fail(GT_FORMAT, "the attributes of %s cannot be read", of);
}

bool gt_h5_is_scale(const gt_h5_file *f, const char *path) {
    GT_FREED char **text = NULL;
    int count;
    gt_status st = gt_h5_texts(f, path, "CLASS", 1, &text, &count);
    bool is = !st && count && !strcmp(*text, "DIMENSION_SCALE");
    if (count) free(*text);
    return is;
}

/* ---- the scales of axes: DIMENSION_LIST has a list of references for each axis ---- */

typedef struct scales {
    gt_arena *arena;
    const gt_h5_file *file;
    int n;
    const uint64_t *address;
    const char **scale;
} scales;

static gt_status match_scale(void *arg, const char *path) {
    scales *x = arg;
    H5O_info_t info;
    if (!gt_h5_is_scale(x->file, path) ||
        H5Oget_info_by_name2(x->file->id, path, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
        return GT_OK;
    for (int i = 0; i < x->n; i++)
        if (x->address[i] && x->address[i] == info.addr && !(x->scale[i] = gt_arena_printf(x->arena, "%s", path)))
            return GT_NOMEM;
    return GT_OK;
}

gt_status gt_h5_scales(gt_arena *arena, const gt_h5_file *f, const char *path, int n, const char **scale) {
    uint64_t address[GT_H5_MOST_DIMS] = {0};
    attribute a;
    bool there;
    for (int i = 0; i < n; i++) scale[i] = NULL;
    gt_status st = open_attribute(&a, f, path, "DIMENSION_LIST", &there);
    hid_t base = there && !st && a.class == H5T_VLEN ? H5Tget_super(a.type) : -1;
    bool references = base >= 0 && H5Tequal(base, H5T_STD_REF_OBJ) > 0;
    if (there && !st && (!references || a.n != (size_t)n || n > GT_H5_MOST_DIMS))
        st = gt_fail(GT_FORMAT, "attribute DIMENSION_LIST: must be references to a scale for each of %d axes", n);
    else if (there && !st && (st = h5_references_read(a.id, a.n, address)))
        st = gt_wrap(st, "attribute DIMENSION_LIST");
    h5_release(base, -1, -1);
    close_attribute(&a);
    return st || !there ? st : gt_h5_each(f, true, match_scale, &(scales){arena, f, n, address, scale});
}
