/* SPDX-License-Identifier: Apache-2.0
 * The scores of one set of pictures beside another, and what comes with all scores: see gt_score_pictures_all() in
 * gantry/score.h. */
#include "features/score/scores_of.h"

#include <stdio.h>
#include <string.h>

#include "base/door/hash.h"
#include "files/codec/door/codec.h"
#include "data/door/dataset.h"
#include "gantry/file.h"
#include "gantry/runner.h"
#include "base/door/text.h"
#include "metrics/door/saved_fakes.h"

/* Floats whose range nobody said: some are looked at now, all of them when they are read. */
static gt_status look_at_floats(gt_dataset *ds, const char *path, gt_pool *pool) {
    gt_data_look look;
    gt_status st = gt_dataset_look(ds, pool, &look);
    if (st || !gt_dataset_leaves_range(gt_dataset_get_info(ds), look.least, look.most)) return st;
    return gt_picture_set_leaves(path, look.least, look.most);
}

gt_status gt_scores_open_data_all(gt_scores_work *w, const char *path, gt_dataset_options o, const char *what,
                                  gt_dataset **ds, gt_picture_set *set) {
    gt_comm *comm = w->team.comm;
    bool given = *w->request->range;
    if (given) o.float_range = w->request->float_range;
    o.skip_damaged = w->request->skip_damaged;
    gt_status st = gt_dataset_open(ds, path, &o);
    bool silent = !st && gt_dataset_get_info(*ds)->says_no_range, guessed = silent && !given;
    if (guessed && !comm->rank) st = look_at_floats(*ds, path, w->team.pool);
    st = gt_comm_agree_all(comm, st ? gt_wrap(st, "%s", what) : GT_OK);
    if (!st) gt_dataset_tell_classes(*ds, path);
    if (!st) st = gt_same_data_all(comm, *ds, path);
    if (!st) st = gt_picture_set_of_dataset_all(set, comm, *ds, 0);
    set->guessed = guessed;
    w->ranged |= silent;
    return st;
}

/* All ranks, of which the first writes. */
static gt_status save_all(gt_scores_work *w, gt_picture_set *set) {
    gt_comm *comm = w->team.comm;
    gt_gaussian g;
    if (set->statistics) return gt_fail(GT_USAGE, "--save: the reals are statistics already");
    gt_status st = gt_scoring_gaussian_all(w->scoring, set, &g);
    if (!st) st = gt_comm_agree_all(comm, comm->rank ? GT_OK : gt_statistics_write(w->request->save, &g));
    gt_gaussian_free(&g);
    return st ? gt_wrap(st, "--save") : GT_OK;
}

static gt_status scores_all(gt_scores_work *w, gt_picture_set *reals, gt_picture_set *fakes,
                            struct gt_path_maker *paths, gt_metric_table *out) {
    const char *path = w->request->save_fakes;
    if (!*path) return gt_scoring_run_all(w->scoring, reals, fakes, paths, out);
    gt_saved_fakes *saved;
    const gt_fakes_writer *writer = *gt_fakes_writers;
    gt_picture_set_round(fakes, reals); /* the file has the numbers that are scored */
    gt_status st;
    if (!gt_scoring_fakes(w->scoring)) st = gt_fail(GT_USAGE, "these metrics look at no pictures");
    else if (!writer) st = gt_fail(GT_USAGE, "this program writes no datasets");
    else st = writer->begin_all(&saved, &w->team, path, fakes);
    if (st) return gt_wrap(st, "--save-fakes");
    st = gt_scoring_run_all(w->scoring, reals, fakes, paths, out);
    return writer->end_all(saved, st);
}

gt_status gt_scores_run_all(gt_scores_work *w, gt_picture_set *reals, gt_picture_set *fakes,
                            struct gt_path_maker *paths, gt_metric_table *out) {
    const gt_scores_options *r = w->request;
    gt_status st = *r->save && !reals ? gt_fail(GT_USAGE, "--save=%s: there are no reals (--data)", r->save) : GT_OK;
    if (!st && *r->range && !w->ranged)
        st = gt_fail(GT_USAGE, "--range=%s: none of the given sets has floats without a declared range", r->range);
    if (!st && *r->nearest && (!reals || !fakes->count))
        st = gt_fail(GT_USAGE, "--nearest=%s: fakes and reals are needed", r->nearest);
    if (!st && *r->save) st = save_all(w, reals);
    gt_scoring_draw_nearest(w->scoring, *r->nearest ? r->nearest : NULL);
    return !st && (fakes->read || fakes->statistics) ? scores_all(w, reals, fakes, paths, out) : st;
}

/* ---- two sets ---- */

typedef struct one_set {
    bool fakes;
    gt_dataset *data;
    gt_gaussian statistics; /* rank 0's */
    gt_picture_set set;
} one_set;

/* Of all that a distance depends on. */
static gt_hash128 hash_of(const gt_gaussian *g) {
    size_t d = (size_t)g->d;
    const gt_hash128 parts[] = {gt_hash(g->mean, d * sizeof *g->mean),
                                gt_hash(g->covariance, d * d * sizeof *g->covariance)};
    return gt_hash(parts, sizeof parts);
}

/* Statistics of another program, read by rank 0. */
static gt_status open_statistics_all(gt_scores_work *w, const char *path, const char *what, one_set *s) {
    gt_comm *comm = w->team.comm;
    char name[GT_NAME_BYTES];
    gt_status st = comm->rank ? GT_OK : gt_statistics_read(path, &s->statistics);
    st = gt_comm_agree_all(comm, st ? gt_wrap(st, "%s", what) : GT_OK);
    gt_path_name(path, name);
    gt_hash128 hash = {0};
    if (!comm->rank && !st) hash = hash_of(&s->statistics);
    gt_comm_broadcast_all(comm, &hash, sizeof hash, 0);
    gt_comm_broadcast_all(comm, &s->statistics.count, sizeof s->statistics.count, 0);
    gt_comm_broadcast_all(comm, &s->statistics.d, sizeof s->statistics.d, 0);
    char hex[33];
    gt_hash_hex(hash, hex);
    s->set = (gt_picture_set){.statistics = &s->statistics};
    char shown[97];
    snprintf(shown, sizeof shown, "%.96s", name);
    gt_utf8_clean(shown); /* a long name may end within a character */
    snprintf(s->set.recipe, sizeof s->set.recipe, "statistics %s %.8s", shown, hex);
    return st;
}

static gt_status look_for_statistics(const char *path, int *is) {
    gt_zip *z = NULL;
    gt_status st = gt_ends_with(path, ".npz") ? gt_zip_open(&z, path) : GT_OK;
    *is = z && (gt_zip_find(z, "mu.npy", NULL) || gt_zip_find(z, "sigma.npy", NULL));
    if (z) gt_zip_close(z);
    return st;
}

bool gt_is_statistics(const char *path) {
    int is;
    return !look_for_statistics(path, &is) && is;
}

/* All ranks: is this a file of statistics? The first rank looks. */
static gt_status has_statistics_all(gt_comm *comm, const char *path, int *is) {
    *is = 0;
    gt_status st = comm->rank ? GT_OK : look_for_statistics(path, is);
    *is = gt_comm_max_all(comm, *is);
    return gt_comm_agree_all(comm, st);
}

/* Are both sets files of statistics? */
static gt_status are_statistics_all(const gt_scores_options *r, bool *both) {
    int reals = 0, fakes = 0;
    gt_status st = has_statistics_all(r->comm, r->reals, &reals);
    if (st) return gt_wrap(st, "--reals");
    st = has_statistics_all(r->comm, r->fakes, &fakes);
    *both = reals && fakes;
    return st ? gt_wrap(st, "--fakes") : GT_OK;
}

static gt_status open_set_all(gt_scores_work *w, const char *path, const char *what, one_set *s) {
    if (!*path) return GT_OK;
    gt_status st;
    const char *classes = s->fakes ? "" : w->request->classes;
    bool mirror = !s->fakes && w->request->mirror;
    /* labels are wanted where there are some */
    const gt_dataset_options all = {.mirror = mirror, .labels_if_any = !mirror},
                             some = {.use_labels = true, .classes = classes, .mirror = mirror};
    int statistics;
    st = has_statistics_all(w->team.comm, path, &statistics);
    if (st) return gt_wrap(st, "%s", what);
    if (statistics && (*classes || mirror))
        return gt_fail(GT_USAGE, "--%s: '%s' has statistics, not pictures", *classes ? "classes" : "mirror", path);
    if (statistics) st = open_statistics_all(w, path, what, s);
    else st = gt_scores_open_data_all(w, path, *classes ? some : all, what, &s->data, &s->set);
    s->set.name = what + strlen("--");
    return st;
}

static void close_set(one_set *s) {
    gt_picture_set_close(&s->set);
    gt_gaussian_free(&s->statistics);
    gt_dataset_close(s->data);
}

static gt_status score_sets_all(gt_scores_work *w, gt_metric_table *out) {
    const gt_scores_options *r = w->request;
    one_set reals = {0}, fakes = {.fakes = true};
    gt_status st = open_set_all(w, r->reals, "--reals", &reals);
    if (!st) st = open_set_all(w, r->fakes, "--fakes", &fakes);
    if (!st) st = gt_scores_run_all(w, &reals.set, &fakes.set, NULL, out);
    close_set(&fakes);
    close_set(&reals);
    return st;
}

/* ---- both forms ---- */

static gt_status open_held_out_all(gt_scores_work *w) {
    const gt_scores_options *r = w->request;
    if (!*r->held_out) return GT_OK;
    if (!gt_scoring_has_base(w->scoring))
        return gt_fail(GT_USAGE, "--held-out=%s is for the base rate of authenticity, which --metrics=%s does not name",
                       r->held_out, r->options.metrics);
    const gt_dataset_options o = {.use_labels = *r->classes, .classes = r->classes};
    gt_status st = gt_scores_open_data_all(w, r->held_out, o, "--held-out", &w->held_out_data, &w->held_out);
    w->held_out.name = "held-out pictures";
    if (!st) gt_scoring_set_held_out(w->scoring, &w->held_out);
    return st;
}

static gt_status score_all(gt_scores_work *w, const gt_metric_options *o, gt_metric_table *out, int64_t *images) {
    gt_status st;
    w->scoring = gt_scoring_open_all(&w->team, o, &st);
    if (!st) st = open_held_out_all(w);
    if (st) return st;
    return *w->request->network ? gt_scores_of_network_all(w, out, images) : score_sets_all(w, out);
}

gt_status gt_score_pictures_all(const gt_scores_options *r, gt_metric_table *out, int64_t *images) {
    gt_scores_work w = {.request = r, .team = {.comm = r->comm, .pool = r->pool, .kernels = r->reading.kernels}};
    gt_metric_options o = r->options;
    *images = 0;
    gt_status st = o.statistics ? are_statistics_all(r, &o.statistics) : GT_OK;
    if (!st) st = score_all(&w, &o, out, images);
    gt_scoring_close(w.scoring);
    gt_picture_set_close(&w.held_out);
    gt_dataset_close(w.held_out_data);
    return st;
}
