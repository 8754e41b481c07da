/* SPDX-License-Identifier: Apache-2.0
 * The sets of checkpoints, and of HDF5 files that are not datasets. */
#include <stdlib.h>
#include <string.h>

#include "runner/contents/contents.h"
#include "base/door/memory.h"
#include "base/door/file.h"
#include "files/h5/door/h5.h"
#include "run/door/checkpoint_internal.h"

typedef struct arrays {
    gt_checkpoint_file *checkpoint; /* NULL: a plain file */
    gt_h5_file plain;
    const gt_h5_file *file; /* of either */
    bool state_alone;
    gt_contents *of; /* while the sets are listed */
    gt_buffer sets;  /* of listed_set, at the place of each array */
} arrays;

typedef struct listed_set {
    gt_h5_set *set; /* as it was opened to be listed; NULL: it is closed, for there are many, or it has chunks */
    gt_number read_as;
} listed_set;

/* What a set is read as. False: it is of no kind that is read. */
static bool type_of(const gt_h5_set *s, gt_weight_type *type, gt_number *read_as) {
    static const struct {
        gt_h5_kind kind;
        bool is_signed;
        size_t most;
        gt_weight_type type;
        gt_number read_as;
    } kinds[] = {
        {GT_H5_FLOAT, true, 4, GT_WEIGHT_F32, GT_NUMBER_FLOAT},
        {GT_H5_FLOAT, true, 8, GT_WEIGHT_F64, GT_NUMBER_DOUBLE},
        {GT_H5_INTEGER, false, 1, GT_WEIGHT_U8, GT_NUMBER_UINT8},
        {GT_H5_INTEGER, false, 2, GT_WEIGHT_U16, GT_NUMBER_UINT16},
        {GT_H5_INTEGER, false, 4, GT_WEIGHT_I64, GT_NUMBER_INT64},
        {GT_H5_INTEGER, true, 4, GT_WEIGHT_I32, GT_NUMBER_INT32},
        {GT_H5_INTEGER, true, 8, GT_WEIGHT_I64, GT_NUMBER_INT64},
        {GT_H5_TEXT, false, SIZE_MAX, GT_WEIGHT_U8, GT_NUMBER_TEXT},
        {GT_H5_STATISTIC, false, SIZE_MAX, GT_WEIGHT_F64, GT_NUMBER_STATISTIC},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bool fits = s->kind == kinds[i].kind && s->bytes <= kinds[i].most;
        if (!fits || (s->kind == GT_H5_INTEGER && s->is_signed != kinds[i].is_signed)) continue;
        *type = kinds[i].type;
        *read_as = kinds[i].read_as;
        return true;
    }
    return false;
}

/* Elements of one row as they are handed on; a text has its bytes, a statistic three numbers. */
static bool row_values(const gt_h5_set *s, gt_number read_as, size_t *values) {
    size_t each = read_as == GT_NUMBER_TEXT ? s->bytes : read_as == GT_NUMBER_STATISTIC ? 3 : 1;
    return !gt_mul_overflows((size_t)s->row_elements, each, values);
}

static gt_status pour_rows(gt_h5_set *s, gt_number read_as, gt_weight_type type, const gt_part_sink *to) {
    enum { PIECE = 1 << 20 };
    size_t values = 0, bytes = 0, room;
    if (!row_values(s, read_as, &values) || gt_mul_overflows(values, gt_weight_type_bytes(type), &bytes))
        return gt_fail(GT_FORMAT, "an impossible size");
    if (!bytes) return GT_OK;
    int64_t most = bytes < PIECE ? (int64_t)(PIECE / bytes) : 1;
    if (most > s->rows) most = s->rows;
    GT_FREED char *rows = gt_mul_overflows((size_t)most, bytes, &room) ? NULL : malloc(room + 1);
    gt_status st = rows ? GT_OK : gt_fail(GT_NOMEM, "out of memory for its values");
    for (int64_t at = 0; at < s->rows && !st; at += most) {
        int64_t n = s->rows - at < most ? s->rows - at : most;
        st = gt_h5_set_read(s, at, n, read_as, rows);
        if (!st) st = gt_part_give(to, type, rows, (size_t)n * values);
    }
    return st;
}

static gt_status pour_set(const gt_contents *c, int64_t i, const gt_part_sink *to) {
    const arrays *f = c->state;
    const gt_part_array *a = &c->arrays[i];
    const listed_set *l = (const listed_set *)f->sets.data + a->place;
    gt_h5_set *s = l->set;
    gt_status st = s ? GT_OK : gt_h5_set_open(&s, f->file, a->name);
    if (!st && (st = pour_rows(s, l->read_as, a->type, to))) gt_wrap(st, "%s", a->name);
    if (!l->set) gt_h5_set_close(s);
    return st ? gt_wrap(st, "'%s'", c->path) : GT_OK;
}

/* ---- the list ---- */

static gt_status add_set(gt_contents *c, const gt_h5_set *s, const char *path, gt_number *read_as) {
    gt_part_array a = {.name = path, .place = c->count};
    int64_t dims[GT_PART_MOST_DIMS];
    if (!type_of(s, &a.type, read_as))
        return gt_fail(GT_FORMAT,
                       "of an unsupported kind: only numbers of at most 64 bits and texts of fixed length are read");
    for (a.n_dims = 0; a.n_dims < s->n_dims; a.n_dims++) dims[a.n_dims] = s->dims[a.n_dims];
    if (*read_as == GT_NUMBER_STATISTIC) dims[a.n_dims++] = 3;
    if (*read_as == GT_NUMBER_TEXT) dims[a.n_dims++] = (int64_t)s->bytes;
    a.dims = dims;
    return contents_add(c, &a);
}

static gt_status visit(void *arg, const char *path) {
    arrays *f = arg;
    enum { KEPT = 1024 };
    listed_set l;
    if (f->state_alone && !checkpoint_is_state(path)) return GT_OK;
    gt_status st = gt_h5_set_open(&l.set, f->file, path);
    if (!st) st = add_set(f->of, l.set, path, &l.read_as);
    if (st || f->of->count > KEPT || l.set->chunks) { /* with chunks it would keep some of them in memory */
        gt_h5_set_close(l.set);
        l.set = NULL;
    }
    if (st) return gt_wrap(st, "%s", path);
    gt_buffer_add(&f->sets, &l, sizeof l);
    if (!f->sets.failed) return GT_OK;
    gt_h5_set_close(l.set);
    return gt_fail(GT_NOMEM, "out of memory for the sets of '%s'", f->of->path);
}

static void close_arrays(void *state) {
    GT_FREED arrays *f = state;
    listed_set *l = (listed_set *)f->sets.data;
    for (size_t i = 0; i < f->sets.n / sizeof *l; i++) gt_h5_set_close(l[i].set);
    gt_buffer_free(&f->sets);
    gt_checkpoint_close(f->checkpoint);
    gt_h5_close(&f->plain);
}

static gt_status list_sets(gt_contents *c, const char *kind) {
    arrays *f = c->state;
    c->kind = kind;
    c->pour = pour_set;
    c->main_thread_only = true;
    f->of = c;
    f->state_alone = gt_h5_has(f->file, "recipe") && gt_h5_has(f->file, "state");
    gt_status st = gt_h5_each(f->file, true, visit, f);
    return st ? gt_wrap(st, "'%s'", c->path) : GT_OK;
}

/* The state of c, before a file is opened; NULL: out of memory. */
static arrays *add_state(gt_contents *c) {
    arrays *f = calloc(1, sizeof *f);
    if (!f) {
        gt_fail(GT_NOMEM, "out of memory for '%s'", c->path);
        return NULL;
    }
    c->state = f;
    c->close = close_arrays;
    return f;
}

gt_status contents_of_checkpoint(gt_contents *c) {
    gt_status st = GT_NOMEM;
    arrays *f = add_state(c);
    if (!f || !(f->checkpoint = gt_checkpoint_open(c->path, &st))) return st;
    f->file = checkpoint_h5(f->checkpoint);
    char *path = strdup(gt_checkpoint_path(f->checkpoint));
    if (!path) return gt_fail(GT_NOMEM, "out of memory for '%s'", c->path);
    free(c->path);
    c->path = path;
    return list_sets(c, "checkpoint");
}

gt_status contents_of_hdf5(gt_contents *c) {
    arrays *f = add_state(c);
    gt_status st = f ? gt_h5_open(&f->plain, c->path) : GT_NOMEM;
    if (st) return st;
    f->file = &f->plain;
    return list_sets(c, "arrays");
}
