/* SPDX-License-Identifier: Apache-2.0
 * Opens, reads and lists sets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/h5/h5_guard.h"
#include "base/door/memory.h"

enum {
    CACHE_LEAST = 1 << 20,
    CACHE_MOST = 64 << 20,
    CACHE_SLOTS = 12421,
    DEEPEST = 32,
    MOST_LINKS = 1 << 16,
    LONGEST_PATH = 1024,
    TEXT_MOST = 64 * 1024
};

/* ---- open ---- */

static herr_t refuse_link(const char *group, const char *name, const char *file, const char *object, unsigned *flags,
                          hid_t access, void *unused) {
    (void)group, (void)name, (void)file, (void)object, (void)flags, (void)access, (void)unused;
    return -1;
}

hid_t h5_own_links(hid_t class) {
    hid_t list = H5Pcreate(class);
    if (list < 0 || H5Pset_elink_cb(list, refuse_link, NULL) >= 0) return list;
    H5Pclose(list);
    return -1; /* with which nothing is opened */
}

bool gt_h5_has(const gt_h5_file *f, const char *path) { return H5Lexists(f->id, path, H5P_DEFAULT) > 0; }

static hid_t access_of(size_t cache) {
    hid_t access = h5_own_links(H5P_DATASET_ACCESS);
    if (access >= 0) H5Pset_chunk_cache(access, CACHE_SLOTS, cache, 1);
    return access;
}

static hid_t open_set(const gt_h5_file *f, const char *path, size_t cache) {
    static hid_t usual = -1; /* a list takes as long to make as a set to open */
    if (usual < 0) usual = access_of(CACHE_LEAST);
    hid_t access = cache == CACHE_LEAST ? usual : access_of(cache), set = H5Dopen2(f->id, path, access);
    if (access != usual) h5_release(access, -1, -1);
    return set;
}

typedef struct walk {
    bool by_name;
    gt_h5_visit *visit;
    void *arg;
    int links, depth;
    gt_status st;
    hid_t object; /* the set that is visited; -1: it was taken */
    size_t n;
    char path[LONGEST_PATH + 1];
} walk;

/* The walk that waits for a visit: the set at which it stands is open already, for who opens it by the walk's text. */
static walk *visiting;

static hid_t take_visited(const char *path) {
    hid_t object = visiting && path == visiting->path ? visiting->object : -1;
    if (object >= 0) visiting->object = -1;
    return object;
}

static bool is_bool(hid_t type) {
    int8_t value[2];
    return H5Tget_nmembers(type) == 2 && H5Tget_size(type) == 1 && H5Tget_member_value(type, 0, &value[0]) >= 0 &&
           H5Tget_member_value(type, 1, &value[1]) >= 0 && value[0] == 0 && value[1] == 1;
}

static gt_h5_kind kind_of(hid_t type) {
    switch (H5Tget_class(type)) {
    case H5T_INTEGER: return GT_H5_INTEGER;
    case H5T_FLOAT: return GT_H5_FLOAT;
    case H5T_ENUM: return is_bool(type) ? GT_H5_BOOL : GT_H5_OTHER;
    case H5T_STRING: return H5Tis_variable_str(type) ? GT_H5_OTHER : GT_H5_TEXT;
    case H5T_COMPOUND: return H5Tget_member_index(type, "mean") >= 0 ? GT_H5_STATISTIC : GT_H5_OTHER;
    default: return GT_H5_OTHER;
    }
}

static gt_status describe(h5_set *s) {
    gt_h5_set *a = &s->about;
    hsize_t dims[H5S_MAX_RANK];
    hid_t type = H5Dget_type(s->id);
    s->space = H5Dget_space(s->id);
    if (type >= 0) {
        a->kind = kind_of(type);
        a->bytes = H5Tget_size(type);
        a->varies = H5Tget_class(type) == H5T_STRING && a->kind == GT_H5_OTHER;
        if (a->varies) a->bytes = H5_TEXT_PLACE; /* libhdf5 tells those of a pointer */
        a->is_signed = a->kind == GT_H5_INTEGER && H5Tget_sign(type) != H5T_SGN_NONE;
    }
    h5_release(type, -1, -1);
    a->n_dims = s->space < 0 ? -1 : H5Sget_simple_extent_ndims(s->space);
    if (!a->bytes || a->n_dims < 0 || (a->n_dims && H5Sget_simple_extent_dims(s->space, dims, NULL) < 0))
        return gt_h5_fail(GT_FORMAT, "cannot be opened");
    if (H5Sget_simple_extent_type(s->space) == H5S_NULL) return gt_fail(GT_FORMAT, "holds nothing");
    a->row_elements = 1;
    for (int i = 0; i < a->n_dims; i++) {
        a->dims[i] = (int64_t)dims[i];
        if (dims[i] > INT64_MAX || (i && gt_mul_overflows(a->row_elements, dims[i], &a->row_elements)))
            return gt_fail(GT_FORMAT, "has an impossible size");
    }
    a->rows = a->n_dims ? a->dims[0] : 1;
    return gt_mul_overflows(a->row_elements, (uint64_t)a->rows, &a->elements)
               ? gt_fail(GT_FORMAT, "has an impossible size")
               : GT_OK;
}

/* The chunks that one row touches should be unpacked once, and not once for each of the rows in them. */
static size_t cache_of(const h5_set *s) {
    size_t rows, bytes;
    if (!s->seen) return CACHE_LEAST;
    if (gt_mul_overflows((size_t)s->chunk[0], s->about.row_elements, &rows) ||
        gt_mul_overflows(rows, s->about.bytes, &bytes) || bytes > CACHE_MOST)
        bytes = CACHE_MOST;
    bytes += s->chunk_bytes;
    return bytes < CACHE_LEAST ? CACHE_LEAST : bytes > CACHE_MOST ? CACHE_MOST : bytes;
}

/* The cache is sized when a set is opened; a walk gives it no size. */
static gt_status size_cache(h5_set *s, const gt_h5_file *f, const char *path, bool by_walk) {
    size_t cache = cache_of(s);
    if (cache == CACHE_LEAST && !(by_walk && s->about.chunks)) return GT_OK;
    H5Dclose(s->id);
    s->id = open_set(f, path, cache);
    return s->id < 0 ? gt_h5_fail(GT_FORMAT, "cannot be opened") : GT_OK;
}

static gt_status check_link(const gt_h5_file *f, const char *path) {
    H5L_info_t link;
    bool known = H5Lget_info(f->id, path, &link, H5P_DEFAULT) >= 0;
    if (known && link.type != H5L_TYPE_EXTERNAL) return GT_OK;
    if (!known && !gt_h5_has(f, path)) return gt_fail(GT_FORMAT, "there is no '%s'", path);
    return gt_fail(GT_FORMAT, "%s: is stored in another file; copy it into one file (h5repack)", path);
}

gt_status gt_h5_set_open(gt_h5_set **out, const gt_h5_file *f, const char *path) {
    hid_t object = take_visited(path);
    bool by_walk = object >= 0;
    *out = NULL;
    gt_status st = by_walk ? GT_OK : check_link(f, path);
    if (st) return st;
    h5_set *s = calloc(1, sizeof *s);
    if (!s) {
        h5_release(object, -1, -1);
        return gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    }
    s->space = -1;
    s->id = by_walk ? object : open_set(f, path, CACHE_LEAST);
    st = s->id < 0 ? gt_h5_fail(GT_FORMAT, "cannot be opened") : describe(s);
    if (!st) st = h5_guard_begin(s);
    if (!st) st = size_cache(s, f, path, by_walk);
    *out = &s->about;
    if (!st) return GT_OK;
    gt_h5_set_close(*out);
    *out = NULL;
    return gt_wrap(st, "%s", path);
}

void gt_h5_set_close(gt_h5_set *set) {
    GT_FREED h5_set *s = (h5_set *)set;
    if (!s) return;
    h5_release(s->memory, s->given, s->space);
    h5_release(s->id, -1, -1);
    free(s->seen);
}

/* ---- read ---- */

static bool ready_for(h5_set *s, const hsize_t *count, gt_number type) {
    int n_dims = s->about.n_dims;
    if (s->memory > 0 && s->given > 0 && s->rows_read == (int64_t)*count && s->type_read == type) return true;
    h5_release(s->memory, s->given, -1);
    s->rows_read = (int64_t)*count;
    s->type_read = type;
    s->given = type == GT_NUMBER_TEXT ? H5Dget_type(s->id) : h5_type(type, 0, false);
    s->memory = n_dims ? H5Screate_simple(n_dims, count, NULL) : H5Scopy(s->space);
    return s->memory > 0 && s->given > 0;
}

gt_status gt_h5_set_read(gt_h5_set *set, int64_t first, int64_t n, gt_number type, void *out) {
    h5_set *s = (h5_set *)set;
    hsize_t start[H5S_MAX_RANK] = {(hsize_t)first}, count[H5S_MAX_RANK] = {(hsize_t)n};
    gt_status st = h5_guard_rows(s, first, n);
    if (st || !n) return st;
    for (int i = 1; i < set->n_dims; i++) count[i] = (hsize_t)set->dims[i];
    bool fine = ready_for(s, count, type) &&
                (!set->n_dims || H5Sselect_hyperslab(s->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0) &&
                H5Dread(s->id, s->given, s->memory, s->space, H5P_DEFAULT, out) >= 0;
    return fine ? GT_OK : gt_h5_fail(GT_FORMAT, "cannot be read");
}

gt_status gt_h5_set_texts(gt_h5_set *set, size_t most, char **text) {
    h5_set *s = (h5_set *)set;
    size_t n = (size_t)set->elements, bytes;
    memset(text, 0, n * sizeof *text);
    gt_status st = h5_guard_rows(s, 0, set->rows);
    if (st || set->varies) return st ? st : h5_texts_read(s->id, n, most, text);
    if (set->kind != GT_H5_TEXT || !set->bytes || set->bytes > TEXT_MOST || gt_mul_overflows(n, set->bytes, &bytes))
        return gt_fail(GT_FORMAT, "its texts cannot be read");
    GT_FREED char *raw = calloc(1, bytes + 1);
    if (!raw) return gt_fail(GT_NOMEM, "out of memory for %zu texts", n);
    st = gt_h5_set_read(set, 0, set->rows, GT_NUMBER_TEXT, raw);
    for (size_t i = 0; i < n && !st; i++)
        if (!(text[i] = strndup(raw + i * set->bytes, set->bytes < most ? set->bytes : most)))
            st = gt_fail(GT_NOMEM, "out of memory for a text");
    return st;
}

gt_status gt_h5_read_texts(const gt_h5_file *f, const char *path, size_t n, char *to, size_t stride, size_t room) {
    gt_h5_set *s;
    gt_status st = gt_h5_set_open(&s, f, path);
    if (!st && s->elements != n) st = gt_fail(GT_FORMAT, "'%s' has not %zu texts", path, n);
    GT_FREED char **text = st ? NULL : calloc(n + 1, sizeof *text);
    if (!st && !text) st = gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    if (!st) st = gt_h5_set_texts(s, room - 1, text);
    for (size_t i = 0; i < n && text; i++) {
        if (!st) snprintf(to + i * stride, room, "%s", text[i]);
        free(text[i]);
    }
    gt_h5_set_close(s);
    return st;
}

bool gt_h5_set_chunk(gt_h5_set *set, int64_t row, void *out, size_t n) {
    h5_set *s = (h5_set *)set;
    hsize_t at[H5S_MAX_RANK] = {(hsize_t)row}, stored = 0;
    uint32_t left_out = 0;
    return set->chunks && H5Dget_chunk_storage_size(s->id, at, &stored) >= 0 && stored == n &&
           H5Dread_chunk(s->id, H5P_DEFAULT, at, &left_out, out) >= 0 && !left_out;
}

/* ---- all sets ---- */

static void list_group(walk *w, hid_t group);

/* H5Literate. Links are counted and not objects: groups that several links lead to have many more paths than there are
 * groups. */
static herr_t next_link(hid_t group, const char *name, const H5L_info_t *link, void *arg) {
    walk *w = arg;
    size_t length = strlen(name), before = w->n;
    if (++w->links > MOST_LINKS) w->st = gt_fail(GT_FORMAT, "it has too many entries: more than %d", MOST_LINKS);
    else if (before + length >= LONGEST_PATH)
        w->st = gt_fail(GT_FORMAT, "the path of an entry has more than %d characters: '%.64s...'", LONGEST_PATH,
                        before ? w->path : name);
    if (w->st) return -1;
    if (link->type != H5L_TYPE_HARD) return 0;
    w->n += (size_t)snprintf(w->path + before, sizeof w->path - before, "/%s", name);
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    H5I_type_t kind = object < 0 ? H5I_BADID : H5Iget_type(object);
    if (object < 0) w->st = gt_h5_fail(GT_FORMAT, "'%s' cannot be opened", w->path);
    else if (kind == H5I_GROUP) list_group(w, object);
    if (kind == H5I_DATASET) {
        walk *outer = visiting;
        visiting = w;
        w->object = object;
        w->st = w->visit(w->arg, w->path);
        object = w->object;
        visiting = outer;
    }
    if (object >= 0) H5Oclose(object);
    w->path[w->n = before] = 0;
    return w->st ? -1 : 0;
}

/* One by one, H5Lget_name_by_idx() would sort all names anew for each. */
static void list_group(walk *w, hid_t group) {
    unsigned order = 0;
    if (w->depth > DEEPEST) {
        w->st = gt_fail(GT_FORMAT, "groups are nested too deep at '%s'", w->path);
        return;
    }
    w->depth++;
    hid_t list = H5Gget_create_plist(group);
    bool fine = list >= 0 && H5Pget_link_creation_order(list, &order) >= 0;
    h5_release(list, -1, -1);
    H5_index_t by = order & H5P_CRT_ORDER_TRACKED && !w->by_name ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
    if (fine) fine = H5Literate(group, by, H5_ITER_INC, NULL, next_link, w) >= 0;
    if (!fine && !w->st) w->st = gt_h5_fail(GT_FORMAT, "'%s' cannot be listed", w->path);
    w->depth--;
}

gt_status gt_h5_each(const gt_h5_file *f, bool by_name, gt_h5_visit *visit, void *arg) {
    walk w = {.by_name = by_name, .visit = visit, .arg = arg};
    hid_t root = H5Gopen2(f->id, "/", H5P_DEFAULT);
    if (root < 0) return gt_h5_fail(GT_FORMAT, "there is no root group");
    list_group(&w, root);
    H5Gclose(root);
    return w.st;
}
