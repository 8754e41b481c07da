/* SPDX-License-Identifier: Apache-2.0
 * Patches of Laplacian pyramids, for the sliced Wasserstein distance. */
#include <math.h>
#include <string.h>

#include "gantry/memory.h"
#include "base/door/random.h"
#include "features/score/distances/transforms.h"
#include "features/score/distances/sliced.h"

enum { MARGIN = GT_PATCH / 2 };

struct gt_patches {
    gt_arena *arena; /* of all of this */
    gt_team team;
    gt_rows rows;
    float *x; /* of the rows */
    int height, width, channels, level, each;
    uint64_t seed;
    int64_t added;               /* of this rank's pictures */
    float *fine, *coarse, *line; /* of one picture */
};

int gt_patches_levels(int height, int width) {
    int levels = 1;
    for (; gt_pyramid_goes_on(height, width); height /= 2, width /= 2) levels++;
    return levels;
}

gt_patches *gt_patches_new(const gt_team *team, int64_t count, int height, int width, int channels, int level, int each,
                           uint64_t seed) {
    if (level >= gt_patches_levels(height, width) || height >> level < GT_PATCH || width >> level < GT_PATCH) {
        gt_fail(GT_USAGE, "pictures of %dx%d have no patches of %dx%d at level %d", width, height, GT_PATCH, GT_PATCH,
                level);
        return NULL;
    }
    gt_arena *a = gt_arena_new();
    gt_patches *p = a ? gt_arena_array(a, 1, sizeof *p) : NULL;
    size_t line = (size_t)width * (size_t)channels, size = GT_PATCH * GT_PATCH * (size_t)channels;
    if (p) {
        *p = (gt_patches){.arena = a,
                          .team = *team,
                          .height = height,
                          .width = width,
                          .channels = channels,
                          .level = level,
                          .each = each ? each : GT_PATCHES_EACH,
                          .seed = seed};
        p->rows = gt_rows_share_of(count, p->each, (int64_t)size, team->comm);
        p->rows.x = p->x = gt_arena_array(a, (size_t)p->rows.own, size * sizeof *p->x);
        p->fine = gt_arena_array(a, (size_t)height, line * sizeof *p->fine);
        p->coarse = gt_arena_array(a, (size_t)height, line * sizeof *p->coarse);
        p->line = gt_arena_array(a, line, sizeof *p->line);
    }
    if (p && !gt_arena_failed(a)) return p;
    gt_wrap(GT_NOMEM, "patches of %lld pictures", (long long)count);
    gt_arena_free(a);
    return NULL;
}

void gt_patches_free(gt_patches *p) {
    if (p) gt_arena_free(p->arena);
}

const gt_rows *gt_patches_rows(const gt_patches *p) { return &p->rows; }

/* p->fine becomes the picture's level. */
static void make_level(gt_patches *p, const uint8_t *picture) {
    int h = p->height, w = p->width, c = p->channels;
    for (int64_t i = 0; i < (int64_t)h * w * c; i++) p->fine[i] = picture[i];
    for (int l = 0; l <= p->level && gt_pyramid_goes_on(h, w); l++, h /= 2, w /= 2) {
        gt_pyramid_shrink(p->fine, h, w, c, p->line, p->coarse);
        if (l == p->level) {
            gt_pyramid_subtract(p->fine, h, w, c, p->coarse, p->line);
            return;
        }
        float *next = p->coarse;
        p->coarse = p->fine;
        p->fine = next;
    }
}

static void take_patch(const gt_patches *p, int x, int y, float *to) {
    int w = p->width >> p->level, c = p->channels;
    for (int k = 0; k < c; k++)
        for (int i = x - MARGIN; i <= x + MARGIN; i++)
            for (int j = y - MARGIN; j <= y + MARGIN; j++) *to++ = p->fine[((int64_t)j * w + i) * c + k];
}

gt_status gt_patches_add(gt_patches *p, const uint8_t *pictures, int64_t n, const int32_t *x, const int32_t *y) {
    int h = p->height >> p->level, w = p->width >> p->level;
    if ((p->added + n) * p->each > p->rows.own)
        return gt_fail(GT_USAGE, "%lld pictures are more than this rank has", (long long)(p->added + n));
    for (int64_t i = 0; i < n; i++, pictures += (int64_t)p->height * p->width * p->channels) {
        int64_t picture = p->rows.first / p->each + p->added;
        float *to = p->x + p->added++ * p->each * p->rows.d;
        gt_key key = {.seed = p->seed,
                      .stream = gt_stream("swd/places"),
                      .step = (uint32_t)p->level,
                      .sample = (uint32_t)picture};
        make_level(p, pictures);
        for (int k = 0; k < p->each; k++, to += p->rows.d) {
            size_t at = 2 * (size_t)k;
            int column = x ? x[i * p->each + k] : MARGIN + (int)gt_random_below(key, at, (uint32_t)(w - 2 * MARGIN)),
                row = y ? y[i * p->each + k] : MARGIN + (int)gt_random_below(key, at + 1, (uint32_t)(h - 2 * MARGIN));
            if (column < MARGIN || row < MARGIN || column >= w - MARGIN || row >= h - MARGIN)
                return gt_fail(GT_USAGE, "a patch in the middle of (%d,%d) does not fit into %dx%d", column, row, w, h);
            take_patch(p, column, row, to);
        }
    }
    return GT_OK;
}

/* ---- normalisation ---- */

typedef struct channels_of {
    int64_t d, channels;
    const double *mean; /* NULL: sums of values; else of squares of what is left of the mean */
} channels_of;

static void add_values(void *arg, int64_t first, int64_t n, const float *x, double *sums) {
    (void)first;
    const channels_of *c = arg;
    int64_t each = c->d / c->channels;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < c->channels; k++)
            for (int64_t j = 0; j < each; j++, x++) {
                double value = (double)*x - (c->mean ? c->mean[k] : 0);
                sums[k] += c->mean ? value * value : value;
            }
}

gt_status gt_patches_finish_all(gt_patches *p, double *mean, double *std) {
    int64_t channels = p->channels, values = p->rows.count * (p->rows.d / channels);
    double m[channels], s[channels];
    channels_of c = {p->rows.d, channels, NULL};
    gt_status st = p->added * p->each == p->rows.own ? GT_OK : gt_fail(GT_FAILED, "not all pictures were added");
    st = gt_comm_agree_all(p->team.comm, st);
    if (!st) st = gt_rows_sum_all(&p->team, &p->rows, channels, add_values, &c, m);
    if (st) return st;
    for (int64_t k = 0; k < channels; k++) m[k] /= (double)values;
    c.mean = m;
    st = gt_rows_sum_all(&p->team, &p->rows, channels, add_values, &c, s);
    if (st) return st;
    bool plain = true;
    for (int64_t k = 0; k < channels; k++) {
        s[k] = sqrt(s[k] / (double)values);
        plain = plain && !(s[k] > 0);
    }
    if (plain) return gt_fail(GT_FAILED, "the pictures have only one colour, so their patches cannot be normalised");
    float *x = p->x;
    for (int64_t i = 0; i < p->rows.own; i++)
        for (int64_t k = 0; k < channels; k++)
            for (int64_t j = 0; j < p->rows.d / channels; j++, x++)
                *x = s[k] > 0 ? (float)(((double)*x - m[k]) / s[k]) : 0;
    if (mean) memcpy(mean, m, sizeof m);
    if (std) memcpy(std, s, sizeof s);
    return GT_OK;
}
