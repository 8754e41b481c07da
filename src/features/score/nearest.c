/* SPDX-License-Identifier: Apache-2.0
 * Statistics and nearest reals: see scores_of.h. */
#include "features/score/scores_of.h"

#include <stdio.h>
#include <string.h>

#include "base/door/numbers.h"
#include "gantry/memory.h"
#include "base/door/progress.h"
#include "features/score/distances/authenticity.h"
#include "metrics/door/metric.h"
#include "figures/door/sheet.h"
#include "features/score/scoring.h"

enum { ROWS = 12, NEAREST = 6, COLUMNS = 1 + NEAREST, TEXT = 48 };

gt_status gt_scoring_gaussian_all(gt_scoring *s, gt_picture_set *set, gt_gaussian *out) {
    int lane = GT_LANE_NONE;
    *out = (gt_gaussian){0};
    for (int i = s->n - 1; i >= 0; i--)
        if (s->asked[i].row->needs & GT_METRIC_GAUSSIAN) lane = gt_scoring_lane(s, i);
    if (lane == GT_LANE_NONE) return gt_fail(GT_USAGE, "statistics are only for fid: give --metrics=fid");
    gt_status st = gt_scoring_fit_all(s, set);
    return st ? st : gt_lane_gaussian_all(s, set, lane, set->count, out);
}

/* ---- the picture ---- */

typedef struct drawing {
    gt_picture_set *fakes, *reals;
    int64_t rows;
    float *images; /* [ROWS][COLUMNS] */
    float *batch;  /* room for one call of read() */
    sheet_cell cells[ROWS * COLUMNS];
    char text[ROWS * COLUMNS][2][TEXT]; /* of the cells */
} drawing;

static gt_status draw_cell(drawing *d, int cell, gt_picture_set *set, int64_t item) {
    size_t pixels = (size_t)set->height * (size_t)set->width * (size_t)set->channels;
    float *image = d->images + (size_t)cell * pixels;
    gt_status st = gt_picture_set_read(set, item, 1, d->batch, NULL);
    if (!st) memcpy(image, d->batch, pixels * sizeof *image);
    d->cells[cell] = (sheet_cell){.image = image, .text = {d->text[cell][0], d->text[cell][1]}};
    return st;
}

static gt_status draw_row(drawing *d, int row, const gt_likeness *l, const gt_neighbour *nearest) {
    int cell = row * COLUMNS;
    snprintf(d->text[cell][0], TEXT, "fake %lld", (long long)l->fake);
    snprintf(d->text[cell][1], TEXT, l->gap > 0 ? "distance/gap %.3g" : "gap 0", l->distance / l->gap);
    gt_status st = draw_cell(d, cell, d->fakes, l->fake);
    d->cells[cell].bad = !gt_is_authentic(l);
    for (int k = 0; k < NEAREST && !st; k++) {
        if (nearest[k].index < 0) continue;
        snprintf(d->text[cell + 1 + k][0], TEXT, "real %lld", (long long)nearest[k].index);
        snprintf(d->text[cell + 1 + k][1], TEXT, "distance %.4g", nearest[k].distance);
        st = draw_cell(d, cell + 1 + k, d->reals, nearest[k].index);
    }
    return st;
}

/* Rank 0. nearest [fakes,NEAREST] in the order of the fakes. */
static gt_status draw_picture(gt_arena *a, const char *path, gt_picture_set *fakes, gt_picture_set *reals, int64_t n,
                              const gt_likeness *all, const gt_neighbour *nearest) {
    drawing *d = gt_arena_array(a, 1, sizeof *d);
    size_t pixels = (size_t)fakes->height * (size_t)fakes->width * (size_t)fakes->channels;
    if (!d) return GT_NOMEM;
    *d = (drawing){.fakes = fakes, .reals = reals, .rows = gt_smallest(n, ROWS)};
    d->images = gt_arena_array(a, ROWS * COLUMNS * pixels, sizeof *d->images);
    d->batch = gt_arena_array(a, (size_t)gt_largest(fakes->batch, reals->batch) * pixels, sizeof *d->batch);
    gt_status st = gt_arena_failed(a) ? GT_NOMEM : GT_OK;
    for (int i = 0; i < (int)d->rows && !st; i++) st = draw_row(d, i, &all[i], nearest + all[i].fake * NEAREST);
    sheet s = sheet_of(
        "fakes that are most like a real, and the nearest reals; red: nearer than this real is to others (no proof)",
        COLUMNS, d->rows * COLUMNS, d->cells, fakes->height, fakes->width, fakes->channels);
    return st ? st : sheet_write(path, &s);
}

static gt_status find_all(gt_scoring *s, const gt_metric_set *fakes, const gt_metric_set *reals, gt_likeness *all,
                          gt_neighbour *mine, gt_neighbour *nearest) {
    double share;
    gt_tell_start("nearest reals", NULL, 0);
    gt_status st = gt_authenticity_all(&s->team, &reals->rows, &fakes->rows, reals->mirrored, &share, all);
    gt_tell_part("of each fake", "reals", reals->rows.count);
    if (!st) st = gt_nearest_all(&s->team, &fakes->rows, &reals->rows, NEAREST, GT_NEAREST_ALL, mine);
    gt_tell_end();
    if (st) return st;
    gt_rows_gather_all(&s->team, &fakes->rows, mine, NEAREST * sizeof *mine, nearest);
    gt_sort_by_likeness(all, fakes->count);
    return GT_OK;
}

static gt_status compare_all(gt_scoring *s, gt_collected *reals, gt_collected *fakes, int lane, const char *path) {
    int64_t n = fakes->set->count;
    gt_comm *comm = s->team.comm;
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_likeness *all = a ? gt_arena_array(a, (size_t)n, sizeof *all) : NULL;
    gt_neighbour *mine = a ? gt_arena_array(a, (size_t)n, NEAREST * sizeof *mine) : NULL,
                 *nearest = a ? gt_arena_array(a, (size_t)n, NEAREST * sizeof *mine) : NULL;
    gt_metric_set made = {0}, real = {0};
    gt_status st = gt_comm_agree_all(comm, all && mine && nearest ? GT_OK : GT_NOMEM);
    if (!st) st = gt_metric_set_of_all(s, fakes, lane, GT_METRIC_ROWS, n, &made);
    if (!st) st = gt_metric_set_of_all(s, reals, lane, GT_METRIC_ROWS, reals->set->count, &real);
    if (!st) st = find_all(s, &made, &real, all, mine, nearest);
    if (!st && comm->rank == 0) st = draw_picture(a, path, fakes->set, reals->set, n, all, nearest);
    st = gt_comm_agree_all(comm, st);
    return st;
}

void gt_scoring_draw_nearest(gt_scoring *s, const char *path) { s->nearest = path; }

static int lane_of(const gt_scoring *s) { return s->o.detector && *s->o.detector ? GT_LANE_OWN : GT_LANE_PIXELS; }

gt_status gt_nearest_want_all(gt_scoring *s, gt_collected *reals, gt_collected *fakes) {
    const gt_picture_set *real = reals->set, *fake = fakes->set;
    if (!s->nearest) return GT_OK;
    gt_status st = GT_OK;
    if (fake->statistics || real->statistics)
        st = gt_fail(GT_USAGE, "statistics of another program have no pictures, and no nearest ones");
    else if (fake->height != real->height || fake->width != real->width || fake->channels != real->channels)
        st = gt_fail(GT_USAGE, "nearest reals need pictures of one size");
    if (!st) {
        gt_collected_want(reals, lane_of(s), GT_METRIC_ROWS, real->count);
        gt_collected_want(fakes, lane_of(s), GT_METRIC_ROWS, fake->count);
        st = gt_scoring_open_extractor_all(s, lane_of(s));
    }
    return st ? gt_wrap(st, "--nearest") : GT_OK;
}

gt_status gt_nearest_draw_all(gt_scoring *s, gt_collected *reals, gt_collected *fakes) {
    int lane = lane_of(s);
    if (!s->nearest) return GT_OK;
    gt_status st = GT_OK;
    if (reals->lane[lane].failed || fakes->lane[lane].failed) st = gt_fail(GT_NONFINITE, "features are not finite");
    if (!st) st = compare_all(s, reals, fakes, lane, s->nearest);
    return st ? gt_wrap(st, "--nearest") : GT_OK;
}
