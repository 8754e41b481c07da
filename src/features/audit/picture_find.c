/* SPDX-License-Identifier: Apache-2.0
 * Which seed of which network makes a picture whose record is gone? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/audit/pictures.h"
#include "base/door/file.h"
#include "runner/contents/door/contents.h"
#include "files/codec/door/picture.h"
#include "dist/door/dist.h"
#include "gantry/log.h"
#include "gantry/text.h"
#include "features/audit/find.h"

typedef struct work {
    const gt_audit_pictures *o;
    gt_comm *comm;
    gt_arena *arena;
    audit_candidates networks; /* rank 0's */
    int n;                     /* pictures that are compared */
    int *place;                /* [n] in o->path; rank 0's */
    bool *exact;               /* [n] a PNG: nothing but its pixels is shown; rank 0's */
    gt_picture *pictures;      /* [n] */
    gt_found *best, *found;    /* [n] of all networks so far; of one */
    audit_candidate **of;      /* [n] the network of the best; rank 0's */
    const char **why;          /* [o->n] why a picture is not compared; NULL: it is; rank 0's */
} work;

/* ---- pictures ---- */

static gt_status read_picture(work *w, int i) {
    gt_record_found said;
    void *bytes = NULL;
    size_t n;
    gt_picture p = {0};
    if (w->o->refused[i]) return w->why[i] = w->o->refused[i], GT_OK;
    gt_status st = gt_record_find(w->o->path[i], &said);
    bool several = !st && (said.animated || said.array), recorded = !st && said.json,
         named = !st && audit_named_as_it_is(w->o->path[i], &said);
    if (!st) free(said.json);
    if (!st && !several) st = gt_file_read(w->o->path[i], GT_PICTURE_MAX_BYTES, &bytes, &n);
    if (!st && !several) st = gt_picture_decode(&p, bytes, n, 0);
    free(bytes);
    if (st == GT_NOMEM) return st;
    if (!st && !several && !recorded && named && !*said.beyond && p.type != GT_F32) {
        w->exact[w->n] = audit_is_plain(&said);
        w->place[w->n] = i;
        w->pictures[w->n++] = p;
        return GT_OK;
    }
    gt_picture_free(&p);
    w->why[i] = gt_arena_printf(w->arena, "%s",
                                st             ? audit_own_names(w->o->copies, gt_message())
                                : several      ? "it is not a single picture"
                                : recorded     ? "it has a record, which is checked without --find"
                                : *said.beyond ? said.beyond
                                : !named       ? AUDIT_MISNAMED
                                               : "its numbers are floats");
    return w->why[i] ? GT_OK : GT_NOMEM;
}

static gt_status read_pictures(work *w) {
    const gt_audit_pictures *o = w->o;
    gt_status st = audit_candidates_open(&w->networks, w->arena, o);
    w->exact = gt_arena_array(w->arena, (size_t)o->n + 1, sizeof *w->exact);
    w->place = gt_arena_array(w->arena, (size_t)o->n + 1, sizeof *w->place);
    w->pictures = gt_arena_array(w->arena, (size_t)o->n + 1, sizeof *w->pictures);
    w->of = gt_arena_array(w->arena, (size_t)o->n + 1, sizeof *w->of);
    w->why = gt_arena_array(w->arena, (size_t)o->n + 1, sizeof *w->why);
    if (gt_arena_failed(w->arena)) return GT_NOMEM;
    for (int i = 0; i < o->n && !st; i++) st = read_picture(w, i);
    return st;
}

/* All ranks get the pictures. */
static gt_status share_all(work *w) {
    gt_comm *c = w->comm;
    gt_comm_broadcast_all(c, &w->n, sizeof w->n, 0);
    if (c->rank) w->pictures = gt_arena_array(w->arena, (size_t)w->n + 1, sizeof *w->pictures);
    w->best = gt_arena_array(w->arena, (size_t)w->n + 1, sizeof *w->best);
    w->found = gt_arena_array(w->arena, (size_t)w->n + 1, sizeof *w->found);
    gt_status st = gt_comm_agree_all(c, gt_arena_failed(w->arena) ? GT_NOMEM : GT_OK);
    for (int i = 0; i < w->n && !st; i++) {
        gt_picture p = c->rank ? (gt_picture){0} : w->pictures[i];
        gt_comm_broadcast_all(c, &p, sizeof p, 0);
        if (c->rank) st = gt_picture_new(&w->pictures[i], p.height, p.width, p.channels, p.type);
        if (!(st = gt_comm_agree_all(c, st)))
            gt_comm_broadcast_all(c, w->pictures[i].samples, gt_picture_bytes(&w->pictures[i]), 0);
    }
    return st;
}

/* ---- networks ---- */

static bool nearer(const gt_found *a, const gt_found *b) { return a->any && (!b->any || a->sum < b->sum); }

static gt_status try_network_all(work *w, audit_candidate *one, int64_t n, const int64_t *seeds) {
    char path[GT_CONTENTS_NAME_BYTES] = "", recipe[GT_SHA256_TEXT] = "";
    gt_status st = gt_comm_agree_all(w->comm, one ? audit_candidate_copy(&w->networks, one) : GT_OK);
    if (st) return st;
    if (one) snprintf(path, sizeof path, "%s", one->path);
    gt_comm_broadcast_all(w->comm, path, sizeof path, 0);
    memset(w->found, 0, (size_t)w->n * sizeof *w->found);
    st = gt_find_all(w->comm,
                     &(gt_find_request){.checkpoint = path,
                                        .n = n,
                                        .seeds = seeds,
                                        .n_pictures = w->n,
                                        .pictures = w->pictures,
                                        .recipe = one && !one->shipped ? recipe : NULL,
                                        .pool = w->o->pool,
                                        .stop = w->o->stop},
                     w->found);
    bool equal = false;
    for (int i = 0; i < w->n && one && !st; i++) {
        if (nearer(&w->found[i], &w->best[i])) w->best[i] = w->found[i], w->of[i] = one;
        equal |= w->found[i].equal;
    }
    if (!equal || one->shipped) return st;
    if (!gt_contents_root_of_file(one->path, &one->contents)) memcpy(one->recipe, recipe, sizeof recipe);
    return st;
}

/* A file without a generator is passed over, with a warning where the user has named it. */
static gt_status try_all(work *w, int64_t n, const int64_t *seeds) {
    int count = w->networks.n;
    gt_status st = GT_OK;
    gt_comm_broadcast_all(w->comm, &count, sizeof count, 0);
    for (int i = 0; i < count && !st; i++) {
        audit_candidate *one = w->networks.list ? &w->networks.list[i] : NULL;
        int wanted = one && (!one->shipped || !w->o->n_networks);
        gt_comm_broadcast_all(w->comm, &wanted, sizeof wanted, 0);
        if (wanted) st = try_network_all(w, one, n, seeds);
        if (!st || st == GT_NOMEM || st == GT_STOPPED) continue;
        if (one) gt_warn("no picture is looked for in it: %s", audit_own_names(w->o->copies, gt_message()));
        st = GT_OK;
    }
    return st;
}

/* ---- what was found ---- */

static void print_found(work *w, int i) {
    const gt_found *f = &w->best[i];
    char name[AUDIT_NAME_BYTES];
    const char *path = audit_name(w->o->name[w->place[i]], name);
    char class[32] = "";
    if (!f->any) {
        char what[48];
        const gt_picture *p = &w->pictures[i];
        gt_print("%s: not found: no network that was tried makes pictures of %d x %d pixels, %s%s\n", path, p->width,
                 p->height, gt_picture_describe(p, what),
                 p->channels == 2 || p->channels == 4 ? " (saved without transparency, it may be one)" : "");
        return;
    }
    if (f->class >= 0) snprintf(class, sizeof class, ", class %d", f->class);
    const char *network = audit_candidate_text(&w->networks, w->of[i]);
    if (f->equal && !w->exact[i])
        gt_print("%s: not checked: its pixels are those of seed %lld%s of %s, but it is neither PNG nor TIFF: programs "
                 "may show something else\n",
                 path, (long long)f->seed, class, network);
    else if (f->equal) gt_print("%s is what %s makes of seed %lld%s\n", path, network, (long long)f->seed, class);
    else
        gt_print("%s: not found: the nearest is seed %lld%s of %s, which differs by at most %lld of %d, by %.3g on "
                 "average\n",
                 path, (long long)f->seed, class, network, (long long)f->most,
                 w->pictures[i].type == GT_U16 ? 65535 : 255, (double)f->sum / (double)f->values);
}

/* How many were not found. */
static int print_all(work *w) {
    int missing = 0;
    char name[AUDIT_NAME_BYTES];
    for (int i = 0, k = 0; i < w->o->n; i++) {
        bool compared = k < w->n && w->place[k] == i;
        missing += !compared || !w->best[k].equal || !w->exact[k];
        if (compared) print_found(w, k++);
        else gt_print("%s: not checked: %s\n", audit_name(w->o->name[i], name), w->why[i]);
    }
    audit_candidates_print(&w->networks);
    if (w->o->others && *w->o->others) gt_print("not checked: %s\n", w->o->others);
    return missing;
}

gt_status gt_audit_find_all(gt_comm *comm, const gt_audit_pictures *o, int64_t n, const int64_t *seeds) {
    work w = {.o = o, .comm = comm, .arena = gt_arena_new()};
    gt_status st = w.arena ? GT_OK : GT_NOMEM;
    if (!st && !comm->rank) st = read_pictures(&w);
    st = gt_comm_agree_all(comm, st);
    if (!st) st = share_all(&w);
    if (!st) st = try_all(&w, n, seeds);
    int missing = st || comm->rank ? 0 : print_all(&w);
    if (!st) gt_comm_broadcast_all(comm, &missing, sizeof missing, 0);
    bool beside = o->others && *o->others;
    if (!st) gt_comm_broadcast_all(comm, &beside, sizeof beside, 0);
    if (missing) st = gt_fail(GT_UNDECIDED, "pictures that were not found: %d", missing);
    else if (!st && beside) st = gt_fail(GT_UNDECIDED, "the folder has files that are not checked");
    for (int i = 0; i < w.n && w.pictures; i++) gt_picture_free(&w.pictures[i]);
    gt_arena_free(w.arena);
    return st;
}
