/* SPDX-License-Identifier: Apache-2.0
 * gantry metrics --reals=A --fakes=B: the scores of one set of pictures beside another. */
#include <stdio.h>
#include <string.h>

#include "cli/metrics.h"
#include "gantry/items.h"
#include "gantry/codec.h"
#include "gantry/file.h"
#include "gantry/text.h"
#include "use/score/nearest.h"
#include "use/score/saved_fakes.h"
#include "use/score/statistics_file.h"

/* Floats whose range nobody said: some are looked at now, all of them when they are read. */
static gt_status look_at_floats(gt_dataset *ds, const char *path, gt_pool *pool) {
    gt_data_look look;
    gt_status st = gt_dataset_look(ds, pool, &look);
    if (st || !gt_dataset_leaves_range(gt_dataset_get_info(ds), look.least, look.most)) return st;
    return gt_picture_set_leaves(path, look.least, look.most);
}

gt_status metrics_open_data_all(metrics_work *w, const char *path, gt_dataset_options o, const char *what,
                                gt_dataset **ds, gt_picture_set *set) {
    gt_comm *comm = w->team.comm;
    bool given = *w->fields->range;
    if (given) o.float_range = w->fields->float_range;
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
static gt_status save_all(metrics_work *w, gt_picture_set *set) {
    gt_comm *comm = w->team.comm;
    gt_gaussian g;
    if (set->statistics) return gt_fail(GT_USAGE, "--save: the reals are statistics already");
    gt_status st = gt_scoring_gaussian_all(w->scoring, set, &g);
    if (!st) st = gt_comm_agree_all(comm, comm->rank ? GT_OK : gt_statistics_write(w->fields->save, &g));
    gt_gaussian_free(&g);
    return st ? gt_wrap(st, "--save") : GT_OK;
}

static gt_status scores_all(metrics_work *w, gt_picture_set *reals, gt_picture_set *fakes, struct gt_path_maker *paths,
                            gt_metric_table *out) {
    const char *path = w->fields->save_fakes;
    if (!*path) return gt_scoring_run_all(w->scoring, reals, fakes, paths, out);
    gt_saved_fakes *saved;
    gt_status st = gt_scoring_fakes(w->scoring) ? gt_saved_fakes_begin_all(&saved, &w->team, path, fakes)
                                                : gt_fail(GT_USAGE, "these metrics look at no pictures");
    if (st) return gt_wrap(st, "--save-fakes");
    st = gt_scoring_run_all(w->scoring, reals, fakes, paths, out);
    return gt_saved_fakes_end_all(saved, st);
}

gt_status metrics_run_all(metrics_work *w, gt_picture_set *reals, gt_picture_set *fakes, struct gt_path_maker *paths,
                          gt_metric_table *out) {
    const metrics_fields *f = w->fields;
    gt_status st = *f->save && !reals ? gt_fail(GT_USAGE, "--save=%s: there are no reals (--data)", f->save) : GT_OK;
    if (!st && *f->range && !w->ranged)
        st = gt_fail(GT_USAGE, "--range=%s: none of the sets that are named has floats without a range of their own",
                     f->range);
    if (!st && *f->nearest && (!reals || !fakes->count))
        st = gt_fail(GT_USAGE, "--nearest=%s: fakes and reals are needed", f->nearest);
    if (!st && *f->save) st = save_all(w, reals);
    if (!st && (fakes->read || fakes->statistics)) st = scores_all(w, reals, fakes, paths, out);
    if (st || !*f->nearest) return st;
    st = gt_nearest_picture_all(w->scoring, reals, fakes, f->nearest);
    return st ? gt_wrap(st, "--nearest") : GT_OK;
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
static gt_status open_statistics_all(metrics_work *w, const char *path, const char *what, one_set *s) {
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

/* All ranks: is this a file of statistics? The first rank looks; images may lie in .npz files, too. */
static gt_status has_statistics_all(gt_comm *comm, const char *path, int *is) {
    gt_zip *z = NULL;
    gt_status st = comm->rank || !gt_ends_with(path, ".npz") ? GT_OK : gt_zip_open(&z, path);
    *is = z && (gt_zip_find(z, "mu.npy", NULL) || gt_zip_find(z, "sigma.npy", NULL));
    if (z) gt_zip_close(z);
    *is = gt_comm_max_all(comm, *is);
    return gt_comm_agree_all(comm, st);
}

gt_status metrics_are_statistics_all(gt_comm *comm, const metrics_fields *f, bool *both) {
    int reals = 0, fakes = 0;
    gt_status st = has_statistics_all(comm, f->reals, &reals);
    if (st) return gt_wrap(st, "--reals");
    st = has_statistics_all(comm, f->fakes, &fakes);
    *both = reals && fakes;
    return st ? gt_wrap(st, "--fakes") : GT_OK;
}

static gt_status open_set_all(metrics_work *w, const char *path, const char *what, one_set *s) {
    if (!*path) return GT_OK;
    gt_status st;
    const char *classes = s->fakes ? "" : w->fields->classes;
    bool mirror = !s->fakes && w->fields->mirror;
    /* labels are wanted where there are some */
    const gt_dataset_options all = {.mirror = mirror, .labels_if_any = !mirror},
                             some = {.use_labels = true, .classes = classes, .mirror = mirror};
    int statistics;
    st = has_statistics_all(w->team.comm, path, &statistics);
    if (st) return gt_wrap(st, "%s", what);
    if (statistics && (*classes || mirror))
        return gt_fail(GT_USAGE, "--%s: '%s' has statistics, not pictures", *classes ? "classes" : "mirror", path);
    if (statistics) st = open_statistics_all(w, path, what, s);
    else st = metrics_open_data_all(w, path, *classes ? some : all, what, &s->data, &s->set);
    s->set.name = what + strlen("--");
    return st;
}

static void close_set(one_set *s) {
    gt_picture_set_close(&s->set);
    gt_gaussian_free(&s->statistics);
    gt_dataset_close(s->data);
}

gt_status metrics_of_sets_all(metrics_work *w, gt_metric_table *out) {
    const metrics_fields *f = w->fields;
    one_set reals = {0}, fakes = {.fakes = true};
    gt_status st = open_set_all(w, f->reals, "--reals", &reals);
    if (!st) st = open_set_all(w, f->fakes, "--fakes", &fakes);
    if (!st) st = metrics_run_all(w, &reals.set, &fakes.set, NULL, out);
    close_set(&fakes);
    close_set(&reals);
    return st;
}
