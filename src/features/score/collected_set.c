/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * A set is read once. Each rank reads the pictures of its blocks (metrics/door/rows.h) in batches, whose size changes
 * no picture and no feature; each detector in use makes its features of a batch. Where moments alone are wanted, and of
 * the whole set, no rows are kept. A score may want fewer pictures than another: the first ones of the set. They are
 * other ranks' then, and are sent there. */
#include "features/score/scoring.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "gantry/generate.h"
#include "base/door/memory.h"
#include "base/door/progress.h"
#include "metrics/door/metric.h"

void gt_collected_want(gt_collected *c, int lane, int needs, int64_t count) {
    if (needs & GT_METRIC_PICTURES) c->picture_count = gt_largest(c->picture_count, count);
    if (lane == GT_LANE_NONE) return;
    gt_lane *l = &c->lane[lane];
    /* moments of two counts need the rows */
    if (l->needs && l->count != count) l->needs |= GT_METRIC_ROWS;
    l->needs |= needs & (GT_METRIC_GAUSSIAN | GT_METRIC_ROWS | GT_METRIC_PROBABILITIES | GT_METRIC_CLASSES);
    l->count = gt_largest(l->count, count);
}

/* Rows of the whole set become those of the lane. */
static gt_status shorten_all(const gt_team *team, int64_t whole, int64_t count, size_t bytes, void *rows) {
    void *part, *from;
    memcpy(&from, rows, sizeof from);
    if (!from || whole == count) return GT_OK;
    gt_status st = gt_first_rows_all(team, whole, count, bytes, from, &part);
    if (st) free(part);
    if (st) return st;
    free(from);
    memcpy(rows, &part, sizeof part);
    return GT_OK;
}

/* ---- a pass over the set ---- */

typedef struct pass {
    gt_scoring *s;
    gt_collected *c;
    gt_rows share;
    int64_t next; /* the next item */
    float *images, *labels, *features, *probabilities;
    int32_t *classes;
    uint8_t *bytes;
    gt_arena *arena; /* of these */
} pass;

static bool next_batch(pass *p, int64_t *first, int *n) {
    *first = p->next;
    *n = (int)gt_smallest(p->c->set->batch, p->share.first + p->share.own - p->next);
    p->next += *n;
    return *n > 0;
}

static int64_t batches_of(pass p) {
    int64_t first, batches = 0;
    for (int n; next_batch(&p, &first, &n);) batches++;
    return batches;
}

/* The class with the largest number of a label; -1: there is none. */
static int class_of(const float *label, int dim) {
    int best = -1;
    for (int k = 0; k < dim; k++)
        if (label[k] > (best < 0 ? 0 : label[best])) best = k;
    return best;
}

static gt_status run_extractor(pass *p, int lane, int n, const float *images, float *features, float *probabilities,
                               int32_t *classes) {
    gt_extractor *d = p->s->extractor[lane];
    size_t pixels = gt_set_pixels(p->c->set);
    if (!d) { /* pixels */
        for (size_t i = 0; i < (size_t)n * pixels; i++) features[i] = p->bytes[i];
        return GT_OK;
    }
    gt_status st = GT_OK;
    int at_once = gt_extractor_batch(d);
    for (int i = 0; i < n && !st; i += at_once) {
        size_t k = (size_t)i;
        st = gt_extractor_run(d, (int)gt_smallest(at_once, n - i), images + k * pixels,
                              features ? features + k * (size_t)gt_extractor_features(d) : NULL,
                              probabilities ? probabilities + k * (size_t)gt_extractor_classes(d) : NULL,
                              classes ? classes + i : NULL);
    }
    return st;
}

static gt_status add_to_lane(pass *p, int lane, int64_t first, int n) {
    gt_lane *l = &p->c->lane[lane];
    if (!l->needs || l->from_cache) return GT_OK;
    size_t place = (size_t)(first - p->share.first), d = (size_t)l->d;
    float *features = l->features  ? l->features + place * d
                      : l->streams ? p->features
                                   : NULL,
          *probabilities = l->probabilities ? l->probabilities + place * (size_t)l->classes : NULL;
    gt_status st = run_extractor(p, lane, n, p->images, features, probabilities, l->asked ? p->classes : NULL);
    if (!st && l->streams) st = gt_row_moments_add(l->moments, features, n);
    for (int i = 0; i < n && !st && l->asked; i++) {
        int dim = p->c->set->label_dim;
        float *to = l->asked + 2 * (place + (size_t)i);
        to[0] = (float)p->classes[i];
        to[1] = (float)class_of(p->labels + (size_t)i * (size_t)dim, dim);
    }
    return st;
}

static gt_status add_batch(pass *p, int64_t first, int n) {
    gt_picture_set *set = p->c->set;
    size_t pixels = gt_set_pixels(set);
    gt_status st = gt_picture_set_read(set, first, n, p->images, set->label_dim ? p->labels : NULL);
    if (st) return st;
    gt_image_bytes(p->images, p->bytes, (size_t)n * pixels);
    if (p->c->pictures)
        memcpy(p->c->pictures + (size_t)(first - p->share.first) * pixels, p->bytes, (size_t)n * pixels);
    for (int lane = 0; lane < GT_LANES && !st; lane++) st = add_to_lane(p, lane, first, n);
    return st;
}

/* A lane's rows: freed one by one, since they may be most of the memory. */
static float *floats_for(size_t rows, size_t d, bool *short_of) {
    size_t bytes;
    bool too_many = gt_mul_overflows(rows, d, &bytes) || gt_mul_overflows(bytes, sizeof(float), &bytes);
    float *x = too_many ? NULL : malloc(bytes + 1);
    *short_of |= !x;
    return x;
}

/* This rank's room for the pass. */
static gt_status make_room(pass *p) {
    gt_collected *c = p->c;
    gt_picture_set *set = c->set;
    size_t batch = (size_t)set->batch, own = (size_t)p->share.own, pixels = gt_set_pixels(set), widest = 0;
    bool failed = false;
    for (int lane = 0; lane < GT_LANES; lane++) {
        gt_lane *l = &c->lane[lane];
        if (!l->needs || l->from_cache) continue;
        l->streams = l->needs == GT_METRIC_GAUSSIAN && l->count == c->count;
        if (l->streams) l->moments = gt_row_moments_new(&p->s->team, l->count, l->d);
        if (l->streams && !l->moments) return GT_NOMEM;
        bool rows = l->needs & (GT_METRIC_GAUSSIAN | GT_METRIC_ROWS);
        if (rows && !l->streams) l->features = floats_for(own, (size_t)l->d, &failed);
        if (l->needs & GT_METRIC_PROBABILITIES) l->probabilities = floats_for(own, (size_t)l->classes, &failed);
        if (l->needs & GT_METRIC_CLASSES) l->asked = floats_for(own, 2, &failed);
        if ((size_t)l->d > widest) widest = (size_t)l->d;
    }
    if (c->picture_count) c->pictures = (uint8_t *)floats_for(own, (pixels + 3) / 4, &failed);
    p->arena = gt_arena_new();
    if (!p->arena) return GT_NOMEM;
    p->images = gt_arena_array(p->arena, batch, pixels * sizeof *p->images);
    p->bytes = gt_arena_array(p->arena, batch, pixels);
    p->labels = gt_arena_array(p->arena, batch, (size_t)set->label_dim * sizeof *p->labels);
    p->features = gt_arena_array(p->arena, batch, widest * sizeof *p->features);
    p->classes = gt_arena_array(p->arena, batch, sizeof *p->classes);
    if (gt_arena_failed(p->arena)) return GT_NOMEM;
    return failed ? gt_fail(GT_NOMEM, "out of memory for the features of %lld %s", (long long)c->count, set->name)
                  : GT_OK;
}

/* All ranks look every few batches whether others have failed or are to stop. */
static gt_status read_all(pass *p) {
    enum { AGREE = 4 };
    gt_comm *comm = p->s->team.comm;
    int64_t rounds = gt_comm_max_all(comm, (int)batches_of(*p)), first, done = 0;
    gt_status st = GT_OK;
    gt_tell_start(p->c->set->name, "images", p->c->count);
    for (int64_t round = 0; round < rounds; round++) {
        int n;
        if (round % AGREE == 0 && (st = gt_comm_agree_all(comm, st))) break;
        gt_progress();
        if (!st && p->s->o.stop && p->s->o.stop()) st = gt_fail(GT_STOPPED, "stopped");
        if (st || !next_batch(p, &first, &n)) continue;
        st = add_batch(p, first, n);
        done += n;
        if (!st) gt_tell(gt_smallest(done * comm->ranks, p->c->count));
    }
    gt_tell_end();
    return gt_comm_agree_all(comm, st);
}

static gt_status finish_lane_all(pass *p, int lane) {
    gt_collected *c = p->c;
    gt_lane *l = &c->lane[lane];
    const gt_team *team = &p->s->team;
    if (!l->needs || l->from_cache) return GT_OK;
    if (l->streams) {
        gt_kept_gaussian *k = &c->gaussian[c->n_gaussians];
        gt_status st = gt_row_moments_finish_all(l->moments, &k->g);
        k->lane = lane;
        k->count = l->count;
        l->failed = st == GT_NONFINITE;
        if (!st) c->n_gaussians++;
        if (!st) gt_collected_keep_gaussian(p->s, c, k);
        return l->failed ? GT_OK : st;
    }
    gt_status st = shorten_all(team, c->count, l->count, (size_t)l->d * sizeof(float), &l->features);
    if (!st) st = shorten_all(team, c->count, l->count, (size_t)l->classes * sizeof(float), &l->probabilities);
    if (!st) st = shorten_all(team, c->count, l->count, 2 * sizeof(float), &l->asked);
    if (st || !l->features) return st;
    gt_rows rows = gt_rows_share(l->count, l->d, team->comm);
    rows.x = l->features;
    l->failed = gt_rows_check_all(team, &rows, c->set->name);
    return l->failed ? GT_OK : gt_collected_keep_rows_all(p->s, c, lane);
}

static gt_status pass_all(gt_scoring *s, gt_collected *c) {
    gt_comm *comm = s->team.comm;
    pass p = {.s = s, .c = c, .share = gt_rows_share(c->count, 1, comm)};
    p.next = p.share.first;
    gt_status st = gt_comm_agree_all(comm, make_room(&p));
    if (!st) st = read_all(&p);
    if (!st) st = gt_picture_set_was_read_all(c->set, comm);
    for (int lane = 0; lane < GT_LANES && !st; lane++) st = finish_lane_all(&p, lane);
    if (!st && c->picture_count)
        st = shorten_all(&s->team, c->count, c->picture_count, gt_set_pixels(c->set), &c->pictures);
    gt_arena_free(p.arena);
    return st;
}

/* Can the lanes' networks see such pictures? */
static gt_status check_set(gt_scoring *s, gt_collected *c) {
    gt_status st = GT_OK;
    for (int lane = 0; lane < GT_LANES && !st; lane++) {
        gt_extractor *d = s->extractor[lane];
        gt_lane *l = &c->lane[lane];
        if (!l->needs) continue;
        l->d = d ? gt_extractor_features(d) : (int64_t)gt_set_pixels(c->set);
        l->classes = d ? gt_extractor_classes(d) : 0;
        if (d && !c->set->statistics) st = gt_extractor_takes(d, c->set->height, c->set->width, c->set->channels);
    }
    return st ? gt_wrap(st, "%s", c->set->name) : GT_OK;
}

gt_status gt_collect_all(gt_scoring *s, gt_collected *c) {
    if (!c->set) return GT_OK;
    gt_status st = gt_comm_agree_all(s->team.comm, check_set(s, c));
    if (!st && !c->set->statistics) st = gt_collected_recall_all(s, c);
    if (st) return st;
    c->count = c->picture_count;
    for (int lane = 0; lane < GT_LANES; lane++)
        if (c->lane[lane].needs && !c->lane[lane].from_cache) c->count = gt_largest(c->count, c->lane[lane].count);
    return c->count && !c->set->statistics ? pass_all(s, c) : GT_OK;
}

void gt_collected_free(gt_collected *c) {
    for (int i = 0; i < GT_LANES; i++) {
        gt_row_moments_free(c->lane[i].moments);
        free(c->lane[i].features);
        free(c->lane[i].probabilities);
        free(c->lane[i].asked);
    }
    for (int i = 0; i < c->n_gaussians; i++) gt_gaussian_free(&c->gaussian[i].g);
    free(c->pictures);
    *c = (gt_collected){0};
}
