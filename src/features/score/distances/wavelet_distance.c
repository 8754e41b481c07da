/* SPDX-License-Identifier: Apache-2.0
 * Frechet wavelet distance. */
#include "features/score/distances/wavelet_distance.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/mathfn.h"
#include "base/door/pool.h"
#include "gantry/memory.h"
#include "base/door/progress.h"
#include "kernels/door/lapack.h"
#include "features/score/distances/distances.h"
#include "metrics/door/metric.h"
#include "metrics/door/metric_list.h"

enum { PIECE = 64 /* pictures that are transformed before they are added to the sums */ };

struct gt_packets {
    gt_team team;
    gt_packets_options o;
    gt_arena *arena;
    int64_t count, added;
    int height, width, channels, nodes, first, own; /* nodes of this rank */
    int64_t d;
    size_t spare;    /* doubles that a transform needs beside its input */
    double *scratch; /* [threads][picture, packets, spare] */
    double *piece;   /* [own nodes][PIECE][d] */
    int64_t in_piece;
    gt_gaussian *node; /* [own nodes]; until they are finished `mean` is a sum */
    const uint8_t *pictures;
};

static size_t pixels_of(const gt_packets *p) { return (size_t)p->height * (size_t)p->width * (size_t)p->channels; }

static size_t scratch_of(const gt_packets *p) { return pixels_of(p) + 2 * p->spare; }

static gt_status check_packets(int height, int width, const gt_packets_options *o) {
    if (o->level < 1 || o->level > GT_WAVELET_LEVELS || height >> o->level < 1 || width >> o->level < 1)
        return gt_fail(GT_USAGE, "pictures of %dx%d have no wavelet packets of %d levels", width, height, o->level);
    return GT_OK;
}

gt_packets *gt_packets_new(const gt_team *team, int64_t count, int height, int width, int channels,
                           const gt_packets_options *o) {
    if (check_packets(height, width, o) || gt_lapack_begin(team->pool, 1 << 2 * o->level)) return NULL;
    gt_arena *a = gt_arena_new();
    gt_packets *p = a ? gt_arena_alloc(a, sizeof *p) : NULL;
    if (p) {
        *p = (gt_packets){.team = *team,
                          .o = *o,
                          .arena = a,
                          .count = count,
                          .height = height,
                          .width = width,
                          .channels = channels,
                          .nodes = 1 << 2 * o->level};
        int h = height, w = width;
        for (int l = 0; l < o->level; l++) h = gt_wavelet_length(o->wavelet, h), w = gt_wavelet_length(o->wavelet, w);
        p->d = (int64_t)channels * h * w;
        p->spare = gt_wavelet_spare(o->wavelet, o->level, channels, height, width);
        gt_slice_range(team->comm, p->nodes, team->comm->rank, &p->first, &p->own);
        size_t own = (size_t)p->own, d = (size_t)p->d, rows = (size_t)gt_smallest(p->d, count);
        p->scratch = gt_arena_array(a, (size_t)gt_pool_threads(team->pool) * scratch_of(p), sizeof(double));
        p->piece = gt_arena_array(a, own * PIECE, d * sizeof(double));
        p->node = gt_arena_array(a, own, sizeof *p->node);
        for (size_t i = 0; i < own && p->node; i++) {
            double *of = gt_arena_array(a, rows, d * sizeof *of);
            p->node[i] = (gt_gaussian){.count = count, .d = p->d, .mean = gt_arena_array(a, d, sizeof(double))};
            *(count < p->d ? &p->node[i].rows : &p->node[i].covariance) = of;
        }
    }
    if (p && !gt_arena_failed(a)) return p;
    gt_fail(GT_NOMEM, "out of memory for the wavelet packets of %lld pictures", (long long)count);
    gt_arena_free(a);
    return NULL;
}

void gt_packets_free(gt_packets *p) {
    if (p) gt_arena_free(p->arena);
}

int gt_packets_nodes(const gt_packets *p) { return p->nodes; }

const gt_gaussian *gt_packets_node(const gt_packets *p, int node) {
    return node >= p->first && node < p->first + p->own ? &p->node[node - p->first] : NULL;
}

/* ---- pictures ---- */

static void transform(void *arg, int tile, int worker) {
    const gt_packets *p = arg;
    size_t c = (size_t)p->channels, plane = (size_t)p->height * (size_t)p->width, d = (size_t)p->d;
    double *x = p->scratch + (size_t)worker * scratch_of(p), *packets = x + pixels_of(p), *spare = packets + p->spare;
    const uint8_t *from = p->pictures + (size_t)tile * pixels_of(p);
    for (size_t i = 0; i < plane; i++)
        for (size_t k = 0; k < c; k++) x[k * plane + i] = (double)*from++ / 255;
    gt_wavelet_packets(p->o.wavelet, p->o.level, p->channels, p->height, p->width, x, packets, spare);
    for (size_t node = 0; node < (size_t)p->own; node++) {
        const double *values = packets + ((size_t)p->first + node) * d;
        double *to = p->piece + (node * PIECE + (size_t)p->in_piece + (size_t)tile) * d;
        for (size_t i = 0; i < d; i++) to[i] = p->o.log ? gt_ln(fabs(values[i]) + 1e-6) : values[i];
    }
}

static void add_piece(void *arg, int tile, int worker) {
    (void)worker;
    gt_packets *p = arg;
    gt_gaussian *g = &p->node[tile];
    const double *x = p->piece + (size_t)tile * PIECE * (size_t)p->d;
    if (g->covariance) gt_gram_add(NULL, p->d, p->in_piece, x, g->mean, g->covariance);
    else memcpy(g->rows + (p->added - p->in_piece) * p->d, x, (size_t)(p->in_piece * p->d) * sizeof *x);
}

static void flush(gt_packets *p) {
    gt_pool_run(p->team.pool, p->own, add_piece, p);
    p->in_piece = 0;
}

gt_status gt_packets_add(gt_packets *p, const uint8_t *pictures, int64_t n) {
    if (p->added + n > p->count)
        return gt_fail(GT_USAGE, "%lld pictures are more than the %lld of the set", (long long)(p->added + n),
                       (long long)p->count);
    while (n > 0) {
        int64_t now = gt_smallest(n, PIECE - p->in_piece);
        p->pictures = pictures;
        gt_pool_run(p->team.pool, (int)now, transform, p);
        p->in_piece += now;
        p->added += now;
        pictures += (size_t)now * pixels_of(p);
        n -= now;
        if (p->in_piece == PIECE) flush(p);
    }
    return GT_OK;
}

gt_status gt_packets_finish(gt_packets *p) {
    if (p->added != p->count)
        return gt_fail(GT_FAILED, "%lld of %lld pictures were added", (long long)p->added, (long long)p->count);
    flush(p);
    for (int i = 0; i < p->own; i++) {
        gt_gaussian *g = &p->node[i];
        if (g->covariance) gt_gram_finish(p->d, p->count, g->mean, g->covariance);
        else gt_rows_centre(p->d, p->count, g->rows, g->mean);
    }
    return GT_OK;
}

/* ---- distance ---- */

typedef struct pair {
    const gt_packets *a, *b;
    double *distance; /* of each own node; < 0: none */
    atomic_int done;
} pair;

static void compare(void *arg, int tile, int worker) {
    (void)worker;
    pair *p = arg;
    p->distance[tile] = -1;
    if (gt_team_stops(&p->a->team)) return;
    if (gt_frechet_distance(&p->a->node[tile], &p->b->node[tile], GT_DIVISOR_N_LESS, &p->distance[tile]))
        p->distance[tile] = -1;
    gt_tell(gt_smallest(p->a->nodes, (int64_t)(atomic_fetch_add(&p->done, 1) + 1) * p->a->team.comm->ranks));
}

gt_status gt_packets_distance_all(const gt_packets *a, const gt_packets *b, double *distance, double *each) {
    if (a->height != b->height || a->width != b->width || a->channels != b->channels || a->o.wavelet != b->o.wavelet ||
        a->o.level != b->o.level || a->o.log != b->o.log)
        return gt_fail(GT_USAGE, "wavelet distances need pictures of one size and one wavelet");
    if (a->count < 2 || b->count < 2) return gt_fail(GT_USAGE, "a wavelet distance needs two pictures of each set");
    gt_comm *c = a->team.comm;
    double *mine = malloc((size_t)a->own * sizeof *mine + 1), *all = malloc((size_t)a->nodes * sizeof *all), sum = 0;
    gt_status st = mine && all ? GT_OK : gt_fail(GT_NOMEM, "out of memory for wavelet distances");
    gt_tell_part("", "packets", a->nodes);
    if (!st) gt_pool_run(a->team.pool, a->own, compare, &(pair){.a = a, .b = b, .distance = mine});
    st = gt_comm_agree_all(c, st);
    if (!st) st = gt_team_look_all(&a->team);
    for (int i = 0; i < a->own && !st; i++)
        if (mine[i] < 0) /* once more, for the message */
            st = gt_frechet_distance(&a->node[i], &b->node[i], GT_DIVISOR_N_LESS, &mine[i]);
    st = gt_comm_agree_all(c, st);
    if (!st) {
        gt_comm_gather_all(c, mine, (size_t)a->own * sizeof *mine, all);
        gt_comm_broadcast_all(c, all, (size_t)a->nodes * sizeof *all, 0);
        for (int i = 0; i < a->nodes; i++) sum += all[i];
        *distance = sum / a->nodes;
        if (each) memcpy(each, all, (size_t)a->nodes * sizeof *each);
    }
    free(mine);
    free(all);
    return st;
}

/* ---- the metric ---- */

/* Haar with 4 levels. */
enum { LEVEL = 4, AT_ONCE = 16 };

typedef struct feeding {
    gt_packets *packets;
    gt_status status;
} feeding;

static void feed(void *arg, int64_t first, int64_t n, const void *pictures) {
    feeding *f = arg;
    if (!f->status) f->status = gt_packets_add(f->packets, pictures, n);
    gt_tell(first + n);
}

static gt_status packets_all(const gt_metric_input *in, const gt_metric_set *set, const char *part, gt_packets **out) {
    gt_comm *c = in->team->comm;
    gt_tell_part(part, "images", set->count);
    *out = gt_packets_new(in->team, set->count, set->height, set->width, set->channels,
                          &(gt_packets_options){.wavelet = gt_wavelet_find("haar"), .level = LEVEL});
    feeding f = {.packets = *out};
    gt_status st = gt_comm_agree_all(c, *out ? GT_OK : GT_FAILED);
    size_t bytes = (size_t)set->height * (size_t)set->width * (size_t)set->channels;
    if (!st) st = gt_bytes_each_all(in->team, set->count, bytes, AT_ONCE, set->pictures, feed, &f);
    if (!st) st = f.status ? f.status : gt_packets_finish(*out);
    return gt_comm_agree_all(c, st);
}

static gt_status fwd_all(const gt_metric_input *in) {
    gt_packets *fakes = NULL, *reals = NULL;
    double distance;
    gt_status st = packets_all(in, &in->fakes, "fakes", &fakes);
    if (!st) st = packets_all(in, &in->reals, "reals", &reals);
    if (!st) st = gt_packets_distance_all(fakes, reals, &distance, NULL);
    if (!st) in->put(in->arg, "", distance);
    gt_packets_free(fakes);
    gt_packets_free(reals);
    return st;
}

const gt_metric gt_metrics_of_fwd[] = {
    {.name = "fwd#",
     .plain = "fwd",
     .count = 10000,
     .needs = GT_METRIC_REALS | GT_METRIC_PICTURES,
     .keys = {""},
     .recipe = "Haar, 4 levels",
     .help = "Frechet distance of wavelet packets",
     .compute_all = fwd_all},
    {0},
};
