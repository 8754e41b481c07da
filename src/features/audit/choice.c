/* SPDX-License-Identifier: Apache-2.0
 * Which parts of a run are computed again, and how probably a forgery goes unseen: see features/audit/choice.h. */
#include "features/audit/choice.h"

#include <math.h>
#include <stdlib.h>

#include "base/door/random.h"

enum { MOST_DRAWS = 1000000 };

/* ---- intervals and stretches ---- */

/* The open stretch ends at a place. */
static void end_stretch(audit_choice *c, int place, int64_t images) {
    audit_stretch *s = &c->stretch[c->stretches++];
    c->interval[c->n - 1].end = s->reach = images;
    s->last = place;
    s[1] = (audit_stretch){.first = place, .begin = images, .target = images, .done = images};
}

gt_status audit_choice_open(audit_choice *c, gt_arena *arena, const int64_t *place, int places, const int64_t *link,
                            int links) {
    size_t room = (size_t)places + 1;
    c->interval = gt_arena_array(arena, (size_t)links + room, sizeof *c->interval);
    c->stretch = gt_arena_array(arena, room, sizeof *c->stretch);
    c->order = gt_arena_array(arena, room, sizeof *c->order);
    c->way = gt_arena_array(arena, room, sizeof *c->way);
    if (!c->interval || !c->stretch || !c->order || !c->way) return GT_NOMEM;
    c->n = c->stretches = c->ordered = 0;
    if (places < 2 || place[places - 1] <= place[0]) return GT_OK;
    int64_t at = place[0];
    int first = 0, cuts = 1; /* of the open stretch: its first interval; links, with one where it begins */
    c->stretch[0] = (audit_stretch){.begin = at, .target = at, .done = at};
    for (int i = 1, l = 0; i < places; i++) {
        for (; l < links && link[l] <= place[i]; l++) {
            if (link[l] <= at) continue;
            c->interval[c->n++] = (audit_interval){c->stretches, at, link[l]};
            at = link[l];
            cuts++;
        }
        if (cuts < 2 && i < places - 1) continue;
        if (cuts < 2 && c->stretches) c->n = first, c->stretches--; /* too short: it goes with the stretch before */
        if (!c->n) c->interval[c->n++] = (audit_interval){.begin = place[0]};
        cuts = at == place[i];
        end_stretch(c, i, at = place[i]);
        first = c->n;
    }
    return GT_OK;
}

static int64_t images_of(const audit_choice *c) { return c->n ? c->interval[c->n - 1].end - c->interval[0].begin : 0; }

static const audit_stretch *stretch_of(const audit_choice *c, const audit_interval *v) {
    return &c->stretch[v->stretch];
}

static bool is_reached(const audit_choice *c, const audit_interval *v) { return v->end <= stretch_of(c, v)->reach; }

/* ---- draws ---- */

const audit_interval *audit_choice_draw(const audit_choice *c, int64_t i) {
    uint32_t bits[4];
    gt_philox((uint32_t[4]){0, gt_stream("audit"), 0, (uint32_t)i}, c->seed, bits);
    uint64_t random = (uint64_t)bits[0] << 32 | bits[1];
    int64_t image = c->interval[0].begin + (int64_t)((unsigned __int128)random * (uint64_t)images_of(c) >> 64);
    int low = 0, high = c->n - 1;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (c->interval[middle].end > image) high = middle;
        else low = middle + 1;
    }
    return &c->interval[low];
}

static void choose(audit_choice *c, int stretch, int64_t end) {
    audit_stretch *s = &c->stretch[stretch];
    if (end > s->reach || end <= s->target) return;
    if (s->target == s->begin) c->order[c->ordered++] = stretch;
    s->target = end;
}

void audit_choice_make(audit_choice *c) {
    c->ordered = 0;
    for (int s = 0; s < c->stretches; s++) c->stretch[s].target = c->stretch[s].begin;
    for (int64_t i = 0; i < c->draws && c->n; i++) {
        const audit_interval *v = audit_choice_draw(c, i);
        choose(c, v->stretch, v->end);
    }
    for (int s = 0; s < c->stretches && c->all; s++) choose(c, s, c->stretch[s].reach);
}

/* ---- how many ---- */

static int shorter(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* The most draws that never take more images than these: n draws go into n stretches at most. */
static int sure(audit_choice *c, double images) {
    for (int s = 0; s < c->stretches; s++) c->way[s] = c->stretch[s].reach - c->stretch[s].begin;
    qsort(c->way, (size_t)c->stretches, sizeof *c->way, shorter);
    int n = 0;
    for (double sum = 0; n < c->stretches && (sum += (double)c->way[n]) <= images; n++) continue;
    return n;
}

/* The most draws n with n mean + 2 sqrt(n) deviation <= images, of the ways of single draws. */
static double probable(const audit_choice *c, double images) {
    double mean = 0, square = 0;
    for (int i = 0; i < c->n; i++) {
        const audit_interval *v = &c->interval[i];
        double p = (double)(v->end - v->begin) / (double)images_of(c);
        double way = is_reached(c, v) ? (double)(v->end - stretch_of(c, v)->begin) : 0;
        mean += p * way;
        square += p * way * way;
    }
    double variance = fmax(square - mean * mean, 0);
    if (!(mean > 0)) return 0;
    double root = (sqrt(variance + mean * images) - sqrt(variance)) / mean;
    return floor(root * root);
}

void audit_choice_fit(audit_choice *c, double images) {
    for (int i = c->n - 1; i >= 0; i--) {
        const audit_interval *v = &c->interval[i];
        audit_stretch *s = &c->stretch[v->stretch];
        if (s->reach > v->begin && (double)(s->reach - s->begin) > images) s->reach = v->begin;
    }
    int n = sure(c, images);
    c->all = n == c->stretches;
    c->draws = c->all ? n : (int64_t)fmin(fmax(n, probable(c, images)), MOST_DRAWS);
}

void audit_choice_cut(audit_choice *c, double images) {
    int n = sure(c, images);
    c->all &= n == c->stretches;
    if (n < c->draws) c->draws = n;
}

/* ---- the probability ---- */

/* That an interval goes unseen. */
static double unseen_at(const audit_choice *c, const audit_interval *v) {
    if (!is_reached(c, v)) return 1;
    if (c->all) return 0;
    double found = (double)(stretch_of(c, v)->reach - v->begin) / (double)images_of(c);
    return pow(1 - found, (double)c->draws);
}

void audit_choice_unseen(const audit_choice *c, double *even, double *worst) {
    int64_t before = c->n ? c->interval[0].begin : 0;
    double sum = (double)before;
    *worst = !c->n || before ? 1 : 0;
    for (int i = 0; i < c->n; i++) {
        const audit_interval *v = &c->interval[i];
        double unseen = unseen_at(c, v);
        sum += unseen * (double)(v->end - v->begin);
        *worst = fmax(*worst, unseen);
    }
    *even = c->n ? sum / (double)(images_of(c) + before) : 1;
}
