/* SPDX-License-Identifier: Apache-2.0
 * Points from FILE.npy, an array [points] or [points,d]. Arrays of more dimensions are images. */
#include <limits.h>
#include <stdlib.h>

#include "base/door/file.h"
#include "files/codec/door/npy.h"
#include "features/gmm/cloud.h"

static const size_t MAXIMUM = (size_t)1 << 36; /* bytes */

typedef struct array {
    gt_npy head;
    void *bytes; /* of the file */
    int64_t d;
} array;

static gt_status read_points(void *state, int64_t first, int64_t n, double *points) {
    const array *a = state;
    const char *data = (const char *)a->bytes + a->head.head;
    for (int64_t i = 0; i < n * a->d; i++) points[i] = gt_npy_number(&a->head, data, (size_t)(first * a->d + i));
    return GT_OK;
}

static void close_array(void *state) {
    array *a = state;
    free(a->bytes);
}

/* GT_OK without c->state: the file is not of points. */
gt_status gt_cloud_npy(gt_cloud *c, const char *path) {
    array *a = gt_arena_array(c->arena, 1, sizeof *a);
    size_t n = 0;
    if (!a) return GT_NOMEM;
    gt_status st = gt_file_read(path, MAXIMUM, &a->bytes, &n);
    if (!st && (st = gt_npy_head(&a->head, a->bytes, n))) st = gt_wrap(st, "%s", path);
    if (!st && a->head.dimensions >= 1 && a->head.dimensions <= 2) {
        size_t bytes = a->head.elements * (size_t)a->head.size, d = a->head.dimensions == 2 ? a->head.shape[1] : 1;
        if (n < a->head.head || n - a->head.head < bytes)
            st = gt_fail(GT_FORMAT, "%s: truncated: the array is not whole", path);
        else if (a->head.type != 'f' && a->head.type != 'i' && a->head.type != 'u')
            st = gt_fail(GT_FORMAT, "%s: an array of type %c; points are numbers", path, a->head.type);
        if (!st && d == 0) st = gt_fail(GT_FORMAT, "'%s' has no points", path);
        if (!st) {
            a->d = d < INT_MAX ? (int64_t)d : INT_MAX;
            c->info = (gt_cloud_info){.count = (int64_t)a->head.shape[0], .d = (int)a->d};
            c->state = a;
            c->read = read_points;
            c->close = close_array;
            return GT_OK;
        }
    }
    close_array(a);
    return st;
}
