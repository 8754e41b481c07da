/* SPDX-License-Identifier: Apache-2.0
 * Numbers of a state in checkpoints: see state_row.h. */
#include "run/door/state_row.h"

#include <stdlib.h>
#include <string.h>

#include "graph/door/graph.h"
#include "run/door/checkpoint_internal.h"

static size_t bytes_of(const gt_state_row *r) {
    switch (r->type) {
    case GT_STATE_BOOL: return sizeof(bool);
    case GT_STATE_INT: return sizeof(int);
    case GT_STATE_UINT32: return sizeof(uint32_t);
    case GT_STATE_INT64: return sizeof(int64_t);
    case GT_STATE_UINT64: return sizeof(uint64_t);
    case GT_STATE_FLOAT: return sizeof(float);
    case GT_STATE_DOUBLE: return sizeof(double);
    case GT_STATE_PICTURES: return sizeof(gt_damage);
    case GT_STATE_DOUBLES: return r->n * sizeof(double);
    case GT_STATE_FLOATS: return r->n * sizeof(float);
    }
    return 0;
}

/* ---- writing ---- */

static bool is_zero(const gt_state_row *r, const void *at) {
    if (r->type == GT_STATE_PICTURES) return !((const gt_damage *)at)->n;
    const unsigned char *byte = at;
    for (size_t i = 0; i < bytes_of(r); i++)
        if (byte[i]) return false;
    return true;
}

static void write_pictures(gt_checkpoint *c, const char *path, const gt_damage *d) {
    GT_FREED double *list = d->n ? malloc(d->n * sizeof *list) : NULL;
    for (size_t i = 0; i < d->n && list; i++) list[i] = (double)d->picture[i];
    if (list) gt_checkpoint_doubles(c, path, &GT_SHAPE((int64_t)d->n), list);
    else if (d->n) checkpoint_stick(c, gt_fail(GT_NOMEM, "out of memory for damaged pictures"));
}

static void write_number(gt_checkpoint *c, const gt_state_row *r, const void *at) {
    switch (r->type) {
    case GT_STATE_BOOL: gt_checkpoint_int(c, r->path, *(const bool *)at); break;
    case GT_STATE_INT: gt_checkpoint_int(c, r->path, *(const int *)at); break;
    case GT_STATE_UINT32: gt_checkpoint_int(c, r->path, *(const uint32_t *)at); break;
    case GT_STATE_INT64: gt_checkpoint_int(c, r->path, *(const int64_t *)at); break;
    case GT_STATE_UINT64: gt_checkpoint_int(c, r->path, (int64_t) * (const uint64_t *)at); break;
    case GT_STATE_FLOAT: gt_checkpoint_double(c, r->path, *(const float *)at); break;
    case GT_STATE_DOUBLE: gt_checkpoint_double(c, r->path, *(const double *)at); break;
    case GT_STATE_PICTURES: write_pictures(c, r->path, at); break;
    case GT_STATE_DOUBLES: gt_checkpoint_doubles(c, r->path, &GT_SHAPE((int64_t)r->n), at); break;
    case GT_STATE_FLOATS:
        gt_checkpoint_tensor(c, r->path, r->n == 1 ? &GT_SCALAR : &GT_SHAPE((int64_t)r->n), at);
        break;
    }
}

void gt_state_row_write(gt_checkpoint *c, const gt_state_row *r, const void *base) {
    const void *at = (const char *)base + r->offset;
    int64_t told = r->value ? r->value(base) : 0;
    if (r->is_kept && !r->is_kept(base)) return;
    if (r->since && (r->value ? !told : is_zero(r, at))) return;
    if (r->value) gt_checkpoint_int(c, r->path, told);
    else write_number(c, r, at);
    checkpoint_describe(c, r->path, r->unit, r->description);
}

/* ---- reading ---- */

static void clear(const gt_state_row *r, void *at) {
    if (r->type == GT_STATE_PICTURES) ((gt_damage *)at)->n = 0;
    else memset(at, 0, bytes_of(r));
}

static gt_status read_whole(const gt_checkpoint_file *f, const gt_state_row *r, void *at) {
    static const struct {
        int64_t least, most;
    } range[] = {[GT_STATE_BOOL] = {INT64_MIN, INT64_MAX}, /* all but 0 is true */
                 [GT_STATE_INT] = {0, INT32_MAX},
                 [GT_STATE_UINT32] = {0, UINT32_MAX},
                 [GT_STATE_INT64] = {INT64_MIN, INT64_MAX},
                 [GT_STATE_UINT64] = {0, INT64_MAX}};
    int64_t value = 0;
    gt_status st = gt_checkpoint_get_int(f, r->path, &value);
    if (st) return st;
    if (value < range[r->type].least || value > range[r->type].most)
        return gt_fail(GT_FORMAT, "'%s': '%s' is %lld", gt_checkpoint_path(f), r->path, (long long)value);
    if (r->type == GT_STATE_BOOL) *(bool *)at = value != 0;
    else if (r->type == GT_STATE_INT) *(int *)at = (int)value;
    else if (r->type == GT_STATE_UINT32) *(uint32_t *)at = (uint32_t)value;
    else *(int64_t *)at = value;
    return GT_OK;
}

/* Whole numbers that rise, below 2^53. */
static gt_status read_pictures(const gt_checkpoint_file *f, const char *path, gt_damage *d) {
    const double most = 9007199254740992.0;
    const gt_checkpoint_entry *e = gt_checkpoint_find(f, path);
    size_t n = e ? e->size : 0;
    GT_FREED double *list = calloc(n + 1, sizeof *list);
    gt_status st = list ? gt_checkpoint_read_doubles(f, path, list, n) : gt_fail(GT_NOMEM, "out of memory");
    d->n = 0;
    for (size_t i = 0; i < n && !st; i++)
        st = list[i] >= 0 && list[i] < most && (i == 0 || list[i] >= list[i - 1] + 1)
                 ? gt_damage_add(d, (int64_t)list[i])
                 : gt_fail(GT_FORMAT, "%s: the values of %s are impossible", gt_checkpoint_path(f), path);
    return st;
}

static gt_status read_float(const gt_checkpoint_file *f, const char *path, float *at) {
    double value = 0;
    gt_status st = gt_checkpoint_get_double(f, path, &value);
    *at = (float)value;
    return st;
}

gt_status gt_state_row_read(const gt_checkpoint_file *f, const gt_state_row *r, void *base) {
    void *at = (char *)base + r->offset;
    if (r->value || (r->is_kept && !r->is_kept(base))) return GT_OK;
    if (r->since && !gt_checkpoint_find(f, r->path)) return clear(r, at), GT_OK;
    switch (r->type) {
    case GT_STATE_FLOAT: return read_float(f, r->path, at);
    case GT_STATE_DOUBLE: return gt_checkpoint_get_double(f, r->path, at);
    case GT_STATE_PICTURES: return read_pictures(f, r->path, at);
    case GT_STATE_DOUBLES: return gt_checkpoint_read_doubles(f, r->path, at, r->n);
    case GT_STATE_FLOATS: return gt_checkpoint_read(f, r->path, at, r->n);
    default: return read_whole(f, r, at);
    }
}

/* ---- ranks ---- */

gt_status gt_state_row_hand_out_all(gt_comm *comm, const gt_state_row *r, void *base) {
    void *at = (char *)base + r->offset;
    if (r->value || (r->is_kept && !r->is_kept(base))) return GT_OK;
    if (r->type == GT_STATE_PICTURES) {
        if (comm->rank) ((gt_damage *)at)->n = 0;
        return gt_damage_join_all(comm, at);
    }
    gt_comm_broadcast_all(comm, at, bytes_of(r), 0);
    return GT_OK;
}
