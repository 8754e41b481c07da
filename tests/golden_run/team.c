/* SPDX-License-Identifier: Apache-2.0
 * Who computes metrics in the golden runner. */
#include "golden.h"

const gt_team *gold_team(void) {
    static gt_team team;
    if (!team.comm) {
        team = (gt_team){.comm = gt_comm_start_all(1, NULL), .kernels = asked_kernels()};
        if (!team.comm) fprintf(stderr, "%s\n", gt_message()), exit(1);
    }
    return &team;
}

gt_rows gold_rows(gold *f, const char *path) {
    gt_shape shape = {0};
    const float *x = gold_read(f, path, GOLD_PLAIN, &shape);
    if (!x || shape.n != 2) {
        gold_fail(f, "dataset %s: rows of numbers are wanted", path);
        return (gt_rows){0};
    }
    gt_rows rows = gt_rows_share(shape.d[0], shape.d[1], gold_team()->comm);
    rows.x = x;
    return rows;
}

uint8_t *gold_pictures(gold *f, const char *path, gold_order order, gt_shape *shape) {
    const float *values = gold_read(f, path, order, shape);
    size_t n = values ? (size_t)gt_shape_size(shape) : 0;
    uint8_t *bytes = gt_arena_array(f->arena, n, 1);
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)values[i];
    return values ? bytes : NULL;
}
